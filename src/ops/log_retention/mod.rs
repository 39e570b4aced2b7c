//! `log-retention`: the disk that reports, archives and the ledger's own history may use.
//!
//! Order of work, so that a crash anywhere loses nothing and the next run goes on:
//!
//! 1. pack the reports of a day: archive, durable; checksum, durable; both read back and compared;
//! 2. only then remove the day's reports;
//! 3. the same for a day of samples, which also must be covered by hourly reports;
//! 4. delete archives past age, then oldest first past the size; the archive before its checksum;
//! 5. delete segments of the recording past age or size;
//! 6. trim the runs of jobs and the vitals, refresh `trade_history.json`, give free pages back (only while no agent
//!    runs, and only within the budget).
//!
//! Files with other names are reported and left alone. A dry run decides the same and touches nothing.

pub mod archive;
pub mod listing;
mod perform;
pub mod plan;

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use super::report::{Check, Report, Severity};
use crate::config::settings::{DriftSettings, RetentionSettings};
use crate::domain::time::{DAY_US, Timestamp};
use crate::recorder::pack;
use listing::Listing;
use plan::Limits;

pub use perform::{Freed, Interruption};

/// The job's name.
pub const JOB: &str = "log-retention";
/// Runs of jobs kept in the ledger: a month, beside the bound by number of each job.
const JOB_RUNS_AGE_US: i64 = 30 * DAY_US;
/// Names of unknown files that are listed; the others are counted.
const UNKNOWN_MAX: usize = 10;

impl Limits {
    /// As configured.
    pub fn of(settings: &RetentionSettings, drift: &DriftSettings) -> Self {
        let us = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self {
            report_age_us: us(settings.report_age_max),
            archive_age_us: us(settings.archive_age_max),
            archive_bytes: settings.archive_bytes_max,
            samples_age_us: us(settings.samples_age_max),
            job_runs_age_us: JOB_RUNS_AGE_US,
            vitals_age_us: us(drift.age_max),
            vacuum_us: us(settings.vacuum_budget),
        }
    }
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Whose.
    pub state_dir: &'a Path,
    /// The limits.
    pub limits: Limits,
    /// The limits of the recording.
    pub recordings: pack::Limits,
    /// Only say what would be done.
    pub dry_run: bool,
    /// The wall clock: ages of archives and of runs of jobs.
    pub wall_now: Timestamp,
    /// The engine's clock: ages of reports and samples.
    pub engine_now: Timestamp,
    /// True where no agent works on the directory: then pages may be given back.
    pub is_idle: bool,
}

/// Does it, or says what would be done.
pub fn run(run: &Run<'_>, connection: &Connection, interruption: Interruption<'_>) -> Report {
    let mut freed = Freed::default();
    let done = perform::perform(run, connection, interruption, &mut freed);
    let mut report = Report::new(JOB, run.wall_now, Vec::new());
    if let Err(error) = done {
        let check = Check::new("retention_done", Severity::Degraded, "no")
            .because(format!("{error}; nothing was lost, what is left is done by the next run"));
        report.checks.push(check);
    }
    judge(run, &freed, &mut report);
    report
}

fn judge(run: &Run<'_>, freed: &Freed, report: &mut Report) {
    let verb = if run.dry_run { "would be " } else { "" };
    let mut ok = |id, value: String| report.checks.push(Check::new(id, Severity::Ok, value));
    ok(
        "reports_archived",
        format!("{} reports of {} days {verb}packed", freed.reports, freed.report_days),
    );
    ok("samples_archived", format!("{} samples of {} days", freed.samples, freed.sample_days));
    ok("archives_deleted", format!("{} by age, {} by size", freed.by_age, freed.by_size));
    ok("recordings_deleted", freed.recordings.to_string());
    ok("job_runs_deleted", freed.job_runs.to_string());
    ok("vitals_deleted", freed.vitals.to_string());
    ok("trade_history", freed.export.clone());
    ok("ledger_pages", freed.vacuum.clone());
    ok("freed", format!("{} bytes {verb}freed", freed.bytes));
    for damaged in &freed.damaged {
        let check = Check::new("archive_intact", Severity::Degraded, damaged.clone())
            .because("its checksum or contents do not match; it was left as it is");
        report.checks.push(check);
    }
    judge_unknown(run, report);
    for (name, value) in [
        ("dry_run", json!(run.dry_run)),
        ("freed_bytes", json!(freed.bytes)),
        ("reports_archived", json!(freed.reports)),
        ("samples_archived", json!(freed.samples)),
        ("archives_deleted", json!(freed.by_age + freed.by_size)),
        ("recordings_deleted", json!(freed.recordings)),
        ("job_runs_deleted", json!(freed.job_runs)),
        ("vitals_deleted", json!(freed.vitals)),
        ("actions", json!(freed.actions)),
    ] {
        report.facts.insert(name.to_owned(), value);
    }
}

fn judge_unknown(run: &Run<'_>, report: &mut Report) {
    let unknown = match Listing::of(run.state_dir) {
        Ok(listing) => listing.unknown,
        Err(error) => {
            let check = Check::new("files_listed", Severity::Degraded, "no");
            report.checks.push(check.because(error.to_string()));
            return;
        }
    };
    let named: Vec<&str> = unknown.iter().take(UNKNOWN_MAX).map(String::as_str).collect();
    let check = Check::new("unknown_files", Severity::Ok, unknown.len().to_string());
    let named =
        if named.is_empty() { String::new() } else { format!("left alone: {}", named.join(", ")) };
    report.checks.push(check.because(named));
}

#[cfg(test)]
mod tests;
