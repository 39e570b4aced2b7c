//! What the health check looks at. Costs the same whatever the ledger's size.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use crate::domain::hold::Hold;
use crate::domain::time::Timestamp;
use crate::durable::sqlite::OpenErrorKind;
use crate::ops::agent_evidence::{AgentEvidence, Lock, Service};
use crate::ops::job_run::{self, JobRun};
use crate::ops::kill::drill;
use crate::store::kill::{self, Latch};
use crate::store::state_json::{self, StateJsonError};
use crate::store::{self, chain, load};

/// The jobs with a timer beside the health check itself.
pub const OTHER_JOBS: [&str; 5] =
    ["exec-integrity", "hourly-kpi", "log-retention", "backup", "restore-drill"];
/// systemd-timesyncd touches it once the clock was set from the network.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// All of it.
#[derive(Debug)]
pub struct Evidence {
    /// The wall clock.
    pub now: Timestamp,
    /// Lock, runs, unit.
    pub agent: AgentEvidence,
    /// The ledger's state, or why there is none.
    pub ledger: Result<LedgerEvidence, LedgerUnusable>,
    /// `state.json`.
    pub state_json: StateJson,
    /// Free bytes for an unprivileged user where the state is, or why that is unknown.
    pub disk_free: Result<u64, String>,
    /// True where the clock is known to be synchronized.
    pub synchronized: bool,
}

/// What an open ledger says.
#[derive(Debug)]
pub struct LedgerEvidence {
    /// The newest event.
    pub head: i64,
    /// The first event of the tail whose hash does not hold.
    pub chain_break: Option<i64>,
    /// True where the newest fill belongs to no intent.
    pub last_fill_orphaned: bool,
    /// Active holds.
    pub holds: Vec<Hold>,
    /// The active kill switch.
    pub kill: Option<Latch>,
    /// The last drill of it.
    pub kill_drill: Option<JobRun>,
    /// The last run of each of [`OTHER_JOBS`].
    pub jobs: [Option<JobRun>; OTHER_JOBS.len()],
    /// Whether this run's row could be written.
    pub written: Result<(), String>,
}

/// Why the ledger says nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerUnusable {
    /// True where there is simply no file.
    pub missing: bool,
    /// One line.
    pub why: String,
}

/// The state of `state.json`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StateJson {
    /// There is none.
    Missing,
    /// Torn, foreign or unreadable; says how.
    Bad(String),
    /// Whole.
    Whole {
        /// The event it reflects.
        sequence: i64,
        /// When it was written.
        written_at: Timestamp,
    },
}

impl Evidence {
    /// Looks at everything. What cannot be looked at is said, not skipped.
    pub fn gather(state_dir: &Path, service: Service, now: Timestamp) -> Self {
        // Before the ledger: written after it, it can then never be ahead of it.
        let state_json = read_state_json(state_dir);
        let opened = store::open_reader(state_dir).map_err(|error| LedgerUnusable {
            missing: matches!(error.kind, OpenErrorKind::Missing),
            why: error.to_string(),
        });
        let read = opened.and_then(|ledger| {
            read_all(state_dir, &ledger, service.clone(), now)
                .map_err(|error| LedgerUnusable { missing: false, why: format!("ledger: {error}") })
        });
        let (agent, ledger) = match read {
            Ok((agent, ledger)) => (agent, Ok(ledger)),
            Err(unusable) => {
                let agent = AgentEvidence::gather(state_dir, None, service.clone(), now);
                // Without a ledger nothing of it can fail.
                let none = |error: rusqlite::Error| AgentEvidence {
                    lock: Lock::Unknown(error.to_string()),
                    runs: Vec::new(),
                    service,
                };
                (agent.unwrap_or_else(none), Err(unusable))
            }
        };
        let synchronized = Path::new(SYNCHRONIZED).exists();
        Self { now, agent, ledger, state_json, disk_free: disk_free(state_dir), synchronized }
    }
}

/// One snapshot: every query sees the same ledger.
fn read_all(
    state_dir: &Path,
    ledger: &Connection,
    service: Service,
    now: Timestamp,
) -> rusqlite::Result<(AgentEvidence, LedgerEvidence)> {
    let snapshot = ledger.unchecked_transaction()?;
    let agent = AgentEvidence::gather(state_dir, Some(&snapshot), service, now)?;
    let last_fill_orphaned = "SELECT NOT EXISTS (SELECT 1 FROM intents i
           WHERE i.client_order_id = f.client_order_id) FROM fills f ORDER BY fill DESC LIMIT 1";
    let orphaned = snapshot.query_row(last_fill_orphaned, [], |row| row.get(0)).optional()?;
    let mut jobs = [const { None }; OTHER_JOBS.len()];
    for (job, name) in jobs.iter_mut().zip(OTHER_JOBS) {
        *job = job_run::last(&snapshot, name)?;
    }
    let holds = load::holds(&snapshot)?;
    let evidence = LedgerEvidence {
        head: chain::head(&snapshot)?.seq,
        chain_break: chain::first_break(&snapshot, Some(chain::TAIL_EVENTS))?,
        last_fill_orphaned: orphaned.unwrap_or(false),
        kill: kill::of_holds(&snapshot, &holds)?,
        kill_drill: job_run::last(&snapshot, drill::JOB)?,
        holds,
        jobs,
        written: Ok(()),
    };
    Ok((agent, evidence))
}

fn read_state_json(state_dir: &Path) -> StateJson {
    match state_json::read(state_dir) {
        Ok(document) => StateJson::Whole {
            sequence: document.sequence,
            written_at: Timestamp::from_us(document.written_at_us),
        },
        Err(StateJsonError::Missing) => StateJson::Missing,
        Err(error) => StateJson::Bad(error.to_string()),
    }
}

fn disk_free(state_dir: &Path) -> Result<u64, String> {
    let found = rustix::fs::statvfs(state_dir).map_err(|error| error.to_string())?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
