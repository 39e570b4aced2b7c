//! Figures of many samples: the middle, how far from it they lie, and the slowest of a hundred.
//!
//! The middle is the median and the spread the median absolute deviation: a few wild samples move neither.

use serde::{Deserialize, Serialize};

/// A sample, or a figure of samples: never money.
#[expect(clippy::disallowed_types, reason = "statistics of a process are no money")]
pub type Reading = f64;

/// A count as a reading: exact up to 2^53.
#[expect(clippy::disallowed_types, reason = "as Reading")]
pub fn reading(count: u64) -> Reading {
    count as f64
}

/// Microseconds as hours.
pub fn hours(us: i64) -> Reading {
    let magnitude = reading(us.unsigned_abs()) / 3.6e9;
    if us < 0 { -magnitude } else { magnitude }
}

/// What a series was like.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stats {
    /// Samples.
    pub n: u64,
    /// Their mean.
    pub mean: Reading,
    /// Their median: of an even number the mean of the middle two.
    pub median: Reading,
    /// The median of their distances from the median.
    pub mad: Reading,
    /// What 95 of 100 do not exceed (nearest rank).
    pub p95: Reading,
    /// What 99 of 100 do not exceed.
    pub p99: Reading,
}

impl Stats {
    /// Of a series; none of none.
    pub fn of(values: &[Reading]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(Reading::total_cmp);
        let median = middle(&sorted)?;
        let mut distances: Vec<Reading> = sorted.iter().map(|it| (it - median).abs()).collect();
        distances.sort_unstable_by(Reading::total_cmp);
        let n = sorted.len() as u64;
        Some(Self {
            n,
            mean: sorted.iter().sum::<Reading>() / reading(n),
            median,
            mad: middle(&distances)?,
            p95: percentile(&sorted, 95)?,
            p99: percentile(&sorted, 99)?,
        })
    }
}

/// The median of a series; none of none.
pub fn median(values: &[Reading]) -> Option<Reading> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(Reading::total_cmp);
    middle(&sorted)
}

/// The middle of what is sorted.
fn middle(sorted: &[Reading]) -> Option<Reading> {
    let half = sorted.len() / 2;
    let upper = sorted.get(half)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    Some(Reading::midpoint(*sorted.get(half - 1)?, *upper))
}

/// The nearest rank of what is sorted.
fn percentile(sorted: &[Reading], percent: usize) -> Option<Reading> {
    sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_series_have_their_figures() {
        assert_eq!(Stats::of(&[]), None);
        // Sorted 1 1 2 2 4 6 9: median 2; distances 1 1 0 0 2 4 7, sorted 0 0 1 1 2 4 7: 1.
        let odd = Stats::of(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]).unwrap();
        let expected = Stats { n: 7, mean: 25.0 / 7.0, median: 2.0, mad: 1.0, p95: 9.0, p99: 9.0 };
        assert_eq!(odd, expected);
        // Median (3 + 5) / 2 = 4; distances 3 1 1 6, sorted 1 1 3 6: 2.
        let even = Stats::of(&[5.0, 1.0, 10.0, 3.0]).unwrap();
        let expected = Stats { n: 4, mean: 4.75, median: 4.0, mad: 2.0, p95: 10.0, p99: 10.0 };
        assert_eq!(even, expected);
        let hundred: Vec<Reading> = (1..=100).map(reading).collect();
        let found = Stats::of(&hundred).unwrap();
        let expected = Stats { n: 100, mean: 50.5, median: 50.5, mad: 25.0, p95: 95.0, p99: 99.0 };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_wild_sample_moves_neither_the_middle_nor_the_spread() {
        let calm = Stats::of(&[10.0, 11.0, 12.0, 13.0, 14.0]).unwrap();
        let wild = Stats::of(&[10.0, 11.0, 12.0, 13.0, 9_000.0]).unwrap();
        assert_eq!((calm.median, calm.mad), (wild.median, wild.mad));
        assert_eq!(median(&[3.0, 1.0]), Some(2.0));
        assert_eq!((hours(-7_200_000_000), hours(1_800_000_000)), (-2.0, 0.5));
    }
}
