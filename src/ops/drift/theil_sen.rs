//! A robust slope: the median of the slopes of all pairs of samples (Theil 1950, Sen 1968), with Sen's
//! confidence interval from the variance of Kendall's S, ties of values taken into account.
//!
//! Up to 29 % of the samples may be anything without moving it. **Limits**: [`POINTS_MAX`] points, some
//! 4 million pairs; of more samples each point is the median of as many as needed. **Assumption** of the
//! interval: samples that err independently; a process that settles slowly has a wider one in truth.

use std::cmp::Ordering;

use serde::Serialize;

use super::statistics::{Reading, median, reading};

/// Points of which all pairs are looked at: 48 hours of minutes.
pub const POINTS_MAX: usize = 48 * 60;
/// Of a normal distribution, 95 % lie within so many standard deviations.
const Z_95: Reading = 1.959_964;

/// Growth an hour.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Slope {
    /// The estimate.
    pub per_hour: Reading,
    /// The lower end of its 95 % interval.
    pub low: Reading,
    /// The upper end.
    pub high: Reading,
    /// Points it is estimated from.
    pub points: u64,
}

impl Slope {
    /// Of points of hours and values, in order of time; none where no two have different times.
    pub fn of(points: &[(Reading, Reading)]) -> Option<Self> {
        let points = thinned(points);
        let mut slopes = pairs(&points);
        if slopes.is_empty() {
            return None;
        }
        let reach = Z_95 * variance(&points).max(0.0).sqrt();
        let (low, high) = ranks(slopes.len(), reach);
        Some(Self {
            per_hour: middle(&mut slopes)?,
            low: nth(&mut slopes, low)?,
            high: nth(&mut slopes, high)?,
            points: points.len() as u64,
        })
    }

    /// True where it grows for certain: as far as 95 % are certain.
    pub fn is_growth(&self) -> bool {
        self.low > 0.0
    }
}

/// At most [`POINTS_MAX`] points, each the median of its share.
fn thinned(points: &[(Reading, Reading)]) -> Vec<(Reading, Reading)> {
    let share = points.len().div_ceil(POINTS_MAX).max(1);
    let of = |values: Vec<Reading>| median(&values);
    points
        .chunks(share)
        .filter_map(|chunk| {
            let x = of(chunk.iter().map(|(x, _)| *x).collect())?;
            let y = of(chunk.iter().map(|(_, y)| *y).collect())?;
            Some((x, y))
        })
        .collect()
}

/// The slopes of all pairs with different times.
fn pairs(points: &[(Reading, Reading)]) -> Vec<Reading> {
    let count = points.len() * points.len().saturating_sub(1) / 2;
    let mut slopes = Vec::with_capacity(count);
    for (index, (x, y)) in points.iter().enumerate() {
        for (later_x, later_y) in points.iter().skip(index + 1) {
            if later_x > x {
                slopes.push((later_y - y) / (later_x - x));
            }
        }
    }
    slopes
}

/// The variance of Kendall's S where there is no trend: (n(n-1)(2n+5) - sum of t(t-1)(2t+5)) / 18, over
/// groups of t equal values.
fn variance(points: &[(Reading, Reading)]) -> Reading {
    let term = |n: u64| reading(n) * (reading(n) - 1.0) * (2.0 * reading(n) + 5.0);
    let mut values: Vec<Reading> = points.iter().map(|(_, y)| *y).collect();
    values.sort_unstable_by(Reading::total_cmp);
    let groups = values.chunk_by(|a, b| a.total_cmp(b) == Ordering::Equal);
    let ties: Reading = groups.map(|group| term(group.len() as u64)).sum();
    (term(points.len() as u64) - ties) / 18.0
}

/// The ranks of the interval's ends among so many slopes, from 0: Sen's (N - C) / 2 and (N + C) / 2 + 1,
/// counted from 1 and rounded outward.
fn ranks(slopes: usize, reach: Reading) -> (usize, usize) {
    let count = reading(slopes as u64);
    let low = whole(((count - reach) / 2.0).floor()).clamp(1, slopes);
    let high = (whole(((count + reach) / 2.0).ceil()) + 1).clamp(1, slopes);
    (low - 1, high - 1)
}

/// A whole number; 0 where it is negative.
fn whole(number: Reading) -> usize {
    number as usize
}

fn nth(slopes: &mut [Reading], rank: usize) -> Option<Reading> {
    (rank < slopes.len()).then(|| *slopes.select_nth_unstable_by(rank, Reading::total_cmp).1)
}

