//! How the exchange goes through time: market events, orders that end by themselves, pushes that waited.

use crate::domain::market_data::{MarketData, MarketEvent};
use crate::domain::time::Timestamp;
use crate::market::{FeedCount, Market, MarketError};

use super::Core;
use super::journal::Cause;

/// The market, and how far it was heard.
#[derive(Debug)]
pub(super) struct Tide {
    pub market: Market,
    pub now: Timestamp,
    upcoming: Option<MarketEvent>,
    has_ended: bool,
}

impl Tide {
    pub(super) fn new(market: Market, now: Timestamp) -> Self {
        Self { market, now, upcoming: None, has_ended: false }
    }

    /// The next event, which stays; `None` at the end of the market.
    fn peek(&mut self) -> Result<Option<MarketEvent>, MarketError> {
        if self.upcoming.is_none() && !self.has_ended {
            self.upcoming = self.market.next().inspect_err(|_| self.has_ended = true)?;
            self.has_ended = self.upcoming.is_none();
        }
        Ok(self.upcoming)
    }

    /// Puts the first event back, which was taken to see when the market begins.
    pub(super) fn put_back(&mut self, first: Option<MarketEvent>) {
        (self.upcoming, self.has_ended) = (first, first.is_none());
    }

    fn goes_to(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
    }
}

impl Core {
    /// Brings the exchange to the market's time `now`.
    pub fn advance(&mut self, now: Timestamp) -> Result<(), MarketError> {
        loop {
            let event = self.tide.peek()?.filter(|event| event.at <= now);
            let waited = self.due.first().map(|(at, ..)| *at).filter(|at| *at <= now);
            let ends = self.venue.next_due().filter(|at| *at <= now);
            // What is due at the instant of an event comes after it: it may be part of it.
            let due = waited.into_iter().chain(ends).min();
            match (event, due) {
                (Some(event), Some(at)) if at < event.at => self.pass(at),
                (None, Some(at)) => self.pass(at),
                (Some(event), _) => self.hear(&event),
                (None, None) => break,
            }
        }
        self.publish_books();
        self.pass(now);
        Ok(())
    }

    /// When something happens next by itself: an event, the end of an order, a push that waits.
    pub fn next_due(&mut self) -> Option<Timestamp> {
        if self.tide.upcoming.is_none() && !self.tide.has_ended {
            // The market was not asked yet.
            return Some(self.tide.now);
        }
        let event = self.tide.upcoming.map(|event| event.at);
        let waited = self.due.first().map(|(at, ..)| *at);
        [event, waited, self.venue.next_due()].into_iter().flatten().min()
    }

    /// True where the market has said everything it has to say.
    pub fn market_has_ended(&self) -> bool {
        self.tide.has_ended && self.tide.upcoming.is_none()
    }

    /// What each file of the market, or the synthetic one, gave so far.
    pub fn market_counts(&self) -> &[FeedCount] {
        self.tide.market.counts()
    }

    /// Lets time pass up to `at`, in which the market says nothing.
    pub(super) fn pass(&mut self, at: Timestamp) {
        self.tide.goes_to(at);
        self.venue.advance(at);
        self.absorb(Cause::Market);
        self.finish_turn();
    }

    /// Takes a market event in.
    pub(super) fn hear(&mut self, event: &MarketEvent) {
        self.tide.upcoming = None;
        let moved = event.at > self.tide.now || !self.stale.contains(&event.instrument);
        if moved {
            // Changes of one instant are told together.
            self.publish_books();
        }
        self.tide.goes_to(event.at);
        self.venue.on_market(event);
        self.mark_stale(event.instrument);
        let filled = self.absorb(Cause::Market);
        if !self.pair(event.instrument).listing.listed {
            // Its book goes on, for when it is listed again; nobody is told.
            return;
        }
        if let MarketData::Trade(trade) = event.data {
            self.print_rest(event, trade, filled);
        }
        if !self.traded.is_empty() {
            self.finish_turn();
        }
    }

    /// What every command and every step of time ends with: stop orders that were triggered, the
    /// books, and the pushes that are due.
    pub(super) fn finish_turn(&mut self) {
        self.trigger_stops();
        self.publish_books();
        self.push_due();
    }
}
