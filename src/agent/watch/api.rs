//! Calls of the venue that fail: too many of them, or too large a share.

use std::time::Duration;

use super::lasting::Finding;
use crate::agent::window::Window;
use crate::config::settings::ConditionSettings;
use crate::domain::decimal::{Decimal, Round};
use crate::exchange::kucoin::rest::RestCount;

/// The calls of the last while.
#[derive(Debug)]
pub(super) struct ApiJudge {
    window: Window<2>,
    span: Duration,
    errors_max: u64,
    calls_min: u64,
    ratio_degraded: Decimal,
    ratio_pause: Decimal,
}

impl ApiJudge {
    /// Counts from now on.
    pub(super) fn new(settings: &ConditionSettings, now: Duration, count: RestCount) -> Self {
        Self {
            window: Window::new(settings.api_window, now, [count.calls, count.errors]),
            span: settings.api_window,
            errors_max: settings.api_errors_max,
            calls_min: settings.api_calls_min,
            ratio_degraded: settings.api_error_ratio_degraded,
            ratio_pause: settings.api_error_ratio_pause,
        }
    }

    /// What the client's counts say now.
    pub(super) fn judge(&mut self, now: Duration, count: RestCount) -> Option<Finding> {
        let [calls, errors] = self.window.growth(now, [count.calls, count.errors]);
        let minutes = self.span.as_secs().div_ceil(60);
        let reason = || format!("{errors} of {calls} calls failed within {minutes} min");
        let exceeds = |ratio: Decimal| {
            ratio.is_positive() && calls >= self.calls_min && whole(errors) > share(ratio, calls)
        };
        if exceeds(self.ratio_pause) {
            return Some(Finding::paused(reason()));
        }
        let many = self.errors_max > 0 && errors >= self.errors_max;
        (many || exceeds(self.ratio_degraded)).then(|| Finding::degraded(reason()))
    }
}

fn whole(count: u64) -> Decimal {
    Decimal::from_int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn share(ratio: Decimal, count: u64) -> Decimal {
    ratio.mul(whole(count), Round::Down)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::domain::hold::Level;

    fn judge() -> ApiJudge {
        ApiJudge::new(&Settings::defaults().conditions, Duration::ZERO, RestCount::default())
    }

    fn level(judge: &mut ApiJudge, s: u64, calls: u64, errors: u64) -> Option<Level> {
        let count = RestCount { calls, errors, ..RestCount::default() };
        judge.judge(Duration::from_secs(s), count).map(|found| found.level)
    }

    #[test]
    fn ten_errors_or_a_fifth_degrade_and_more_than_half_pauses() {
        for (calls, errors, expected) in [
            (0, 0, None),
            (1_000, 9, None),
            (1_000, 10, Some(Level::Degraded)),
            (19, 9, None),
            (20, 4, None),
            (20, 5, Some(Level::Degraded)),
            (18, 9, None),
            (20, 10, Some(Level::Degraded)),
            (20, 11, Some(Level::SoftPause)),
            (1_000, 501, Some(Level::SoftPause)),
        ] {
            assert_eq!(level(&mut judge(), 1, calls, errors), expected, "{errors} of {calls}");
        }
    }

    #[test]
    fn errors_leave_with_the_window_and_a_lifetime_of_good_calls_hides_none() {
        let mut judge = judge();
        assert_eq!(level(&mut judge, 1, 100, 12), Some(Level::Degraded));
        assert_eq!(level(&mut judge, 890, 1_000, 12), Some(Level::Degraded));
        assert_eq!(level(&mut judge, 930, 1_000, 12), None);
        assert_eq!(level(&mut judge, 10_000, 1_000_000, 12), None);
        assert_eq!(level(&mut judge, 20_000, 1_000_000, 12), None);
        assert_eq!(level(&mut judge, 20_060, 1_000_030, 30), Some(Level::SoftPause));
    }

    #[test]
    fn zero_turns_a_threshold_off() {
        let mut settings = (*Settings::defaults().conditions).clone();
        settings.api_errors_max = 0;
        settings.api_error_ratio_degraded = Decimal::ZERO;
        settings.api_error_ratio_pause = Decimal::ZERO;
        let mut judge = ApiJudge::new(&settings, Duration::ZERO, RestCount::default());
        assert_eq!(level(&mut judge, 1, 1_000, 1_000), None);
    }
}
