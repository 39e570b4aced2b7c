//! How long the venue takes to answer an order: from its intent to the first word of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::durations::Durations;
use crate::domain::identifier::ClientOrderId;
use crate::domain::order_status::OrderStatus;
use crate::domain::record::{Fact, Record};
use crate::domain::time::Timestamp;

/// Orders that may wait for an answer: far more than are at work at once. Further ones are not timed.
const WAITING_MAX: usize = 1_024;

/// The orders without an answer, and how long the answers took that came.
#[derive(Clone, Debug, Default)]
pub(super) struct Acks {
    waiting: BTreeMap<ClientOrderId, Timestamp>,
    took: Durations,
}

impl Acks {
    /// Looks at a fact.
    pub(super) fn count(&mut self, fact: &Fact) {
        if let Record::Intent(intent) = &fact.record {
            self.sent(intent.client_order_id, fact.at);
        } else if let Record::Order(order) = &fact.record {
            self.heard(&order.client_order_id, order.status, fact.at);
        } else if let Record::Fill(fill) = &fact.record {
            self.heard(&fill.client_order_id, OrderStatus::PartiallyFilled, fact.at);
        }
    }

    /// How long the answers took since this was last asked.
    pub(super) fn take(&mut self) -> Durations {
        std::mem::take(&mut self.took)
    }

    fn sent(&mut self, id: ClientOrderId, at: Timestamp) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.insert(id, at);
        }
    }

    fn heard(&mut self, id: &ClientOrderId, status: OrderStatus, at: Timestamp) {
        if !is_answer(status) {
            return;
        }
        if let Some(sent) = self.waiting.remove(id) {
            let us = u64::try_from(at.us_since(sent)).unwrap_or(0);
            self.took.add(Duration::from_micros(us));
        }
    }
}

/// True where the venue must have said so.
fn is_answer(status: OrderStatus) -> bool {
    match status {
        OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::Filled
        | OrderStatus::Canceled
        | OrderStatus::Rejected
        | OrderStatus::Expired => true,
        OrderStatus::Created
        | OrderStatus::Submitted
        | OrderStatus::Unresolved
        | OrderStatus::PendingCancel => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_answered_once_by_the_venue_and_not_by_silence() {
        let mut acks = Acks::default();
        let id = |text: &str| ClientOrderId::new(text).unwrap();
        acks.sent(id("a-1-1"), Timestamp::from_ms(0));
        acks.sent(id("a-1-2"), Timestamp::from_ms(40));
        for (ms, order, status) in [
            (1, "a-1-1", OrderStatus::Submitted),
            (2, "a-1-1", OrderStatus::Unresolved),
            (20, "a-1-1", OrderStatus::New),
            (30, "a-1-1", OrderStatus::Filled),
            (41, "a-1-3", OrderStatus::New),
        ] {
            acks.heard(&id(order), status, Timestamp::from_ms(ms));
        }
        let took = acks.take();
        assert_eq!((took.count(), took.percentile_us(100).unwrap() / 1_000), (1, 20));
        assert_eq!(acks.take().count(), 0, "told once");
        assert_eq!(acks.waiting.len(), 1);
    }

    #[test]
    fn what_nobody_answers_does_not_grow_without_bound() {
        let mut acks = Acks::default();
        for number in 0..2 * WAITING_MAX {
            let id = ClientOrderId::new(&format!("a-1-{number}")).unwrap();
            acks.sent(id, Timestamp::from_ms(0));
        }
        assert_eq!(acks.waiting.len(), WAITING_MAX);
    }
}
