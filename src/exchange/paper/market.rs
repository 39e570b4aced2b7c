//! One instrument's market: the displayed book, our resting orders, and how they meet.
//!
//! With no order of ours resting, an event costs an update of the book and one comparison.

use crate::domain::decimal::Decimal;
use crate::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use crate::domain::market_data::{DepthChange, MarketData, Quote, TopOfBook, Trade};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::book_side::{BookSide, key};
use super::desk::{Desk, Match};
use super::order::VenueOrder;
use super::resting::{Resting, limit};
use super::touched::{Touched, note, note_all};

/// What the displayed book is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// Prints, if anything: a one-tick market around the last.
    Prints,
    /// The best bid and offer.
    Quotes,
    /// Levels.
    Depth,
}

/// A market.
#[derive(Debug)]
pub(super) struct Market {
    pub instrument: Instrument,
    /// Trade id of the last fill here.
    pub trade_id: u64,
    pub(super) bids: BookSide,
    pub(super) asks: BookSide,
    pub(super) source: Source,
    printed: TopOfBook,
    pub(super) resting: Resting,
    /// How far from the best price orders may trade, as a ratio of it.
    pub(super) band: Option<Decimal>,
    /// What of the shown book may have changed, where somebody publishes it ...
    pub(super) touched: Option<Touched>,
    /// ... and the best displayed price against our buys and our sells when it was last asked for.
    pub(super) contradicted: [Option<Ticks>; 2],
}

impl Market {
    pub(super) fn new(instrument: Instrument, trade_id: u64) -> Self {
        Self {
            instrument,
            trade_id,
            bids: BookSide::new(Side::Buy),
            asks: BookSide::new(Side::Sell),
            source: Source::Prints,
            printed: TopOfBook::default(),
            resting: Resting::default(),
            band: None,
            touched: None,
            contradicted: [None; 2],
        }
    }

    /// Takes a market event in. Returns the top of a book made of depth where it changed.
    pub(super) fn on_data(
        &mut self,
        data: &MarketData,
        at: Timestamp,
        desk: &mut Desk,
    ) -> Option<Quote> {
        match data {
            MarketData::Quote(quote) => {
                self.on_quote(quote, at, desk);
                None
            }
            MarketData::Depth(change) => self.on_depth(change, at, desk),
            MarketData::Trade(trade) => {
                self.on_print(trade, at, desk);
                None
            }
            MarketData::DepthReset => {
                self.bids.clear();
                self.asks.clear();
                note_all(&mut self.touched);
                None
            }
            MarketData::Candle(_) => None,
        }
    }

    /// The displayed best bid and offer.
    pub(super) fn top(&self) -> Option<Quote> {
        let ((bid, bid_size), (ask, ask_size)) = (self.bids.best()?, self.asks.best()?);
        Some(Quote { bid, bid_size, ask, ask_size })
    }

    /// The displayed size at a price; `None` where the source does not show that deep.
    pub(super) fn displayed(&self, side: Side, price: Ticks) -> Option<Lots> {
        let depth = self.source == Source::Depth;
        match side {
            Side::Buy => self.bids.displayed(price, depth),
            Side::Sell => self.asks.displayed(price, depth),
        }
    }

    fn is_quiet(&self) -> bool {
        self.resting.is_empty()
    }

    fn on_quote(&mut self, quote: &Quote, at: Timestamp, desk: &mut Desk) {
        if self.source == Source::Depth {
            return;
        }
        self.source = Source::Quotes;
        let bid = self.bids.set_touch(quote.bid, quote.bid_size, false);
        let ask = self.asks.set_touch(quote.ask, quote.ask_size, false);
        if bid || ask {
            note_all(&mut self.touched);
            if !self.is_quiet() {
                self.shorten_queues(desk);
                self.cross(at, desk);
            }
        }
    }

    fn on_depth(&mut self, change: &DepthChange, at: Timestamp, desk: &mut Desk) -> Option<Quote> {
        let &DepthChange { side, price, size } = change;
        if self.source != Source::Depth {
            self.source = Source::Depth;
            self.bids.clear();
            self.asks.clear();
            note_all(&mut self.touched);
        }
        let (book, other) = match side {
            Side::Buy => (&mut self.bids, &mut self.asks),
            Side::Sell => (&mut self.asks, &mut self.bids),
        };
        let mut moved = book.apply(price, size, &mut self.touched);
        if moved && size.get() > 0 {
            // The newer level is right: a real book is never crossed.
            moved |= other.drop_crossed(price, &mut self.touched);
        }
        if !self.is_quiet() {
            let joins = !self.resting.at(side, price).is_empty();
            let meets = size.get() > 0
                && self
                    .resting
                    .best(side.opposite())
                    .is_some_and(|own| key(side.opposite(), own) >= key(side.opposite(), price));
            if joins || meets {
                self.shorten_queues(desk);
                self.cross(at, desk);
            }
        }
        if moved { self.top() } else { None }
    }

