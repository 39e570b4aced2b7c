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

/// Time since the machine booted, sleep included: never steps, whatever is done to the wall clock.
pub fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_never_goes_back() {
        let earlier = monotonic();
        assert!(monotonic() >= earlier);
        let earlier = since_boot();
        assert!(since_boot() >= earlier && earlier > Duration::ZERO);
        assert!(wall_now() > Timestamp::from_ms(1_700_000_000_000));
    }
}
