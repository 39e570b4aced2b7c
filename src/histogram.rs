//! How long something took, again and again: buckets to count in, as Prometheus wants them.
//!
//! Counting compares with a few bounds and adds to two numbers: no allocation, no lock. Pure.

use std::time::Duration;

/// Upper bounds of the buckets; what takes longer than the last is in none of them.
///
/// From a tenth of a millisecond, as a turn of the loop takes one, to a minute. 150 ms and 3 s are there
/// for the rules about answers of the venue (seed 000).
pub const BOUNDS: [Duration; 18] = [
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(150),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// Times that something took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Histogram {
    /// By bound, each without those of the bounds before it.
    counts: [u64; BOUNDS.len()],
    /// All of them, longer ones included.
    count: u64,
    sum: Duration,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&mut self, took: Duration) {
        let bucket = BOUNDS.iter().position(|bound| took <= *bound);
        if let Some(count) = bucket.and_then(|bucket| self.counts.get_mut(bucket)) {
            *count += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(took);
    }

    /// Every bound, with how many took no longer.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let up_to = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        BOUNDS.into_iter().zip(up_to)
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What all of them took together.
    pub fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_grow_and_a_time_is_in_every_bucket_from_its_own_on() {
        assert!(BOUNDS.windows(2).all(|pair| pair[0] < pair[1]));
        let mut histogram = Histogram::default();
        let (bound, beyond) = (BOUNDS[3], BOUNDS[BOUNDS.len() - 1] + Duration::from_nanos(1));
        for took in [Duration::ZERO, bound, bound + Duration::from_nanos(1), beyond] {
            histogram.observe(took);
        }
        let counts: Vec<u64> = histogram.buckets().map(|(_, count)| count).collect();
        assert_eq!(counts[..5], [1, 1, 1, 2, 3]);
        assert_eq!((counts.last(), histogram.count()), (Some(&3), 4), "the last one is beyond");
        assert_eq!(histogram.sum(), bound * 2 + beyond + Duration::from_nanos(1));
    }
}
