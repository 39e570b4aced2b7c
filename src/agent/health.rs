//! How the agent is, by the errors of the last while: they age, as they do not in a lifetime's count.
//!
//! It holds nothing; what does has causes and codes of its own. It says whether to look.

use std::time::Duration;

use super::window::Window;
use crate::config::settings::ConditionSettings;

/// How it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum HealthLevel {
    /// Few errors, or none.
    Healthy,
    /// More than chance.
    Degraded,
    /// Somebody has to look.
    Critical,
}

impl HealthLevel {
    /// The word in the journal, in STATUS= and in `state.json`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Critical => "critical",
        }
    }
}

/// The errors of the last while.
#[derive(Clone, Debug)]
pub(super) struct Health {
    window: Window<1>,
    span: Duration,
    degraded: u64,
    critical: u64,
    level: HealthLevel,
    errors: u64,
}

impl Health {
    /// Healthy.
    pub(super) fn new(settings: &ConditionSettings, now: Duration) -> Self {
        Self {
            window: Window::new(settings.error_window, now, [0]),
            span: settings.error_window,
            degraded: settings.errors_degraded,
            critical: settings.errors_critical,
            level: HealthLevel::Healthy,
            errors: 0,
        }
    }

    /// Looks at the number of all errors so far. Returns the level before, where it is another now.
    pub(super) fn look(&mut self, now: Duration, total: u64) -> Option<HealthLevel> {
        [self.errors] = self.window.growth(now, [total]);
        let reached = |limit: u64| limit > 0 && self.errors >= limit;
        let level = if reached(self.critical) {
            HealthLevel::Critical
        } else if reached(self.degraded) {
            HealthLevel::Degraded
        } else {
            HealthLevel::Healthy
        };
        let before = std::mem::replace(&mut self.level, level);
        (before != level).then_some(before)
    }

    /// How it is.
    pub(super) fn level(&self) -> HealthLevel {
        self.level
    }

    /// Errors in the window.
    pub(super) fn errors(&self) -> u64 {
        self.errors
    }

    /// The window.
    pub(super) fn span(&self) -> Duration {
        self.span
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn ten_errors_in_ten_minutes_degrade_fifty_are_critical_and_they_age() {
        let mut health = Health::new(&Settings::defaults().conditions, Duration::ZERO);
        let mut look = |s, total| {
            let changed = health.look(Duration::from_secs(s), total);
            (changed, health.level(), health.errors())
        };
        use HealthLevel::{Critical, Degraded, Healthy};
        assert_eq!(look(10, 9), (None, Healthy, 9));
        assert_eq!(look(20, 10), (Some(Healthy), Degraded, 10));
        assert_eq!(look(300, 49), (None, Degraded, 49));
        assert_eq!(look(301, 50), (Some(Degraded), Critical, 50));
        // The first ten are older than the window now, the other forty are not.
        assert_eq!(look(640, 50).1, Degraded);
        assert_eq!(look(950, 50), (Some(Degraded), Healthy, 0));
        // As many in a lifetime as one likes, as long as they come slowly.
        for hour in 1..100 {
            assert_eq!(look(950 + hour * 3_600, 50 + hour * 9).1, Healthy);
        }
    }

    #[test]
    fn zero_turns_a_level_off() {
        let mut settings = (*Settings::defaults().conditions).clone();
        (settings.errors_degraded, settings.errors_critical) = (0, 0);
        let mut health = Health::new(&settings, Duration::ZERO);
        assert_eq!(health.look(Duration::from_secs(1), 1_000_000), None);
    }
}
