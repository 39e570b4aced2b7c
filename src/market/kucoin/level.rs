//! Levels of a numbered book, and the changes one push makes to it.

use super::field::Field;
use crate::domain::instrument::{Lots, Ticks};
use crate::domain::market_data::DepthChange;
use crate::domain::side::Side;
use crate::market::lane::Lane;
use crate::market::number::{Reason, integer};

/// A level of a book or of an update: its size is now this, zero where it is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Level {
    /// Buy for a bid, sell for an ask.
    pub side: Side,
    /// The level.
    pub price: Ticks,
    /// Displayed quantity.
    pub size: Lots,
    /// The change's own number; the book's where it has none.
    pub sequence: i64,
}

impl Level {
    /// The level as a change of the displayed book.
    pub fn change(&self) -> DepthChange {
        DepthChange { side: self.side, price: self.price, size: self.size }
    }
}

/// What one push changes: the changes numbered `first` to `last`, merged where they meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Update<'l> {
    /// First number.
    pub first: i64,
    /// Last number; not below the first.
    pub last: i64,
    /// The levels it leaves, asks first.
    pub levels: &'l [Level],
}

/// Where decoded levels are collected, and on which grid.
#[derive(Debug)]
pub(super) struct Collector<'c> {
    lane: Lane,
    /// The number of levels that do not carry their own.
    sequence: i64,
    levels: &'c mut Vec<Level>,
    /// Some number was rounded.
    pub(super) off_grid: bool,
}

impl<'c> Collector<'c> {
    /// A collector that begins with nothing.
    pub(super) fn new(lane: Lane, sequence: i64, levels: &'c mut Vec<Level>) -> Self {
        levels.clear();
        Self { lane, sequence, levels, off_grid: false }
    }

    /// Takes `[price, size]` or `[price, size, sequence]` in; price 0 is a mere mark of a number.
    pub(super) fn level(
        &mut self,
        side: Side,
        price: &str,
        size: &str,
        own: Option<&str>,
    ) -> Result<(), Reason> {
        let Some(price) = self.lane.level_price(price.as_bytes(), &mut self.off_grid)? else {
            return Ok(());
        };
        let size = self.lane.size("size", size.as_bytes(), &mut self.off_grid)?;
        let sequence = match own {
            None => self.sequence,
            Some(own) => integer(own.as_bytes()).ok_or("a level's sequence is not a number")?,
        };
        self.levels.push(Level { side, price, size, sequence });
        Ok(())
    }

    /// Takes one side's rows in.
    pub(super) fn rows(&mut self, side: Side, rows: &[Vec<Field<'_>>]) -> Result<(), Reason> {
        for row in rows {
            match row.as_slice() {
                [price, size] => self.level(side, price, size, None)?,
                [price, size, own] => self.level(side, price, size, Some(own))?,
                row => return Err(format!("a level of {} fields", row.len())),
            }
        }
        Ok(())
    }
}
