//! The door every call goes through: its pool's budget, its turn, and a bound on calls at once.
//!
//! Within a pool the calls wait in the order of their priority, then of their arrival; none overtakes.
//! A wait has an end, and a call that cannot go before it fails at once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::back_off::Jitter;
use super::budget::Budget;
use super::priority::Priority;
use crate::clock;
use crate::exchange::kucoin::protocol::endpoint::Pool;
use crate::exchange::kucoin::protocol::rate_limit::RateLimit;

/// Calls that may wait at the door; one more fails at once.
pub(super) const WAITING_MAX: usize = 256;

/// What is left of a quota.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Headroom {
    /// Which.
    pub pool: Pool,
    /// Weight that a window holds.
    pub limit: u64,
    /// Weight left of it.
    pub remaining: u64,
}

/// The door. See the [module](self).
pub(super) struct Gate {
    state: RefCell<State>,
    /// Wakes who waits when a turn may have come.
    changed: Notify,
    jitter: Jitter,
}

struct State {
    /// By [`Pool`].
    pools: [Budget; 3],
    /// Calls that are under way.
    calls: usize,
    waiting: BTreeSet<Place>,
    next_number: u64,
}

/// A place in the queue of a pool, sorted by pool, priority and arrival.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    pool: usize,
    priority: Priority,
    number: u64,
}

/// What a call needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fare {
    pub pool: Pool,
    pub weight: u64,
    pub priority: Priority,
}

impl Gate {
    pub(super) fn new() -> Self {
        let state = State {
            pools: Pool::ALL.map(|pool| Budget::new(pool.quota().unsigned_abs())),
            calls: 0,
            waiting: BTreeSet::new(),
            next_number: 0,
        };
        Self { state: RefCell::new(state), changed: Notify::new(), jitter: Jitter::new() }
    }

    /// Waits for the turn of a call, at most `wait_max`. The error says when it may be worth to try
    /// again.
    pub(super) async fn enter(
        &self,
        fare: Fare,
        wait_max: Duration,
    ) -> Result<Ticket<'_>, Duration> {
        let began = clock::monotonic();
        let give_up = began + wait_max;
        let deadline = Instant::now() + wait_max;
        let queued = self.queue(fare).ok_or(wait_max)?;
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = clock::monotonic();
            let again = match self.try_enter(queued.place, fare, now) {
                Ok(()) => return Ok(Ticket { gate: self, fare, open: true }),
                Err(again) => again,
            };
            let wait = again.map(|at| at.saturating_sub(now));
            if now >= give_up || again.is_some_and(|at| at > give_up) {
                return Err(wait.unwrap_or(wait_max));
            }
            let wake = wait.map_or(deadline, |wait| deadline.min(Instant::now() + wait));
            tokio::select! {
                () = changed => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    fn queue(&self, fare: Fare) -> Option<Queued<'_>> {
        let mut state = self.state.borrow_mut();
        if state.waiting.len() >= WAITING_MAX {
            return None;
        }
        let number = state.next_number;
        state.next_number += 1;
        let place = Place { pool: fare.pool as usize, priority: fare.priority, number };
        state.waiting.insert(place);
        Some(Queued { gate: self, place })
    }

    /// Lets a call in where it is its turn. The error is when to ask again: `None` for whenever
    /// something changes.
    fn try_enter(&self, place: Place, fare: Fare, now: Duration) -> Result<(), Option<Duration>> {
        let mut state = self.state.borrow_mut();
        let first = state.waiting.iter().find(|other| other.pool == place.pool);
        if first != Some(&place) || state.calls >= fare.priority.calls_max() {
            return Err(None);
        }
        let Some(pool) = state.pools.get_mut(place.pool) else { return Err(None) };
        pool.admit(now, fare.weight, fare.priority).map_err(Some)?;
        state.calls += 1;
        Ok(())
    }

    /// Sends nothing in any pool for about this long: from it to half as much again.
    pub(super) fn pause(&self, pause: Duration) {
        let until = clock::monotonic() + self.jitter.of(pause + pause / 2).max(pause);
        for pool in &mut self.state.borrow_mut().pools {
            pool.close_until(until);
        }
    }

    /// The venue refused a call of this pool for its rate.
    pub(super) fn refused(&self, pool: Pool, notice: Option<RateLimit>) {
        self.with(pool, |budget| budget.refused(clock::monotonic(), notice, &self.jitter));
    }

    /// The venue served a call of this pool.
    pub(super) fn served(&self, pool: Pool) {
        self.with(pool, Budget::served);
    }

    /// How long a pool stays closed; zero where it is open.
    pub(super) fn closed_for(&self, pool: Pool) -> Duration {
        let state = self.state.borrow();
        let now = clock::monotonic();
        state.pools.get(pool as usize).map_or(Duration::ZERO, |budget| budget.closed_for(now))
    }

    /// What is left of each quota now, where the venue said something of it.
    pub(super) fn headroom(&self) -> Vec<Headroom> {
        let (state, now) = (self.state.borrow(), clock::monotonic());
        let pools = Pool::ALL.into_iter().zip(&state.pools);
        let left = pools.filter_map(|(pool, budget)| Some((pool, budget.left(now)?)));
        left.map(|(pool, (limit, remaining))| Headroom { pool, limit, remaining }).collect()
    }

