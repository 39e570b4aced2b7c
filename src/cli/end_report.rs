//! `ibis end-report`, started by systemd's `ExecStopPost=` of the agent.

use super::exit::Exit;
use super::{Global, print_lines, state_dir};
use crate::ops::end_report;

/// Write down how the agent's process ended (for ExecStopPost=)
///
/// Exit codes: 0 ok, also where nothing could be written; 64 usage.
#[derive(Debug, clap::Args)]
pub struct EndReport {}

/// Runs it. Always 0: a result of its own would hide the agent's.
pub fn run(global: &Global, _: &EndReport) -> anyhow::Result<Exit> {
    let line = match end_report::run(&state_dir(global), &service_result()) {
        Ok(Some((run, cause))) => format!("run {run} ended: {cause}"),
        Ok(None) => "nothing to report".to_owned(),
        Err(error) => format!("not reported: {error:#}").replace('\n', " "),
    };
    print_lines(&format!("{line}\n"))?;
    Ok(Exit::Ok)
}

/// How systemd says that the service ended (systemd.exec(5)); empty where it says nothing.
#[expect(clippy::disallowed_methods, reason = "systemd passes it in the environment only")]
fn service_result() -> String {
    std::env::var("SERVICE_RESULT").unwrap_or_default()
}
