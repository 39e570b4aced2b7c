//! The quota of one pool: what the venue counts, and how much of it the agent allows itself.
//!
//! A quota holds for 30 s from the first request. The venue tells with each answer what is left; other
//! programs on the same account use the same quota, so its word counts, and what is on its way counts
//! on top. Pure: time is an argument, as time since the start of the process.

use std::time::Duration;

use super::back_off::Jitter;
use super::priority::Priority;
use crate::exchange::kucoin::protocol::rate_limit::RateLimit;

/// How long a quota holds, where the venue has not said it yet (KuCoin's documentation of its limits).
const WINDOW: Duration = Duration::from_secs(30);
/// Longest time to the next window that is believed.
const RESET_MAX: Duration = Duration::from_secs(300);
/// Waited on top of the time the venue names, so that both clocks agree that it is over.
const RESET_MARGIN: Duration = Duration::from_millis(100);
/// First wait after the venue said that it is overloaded.
const OVERLOAD_BASE: Duration = Duration::from_millis(500);
/// Longest wait after that.
const OVERLOAD_MOST: Duration = Duration::from_secs(10);
/// Percent of the quota that the agent uses: the rest is for a person's hand, and for an error in our
/// count. A choice.
const OWN_PERCENT: u64 = 80;
/// Percent of the agent's own share open to entries: the last quarter is for exits and cancels.
const ENTRY_PERCENT: u64 = 75;
/// Percent of the agent's own share open to reads.
const READ_PERCENT: u64 = 60;

/// The quota of a pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Budget {
    /// Weight that a window holds.
    limit: u64,
    /// Weight used in this window, by the venue's count or ours, whichever is more.
    used: u64,
    /// Weight of the calls that are not answered yet.
    in_flight: u64,
    /// When this window ends; `None` before its first request.
    window_end: Option<Duration>,
    /// Nothing is sent before.
    closed_until: Duration,
    /// Times in a row that the venue said it was overloaded.
    overloads: u32,
    /// The venue said something of this quota.
    told: bool,
    /// The least that was left, and of how much, in the venue's answers since somebody asked.
    least: Option<(u64, u64)>,
}

