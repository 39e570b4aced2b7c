//! How the market's clock follows the wall's.
//!
//! The wall's time is read once, at the start, and goes on with the time since boot: a wall clock that
//! is set in either direction, by hours, moves no order, no deadline and no hold. The next start reads
//! it again.

use std::time::Duration;

use crate::clock;
use crate::domain::time::Timestamp;

/// The speed asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// As fast as the wall clock, from where that stood at the start.
    Wall,
    /// A clock of its own that runs this many times faster.
    Times(u32),
    /// As fast as possible: the clock jumps from event to event.
    Max,
}

impl std::str::FromStr for Pace {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "max" => Ok(Self::Max),
            number => match number.parse() {
                Ok(times @ 1..=1_000_000) => Ok(Self::Times(times)),
                Ok(_) | Err(_) => Err("a whole number from 1 to 1000000, or max".to_owned()),
            },
        }
    }
}

/// A running clock at some pace.
#[derive(Clone, Copy, Debug)]
pub struct PaceClock {
    pace: Pace,
    start: Timestamp,
    began: Duration,
}

impl PaceClock {
    /// A clock that reads `start` now; at the wall's pace it is not behind the wall.
    pub fn new(pace: Pace, start: Timestamp) -> Self {
        let start = if pace == Pace::Wall { start.max(clock::wall_now()) } else { start };
        Self { pace, start, began: clock::since_boot() }
    }

    /// The market's now. Under [`Pace::Max`] everything is due.
    pub fn now(&self) -> Timestamp {
        match self.pace {
            Pace::Wall => self.start + (clock::since_boot() - self.began),
            Pace::Times(times) => self.start + (clock::since_boot() - self.began) * times,
            Pace::Max => Timestamp::from_us(i64::MAX),
        }
    }

    /// How long until the market's clock reads `at`.
    pub fn wait_for(&self, at: Timestamp) -> Duration {
        let ahead = u64::try_from(at.us().saturating_sub(self.now().us())).unwrap_or(0);
        match self.pace {
            Pace::Wall => Duration::from_micros(ahead),
            Pace::Times(times) => Duration::from_micros(ahead) / times,
            Pace::Max => Duration::ZERO,
        }
    }

    /// True for [`Pace::Max`].
    pub fn is_max(&self) -> bool {
        self.pace == Pace::Max
    }

    /// True where the market's clock is the wall's.
    pub fn is_wall(&self) -> bool {
        self.pace == Pace::Wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_whole_numbers_or_max() {
        assert_eq!("max".parse(), Ok(Pace::Max));
        assert_eq!("600".parse(), Ok(Pace::Times(600)));
        for bad in ["0", "-1", "1.5", "fast", "1000001", ""] {
            assert!(bad.parse::<Pace>().is_err(), "{bad}");
        }
    }
}
