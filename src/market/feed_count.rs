//! What a source met on its way: every irregularity has a count, none is hidden.

use std::fmt;

use crate::domain::market_data::Quote;

/// Counts of one file, of the synthetic market, or of a live feed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeedCount {
    /// The file's name, `synthetic`, or the live feed's.
    pub name: String,
    /// Data rows or messages read; headers and blank lines excluded.
    pub rows: u64,
    /// Market events given out.
    pub events: u64,
    /// Rows that repeat the one before (same candle time, trade id or update id), and depth updates
    /// that the book already contains: skipped.
    pub duplicates: u64,
    /// Breaks in the sequence: of candle times, trade ids, or depth update ids.
    pub gaps: u64,
    /// Candles or trades that those gaps leave out. Depth gaps do not say how much is missing.
    pub missing: u64,
    /// Rows older than one before them: skipped.
    pub time_backwards: u64,
    /// Candles that begin before the one before them ended: skipped.
    pub overlapping: u64,
    /// Rows with a price or size off the instrument's grid: rounded.
    pub off_grid: u64,
    /// Quotes with a bid at or above the ask: skipped.
    pub crossed: u64,
    /// Depth updates that no snapshot synchronises. Those of a recording are not applied; those of
    /// a depth CSV are, to a book that began void.
    pub unsynced: u64,
    /// Messages and rows that carry no market data: acknowledgements, blank lines, one-sided
    /// quotes, topics that ibis does not read.
    pub ignored: u64,
}

impl FeedCount {
    /// Zeros under a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The quote where it has two sides and they are not crossed; counts it where not.
    pub(super) fn admit(&mut self, quote: Quote) -> Option<Quote> {
        if quote.bid_size.is_zero() || quote.ask_size.is_zero() {
            self.ignored += 1;
            None
        } else if quote.bid >= quote.ask {
            self.crossed += 1;
            None
        } else {
            Some(quote)
        }
    }

    /// True where the source was without any gap, repetition or step back in time.
    pub fn is_regular(&self) -> bool {
        self.duplicates + self.gaps + self.time_backwards + self.overlapping == 0
            && self.crossed + self.unsynced == 0
    }
}

/// One line: rows and events always, the rest where it is not zero.
impl fmt::Display for FeedCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} rows, {} events", self.name, self.rows, self.events)?;
        for (count, what) in [
            (self.gaps, "gaps"),
            (self.missing, "missing"),
            (self.duplicates, "duplicates skipped"),
            (self.time_backwards, "back in time skipped"),
            (self.overlapping, "overlapping skipped"),
            (self.off_grid, "off the grid rounded"),
            (self.crossed, "crossed skipped"),
            (self.unsynced, "depth updates unsynced"),
            (self.ignored, "ignored"),
        ] {
            if count != 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_is_not_zero_in_one_line() {
        let mut count = FeedCount::new("x.csv");
        (count.rows, count.events) = (3, 15);
        assert_eq!(count.to_string(), "x.csv: 3 rows, 15 events");
        assert!(count.is_regular());
        (count.gaps, count.missing) = (1, 2);
        assert_eq!(count.to_string(), "x.csv: 3 rows, 15 events, 1 gaps, 2 missing");
        assert!(!count.is_regular());
    }
}
