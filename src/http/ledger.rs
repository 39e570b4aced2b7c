//! What only the ledger can tell, read on a thread that may wait for a disk, one question at a time: a
//! ledger that is locked makes these answers late, and no other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::clock;
use crate::config::settings::HealthSettings;
use crate::domain::decimal::Decimal;
use crate::domain::time::{DAY_US, Timestamp};
use crate::ops::agent_evidence::Service;
use crate::ops::kill::drill;
use crate::ops::status::Status;
use crate::ops::timer::Timer;
use crate::store::run::{self, cause};
use crate::store::run_cause::RunCause;
use crate::store::{self, chain, load, notification};

/// An answer that is younger than this is given again.
const FRESH: Duration = Duration::from_secs(1);
/// As long as an asker waits.
const PATIENCE: Duration = Duration::from_secs(3);
/// Fills of a day that are added up for a metric; beyond it there is no figure.
const FILLS_MAX: i64 = 20_000;

/// What the metrics want of the ledger.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LedgerFacts {
    /// Starts that followed a run that ended so: `operator` where it said so, `crash` where not.
    pub restarts: BTreeMap<&'static str, u64>,
    /// Runs in a row that ended uncleanly before this one; 0 once this one is stable.
    pub unclean_streak: u32,
    /// When the job of each timer last ended with a verdict of ok or degraded.
    pub timers: BTreeMap<Timer, Timestamp>,
    /// When the kill switch was last rehearsed with such a verdict.
    pub drilled_at: Option<Timestamp>,
    /// Net of the fills of the engine's day; none where there are too many.
    pub realized_day: Option<Decimal>,
    /// The hash chain of the newest events holds.
    pub chain_holds: bool,
    /// Alerts that at least one channel has not taken.
    pub outbox_depth: u64,
    /// Size of the ledger and its log.
    pub bytes: u64,
}

/// A kept answer, with when it was made.
type Kept<T> = Rc<RefCell<Option<(Duration, T)>>>;

/// The reader.
#[derive(Debug)]
pub struct LedgerReader {
    state_dir: PathBuf,
    turn: Arc<Semaphore>,
    status: Kept<String>,
    facts: Kept<LedgerFacts>,
}

impl LedgerReader {
    /// A reader of the ledger in a state directory.
    pub fn new(state_dir: &Path) -> Self {
        Self {
            state_dir: state_dir.to_owned(),
            turn: Arc::new(Semaphore::new(1)),
            status: Kept::default(),
            facts: Kept::default(),
        }
    }

    /// What `ibis status --json` prints; none where the ledger keeps it waiting.
    pub async fn status(&self, limits: &Arc<HealthSettings>) -> Option<String> {
        let (state_dir, limits) = (self.state_dir.clone(), Arc::clone(limits));
        let make = move || {
            let status = Status::gather(&state_dir, &limits, Service::ask(), clock::wall_now());
            Some(status.render(true))
        };
        patient(self.ask(&self.status, make)).await
    }

    /// The metrics' facts at the engine's `now`; old ones where the ledger keeps it waiting.
    pub async fn facts(&self, now: Option<Timestamp>) -> Option<LedgerFacts> {
        let state_dir = self.state_dir.clone();
        let make = move || gather(&state_dir, now).ok();
        let fresh = patient(self.ask(&self.facts, make)).await;
        fresh.or_else(|| self.facts.borrow().as_ref().map(|(_, facts)| facts.clone()))
    }

    async fn ask<T: Clone + Send + 'static>(
        &self,
        kept: &Kept<T>,
        make: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Option<T> {
        let young = || {
            let kept = kept.borrow();
            let (at, answer) = kept.as_ref()?;
            (clock::monotonic().saturating_sub(*at) < FRESH).then(|| answer.clone())
        };
        if let Some(answer) = young() {
            return Some(answer);
        }
        let turn = Arc::clone(&self.turn).acquire_owned().await.ok()?;
        // Who waited for the same gets the same.
        if let Some(answer) = young() {
            return Some(answer);
        }
        let made = tokio::task::spawn_blocking(move || {
            // Given back when the disk has answered, not when the asker has left.
            let _turn = turn;
            make()
        });
        let answer = made.await.ok()??;
        *kept.borrow_mut() = Some((clock::monotonic(), answer.clone()));
        Some(answer)
    }
}

async fn patient<T>(answer: impl Future<Output = Option<T>>) -> Option<T> {
    timeout(PATIENCE, answer).await.ok().flatten()
}

fn gather(state_dir: &Path, now: Option<Timestamp>) -> anyhow::Result<LedgerFacts> {
    let ledger = store::open_reader(state_dir)?;
    let bytes =
        |name: &str| std::fs::metadata(state_dir.join(name)).map_or(0, |metadata| metadata.len());
    let mut ended = jobs(&ledger)?;
    let timers = Timer::ALL.into_iter();
    Ok(LedgerFacts {
        restarts: restarts(&ledger)?,
        // The one that runs is the newest; it counts until it is stable.
        unclean_streak: run::unclean_streak(&ledger, false)?.saturating_sub(1),
        drilled_at: ended.remove(drill::JOB),
        timers: timers.filter_map(|timer| Some((timer, ended.remove(timer.job())?))).collect(),
        realized_day: now.map(|now| realized(&ledger, now)).transpose()?.flatten(),
        chain_holds: chain::first_break(&ledger, Some(chain::TAIL_EVENTS))?.is_none(),
        outbox_depth: u64::try_from(notification::pending(&ledger)?).unwrap_or(0),
        bytes: bytes("ibis.db") + bytes("ibis.db-wal"),
    })
}

fn restarts(ledger: &Connection) -> rusqlite::Result<BTreeMap<&'static str, u64>> {
    let mut restarts: BTreeMap<_, _> = RunCause::ALL.map(|cause| (cause.as_str(), 0)).into();
    // Of runs from before their causes were kept it is known only whether they said something.
    let query = "SELECT coalesce(cause, iif(ended_at_us IS NULL, 'crash', 'operator')), count(*)
                 FROM runs WHERE run < (SELECT max(run) FROM runs) GROUP BY 1";
    let mut statement = ledger.prepare(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(cause) = cause(row, 0)? {
            let count: i64 = row.get(1)?;
            restarts.insert(cause.as_str(), u64::try_from(count).unwrap_or(0));
        }
    }
    Ok(restarts)
}

fn jobs(ledger: &Connection) -> rusqlite::Result<BTreeMap<String, Timestamp>> {
    let query = "SELECT job, max(ended_at_us) FROM job_runs WHERE exit_code IN (0, 1) GROUP BY job";
    let mut statement = ledger.prepare(query)?;
    let rows = statement.query_map([], |row| {
        let job: String = row.get(0)?;
        Ok((job, Timestamp::from_us(row.get(1)?)))
    })?;
    rows.collect()
}

fn realized(ledger: &Connection, now: Timestamp) -> rusqlite::Result<Option<Decimal>> {
    let query = "SELECT net FROM fills WHERE at_us >= ?1 AND at_us < ?2 LIMIT ?3";
    let mut statement = ledger.prepare(query)?;
    let day = now.day().us();
    let mut rows = statement.query([day, day + DAY_US, FILLS_MAX + 1])?;
    let (mut sum, mut count) = (Decimal::ZERO, 0);
    while let Some(row) = rows.next()? {
        sum += load::optional(row, 0)?.unwrap_or_default();
        count += 1;
    }
    Ok((count <= FILLS_MAX).then_some(sum))
}
