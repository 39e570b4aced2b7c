//! When a part of the agent that ended is started again, and when that is too often.
//!
//! For parts that trading does not need: the control interface, say. Connections to the venue keep
//! themselves up, and a task that trading needs ends with the process.

use std::collections::VecDeque;
use std::time::Duration;

/// The wait before the first start anew; each further one within the window doubles it ...
const BACK_OFF: Duration = Duration::from_secs(1);
/// ... up to this.
const BACK_OFF_MAX: Duration = Duration::from_secs(60);
/// The window (seed 001).
const WINDOW: Duration = Duration::from_secs(600);
/// Ends in a window that are borne in silence (seed 001).
const ENDS_MAX: usize = 5;
/// Ends remembered: beyond it the answer is the same.
const ENDS_KEPT: usize = 16;

/// The ends of one part.
#[derive(Clone, Debug, Default)]
pub(super) struct Restarts {
    ends: VecDeque<Duration>,
    /// It has ended, and is started again then.
    due: Option<Duration>,
}

impl Restarts {
    /// Looks at the part. True where it is to be started now.
    pub(super) fn look(&mut self, has_ended: bool, now: Duration) -> bool {
        while self.ends.front().is_some_and(|at| now.saturating_sub(*at) > WINDOW) {
            self.ends.pop_front();
        }
        if !has_ended {
            self.due = None;
            return false;
        }
        let Some(due) = self.due else {
            self.ends.push_back(now);
            if self.ends.len() > ENDS_KEPT {
                self.ends.pop_front();
            }
            self.due = Some(now + self.back_off());
            return false;
        };
        let start = now >= due;
        if start {
            // Where the start fails, that is another end.
            self.due = None;
        }
        start
    }

    /// How often it ended within the window, where that is too often.
    pub(super) fn is_failing(&self) -> Option<usize> {
        Some(self.ends.len()).filter(|ends| *ends > ENDS_MAX)
    }

    fn back_off(&self) -> Duration {
        let doublings = u32::try_from(self.ends.len().saturating_sub(1)).unwrap_or(u32::MAX);
        BACK_OFF.saturating_mul(1 << doublings.min(10)).min(BACK_OFF_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_is_started_after_a_wait_that_doubles_up_to_a_minute() {
        let mut restarts = Restarts::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..9 {
            assert!(!restarts.look(true, s(now)));
            let began = now;
            while !restarts.look(true, s(now)) {
                now += 1;
            }
            waits.push(now - began);
            now += 1;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn more_than_five_ends_in_ten_minutes_are_too_many_until_they_are_old() {
        let mut restarts = Restarts::default();
        for end in 0..6u64 {
            assert_eq!(restarts.is_failing(), None, "{end}");
            restarts.look(true, s(end * 100));
            assert!(restarts.look(true, s(end * 100 + 60)));
            assert!(!restarts.look(false, s(end * 100 + 61)));
        }
        assert_eq!(restarts.is_failing(), Some(6));
        assert!(!restarts.look(false, s(600)));
        assert_eq!(restarts.is_failing(), Some(6));
        assert!(!restarts.look(false, s(601)));
        assert_eq!(restarts.is_failing(), None);
        for end in 0..1_000 {
            restarts.look(true, s(2_000 + end * 2));
            restarts.look(false, s(2_001 + end * 2));
        }
        assert_eq!(restarts.is_failing(), Some(ENDS_KEPT));
    }
}
