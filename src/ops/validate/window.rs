//! The time that is judged: whole minutes up to now, by the clock the samples are on.

use std::time::Duration;

use rusqlite::Connection;
use serde::Serialize;

use crate::domain::time::{DAY_US, HOUR_US, MINUTE_US, Timestamp};
use crate::store::{kpi, validation};

/// The shortest window: below it a rate an hour is a guess.
pub const WINDOW_MIN: Duration = Duration::from_micros(HOUR_US.unsigned_abs());
/// The longest: as long as samples are kept (`retention.samples_age_max`).
pub const WINDOW_MAX: Duration = Duration::from_micros(90 * DAY_US.unsigned_abs());

/// Whose time the ledger's minutes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The wall's.
    Wall,
    /// The market's own, under `--speed` and `--replay`.
    Virtual,
}

/// From `start` on, before `end`; both begin a minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The beginning of its first minute.
    pub start: Timestamp,
    /// The end of its last minute.
    pub end: Timestamp,
    /// By which clock.
    pub clock: Clock,
}

impl Window {
    /// The whole minutes of this length before now. A virtual clock reads what the latest run last said,
    /// or the newest sample where that is newer: the wall says nothing about it.
    pub fn ending_now(
        ledger: &Connection,
        length: Duration,
        wall_now: Timestamp,
    ) -> rusqlite::Result<Self> {
        let (now, clock) = match kpi::virtual_now(ledger)? {
            Some(now) => (now.max(validation::last_sample(ledger)?.unwrap_or(now)), Clock::Virtual),
            None => (wall_now, Clock::Wall),
        };
        let end = now.floor_to_us(MINUTE_US);
        let start = (end - length).floor_to_us(MINUTE_US);
        Ok(Self { start, end, clock })
    }

    /// How many minutes it has.
    pub fn minutes(&self) -> usize {
        usize::try_from(self.end.us_since(self.start) / MINUTE_US).unwrap_or(0)
    }

    /// The beginning of a minute of it.
    pub fn minute(&self, index: usize) -> Timestamp {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        Timestamp::from_us(self.start.us().saturating_add(index.saturating_mul(MINUTE_US)))
    }

    /// Which minute of it holds this instant.
    pub fn index_of(&self, at: Timestamp) -> Option<usize> {
        usize::try_from(at.us_since(self.start).div_euclid(MINUTE_US)).ok()
    }

    /// The beginnings of the UTC days that it has a minute of.
    pub fn days(&self) -> impl Iterator<Item = Timestamp> {
        let last = Timestamp::from_us(self.end.us() - 1).day().us();
        let days = (self.start.day().us()..=last).step_by(usize::try_from(DAY_US).unwrap_or(1));
        days.map(Timestamp::from_us)
    }
}
