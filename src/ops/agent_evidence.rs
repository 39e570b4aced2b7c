//! What can be known about whether an agent works on a state directory.
//!
//! Three witnesses: the instance lock (is there a process, on this very directory), the newest row of
//! `runs` (when did its loop last turn) and systemd (what does it think of the unit). The lock
//! decides, because it cannot be stale and cannot be about another directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::domain::time::{DAY_US, HOUR_US, Timestamp};
use crate::durable::instance_lock;
use crate::store::run::cause;
use crate::store::run_cause::RunCause;
use crate::systemd::unit::{self, Unavailable};

/// The agent's unit.
const AGENT_UNIT: &str = "ibis-agent.service";
/// How long systemd may take to answer: a moment, as the job's own answer is waited for.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs looked at: far more than a unit's start limit allows in a day.
const RUNS_MAX: i64 = 512;

/// All of it.
#[derive(Clone, PartialEq, Debug)]
pub struct AgentEvidence {
    /// Whether a process holds the directory.
    pub lock: Lock,
    /// The newest run, and those of the last 24 hours; newest first.
    pub runs: Vec<Run>,
    /// The unit, as systemd sees it.
    pub service: Service,
}

/// The state of the instance lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lock {
    /// An agent works on this directory.
    Held,
    /// None does.
    Free,
    /// It cannot be told; says why.
    Unknown(String),
}

/// The agent's unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Service {
    /// There is no systemd, or no such unit: the agent is run by hand, if at all.
    NotInstalled,
    /// systemd did not answer; says why.
    Unknown(String),
    /// As systemd says.
    Unit {
        /// `active`, `activating`, `inactive`, `failed`, ...
        active: String,
        /// `enabled`, `disabled`, ...
        enabled: String,
        /// The main process; 0 for none.
        main_pid: u32,
    },
}

/// A row of `runs`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the ledger's column names, documented in the schema")]
pub struct Run {
    pub run: u32,
    pub clock: Clock,
    pub market: String,
    pub pid: u32,
    pub started_at: Timestamp,
    pub ready_at: Option<Timestamp>,
    pub progress_at: Option<Timestamp>,
    pub engine_at: Option<Timestamp>,
    pub data_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub end_cause: Option<String>,
    pub cause: Option<RunCause>,
}

/// What the engine's times mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// The wall's time.
    Wall,
    /// A replayed or accelerated market's time.
    Virtual,
}

impl Service {
    /// Asks systemd about the agent's unit.
    pub fn ask() -> Self {
        match unit::show(&[AGENT_UNIT], ASK_TIMEOUT).map(|units| units.into_iter().next()) {
            Err(Unavailable::NotBooted) => Self::NotInstalled,
            Err(error) => Self::Unknown(error.to_string()),
            Ok(Some(unit)) if unit.is_installed() => Self::Unit {
                active: unit.active_state,
                enabled: unit.unit_file_state,
                main_pid: unit.main_pid,
            },
            Ok(_) => Self::NotInstalled,
        }
    }
}

impl AgentEvidence {
    /// Asks the lock, and the ledger where there is one.
    pub fn gather(
        state_dir: &Path,
        ledger: Option<&Connection>,
        service: Service,
        now: Timestamp,
    ) -> rusqlite::Result<Self> {
        let lock = match instance_lock::is_held(&lock_path(state_dir)) {
            Ok(true) => Lock::Held,
            Ok(false) => Lock::Free,
            Err(error) => Lock::Unknown(error.to_string()),
        };
        let since = Timestamp::from_us(now.us() - DAY_US);
        let runs = ledger.map(|ledger| runs(ledger, since)).transpose()?.unwrap_or_default();
        Ok(Self { lock, runs, service })
    }

    /// True where a process holds the directory.
    pub fn is_running(&self) -> bool {
        self.lock == Lock::Held
    }

    /// The newest run, whether or not it is still there.
    pub fn newest(&self) -> Option<&Run> {
        self.runs.first()
    }

    /// Runs that ended without saying so, begun in the hour before `now`. The running one is none.
    pub fn unclean_in_hour(&self, now: Timestamp) -> usize {
        let earlier = self.runs.iter().skip(usize::from(self.is_running()));
        let begun = |run: &&Run| run.ended_at.is_none() && now.us_since(run.started_at) < HOUR_US;
        earlier.filter(begun).count()
    }

