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
        match &fact.record {
            Record::Intent(intent) if self.waiting.len() < WAITING_MAX => {
                self.waiting.insert(intent.client_order_id, fact.at);
            }
            Record::Order(order) if is_answer(order.status) => {
                self.answered(&order.client_order_id, fact.at);
            }
            Record::Fill(fill) => self.answered(&fill.client_order_id, fact.at),
            Record::Intent(_)
            | Record::Order(_)
            | Record::Decision(_)
            | Record::HoldSet(_)
            | Record::HoldCleared { .. }
            | Record::Transition(_)
            | Record::Operator(_)
            | Record::KillVerified { .. }
            | Record::Transfer(_)
            | Record::Surprise(_)
            | Record::Run { .. } => {}
        }
    }

    /// How long the answers took since this was last asked.
    pub(super) fn take(&mut self) -> Durations {
        std::mem::take(&mut self.took)
    }

    fn answered(&mut self, id: &ClientOrderId, at: Timestamp) {
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
    use crate::domain::decimal::Decimal;
    use crate::domain::order::{Purpose, TimeInForce};
    use crate::domain::record::{IntentRecord, OrderRecord};
    use crate::domain::side::Side;
    use crate::domain::symbol::Symbol;

    fn intent(id: &str) -> Record {
        Record::Intent(IntentRecord {
            client_order_id: ClientOrderId::new(id).unwrap(),
            symbol: Symbol::new("BTC-USDT").unwrap(),
            side: Side::Buy,
            purpose: Purpose::Entry,
            price: Some(Decimal::ONE),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            quantity: Decimal::ONE,
            reference_price: Decimal::ONE,
        })
    }

    fn order(id: &str, status: OrderStatus) -> Record {
        Record::Order(OrderRecord {
            client_order_id: ClientOrderId::new(id).unwrap(),
            venue_order_id: None,
            status,
            filled: Decimal::ZERO,
            notional: Decimal::ZERO,
            fee: Decimal::ZERO,
            reason_code: None,
            reason: None,
        })
    }

    #[test]
    fn an_order_is_answered_once_by_the_venue_and_not_by_silence() {
        let mut acks = Acks::default();
        for (ms, record) in [
            (0, intent("a-1-1")),
            (1, order("a-1-1", OrderStatus::Submitted)),
            (2, order("a-1-1", OrderStatus::Unresolved)),
            (20, order("a-1-1", OrderStatus::New)),
            (30, order("a-1-1", OrderStatus::Filled)),
            (40, intent("a-1-2")),
            (41, order("a-1-3", OrderStatus::New)),
        ] {
            acks.count(&Fact { at: Timestamp::from_ms(ms), input: None, record });
        }
        let took = acks.take();
        let ms = took.percentile_us(100).unwrap() / 1_000;
        assert_eq!((took.count(), ms), (1, 20));
        assert_eq!(acks.take().count(), 0, "told once");
        assert_eq!(acks.waiting.len(), 1);
    }
}
