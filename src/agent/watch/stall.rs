//! The loop's turns: how long the last one was ago, whatever kept it.
//!
//! Two clocks look: the monotonic one, which a stopped process cannot stop, and the one that goes on
//! while the machine sleeps.

use std::time::Duration;

use super::lasting::Finding;

/// When the loop turned last, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stall {
    monotonic: Duration,
    since_boot: Duration,
    /// The longest time between two turns since the last judgement.
    longest: Duration,
}

impl Stall {
    /// It turns.
    pub(super) fn new(monotonic: Duration, since_boot: Duration) -> Self {
        Self { monotonic, since_boot, longest: Duration::ZERO }
    }

    /// It turned.
    pub(super) fn turned(&mut self, monotonic: Duration, since_boot: Duration) {
        let gap = monotonic
            .saturating_sub(self.monotonic)
            .max(since_boot.saturating_sub(self.since_boot));
        self.longest = self.longest.max(gap);
        (self.monotonic, self.since_boot) = (monotonic, since_boot);
    }

    /// Judges the turns since the last judgement.
    pub(super) fn judge(&mut self, max: Duration) -> Option<Finding> {
        let longest = std::mem::take(&mut self.longest);
        let reason = || format!("the loop stood still for {} s", longest.as_secs());
        (longest > max).then(|| Finding::degraded(reason()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_process_and_a_machine_that_slept_stood_still() {
        let s = Duration::from_secs;
        let max = s(120);
        let mut stall = Stall::new(s(0), s(1_000));
        stall.turned(s(120), s(1_120));
        assert_eq!(stall.judge(max), None);
        stall.turned(s(241), s(1_241));
        stall.turned(s(242), s(1_242));
        let found = stall.judge(max).unwrap();
        assert_eq!(found, Finding::degraded("the loop stood still for 121 s".to_owned()));
        assert_eq!(stall.judge(max), None, "once");
        stall.turned(s(243), s(30_000));
        assert!(stall.judge(max).unwrap().reason.contains("28758 s"), "asleep");
    }
}
