//! A while of a run: its samples, and how much of it they cover.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::signal::{SIGNALS, Scope, Signal, Take};
use super::statistics::{Reading, Stats, hours, median, reading};
use super::theil_sen::Slope;
use crate::domain::time::{HOUR_US, Timestamp};
use crate::store::drift::{self, RunFacts};
use crate::store::vitals::{self, VitalsRow};

/// A process settles for this long: what it costs until then says nothing (seed 000's leak test counted it).
pub const WARM_UP_US: i64 = HOUR_US / 2;
/// Samples of which a median is worth something (seed 000).
pub const SAMPLES_MIN: usize = 30;
/// A level is what it was in the last hour: over the whole while a leak would be halved.
const RECENT_US: i64 = HOUR_US;

/// The samples of a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Every sample, of whatever run, oldest first.
    pub rows: Vec<VitalsRow>,
    /// The newest run, and how many of the last rows are its and not of its warm-up.
    pub run: Option<(RunFacts, usize)>,
}

impl Window {
    /// The samples after `from`, up to `to`.
    pub fn gather(ledger: &Connection, from: Timestamp, to: Timestamp) -> rusqlite::Result<Self> {
        let rows = vitals::between(ledger, from, to)?;
        let newest = rows.last().map(|row| row.run);
        let facts = newest.map(|run| drift::run(ledger, run)).transpose()?.flatten();
        let run = facts.map(|facts| {
            let settled = settled(&rows, &facts);
            (facts, settled)
        });
        Ok(Self { from, to, rows, run })
    }

    /// How long it is.
    pub fn hours(&self) -> Reading {
        hours(self.to.us_since(self.from))
    }

    /// The samples of the newest run, without its warm-up.
    pub fn settled(&self) -> &[VitalsRow] {
        let count = self.run.as_ref().map_or(0, |(_, settled)| *settled);
        self.rows.get(self.rows.len() - count..).unwrap_or_default()
    }

    /// The part of it that samples cover, whatever their run.
    pub fn coverage(&self) -> Reading {
        let length = u64::try_from(self.to.us_since(self.from)).unwrap_or(0);
        // A first sample may begin before the window does.
        let inside = |row: &VitalsRow| {
            row.interval_us.min(u64::try_from(row.at.us_since(self.from)).unwrap_or(0))
        };
        let covered: u64 = self.rows.iter().map(inside).sum();
        super::signal::share(covered, length).map_or(0.0, |part| part.min(1.0))
    }

    /// Statistics of each signal that was measured.
    pub fn statistics(&self) -> BTreeMap<String, Stats> {
        let of = |signal: &Signal| {
            let stats = Stats::of(&signal.series(self.settled()))?;
            Some((signal.name.to_owned(), stats))
        };
        SIGNALS.iter().filter_map(of).collect()
    }

    /// What a signal is now, or why that cannot be said.
    pub fn current(&self, signal: &Signal) -> Result<Reading, String> {
        match signal.take {
            Take::Level(value) => middle(self.recent().iter().filter_map(value)),
            Take::Seldom(value) => middle(self.settled().iter().filter_map(value)),
            Take::Rate(count) => {
                let rows = self.counted(count)?;
                let length: u64 = rows.iter().map(|(row, _)| row.interval_us).sum();
                let sum: u64 = rows.iter().map(|(_, count)| count).sum();
                super::signal::share(sum, length).map(|it| it * 3.6e9).ok_or_else(unmeasured)
            }
            Take::Total(count) => {
                Ok(reading(self.counted(count)?.iter().map(|(_, count)| count).sum()))
            }
            Take::Share(part, whole, least) => {
                let parts: u64 = self.counted(part)?.iter().map(|(_, count)| count).sum();
                let whole: u64 = self.counted(whole)?.iter().map(|(_, count)| count).sum();
                if whole < least {
                    return Err(format!("{whole} of at least {least}"));
                }
                super::signal::share(parts, whole).ok_or_else(unmeasured)
            }
        }
    }

    /// How a level grew.
    pub fn slope(&self, signal: &Signal) -> Option<Slope> {
        let Take::Level(value) = signal.take else { return None };
        let at = |row: &VitalsRow| hours(row.at.us_since(self.from));
        let points: Vec<_> =
            self.settled().iter().filter_map(|row| Some((at(row), value(row)?))).collect();
        enough(points.len()).ok()?;
        Slope::of(&points)
    }

    /// The samples of the last hour, or the last few where there are not many.
    fn recent(&self) -> &[VitalsRow] {
        let settled = self.settled();
        let Some(last) = settled.last() else { return settled };
        let hour = settled.partition_point(|row| last.at.us_since(row.at) >= RECENT_US);
        let few = settled.len().saturating_sub(SAMPLES_MIN);
        settled.get(hour.min(few)..).unwrap_or_default()
    }

    /// The samples of every run in which something was counted.
    fn counted(
        &self,
        count: fn(&VitalsRow) -> Option<u64>,
    ) -> Result<Vec<(&VitalsRow, u64)>, String> {
        let rows: Vec<_> =
            self.rows.iter().filter_map(|row| count(row).map(|count| (row, count))).collect();
        enough(rows.len())?;
        Ok(rows)
    }
}

/// How many of the last rows are the run's own and not of its warm-up.
fn settled(rows: &[VitalsRow], run: &RunFacts) -> usize {
    let Some(ready_at) = run.ready_at else { return 0 };
    let is_settled =
        |row: &&VitalsRow| row.run == run.run && row.at.us_since(ready_at) >= WARM_UP_US;
    rows.iter().rev().take_while(is_settled).count()
}

/// The median of enough samples.
fn middle(values: impl Iterator<Item = Reading>) -> Result<Reading, String> {
    let values: Vec<Reading> = values.collect();
    enough(values.len())?;
    median(&values).ok_or_else(unmeasured)
}

fn enough(samples: usize) -> Result<(), String> {
    match samples {
        0 => Err(unmeasured()),
        few if few < SAMPLES_MIN => Err(format!("{few} samples, {SAMPLES_MIN} needed")),
        _ => Ok(()),
    }
}

fn unmeasured() -> String {
    "not measured".to_owned()
}

/// Whether a signal can be judged in a mode, on a market and by a clock; and why not.
pub fn applies(
    scope: Scope,
    mode: &str,
    (market, is_wall): (&str, bool),
) -> Result<(), &'static str> {
    match scope {
        Scope::Process => Ok(()),
        Scope::Market if market == "replay" => Err("a replay's data is as old as it is"),
        Scope::Market if !is_wall => Err("a clock of its own waits for its market"),
        Scope::Market => Ok(()),
        Scope::Venue if market == "replay" => Err("a replay has no venue"),
        Scope::Venue if mode != "live" => Err("paper has no venue to judge"),
        Scope::Venue if !is_wall => Err("by a clock of its own no wait is as long as it was"),
        Scope::Venue => Ok(()),
    }
}
