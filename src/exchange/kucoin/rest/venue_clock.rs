//! The venue's clock as seen from here. Requests are signed with its time, not with ours.
//!
//! A sample asks for the venue's time between two looks at our clocks; the venue read its own somewhere
//! in between, so that half the round trip is the most the sample can be off. The surest sample is kept.

use std::cell::Cell;
use std::time::Duration;

use crate::clock;
use crate::domain::time::Timestamp;

/// An offset above this is reported: the ledger's times will not match the venue's.
pub const SKEW_WARN: Duration = Duration::from_secs(1);
/// An offset above this stops entries: a clock this far off is broken, whatever we sign.
pub const SKEW_HOLD: Duration = Duration::from_secs(5);
/// Wall clock against monotonic clock since the sample: above this one of them was set or slept, and
/// the sample says nothing any more.
const STEP_MAX_US: u64 = 500_000;
/// A sample grows less sure by a microsecond every this many: 100 ppm, a bad quartz.
const DRIFT: u128 = 10_000;

/// Our two clocks at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Instants {
    pub wall: Timestamp,
    pub monotonic: Duration,
}

impl Instants {
    pub(super) fn now() -> Self {
        Self { wall: clock::wall_now(), monotonic: clock::monotonic() }
    }

    /// Wall clock less monotonic clock, in microseconds: constant while neither is set nor sleeps.
    fn base_us(self) -> i64 {
        self.wall.us().saturating_sub(micros(self.monotonic))
    }
}

/// How our clock stands to the venue's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockSkew {
    /// Microseconds to add to our wall clock to have the venue's.
    pub offset_us: i64,
    /// How far off that can be, in microseconds, when it was measured.
    pub uncertainty_us: i64,
    /// What to make of it.
    pub verdict: SkewVerdict,
}

/// What a skew means. Only what is certain counts: the offset less its uncertainty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SkewVerdict {
    /// At most [`SKEW_WARN`].
    Good,
    /// Above it: report.
    Warn,
    /// Above [`SKEW_HOLD`]: no entries.
    Hold,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sample {
    offset_us: i64,
    round_trip: Duration,
    base_us: i64,
    taken: Duration,
}

impl Sample {
    /// How far off it can be by now.
    fn uncertainty(&self, now: Duration) -> Duration {
        let age = now.saturating_sub(self.taken).as_micros() / DRIFT;
        self.round_trip / 2 + Duration::from_micros(u64::try_from(age).unwrap_or(u64::MAX))
    }

    fn holds(&self, now: Instants) -> bool {
        now.base_us().saturating_sub(self.base_us).unsigned_abs() <= STEP_MAX_US
    }
}

/// The samples' best.
#[derive(Debug, Default)]
pub(super) struct VenueClock {
    best: Cell<Option<Sample>>,
}

impl VenueClock {
    /// Takes a sample in: the venue said `venue` between two looks. Says whether it is usable: it is
    /// not where our own clock was set in between.
    pub(super) fn sample(&self, before: Instants, venue: Timestamp, after: Instants) -> bool {
        let round_trip = after.monotonic.saturating_sub(before.monotonic);
        let base_us = before.base_us();
        let middle_us = before.wall.us().saturating_add(micros(round_trip / 2));
        let offset_us = venue.us().saturating_sub(middle_us);
        let sample = Sample { offset_us, round_trip, base_us, taken: after.monotonic };
        if !sample.holds(after) {
            return false;
        }
        let surer = self.best.get().is_none_or(|best| {
            !best.holds(after) || best.uncertainty(after.monotonic) >= round_trip / 2
        });
        if surer {
            self.best.set(Some(sample));
        }
        true
    }

    /// Forgets what it knew: the venue did not believe it.
    pub(super) fn forget(&self) {
        self.best.set(None);
    }

    /// The venue's time, or `None` where there is no sample that still holds.
    pub(super) fn venue_time(&self, now: Instants) -> Option<Timestamp> {
        let sample = self.best.get().filter(|sample| sample.holds(now))?;
        Some(Timestamp::from_us(now.wall.us().saturating_add(sample.offset_us)))
    }

