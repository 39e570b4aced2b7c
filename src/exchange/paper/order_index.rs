//! The account's orders by identifier: where the open ones rest, and the last closed ones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::identifier::ClientOrderId;
use crate::domain::time::Timestamp;

use super::order::VenueOrder;
use super::resting::Place;

/// Closed orders kept in memory, the oldest go first; disk has them all.
pub const CLOSED_ORDERS_KEPT: usize = 1_000;

/// Open and closed orders. Of those that share a client order id, the newest has it.
#[derive(Debug, Default)]
pub(super) struct OrderIndex {
    sequences: BTreeMap<ClientOrderId, u64>,
    open: BTreeMap<u64, Place>,
    closed: BTreeMap<u64, VenueOrder>,
    closed_in_order: VecDeque<u64>,
    /// When open orders end by themselves.
    ends: BTreeSet<(Timestamp, u64)>,
}

impl OrderIndex {
    /// Notes that an order rests.
    pub(super) fn open(&mut self, order: &VenueOrder) {
        self.name(order.client_order_id, order.sequence);
        self.open.insert(order.sequence, Place::of(order));
        if let Some(at) = order.expires_at {
            self.ends.insert((at, order.sequence));
        }
    }

    /// Notes that an order is over, whether it rested or not.
    pub(super) fn close(&mut self, order: VenueOrder) {
        self.open.remove(&order.sequence);
        if let Some(at) = order.expires_at {
            self.ends.remove(&(at, order.sequence));
        }
        if self.closed_in_order.len() >= CLOSED_ORDERS_KEPT
            && let Some(oldest) = self.closed_in_order.pop_front()
            && let Some(forgotten) = self.closed.remove(&oldest)
            && self.sequences.get(&forgotten.client_order_id) == Some(&oldest)
        {
            self.sequences.remove(&forgotten.client_order_id);
        }
        self.name(order.client_order_id, order.sequence);
        self.closed_in_order.push_back(order.sequence);
        self.closed.insert(order.sequence, order);
    }

    /// The sequence of the newest order of this id.
    pub(super) fn sequence(&self, id: &ClientOrderId) -> Option<u64> {
        self.sequences.get(id).copied()
    }

    /// True where the id is an open or recently closed order's.
    pub(super) fn knows(&self, id: &ClientOrderId) -> bool {
        self.sequences.contains_key(id)
    }

    /// Where an open order rests.
    pub(super) fn place(&self, sequence: u64) -> Option<Place> {
        self.open.get(&sequence).copied()
    }

    /// Where the open order of this id rests.
    pub(super) fn place_of(&self, id: &ClientOrderId) -> Option<Place> {
        self.place(self.sequence(id)?)
    }

    /// A recently closed order.
    pub(super) fn closed(&self, sequence: u64) -> Option<&VenueOrder> {
        self.closed.get(&sequence)
    }

    /// How many orders are open.
    pub(super) fn open_count(&self) -> usize {
        self.open.len()
    }

    /// When the next open order ends by itself.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(at, _)| *at)
    }

    /// The next open order that ends by itself up to `now`: when, and where it rests.
    pub(super) fn ended(&self, now: Timestamp) -> Option<(Timestamp, Place)> {
        let &(at, sequence) = self.ends.first().filter(|(at, _)| *at <= now)?;
        Some((at, self.place(sequence)?))
    }

    fn name(&mut self, id: ClientOrderId, sequence: u64) {
        let newest = self.sequences.entry(id).or_insert(sequence);
        *newest = sequence.max(*newest);
    }
}
