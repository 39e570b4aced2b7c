//! How often: for each peer and class of request as many a minute, all at once or spread.

use std::collections::BTreeMap;
use std::time::Duration;

use super::peer::Counted;
use super::route::Class;

/// What the limits are counted over.
const MINUTE: Duration = Duration::from_secs(60);
/// Probes that a peer may make in a minute: ten a second.
const PROBES_PER_MINUTE: u64 = 600;
/// How often a peer that may may stop everything in a minute: once a second, and the first ones at once.
const STOPS_PER_MINUTE: u64 = 60;
/// Peers that are remembered; of more, those whose limit is least used are forgotten.
const PEERS_MAX: usize = 1_024;

/// The limits, and who used how much of theirs.
#[derive(Debug)]
pub struct Limiter {
    reads: u64,
    writes: u64,
    /// When what a peer used is forgotten, by the caller's monotonic clock.
    used_until: BTreeMap<(Counted, Class), Duration>,
}

impl Limiter {
    /// With so many reads and writes a minute for each peer.
    pub fn new(reads: u64, writes: u64) -> Self {
        Self { reads: reads.max(1), writes: writes.max(1), used_until: BTreeMap::new() }
    }

    /// Counts a request at `now`, or says after how long it would be let through.
    pub fn admit(&mut self, peer: Counted, class: Class, now: Duration) -> Result<(), Duration> {
        let each = MINUTE / u32::try_from(self.limit(class)).unwrap_or(u32::MAX);
        let used_until = self.used_until.get(&(peer, class)).copied().unwrap_or(now).max(now);
        let until = used_until + each;
        if until > now + MINUTE {
            return Err(until - (now + MINUTE));
        }
        self.used_until.insert((peer, class), until);
        if self.used_until.len() > PEERS_MAX {
            self.forget(now);
        }
        Ok(())
    }

    const fn limit(&self, class: Class) -> u64 {
        match class {
            Class::Probe => PROBES_PER_MINUTE,
            Class::Read => self.reads,
            Class::Write | Class::Attempt => self.writes,
            Class::Stop => STOPS_PER_MINUTE,
        }
    }

    fn forget(&mut self, now: Duration) {
        self.used_until.retain(|_, until| *until > now);
        while self.used_until.len() > PEERS_MAX {
            let least = self.used_until.iter().min_by_key(|(_, until)| **until);
            let Some(key) = least.map(|(key, _)| *key) else { return };
            self.used_until.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_minute_of_each_class_and_no_more() {
        let mut limiter = Limiter::new(60, 5);
        let (one, other) = (Counted::User(1), Counted::User(2));
        let mut now = Duration::from_secs(1_000);
        let mut let_through = |peer, class, now| {
            let mut count = 0;
            while limiter.admit(peer, class, now).is_ok() {
                count += 1;
            }
            count
        };
        assert_eq!(let_through(one, Class::Write, now), 5);
        assert_eq!(let_through(one, Class::Read, now), 60);
        assert_eq!(let_through(one, Class::Stop, now), 60);
        assert_eq!(let_through(other, Class::Write, now), 5);
        now += Duration::from_secs(12);
        assert_eq!(let_through(one, Class::Write, now), 1);
        now += MINUTE;
        assert_eq!(let_through(one, Class::Write, now), 5);
        let wait = limiter.admit(one, Class::Write, now).unwrap_err();
        assert!(limiter.admit(one, Class::Write, now + wait).is_ok(), "{wait:?}");
    }

    #[test]
    fn peers_do_not_grow_without_bound_and_the_busy_ones_are_kept() {
        let mut limiter = Limiter::new(2, 5);
        let now = Duration::from_secs(5);
        for _ in 0..2 {
            limiter.admit(Counted::User(0), Class::Read, now).unwrap();
        }
        for user in 1..10_000 {
            limiter.admit(Counted::User(user), Class::Read, now).unwrap();
        }
        assert_eq!(limiter.used_until.len(), PEERS_MAX);
        assert!(limiter.admit(Counted::User(0), Class::Read, now).is_err());
    }
}
