//! `exec-integrity`: three truths, one verdict. The ledger is compared with itself, with `state.json`
//! and with the venue's account, in quantity; every difference has a name, a severity and a repair.
//!
//! `--apply` repairs only what the ledger proves, and twice is the same as once: it rebuilds
//! `state.json` while no agent runs, and its own running totals. Orders, fills and balances are never
//! written here: no trade is ever made up.

pub mod audit;
pub mod difference;
pub mod gather;
mod judge;
mod judge_ledger;
mod judge_state;
mod judge_venue;
pub mod live_account;
pub mod paper_account;
mod repair;
pub mod snapshot;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::json;

use super::job_run;
use super::report::{Check, Report, Severity};
use crate::config::Settings;
use crate::domain::time::Timestamp;
use crate::store;

pub use gather::AskVenue;
pub use judge::differences;
pub use repair::document as state_document;

/// The job's name.
pub const JOB: &str = "exec-integrity";
/// Reads before a difference counts: a second look tells a difference from a moment in between.
const LOOKS: u32 = 2;

/// Gathers, judges, repairs where asked, stores the run.
pub fn run(
    state_dir: &Path,
    settings: &Settings,
    ask_venue: AskVenue<'_>,
    apply: bool,
    now: impl Fn() -> Timestamp,
) -> anyhow::Result<Report> {
    let started_at = now();
    let ledger = store::open_reader(state_dir)?;
    let mut snapshot = gather::gather(state_dir, &ledger, ask_venue, started_at)?;
    for _ in 1..LOOKS {
        let groups = differences(&snapshot, settings);
        if !snapshot.running || groups.iter().all(|(_, found)| found.is_empty()) {
            break;
        }
        snapshot = gather::gather(state_dir, &ledger, ask_venue, now())?;
    }
    let mut repaired = Vec::new();
    if apply {
        repaired = repair::apply(state_dir, &snapshot, settings, now())?;
        if !repaired.is_empty() {
            snapshot = gather::gather(state_dir, &ledger, ask_venue, now())?;
        }
    }
    drop(ledger);
    let mut report = judge::judge(&snapshot, settings);
    for repair in &repaired {
        report.checks.push(Check::new("repaired", Severity::Ok, repair));
    }
    report.facts.insert("repaired".to_owned(), json!(repaired));
    let stored = store_run(state_dir, &report, &snapshot.ledger.audit, (started_at, now()));
    if let Err(error) = stored {
        let check = Check::new("ledger_writable", Severity::Critical, "no");
        report.checks.push(check.because(error.to_string()));
    }
    Ok(report)
}

/// The run's row, and the totals for the next run to go on from.
fn store_run(
    state_dir: &Path,
    report: &Report,
    audit: &audit::Audit,
    (started_at, ended_at): (Timestamp, Timestamp),
) -> anyhow::Result<()> {
    let mut ledger = store::open_existing(state_dir)?;
    if !audit.foreign {
        audit::store(&mut ledger, audit)?;
    }
    job_run::insert(&mut ledger, report, started_at, ended_at)?;
    Ok(())
}
