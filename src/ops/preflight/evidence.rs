//! What preflight looks at on this machine. Nothing is created, written or locked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rustix::fs::Access;

use super::units::{self, Units};
use crate::domain::hold::Hold;
use crate::domain::operator::Wish;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::durable::sqlite::OpenErrorKind;
use crate::ops::agent_evidence::{AgentEvidence, Clock, Lock, Service};
use crate::ops::db_check;
use crate::store::{self, LEDGER, chain, load, operator, run};
use crate::systemd::time_sync;

/// Newest events whose hashes a start verifies: about the last hour of a busy agent, in milliseconds.
const START_EVENTS: i64 = 1_000;
/// Newest events whose hashes a person's look verifies: a day's, in some 50 ms.
const LOOK_EVENTS: i64 = 20_000;
/// How long timedated may take to answer; it is started for the question.
const TIME_ASK_TIMEOUT: Duration = Duration::from_secs(2);

/// How much is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// For an agent that starts: milliseconds, and what the agent itself holds is not asked about.
    Start,
    /// For a person: SQLite's structure, and the newest events.
    Look,
    /// All of the ledger; costs the length of its history.
    Full,
}

/// All of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// The wall clock.
    pub now: Timestamp,
    /// The state directory.
    pub state_dir: StateDir,
    /// Free bytes for an unprivileged user where the state is or will be, or why that is unknown.
    pub disk_free: Result<u64, String>,
    /// The ledger.
    pub ledger: Ledger,
    /// Whether an agent works here; none where the one who asks is the agent.
    pub lock: Option<Lock>,
    /// A kill switch that no agent has read yet.
    pub kill_waits: bool,
    /// Whether the clock follows the network's: none where nobody says.
    pub synchronized: Option<bool>,
    /// The units; none where they are not looked at.
    pub units: Option<Units>,
}

/// The state directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StateDir {
    /// There, and can be written.
    Usable(PathBuf),
    /// Not there; a start makes it.
    Missing(PathBuf),
    /// Cannot be used; says why.
    Refused(PathBuf, String),
}

/// The ledger.
#[derive(Clone, PartialEq, Debug)]
pub enum Ledger {
    /// There is none: a start makes it.
    Missing,
    /// It is damaged, foreign or newer; says how.
    Bad(String),
    /// It cannot be read now; says why.
    Unread(String),
    /// It can be read.
    Open(Box<LedgerEvidence>),
}

/// What an open ledger says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerEvidence {
    /// The newest event.
    pub events: i64,
    /// Events whose hashes were verified.
    pub verified: i64,
    /// What is wrong with it, a line each.
    pub problems: Vec<String>,
    /// `paper` or `live`; none before the first run.
    pub mode: Option<String>,
    /// Whose it is; none before the first run.
    pub instance: Option<String>,
    /// Runs in a row that ended uncleanly.
    pub unclean_streak: u32,
    /// Active holds.
    pub holds: Vec<Hold>,
    /// The newest instant written by the wall's clock.
    pub written_at: Option<Timestamp>,
    /// The configuration of the newest run.
    pub config_hash: Option<String>,
    /// Instruments with a position or an open order.
    pub held: Vec<Symbol>,
}

impl Evidence {
    /// Looks at everything. What cannot be looked at is said, not skipped.
    pub fn gather(state_dir: &Path, depth: Depth, now: Timestamp) -> Self {
        let asks = depth != Depth::Start;
        let dir = state_dir_of(state_dir);
        let there = nearest(state_dir);
        let agent = AgentEvidence::gather(state_dir, None, Service::NotInstalled, now);
        let lock = agent.map_or_else(|why| Lock::Unknown(why.to_string()), |agent| agent.lock);
        let running = if asks { lock == Lock::Held } else { false };
        let kills = |wish: &Wish| matches!(wish, Wish::Kill { .. });
        Self {
            now,
            disk_free: disk_free(there),
            ledger: ledger(state_dir, depth, running, now),
            state_dir: dir,
            lock: asks.then_some(lock),
            kill_waits: operator::waiting(state_dir).iter().any(|command| kills(&command.wish)),
            synchronized: asks.then(|| time_sync::is_synchronized(TIME_ASK_TIMEOUT)).flatten(),
            units: asks.then(units::look),
        }
    }
}

impl Evidence {
    /// Instruments that the ledger holds something of; none where it cannot be read.
    pub fn held(&self) -> &[Symbol] {
        match &self.ledger {
            Ledger::Open(ledger) => &ledger.held,
            Ledger::Missing | Ledger::Bad(_) | Ledger::Unread(_) => &[],
        }
    }
}

