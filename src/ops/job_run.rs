//! The `job_runs` table: each run of a job with its verdict and report.
//!
//! **Limits**: the newest [`KEPT_RUNS`] runs of a job are kept. **Failure**: a ledger that cannot be
//! written is a finding of the job, never a reason not to report.

use std::fmt;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::Value;

use super::report::{Report, Severity};
use crate::domain::time::Timestamp;
use crate::durable::sqlite::OpenError;
use crate::store;

/// Runs of one job that are kept: a week of the health check's five minutes.
pub const KEPT_RUNS: i64 = 2_016;

/// A stored run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobRun {
    /// When it ended, by the wall clock.
    pub ended_at: Timestamp,
    /// Its verdict. A word that this version does not know reads as insufficient.
    pub severity: Severity,
    /// Its exit code.
    pub exit_code: i64,
}

/// Why a run could not be stored.
#[derive(Debug)]
pub enum RecordError {
    /// The ledger cannot be opened.
    Open(OpenError),
    /// The ledger cannot be written.
    Write(rusqlite::Error),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Write(error) => write!(f, "ledger cannot be written: {error}"),
        }
    }
}

impl std::error::Error for RecordError {}

/// Stores a run of `report`'s job in the ledger of `state_dir`, in one short transaction.
pub fn record(
    state_dir: &Path,
    report: &Report,
    started_at: Timestamp,
    ended_at: Timestamp,
) -> Result<(), RecordError> {
    let mut connection = store::open_existing(state_dir).map_err(RecordError::Open)?;
    insert(&mut connection, report, started_at, ended_at).map_err(RecordError::Write)
}

/// Stores a run through an open connection.
pub fn insert(
    connection: &mut Connection,
    report: &Report,
    started_at: Timestamp,
    ended_at: Timestamp,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let overall = report.overall();
    transaction.execute(
        "INSERT INTO job_runs (job, started_at_us, ended_at_us, severity, exit_code, report)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            report.job,
            started_at.us(),
            ended_at.us(),
            overall.as_str(),
            overall.exit_code(),
            report.to_json().to_string(),
        ],
    )?;
    transaction.execute(
        "DELETE FROM job_runs WHERE job = ?1 AND job_run <=
           (SELECT job_run FROM job_runs WHERE job = ?1 ORDER BY job_run DESC LIMIT 1 OFFSET ?2)",
        params![report.job, KEPT_RUNS],
    )?;
    transaction.commit()
}

/// The newest run of `job`, if it ever ran.
pub fn last(connection: &Connection, job: &str) -> rusqlite::Result<Option<JobRun>> {
    let query = "SELECT ended_at_us, severity, exit_code FROM job_runs
                 WHERE job = ?1 ORDER BY job_run DESC LIMIT 1";
    let row = |row: &rusqlite::Row<'_>| {
        let severity = row.get_ref(1)?.as_str()?.parse().unwrap_or(Severity::Insufficient);
        let ended_at = Timestamp::from_us(row.get(0)?);
        Ok(JobRun { ended_at, severity, exit_code: row.get(2)? })
    };
    connection.prepare_cached(query)?.query_row([job], row).optional()
}

/// The newest run of `job` with its report, if it ever ran; a report that is none is null.
pub fn last_report(
    connection: &Connection,
    job: &str,
) -> rusqlite::Result<Option<(JobRun, Value)>> {
    let Some(run) = last(connection, job)? else { return Ok(None) };
    let query = "SELECT report FROM job_runs WHERE job = ?1 ORDER BY job_run DESC LIMIT 1";
    let report: String = connection.query_row(query, [job], |row| row.get(0))?;
    Ok(Some((run, serde_json::from_str(&report).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::report::Check;
    use crate::store::{LEDGER, ledger_path};

    #[test]
    fn the_newest_runs_of_each_job_are_kept_and_found() {
        let directory = std::env::temp_dir().join(format!("ibis-job-run-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let mut ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        ledger.pragma_update(None, "synchronous", "OFF").unwrap();
        assert_eq!(last(&ledger, "healthcheck").unwrap(), None);
        let time = Timestamp::from_ms;
        let check = |severity| vec![Check::new("a", severity, "1")];
        let other = Report::new("hourly-kpi", time(0), check(Severity::Ok));
        record(&directory, &other, time(0), time(1)).unwrap();
        let report = Report::new("healthcheck", time(2), check(Severity::Critical));
        for run in 0..KEPT_RUNS + 3 {
            insert(&mut ledger, &report, time(run), time(run + 1)).unwrap();
        }
        let count = |job: &str| -> i64 {
            let query = "SELECT count(*) FROM job_runs WHERE job = ?1";
            ledger.query_row(query, [job], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("healthcheck"), count("hourly-kpi")), (KEPT_RUNS, 1));
        let expected =
            JobRun { ended_at: time(KEPT_RUNS + 3), severity: Severity::Critical, exit_code: 2 };
        assert_eq!(last(&ledger, "healthcheck").unwrap(), Some(expected));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
