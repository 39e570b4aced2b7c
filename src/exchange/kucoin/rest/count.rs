//! What the client did, counted.

use std::cell::Cell;

/// Counts since the client was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RestCount {
    /// Requests of which a byte may have left.
    pub requests: u64,
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
pub(super) struct Counter(Cell<RestCount>);

impl Counter {
    pub(super) fn get(&self) -> RestCount {
        self.0.get()
    }

    pub(super) fn add(&self, what: impl FnOnce(&mut RestCount) -> &mut u64) {
        let mut count = self.0.get();
        let one = what(&mut count);
        *one = one.saturating_add(1);
        self.0.set(count);
    }
}
