//! Depth CSV: `recv_us,event_ms,first_id,last_id,side,price,size`, absolute sizes.
//!
//! Rows of one update share its ids. Rows with first id 0 are a full book as of their last id: the
//! book is void, they fill it, and updates received before that end after it are applied again.
//! Until a full book comes, the book is void at the first row and fills by what changes; such
//! rows are counted as unsynced. Where an update's first id is not the last one plus one, updates
//! were lost: a gap is counted and it begins void again. Updates that end at or before the last are
//! duplicates. The instant is that of reception, as in top-of-book files.

use std::collections::VecDeque;

use super::fields::Fields;
use super::record::{Pending, say};
use crate::domain::market_data::{DepthChange, MarketData};
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;
use crate::market::lane::Lane;
use crate::market::number::Reason;

/// Rows kept to be applied again on a full book that comes late; where they do not reach back to
/// it, that is a gap. Ten seconds of a busy pair's.
const RECENT_MAX: usize = 4_096;

/// The parser's place in the file.
#[derive(Debug)]
pub(super) struct DepthRows {
    lane: Lane,
    last: Option<Update>,
    /// The rows accepted last, with their updates' last ids.
    recent: VecDeque<(i64, DepthChange)>,
    /// The last id that `recent` no longer holds whole.
    forgotten: i64,
    /// The full book whose rows are being read.
    filling: Option<i64>,
    /// A full book was seen and nothing was lost since.
    synced: bool,
}

/// The update that the last accepted row belongs to.
#[derive(Clone, Copy, Debug)]
struct Update {
    at: Timestamp,
    first: i64,
    last: i64,
}

impl DepthRows {
    pub(super) fn new(lane: Lane) -> Self {
        let (last, recent, filling) = (None, VecDeque::new(), None);
        Self { lane, last, recent, forgotten: i64::MIN, filling, synced: false }
    }

    /// Takes a row in, gives its change out.
    pub(super) fn row(
        &mut self,
        row: &[u8],
        count: &mut FeedCount,
        out: &mut Pending,
    ) -> Result<(), Reason> {
        let mut fields = Fields::new(row);
        let at = fields.time_us("recv_us")?;
        fields.text("event_ms")?;
        let (first, last) = (fields.integer("first_id")?, fields.integer("last_id")?);
        let side = fields.side("side")?;
        let price = fields.price("price", &self.lane)?;
        let size = fields.size("size", &self.lane)?;
        fields.end()?;
        if first > last {
            return Err(format!("first_id {first} is above last_id {last}"));
        }
        if self.last.is_some_and(|before| at < before.at) {
            count.time_backwards += 1;
            return Ok(());
        }
        count.off_grid += u64::from(fields.off_grid);
        let change = DepthChange { side, price, size };
        let update = Update { at, first, last };
        if first == 0 {
            self.fill(update, change, out);
        } else {
            self.apply(update, change, count, out);
        }
        Ok(())
    }

    /// A row of a full book.
    fn fill(&mut self, update: Update, change: DepthChange, out: &mut Pending) {
        if self.filling.replace(update.last) != Some(update.last) {
            say(out, update.at, self.lane.id, MarketData::DepthReset);
        }
        say(out, update.at, self.lane.id, MarketData::Depth(change));
    }

    /// A row of an update.
    fn apply(
        &mut self,
        update: Update,
        change: DepthChange,
        count: &mut FeedCount,
        out: &mut Pending,
    ) {
        if let Some(book) = self.filling.take() {
            self.catch_up(book, update.at, count, out);
        }
        if !self.follows(update, count, out) {
            return;
        }
        self.last = Some(update);
        count.unsynced += u64::from(!self.synced);
        if self.recent.len() == RECENT_MAX
            && let Some((id, _)) = self.recent.pop_front()
        {
            self.forgotten = id;
        }
        self.recent.push_back((update.last, change));
        say(out, update.at, self.lane.id, MarketData::Depth(change));
    }

    /// Applies again what was received before the full book as of `book` and is not in it.
    fn catch_up(&mut self, book: i64, at: Timestamp, count: &mut FeedCount, out: &mut Pending) {
        self.synced = self.forgotten <= book;
        count.gaps += u64::from(!self.synced);
        for (_, change) in self.recent.iter().filter(|(id, _)| *id > book) {
            say(out, at, self.lane.id, MarketData::Depth(*change));
        }
        let last = self.last.map_or(book, |before| before.last.max(book));
        self.last = Some(Update { at, first: last, last });
    }

    /// Judges the step from the row before; false where this one is skipped.
    fn follows(&mut self, update: Update, count: &mut FeedCount, out: &mut Pending) -> bool {
        let Some(last) = self.last else {
            say(out, update.at, self.lane.id, MarketData::DepthReset);
            return true;
        };
        if (update.first, update.last) == (last.first, last.last) {
            return true;
        }
        if update.last <= last.last {
            count.duplicates += 1;
            return false;
        }
        if update.first > last.last + 1 {
            count.gaps += 1;
            self.synced = false;
            say(out, update.at, self.lane.id, MarketData::DepthReset);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lane, run};
    use super::*;

    #[test]
    fn changes_come_out_and_a_gap_voids_the_book() {
        let text = "5,0,1,3,buy,10,1\n5,0,1,3,sell,11,0\n6,0,2,3,buy,10,1\n7,0,4,5,buy,9,1\n8,0,7,8,buy,8,1\n7,0,9,9,buy,8,1";
        let mut depth = DepthRows::new(lane("0.01", "0.1"));
        let (events, count) = run(text, |row, count, out| depth.row(row, count, out)).unwrap();
        let resets: Vec<_> = events
            .iter()
            .enumerate()
            .filter(|(_, event)| event.data == MarketData::DepthReset)
            .map(|(at, _)| at)
            .collect();
        assert_eq!((resets, events.len()), (vec![0, 4], 6));
        assert_eq!((count.gaps, count.duplicates, count.time_backwards), (1, 1, 1));
    }

    #[test]
    fn a_full_book_voids_and_what_it_misses_is_applied_again() {
        let text = "5,0,1,3,buy,10,1\n5,0,4,6,buy,11,2\n6,0,0,4,buy,10,7\n6,0,0,4,buy,9,7\n7,0,7,7,buy,8,1";
        let mut depth = DepthRows::new(lane("0.01", "0.1"));
        let (events, count) = run(text, |row, count, out| depth.row(row, count, out)).unwrap();
        let prices: Vec<_> = events
            .iter()
            .map(|event| match event.data {
                MarketData::Depth(change) => change.price.get(),
                MarketData::DepthReset
                | MarketData::Quote(_)
                | MarketData::Trade(_)
                | MarketData::Candle(_) => 0,
            })
            .collect();
        // The update 4 to 6 straddles the book as of 4: absolute sizes may be set twice.
        assert_eq!(prices, [0, 1_000, 1_100, 0, 1_000, 900, 1_100, 800]);
        assert_eq!((count.gaps, count.duplicates, count.unsynced), (0, 0, 2));
    }
}
