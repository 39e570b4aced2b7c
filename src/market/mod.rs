//! Where market data comes from: an embedded seeded market, or files replayed.
//!
//! A source gives [`MarketEvent`]s whose `at` never goes back; pace is the caller's business, and
//! so is what a book makes of depth changes. Irregularities of files are counted per file in
//! [`FeedCount`]; a row that makes no sense is a [`MarketError`] that names file, line and reason.

mod error;
mod feed_count;
pub mod kucoin;
mod lane;
mod number;
pub mod replay;
pub mod synthetic;

pub use self::error::MarketError;
pub use self::feed_count::FeedCount;
pub use self::lane::Lane;
pub use self::number::Reason;
pub use self::replay::Replay;
pub use self::synthetic::Synthetic;

use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::domain::market_data::{Candle, MarketEvent};
use crate::domain::time::Timestamp;

/// A source of market data.
#[derive(Debug)]
pub enum Market {
    /// The embedded seeded market.
    Synthetic(Synthetic),
    /// Files.
    Replay(Replay),
}

impl Market {
    /// The instruments; an [`InstrumentId`] is an index into this list.
    pub fn instruments(&self) -> &[Instrument] {
        match self {
            Self::Synthetic(market) => market.instruments(),
            Self::Replay(market) => market.instruments(),
        }
    }

    /// The next event, or `None` after the last of the files; the synthetic market never ends.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would invite adapters that drop errors"
    )]
    pub fn next(&mut self) -> Result<Option<MarketEvent>, MarketError> {
        match self {
            Self::Synthetic(market) => Ok(Some(market.next())),
            Self::Replay(market) => market.next(),
        }
    }

    /// Up to `count` candles of `interval_us` that closed at or before `now`, oldest first, to warm
    /// indicators up. Files have no history: empty.
    pub fn history(
        &self,
        id: InstrumentId,
        interval_us: i64,
        count: usize,
        now: Timestamp,
    ) -> Vec<Candle> {
        match self {
            Self::Synthetic(market) => market.history(id, interval_us, count, now),
            Self::Replay(_) => Vec::new(),
        }
    }

    /// What each file, or the synthetic market, gave so far.
    pub fn counts(&self) -> &[FeedCount] {
        match self {
            Self::Synthetic(market) => market.counts(),
            Self::Replay(market) => market.counts(),
        }
    }
}
