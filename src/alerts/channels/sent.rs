//! What came of a channel's attempts, for who watches from another thread.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Outcome;

/// Counts since the channel was made.
#[derive(Debug, Default)]
pub struct SentCount {
    delivered: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
}

impl SentCount {
    pub(super) fn count(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Delivered => &self.delivered,
            Outcome::TryAgain { .. } => &self.failed,
            Outcome::Refused { .. } => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Attempts by what came of them: `delivered`, `failed` (tried again later) and `refused` (given up).
    pub fn results(&self) -> [(&'static str, u64); 3] {
        [
            ("delivered", self.delivered.load(Ordering::Relaxed)),
            ("failed", self.failed.load(Ordering::Relaxed)),
            ("refused", self.refused.load(Ordering::Relaxed)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_a_count_of_its_own() {
        let count = SentCount::default();
        let refused = Outcome::Refused { why: String::new() };
        for outcome in [Outcome::Delivered, Outcome::try_again(""), refused, Outcome::Delivered] {
            count.count(&outcome);
        }
        assert_eq!(count.results(), [("delivered", 2), ("failed", 1), ("refused", 1)]);
    }
}
