//! Ages and sizes as a person reads them.

use std::fmt;
use std::time::Duration;

use crate::domain::time::Timestamp;

const SECOND_US: i64 = 1_000_000;

/// How long ago something was. Negative: it lies in the future.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Age(i64);

impl Age {
    /// The age of `then` at `now`.
    pub fn of(then: Timestamp, now: Timestamp) -> Self {
        Self(now.us_since(then))
    }

    /// True where the age is `limit` or more.
    pub fn reaches(self, limit: Duration) -> bool {
        i128::from(self.0) >= i128::try_from(limit.as_micros()).unwrap_or(i128::MAX)
    }

    /// Whole seconds, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND_US)
    }
}

impl From<Duration> for Age {
    fn from(duration: Duration) -> Self {
        Self(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
    }
}

/// `350ms`, `12s`, `5m03s`, `2h07m`, `3d04h`: the two largest units, rounded down.
impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let us = self.0.unsigned_abs();
        let seconds = us / SECOND_US.unsigned_abs();
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
        let text = match seconds {
            0 => format!("{sign}{}ms", us / 1_000),
            1..60 => format!("{sign}{seconds}s"),
            60..3_600 => format!("{sign}{minutes}m{:02}s", seconds % 60),
            3_600..86_400 => format!("{sign}{hours}h{:02}m", minutes % 60),
            _ => format!("{sign}{days}d{:02}h", hours % 24),
        };
        f.pad(&text)
    }
}

/// Bytes in whole KiB, MiB or GiB, rounded down.
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [(u32, &str); 3] = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = UNITS.into_iter().find(|(shift, _)| bytes >> shift >= 4);
    unit.map_or_else(|| format!("{bytes} B"), |(shift, name)| format!("{} {name}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_two_largest_units() {
        let age = |us| Age(us).to_string();
        let cases = [
            (0, "0ms"),
            (999_999, "999ms"),
            (1_000_000, "1s"),
            (303_000_000, "5m03s"),
            (7_620_000_000, "2h07m"),
            (3 * 86_400_000_000 + 14_400_000_000, "3d04h"),
            (-6_000_000, "-6s"),
        ];
        for (us, text) in cases {
            assert_eq!(age(us), text);
        }
        assert_eq!(bytes_text(12), "12 B");
        assert_eq!(bytes_text(256 << 20), "256 MiB");
        assert_eq!(bytes_text(1 << 30), "1024 MiB");
        assert_eq!(bytes_text(9 << 30), "9 GiB");
    }

    #[test]
    fn a_limit_is_reached_at_the_limit() {
        let limit = Duration::from_secs(60);
        for (us, reached) in
            [(59_999_999, false), (60_000_000, true), (60_000_001, true), (-1, false)]
        {
            assert_eq!(Age(us).reaches(limit), reached, "{us}");
        }
    }
}
