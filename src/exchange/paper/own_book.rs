//! What happens to our resting orders other than by the market: they come, shrink, trade with an
//! arriving own order, and go.

use crate::domain::execution::ReportKind;
use crate::domain::instrument::Lots;
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::desk::{Desk, Ending, Match};
use super::market::Market;
use super::order::{SelfTrade, VenueOrder};
use super::reason;
use super::resting::{Place, limit};
use super::touched::note;

impl Market {
    /// Puts an order into our book, in its place, behind the queue displayed at its price. What is
    /// displayed now also bounds the queue of our older orders there.
    pub(super) fn rest(&mut self, mut order: VenueOrder, desk: &mut Desk) {
        let (side, price) = (order.side, limit(&order));
        order.queue_ahead = self.displayed(side, price).unwrap_or(VenueOrder::QUEUE_UNKNOWN);
        for older in self.resting.orders_mut(side) {
            if limit(older) == price && order.queue_ahead < older.queue_ahead {
                older.queue_ahead = order.queue_ahead;
                desk.record(older);
            }
        }
        self.restore(order);
        desk.orders.open(&order);
        desk.record(&order);
    }

    /// Puts an order into our book as it stood.
    pub(super) fn restore(&mut self, order: VenueOrder) {
        self.resting.insert(order);
        note(&mut self.touched, order.side, limit(&order));
    }

    /// Takes an order out of our book.
    pub(super) fn withdraw(&mut self, place: Place) -> Option<VenueOrder> {
        note(&mut self.touched, place.side, place.price);
        self.resting.remove(place)
    }

    /// Takes `by`, less than what remains, off a resting order.
    pub(super) fn reduce(
        &mut self,
        place: Place,
        by: Lots,
        at: Timestamp,
        desk: &mut Desk,
    ) -> Option<VenueOrder> {
        let order = self.resting.get_mut(place)?;
        desk.reduce(&self.instrument, order, by, at);
        desk.record(order);
        note(&mut self.touched, place.side, place.price);
        Some(*order)
    }

    /// Takes `by` off a resting order that an arriving own order met; all of it is its end.
    pub(super) fn prevent(
        &mut self,
        place: Place,
        by: Lots,
        (mode, at): (SelfTrade, Timestamp),
        desk: &mut Desk,
    ) {
        let whole = self.resting.get(place).is_some_and(|order| order.remaining() <= by);
        if !whole {
            self.reduce(place, by, at, desk);
        } else if let Some(order) = self.withdraw(place) {
            let ending = Ending { status: OrderStatus::Canceled, at };
            let report = ReportKind::Canceled(Some(reason::self_trade(mode)));
            self.end(desk, order, ending, Some(report));
        }
    }

    /// Fills a resting order.
    pub(super) fn fill_resting(&mut self, place: Place, found: Match, desk: &mut Desk) {
        let Some(order) = self.resting.get_mut(place) else { return };
        desk.fill(&self.instrument, &mut self.trade_id, order, found);
        if order.is_open() {
            desk.record(order);
        }
        note(&mut self.touched, place.side, place.price);
        self.close_filled(place.side, found.at, desk);
    }

    /// Lets go of the filled orders of a side.
    pub(super) fn close_filled(&mut self, side: Side, at: Timestamp, desk: &mut Desk) {
        let Self { instrument, resting, touched, .. } = self;
        resting.orders_mut(side).retain(|order| {
            if order.is_open() {
                return true;
            }
            note(touched, side, limit(order));
            desk.close(instrument, *order, Ending { status: OrderStatus::Filled, at });
            false
        });
    }

    /// Ends an order that never came to rest, or no longer does. The order as it ended.
    pub(super) fn end(
        &self,
        desk: &mut Desk,
        order: VenueOrder,
        end: Ending,
        report: Option<ReportKind>,
    ) -> VenueOrder {
        let order = desk.close(&self.instrument, order, end);
        if let Some(kind) = report {
            desk.outbox.report(order.client_order_id, end.at, kind);
        }
        order
    }
}