    fn on_print(&mut self, trade: &Trade, at: Timestamp, desk: &mut Desk) {
        if trade.size.get() <= 0 {
            return;
        }
        if !self.is_quiet() {
            self.print_through(Side::Buy, trade, at, desk);
            self.print_through(Side::Sell, trade, at, desk);
        }
        if self.source == Source::Prints {
            self.printed.apply(&MarketData::Trade(*trade));
            if let Some(Quote { bid, bid_size, ask, ask_size }) = self.printed.quote() {
                self.bids.set_touch(bid, bid_size, true);
                self.asks.set_touch(ask, ask_size, true);
                note_all(&mut self.touched);
            }
            if !self.is_quiet() {
                // Only prints fill here: a market made of prints shows nothing that is not them.
                self.shorten_queues(desk);
            }
        }
    }

    /// Gives a print to our orders of one side: those it went through by priority, then the queue
    /// at its price and those standing in it.
    fn print_through(&mut self, side: Side, trade: &Trade, at: Timestamp, desk: &mut Desk) {
        let reaches = trade.aggressor != Some(side);
        let displayed = match self.source {
            Source::Depth if self.top().is_some() => self.displayed(side, trade.price),
            Source::Depth | Source::Quotes | Source::Prints => None,
        };
        let orders = self.resting.orders_mut(side);
        let print = key(side, trade.price);
        let mut left = trade.size;
        let mut queue = Lots::ZERO;
        for order in orders.iter_mut() {
            let ours = key(side, limit(order));
            if ours < print || (ours == print && !reaches) {
                break;
            }
            let before = *order;
            if ours > print {
                order.queue_ahead = Lots::ZERO;
            } else {
                if let Some(displayed) = displayed {
                    order.queue_ahead = order.queue_ahead.min(displayed);
                }
                let ahead = (order.queue_ahead - queue).max(Lots::ZERO).min(left);
                queue += ahead;
                left -= ahead;
            }
            let quantity = order.remaining().min(left);
            if quantity.get() > 0 {
                left -= quantity;
                let (price, liquidity) = (limit(order), Liquidity::Maker);
                let found = Match { price, quantity, liquidity, at };
                desk.fill(&self.instrument, &mut self.trade_id, order, found);
                note(&mut self.touched, side, price);
            }
            if *order != before && order.is_open() {
                desk.record(order);
            }
        }
        let standing = orders.iter_mut().filter(|order| key(side, limit(order)) == print);
        for order in standing.filter(|_| queue.get() > 0) {
            if order.queue_ahead != VenueOrder::QUEUE_UNKNOWN {
                order.queue_ahead = (order.queue_ahead - queue).max(Lots::ZERO);
                if order.is_open() {
                    desk.record(order);
                }
            }
        }
        self.close_filled(side, at, desk);
    }

    /// No queue is longer than what is displayed.
    fn shorten_queues(&mut self, desk: &mut Desk) {
        let depth = self.source == Source::Depth;
        for (side, book) in [(Side::Buy, &self.bids), (Side::Sell, &self.asks)] {
            for order in self.resting.orders_mut(side) {
                if let Some(displayed) = book.displayed(limit(order), depth)
                    && displayed < order.queue_ahead
                {
                    order.queue_ahead = displayed;
                    desk.record(order);
                }
            }
        }
    }

    /// Fills our orders that the displayed opposite side has reached.
    fn cross(&mut self, at: Timestamp, desk: &mut Desk) {
        let levels = if self.source == Source::Depth { usize::MAX } else { 1 };
        for side in [Side::Buy, Side::Sell] {
            let book = match side {
                Side::Buy => &mut self.asks,
                Side::Sell => &mut self.bids,
            };
            let mut any = false;
            for order in self.resting.orders_mut(side) {
                let (price, touched) = (limit(order), &mut self.touched);
                let reach = (price, order.queue_ahead.is_zero());
                let quantity = book.take_crossing(reach, order.remaining(), levels, touched);
                if quantity.is_zero() {
                    break;
                }
                note(touched, side, price);
                let found = Match { price, quantity, liquidity: Liquidity::Maker, at };
                desk.fill(&self.instrument, &mut self.trade_id, order, found);
                if order.is_open() {
                    desk.record(order);
                }
                any = true;
            }
            if any {
                self.close_filled(side, at, desk);
            }
        }
    }
}
