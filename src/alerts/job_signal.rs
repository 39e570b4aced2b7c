//! What a run of a oneshot job says that a person should hear. Pure.
//!
//! A verdict fires under `job/NAME` until the job says OK again; that a check could not be made proves
//! neither. A report of `OnFailure=` fires under `unit/UNIT`, until the agent runs again or the job ends
//! with a verdict again; that a job's verdict was critical (exit 2) is told under its own name already.

use serde_json::Value;

use super::derive::{AGENT_UNIT, unit_key};
use super::signal::{Alert, Signal};
use crate::domain::alert::Severity;

/// The job that reports the failure of a unit.
const FAILURE_REPORT: &str = "failure-report";
/// Checks that a body lists.
const CHECKS_MAX: usize = 12;

/// A run of a job as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobRow {
    /// Its number.
    pub job_run: i64,
    /// The job.
    pub job: String,
    /// The verdict's word.
    pub severity: String,
    /// The report, JSON.
    pub report: String,
}

/// What a run says.
pub fn of(row: &JobRow) -> Vec<Signal> {
    let report: Value = serde_json::from_str(&row.report).unwrap_or_default();
    if row.job == FAILURE_REPORT {
        return unit_failed(&report).into_iter().collect();
    }
    let unit_works = Signal::Ends { key: unit_key(&format!("ibis-{}.service", row.job)) };
    let key = format!("job/{}", row.job);
    let severity = match row.severity.as_str() {
        "OK" => return vec![unit_works, Signal::Ends { key }],
        "DEGRADED" => Severity::Medium,
        "CRITICAL" => Severity::Critical,
        _ => return vec![unit_works],
    };
    let bad = bad_checks(&report);
    let names: Vec<&str> = bad.iter().map(|check| word(check, "id")).collect();
    let lines: Vec<String> = bad.iter().take(CHECKS_MAX).map(|check| told(check)).collect();
    let title = format!("{}: {} {}", row.job, row.severity, names.join(" "));
    let alert = Alert::new(key, severity, title).because(lines.join("\n")).with("job", &row.job);
    vec![unit_works, Signal::Fires(alert)]
}

/// The failure that a report of `failure-report` is about; none where a job's verdict says it.
fn unit_failed(report: &Value) -> Option<Signal> {
    let is_verdict =
        word(report, "unit_exit_code") == "exited" && word(report, "unit_exit_status") == "2";
    let is_agent = word(report, "unit") == AGENT_UNIT;
    (!is_verdict || is_agent).then(|| Signal::Fires(unit_alert(report)))
}

/// What a report of `failure-report` says.
pub fn unit_alert(report: &Value) -> Alert {
    let unit = Some(word(report, "unit")).filter(|unit| !unit.is_empty()).unwrap_or("a unit");
    let check = report["checks"].as_array().and_then(|checks| checks.first());
    Alert::new(unit_key(unit), Severity::Critical, format!("{unit} failed"))
        .because(check.map_or("", |check| word(check, "detail")))
        .with("unit", unit)
        .with("result", word(report, "service_result"))
}

/// The checks that are neither ok nor unmade, the worst first.
fn bad_checks(report: &Value) -> Vec<&Value> {
    let checks = report["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |severity| checks.iter().filter(move |check| check["severity"] == severity);
    of("CRITICAL").chain(of("DEGRADED")).collect()
}

/// `disk_free: 12 MiB, < 256 MiB: full`.
fn told(check: &Value) -> String {
    let mut line = format!("{}: {}", word(check, "id"), word(check, "value"));
    for (before, name) in [(", ", "threshold"), (": ", "detail")] {
        if !word(check, name).is_empty() {
            line = format!("{line}{before}{}", word(check, name));
        }
    }
    line
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