fn state_dir_of(path: &Path) -> StateDir {
    let owned = path.to_owned();
    let usable = |path: &Path| rustix::fs::access(path, Access::WRITE_OK | Access::EXEC_OK);
    match (path.is_dir(), path.symlink_metadata().is_ok()) {
        (true, _) => match usable(path) {
            Ok(()) => StateDir::Usable(owned),
            Err(error) => StateDir::Refused(owned, error.to_string()),
        },
        (false, true) => StateDir::Refused(owned, "it is no directory".to_owned()),
        (false, false) => match usable(nearest(path)) {
            Ok(()) => StateDir::Missing(owned),
            Err(error) => StateDir::Refused(owned, format!("it cannot be made: {error}")),
        },
    }
}

/// The directory itself, or the nearest one above it that exists.
fn nearest(path: &Path) -> &Path {
    let named = |path: &&Path| !path.as_os_str().is_empty();
    let found = path.ancestors().filter(named).find(|path| path.is_dir());
    found.unwrap_or_else(|| Path::new(if path.is_absolute() { "/" } else { "." }))
}

fn disk_free(directory: &Path) -> Result<u64, String> {
    let found = rustix::fs::statvfs(directory).map_err(|error| error.to_string())?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

fn ledger(state_dir: &Path, depth: Depth, running: bool, now: Timestamp) -> Ledger {
    let connection = match store::open_reader(state_dir) {
        Ok(connection) => connection,
        Err(error) => {
            return match &error.kind {
                OpenErrorKind::Missing => Ledger::Missing,
                OpenErrorKind::Foreign(_) | OpenErrorKind::Newer { .. } => {
                    Ledger::Bad(error.to_string())
                }
                OpenErrorKind::Unavailable(_) => Ledger::Unread(error.to_string()),
            };
        }
    };
    match read(state_dir, &connection, (depth, running), now) {
        Ok(evidence) => Ledger::Open(Box::new(evidence)),
        Err(error) => {
            let told = LEDGER.error(&store::ledger_path(state_dir), &error);
            match told.kind {
                OpenErrorKind::Unavailable(_) => Ledger::Unread(told.to_string()),
                OpenErrorKind::Missing
                | OpenErrorKind::Foreign(_)
                | OpenErrorKind::Newer { .. } => Ledger::Bad(told.to_string()),
            }
        }
    }
}

/// One snapshot: every query sees the same ledger.
fn read(
    state_dir: &Path,
    ledger: &Connection,
    (depth, running): (Depth, bool),
    now: Timestamp,
) -> rusqlite::Result<LedgerEvidence> {
    let snapshot = ledger.unchecked_transaction()?;
    let events = chain::head(&snapshot)?.seq;
    let (verified, problems) = verify(&snapshot, depth, events)?;
    let agent = AgentEvidence::gather(state_dir, Some(&snapshot), Service::NotInstalled, now)?;
    let written_at = agent.newest().map(|newest| {
        let engine_at = newest.engine_at.filter(|_| newest.clock == Clock::Wall);
        let times = [Some(newest.started_at), newest.progress_at, engine_at];
        times.into_iter().flatten().max().unwrap_or(newest.started_at)
    });
    Ok(LedgerEvidence {
        events,
        verified,
        problems,
        mode: run::meta(&snapshot, "mode")?,
        instance: run::meta(&snapshot, "instance")?,
        unclean_streak: run::unclean_streak(&snapshot, running)?,
        holds: load::holds(&snapshot)?,
        written_at,
        config_hash: run::newest_config_hash(&snapshot)?,
        held: held(&snapshot)?,
    })
}

fn held(ledger: &Connection) -> rusqlite::Result<Vec<Symbol>> {
    let positions = load::positions(ledger)?.into_iter().filter(|row| !row.lots.is_empty());
    let orders = load::open_orders(ledger)?.into_iter().map(|open| open.intent.symbol);
    let held: BTreeSet<Symbol> = positions.map(|row| row.symbol).chain(orders).collect();
    Ok(held.into_iter().collect())
}

/// How many of the events were verified, and what is wrong.
fn verify(ledger: &Connection, depth: Depth, events: i64) -> rusqlite::Result<(i64, Vec<String>)> {
    let (limit, mut problems) = match depth {
        Depth::Full => return Ok((events, db_check::check(ledger)?.problems)),
        Depth::Look => (LOOK_EVENTS, db_check::structure_problems(ledger)?),
        Depth::Start => (START_EVENTS, Vec::new()),
    };
    if let Some(event) = chain::first_break(ledger, Some(limit))? {
        problems.push(format!("the hash chain breaks at event {event}"));
    }
    Ok((events.min(limit), problems))
}
