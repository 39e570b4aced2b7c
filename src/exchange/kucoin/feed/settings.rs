//! What the live feed is to give.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::exchange::kucoin::protocol::candle::CandleType;
use crate::exchange::kucoin::ws::{Subscription, WsSettings};
use crate::market::Lane;
use crate::market::kucoin::TopicKind;

/// What books are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BookSource {
    /// Best bid and ask, at most every 10 ms.
    Level1,
    /// The best five levels of each side, at most every 100 ms.
    Depth5,
    /// Every change of the whole book.
    Level2,
}

/// What the live feed gives, and its bounds.
#[derive(Clone, Debug)]
pub struct FeedSettings {
    /// The instruments; an event's [`InstrumentId`] is an index into this list.
    pub instruments: Vec<Instrument>,
    /// What books are made of.
    pub book: BookSource,
    /// Public trades.
    pub trades: bool,
    /// Closed candles of a length.
    pub candles: Option<CandleType>,
    /// The websocket's times and bounds.
    pub ws: WsSettings,
    /// Events that wait to be taken. A whole book must find room: 40000 levels at most.
    pub events_max: usize,
    /// How long a fetch may take.
    pub fetch_timeout: Duration,
    /// How long the websocket is down before polling begins.
    pub poll_after: Duration,
    /// Between two polls, of whatever instruments: four a second take a quarter of the public quota.
    pub poll_every: Duration,
}

impl FeedSettings {
    /// Books of a source and trades of these instruments.
    pub fn new(instruments: Vec<Instrument>, book: BookSource) -> Self {
        Self {
            instruments,
            book,
            trades: true,
            candles: None,
            ws: WsSettings::default(),
            events_max: 1 << 16,
            fetch_timeout: Duration::from_secs(15),
            poll_after: Duration::from_secs(1),
            poll_every: Duration::from_millis(250),
        }
    }

    pub(super) fn subscriptions(&self) -> Vec<Subscription> {
        let names = |suffix: &str| {
            let name = |instrument: &Instrument| format!("{}{suffix}", instrument.symbol());
            self.instruments.iter().map(name).collect::<Vec<_>>()
        };
        let book = match self.book {
            BookSource::Level1 => TopicKind::Level1,
            BookSource::Depth5 => TopicKind::Depth5,
            BookSource::Level2 => TopicKind::Level2,
        };
        let mut subscriptions = vec![Subscription::public(book.path(), names(""))];
        if self.trades {
            subscriptions.push(Subscription::public(TopicKind::Match.path(), names("")));
        }
        if let Some(candles) = self.candles {
            let names = names(&format!("_{}", candles.as_str()));
            subscriptions.push(Subscription::one_by_one(TopicKind::Candles.path(), names));
        }
        subscriptions
    }

    /// The instruments by symbol, as decoders need them; the symbol of one whose grid no i64 holds
    /// where there is one.
    pub(super) fn lanes(&self) -> Result<BTreeMap<String, Lane>, String> {
        let lane = |(index, instrument): (usize, &Instrument)| {
            let symbol = instrument.symbol().to_string();
            let id = u16::try_from(index).map_err(|_| symbol.clone())?;
            let lane = Lane::new(InstrumentId(id), instrument).ok_or_else(|| symbol.clone())?;
            Ok((symbol, lane))
        };
        self.instruments.iter().enumerate().map(lane).collect()
    }
}