    /// The least that was left of each quota since the last call, where the venue said something of it.
    pub(super) fn take_headroom(&self) -> Vec<Headroom> {
        let mut state = self.state.borrow_mut();
        let pools = Pool::ALL.into_iter().zip(&mut state.pools);
        let least = pools.filter_map(|(pool, budget)| Some((pool, budget.take_least()?)));
        least.map(|(pool, (limit, remaining))| Headroom { pool, limit, remaining }).collect()
    }

    /// The chance that waits are made of.
    pub(super) fn jitter(&self) -> &Jitter {
        &self.jitter
    }

    fn with(&self, pool: Pool, change: impl FnOnce(&mut Budget)) {
        if let Some(budget) = self.state.borrow_mut().pools.get_mut(pool as usize) {
            change(budget);
        }
    }
}

/// A place in the queue, given up when dropped.
struct Queued<'a> {
    gate: &'a Gate,
    place: Place,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.gate.state.borrow_mut().waiting.remove(&self.place);
        self.gate.changed.notify_waiters();
    }
}

/// The right to make one call. Dropped without a word, the call counts as made.
#[must_use]
pub(super) struct Ticket<'a> {
    gate: &'a Gate,
    fare: Fare,
    open: bool,
}

impl Ticket<'_> {
    /// The call was answered; `notice` is what the answer says of the quota.
    pub(super) fn answered(mut self, notice: Option<RateLimit>) {
        self.open = false;
        let weight = self.fare.weight;
        self.gate.with(self.fare.pool, |pool| pool.settle(clock::monotonic(), weight, notice));
    }

    /// Nothing of the call left.
    pub(super) fn not_sent(mut self) {
        self.open = false;
        self.gate.with(self.fare.pool, |pool| pool.not_sent(self.fare.weight));
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let weight = self.fare.weight;
        if self.open {
            self.gate.with(self.fare.pool, |pool| pool.settle(clock::monotonic(), weight, None));
        }
        let mut state = self.gate.state.borrow_mut();
        state.calls = state.calls.saturating_sub(1);
        drop(state);
        self.gate.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::kucoin::rest::tests::run;
    use Priority::{Entry, Protective, Read};

    /// A gate whose pool is used up for `reset_ms`.
    fn used_up(reset_ms: i64) -> Gate {
        let gate = Gate::new();
        let notice = RateLimit { limit: 1000, remaining: 0, reset_ms };
        gate.with(Pool::Spot, |pool| pool.settle(clock::monotonic(), 0, Some(notice)));
        gate
    }

    async fn enter(gate: &Gate, priority: Priority) -> Result<Ticket<'_>, Duration> {
        let fare = Fare { pool: Pool::Spot, weight: 1, priority };
        gate.enter(fare, priority.wait_max()).await
    }

    #[test]
    fn who_waits_is_let_in_by_priority_then_by_arrival() {
        let gate = used_up(100);
        let order = RefCell::new(Vec::new());
        let call = async |priority: Priority, name: &'static str| {
            let ticket = enter(&gate, priority).await.unwrap();
            order.borrow_mut().push(name);
            ticket.answered(None);
        };
        run(async {
            tokio::join!(
                call(Read, "read 1"),
                call(Read, "read 2"),
                call(Entry, "entry"),
                call(Protective, "exit")
            );
        });
        assert_eq!(order.into_inner(), ["exit", "entry", "read 1", "read 2"]);
    }

    #[test]
    fn who_would_wait_too_long_is_told_at_once() {
        let gate = used_up(60_000);
        let wait = run(enter(&gate, Protective)).err().unwrap();
        assert!(wait > Duration::from_secs(55), "{wait:?}");
        assert!(gate.state.borrow().waiting.is_empty());
    }

    #[test]
    fn a_turn_that_is_given_up_passes_on() {
        let gate = used_up(100);
        run(async {
            let mut first = Box::pin(enter(&gate, Protective));
            let second = enter(&gate, Read);
            tokio::select! {
                biased;
                _ = &mut first => panic!("the pool is used up"),
                () = tokio::task::yield_now() => {}
            }
            let waiting = gate.state.borrow().waiting.len();
            drop(first);
            assert!(second.await.is_ok());
            assert_eq!(waiting, 1);
        });
        assert_eq!(gate.state.borrow().calls, 0);
    }

    #[test]
    fn calls_at_once_and_calls_that_wait_are_bounded() {
        let gate = Gate::new();
        run(async {
            let mut tickets = Vec::new();
            for (priority, calls) in [(Read, 4), (Entry, 6), (Protective, 8)] {
                while gate.state.borrow().calls < calls {
                    tickets.push(enter(&gate, priority).await.unwrap());
                }
                let mut one_more = Box::pin(enter(&gate, priority));
                tokio::select! {
                    biased;
                    _ = &mut one_more => panic!("{calls} calls are under way"),
                    () = tokio::task::yield_now() => {}
                }
            }
            let one_more = || Box::pin(enter(&gate, Protective));
            let mut waiting: Vec<_> = (0..WAITING_MAX).map(|_| one_more()).collect();
            for call in &mut waiting {
                tokio::select! {
                    biased;
                    _ = call => panic!("8 calls are under way"),
                    () = tokio::task::yield_now() => {}
                }
            }
            assert!(one_more().await.is_err());
            tickets.pop();
            assert!(waiting.swap_remove(0).await.is_ok());
        });
    }
}
