//! How long to wait before trying again: doubling, bounded, and never the same for two clients.

use std::cell::Cell;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

/// Doublings after which the wait grows no more.
const DOUBLINGS_MAX: u32 = 16;

/// A source of chance for waits. Nothing depends on its numbers but when something is tried.
#[derive(Debug)]
pub(super) struct Jitter {
    state: Cell<u64>,
}

impl Jitter {
    /// Seeded by the system; by the address of nothing where that fails, since any seed will do.
    pub(super) fn new() -> Self {
        let mut seed = [0; 8];
        let filled = SystemRandom::new().fill(&mut seed);
        let state = filled.map_or(0x9e37_79b9_7f4a_7c15, |()| u64::from_le_bytes(seed));
        Self { state: Cell::new(state) }
    }

    /// A wait from half of `full` to `full`.
    pub(super) fn of(&self, full: Duration) -> Duration {
        let half = full / 2;
        let span = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
        half + Duration::from_micros(self.next() % span)
    }

    /// The wait before try number `tries` (the first repetition is 1): `base` doubled each time, at
    /// most `most`, from half of that to all of it.
    pub(super) fn back_off(&self, base: Duration, most: Duration, tries: u32) -> Duration {
        let doublings = tries.saturating_sub(1).min(DOUBLINGS_MAX);
        self.of(base.saturating_mul(1 << doublings).min(most))
    }

    /// The next number of splitmix64 (Steele, Lea, Flood 2014).
    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_differ() {
        let (base, most) = (Duration::from_millis(100), Duration::from_secs(5));
        let jitter = Jitter::new();
        for (tries, full) in [(1, 100), (2, 200), (3, 400), (7, 5_000), (1_000, 5_000)] {
            let full = Duration::from_millis(full);
            let waits: Vec<_> = (0..50).map(|_| jitter.back_off(base, most, tries)).collect();
            assert!(waits.iter().all(|wait| (full / 2..=full).contains(wait)), "{waits:?}");
            assert!(waits.iter().any(|wait| wait != &waits[0]), "{waits:?}");
        }
        assert_ne!(Jitter::new().next(), Jitter::new().next());
    }
}
