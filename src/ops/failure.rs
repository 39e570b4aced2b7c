//! `failure-report`: systemd gave up on a unit (`OnFailure=`); say so once, where it is seen.
//!
//! The journal entry is what matters and is written even where there is no usable ledger. A row in
//! `job_runs` per invocation of the failed unit keeps a repeated call from saying it twice; the alert is
//! derived from it ([`super::failure_alert`]).

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::job_run;
use super::report::{Check, Report, Severity};
use crate::domain::time::Timestamp;
use crate::store;
use crate::systemd::message_id;

/// The job's name.
pub const JOB: &str = "failure-report";
/// Earlier reports looked at for the same invocation: far more than a start limit allows.
const EARLIER_MAX: i64 = 200;

/// What systemd says about the failed unit, in `MONITOR_*` variables; empty where it says nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Failure {
    /// The unit's name.
    pub unit: String,
    /// `SERVICE_RESULT`: `exit-code`, `signal`, `watchdog`, `start-limit-hit`, ...
    pub result: String,
    /// `EXIT_CODE`: `exited`, `killed`, `dumped`.
    pub exit_code: String,
    /// `EXIT_STATUS`: a number or a signal's name.
    pub exit_status: String,
    /// Which start of the unit; 128 bits in hex.
    pub invocation: String,
}

/// What became of the report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reported {
    /// Said in the journal and stored.
    Stored,
    /// Said in the journal; the ledger cannot be used.
    JournalOnly(String),
    /// This invocation was reported before.
    Before,
}

/// Reports `failure` once.
pub fn run(state_dir: &Path, failure: &Failure, now: Timestamp) -> Reported {
    let reported = match store_once(state_dir, failure, now) {
        Ok(false) => return Reported::Before,
        Ok(true) => Reported::Stored,
        Err(error) => Reported::JournalOnly(format!("{error:#}").replace('\n', " ")),
    };
    log::error!(
        MESSAGE_ID = message_id::UNIT_FAILED,
        FAILED_UNIT = failure.unit.as_str(),
        SERVICE_RESULT = failure.result.as_str(),
        EXIT_CODE = failure.exit_code.as_str(),
        EXIT_STATUS = failure.exit_status.as_str(),
        FAILED_INVOCATION_ID = failure.invocation.as_str();
        "{}", sentence(failure)
    );
    reported
}

/// `ibis-agent.service failed: watchdog (killed ABRT)`.
fn sentence(failure: &Failure) -> String {
    let or =
        |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let how = format!("{} {}", failure.exit_code, failure.exit_status);
    let how = match how.trim() {
        "" => String::new(),
        how => format!(" ({how})"),
    };
    format!(
        "{} failed: {}{how}",
        or(&failure.unit, "a unit"),
        or(&failure.result, "unknown result")
    )
}

/// Stores the report; false where this invocation has one.
fn store_once(state_dir: &Path, failure: &Failure, now: Timestamp) -> anyhow::Result<bool> {
    let mut ledger = store::open_existing(state_dir)?;
    if !failure.invocation.is_empty() && is_stored(&ledger, failure)? {
        return Ok(false);
    }
    job_run::insert(&mut ledger, &report(failure, now), now, now)?;
    Ok(true)
}

/// The report, as it is stored and as alerts read it.
pub fn report(failure: &Failure, now: Timestamp) -> Report {
    let check = Check::new("unit_failed", Severity::Critical, &failure.unit);
    let mut report = Report::new(JOB, now, vec![check.because(sentence(failure))]);
    for (name, value) in [
        ("unit", &failure.unit),
        ("service_result", &failure.result),
        ("unit_exit_code", &failure.exit_code),
        ("unit_exit_status", &failure.exit_status),
        ("invocation_id", &failure.invocation),
    ] {
        report.facts.insert(name.to_owned(), json!(value));
    }
    report
}

fn is_stored(ledger: &Connection, failure: &Failure) -> rusqlite::Result<bool> {
    let query = "SELECT 1 FROM
           (SELECT report FROM job_runs WHERE job = ?1 ORDER BY job_run DESC LIMIT ?2)
         WHERE json_extract(report, '$.invocation_id') = ?3
           AND json_extract(report, '$.unit') = ?4";
    let parameters = rusqlite::params![JOB, EARLIER_MAX, failure.invocation, failure.unit];
    Ok(ledger.query_row(query, parameters, |_| Ok(())).optional()?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LEDGER, ledger_path};

    fn failure(invocation: &str) -> Failure {
        Failure {
            unit: "ibis-agent.service".to_owned(),
            result: "watchdog".to_owned(),
            exit_code: "killed".to_owned(),
            exit_status: "ABRT".to_owned(),
            invocation: invocation.to_owned(),
        }
    }

    #[test]
    fn an_invocation_is_reported_once_and_a_damaged_ledger_keeps_nobody_silent() {
        let directory = std::env::temp_dir().join(format!("ibis-failure-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let now = Timestamp::from_ms(1);
        assert!(matches!(run(&directory, &failure("a"), now), Reported::JournalOnly(_)));
        drop(LEDGER.open_writer(&ledger_path(&directory)).unwrap());
        assert_eq!(run(&directory, &failure("a"), now), Reported::Stored);
        assert_eq!(run(&directory, &failure("a"), now), Reported::Before);
        assert_eq!(run(&directory, &failure("b"), now), Reported::Stored);
        std::fs::write(ledger_path(&directory), b"garbage, and no database at all").unwrap();
        assert!(matches!(run(&directory, &failure("a"), now), Reported::JournalOnly(_)));
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn the_sentence_says_what_is_known() {
        assert_eq!(sentence(&failure("a")), "ibis-agent.service failed: watchdog (killed ABRT)");
        assert_eq!(sentence(&Failure::default()), "a unit failed: unknown result");
    }
}
