//! When something is due again.

use std::time::Duration;

/// An interval, and when it is over next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Every {
    pub(super) interval: Duration,
    due: Duration,
}

impl Every {
    /// Due at once.
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, due: Duration::ZERO }
    }

    /// Due an interval after `now`.
    pub(super) fn from(now: Duration, interval: Duration) -> Self {
        Self { interval, due: now + interval }
    }

    /// True once an interval.
    pub(super) fn is_due(&mut self, now: Duration) -> bool {
        let due = now >= self.due;
        if due {
            self.due = now + self.interval;
        }
        due
    }
}
