//! `ibis exchange`: KuCoin's protocol on loopback.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::{Exit, Failure};
use super::{Global, print_json};
use crate::config::Directories;
use crate::exchange::server::{self, Options, ServerError, fault};
use crate::systemd::{journal, panic};

/// The account's file where `--credentials` names none, in the state directory.
const CREDENTIALS_FILE: &str = "exchange-credentials.toml";
/// What the journal may take to accept the last lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Serve KuCoin's REST and websocket protocol from a simulated exchange
///
/// Prints one JSON line once it can be reached (listening, base_url, credentials_file) and one with its
/// counts at the end. Give any KuCoin client the base URL and the credentials of that file: it is made
/// with fresh random ones and 10000 USDT where it is missing, and only its owner may read it. SIGTERM
/// and SIGINT end it. Exit codes: 0 ok, 64 usage, 65 corrupt or foreign data, 75 busy or try again, 77
/// credentials, 78 fault plan.
#[derive(Debug, Args)]
#[command(after_long_help = fault::PLAN_HELP)]
pub struct Exchange {
    /// Listen here; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen on an address that other machines reach, without TLS
    #[arg(long)]
    allow_remote: bool,
    /// The account: key, secret, passphrase, balances [default: exchange-credentials.toml in the state directory]
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// Replay this market file instead of the synthetic market; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    replay: Vec<PathBuf>,
    /// Seed of the synthetic market
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Disturb requests, pushes and connections by this plan; see below
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Run the market this many times faster than the wall clock
    ///
    /// Signatures, tokens, quotas, pings and the dead man's switch stay on the wall clock.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    speed: Option<u32>,
    /// Weight that each pool allows in 30 seconds, instead of the venue's or the plan's
    #[arg(long, value_name = "N")]
    quota: Option<u32>,
}

/// Runs it.
pub fn run(global: &Global, arguments: &Exchange) -> anyhow::Result<Exit> {
    journal::install(log::LevelFilter::Info)?;
    panic::install_panic_hook();
    let options = Options {
        listen: arguments.listen,
        allow_remote: arguments.allow_remote,
        credentials: credentials(global, arguments)?,
        replay: arguments.replay.clone(),
        seed: arguments.seed,
        faults: arguments.faults.clone(),
        speed: arguments.speed,
        quota: arguments.quota,
    };
    let report = server::run(&options, |ready| {
        log::info!("the exchange listens on {}", ready.listening);
        print_json(ready).map_err(std::io::Error::other)
    });
    if let Ok(report) = &report {
        for rule in &report.faults {
            let (fault, on) = (rule.fault, &rule.on);
            log::info!("fault {fault} on {on}: {} of {} times", rule.injected, rule.matched);
        }
    }
    journal::flush(FLUSH_TIMEOUT);
    print_json(&report.map_err(failure)?)?;
    Ok(Exit::Ok)
}

fn credentials(global: &Global, arguments: &Exchange) -> anyhow::Result<PathBuf> {
    if let Some(path) = &arguments.credentials {
        return Ok(path.clone());
    }
    let directory = Directories::of_process(global.state_dir.as_deref()).state;
    fs::create_dir_all(&directory).map_err(|error| {
        let message = format!("{}: cannot be created: {error}", directory.display());
        Failure::new(Exit::TryAgain, message)
    })?;
    Ok(directory.join(CREDENTIALS_FILE))
}

fn failure(error: ServerError) -> Failure {
    let exit = match &error {
        ServerError::Listen(_, cause) if cause.kind() == ErrorKind::InvalidInput => Exit::Usage,
        ServerError::Listen(..) | ServerError::System(_) => Exit::TryAgain,
        ServerError::Credentials(_) => Exit::Credentials,
        ServerError::Plan(_) => Exit::Config,
        ServerError::Market(_) => Exit::Data,
    };
    Failure::new(exit, error.to_string())
}
