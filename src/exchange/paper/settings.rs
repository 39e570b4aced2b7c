//! How far away the paper venue is.

use crate::domain::identifier::ClientOrderId;
use crate::domain::time::Timestamp;

/// Delays of the paper venue. Jitter is a function of (seed, order, instant), not of a running
/// count, so that a restart in the middle changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PaperSettings {
    /// Microseconds from sending a command to its arrival at the venue, 0 or more.
    pub latency_us: i64,
    /// Microseconds from an event at the venue to its report reaching us, 0 or more.
    pub report_latency_us: i64,
    /// Up to this many microseconds are added to either delay, 0 or more.
    pub latency_jitter_us: i64,
    /// Chooses the jitter.
    pub seed: u64,
}

impl Default for PaperSettings {
    /// 30 ms out, 20 ms back, up to 15 ms jitter: the order of magnitude of a home line in Europe
    /// to an exchange in Asia's cloud front; a choice, not a measurement.
    fn default() -> Self {
        Self { latency_us: 30_000, report_latency_us: 20_000, latency_jitter_us: 15_000, seed: 0 }
    }
}

impl PaperSettings {
    /// No delays: a command arrives at the instant it is sent.
    pub fn immediate() -> Self {
        Self { latency_us: 0, report_latency_us: 0, latency_jitter_us: 0, seed: 0 }
    }

    /// When a command about `order` sent at `now` arrives.
    pub(super) fn arrival(&self, order: &ClientOrderId, now: Timestamp) -> Timestamp {
        later(now, self.latency_us, self.jitter(order, now, 1))
    }

    /// When a report about `order` caused at `at` reaches us.
    pub(super) fn release(&self, order: &ClientOrderId, at: Timestamp) -> Timestamp {
        later(at, self.report_latency_us, self.jitter(order, at, 2))
    }

    fn jitter(&self, order: &ClientOrderId, at: Timestamp, direction: u64) -> i64 {
        if self.latency_jitter_us <= 0 {
            return 0;
        }
        let mut state = mix(self.seed ^ direction);
        for byte in order.as_str().bytes() {
            state = mix(state ^ u64::from(byte));
        }
        state = mix(state ^ at.us().cast_unsigned());
        let span = self.latency_jitter_us.unsigned_abs().saturating_add(1);
        i64::try_from(state % span).unwrap_or(0)
    }
}

fn later(at: Timestamp, delay_us: i64, jitter_us: i64) -> Timestamp {
    Timestamp::from_us(at.us().saturating_add(delay_us.max(0)).saturating_add(jitter_us))
}

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014): spreads every input bit.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_bounded_and_repeats() {
        let settings = PaperSettings { latency_jitter_us: 10, ..PaperSettings::default() };
        let mut seen = std::collections::BTreeSet::new();
        for at in 0..1_000 {
            let now = Timestamp::from_us(at);
            let id = ClientOrderId::new("a-1").unwrap();
            let delay = settings.arrival(&id, now).us_since(now) - settings.latency_us;
            assert!((0..=10).contains(&delay));
            assert_eq!(settings.arrival(&id, now), settings.arrival(&id, now));
            seen.insert(delay);
        }
        assert_eq!(seen.len(), 11);
    }
}
