//! Depth CSV: `recv_us,event_ms,first_id,last_id,side,price,size`, absolute sizes.
//!
//! Rows of one update share its ids. There is no snapshot: the book is void at the first row and
//! fills by what changes. Where an update's first id is not the last one plus one, updates were lost:
//! a gap is counted and the book is void again. Updates that end at or before the last are
//! duplicates. The instant is that of reception, as in top-of-book files.

use super::fields::{Fields, Lane};
use super::number::Reason;
use super::record::{Pending, say};
use crate::domain::market_data::{DepthChange, MarketData};
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;

/// The parser's place in the file.
#[derive(Debug)]
pub(super) struct DepthRows {
    lane: Lane,
    last: Option<Update>,
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
        Self { lane, last: None }
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
        let update =
            Update { at, first: fields.integer("first_id")?, last: fields.integer("last_id")? };
        let side = fields.side("side")?;
        let price = fields.price("price", &self.lane)?;
        let size = fields.size("size", &self.lane)?;
        fields.end()?;
        if update.first > update.last {
            return Err(format!("first_id {} is above last_id {}", update.first, update.last));
        }
        if self.follows(update, count, out) {
            self.last = Some(update);
            count.off_grid += u64::from(fields.off_grid);
            say(out, at, self.lane.id, MarketData::Depth(DepthChange { side, price, size }));
        }
        Ok(())
    }

    /// Judges the step from the row before; false where this one is skipped.
    fn follows(&self, update: Update, count: &mut FeedCount, out: &mut Pending) -> bool {
        let Some(last) = self.last else {
            say(out, update.at, self.lane.id, MarketData::DepthReset);
            return true;
        };
        if update.at < last.at {
            count.time_backwards += 1;
            return false;
        }
        if (update.first, update.last) == (last.first, last.last) {
            return true;
        }
        if update.last <= last.last {
            count.duplicates += 1;
            return false;
        }
        if update.first > last.last + 1 {
            count.gaps += 1;
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
}