    /// How our clock stands, or `None` before the first sample.
    pub(super) fn skew(&self) -> Option<ClockSkew> {
        let sample = self.best.get()?;
        let uncertainty_us = micros(sample.round_trip / 2);
        let certain = sample.offset_us.saturating_abs().saturating_sub(uncertainty_us);
        let verdict = match certain {
            us if us > micros(SKEW_HOLD) => SkewVerdict::Hold,
            us if us > micros(SKEW_WARN) => SkewVerdict::Warn,
            _ => SkewVerdict::Good,
        };
        Some(ClockSkew { offset_us: sample.offset_us, uncertainty_us, verdict })
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_729_000_000_000;

    /// Our clocks `ms` after the start, the wall clock set forward by `stepped` ms.
    fn at(ms: u64, stepped: i64) -> Instants {
        let monotonic = Duration::from_millis(ms);
        let wall = Timestamp::from_ms(START + stepped + i64::try_from(ms).unwrap());
        Instants { wall, monotonic }
    }

    /// A venue whose clock is `ahead` ms before ours.
    fn venue(ms: i64, ahead: i64) -> Timestamp {
        Timestamp::from_ms(START + ms + ahead)
    }

    #[test]
    fn the_offset_is_to_the_middle_of_the_round_trip() {
        let clock = VenueClock::default();
        assert_eq!((clock.skew(), clock.venue_time(at(0, 0))), (None, None));
        assert!(clock.sample(at(0, 0), venue(50, 300), at(100, 0)));
        let skew =
            ClockSkew { offset_us: 300_000, uncertainty_us: 50_000, verdict: SkewVerdict::Good };
        assert_eq!(clock.skew(), Some(skew));
        assert_eq!(clock.venue_time(at(1_000, 0)), Some(venue(1_000, 300)));
    }

    #[test]
    fn the_surest_sample_is_kept_and_ages() {
        let clock = VenueClock::default();
        clock.sample(at(0, 0), venue(50, 300), at(100, 0));
        clock.sample(at(200, 0), venue(210, 290), at(220, 0));
        clock.sample(at(300, 0), venue(1_200, 900), at(1_300, 0));
        assert_eq!(clock.skew().unwrap().offset_us, 290_000);
        // After two hours a slow answer tells more than an old one.
        clock.sample(at(7_200_000, 0), venue(7_200_500, 900), at(7_201_000, 0));
        assert_eq!(clock.skew().unwrap().offset_us, 900_000);
    }

    #[test]
    fn only_what_is_certain_is_judged() {
        for (ahead, round_trip, verdict) in [
            (0, 10, SkewVerdict::Good),
            (1_000, 10, SkewVerdict::Good),
            (1_100, 10, SkewVerdict::Warn),
            (-1_100, 10, SkewVerdict::Warn),
            (5_004, 10, SkewVerdict::Warn),
            (5_100, 10, SkewVerdict::Hold),
            (-60_000, 10, SkewVerdict::Hold),
            (5_100, 2_000, SkewVerdict::Warn),
            (5_100, 9_000, SkewVerdict::Good),
        ] {
            let clock = VenueClock::default();
            let half = i64::try_from(round_trip / 2).unwrap();
            clock.sample(at(0, 0), venue(half, ahead), at(round_trip, 0));
            assert_eq!(clock.skew().unwrap().verdict, verdict, "{ahead} ms in {round_trip} ms");
        }
    }

    #[test]
    fn a_clock_that_is_set_voids_the_sample() {
        let clock = VenueClock::default();
        assert!(!clock.sample(at(0, 0), venue(50, 0), at(100, 2_000)));
        assert!(clock.sample(at(0, 0), venue(50, 0), at(100, 0)));
        assert!(clock.venue_time(at(200, 400)).is_some());
        assert!(clock.venue_time(at(200, 600)).is_none());
        assert!(clock.venue_time(at(200, -600)).is_none());
        // A worse sample after the step is better than a good one before.
        assert!(clock.sample(at(300, 2_000), venue(800, 2_000), at(1_300, 2_000)));
        assert_eq!(clock.venue_time(at(1_400, 2_000)), Some(venue(1_400, 2_000)));
        clock.forget();
        assert_eq!(clock.skew(), None);
    }
}
