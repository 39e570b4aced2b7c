//! Bars: open, high, low, close, volume and turnover of an interval, and where intervals begin.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::decimal::{Decimal, Round};
use crate::domain::instrument::{Instrument, Ticks};
use crate::domain::market_data::Candle;
use crate::exchange::kucoin::protocol::candle::{CandleRow, CandleType};

use super::tape::Print;

/// One interval's trades in figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bar {
    /// Start of the interval, in seconds.
    pub start_s: i64,
    pub open: Ticks,
    pub high: Ticks,
    pub low: Ticks,
    pub close: Ticks,
    /// In base.
    pub volume: Decimal,
    /// In quote.
    pub turnover: Decimal,
}

impl Bar {
    /// The bar of one trade.
    pub(super) fn of(start_s: i64, print: &Print, instrument: &Instrument) -> Self {
        let Print { price, size, .. } = *print;
        Self {
            start_s,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: instrument.quantity_of(size),
            turnover: instrument.notional(price, size),
        }
    }

    /// The bar of a candle of the market's history. Histories have no turnover: it is the volume at
    /// the mean of open, high, low and close.
    pub(super) fn of_history(candle: &Candle, instrument: &Instrument) -> Self {
        let Candle { open_at, open, high, low, close, volume } = *candle;
        let sum: Decimal =
            [open, high, low, close].map(|it| instrument.price_of(it)).iter().copied().sum();
        let volume = instrument.quantity_of(volume);
        Self {
            start_s: open_at.us().div_euclid(1_000_000),
            open,
            high,
            low,
            close,
            volume,
            turnover: volume.mul_div(sum, Decimal::from_int(4), Round::Down),
        }
    }

    /// Appends a later part of the same interval.
    pub(super) fn extend(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume += later.volume;
        self.turnover += later.turnover;
    }

    /// As queries and pushes have it.
    pub(super) fn row(&self, instrument: &Instrument) -> CandleRow {
        CandleRow {
            start: self.start_s,
            open: instrument.price_of(self.open),
            close: instrument.price_of(self.close),
            high: instrument.price_of(self.high),
            low: instrument.price_of(self.low),
            volume: self.volume,
            turnover: self.turnover,
        }
    }
}

/// The start of the interval that holds `at_s`. Intervals are counted from 1970, weeks too; months
/// are those of the calendar, in UTC.
pub(super) fn start_of(length: CandleType, at_s: i64) -> i64 {
    match length.seconds() {
        Some(seconds) => at_s - at_s.rem_euclid(seconds),
        None => month(at_s, 0),
    }
}

/// The start of the interval after the one that starts at `start_s`.
pub(super) fn next_start(length: CandleType, start_s: i64) -> i64 {
    length.seconds().map_or_else(|| month(start_s, 1), |seconds| start_s + seconds)
}

/// The start of the month that holds `at_s`, or of that many months later.
fn month(at_s: i64, later: i64) -> i64 {
    let first = |at_s: i64| -> Option<i64> {
        let date = jiff::Timestamp::from_second(at_s).ok()?.to_zoned(TimeZone::UTC).date();
        let date: Date = date.first_of_month();
        let date = date.checked_add(jiff::Span::new().try_months(later).ok()?).ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
    };
    first(at_s).unwrap_or(at_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_what_they_begin_before() {
        // 2024-02-15T13:47:09Z
        let at = 1_708_004_829;
        for length in CandleType::ALL {
            let start = start_of(length, at);
            let next = next_start(length, start);
            assert!(start <= at && at < next, "{length}");
            assert_eq!((start_of(length, start), start_of(length, next)), (start, next));
        }
        let date = |s: i64| jiff::Timestamp::from_second(s).unwrap().to_string();
        let start = start_of(CandleType::Month1, at);
        assert_eq!(date(start), "2024-02-01T00:00:00Z");
        assert_eq!(date(next_start(CandleType::Month1, start)), "2024-03-01T00:00:00Z");
    }
}
