//! `ibis failure-report`, started by systemd's `OnFailure=`.

use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::{Global, print_lines, state_dir};
use crate::clock;
use crate::config::{self, Directories, Sources};
use crate::ops::failure::{self, Failure, Reported};
use crate::ops::failure_alert::{self, Told};
use crate::systemd::journal;

/// What the journal may take to accept one entry.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// Report that a unit failed, once per invocation (for OnFailure=)
///
/// Exit codes: 0 ok, also where nothing could be reported; 64 usage.
#[derive(Debug, Args)]
pub struct FailureReport {
    /// The unit that failed
    unit: String,
}

/// Runs it. Always 0: a failed report of a failure would only start another.
pub fn run(global: &Global, arguments: &FailureReport) -> anyhow::Result<Exit> {
    journal::install(log::LevelFilter::Info)?;
    let failure = Failure {
        unit: arguments.unit.clone(),
        result: monitor("SERVICE_RESULT"),
        exit_code: monitor("EXIT_CODE"),
        exit_status: monitor("EXIT_STATUS"),
        invocation: monitor("INVOCATION_ID"),
    };
    let reported = failure::run(&state_dir(global), &failure, clock::wall_now());
    if let Reported::JournalOnly(why) = &reported {
        log::warn!("the failure is not in the ledger: {why}");
    }
    tell(global, &failure, &reported);
    journal::flush(FLUSH_TIMEOUT);
    let line = match reported {
        Reported::Stored => "reported",
        Reported::JournalOnly(_) => "reported, journal only",
        Reported::Before => "reported before",
    };
    print_lines(&format!("{line}\n"))?;
    Ok(Exit::Ok)
}

/// Tells the channels. Nothing that goes wrong here fails the report: a wrong configuration, which may be
/// why the unit failed, is read as far as it can be.
fn tell(global: &Global, failure: &Failure, reported: &Reported) {
    let sources = Sources::of_process(global.config.clone());
    let settings = match config::load(&sources) {
        Ok(loaded) => loaded.settings,
        Err(_) => config::salvage(&sources, &["agent", "alerts"]),
    };
    let credentials = Directories::of_process(None).credentials;
    let what = (failure, reported);
    let told =
        failure_alert::tell(&state_dir(global), (&settings, credentials), what, clock::wall_now());
    match told {
        Ok(Told::Outbox) => {}
        Ok(Told::Lately) => log::info!("told past the outbox a short time ago, and not again"),
        Ok(Told::Direct(channels)) => {
            for (channel, why) in channels {
                match why {
                    None => log::info!("told {channel} past the outbox"),
                    Some(why) => log::warn!("{channel} did not take it: {why}"),
                }
            }
        }
        Err(error) => log::warn!("no channel is told: {error}"),
    }
}

/// What systemd says about the unit that triggered this one (systemd.exec(5)); empty where nothing.
#[expect(clippy::disallowed_methods, reason = "systemd passes it in the environment only")]
fn monitor(name: &str) -> String {
    std::env::var(format!("MONITOR_{name}")).unwrap_or_default()
}
