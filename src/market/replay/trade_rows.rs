//! Trade CSV: `ts_ms,trade_id,side,price,size`, the side being the aggressor's.
//!
//! Trade ids are consecutive at the venues recorded: a jump is a gap, a repeated id a duplicate.

use super::fields::Fields;
use super::record::{Pending, say};
use crate::domain::market_data::{MarketData, Trade};
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;
use crate::market::lane::Lane;
use crate::market::number::Reason;

/// The parser's place in the file.
#[derive(Debug)]
pub(super) struct TradeRows {
    lane: Lane,
    last: Option<(Timestamp, i64)>,
}

impl TradeRows {
    pub(super) fn new(lane: Lane) -> Self {
        Self { lane, last: None }
    }

    /// Takes a row in, gives its print out.
    pub(super) fn row(
        &mut self,
        row: &[u8],
        count: &mut FeedCount,
        out: &mut Pending,
    ) -> Result<(), Reason> {
        let mut fields = Fields::new(row);
        let at = fields.time_ms("ts_ms")?;
        let trade_id = fields.integer("trade_id")?;
        let aggressor = Some(fields.side("side")?);
        let price = fields.price("price", &self.lane)?;
        let size = fields.size("size", &self.lane)?;
        fields.end()?;
        if let Some((last_at, last_id)) = self.last {
            if trade_id == last_id {
                count.duplicates += 1;
                return Ok(());
            }
            if at < last_at {
                count.time_backwards += 1;
                return Ok(());
            }
            if trade_id > last_id + 1 {
                count.gaps += 1;
                count.missing += (trade_id - last_id - 1).unsigned_abs();
            }
        }
        self.last = Some((at, trade_id));
        count.off_grid += u64::from(fields.off_grid);
        if size.is_zero() {
            count.ignored += 1;
        } else {
            say(out, at, self.lane.id, MarketData::Trade(Trade { price, size, aggressor }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lane, run};
    use super::*;

    #[test]
    fn prints_come_out_and_irregularities_are_counted() {
        let text =
            "1,7,buy,10,1\n1,7,buy,10,1\n2,8,sell,10.005,0.19\n1,9,buy,10,1\n3,12,buy,10,0.01";
        let mut trades = TradeRows::new(lane("0.01", "0.1"));
        let (events, count) = run(text, |row, count, out| trades.row(row, count, out)).unwrap();
        assert_eq!(events.len(), 2);
        assert_eq!((count.duplicates, count.time_backwards, count.off_grid), (1, 1, 2));
        // Id 9 was skipped, so that 9 to 11 are missing; the last print is less than a lot.
        assert_eq!((count.gaps, count.missing, count.ignored), (1, 3, 1));
        let mut trades = TradeRows::new(lane("0.01", "0.1"));
        let error = run("1,7,bid,10,1", |row, count, out| trades.row(row, count, out)).unwrap_err();
        assert_eq!(error, "side \"bid\" is not buy or sell");
    }
}
