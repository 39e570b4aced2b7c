//! What the ledger says of a while besides the samples: starts, jobs, notifications, latched states.

use std::fs;

use rusqlite::Connection;
use serde::Serialize;

use super::UNKNOWN;
use super::finding::Finding;
use super::judge::Verdict;
use super::signal::{Budget, Unit};
use super::statistics::{Reading, hours, reading};
use super::window::Window;
use crate::domain::time::Timestamp;
use crate::ops::backup::make;
use crate::ops::chat;
use crate::store::drift::{self, Baseline, JobFacts};
use crate::store::run_cause::RunCause;
use crate::store::vitals::VitalsRow;

/// A while of which less than this is covered by samples is no evidence (seed 000).
pub const COVERAGE_MIN: Reading = 0.95;
/// A backup that takes no longer is not slow.
const BACKUP_FLOOR: Reading = 10.0;

/// All of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Facts {
    /// Starts since the baseline's run.
    pub restarts: u64,
    /// The first few: when, and how the run before each ended.
    pub starts: Vec<(Timestamp, &'static str)>,
    /// Notifications delivered and given up.
    pub deliveries: (u64, u64),
    /// The jobs that ran.
    pub jobs: Vec<JobFacts>,
    /// What a backup took, in seconds, until the baseline's end; none where none ran.
    pub backup_before: Option<Reading>,
    /// Latched states entered: when, which, for which hold; none where the engine's clock is its own.
    pub stops: Option<Vec<(Timestamp, String, String)>>,
    /// Where it is looked at.
    pub place: Place,
}

/// What a while was on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// `paper` or `live`.
    pub mode: String,
    /// Version of the ledger's schema.
    pub schema_version: u32,
    /// The machine's name.
    pub host: String,
    /// Which boot of it; `unknown` where the kernel does not say.
    pub boot_id: String,
}

impl Place {
    /// Asks the ledger and the kernel.
    pub fn look(ledger: &Connection) -> rusqlite::Result<Self> {
        let (mode, schema_version) = drift::identity(ledger)?;
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
        let boot_id = boot_id.map_or_else(|_| UNKNOWN.to_owned(), |id| id.trim().to_owned());
        Ok(Self { mode, schema_version, host: chat::host(), boot_id })
    }
}

impl Facts {
    /// Asks the ledger.
    pub fn gather(
        ledger: &Connection,
        baseline: &Baseline,
        window: &Window,
    ) -> rusqlite::Result<Self> {
        let (from, to) = (window.from, window.to);
        let (restarts, starts) = drift::restarts(ledger, baseline.frozen.run)?;
        let cause = |cause: Option<RunCause>| cause.map_or("nobody knows", RunCause::as_str);
        let before = drift::jobs(ledger, Timestamp::from_us(0), from)?;
        let is_wall = window.run.as_ref().is_some_and(|(run, _)| run.is_wall);
        Ok(Self {
            restarts,
            starts: starts.into_iter().map(|(at, of)| (at, cause(of))).collect(),
            deliveries: drift::deliveries(ledger, from, to)?,
            jobs: drift::jobs(ledger, from, to)?,
            backup_before: backup_seconds(&before),
            stops: is_wall.then(|| drift::stops(ledger, from, to)).transpose()?,
            place: Place::look(ledger)?,
        })
    }

    /// What backups took, in seconds.
    fn backup_now(&self) -> Option<Reading> {
        backup_seconds(&self.jobs)
    }

    /// The judgements that need no samples, with those about the samples themselves.
    pub fn findings(&self, window: &Window) -> Vec<Finding> {
        let count = |count: u64| Some(reading(count));
        let dead = Budget::Above { warn: 0.0, fail: None };
        let backup = Budget::Latency { floor: BACKUP_FLOOR, ceiling: None };
        let of = |name, unit, budget, before, now| {
            Finding::of((name, unit, budget), (before, now), window.hours())
        };
        let (before, now) = (self.backup_before, self.backup_now());
        let mut backup = of("backup_duration", Unit::Seconds, backup, before, now);
        if now.is_none() {
            backup.say(Verdict::NotApplicable, "no backup ran in this while");
        } else if before.is_none() {
            backup.say(Verdict::NotApplicable, "no backup ran before the baseline's end");
        }
        vec![
            coverage(window),
            of("restarts", Unit::Count, Budget::Never, None, count(self.restarts)),
            of("notifications_given_up", Unit::Count, dead, None, count(self.deliveries.1)),
            backup,
        ]
    }
}

fn backup_seconds(jobs: &[JobFacts]) -> Option<Reading> {
    let backups = jobs.iter().find(|job| job.job == make::JOB && job.runs > 0)?;
    Some(reading(backups.took_us) / 1e6 / reading(backups.runs))
}

/// How much of the while the samples cover.
fn coverage(window: &Window) -> Finding {
    let covered = window.coverage();
    let missing = (1.0 - covered) * window.hours();
    let (verdict, why) = match covered < COVERAGE_MIN {
        true => (Verdict::Insufficient, format!("samples of {missing:.2} h are missing")),
        false => (Verdict::Pass, String::new()),
    };
    Finding {
        signal: "coverage",
        unit: Unit::Share,
        verdict,
        baseline: None,
        current: Some(covered),
        delta_ratio: None,
        slope: None,
        budget: format!("at least {:.0} %", COVERAGE_MIN * 100.0),
        why,
    }
}

/// What is told and not judged: more or less of it is neither good nor bad. None of what was not measured.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Figures {
    /// Since when the newest run is ready, in hours.
    pub uptime_hours: Option<Reading>,
    /// The ledger's size at the beginning of the while, in bytes.
    pub ledger_bytes_before: Option<u64>,
    /// And at its end.
    pub ledger_bytes: Option<u64>,
    /// Events of the hash chain in the while.
    pub ledger_events: Option<u64>,
    /// Market events in the while.
    pub market_events: Option<u64>,
    /// Orders sent in the while.
    pub orders: Option<u64>,
    /// Errors that count against the agent's health.
    pub errors: Option<u64>,
}

impl Figures {
    /// Of a while that ended now.
    pub fn of(window: &Window, now: Timestamp) -> Self {
        let rows = window.settled();
        let total = |count: fn(&VitalsRow) -> Option<u64>| {
            let counts: Vec<u64> = window.rows.iter().filter_map(count).collect();
            (!counts.is_empty()).then(|| counts.iter().sum())
        };
        let ready = window.run.as_ref().and_then(|(run, _)| run.ready_at);
        Self {
            uptime_hours: ready.map(|ready| hours(now.us_since(ready))),
            ledger_bytes_before: rows.first().and_then(|row| row.ledger_bytes),
            ledger_bytes: rows.last().and_then(|row| row.ledger_bytes),
            ledger_events: total(|row| row.ledger_events),
            market_events: total(|row| row.market_events),
            orders: total(|row| row.orders),
            errors: total(|row| row.errors),
        }
    }
}
