//! When to connect again: after a wait of chance that grows, and never more often than the venue bears.

use std::collections::VecDeque;
use std::time::Duration;

use super::chance::Chance;
use super::fault::Patience;

/// Connections begun in a minute. The venue allows 30 for the public and the private one together.
pub(super) const CONNECTS_MAX: usize = 12;
/// That minute, and a second for two clocks.
pub(super) const CONNECTS_WINDOW: Duration = Duration::from_secs(61);
/// Longest first wait; each failure in a row doubles it.
const WAIT_FIRST: Duration = Duration::from_millis(500);
/// Longest wait.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Longest wait where the venue said that its limits are met or that we may not: at least a tenth of
/// it passes.
const WAIT_LONG: Duration = Duration::from_secs(120);
/// Doublings after which a wait grows no more.
const DOUBLINGS_MAX: u32 = 16;

/// The waits between connections. Instants are durations since any one moment.
#[derive(Debug)]
pub(super) struct BackOff {
    chance: Chance,
    failures: u32,
    begun: VecDeque<Duration>,
    not_before: Duration,
}

impl BackOff {
    pub(super) fn new(seed: u64) -> Self {
        let chance = Chance::new(seed);
        Self { chance, failures: 0, begun: VecDeque::new(), not_before: Duration::ZERO }
    }

    /// A connection ended or never came to be.
    pub(super) fn failed(&mut self, now: Duration, patience: Patience) {
        let wait = match patience {
            Patience::Usual => {
                let most = WAIT_FIRST.saturating_mul(1 << self.failures.min(DOUBLINGS_MAX));
                self.chance.up_to(most.min(WAIT_MAX))
            }
            Patience::Long => WAIT_LONG / 10 + self.chance.up_to(WAIT_LONG * 9 / 10),
        };
        self.failures = self.failures.saturating_add(1);
        self.not_before = now + wait;
    }

    /// A connection was of use for long enough: the next failure is the first of its row.
    pub(super) fn lasted(&mut self) {
        self.failures = 0;
    }

    /// When a connection may begin; then it is taken to have begun.
    pub(super) fn begin(&mut self, now: Duration) -> Duration {
        let mut at = self.not_before.max(now);
        if self.begun.len() >= CONNECTS_MAX
            && let Some(oldest) = self.begun.pop_front()
        {
            at = at.max(oldest + CONNECTS_WINDOW);
        }
        self.begun.push_back(at);
        at
    }

    /// A number of chance, for a name.
    pub(super) fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_more_often_than_the_venue_bears(
            seed in any::<u64>(),
            failures in prop::collection::vec((0u64..3_000, any::<bool>(), any::<bool>()), 1..200),
        ) {
            let mut back_off = BackOff::new(seed);
            let (mut now, mut begun) = (Duration::ZERO, Vec::new());
            for (lived, long, lasted) in failures {
                now = back_off.begin(now);
                begun.push(now);
                now += Duration::from_millis(lived);
                if lasted {
                    back_off.lasted();
                }
                back_off.failed(now, if long { Patience::Long } else { Patience::Usual });
            }
            for (at, begin) in begun.iter().enumerate() {
                let before = begun[..at].iter().filter(|other| *begin - **other < CONNECTS_WINDOW);
                prop_assert!(before.count() < CONNECTS_MAX);
            }
        }
    }

    #[test]
    fn waits_grow_with_failures_in_a_row_and_differ_by_seed() {
        let waits = |seed: u64| -> Vec<Duration> {
            let mut back_off = BackOff::new(seed);
            let wait = |_| {
                back_off.failed(Duration::ZERO, Patience::Usual);
                back_off.not_before
            };
            (0..20).map(wait).collect()
        };
        for seed in 0..50 {
            let waits = waits(seed);
            for (failure, wait) in waits.iter().enumerate() {
                assert!(*wait <= (WAIT_FIRST * (1 << failure.min(10))).min(WAIT_MAX), "{waits:?}");
            }
            assert!(waits.iter().any(|wait| *wait > Duration::from_secs(8)), "{waits:?}");
        }
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
        let mut back_off = BackOff::new(1);
        back_off.failed(Duration::ZERO, Patience::Long);
        assert!(back_off.not_before >= Duration::from_secs(12));
        (0..30).for_each(|_| back_off.failed(Duration::ZERO, Patience::Usual));
        back_off.lasted();
        back_off.failed(Duration::ZERO, Patience::Usual);
        assert!(back_off.not_before <= WAIT_FIRST);
    }
}