impl Budget {
    /// A quota of `limit` until the venue says otherwise.
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit,
            used: 0,
            in_flight: 0,
            window_end: None,
            closed_until: Duration::ZERO,
            overloads: 0,
            told: false,
            least: None,
        }
    }

    /// Takes `weight` for a call, or says when to ask again.
    pub(super) fn admit(
        &mut self,
        now: Duration,
        weight: u64,
        priority: Priority,
    ) -> Result<(), Duration> {
        if now < self.closed_until {
            return Err(self.closed_until);
        }
        if self.window_end.is_some_and(|end| now >= end) {
            (self.used, self.window_end) = (0, None);
        }
        let used = self.used + self.in_flight;
        // A call heavier than the whole allowance goes alone, or it never goes.
        if used > 0 && used + weight > self.allowance(priority) {
            return Err(self.window_end.unwrap_or(now + WINDOW));
        }
        self.in_flight += weight;
        self.window_end.get_or_insert(now + WINDOW);
        Ok(())
    }

    /// Weight that calls of this priority and the earlier ones may use in a window.
    fn allowance(&self, priority: Priority) -> u64 {
        let percent = match priority {
            Priority::Protective => 100,
            Priority::Entry => ENTRY_PERCENT,
            Priority::Read => READ_PERCENT,
        };
        self.limit * OWN_PERCENT / 100 * percent / 100
    }

    /// The call never left: its weight is free again.
    pub(super) fn not_sent(&mut self, weight: u64) {
        self.in_flight = self.in_flight.saturating_sub(weight);
    }

    /// The call was answered, or will never be.
    pub(super) fn settle(&mut self, now: Duration, weight: u64, notice: Option<RateLimit>) {
        self.not_sent(weight);
        let Some(notice) = notice else {
            self.used += weight;
            return;
        };
        let (limit, remaining) = (notice.limit.unsigned_abs(), notice.remaining.unsigned_abs());
        let share = |(limit, left): (u64, u64)| left.saturating_mul(1_000) / limit.max(1);
        self.told = true;
        let left = (limit, remaining);
        self.least = Some(self.least.filter(|it| share(*it) <= share(left)).unwrap_or(left));
        let end = now + reset(notice);
        let used = limit.saturating_sub(remaining);
        // Answers may overtake each other. A window that ends much later is the next one.
        let same = self.window_end.is_some_and(|known| end < known + WINDOW / 2);
        self.used = if same { self.used.max(used) } else { used };
        (self.limit, self.window_end) = (limit.max(1), Some(end));
    }

    /// The venue refused a call for its rate. With `notice` the quota is used up; without, the venue
    /// is overloaded.
    pub(super) fn refused(&mut self, now: Duration, notice: Option<RateLimit>, jitter: &Jitter) {
        let until = if let Some(notice) = notice {
            now + reset(notice) + RESET_MARGIN
        } else {
            self.overloads = self.overloads.saturating_add(1);
            now + jitter.back_off(OVERLOAD_BASE, OVERLOAD_MOST, self.overloads)
        };
        self.close_until(until);
    }

    /// The venue served a call: it is not overloaded.
    pub(super) fn served(&mut self) {
        self.overloads = 0;
    }

    /// Sends nothing before `until`.
    pub(super) fn close_until(&mut self, until: Duration) {
        self.closed_until = self.closed_until.max(until);
    }

    /// The least that the venue said was left since the last call, as limit and weight left.
    pub(super) fn take_least(&mut self) -> Option<(u64, u64)> {
        self.least.take()
    }

    /// What is left of the quota now, as limit and weight left; none before the venue said something of it.
    pub(super) fn left(&self, now: Duration) -> Option<(u64, u64)> {
        let used = if self.window_end.is_some_and(|end| now < end) { self.used } else { 0 };
        self.told.then(|| (self.limit, self.limit.saturating_sub(used)))
    }

    /// How long the pool stays closed.
    pub(super) fn closed_for(&self, now: Duration) -> Duration {
        self.closed_until.saturating_sub(now)
    }
}

