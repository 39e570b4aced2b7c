//! The end of every oneshot job: its run is recorded, its report shown, its verdict the exit code.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Global;
use super::exit::Exit;
use crate::clock;
use crate::domain::time::Timestamp;
use crate::ops::job_run;
use crate::ops::report::{Check, Report, Severity};

/// The exit code of a verdict.
pub fn exit_of(severity: Severity) -> Exit {
    match severity {
        Severity::Ok => Exit::Ok,
        Severity::Degraded => Exit::Degraded,
        Severity::Critical => Exit::Critical,
        Severity::Insufficient => Exit::Insufficient,
    }
}

/// Records the run where it can be recorded; not being able to is a finding of its own.
pub fn record(state_dir: &Path, report: &mut Report, started_at: Timestamp) {
    if let Err(error) = job_run::record(state_dir, report, started_at, clock::wall_now()) {
        let check = Check::new("run_recorded", Severity::Degraded, "no").because(error.to_string());
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
        print(&format!("{}\n", serde_json::to_string(&whole)?))?;
    } else {
        let text = document.map(|(_, text)| format!("\n{text}")).unwrap_or_default();
        print(&format!("{}{text}", report.to_text()))?;
    }
    Ok(exit_of(report.overall()))
}

fn print(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
