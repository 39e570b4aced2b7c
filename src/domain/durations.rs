//! Many durations in little memory: how many fell where, so that the slowest of a hundred can be told.
//!
//! A duration falls into one of the parts of its power of two: what is told is at most
//! a 32nd above what was taken, whatever its size. Counts only; a minute of a busy loop costs as much as
//! an idle one.

use std::time::Duration;

/// Parts of each power of two: a figure is at most a 32nd too large.
const PARTS: u64 = 32;
/// log2 of [`PARTS`].
const PARTS_LOG2: u32 = PARTS.ilog2();
/// Powers of two that are told apart, in microseconds: up to 2^42 us, which is 50 days.
const POWERS: u64 = 42;
/// Counters.
const CELLS: usize = ((POWERS - PARTS_LOG2 as u64 + 1) * PARTS) as usize;

/// Durations, by size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Durations {
    cells: Box<[u32; CELLS]>,
    count: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self { cells: Box::new([0; CELLS]), count: 0 }
    }
}

impl Durations {
    /// Takes one in; what is longer than any that is told apart counts as the longest.
    pub fn add(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        if let Some(cell) = self.cells.get_mut(cell_of(us)) {
            *cell = cell.saturating_add(1);
            self.count += 1;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The shortest duration that `percent` of all do not exceed (nearest rank), in microseconds, rounded up
    /// to its part; none of none.
    pub fn percentile_us(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent.min(100)).div_ceil(100).max(1);
        let mut below = 0;
        self.cells.iter().zip(0..).find_map(|(count, cell)| {
            below += u64::from(*count);
            (below >= rank).then(|| upper_us(cell))
        })
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.cells.fill(0);
        self.count = 0;
    }
}

/// Which cell: below [`PARTS`] each microsecond has its own.
fn cell_of(us: u64) -> usize {
    let cell = if us < PARTS {
        us
    } else {
        let power = u64::from(us.ilog2() - PARTS_LOG2);
        power * PARTS + (us >> power)
    };
    usize::try_from(cell).unwrap_or(usize::MAX).min(CELLS - 1)
}

/// The largest duration of a cell.
fn upper_us(cell: u64) -> u64 {
    if cell < 2 * PARTS {
        return cell;
    }
    let power = cell / PARTS - 1;
    ((cell % PARTS + PARTS + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(us: impl IntoIterator<Item = u64>) -> Durations {
        let mut durations = Durations::default();
        us.into_iter().for_each(|us| durations.add(Duration::from_micros(us)));
        durations
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        assert_eq!(of([]).percentile_us(50), None);
        let small = of([5, 1, 4, 2, 3]);
        let of_small = |percent| small.percentile_us(percent);
        assert_eq!([0, 20, 21, 50, 95, 100].map(of_small), [1, 1, 2, 3, 5, 5].map(Some));
        let hundred = of((1..=99).map(|_| 10).chain([60]));
        assert_eq!((hundred.percentile_us(99), hundred.percentile_us(100)), (Some(10), Some(60)));
        let mut cleared = hundred;
        cleared.clear();
        assert_eq!((cleared.count(), cleared.percentile_us(99)), (0, None));
        assert_eq!(cleared, Durations::default());
    }

    #[test]
    fn what_is_too_long_is_the_longest_and_nothing_is_lost() {
        let longest = of([u64::MAX, 1]);
        assert_eq!(longest.count(), 2);
        assert_eq!(longest.percentile_us(100), Some((1 << 42) - 1));
    }

    proptest::proptest! {
        /// Told is at least what was taken, and at most a 32nd more.
        #[test]
        fn what_is_told_is_at_most_a_part_too_large(us in 0..(1u64 << 42)) {
            let told = of([us]).percentile_us(50).unwrap();
            proptest::prop_assert!(us <= told && told - us <= us / PARTS, "{us}: {told}");
        }
    }
}
