//! Candle CSV: `ts_ms,open,high,low,close,volume`, the time being the start of the interval.
//!
//! A candle is expanded by this rule: four prints, at the open, then low and high if it closes at or
//! above its open (else high and low), then at the close; at the start of the interval, a quarter
//! and a half into it, and its last microsecond. Each print has a quarter of the volume, the last
//! one the remainder, but at least one lot where the volume is above zero. The aggressor buys where
//! a print is above the one before it, sells where it is below, and follows the candle's direction
//! where it is equal. A candle without volume prints nothing. The candle itself comes at its close.

use super::fields::Fields;
use super::record::{Pending, say};
use crate::domain::instrument::{Lots, Ticks};
use crate::domain::market_data::{Candle, MarketData, Trade};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;
use crate::market::lane::Lane;
use crate::market::number::{Reason, integer};

/// How many steps between rows the interval is judged by.
const INTERVAL_STEPS: usize = 256;
/// The interval of a file of one row: a minute.
const INTERVAL_DEFAULT_US: i64 = 60_000_000;

/// The parser's place in the file.
#[derive(Debug)]
pub(super) struct CandleRows {
    lane: Lane,
    interval_us: i64,
    last: Option<Candle>,
}

impl CandleRows {
    pub(super) fn new(lane: Lane, interval_us: i64) -> Self {
        Self { lane, interval_us, last: None }
    }

    /// Takes a row in, gives its prints and the candle out.
    pub(super) fn row(
        &mut self,
        row: &[u8],
        count: &mut FeedCount,
        out: &mut Pending,
    ) -> Result<(), Reason> {
        let (candle, off_grid) = parse(row, &self.lane)?;
        if !self.follows(candle.open_at, count) {
            return Ok(());
        }
        count.off_grid += u64::from(off_grid);
        self.expand(&candle, out);
        self.last = Some(candle);
        Ok(())
    }

    /// Judges the step from the candle before; false where this one is skipped.
    fn follows(&self, open_at: Timestamp, count: &mut FeedCount) -> bool {
        let Some(last) = self.last else { return true };
        let step = open_at.us_since(last.open_at);
        if step == self.interval_us {
            return true;
        }
        if step == 0 {
            count.duplicates += 1;
        } else if step < 0 {
            count.time_backwards += 1;
        } else if step < self.interval_us {
            count.overlapping += 1;
        } else {
            count.gaps += 1;
            count.missing += (step / self.interval_us - 1).unsigned_abs();
        }
        step > self.interval_us
    }

    fn expand(&self, candle: &Candle, out: &mut Pending) {
        let (id, interval) = (self.lane.id, self.interval_us);
        let instant = |offset: i64| Timestamp::from_us(candle.open_at.us() + offset);
        if !candle.volume.is_zero() {
            let rises = candle.close >= candle.open;
            let direction = if rises { Side::Buy } else { Side::Sell };
            let (second, third) =
                if rises { (candle.low, candle.high) } else { (candle.high, candle.low) };
            let quarter = (candle.volume.get() / 4).max(1);
            let remainder = (candle.volume.get() - 3 * quarter).max(1);
            let mut before = self.last.map_or(candle.open, |last| last.close);
            for (offset, price, size) in [
                (0, candle.open, quarter),
                (interval / 4, second, quarter),
                (interval / 2, third, quarter),
                (interval - 1, candle.close, remainder),
            ] {
                let aggressor = Some(aggressor(before, price, direction));
                let trade = Trade { price, size: Lots::new(size), aggressor };
                say(out, instant(offset), id, MarketData::Trade(trade));
                before = price;
            }
        }
        say(out, instant(interval), id, MarketData::Candle(*candle));
    }
}

fn aggressor(before: Ticks, price: Ticks, direction: Side) -> Side {
    match price.cmp(&before) {
        std::cmp::Ordering::Greater => Side::Buy,
        std::cmp::Ordering::Less => Side::Sell,
        std::cmp::Ordering::Equal => direction,
    }
}

fn parse(row: &[u8], lane: &Lane) -> Result<(Candle, bool), Reason> {
    let mut fields = Fields::new(row);
    let open_at = fields.time_ms("ts_ms")?;
    let open = fields.price("open", lane)?;
    let high = fields.price("high", lane)?;
    let low = fields.price("low", lane)?;
    let close = fields.price("close", lane)?;
    let clean = !fields.off_grid;
    let mut volume = fields.size("volume", lane)?;
    fields.end()?;
    if low > high || open.max(close) > high || open.min(close) < low {
        return Err("inconsistent candle: low <= open, close <= high does not hold".to_owned());
    }
    if volume.is_zero() && fields.off_grid && clean {
        // Traded, but less than a lot: it must not look as if nothing had.
        volume = Lots::new(1);
    }
    Ok((Candle { open_at, open, high, low, close, volume }, fields.off_grid))
}