fn reset(notice: RateLimit) -> Duration {
    Duration::from_millis(notice.reset_ms.unsigned_abs()).min(RESET_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Priority::{Entry, Protective, Read};

    const fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn notice(limit: i64, remaining: i64, reset_ms: i64) -> Option<RateLimit> {
        Some(RateLimit { limit, remaining, reset_ms })
    }

    /// A pool of 1000 in which the venue counts `used`, 10 s before its window ends.
    fn used(used: i64) -> Budget {
        let mut budget = Budget::new(1000);
        budget.admit(at(0), 1, Read).unwrap();
        budget.settle(at(0), 1, notice(1000, 1000 - used, 10_000));
        budget
    }

    #[test]
    fn the_own_share_is_below_the_quota_and_its_end_is_for_protection() {
        for (spent, read, entry, protective) in [
            (479, true, true, true),
            (480, false, true, true),
            (599, false, true, true),
            (600, false, false, true),
            (799, false, false, true),
            (800, false, false, false),
            (1000, false, false, false),
        ] {
            for (priority, expected) in [(Read, read), (Entry, entry), (Protective, protective)] {
                let admitted = used(spent).admit(at(1), 1, priority);
                assert_eq!(admitted.is_ok(), expected, "{priority:?} after {spent}");
                assert!(admitted.is_ok() || admitted == Err(at(10_000)));
            }
        }
    }

    #[test]
    fn what_is_on_its_way_counts_until_it_never_left() {
        let mut budget = used(400);
        budget.admit(at(1), 80, Read).unwrap();
        assert!(budget.admit(at(1), 1, Read).is_err());
        budget.not_sent(80);
        budget.admit(at(1), 80, Read).unwrap();
        budget.settle(at(2), 80, None);
        assert!(budget.admit(at(3), 1, Read).is_err(), "an answer without headers counts as used");
    }

    #[test]
    fn a_window_ends_and_the_next_begins_with_its_first_request() {
        let mut budget = used(900);
        assert_eq!(budget.admit(at(9_999), 1, Protective), Err(at(10_000)));
        budget.admit(at(10_000), 1, Read).unwrap();
        // The venue's window is younger than ours: its word counts.
        budget.settle(at(10_100), 1, notice(1000, 999, 29_990));
        assert!(budget.admit(at(10_200), 479, Read).is_ok());
    }

    #[test]
    fn an_answer_that_was_overtaken_frees_nothing() {
        let mut budget = used(100);
        budget.admit(at(1), 1, Read).unwrap();
        budget.admit(at(1), 1, Read).unwrap();
        budget.settle(at(2), 1, notice(1000, 300, 9_998));
        budget.settle(at(3), 1, notice(1000, 899, 9_997));
        assert!(budget.admit(at(4), 1, Entry).is_err());
    }

    #[test]
    fn what_is_left_is_the_venues_word_and_all_of_it_in_a_new_window() {
        let mut budget = Budget::new(1000);
        assert_eq!(budget.left(at(0)), None);
        budget.settle(at(0), 1, None);
        assert_eq!(budget.left(at(0)), None, "the venue said nothing");
        budget.settle(at(1), 1, notice(2000, 500, 9_999));
        assert_eq!(budget.left(at(9_999)), Some((2000, 500)));
        assert_eq!(budget.left(at(10_000)), Some((2000, 2000)));
    }

    #[test]
    fn the_least_that_was_left_is_told_once() {
        let mut budget = Budget::new(1000);
        assert_eq!(budget.take_least(), None);
        budget.settle(at(1), 1, notice(1000, 300, 9_999));
        budget.settle(at(2), 1, notice(1000, 40, 9_998));
        budget.settle(at(11_000), 1, notice(1000, 990, 30_000));
        assert_eq!(budget.take_least(), Some((1000, 40)));
        assert_eq!(budget.take_least(), None);
        budget.settle(at(12_000), 1, None);
        assert_eq!(budget.take_least(), None, "the venue said nothing");
    }

    #[test]
    fn a_higher_level_is_learnt_and_a_heavy_call_goes_alone() {
        let mut budget = Budget::new(1000);
        budget.admit(at(0), 1, Read).unwrap();
        budget.settle(at(0), 1, notice(8000, 7999, 30_000));
        budget.admit(at(1), 3_000, Read).unwrap();
        let mut small = Budget::new(10);
        small.admit(at(0), 30, Read).unwrap();
        assert!(small.admit(at(0), 30, Protective).is_err());
    }

    #[test]
    fn a_refusal_closes_the_pool_until_the_venue_said_or_for_a_growing_while() {
        let jitter = Jitter::new();
        let mut budget = used(0);
        budget.refused(at(1_000), notice(1000, 0, 7_000), &jitter);
        assert_eq!(budget.admit(at(8_050), 1, Protective), Err(at(8_100)));
        assert!(budget.admit(at(10_000), 1, Read).is_ok());
        let mut budget = used(0);
        let mut closed = Vec::new();
        for now in [0, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000] {
            budget.refused(at(now), None, &jitter);
            closed.push(budget.closed_for(at(now)));
        }
        assert!(closed[0] <= at(500) && closed[3] >= at(2_000) && closed[6] <= at(10_000));
        budget.served();
        budget.refused(at(200_000), None, &jitter);
        assert!(budget.closed_for(at(200_000)) <= at(500));
        // A huge reset is not believed.
        budget.refused(at(0), notice(1, 0, i64::MAX), &jitter);
        assert!(budget.closed_for(at(0)) <= at(300_100));
    }
}
