//! What is counted for the metrics since the start of the process. Every map is bounded: its keys are
//! words of ours, or the venue's codes up to a number.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::decimal::Decimal;
use crate::domain::hold::{HoldCode, Level};
use crate::domain::identifier::ClientOrderId;
use crate::domain::operator::{Outcome, Wish};
use crate::domain::order_status::OrderStatus;
use crate::domain::record::{Fact, OrderRecord, Record};
use crate::domain::time::Timestamp;

/// Codes of the venue that are counted one by one; further ones are counted as code 0.
const REJECT_CODES_MAX: usize = 64;
/// Canceled orders that are remembered by name: more than are at work at once.
const CANCELED_MAX: usize = 256;

/// The counts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Counters {
    /// Changes of the agent's state: from, to, and the hold behind it.
    pub transitions: BTreeMap<(Level, Level, HoldCode), u64>,
    /// When the state last changed, by the engine's clock.
    pub state_since: Option<Timestamp>,
    /// How often the kill switch was set, by the way the order came.
    pub kills: BTreeMap<&'static str, u64>,
    /// Entries that were not sent, by why not.
    pub denied: BTreeMap<&'static str, u64>,
    /// Orders that the venue took.
    pub accepted: u64,
    /// Orders that the venue has not answered yet.
    unanswered: BTreeSet<ClientOrderId>,
    /// Orders that the venue refused, by its code.
    pub rejected: BTreeMap<u32, u64>,
    /// Orders that ended canceled or expired.
    pub canceled: u64,
    /// The last of them, by name.
    canceled_last: VecDeque<ClientOrderId>,
    /// Fills, by side and liquidity.
    pub fills: BTreeMap<(&'static str, &'static str), u64>,
    /// What was bought and sold, in quote units.
    pub notional: Decimal,
    /// Fees, in quote units.
    pub fees: Decimal,
    /// Realized after both sides' fees, in quote units.
    pub net: Decimal,
}

impl Counters {
    /// Counts a fact.
    pub fn count(&mut self, fact: &Fact) {
        match &fact.record {
            Record::Order(order) => self.count_order(order),
            Record::Intent(intent) => {
                self.unanswered.insert(intent.client_order_id);
            }
            Record::Fill(fill) => {
                self.answer(&fill.client_order_id);
                let labels = (fill.side.as_str(), fill.liquidity.as_str());
                *self.fills.entry(labels).or_default() += 1;
                self.notional += fill.notional;
                self.fees += fill.fee;
                self.net += fill.realized.as_ref().map(|it| it.net).unwrap_or_default();
            }
            Record::Transition(change) => {
                *self.transitions.entry((change.from, change.to, change.code)).or_default() += 1;
                self.state_since = Some(fact.at);
            }
            Record::Operator(said) => {
                if matches!(said.command.wish, Wish::Kill { .. }) && said.outcome == Outcome::Done {
                    *self.kills.entry(said.command.via.as_str()).or_default() += 1;
                }
            }
            Record::Decision(_)
            | Record::KillVerified { .. }
            | Record::HoldSet(_)
            | Record::HoldCleared { .. }
            | Record::Transfer(_)
            | Record::Surprise(_)
            | Record::Run { .. } => {}
        }
    }

    /// Counts an entry that was not sent.
    pub fn refuse(&mut self, code: &'static str) {
        *self.denied.entry(code).or_default() += 1;
    }

    /// True where the order of that name was canceled, of late.
    pub fn was_canceled(&self, id: &str) -> bool {
        self.canceled_last.iter().any(|canceled| canceled.as_str() == id)
    }

    fn count_order(&mut self, order: &OrderRecord) {
        match order.status {
            OrderStatus::Rejected => {
                self.unanswered.remove(&order.client_order_id);
                let code = order.reason_code.unwrap_or(0);
                let known = self.rejected.contains_key(&code);
                let full = self.rejected.len() >= REJECT_CODES_MAX;
                *self.rejected.entry(if full && !known { 0 } else { code }).or_default() += 1;
            }
            OrderStatus::New | OrderStatus::PartiallyFilled | OrderStatus::Filled => {
                self.answer(&order.client_order_id);
            }
            OrderStatus::Canceled | OrderStatus::Expired => {
                // Where the venue never named it, it never got there.
                match order.venue_order_id {
                    Some(_) => self.answer(&order.client_order_id),
                    None => drop(self.unanswered.remove(&order.client_order_id)),
                }
                self.canceled += 1;
                self.canceled_last.truncate(CANCELED_MAX - 1);
                self.canceled_last.push_front(order.client_order_id);
            }
            OrderStatus::Created
            | OrderStatus::Submitted
            | OrderStatus::Unresolved
            | OrderStatus::PendingCancel => {}
        }
    }

    /// The venue has the order: said of each once.
    fn answer(&mut self, id: &ClientOrderId) {
        self.accepted += u64::from(self.unanswered.remove(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(status: OrderStatus) -> OrderRecord {
        OrderRecord {
            client_order_id: crate::domain::text::Text::new("a").unwrap(),
            venue_order_id: None,
            status,
            filled: Decimal::ZERO,
            notional: Decimal::ZERO,
            fee: Decimal::ZERO,
            reason_code: None,
            reason: None,
        }
    }

    #[test]
    fn an_order_is_accepted_once_or_rejected_once_or_neither() {
        use OrderStatus::{Canceled, New, PendingCancel, Rejected, Submitted, Unresolved};
        for (statuses, accepted, rejected, canceled) in [
            (vec![Submitted, New, PendingCancel, New, Canceled], 1, 0, 1),
            (vec![Submitted, Unresolved, New, New], 1, 0, 0),
            (vec![Submitted, Rejected], 0, 1, 0),
            (vec![Canceled], 0, 0, 1),
        ] {
            let mut counters = Counters::default();
            counters.unanswered.insert(order(New).client_order_id);
            for status in &statuses {
                counters.count_order(&order(*status));
            }
            let found = (counters.accepted, counters.rejected.values().sum(), counters.canceled);
            assert_eq!(found, (accepted, rejected, canceled), "{statuses:?}");
            assert_eq!(counters.was_canceled("a"), canceled > 0);
            assert!(!counters.was_canceled("b"));
        }
    }

    #[test]
    fn codes_of_the_venue_do_not_grow_without_bound() {
        let mut counters = Counters::default();
        let mut refused = order(OrderStatus::Rejected);
        for code in 1..1_000 {
            refused.reason_code = Some(code);
            counters.count_order(&refused);
        }
        assert_eq!(counters.rejected.len(), REJECT_CODES_MAX + 1);
        assert_eq!(counters.rejected.values().sum::<u64>(), 999);
    }
}
