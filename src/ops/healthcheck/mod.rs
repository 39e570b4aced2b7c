//! `healthcheck`: is the agent alive, and is everything it needs in order?
//!
//! Every probe is judged, and the worst wins: a dead agent is critical whatever else is fine or
//! cannot be told. It restarts nothing and changes nothing but its own row in `job_runs`, whose write
//! is also the proof that the ledger can be written.

mod agent;
mod evidence;
mod files;
mod judge;

use std::path::Path;

use super::agent_evidence::Service;
use super::job_run;
use super::report::Report;
use crate::config::settings::HealthSettings;
use crate::domain::time::Timestamp;

pub use evidence::{Evidence, LedgerEvidence, OTHER_JOBS, StateJson};
pub use judge::{hold_severity, judge};

/// The job's name.
pub const JOB: &str = "healthcheck";

/// Gathers, judges, stores the run.
pub fn run(
    state_dir: &Path,
    limits: &HealthSettings,
    service: Service,
    now: impl Fn() -> Timestamp,
) -> Report {
    let started_at = now();
    let mut evidence = Evidence::gather(state_dir, service, started_at);
    let report = judge(&evidence, limits);
    let Some(ledger) = evidence.ledger.as_mut().ok() else { return report };
    match job_run::record(state_dir, &report, started_at, now()) {
        Ok(()) => report,
        Err(error) => {
            ledger.written = Err(error.to_string());
            judge(&evidence, limits)
        }
    }
}
