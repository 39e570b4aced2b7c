//! Everything public about one pair: its listing, book, trades and candles, and who watches them.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::candle::CandleType;
use crate::exchange::server::topic::{Feed, Topic};
use crate::market::Market;

use super::bar::Bar;
use super::ladder::Ladder;
use super::listing::Listing;
use super::past::Past;
use super::series::Series;
use super::tape::{Print, Tape};

/// A pair.
#[derive(Debug)]
pub(super) struct Pair {
    pub id: InstrumentId,
    pub instrument: Instrument,
    pub listing: Listing,
    pub ladder: Ladder,
    pub tape: Tape,
    series: Vec<Series>,
    feeds: BTreeMap<Feed, FeedState>,
    candle_topics: BTreeMap<CandleType, Watched>,
}

/// A topic's watchers, and its text for as long as it has any.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub topic: Rc<str>,
    pub watchers: usize,
}

/// Where a feed stands.
#[derive(Debug)]
pub(super) struct FeedState {
    pub watched: Watched,
    /// When it was last pushed.
    pub pushed_at: Timestamp,
    /// A push is due.
    pub is_due: bool,
}

impl Pair {
    /// A pair whose market is heard from `since` on.
    pub(super) fn new(id: InstrumentId, instrument: &Instrument, since: Timestamp) -> Self {
        let symbol = instrument.symbol();
        let since_s = since.us().div_euclid(1_000_000);
        let watched = |topic: Topic| Watched { topic: topic.to_string().into(), watchers: 0 };
        let feed = |feed: Feed| FeedState {
            watched: watched(Topic::Pair(feed, symbol)),
            pushed_at: Timestamp::from_us(i64::MIN / 2),
            is_due: false,
        };
        let candles = |length: CandleType| watched(Topic::Candles(symbol, length));
        Self {
            id,
            instrument: instrument.clone(),
            listing: Listing::new(instrument),
            ladder: Ladder::new(),
            tape: Tape::new(),
            series: CandleType::ALL.map(|length| Series::new(length, since_s)).into(),
            feeds: Feed::ALL.map(|it| (it, feed(it))).into(),
            candle_topics: CandleType::ALL.map(|it| (it, candles(it))).into(),
        }
    }

    /// Where a feed stands.
    pub(super) fn feed(&mut self, feed: Feed) -> &mut FeedState {
        self.feeds.get_mut(&feed).expect("a pair has every feed")
    }

    /// How many watch a feed.
    pub(super) fn watchers(&self, feed: Feed) -> usize {
        self.feeds.get(&feed).map_or(0, |state| state.watched.watchers)
    }

    /// The topic of a feed.
    pub(super) fn topic(&self, feed: Feed) -> Rc<str> {
        self.feeds.get(&feed).expect("a pair has every feed").watched.topic.clone()
    }

    /// Who watches candles of a length.
    pub(super) fn candle_topic(&mut self, length: CandleType) -> Option<&mut Watched> {
        self.candle_topics.get_mut(&length)
    }

    /// Takes a trade in.
    pub(super) fn print(&mut self, print: Print) {
        self.tape.push(print);
        for series in &mut self.series {
            series.update(&print, &self.instrument);
        }
    }

    /// The candles that are watched and form now, with their topics.
    pub(super) fn watched_candles(&mut self, market: &Market) -> Vec<(Rc<str>, Bar)> {
        let Self { id, instrument, series, candle_topics, .. } = self;
        let past = Past { market, id: *id, instrument };
        let watched = candle_topics.iter().filter(|(_, watched)| watched.watchers > 0);
        let mut found = Vec::new();
        for (length, watched) in watched {
            let of_length = series.iter_mut().find(|series| series.length() == *length);
            if let Some(bar) = of_length.and_then(|series| series.forming(past)) {
                found.push((watched.topic.clone(), bar));
            }
        }
        found
    }

    /// At most `limit` bars of a length that start in `from_s..to_s`, newest first.
    pub(super) fn bars(
        &mut self,
        market: &Market,
        length: CandleType,
        (from_s, to_s): (i64, i64),
        limit: usize,
    ) -> Vec<Bar> {
        let Self { id, instrument, series, .. } = self;
        let past = Past { market, id: *id, instrument };
        let of_length = series.iter_mut().find(|series| series.length() == length);
        of_length.map_or_else(Vec::new, |series| series.bars(past, from_s, to_s, limit))
    }
}
