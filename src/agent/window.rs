//! What was counted in the last while, of counts that only grow.
//!
//! The totals are kept as they were at a bounded number of instants. What is asked for is what they grew
//! by since the newest of those that is a window old: nothing of the last window is left out, and up to
//! a slot more than it is counted.

use std::collections::VecDeque;
use std::time::Duration;

/// What leaves a window leaves in steps of this share of it. Twice as many instants are kept.
const SLOTS: u32 = 60;

/// A window over counts that only grow.
#[derive(Clone, Debug)]
pub(super) struct Window<const COUNTS: usize> {
    span: Duration,
    /// When, and the totals then; the oldest first.
    points: VecDeque<(Duration, [u64; COUNTS])>,
}

impl<const COUNTS: usize> Window<COUNTS> {
    /// A window of `span`, in which what was counted before `now` does not count.
    pub(super) fn new(span: Duration, now: Duration, totals: [u64; COUNTS]) -> Self {
        Self { span, points: VecDeque::from([(now, totals)]) }
    }

    /// What was counted in the last `span`, where the totals are these now.
    pub(super) fn growth(&mut self, now: Duration, totals: [u64; COUNTS]) -> [u64; COUNTS] {
        let since = now.saturating_sub(self.span);
        while self.points.get(1).is_some_and(|(at, _)| *at <= since) {
            self.points.pop_front();
        }
        // The newest but one says where a slot began; the first is what all is measured from.
        let slot = self.points.iter().nth_back(1).map(|(at, _)| *at);
        if slot.is_some_and(|at| now.saturating_sub(at) < self.span / SLOTS) {
            self.points.pop_back();
        }
        self.points.push_back((now, totals));
        let before = self.points.front().map_or(totals, |(_, before)| *before);
        let mut growth = totals;
        for (count, before) in growth.iter_mut().zip(before) {
            *count = count.saturating_sub(before);
        }
        growth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count_and_nothing_younger_is_left_out() {
        let mut window = Window::new(s(600), s(0), [7]);
        assert_eq!(window.growth(s(1), [10]), [3]);
        assert_eq!(window.growth(s(599), [10]), [3]);
        // Up to a slot more than the window.
        assert_eq!(window.growth(s(612), [10]), [0]);
        assert_eq!(window.growth(s(700), [15]), [5]);
        for now in 700..1_300 {
            assert_eq!(window.growth(s(now), [15]), [5], "{now}");
        }
        assert_eq!(window.growth(s(1_310), [15]), [0]);
    }

    #[test]
    fn it_is_as_large_however_often_it_is_looked_at_and_however_seldom() {
        let mut window = Window::new(s(60), s(0), [0, 0]);
        for tick in 0..10_000u64 {
            window.growth(Duration::from_millis(tick * 100), [tick, 0]);
        }
        assert!(window.points.len() <= 122, "{}", window.points.len());
        assert_eq!(window.growth(s(5_000), [20_000, 3]), [10_001, 3], "not looked at for long");
        assert_eq!(window.growth(s(5_100), [20_000, 3]), [0, 0]);
    }

    proptest::proptest! {
        /// Whatever comes when: at least what came within the window, at most what came within a slot more.
        #[test]
        fn growth_is_that_of_the_window_to_a_slot(
            steps in proptest::collection::vec((1..40u64, 0..5u64), 1..200),
        ) {
            let span = 120;
            let mut window = Window::new(s(span), s(0), [0]);
            let (mut now, mut total, mut all) = (0, 0, Vec::new());
            for (wait, more) in steps {
                (now, total) = (now + wait, total + more);
                all.push((now, more));
                let [growth] = window.growth(s(now), [total]);
                let within: u64 =
                    all.iter().filter(|(at, _)| at + span > now).map(|(_, more)| more).sum();
                proptest::prop_assert!(growth >= within, "{growth} of {within}");
            }
        }
    }
}