/// The median, by selection: sorting four million pairs takes ten times as long.
fn middle(slopes: &mut [Reading]) -> Option<Reading> {
    let half = slopes.len() / 2;
    let upper = nth(slopes, half)?;
    if slopes.len() % 2 == 1 {
        return Some(upper);
    }
    // What is below the upper middle stands before it now.
    let lower = slopes.iter().take(half).copied().max_by(Reading::total_cmp)?;
    Some(Reading::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[Reading]) -> Slope {
        let points: Vec<_> = (0..).map(reading).zip(values.iter().copied()).collect();
        Slope::of(&points).unwrap()
    }

    fn slope([per_hour, low, high]: [Reading; 3], points: usize) -> Slope {
        Slope { per_hour, low, high, points: points as u64 }
    }

    /// The same by the book: every pair, sorted; ranks counted from 1.
    fn by_the_book(points: &[(Reading, Reading)], variance: Reading) -> Slope {
        let mut slopes = Vec::new();
        for i in 0..points.len() {
            for j in 0..i {
                slopes.push((points[i].1 - points[j].1) / (points[i].0 - points[j].0));
            }
        }
        slopes.sort_by(Reading::total_cmp);
        let n = slopes.len();
        let middle = (slopes[(n - 1) / 2] + slopes[n / 2]) / 2.0;
        let reach = 1.959_964 * variance.sqrt();
        let (mut below, mut above) = (1, n);
        while reading(below as u64 + 1) <= (reading(n as u64) - reach) / 2.0 {
            below += 1;
        }
        while above > 1 && reading(above as u64 - 2) >= (reading(n as u64) + reach) / 2.0 {
            above -= 1;
        }
        slope([middle, slopes[below - 1], slopes[above - 1]], points.len())
    }

    #[test]
    fn a_line_is_its_own_slope_and_a_constant_has_none() {
        let line = of(&[1.0, 3.0, 5.0, 7.0, 9.0]);
        assert_eq!(line, slope([2.0; 3], 5));
        assert!(line.is_growth());
        let flat = of(&[4.0; 9]);
        assert_eq!(flat, slope([0.0; 3], 9));
        assert!(!flat.is_growth());
        assert_eq!(Slope::of(&[]), None);
        assert_eq!(Slope::of(&[(1.0, 2.0)]), None);
        assert_eq!(Slope::of(&[(1.0, 2.0), (1.0, 5.0)]), None, "at one time");
    }

    #[test]
    fn four_points_by_hand() {
        // Slopes 3 1 3 -1 3 7, sorted -1 1 3 3 3 7. Variance 4 * 3 * 13 / 18 = 8.67, reach 5.77: ranks
        // (6 - 5.77) / 2 = 0.1 and (6 + 5.77) / 2 + 1 = 6.9, outward the first and the last.
        let found = of(&[0.0, 3.0, 2.0, 9.0]);
        assert_eq!(found, slope([3.0, -1.0, 7.0], 4));
        assert!(!found.is_growth());
    }

    #[test]
    fn a_wild_sample_in_five_changes_no_slope() {
        let mut values: Vec<Reading> = (0..50).map(|hour| 2.0 * reading(hour)).collect();
        for index in (0..50).step_by(5) {
            values[index] = 1_000_000.0;
        }
        let found = of(&values);
        assert_eq!(found.per_hour.to_string(), "2");
        assert!(found.low <= 2.0 && found.high >= 2.0);
    }

    #[test]
    fn of_many_samples_each_point_is_the_median_of_its_share() {
        let hour = |index: u64| reading(index) / 3_600.0;
        let points: Vec<_> = (0..10_000).map(|at| (hour(at), 7.0 * hour(at))).collect();
        let found = Slope::of(&points).unwrap();
        assert_eq!(found.points, 2_500);
        assert!((found.per_hour - 7.0).abs() < 1e-6, "{found:?}");
    }

    proptest::proptest! {
        /// Whatever the series, with ties of values: as by the book.
        #[test]
        fn it_is_as_by_the_book(values in proptest::collection::vec(0..12u64, 3..40)) {
            let points: Vec<_> =
                (0..).map(reading).zip(values.iter().map(|value| reading(*value))).collect();
            let n = values.len() as u64;
            let mut doubled = n * (n - 1) * (2 * n + 5);
            for value in 0..12 {
                let t = values.iter().filter(|other| **other == value).count() as u64;
                doubled -= (t * t).saturating_sub(t) * (2 * t + 5);
            }
            let expected = by_the_book(&points, reading(doubled) / 18.0);
            let found = Slope::of(&points).unwrap();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
