//! What a market says: quotes, trades, depth and candles, on an instrument's grid.

use super::identifier::InstrumentId;
use super::instrument::{Lots, Ticks};
use super::side::Side;
use super::time::Timestamp;

/// Best bid and offer with their displayed sizes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Quote {
    /// Best bid.
    pub bid: Ticks,
    /// Displayed quantity at the best bid.
    pub bid_size: Lots,
    /// Best ask.
    pub ask: Ticks,
    /// Displayed quantity at the best ask.
    pub ask_size: Lots,
}

/// A public print.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Trade {
    /// Price.
    pub price: Ticks,
    /// Quantity.
    pub size: Lots,
    /// The side that took liquidity, where the source says it.
    pub aggressor: Option<Side>,
}

/// A price level of the order book: its displayed size is now `size`, zero where it is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct DepthChange {
    /// Buy for a bid, sell for an ask.
    pub side: Side,
    /// The level.
    pub price: Ticks,
    /// Displayed quantity from now on.
    pub size: Lots,
}

/// Open, high, low, close and volume of one closed interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Candle {
    /// Start of the interval.
    pub open_at: Timestamp,
    /// First price.
    pub open: Ticks,
    /// Highest price.
    pub high: Ticks,
    /// Lowest price.
    pub low: Ticks,
    /// Last price.
    pub close: Ticks,
    /// Traded quantity.
    pub volume: Lots,
}

/// One thing a market says about one instrument.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketData {
    /// New best bid and offer.
    Quote(Quote),
    /// A public print.
    Trade(Trade),
    /// A level changed.
    Depth(DepthChange),
    /// The book is void until the levels that follow: a gap, or a snapshot begins.
    DepthReset,
    /// An interval closed. Comes after the prints inside it.
    Candle(Candle),
}

/// Market data with its instant and instrument.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct MarketEvent {
    /// When the market said it.
    pub at: Timestamp,
    /// About which instrument.
    pub instrument: InstrumentId,
    /// What.
    pub data: MarketData,
}

/// The last known best bid and offer of one instrument.
///
/// A source without quotes (candles, trades) still has a last price: a print makes a one-tick
/// market around it with the print's size on both sides, the aggressor's side being the touched
/// one. From the first real quote on, prints no longer move it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct TopOfBook {
    quote: Option<Quote>,
    quoted: bool,
}

impl TopOfBook {
    /// Takes market data in; true where the best bid or offer may have changed.
    pub fn apply(&mut self, data: &MarketData) -> bool {
        match data {
            MarketData::Quote(quote) => {
                self.quoted = true;
                self.quote = Some(*quote);
                true
            }
            MarketData::Trade(trade) if !self.quoted => {
                self.quote = Some(quote_around(trade));
                true
            }
            MarketData::Trade(_)
            | MarketData::Candle(_)
            | MarketData::Depth(_)
            | MarketData::DepthReset => false,
        }
    }

    /// The best bid and offer, once known.
    pub fn quote(&self) -> Option<Quote> {
        self.quote
    }
}

/// The one-tick market that a print implies.
fn quote_around(trade: &Trade) -> Quote {
    let (bid, ask) = match trade.aggressor {
        Some(Side::Buy) => (trade.price.offset(-1), trade.price),
        Some(Side::Sell) | None => (trade.price, trade.price.offset(1)),
    };
    let size = Lots::new(trade.size.get().max(1));
    Quote { bid, bid_size: size, ask, ask_size: size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(price: i64, aggressor: Option<Side>) -> MarketData {
        MarketData::Trade(Trade { price: Ticks::new(price), size: Lots::new(5), aggressor })
    }

    #[test]
    fn prints_make_a_market_until_a_quote_comes() {
        let mut top = TopOfBook::default();
        assert!(top.apply(&print(100, Some(Side::Buy))));
        let quote = top.quote().unwrap();
        assert_eq!((quote.bid.get(), quote.ask.get(), quote.ask_size.get()), (99, 100, 5));
        let real = Quote {
            bid: Ticks::new(90),
            bid_size: Lots::new(1),
            ask: Ticks::new(95),
            ask_size: Lots::new(1),
        };
        assert!(top.apply(&MarketData::Quote(real)));
        assert!(!top.apply(&print(50, None)));
        assert_eq!(top.quote(), Some(real));
    }
}
