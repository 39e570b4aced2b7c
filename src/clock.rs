//! The clock: the only reader of wall and monotonic time. Everything else takes time as an argument.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;

/// The instant [`monotonic`] counts from: its first call.
static START: OnceLock<Instant> = OnceLock::new();

/// The wall clock, in UTC. It may step in both directions; never subtract two of these to time work.
///
/// A clock before 1970 reads as 1970, which the health check's skew threshold catches.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn wall_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::from_us(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Time since the first call in this process: never steps, and stands still while the machine sleeps.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn monotonic() -> Duration {
    START.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_never_goes_back() {
        let earlier = monotonic();
        assert!(monotonic() >= earlier);
        assert!(wall_now() > Timestamp::from_ms(1_700_000_000_000));
    }
}
