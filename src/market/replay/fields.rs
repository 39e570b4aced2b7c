//! The comma-separated fields of one row, on the grid of one instrument.

use crate::domain::instrument::{Lots, Ticks};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::market::lane::Lane;
use crate::market::number::{Grid, Reason, Rounding, integer};

/// The start of the year 3000 in milliseconds: later instants mean a wrong unit.
const MS_MAX: i64 = 32_503_680_000_000;

/// A cursor over a row's fields.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: Option<&'a [u8]>,
    /// Some number of this row was rounded.
    pub(super) off_grid: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(row: &'a [u8]) -> Self {
        Self { rest: Some(row), off_grid: false }
    }

    /// The next field as text.
    pub(super) fn text(&mut self, what: &str) -> Result<&'a [u8], Reason> {
        let Some(rest) = self.rest else { return Err(format!("column {what} is missing")) };
        match rest.iter().position(|&byte| byte == b',') {
            Some(comma) => {
                self.rest = Some(&rest[comma + 1..]);
                Ok(&rest[..comma])
            }
            None => {
                self.rest = None;
                Ok(rest)
            }
        }
    }

    /// The next field as an integer.
    pub(super) fn integer(&mut self, what: &str) -> Result<i64, Reason> {
        let text = self.text(what)?;
        integer(text).ok_or_else(|| not(what, text, "a whole number"))
    }

    /// The next field as milliseconds since 1970.
    pub(super) fn time_ms(&mut self, what: &str) -> Result<Timestamp, Reason> {
        let ms = self.integer(what)?;
        if ms > MS_MAX {
            return Err(format!("{what} {ms} is after the year 3000: not milliseconds"));
        }
        Ok(Timestamp::from_ms(ms))
    }

    /// The next field as microseconds since 1970.
    pub(super) fn time_us(&mut self, what: &str) -> Result<Timestamp, Reason> {
        let us = self.integer(what)?;
        if us > MS_MAX * 1_000 {
            return Err(format!("{what} {us} is after the year 3000: not microseconds"));
        }
        Ok(Timestamp::from_us(us))
    }

    /// The next field as `buy` or `sell`.
    pub(super) fn side(&mut self, what: &str) -> Result<Side, Reason> {
        match self.text(what)? {
            b"buy" => Ok(Side::Buy),
            b"sell" => Ok(Side::Sell),
            text => Err(not(what, text, "buy or sell")),
        }
    }

    /// The next field as a price.
    pub(super) fn price(&mut self, what: &str, lane: &Lane) -> Result<Ticks, Reason> {
        if let Some(counted) = self.plain(lane.price_grid(), Rounding::Nearest) {
            return lane.price_of(what, counted, &mut self.off_grid);
        }
        let text = self.text(what)?;
        lane.price(what, text, &mut self.off_grid)
    }

    /// The next field as a size.
    pub(super) fn size(&mut self, what: &str, lane: &Lane) -> Result<Lots, Reason> {
        if let Some((lots, rounded)) = self.plain(lane.size_grid(), Rounding::Down) {
            self.off_grid |= rounded;
            return Ok(Lots::new(lots));
        }
        let text = self.text(what)?;
        lane.size(what, text, &mut self.off_grid)
    }

    /// The next field where it is a plain number; nothing is consumed where it is not.
    #[inline]
    fn plain(&mut self, grid: Grid, rounding: Rounding) -> Option<(i64, bool)> {
        let rest = self.rest?;
        let (counted, length) = grid.count_field(rest, rounding)?;
        self.rest = rest.get(length + 1..);
        Some(counted)
    }

    /// Refuses further fields.
    pub(super) fn end(&self) -> Result<(), Reason> {
        match self.rest {
            None => Ok(()),
            Some(rest) => Err(format!("more columns than the header: {:?}", lossy(rest))),
        }
    }
}

#[cold]
fn not(what: &str, text: &[u8], kind: &str) -> Reason {
    format!("{what} {:?} is not {kind}", lossy(text))
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
