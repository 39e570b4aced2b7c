//! One instrument's market: the displayed book, our resting orders, and how they meet.
//!
//! With no order of ours resting, an event costs an update of the book and one comparison.

use crate::domain::execution::ReportKind;
use crate::domain::identifier::ClientOrderId;
use crate::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use crate::domain::market_data::{DepthChange, MarketData, Quote, TopOfBook, Trade};
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::book_side::{BookSide, key};
use super::desk::{Desk, Ending, Match};
use super::order::VenueOrder;

/// What the displayed book is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
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
    bids: BookSide,
    asks: BookSide,
    source: Source,
    printed: TopOfBook,
    /// Our resting orders, best price first, then oldest first.
    buys: Vec<VenueOrder>,
    sells: Vec<VenueOrder>,
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
            buys: Vec::new(),
            sells: Vec::new(),
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

    /// Our resting orders of a side, best first.
    pub(super) fn orders(&self, side: Side) -> &[VenueOrder] {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    /// The displayed book that an order of `side` takes from.
    pub(super) fn opposite(&mut self, side: Side) -> &mut BookSide {
        if self.source != Source::Depth
            && let Some(Quote { bid, ask, .. }) = self.top()
        {
            let step = (ask.get() - bid.get()).max(1);
            self.bids.extend_ladder(step);
            self.asks.extend_ladder(step);
        }
        match side {
            Side::Buy => &mut self.asks,
            Side::Sell => &mut self.bids,
        }
    }

    /// Puts an order into our book, in its place, behind the queue displayed at its price. What is
    /// displayed now also bounds the queue of our older orders there.
    pub(super) fn rest(&mut self, mut order: VenueOrder, desk: &mut Desk) {
        order.queue_ahead =
            self.displayed(order.side, limit(&order)).unwrap_or(VenueOrder::QUEUE_UNKNOWN);
        let orders = match order.side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        for older in orders.iter_mut().filter(|older| older.price == order.price) {
            if order.queue_ahead < older.queue_ahead {
                older.queue_ahead = order.queue_ahead;
                desk.record(older);
            }
        }
        self.restore(order);
        desk.open.insert(order.client_order_id, (order.instrument, order.side));
        desk.record(&order);
    }

    /// Puts an order into our book as it stood.
    pub(super) fn restore(&mut self, order: VenueOrder) {
        let rank = |order: &VenueOrder| (-key(order.side, limit(order)), order.sequence);
        let orders = match order.side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        let place = orders.partition_point(|known| rank(known) < rank(&order));
        orders.insert(place, order);
    }

    /// Takes an order out of our book.
    pub(super) fn remove(&mut self, side: Side, id: &ClientOrderId) -> Option<VenueOrder> {
        let orders = match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        let place = orders.iter().position(|order| order.client_order_id == *id)?;
        Some(orders.remove(place))
    }

    fn displayed(&self, side: Side, price: Ticks) -> Option<Lots> {
        let depth = self.source == Source::Depth;
        match side {
            Side::Buy => self.bids.displayed(price, depth),
            Side::Sell => self.asks.displayed(price, depth),
        }
    }

    fn is_quiet(&self) -> bool {
        self.buys.is_empty() && self.sells.is_empty()
    }

    fn on_quote(&mut self, quote: &Quote, at: Timestamp, desk: &mut Desk) {
        if self.source == Source::Depth {
            return;
        }
        self.source = Source::Quotes;
        let bid = self.bids.set_touch(quote.bid, quote.bid_size, false);
        let ask = self.asks.set_touch(quote.ask, quote.ask_size, false);
        if (bid || ask) && !self.is_quiet() {
            self.shorten_queues(desk);
            self.cross(at, desk);
        }
    }

    fn on_depth(&mut self, change: &DepthChange, at: Timestamp, desk: &mut Desk) -> Option<Quote> {
        let &DepthChange { side, price, size } = change;
        if self.source != Source::Depth {
            self.source = Source::Depth;
            self.bids.clear();
            self.asks.clear();
        }
        let (book, other) = match side {
            Side::Buy => (&mut self.bids, &mut self.asks),
            Side::Sell => (&mut self.asks, &mut self.bids),
        };
        let mut moved = book.apply(price, size);
        if moved && size.get() > 0 {
            // The newer level is right: a real book is never crossed.
            moved |= other.drop_crossed(price);
        }
        if !self.is_quiet() {
            let joins = self.orders(side).iter().any(|order| limit(order) == price);
            let meets = size.get() > 0
                && self
                    .orders(side.opposite())
                    .first()
                    .is_some_and(|order| key(order.side, limit(order)) >= key(order.side, price));
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
        let orders = match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
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
        for (orders, book) in [(&mut self.buys, &self.bids), (&mut self.sells, &self.asks)] {
            for order in orders.iter_mut() {
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
            let (orders, book) = match side {
                Side::Buy => (&mut self.buys, &mut self.asks),
                Side::Sell => (&mut self.sells, &mut self.bids),
            };
            let mut any = false;
            for order in orders.iter_mut() {
                let price = limit(order);
                let first = order.queue_ahead.is_zero();
                let quantity = book.take_crossing(price, first, order.remaining(), levels);
                if quantity.is_zero() {
                    break;
                }
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

    fn close_filled(&mut self, side: Side, at: Timestamp, desk: &mut Desk) {
        let orders = match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        let instrument = &self.instrument;
        orders.retain(|order| {
            if order.is_open() {
                return true;
            }
            desk.close(instrument, *order, Ending { status: OrderStatus::Filled, at });
            false
        });
    }

    /// Ends an order that never came to rest, or no longer does.
    pub(super) fn end(
        &self,
        desk: &mut Desk,
        order: VenueOrder,
        end: Ending,
        report: Option<ReportKind>,
    ) {
        let id = order.client_order_id;
        desk.close(&self.instrument, order, end);
        if let Some(kind) = report {
            desk.outbox.report(id, end.at, kind);
        }
    }
}

/// The limit of a resting order.
pub(super) fn limit(order: &VenueOrder) -> Ticks {
    order.price.expect("only limit orders rest")
}
