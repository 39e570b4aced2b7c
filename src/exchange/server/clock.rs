//! The exchange's two clocks.
//!
//! The **transport** clock is the wall's: timestamps of requests, tokens, quotas, pings, the dead man's
//! switch. The **market** clock dates orders, trades, books and candles; it is the wall's too, unless a
//! speed or a replay gives it a course of its own.

use std::time::Duration;

use crate::clock;
use crate::domain::time::Timestamp;

/// How the market's clock runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Course {
    /// As the wall's.
    Wall,
    /// From an instant on, this many times faster than the wall's.
    Own { start: Timestamp, times: u32 },
}

/// Both clocks, since the exchange was ready.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeClock {
    course: Course,
    began: Duration,
    began_at: Timestamp,
}

impl ExchangeClock {
    /// The market's clock is the wall's.
    pub fn wall() -> Self {
        Self { course: Course::Wall, began: clock::monotonic(), began_at: clock::wall_now() }
    }

    /// The market's clock reads `start` now and runs `times` times faster than the wall's.
    pub fn from(start: Timestamp, times: u32) -> Self {
        let course = Course::Own { start, times: times.max(1) };
        Self { course, began: clock::monotonic(), began_at: start }
    }

    /// The market's now.
    pub fn market(&self) -> Timestamp {
        match self.course {
            Course::Wall => clock::wall_now(),
            Course::Own { start, times } => start + self.run() * times,
        }
    }

    /// Market time since the start.
    pub fn market_run(&self, now: Timestamp) -> Duration {
        Duration::from_micros(u64::try_from(now.us_since(self.began_at)).unwrap_or(0))
    }

    /// How long until the market's clock reads `at`.
    pub fn wait_for(&self, at: Timestamp) -> Duration {
        let ahead = u64::try_from(at.us().saturating_sub(self.market().us())).unwrap_or(0);
        let ahead = Duration::from_micros(ahead);
        match self.course {
            Course::Wall => ahead,
            Course::Own { times, .. } => ahead / times,
        }
    }

    /// How long until so much market time has passed since the start.
    pub fn wait_for_run(&self, passed: Duration) -> Duration {
        if passed == Duration::MAX { passed } else { self.wait_for(self.began_at + passed) }
    }

    /// Wall time since the start; it never steps.
    pub fn run(&self) -> Duration {
        clock::monotonic().saturating_sub(self.began)
    }

    /// The transport's now, in milliseconds since 1970 UTC, `skew_ms` ahead of the wall's.
    pub fn transport_ms(&self, skew_ms: i64) -> i64 {
        clock::wall_now().ms().saturating_add(skew_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_its_own_runs_so_many_times_faster_from_its_start() {
        let start = Timestamp::from_ms(1_600_000_000_000);
        let clock = ExchangeClock::from(start, 1_000);
        let (before, market, after) = (clock.run(), clock.market(), clock.run());
        let passed = clock.market_run(market);
        assert!(passed >= before * 1_000 && passed <= after * 1_000 + Duration::from_micros(1));
        let hour = clock.wait_for(market + Duration::from_secs(3_600));
        assert!(hour <= Duration::from_millis(3_600), "{hour:?}");
        assert_eq!(clock.wait_for(start), Duration::ZERO);
    }

    #[test]
    fn without_a_speed_the_market_is_on_the_wall() {
        let clock = ExchangeClock::wall();
        let (before, market) = (clock::wall_now(), clock.market());
        assert!(market >= before && market <= clock::wall_now());
        assert!(clock.transport_ms(7_000) >= before.ms() + 7_000);
        let minute = clock.wait_for(clock::wall_now() + Duration::from_secs(60));
        assert!(minute <= Duration::from_secs(60) && minute > Duration::from_secs(30));
    }
}
