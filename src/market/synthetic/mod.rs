//! The embedded market: seeded, endless, without files and without state.
//!
//! Every event is a function of (seed, instrument, time) alone, so that a restart at any instant
//! goes on with the very same market and two runs with one seed are identical. Time is cut into
//! slots of a second; within a slot each instrument says nothing, or a quote and up to two prints.
//! Regimes, jumps and thin hours are described in `price_path` and `book`.
//!
//! **Limits**: instants from 1970 to the year 3000. **Failure**: none; it has no input.

mod book;
mod listing;
mod noise;
mod price_path;

use self::book::{Book, SLOT_US};
use self::listing::{Listing, listings};
use self::price_path::PricePath;
use super::feed_count::FeedCount;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::market_data::{Candle, MarketData, MarketEvent};
use crate::domain::time::Timestamp;

/// At most this many slots (an hour) are drawn for one candle of history; longer intervals are
/// sampled evenly, so that a warm-up costs milliseconds.
const HISTORY_SLOTS_MAX: i64 = 3_600;

/// At most this many candles of history: KuCoin's own limit for one request.
pub const HISTORY_CANDLES_MAX: i64 = 1_500;

/// The seeded market. [`Synthetic::next`] is endless.
#[derive(Clone, Debug)]
pub struct Synthetic {
    seed: u64,
    listings: Vec<Listing>,
    instruments: Vec<Instrument>,
    common: PricePath,
    books: Vec<Book>,
    start: Timestamp,
    slot: i64,
    /// The events of the slot before `slot`, latest first.
    pending: Vec<MarketEvent>,
    counts: [FeedCount; 1],
}

impl Synthetic {
    /// The market of `seed` from `start` on: its events are those of any earlier start from there.
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let listings = listings();
        Self {
            seed,
            instruments: listings.iter().map(|listing| listing.instrument.clone()).collect(),
            common: PricePath::common(seed),
            books: (0u16..)
                .zip(&listings)
                .map(|(id, listing)| Book::new(seed, id, listing))
                .collect(),
            listings,
            start,
            slot: start.us().div_euclid(SLOT_US),
            pending: Vec::new(),
            counts: [FeedCount::new("synthetic")],
        }
    }

    /// The market of `seed` with some of the ten instruments only, by their indices there, ascending.
    pub fn some(seed: u64, start: Timestamp, kept: &[usize]) -> Self {
        let mut market = Self::new(seed, start);
        let listings = kept.iter().filter_map(|index| market.listings.get(*index).cloned());
        market.listings = listings.collect();
        market.instruments =
            market.listings.iter().map(|listing| listing.instrument.clone()).collect();
        let numbered = (0u16..).zip(&market.listings);
        market.books = numbered.map(|(id, listing)| Book::new(seed, id, listing)).collect();
        market
    }

    /// The ten instruments; an [`InstrumentId`] is an index into this list.
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// Rows are slots here.
    pub fn counts(&self) -> &[FeedCount] {
        &self.counts
    }

    /// The next event, in order of time, then of instrument. There is always one.
    #[expect(clippy::should_implement_trait, reason = "endless: no Option to return")]
    pub fn next(&mut self) -> MarketEvent {
        loop {
            if let Some(event) = self.pending.pop() {
                self.counts[0].events += 1;
                return event;
            }
            self.draw_slot();
        }
    }

    /// Up to `count` candles (at most [`HISTORY_CANDLES_MAX`]) of `interval_us` (at least a second)
    /// that closed at or before `now`, oldest first: the candles of the prints that the market
    /// printed, for intervals above an hour of a sample of them.
    pub fn history(
        &self,
        id: InstrumentId,
        interval_us: i64,
        count: usize,
        now: Timestamp,
    ) -> Vec<Candle> {
        let Some(listing) = self.listings.get(id.index()) else { return Vec::new() };
        if interval_us < SLOT_US {
            return Vec::new();
        }
        let end = now.floor_to_us(interval_us).us();
        let mut book = Book::new(self.seed, id.0, listing);
        let mut common = PricePath::common(self.seed);
        let mut events = Vec::new();
        let count =
            i64::try_from(count).map_or(HISTORY_CANDLES_MAX, |n| n.min(HISTORY_CANDLES_MAX));
        let opens =
            (1..=count).rev().filter_map(|back| end.checked_sub(interval_us.checked_mul(back)?));
        let candle = |open_us: i64| {
            let last = (open_us + interval_us - 1).div_euclid(SLOT_US);
            let stride = (interval_us / SLOT_US / HISTORY_SLOTS_MAX).max(1);
            let mut slot = open_us.div_euclid(SLOT_US);
            while slot <= last {
                book.slot(slot, |start| common.at(start), &mut events);
                slot += stride;
            }
            let open_at = Timestamp::from_us(open_us);
            let inside =
                |event: &MarketEvent| (0..interval_us).contains(&event.at.us_since(open_at));
            candle_of(open_at, events.drain(..).filter(inside))
        };
        opens.filter_map(candle).collect()
    }

    /// Draws the next slot of all instruments into `pending`.
    fn draw_slot(&mut self) {
        let common = self.common.at(self.slot * SLOT_US);
        for book in &mut self.books {
            book.slot(self.slot, |_| common, &mut self.pending);
        }
        if self.slot * SLOT_US < self.start.us() {
            let start = self.start;
            self.pending.retain(|event| event.at >= start);
        }
        // Stable order among equals is that of the instruments: a book's own instants differ.
        self.pending.sort_unstable_by_key(|event| std::cmp::Reverse((event.at, event.instrument)));
        self.slot += 1;
        self.counts[0].rows += 1;
    }
}

/// The candle of the prints among `events`; none where nothing was printed.
fn candle_of(open_at: Timestamp, events: impl Iterator<Item = MarketEvent>) -> Option<Candle> {
    let mut candle: Option<Candle> = None;
    for event in events {
        let MarketData::Trade(trade) = event.data else { continue };
        let seen = candle.get_or_insert(flat(open_at, trade.price));
        seen.high = seen.high.max(trade.price);
        seen.low = seen.low.min(trade.price);
        seen.close = trade.price;
        seen.volume += trade.size;
    }
    candle
}

/// A candle at one price, without volume.
fn flat(open_at: Timestamp, price: Ticks) -> Candle {
    Candle { open_at, open: price, high: price, low: price, close: price, volume: Lots::ZERO }
}

#[cfg(test)]
mod tests;
