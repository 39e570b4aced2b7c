//! Everything that a validation looks at, read in one moment.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::window::Window;
use crate::domain::decimal::Decimal;
use crate::domain::time::Timestamp;
use crate::store::kpi::{self, SampleRow};
use crate::store::validation::{self, FillBooks, HoldSpan, OrderCount, RunRow, StateChange};

/// The orders of this long at the beginning of a window are warm-up (seed 004: a quarter of its 2 hours).
const WARM_UP: std::time::Duration = std::time::Duration::from_secs(30 * 60);

/// What the ledger has of a window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The window.
    pub window: Window,
    /// The ledger's first minute.
    pub first_sample: Option<Timestamp>,
    /// Each minute of the window with its sample, where it has one.
    pub minutes: Vec<Option<SampleRow>>,
    /// The starts of the agent that it belongs to, oldest first.
    pub runs: Vec<RunRow>,
    /// Changes of the agent's state in it, oldest first.
    pub changes: Vec<StateChange>,
    /// Holds that stood at any time of it.
    pub holds: Vec<HoldSpan>,
    /// Equity at the beginning of its UTC days, where it was measured.
    pub day_opens: BTreeMap<Timestamp, Decimal>,
    /// What its UTC days bought and sold up to its end.
    pub day_turnover: BTreeMap<Timestamp, Decimal>,
    /// When assets came or went without a trade.
    pub transfers: Vec<Timestamp>,
    /// Cancels sent, by minute; minutes without are absent.
    pub cancels: BTreeMap<Timestamp, u64>,
    /// Orders after the warm-up.
    pub orders: OrderCount,
    /// Fills, and whether they add up.
    pub fills: FillBooks,
}

impl Evidence {
    /// Reads it. A column or table that is not there, or holds something else, is an error.
    pub fn gather(ledger: &Connection, window: Window) -> rusqlite::Result<Self> {
        let Window { start, end, .. } = window;
        Ok(Self {
            window,
            first_sample: validation::first_sample(ledger)?,
            minutes: minutes(&window, kpi::samples(ledger, start, end)?),
            runs: validation::runs(ledger, start, end)?,
            changes: validation::state_changes(ledger, start, end)?,
            holds: validation::holds(ledger, start, end)?,
            day_opens: validation::day_opens(ledger, start, end)?,
            day_turnover: validation::day_turnover(ledger, start, end)?,
            transfers: validation::transfers(ledger, start, end)?,
            cancels: validation::cancels(ledger, start, end)?,
            orders: validation::orders(ledger, start + WARM_UP, end)?,
            fills: validation::fill_books(ledger, start, end)?,
        })
    }

    /// How many minutes have a sample.
    pub fn recorded(&self) -> usize {
        self.minutes.iter().flatten().count()
    }

    /// The samples in which everything held had a price, oldest first.
    pub(super) fn complete(&self) -> impl Iterator<Item = &SampleRow> {
        self.minutes.iter().flatten().filter(|sample| sample.is_complete)
    }

    /// Where the market data came from.
    pub fn markets(&self) -> BTreeSet<&str> {
        self.runs.iter().map(|run| run.market.as_str()).collect()
    }

    /// How many configurations the agent had.
    pub fn configurations(&self) -> usize {
        self.runs.iter().map(|run| run.config_hash.as_str()).collect::<BTreeSet<_>>().len()
    }
}

/// The samples in their minutes.
fn minutes(window: &Window, samples: Vec<SampleRow>) -> Vec<Option<SampleRow>> {
    let mut minutes = vec![None; window.minutes()];
    for sample in samples {
        let index = window.index_of(sample.at);
        if let Some(minute) = index.and_then(|index| minutes.get_mut(index)) {
            *minute = Some(sample);
        }
    }
    minutes
}
