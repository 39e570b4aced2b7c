//! The end of every oneshot job: its run is recorded, its report shown, its verdict the exit code.

use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::exit::Exit;
use super::{Global, print_lines};
use crate::clock;
use crate::domain::time::Timestamp;
use crate::ops::job_run;
use crate::ops::report::{Check, Report, Severity};

/// The check of a run that could not be recorded.
pub const RUN_RECORDED: &str = "run_recorded";

/// Records the run where it can be recorded; not being able to is a finding of its own.
pub fn record(state_dir: &Path, report: &mut Report, started_at: Timestamp) {
    record_or(Severity::Degraded, state_dir, report, started_at);
}

/// The same; not being able to is this bad.
pub fn record_or(severity: Severity, state_dir: &Path, report: &mut Report, started_at: Timestamp) {
    if let Err(error) = job_run::record(state_dir, report, started_at, clock::wall_now()) {
        let check = Check::new(RUN_RECORDED, severity, "no").because(error.to_string());
        report.checks.push(check);
    }
}

/// The report's object with one more member, whose numbers stay as exact as they are written.
#[derive(Serialize)]
struct WithDocument<'a> {
    #[serde(flatten)]
    report: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a RawValue>,
}

/// Shows the report, with a JSON document of the job's own under `document`, or its text below.
///
/// A reader that went away (`| head`) changes nothing about the verdict.
pub fn show(
    global: &Global,
    report: &Report,
    document: Option<(&str, &str)>,
) -> anyhow::Result<Exit> {
    if global.json {
        let raw = document.map(|(json, _)| serde_json::from_str(json)).transpose()?;
        let whole = WithDocument { report: report.to_json(), document: raw };
        print_lines(&format!("{}\n", serde_json::to_string(&whole)?))?;
    } else {
        let text = document.map(|(_, text)| format!("\n{text}")).unwrap_or_default();
        print_lines(&format!("{}{text}", report.to_text()))?;
    }
    Ok(report.overall().into())
}
