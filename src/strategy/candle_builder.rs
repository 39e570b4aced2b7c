//! Closed candles from prints. An interval without a print makes no candle, as at KuCoin.

use crate::domain::instrument::Lots;
use crate::domain::market_data::{Candle, Trade};
use crate::domain::time::Timestamp;

/// Builds the candles of one instrument.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct CandleBuilder {
    interval_us: i64,
    open: Option<Candle>,
    closes_at: Timestamp,
}

impl CandleBuilder {
    /// A builder of candles that last `interval_us` (above zero), aligned to the epoch.
    pub fn new(interval_us: i64) -> Self {
        Self {
            interval_us: interval_us.max(1),
            open: None,
            closes_at: Timestamp::from_us(i64::MAX),
        }
    }

    /// Returns the candle that has closed by `now`, if one has. Call before [`Self::push`].
    pub fn close_by(&mut self, now: Timestamp) -> Option<Candle> {
        if now < self.closes_at {
            return None;
        }
        self.closes_at = Timestamp::from_us(i64::MAX);
        self.open.take()
    }

    /// Takes a print in.
    pub fn push(&mut self, at: Timestamp, trade: &Trade) {
        let price = trade.price;
        match &mut self.open {
            Some(candle) => {
                candle.high = candle.high.max(price);
                candle.low = candle.low.min(price);
                candle.close = price;
                candle.volume = add(candle.volume, trade.size);
            }
            None => {
                let open_at = at.floor_to_us(self.interval_us);
                self.closes_at = Timestamp::from_us(open_at.us().saturating_add(self.interval_us));
                self.open = Some(Candle {
                    open_at,
                    open: price,
                    high: price,
                    low: price,
                    close: price,
                    volume: trade.size,
                });
            }
        }
    }
}

fn add(volume: Lots, size: Lots) -> Lots {
    Lots::new(volume.get().saturating_add(size.get()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::Ticks;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_us(seconds * 1_000_000)
    }

    fn print(price: i64) -> Trade {
        Trade { price: Ticks::new(price), size: Lots::new(2), aggressor: None }
    }

    #[test]
    fn closes_on_the_first_sign_of_a_later_interval() {
        let mut builder = CandleBuilder::new(60_000_000);
        for (second, price) in [(61, 10), (80, 14), (90, 8), (119, 9)] {
            assert_eq!(builder.close_by(at(second)), None);
            builder.push(at(second), &print(price));
        }
        let candle = builder.close_by(at(120)).unwrap();
        assert_eq!(candle.open_at, at(60));
        let prices = [candle.open, candle.high, candle.low, candle.close].map(Ticks::get);
        assert_eq!(prices, [10, 14, 8, 9]);
        assert_eq!(candle.volume, Lots::new(8));
        assert_eq!(builder.close_by(at(500)), None, "an interval without a print makes no candle");
    }
}
