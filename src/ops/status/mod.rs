//! `status`: the runbook's command. Is it well, what does it hold, what may it do?
//!
//! Its verdict is the health check's on the same evidence: ages are judged, not only shown. It writes
//! nothing, so it cannot tell whether the ledger is writable.

mod details;
mod render;

use std::path::Path;

use super::agent_evidence::Service;
use super::healthcheck::{self, Evidence};
use super::report::{Check, Report, Severity};
use crate::config::settings::HealthSettings;
use crate::domain::time::Timestamp;

pub use details::{Details, HeldPosition};
pub(in crate::ops) use render::{finding, hold_line};

/// The job's name.
pub const JOB: &str = "status";

/// Everything the command prints.
#[derive(Debug)]
pub struct Status {
    /// The verdict and what it rests on.
    pub report: Report,
    evidence: Evidence,
    /// `None` where the ledger cannot be read.
    details: Option<Details>,
    files: Files,
}

/// Where it looked, and how old the files are.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Files {
    state_dir: String,
    state_json_at: Option<Timestamp>,
    ledger_at: Option<Timestamp>,
}

impl Status {
    /// Gathers and judges.
    pub fn gather(
        state_dir: &Path,
        limits: &HealthSettings,
        service: Service,
        now: Timestamp,
    ) -> Self {
        let evidence = Evidence::gather(state_dir, service, now);
        let report = judge(&evidence, limits);
        let details = match &evidence.ledger {
            Ok(_) => Details::gather(state_dir, evidence.agent.newest()).ok(),
            Err(_) => None,
        };
        Self { report, evidence, details, files: Files::look(state_dir) }
    }

    /// `OK`, `DEGRADED` or `CRITICAL`: too little evidence is not ok.
    pub fn overall(&self) -> Severity {
        match self.report.overall() {
            Severity::Insufficient => Severity::Degraded,
            known @ (Severity::Ok | Severity::Degraded | Severity::Critical) => known,
        }
    }

    /// What goes to standard output.
    pub fn render(&self, json: bool) -> String {
        if json { format!("{}\n", render::json(self)) } else { render::text(self) }
    }
}

/// The health check's verdict, less what only a writer can tell.
fn judge(evidence: &Evidence, limits: &HealthSettings) -> Report {
    let mut report = healthcheck::judge(evidence, limits);
    report.job = JOB;
    report.checks.retain(|check: &Check| check.id != "ledger_writable");
    report
}

impl Files {
    fn look(state_dir: &Path) -> Self {
        let modified = |name: &str| {
            let metadata = rustix::fs::stat(state_dir.join(name)).ok()?;
            let seconds = metadata.st_mtime;
            Some(Timestamp::from_us(seconds.saturating_mul(1_000_000)))
        };
        Self {
            state_dir: state_dir.display().to_string(),
            state_json_at: modified("state.json"),
            ledger_at: modified("ibis.db").max(modified("ibis.db-wal")),
        }
    }
}
