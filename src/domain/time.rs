//! Instants: integer microseconds UTC since 1970, the ledger's unit.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A UTC instant in microseconds since the epoch.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Timestamp(i64);

/// Microseconds in a minute.
pub const MINUTE_US: i64 = 60_000_000;
/// Microseconds in an hour.
pub const HOUR_US: i64 = 3_600_000_000;
/// Microseconds in a day.
pub const DAY_US: i64 = 24 * HOUR_US;

impl Timestamp {
    /// The instant `us` microseconds after the epoch.
    pub const fn from_us(us: i64) -> Self {
        Self(us)
    }

    /// The instant `ms` milliseconds after the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms * 1_000)
    }

    /// Microseconds since the epoch.
    pub const fn us(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down.
    pub const fn ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Microseconds from `earlier` to this instant; negative where `earlier` is later.
    pub const fn us_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The start of the interval of `length_us` microseconds that holds this instant.
    pub const fn floor_to_us(self, length_us: i64) -> Self {
        Self(self.0 - self.0.rem_euclid(length_us))
    }

    /// The start of the UTC hour.
    pub const fn hour(self) -> Self {
        self.floor_to_us(HOUR_US)
    }

    /// The start of the UTC day.
    pub const fn day(self) -> Self {
        self.floor_to_us(DAY_US)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// RFC 3339 in UTC: `2026-02-19T20:23:59Z`, with a fraction only where there is one.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => f.pad(&time.to_string()),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl std::str::FromStr for Timestamp {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        Ok(Self(text.parse::<jiff::Timestamp>()?.as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_and_prints_utc() {
        let time = Timestamp::from_ms(1_771_532_639_000);
        assert_eq!(time.to_string(), "2026-02-19T20:23:59Z");
        assert_eq!(time.hour().to_string(), "2026-02-19T20:00:00Z");
        assert_eq!(Timestamp::from_us(-1).hour().us(), -HOUR_US);
        assert_eq!("2026-02-19T20:23:59Z".parse::<Timestamp>().unwrap(), time);
    }
}
