//! Our resting orders in one market: best price first, then oldest first.

use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Ticks;
use crate::domain::side::Side;

use super::book_side::key;
use super::order::VenueOrder;

/// Where an order rests: enough to find it without a search.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub instrument: InstrumentId,
    pub side: Side,
    pub price: Ticks,
    pub sequence: u64,
}

impl Place {
    /// The place of a resting order.
    pub(super) fn of(order: &VenueOrder) -> Self {
        let VenueOrder { instrument, side, sequence, .. } = *order;
        Self { instrument, side, price: limit(order), sequence }
    }
}

/// Both sides' orders.
#[derive(Debug, Default)]
pub(super) struct Resting {
    buys: Vec<VenueOrder>,
    sells: Vec<VenueOrder>,
}

impl Resting {
    /// A side's orders by priority.
    pub(super) fn orders(&self, side: Side) -> &[VenueOrder] {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    /// As [`Resting::orders`], to change; the priority must stay as it is.
    pub(super) fn orders_mut(&mut self, side: Side) -> &mut Vec<VenueOrder> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buys.is_empty() && self.sells.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.buys.len() + self.sells.len()
    }

    /// The best price of a side.
    pub(super) fn best(&self, side: Side) -> Option<Ticks> {
        self.orders(side).first().map(limit)
    }

    /// The orders of a side at a price, oldest first.
    pub(super) fn at(&self, side: Side, price: Ticks) -> &[VenueOrder] {
        let (orders, level) = (self.orders(side), key(side, price));
        let from = orders.partition_point(|order| key(side, limit(order)) > level);
        let to = orders.partition_point(|order| key(side, limit(order)) >= level);
        orders.get(from..to).unwrap_or_default()
    }

    /// Puts an order into its place.
    pub(super) fn insert(&mut self, order: VenueOrder) {
        let at = self.search(Place::of(&order)).unwrap_or_else(|at| at);
        self.orders_mut(order.side).insert(at, order);
    }

    pub(super) fn get(&self, place: Place) -> Option<&VenueOrder> {
        self.orders(place.side).get(self.search(place).ok()?)
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut VenueOrder> {
        let at = self.search(place).ok()?;
        self.orders_mut(place.side).get_mut(at)
    }

    /// Takes an order out.
    pub(super) fn remove(&mut self, place: Place) -> Option<VenueOrder> {
        let at = self.search(place).ok()?;
        Some(self.orders_mut(place.side).remove(at))
    }

    fn search(&self, place: Place) -> Result<usize, usize> {
        let rank = (-key(place.side, place.price), place.sequence);
        self.orders(place.side)
            .binary_search_by_key(&rank, |order| (-key(place.side, limit(order)), order.sequence))
    }
}

/// The limit of a resting order.
pub(super) fn limit(order: &VenueOrder) -> Ticks {
    order.price.expect("only limit orders rest")
}