/// The most common positive step between the first rows, the smallest of several.
pub(super) fn interval_us<'a>(rows: impl Iterator<Item = &'a [u8]>) -> i64 {
    let times: Vec<i64> = rows
        .filter_map(|row| row.split(|&byte| byte == b',').next().and_then(integer))
        .take(INTERVAL_STEPS + 1)
        .collect();
    let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.retain(|&step| step > 0);
    steps.sort_unstable();
    let runs = steps.chunk_by(|a, b| a == b);
    // `max_by_key` keeps the last of equals: go from large to small steps.
    let commonest = runs.rev().max_by_key(|run| run.len()).and_then(<[i64]>::first);
    commonest.and_then(|step| step.checked_mul(1_000)).unwrap_or(INTERVAL_DEFAULT_US)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lane, run};
    use super::*;
    use crate::domain::market_data::MarketEvent;

    fn rows(text: &str) -> (Vec<MarketEvent>, FeedCount) {
        let mut candles = CandleRows::new(lane("0.01", "0.1"), 60_000_000);
        run(text, |row, count, out| candles.row(row, count, out)).unwrap()
    }

    #[test]
    fn a_candle_becomes_four_prints_and_itself() {
        let (events, count) = rows("60000,10,12,9,11,4.3\n120000,11,11,8,9,0\n180000,9,9,9,9,0.1");
        let prints: Vec<_> = events
            .iter()
            .filter_map(|event| match event.data {
                MarketData::Trade(t) => {
                    Some((event.at.us(), t.price.get(), t.size.get(), t.aggressor.unwrap()))
                }
                MarketData::Quote(_)
                | MarketData::Depth(_)
                | MarketData::DepthReset
                | MarketData::Candle(_) => None,
            })
            .collect();
        assert_eq!(
            prints,
            [
                (60_000_000, 1_000, 10, Side::Buy),
                (75_000_000, 900, 10, Side::Sell),
                (90_000_000, 1_200, 10, Side::Buy),
                (119_999_999, 1_100, 13, Side::Sell),
                (180_000_000, 900, 1, Side::Buy),
                (195_000_000, 900, 1, Side::Buy),
                (210_000_000, 900, 1, Side::Buy),
                (239_999_999, 900, 1, Side::Buy),
            ]
        );
        let candles = events.iter().filter(|event| matches!(event.data, MarketData::Candle(_)));
        assert_eq!(
            candles.map(|event| event.at.us()).collect::<Vec<_>>(),
            [120_000_000, 180_000_000, 240_000_000]
        );
        assert!(events.is_sorted_by_key(|event| event.at));
        assert!(count.is_regular());
    }

    #[test]
    fn irregular_steps_are_counted_and_order_kept() {
        let one = |minute: i64| format!("{},1,1,1,1,1", minute * 60_000);
        let text =
            [one(1), one(1), one(5), one(4), "330000,1,1,1,1,1".to_owned(), one(6)].join("\n");
        let (events, count) = rows(&text);
        assert_eq!((count.duplicates, count.time_backwards, count.overlapping), (1, 1, 1));
        assert_eq!((count.gaps, count.missing), (1, 3));
        assert!(events.is_sorted_by_key(|event| event.at));
    }

    #[test]
    fn malformed_rows_say_why() {
        for (row, reason) in [
            ("60000,10,9,9,9,1", "inconsistent"),
            ("60000,10,10,10,10", "column volume is missing"),
            ("60000,10,10,10,10,1,2", "more columns"),
            ("x,10,10,10,10,1", "ts_ms \"x\" is not a whole number"),
            ("60000,0,10,10,10,1", "open is zero"),
            ("60000,10,1o,10,10,1", "high \"1o\""),
            ("60000,10,10,10,10,-1", "volume \"-1\" is negative"),
            ("1498906800000000,10,10,10,10,1", "not milliseconds"),
        ] {
            let mut candles = CandleRows::new(lane("0.01", "0.1"), 60_000_000);
            let error = run(row, |row, count, out| candles.row(row, count, out)).unwrap_err();
            assert!(error.contains(reason), "{row}: {error}");
        }
    }

    #[test]
    fn the_interval_is_the_commonest_step() {
        let of = |times: &[i64]| {
            let rows: Vec<String> = times.iter().map(|time| format!("{time},1")).collect();
            interval_us(rows.iter().map(String::as_bytes))
        };
        assert_eq!(of(&[0, 60_000, 180_000, 240_000]), 60_000_000);
        assert_eq!(of(&[0, 60_000, 180_000]), 60_000_000);
        assert_eq!(of(&[0]), INTERVAL_DEFAULT_US);
    }
}