    /// How the runs ended that began in the 24 hours before `now`, and how many so. The running one has not
    /// ended, and of one that said nothing and was followed by none nobody has looked yet.
    pub fn ends_in_day(&self, now: Timestamp) -> BTreeMap<RunCause, u64> {
        let begun = |run: &&Run| now.us_since(run.started_at) < DAY_US;
        let mut ends = BTreeMap::new();
        for cause in self.runs.iter().filter(begun).filter_map(|run| run.cause) {
            *ends.entry(cause).or_default() += 1;
        }
        ends
    }

    /// Starts in the 24 hours before `now` that followed an earlier run.
    pub fn restarts_in_day(&self, now: Timestamp) -> usize {
        let begun = |run: &&Run| run.run > 1 && now.us_since(run.started_at) < DAY_US;
        self.runs.iter().filter(begun).count()
    }
}

/// The lock file of a state directory.
pub fn lock_path(state_dir: &Path) -> PathBuf {
    state_dir.join("agent.lock")
}

/// The newest run and those begun after `since`, newest first.
fn runs(ledger: &Connection, since: Timestamp) -> rusqlite::Result<Vec<Run>> {
    let mut statement = ledger.prepare(
        "SELECT run, clock, market, pid, started_at_us, ready_at_us, progress_at_us, engine_at_us,
                data_at_us, ended_at_us, end_cause, cause
         FROM runs ORDER BY run DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([RUNS_MAX], |row| {
        let time = |column| -> rusqlite::Result<Option<Timestamp>> {
            Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_us))
        };
        let clock = match row.get_ref(1)?.as_str()? {
            "virtual" => Clock::Virtual,
            _ => Clock::Wall,
        };
        Ok(Run {
            run: row.get(0)?,
            clock,
            market: row.get(2)?,
            pid: row.get(3)?,
            started_at: Timestamp::from_us(row.get(4)?),
            ready_at: time(5)?,
            progress_at: time(6)?,
            engine_at: time(7)?,
            data_at: time(8)?,
            ended_at: time(9)?,
            end_cause: row.get(10)?,
            cause: cause(row, 11)?,
        })
    })?;
    let mut runs = Vec::new();
    for run in rows {
        let run = run?;
        if !runs.is_empty() && run.started_at < since {
            break;
        }
        runs.push(run);
    }
    Ok(runs)
}

#[cfg(test)]
pub(in crate::ops) mod tests {
    use super::*;

    /// A run that works at `now`, on the wall's clock.
    pub(in crate::ops) fn working(run: u32, now: Timestamp) -> Run {
        let ago = |seconds: i64| Timestamp::from_us(now.us() - seconds * 1_000_000);
        Run {
            run,
            clock: Clock::Wall,
            market: "synthetic".to_owned(),
            pid: 4_711,
            started_at: ago(3_000),
            ready_at: Some(ago(2_999)),
            progress_at: Some(ago(3)),
            engine_at: Some(ago(3)),
            data_at: Some(ago(4)),
            ended_at: None,
            end_cause: None,
            cause: None,
        }
    }

    #[test]
    fn the_running_run_is_not_unclean_and_ended_ones_are_not_either() {
        let now = Timestamp::from_us(10 * DAY_US);
        let mut runs = vec![working(4, now), working(3, now), working(2, now), working(1, now)];
        runs[2].ended_at = Some(now);
        (runs[1].cause, runs[2].cause) = (Some(RunCause::Watchdog), Some(RunCause::Operator));
        runs[3].cause = Some(RunCause::Watchdog);
        runs[3].started_at = Timestamp::from_us(now.us() - HOUR_US);
        let service = Service::NotInstalled;
        let mut evidence = AgentEvidence { lock: Lock::Held, runs, service };
        assert_eq!(evidence.unclean_in_hour(now), 1);
        assert_eq!(evidence.restarts_in_day(now), 3);
        let ends = [(RunCause::Operator, 1), (RunCause::Watchdog, 2)];
        assert_eq!(evidence.ends_in_day(now), BTreeMap::from(ends));
        evidence.lock = Lock::Free;
        assert_eq!(evidence.unclean_in_hour(now), 2, "the newest died too");
    }
}
