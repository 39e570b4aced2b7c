//! What the client did, counted.

use std::cell::Cell;
use std::time::Duration;

use super::failure::Failure;

/// Counts since the client was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RestCount {
    /// Requests of which a byte may have left.
    pub requests: u64,
    /// Tries of calls that were answered, or not, by the venue's doing or the network's.
    pub calls: u64,
    /// Of those, the ones that failed for another reason than what was asked.
    pub errors: u64,
    /// Connections opened.
    pub connections: u64,
    /// Reads that were tried again, and writes that were sent again because nothing had happened.
    pub repeats: u64,
    /// Writes whose outcome was not learnt.
    pub unresolved: u64,
    /// Calls refused for their rate, by the venue or by our own budget.
    pub rate_limited: u64,
    /// Times the venue did not believe our time.
    pub clock_refusals: u64,
}

/// The counts of a client, as it goes.
#[derive(Debug, Default)]
pub(super) struct Counter {
    count: Cell<RestCount>,
    /// Since when no try was answered, by the monotonic clock.
    unanswered_since: Cell<Option<Duration>>,
}

impl Counter {
    pub(super) fn get(&self) -> RestCount {
        self.count.get()
    }

    /// Since when no try was answered; `None` while they are.
    pub(super) fn unanswered_since(&self) -> Option<Duration> {
        self.unanswered_since.get()
    }

    /// Counts a try that ended now; `None` for one that was answered as asked.
    pub(super) fn tried(&self, failure: Option<&Failure>, now: Duration) {
        self.add(|count| &mut count.calls);
        if failure.is_some_and(is_error) {
            self.add(|count| &mut count.errors);
        }
        let silent = matches!(failure, Some(Failure::Unavailable(_) | Failure::Unresolved(_)));
        let since = self.unanswered_since.get().unwrap_or(now);
        self.unanswered_since.set(silent.then_some(since));
    }

    pub(super) fn add(&self, what: impl FnOnce(&mut RestCount) -> &mut u64) {
        let mut count = self.count.get();
        let one = what(&mut count);
        *one = one.saturating_add(1);
        self.count.set(count);
    }
}

/// False where the venue answered, and only did not like or know what was asked.
fn is_error(failure: &Failure) -> bool {
    match failure {
        Failure::Rejected(_)
        | Failure::NotFound(_)
        | Failure::Duplicate(_)
        | Failure::Halted(_) => false,
        Failure::Unresolved(_)
        | Failure::Unavailable(_)
        | Failure::Unauthorized(_)
        | Failure::Clock(_)
        | Failure::RateLimited { .. }
        | Failure::Maintenance(_)
        | Failure::Malformed(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::kucoin::protocol::code::Class;
    use crate::exchange::kucoin::protocol::endpoint::Endpoint;
    use crate::exchange::kucoin::rest::Reason;

    #[test]
    fn a_refused_order_is_an_answer_and_silence_is_none() {
        let failure = |class| {
            let reason = Reason { call: Endpoint::Accounts, venue: None, what: String::new() };
            Failure::of(class, reason, Duration::ZERO)
        };
        let counter = Counter::default();
        let tried = |class: Option<Class>, s| {
            let failure = class.map(failure);
            counter.tried(failure.as_ref(), Duration::from_secs(s));
            let RestCount { calls, errors, .. } = counter.get();
            (calls, errors, counter.unanswered_since().map(|since| since.as_secs()))
        };
        assert_eq!(tried(None, 1), (1, 0, None));
        assert_eq!(tried(Some(Class::Rejected), 2), (2, 0, None));
        assert_eq!(tried(Some(Class::Unavailable), 3), (3, 1, Some(3)));
        assert_eq!(tried(Some(Class::Unresolved), 9), (4, 2, Some(3)));
        assert_eq!(tried(Some(Class::RateLimited), 10), (5, 3, None));
        assert_eq!(tried(Some(Class::Unavailable), 11), (6, 4, Some(11)));
        assert_eq!(tried(None, 12), (7, 4, None));
    }
}
