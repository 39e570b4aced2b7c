//! The venue's dead-man's switch: it cancels our open orders unless the agent goes on proving its work.

use std::time::Duration;

use crate::domain::time::Timestamp;

/// Renewals in one timeout: two may be lost before the switch fires.
const RENEWALS_PER_TIMEOUT: u32 = 3;
/// The wait after a renewal that failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Instruments one switch may name (KuCoin); more of them are covered by naming none, which is all.
pub const SYMBOLS_MAX: usize = 50;

/// What is known of the switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DeadManState {
    /// Never set.
    #[default]
    Off,
    /// The venue will cancel at this instant of its own clock, unless it is renewed.
    Armed {
        /// When it would fire.
        fires_at: Timestamp,
    },
    /// The last renewal failed; what was set before may fire.
    Failing,
}

impl DeadManState {
    /// The word of `state.json` and `ibis status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Armed { .. } => "armed",
            Self::Failing => "failing",
        }
    }
}

/// When to renew it.
#[derive(Clone, Debug)]
pub(super) struct DeadMan {
    timeout: Duration,
    due: Duration,
    asking: bool,
    state: DeadManState,
}

impl DeadMan {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, due: Duration::ZERO, asking: false, state: DeadManState::Off }
    }

    pub(super) fn state(&self) -> DeadManState {
        self.state
    }

    /// The agent works: the timeout in whole seconds to ask for, if a renewal is due.
    pub(super) fn prove(&mut self, now: Duration) -> Option<i64> {
        if self.asking || now < self.due {
            return None;
        }
        self.asking = true;
        i64::try_from(self.timeout.as_secs()).ok()
    }

    /// The answer: when it would fire, or that it was not renewed.
    pub(super) fn answered(&mut self, fires_at: Option<Timestamp>, now: Duration) {
        self.asking = false;
        let wait = match fires_at {
            Some(_) => self.timeout / RENEWALS_PER_TIMEOUT,
            None => RETRY_AFTER,
        };
        self.due = now + wait;
        self.state = match fires_at {
            Some(fires_at) => DeadManState::Armed { fires_at },
            None => DeadManState::Failing,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewed_three_times_a_timeout_and_at_once_after_a_failure() {
        let mut switch = DeadMan::new(Duration::from_secs(60));
        let (mut renewals, mut failed) = (0, false);
        for second in 0..180 {
            let now = Duration::from_secs(second);
            if let Some(timeout) = switch.prove(now) {
                assert_eq!((timeout, switch.prove(now)), (60, None));
                renewals += 1;
                let fires_at = (second != 60).then(|| Timestamp::from_ms(1));
                failed |= fires_at.is_none();
                switch.answered(fires_at, now);
                assert_eq!(switch.state() == DeadManState::Failing, fires_at.is_none());
            }
        }
        assert!(failed);
        assert_eq!(renewals, 10);
    }
}
