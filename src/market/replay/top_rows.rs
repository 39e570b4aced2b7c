//! Top-of-book CSV: `recv_us,update_id,bid,bid_size,ask,ask_size`.
//!
//! Update ids number the whole book's changes, so that jumps between them are no gaps.

use super::fields::Fields;
use super::record::{Pending, say};
use crate::domain::market_data::{MarketData, Quote};
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;
use crate::market::lane::Lane;
use crate::market::number::Reason;

/// The parser's place in the file.
#[derive(Debug)]
pub(super) struct TopRows {
    lane: Lane,
    last: Option<(Timestamp, i64)>,
}

impl TopRows {
    pub(super) fn new(lane: Lane) -> Self {
        Self { lane, last: None }
    }

    /// Takes a row in, gives its quote out.
    pub(super) fn row(
        &mut self,
        row: &[u8],
        count: &mut FeedCount,
        out: &mut Pending,
    ) -> Result<(), Reason> {
        let mut fields = Fields::new(row);
        let at = fields.time_us("recv_us")?;
        let update_id = fields.integer("update_id")?;
        let bid = fields.price("bid", &self.lane)?;
        let bid_size = fields.size("bid_size", &self.lane)?;
        let ask = fields.price("ask", &self.lane)?;
        let ask_size = fields.size("ask_size", &self.lane)?;
        fields.end()?;
        match self.last {
            Some((_, last_id)) if update_id == last_id => {
                count.duplicates += 1;
                return Ok(());
            }
            Some((last_at, _)) if at < last_at => {
                count.time_backwards += 1;
                return Ok(());
            }
            Some(_) | None => self.last = Some((at, update_id)),
        }
        count.off_grid += u64::from(fields.off_grid);
        if let Some(quote) = count.admit(Quote { bid, bid_size, ask, ask_size }) {
            say(out, at, self.lane.id, MarketData::Quote(quote));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lane, run};
    use super::*;

    #[test]
    fn quotes_come_out_and_irregularities_are_counted() {
        let text =
            "5,1,10,1,10.01,2\n5,1,10,1,10.01,2\n4,2,10,1,11,1\n6,3,11,1,11,1\n7,4,10,0,11,1";
        let mut top = TopRows::new(lane("0.01", "0.1"));
        let (events, count) = run(text, |row, count, out| top.row(row, count, out)).unwrap();
        assert_eq!(events.len(), 1);
        assert!(
            matches!(events[0].data, MarketData::Quote(quote) if quote.ask.get() == 1_001 && quote.ask_size.get() == 20)
        );
        assert_eq!(
            (count.duplicates, count.time_backwards, count.crossed, count.ignored),
            (1, 1, 1, 1)
        );
    }
}
