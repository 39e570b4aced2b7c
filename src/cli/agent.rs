//! `ibis agent`: run the trading agent in the foreground.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::preflight::PreflightArguments;
use super::{Global, preflight, print_json};
use crate::agent::{self, Options, pace::Pace};
use crate::config::{Directories, Sources};
use crate::systemd::{journal, panic};

/// Run the trading agent in the foreground, as its unit does
///
/// Trades on paper unless the configuration says otherwise. SIGTERM and SIGINT drain and exit 0,
/// a second one stops at once; SIGHUP reloads the configuration, SIGUSR1 is the kill switch. Exit codes: 0 ok, 64 usage, 65
/// corrupt or foreign data, 69 the venue cannot be reached, 75 busy or try again, 77 credentials, 78
/// configuration.
#[derive(Debug, Args)]
pub struct Agent {
    /// Replay this market file instead of the configured market; may be repeated
    #[arg(long, value_name = "FILE")]
    replay: Vec<PathBuf>,
    /// Run the market this many times faster than the wall clock, or as fast as possible
    ///
    /// Default: the wall clock; max for a replay. A speed of 1 is still a clock of its own.
    #[arg(long, value_name = "N|max")]
    speed: Option<Pace>,
    /// Seed of the synthetic market
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Stop after this long (30s, 5m, 24h): by the wall, with --speed max by the market's clock
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    max_runtime: Option<Duration>,
    /// Only look whether it is fit to trade, as ibis preflight does, and exit with that verdict
    #[arg(long, conflicts_with_all = ["replay", "speed", "seed", "max_runtime"])]
    dry_run: bool,
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    crate::config::grammar::duration(text)
        .map_err(|problem| format!("{}; {}", problem.what, problem.fix))
}

pub(super) fn run(global: &Global, arguments: &Agent) -> anyhow::Result<Exit> {
    let directories = Directories::of_process(global.state_dir.as_deref());
    if arguments.dry_run {
        return preflight::look(global, &directories.state, &PreflightArguments::default());
    }
    let mut sources = Sources::of_process(global.config.clone());
    if let Some(seed) = arguments.seed {
        sources.options.push(("--seed".to_owned(), "market.seed", seed.to_string()));
    }
    let level = crate::config::load(&sources)?.settings.agent.log_level;
    journal::install(level)?;
    panic::install_panic_hook();
    let replayed = !arguments.replay.is_empty();
    let default = if replayed { Pace::Max } else { Pace::Wall };
    let options = Options {
        sources,
        directories,
        replay: arguments.replay.clone(),
        pace: arguments.speed.unwrap_or(default),
        max_runtime: arguments.max_runtime,
        terminal: std::io::stderr().is_terminal(),
        until: agent::Until::Told,
    };
    let summary = agent::run(&options);
    // The story first, then its summary; a stuck journal does not keep the process.
    journal::flush(Duration::from_secs(2));
    let summary = summary?;
    if global.json {
        print_json(&summary)?;
    } else {
        super::print_lines(&format!("{summary}\n"))?;
    }
    Ok(Exit::Ok)
}
