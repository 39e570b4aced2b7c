//! `ibis failure-report`, started by systemd's `OnFailure=`.

use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::{Global, print_lines, state_dir};
use crate::clock;
use crate::ops::failure::{self, Failure, Reported};
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
        log::warn!("the failure is in the journal only: {why}");
    }
    journal::flush(FLUSH_TIMEOUT);
    let line = match reported {
        Reported::Stored => "reported",
        Reported::JournalOnly(_) => "reported, journal only",
        Reported::Before => "reported before",
    };
    print_lines(&format!("{line}\n"))?;
    Ok(Exit::Ok)
}

/// What systemd says about the unit that triggered this one (systemd.exec(5)); empty where nothing.
#[expect(clippy::disallowed_methods, reason = "systemd passes it in the environment only")]
fn monitor(name: &str) -> String {
    std::env::var(format!("MONITOR_{name}")).unwrap_or_default()
}
