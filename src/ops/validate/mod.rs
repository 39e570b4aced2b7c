//! `validate paper`: may a live run follow this paper run? Twelve KPIs of a window, each judged by what the
//! ledger has of every minute of it.
//!
//! ```text
//! gather(ledger, window) -> Evidence -> judge(evidence, limits) -> 12 KPIs -> pass, fail, insufficient
//! ```
//!
//! | KPI | ok | from |
//! |---|---|---|
//! | running_share | >= `validate.running_min` | samples; a minute without one was not running |
//! | flapping | <= 6 changes between trading and soft_pause in any hour, < 4 minutes in a row alternating | transitions, samples |
//! | turnover_day | <= `validate.turnover_max` in each UTC day | fills against the day's opening equity |
//! | daily_loss | < `validate.daily_loss_max` in each minute | samples against the day's opening equity |
//! | drawdown | < `validate.drawdown_max` | samples against their peak |
//! | hard_stops | none of a risk limit | transitions, holds |
//! | cancels_per_minute | below 50 in > 95 % of the minutes | cancels sent, by event |
//! | fee_source | `api:`, `connector:` or `project:` in each minute | runs |
//! | rejects | <= 5 and <= 0.5 % of the orders sent, after 30 min | orders |
//! | base_ratio, tracking_error | not applicable: no strategy here steers by an inventory | |
//! | fills | at least one, none missing or unexplained, each order the sum of its fills | fills, orders |
//!
//! **Verdict**: a KPI that fails is a fail (exit 2), whatever else is missing. Less than 95 % of the
//! minutes on record, a window that begins before the ledger's first minute, or a KPI without evidence is
//! insufficient (exit 3), however good the rest is. A column or table that cannot be read is an error.
//!
//! **Clock**: the window ends with the last whole minute of the wall; for a ledger whose latest run was on
//! a virtual clock (`--speed`, `--replay`), of that clock.
//! **Cost**: what happened since the window began, by index.

mod account;
mod evidence;
mod fee_source;
mod inventory;
mod judge;
mod kpi;
mod orders;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod window;

use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use super::report::{Check, Report};
use crate::config::settings::ValidateSettings;
use crate::domain::time::Timestamp;

pub use evidence::Evidence;
pub use kpi::{Kpi, Verdict};
pub use window::{WINDOW_MAX, WINDOW_MIN, Window};

/// The job's name.
pub const JOB: &str = "validate-paper";

/// What a validation found.
#[derive(Clone, PartialEq, Debug)]
pub struct Validation {
    /// What the whole says: never not applicable.
    pub verdict: Verdict,
    /// For `job_runs` and programs.
    pub report: Report,
    /// For people.
    pub text: String,
}

/// Judges the window of this length that ends now.
pub fn run(
    ledger: &Connection,
    limits: &ValidateSettings,
    length: Duration,
    wall_now: Timestamp,
) -> rusqlite::Result<Validation> {
    // One moment of a ledger that an agent may be writing.
    let snapshot = ledger.unchecked_transaction()?;
    let window = Window::ending_now(&snapshot, length, wall_now)?;
    let evidence = Evidence::gather(&snapshot, window)?;
    drop(snapshot);
    let (grounds, kpis) = (judge::grounds(&evidence), judge::kpis(&evidence, limits));
    let verdict = judge::overall(grounds.iter().chain(&kpis));
    let text = text::render(&evidence, &grounds, &kpis, (verdict, wall_now));
    let report = report(&evidence, (&grounds, &kpis), verdict, wall_now);
    Ok(Validation { verdict, report, text })
}

/// What was judged as checks, everything as facts.
fn report(
    evidence: &Evidence,
    (grounds, kpis): (&[Kpi], &[Kpi]),
    verdict: Verdict,
    wall_now: Timestamp,
) -> Report {
    let check = |kpi: &Kpi| {
        let severity = kpi.verdict.severity()?;
        let check = Check::new(kpi.id, severity, &kpi.value).against(&kpi.threshold);
        Some(check.because(&kpi.reason))
    };
    let checks = grounds.iter().chain(kpis).filter_map(check).collect();
    let mut report = Report::new(JOB, wall_now, checks);
    let Window { start, end, clock } = evidence.window;
    let facts = [
        ("verdict", json!(verdict)),
        ("window", json!({ "start": start.to_string(), "end": end.to_string(), "clock": clock })),
        ("minutes", json!(evidence.minutes.len())),
        ("minutes_recorded", json!(evidence.recorded())),
        ("markets", json!(evidence.markets())),
        ("configurations", json!(evidence.configurations())),
        ("kpis", json!(kpis)),
    ];
    report.facts.extend(facts.map(|(name, value)| (name.to_owned(), value)));
    report
}
