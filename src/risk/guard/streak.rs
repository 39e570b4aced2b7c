//! Streaks and bursts: refusals in a row, cancels in a minute.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::domain::time::{HOUR_US, Timestamp};

/// Microseconds in a minute.
const MINUTE_US: i64 = 60_000_000;
/// Instants remembered of a window: more in a minute than any limit allows.
const WINDOW_MAX: usize = 10_000;

/// So many in a row. Only what goes well ends it; what was never tried does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Streak(u32);

impl Streak {
    /// One more failed; true where they are `max` now, which begins the count anew. Zero is no limit.
    pub fn fail(&mut self, max: u32) -> bool {
        self.0 = self.0.saturating_add(1);
        let reached = max > 0 && self.0 >= max;
        if reached {
            self.0 = 0;
        }
        reached
    }

    /// One went well.
    pub fn succeed(&mut self) {
        self.0 = 0;
    }

    /// So many in a row now.
    pub const fn count(self) -> u32 {
        self.0
    }
}

/// Instants within a window.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Window(VecDeque<Timestamp>);

impl Window {
    /// One more; returns how many there are within `length_us`.
    fn push(&mut self, now: Timestamp, length_us: i64) -> usize {
        while self.0.front().is_some_and(|at| now.us_since(*at) >= length_us) {
            self.0.pop_front();
        }
        if self.0.len() < WINDOW_MAX {
            self.0.push_back(now);
        }
        self.0.len()
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// What too many cancels mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storm {
    /// Not too many.
    None,
    /// Too many in this minute.
    Minute,
    /// Too many such minutes in this hour.
    Hour,
}

/// Cancels in a minute, and such minutes in an hour (seed 004).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Cancels {
    minute: Window,
    storms: Window,
}

impl Cancels {
    /// One more cancel, with at most so many in a minute, and so many storms in an hour. Zero is no limit.
    pub fn push(&mut self, now: Timestamp, per_minute: u32, per_hour: u32) -> Storm {
        let count = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        if per_minute == 0 || self.minute.push(now, MINUTE_US) <= count(per_minute) {
            return Storm::None;
        }
        self.minute.clear();
        let storms = self.storms.push(now, HOUR_US);
        if per_hour > 0 && storms >= count(per_hour) { Storm::Hour } else { Storm::Minute }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Acceptance test 5: failures far apart are not in a row.
    #[test]
    fn a_streak_ends_with_what_goes_well() {
        let mut streak = Streak::default();
        for _ in 0..100 {
            assert!(!streak.fail(2));
            streak.succeed();
        }
        assert!(!streak.fail(2));
        assert_eq!(streak.count(), 1);
        assert!(streak.fail(2));
        assert_eq!(streak.count(), 0);
        assert!((0..100).all(|_| !streak.fail(0)), "zero is no limit");
    }

    #[test]
    fn too_many_cancels_in_a_minute_are_a_storm_and_three_storms_in_an_hour_more() {
        let mut cancels = Cancels::default();
        let mut storms = Vec::new();
        let mut push = |second: i64| cancels.push(Timestamp::from_ms(second * 1_000), 2, 3);
        for minute in [0, 10, 40] {
            for second in 0..3 {
                storms.push(push(minute * 60 + second));
            }
        }
        use Storm::{Hour, Minute, None};
        assert_eq!(storms, [None, None, Minute, None, None, Minute, None, None, Hour]);
        assert_eq!([push(9_000), push(9_060), push(9_120)], [None; 3], "one a minute");
    }

    #[test]
    fn a_storm_is_counted_once_and_what_is_remembered_is_bounded() {
        let mut cancels = Cancels::default();
        let mut push = |second: i64| cancels.push(Timestamp::from_ms(second * 1_000), 2, 9);
        let found = [0, 1, 2, 3, 4, 5].map(&mut push);
        use Storm::{Minute, None};
        assert_eq!(found, [None, None, Minute, None, None, Minute], "counted anew after each");
        let mut cancels = Cancels::default();
        let without = (0..9).map(|_| cancels.push(Timestamp::default(), 1, 0));
        assert!(without.skip(1).step_by(2).all(|storm| storm == Minute), "no number is no limit");
        let mut window = Window::default();
        let most = (0..WINDOW_MAX + 3).map(|_| window.push(Timestamp::default(), 1)).max();
        assert_eq!(most, Some(WINDOW_MAX));
    }
}
