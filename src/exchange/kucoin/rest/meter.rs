//! Requests by what they are for: how many of them came to what, and what they took.

use std::cell::RefCell;
use std::time::Duration;

use super::failure::Failure;
use crate::exchange::kucoin::protocol::code::CallKind;
use crate::exchange::kucoin::protocol::endpoint::{Endpoint, Pool};
use crate::histogram::Histogram;

/// What requests are for. A few words instead of every endpoint: each has a histogram of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Op {
    /// Sends or changes an order.
    Place,
    /// Takes orders back.
    Cancel,
    /// Sets the dead-man's switch.
    DeadMan,
    /// Asks about orders and fills.
    Orders,
    /// Asks about balances, keys and fees.
    Account,
    /// Asks about the market and its rules.
    Market,
    /// Asks what time it is there.
    Time,
    /// Fetches a token for a websocket.
    Token,
}

impl Op {
    const ALL: [Self; 8] = [
        Self::Place,
        Self::Cancel,
        Self::DeadMan,
        Self::Orders,
        Self::Account,
        Self::Market,
        Self::Time,
        Self::Token,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Cancel => "cancel",
            Self::DeadMan => "dead_man",
            Self::Orders => "orders",
            Self::Account => "account",
            Self::Market => "market",
            Self::Time => "time",
            Self::Token => "token",
        }
    }

    fn of(endpoint: Endpoint) -> Self {
        use crate::exchange::kucoin::protocol::endpoint::Method;
        if endpoint == Endpoint::ServerTime {
            Self::Time
        } else if matches!(endpoint, Endpoint::BulletPublic | Endpoint::BulletPrivate) {
            Self::Token
        } else if matches!(endpoint, Endpoint::DeadManSet | Endpoint::DeadManQuery) {
            Self::DeadMan
        } else if endpoint.kind() == CallKind::Write {
            if endpoint.method() == Method::Delete { Self::Cancel } else { Self::Place }
        } else if !endpoint.is_signed() || endpoint == Endpoint::BookFull {
            Self::Market
        } else if endpoint.pool() == Pool::Management
            || matches!(
                endpoint,
                Endpoint::AccountsOpened
                    | Endpoint::LedgersHf
                    | Endpoint::BaseFee
                    | Endpoint::TradeFees
            )
        {
            Self::Account
        } else {
            Self::Orders
        }
    }
}

/// What can come of a request, in the words of the metrics.
const RESULTS: [&str; 6] = ["ok", "timeout", "rate_limited", "auth", "server", "client"];

/// The place in [`RESULTS`] of what came of a request.
fn result(failure: Option<&Failure>) -> usize {
    match failure {
        None => 0,
        Some(Failure::Unavailable(reason) | Failure::Unresolved(reason)) => {
            // Where the venue said something, it was there.
            if reason.venue.is_some() { 4 } else { 1 }
        }
        Some(Failure::RateLimited { .. }) => 2,
        Some(Failure::Unauthorized(_) | Failure::Clock(_)) => 3,
        Some(Failure::Maintenance(_) | Failure::Malformed(_)) => 4,
        Some(
            Failure::Rejected(_)
            | Failure::NotFound(_)
            | Failure::Duplicate(_)
            | Failure::Halted(_),
        ) => 5,
    }
}

/// Requests for one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpCount {
    /// What for: one of a few words.
    pub op: &'static str,
    results: [u64; RESULTS.len()],
    /// From the sending to the answer or the failure, a new connection included.
    pub took: Histogram,
}

impl OpCount {
    /// What came of them: `ok`, `timeout` (no answer), `rate_limited`, `auth` (key or time not believed),
    /// `server` or `client` (the venue did not like what was asked), each with how often.
    pub fn results(&self) -> impl Iterator<Item = (&'static str, u64)> {
        RESULTS.into_iter().zip(self.results)
    }
}

/// The counts of a client.
#[derive(Debug)]
pub(super) struct Meter {
    /// By [`Op`].
    counts: RefCell<[OpCount; Op::ALL.len()]>,
}

impl Default for Meter {
    fn default() -> Self {
        let none =
            |op: Op| OpCount { op: op.as_str(), results: [0; 6], took: Histogram::default() };
        Self { counts: RefCell::new(Op::ALL.map(none)) }
    }
}

impl Meter {
    /// A try ended so.
    pub(super) fn tried(&self, endpoint: Endpoint, failure: Option<&Failure>) {
        self.with(endpoint, |count| {
            if let Some(count) = count.results.get_mut(result(failure)) {
                *count += 1;
            }
        });
    }

    /// A request took this long, whatever came of it.
    pub(super) fn took(&self, endpoint: Endpoint, took: Duration) {
        self.with(endpoint, |count| count.took.observe(took));
    }

    /// What was ever asked for.
    pub(super) fn counts(&self) -> Vec<OpCount> {
        let counts = self.counts.borrow();
        counts.iter().filter(|count| count.took.count() > 0).copied().collect()
    }

    fn with(&self, endpoint: Endpoint, change: impl FnOnce(&mut OpCount)) {
        if let Some(count) = self.counts.borrow_mut().get_mut(Op::of(endpoint) as usize) {
            change(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::kucoin::protocol::code::Class;
    use crate::exchange::kucoin::rest::{Reason, VenueReason};

    #[test]
    fn every_operation_is_counted_in_its_own_place() {
        for (at, op) in Op::ALL.into_iter().enumerate() {
            assert_eq!(op as usize, at);
        }
        for (endpoint, op) in [
            (Endpoint::Place, Op::Place),
            (Endpoint::StopPlace, Op::Place),
            (Endpoint::CancelEverything, Op::Cancel),
            (Endpoint::DeadManSet, Op::DeadMan),
            (Endpoint::Fills, Op::Orders),
            (Endpoint::Accounts, Op::Account),
            (Endpoint::TradeFees, Op::Account),
            (Endpoint::Level1, Op::Market),
            (Endpoint::BookFull, Op::Market),
            (Endpoint::ServerTime, Op::Time),
            (Endpoint::BulletPrivate, Op::Token),
        ] {
            assert_eq!(Op::of(endpoint), op, "{endpoint:?}");
        }
    }

    #[test]
    fn what_came_of_a_request_is_counted_once_and_what_was_never_asked_is_not_shown() {
        let meter = Meter::default();
        assert_eq!(meter.counts(), []);
        let failure = |class, venue: bool| {
            let venue =
                venue.then(|| VenueReason { http_status: 500, code: None, message: String::new() });
            let reason = Reason { call: Endpoint::Place, venue, what: String::new() };
            Failure::of(class, reason, Duration::ZERO)
        };
        let outcomes = [
            None,
            Some(failure(Class::Unresolved, false)),
            Some(failure(Class::RateLimited, true)),
            Some(failure(Class::Unauthorized, true)),
            Some(failure(Class::Unavailable, true)),
            Some(failure(Class::Rejected, true)),
        ];
        for outcome in &outcomes {
            meter.took(Endpoint::Place, Duration::from_millis(20));
            meter.tried(Endpoint::Place, outcome.as_ref());
        }
        let counts = meter.counts();
        let [count] = counts.as_slice() else { panic!("{counts:?}") };
        assert_eq!((count.op, count.took.count()), ("place", 6));
        assert_eq!(count.results().collect::<Vec<_>>(), RESULTS.map(|result| (result, 1)));
    }
}
