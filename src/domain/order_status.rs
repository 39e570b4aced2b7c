//! OrdStatus (FIX 39) and its one transition table, [`next`].
//!
//! `Created`, `Submitted` and `Unresolved` are ours; the rest are the venue's.

use serde::{Deserialize, Serialize};

/// Where an order is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Written down, not sent.
    Created,
    /// Sent, no answer yet.
    Submitted,
    /// Sent, the answer is lost: only the venue can say. Never taken for a rejection.
    Unresolved,
    /// Accepted and working.
    New,
    /// Working, partly filled.
    PartiallyFilled,
    /// A cancel is on its way.
    PendingCancel,
    /// Filled whole.
    Filled,
    /// Canceled, possibly after partial fills.
    Canceled,
    /// Refused by the venue.
    Rejected,
    /// Ended by its time in force, possibly after partial fills.
    Expired,
}

/// What can happen to an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OrderEvent {
    /// It was sent.
    Sent,
    /// No answer came.
    AnswerLost,
    /// The venue took it.
    Accepted,
    /// The venue refused it.
    Rejected,
    /// Some of it filled, some remains.
    PartFilled,
    /// The rest of it filled.
    Filled,
    /// We asked for its cancel.
    CancelSent,
    /// The venue refused the cancel.
    CancelRejected,
    /// The venue canceled it.
    Canceled,
    /// Its time in force ended it.
    Expired,
}

/// A pair the table does not know: a bug of ours or a protocol surprise, to be written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IllegalTransition {
    /// From.
    pub status: OrderStatus,
    /// By.
    pub event: OrderEvent,
}

impl OrderStatus {
    /// Every status, for tables and tests.
    pub const ALL: [Self; 10] = [
        Self::Created,
        Self::Submitted,
        Self::Unresolved,
        Self::New,
        Self::PartiallyFilled,
        Self::PendingCancel,
        Self::Filled,
        Self::Canceled,
        Self::Rejected,
        Self::Expired,
    ];

    /// True where nothing more is expected.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Filled | Self::Canceled | Self::Rejected | Self::Expired)
    }

    /// The ledger's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Submitted => "submitted",
            Self::Unresolved => "unresolved",
            Self::New => "new",
            Self::PartiallyFilled => "partially_filled",
            Self::PendingCancel => "pending_cancel",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

impl std::fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for OrderStatus {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no order status"))
    }
}

impl OrderEvent {
    /// Every event, for tables and tests.
    pub const ALL: [Self; 10] = [
        Self::Sent,
        Self::AnswerLost,
        Self::Accepted,
        Self::Rejected,
        Self::PartFilled,
        Self::Filled,
        Self::CancelSent,
        Self::CancelRejected,
        Self::Canceled,
        Self::Expired,
    ];
}

/// The table: the status after an event, or the pair if it must not happen.
pub fn next(status: OrderStatus, event: OrderEvent) -> Result<OrderStatus, IllegalTransition> {
    use OrderEvent as E;
    use OrderStatus as S;
    Ok(match (status, event) {
        (S::Created, E::Sent) => S::Submitted,
        // Found never to have left: a crash between the write and the send.
        (S::Created, E::Rejected | E::Canceled | E::Expired) => S::Canceled,
        (S::Submitted, E::AnswerLost) => S::Unresolved,
        // A push can overtake the answer to the request.
        (S::Submitted | S::Unresolved | S::New, E::Accepted) => S::New,
        (S::Submitted | S::Unresolved | S::Created, E::PartFilled) => S::PartiallyFilled,
        (S::Created, E::Accepted) => S::New,
        (S::Submitted | S::Unresolved, E::Rejected) => S::Rejected,
        (S::New | S::PartiallyFilled, E::PartFilled) => S::PartiallyFilled,
        (S::PartiallyFilled, E::Accepted) => S::PartiallyFilled,
        (
            S::Created
            | S::Submitted
            | S::Unresolved
            | S::New
            | S::PartiallyFilled
            | S::PendingCancel,
            E::Filled,
        ) => S::Filled,
        (S::Submitted | S::Unresolved | S::New | S::PartiallyFilled, E::CancelSent) => {
            S::PendingCancel
        }
        (S::PendingCancel, E::CancelSent | E::Accepted | E::PartFilled | E::AnswerLost) => {
            S::PendingCancel
        }
        // The order still works: the cancel came too early, too late or to the wrong place.
        (S::PendingCancel, E::CancelRejected) => S::New,
        (S::PendingCancel, E::Rejected) => S::Rejected,
        (
            S::Submitted | S::Unresolved | S::New | S::PartiallyFilled | S::PendingCancel,
            E::Canceled,
        ) => S::Canceled,
        (
            S::Submitted | S::Unresolved | S::New | S::PartiallyFilled | S::PendingCancel,
            E::Expired,
        ) => S::Expired,
        // Real venues report a fill after the cancel it crossed with: the fill is the truth.
        (S::Canceled | S::Expired, E::PartFilled) => status,
        (S::Canceled | S::Expired | S::Rejected, E::Filled) => S::Filled,
        // A cancel that arrives after the end is answered with a refusal; a duplicate push repeats.
        (S::Filled | S::Canceled | S::Expired | S::Rejected, E::CancelRejected) => status,
        (S::Filled, E::Accepted | E::Filled) => status,
        (S::Canceled, E::Canceled) | (S::Expired, E::Expired) | (S::Rejected, E::Rejected) => {
            status
        }
        _ => return Err(IllegalTransition { status, event }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_decided_and_only_a_fill_moves_an_ended_order() {
        for status in OrderStatus::ALL {
            for event in OrderEvent::ALL {
                match next(status, event) {
                    Ok(after) if status.is_terminal() => {
                        assert!(
                            after == status
                                || (event == OrderEvent::Filled && after == OrderStatus::Filled),
                            "{status:?} {event:?} -> {after:?}"
                        );
                    }
                    Ok(after) => assert_ne!(after, OrderStatus::Created, "{status:?} {event:?}"),
                    Err(illegal) => assert_eq!(illegal, IllegalTransition { status, event }),
                }
            }
        }
    }

    #[test]
    fn a_lost_answer_is_never_a_rejection() {
        assert_eq!(
            next(OrderStatus::Submitted, OrderEvent::AnswerLost),
            Ok(OrderStatus::Unresolved)
        );
        assert_eq!(next(OrderStatus::Unresolved, OrderEvent::Accepted), Ok(OrderStatus::New));
    }

    #[test]
    fn words_round_trip() {
        for status in OrderStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }
}
