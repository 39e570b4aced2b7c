//! Where a session's market events come from: this process, or the venue's feed.

use std::time::Duration;

use crate::domain::durations::Durations;
use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::{Candle, MarketEvent};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::feed::{Feed, FeedEvent};
use crate::market::{FeedCount, Market, MarketError};

/// A source of market events.
pub(super) enum Source {
    /// Generated or read here: the next event is always known, or there is none any more.
    Local(Box<Market>),
    /// Received: the next event comes when it comes.
    Live(Feed),
}

/// What a source has next.
pub(super) enum Next {
    /// An event.
    Event(MarketEvent),
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    Over,
}

/// The feed's next market event; what it says of itself goes to the log.
fn received(feed: &Feed) -> Next {
    while let Some(event) = feed.next() {
        match event {
            FeedEvent::Market(event) | FeedEvent::Polled(event) => return Next::Event(event),
            FeedEvent::Up => log::info!("market data comes"),
            FeedEvent::Down { reason } => log::warn!("no market data by websocket: {reason}"),
            FeedEvent::Synced { instrument, partial } => {
                let depth = if partial { "best hundred levels" } else { "whole book" };
                log::debug!("instrument {}: {depth} in step with the venue's", instrument.0);
            }
            FeedEvent::Refused { topic, reason } => log::warn!("no {topic}: {reason}"),
        }
    }
    Next::Nothing
}

impl Source {
    /// The next event.
    pub(super) fn next(&mut self) -> Result<Next, MarketError> {
        match self {
            Self::Local(market) => Ok(market.next()?.map_or(Next::Over, Next::Event)),
            Self::Live(feed) => Ok(received(feed)),
        }
    }

    /// Waits until an event came; for ever where they are made here.
    pub(super) async fn filled(&self) {
        match self {
            Self::Local(_) => std::future::pending().await,
            Self::Live(feed) => feed.filled().await,
        }
    }

    /// Candles from before `now`, where the source has them at hand.
    pub(super) fn history(
        &self,
        id: InstrumentId,
        interval_us: i64,
        candles: usize,
        now: Timestamp,
    ) -> Vec<Candle> {
        match self {
            Self::Local(market) => market.history(id, interval_us, candles, now),
            Self::Live(_) => Vec::new(),
        }
    }

    /// What each feed gave so far.
    pub(super) fn counts(&self) -> Vec<String> {
        match self {
            Self::Local(market) => market.counts().iter().map(FeedCount::to_string).collect(),
            Self::Live(feed) => vec![feed.count().to_string()],
        }
    }

    /// True for files: their data is as old as it is.
    pub(super) fn is_replay(&self) -> bool {
        match self {
            Self::Local(market) => matches!(**market, Market::Replay(_)),
            Self::Live(_) => false,
        }
    }

    /// The venue's feed; `None` where events are made here.
    pub(super) fn feed(&self) -> Option<&Feed> {
        match self {
            Self::Local(_) => None,
            Self::Live(feed) => Some(feed),
        }
    }

    /// True where the task that keeps the venue's feed up is gone.
    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::Local(_) => false,
            Self::Live(feed) => feed.has_ended(),
        }
    }

    /// How often the venue's feed was down, or did not come up; `None` where the source is no feed.
    pub(super) fn downs(&self) -> Option<u64> {
        match self {
            Self::Local(_) => None,
            Self::Live(feed) => Some(feed.downs()),
        }
    }

    /// How long pushes took since this was last asked; `None` where the source is no feed.
    pub(super) fn take_lag(&self) -> Option<Durations> {
        match self {
            Self::Local(_) => None,
            Self::Live(feed) => Some(feed.take_lag()),
        }
    }

    /// Since when the venue's feed has no pushes, by the monotonic clock; `None` while it has, or is none.
    pub(super) fn silent_since(&self) -> Option<Duration> {
        match self {
            Self::Local(_) => None,
            Self::Live(feed) => feed.silent_since(),
        }
    }

    /// When the venue's feed last said something, by the monotonic clock; `None` where the source is
    /// no feed. A feed that never did counts from its start.
    pub(super) fn received_at(&self) -> Option<Duration> {
        match self {
            Self::Local(_) => None,
            Self::Live(feed) => Some(feed.received_at()),
        }
    }
}
