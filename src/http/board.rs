//! Where the loop publishes, and the interface's thread reads: neither waits for the other longer than
//! it takes to copy a pointer.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::view::View;
use crate::clock;
use crate::domain::time::Timestamp;

/// A view is published at most this often: making one looks at every instrument.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);

/// Where the agent is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// Opens the ledger, reaches the market.
    Starting,
    /// Compares ledger and venue.
    Reconciling,
    /// Trades.
    Ready,
    /// Cancels entries, waits for answers.
    Draining,
    /// Is over.
    Stopped,
}

impl Phase {
    /// Every phase, in their order.
    pub const ALL: [Self; 5] =
        [Self::Starting, Self::Reconciling, Self::Ready, Self::Draining, Self::Stopped];

    /// The answers' word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Reconciling => "reconciling",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }

    fn of(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Stopped)
    }
}

/// What was published, and when by [`clock::monotonic`].
#[derive(Clone, Debug)]
pub struct Published {
    /// What.
    pub view: View,
    /// When.
    pub at: Duration,
}

/// The board.
#[derive(Debug)]
pub struct Board {
    began: Duration,
    began_at: Timestamp,
    phase: AtomicU8,
    turned_us: AtomicU64,
    view: Mutex<Option<Arc<Published>>>,
}

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

impl Board {
    /// An empty board of a process that starts now.
    pub fn new() -> Self {
        let board = Self {
            began: clock::monotonic(),
            began_at: clock::wall_now(),
            phase: AtomicU8::new(0),
            turned_us: AtomicU64::new(0),
            view: Mutex::new(None),
        };
        board.turned();
        board
    }

    /// The agent's thread does something: its loop turned, or its start goes on.
    pub fn turned(&self) {
        self.turned_us.store(to_us(clock::monotonic()), Ordering::Relaxed);
    }

    /// Says once a second that the agent's thread goes on, for as long as it is polled.
    pub async fn breathe(&self) -> Infallible {
        loop {
            self.turned();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// The agent reached a phase.
    pub fn reach(&self, phase: Phase) {
        let number = Phase::ALL.iter().position(|known| *known == phase);
        let number = number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX);
        self.phase.store(number, Ordering::Relaxed);
    }

    /// True where a new view is due.
    pub fn is_due(&self, now: Duration) -> bool {
        self.published().is_none_or(|last| now.saturating_sub(last.at) >= PUBLISH_EVERY)
    }

    /// Publishes a view that was made at `now`.
    pub fn publish(&self, view: View, now: Duration) {
        let published = Some(Arc::new(Published { view, at: now }));
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = published;
    }

    /// The last view, once there is one.
    pub fn published(&self) -> Option<Arc<Published>> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the agent is in its life.
    pub fn phase(&self) -> Phase {
        Phase::of(self.phase.load(Ordering::Relaxed))
    }

    /// When the agent's thread last did something, by [`clock::monotonic`].
    pub fn turned_at(&self) -> Duration {
        Duration::from_micros(self.turned_us.load(Ordering::Relaxed))
    }

    /// When the process began, by [`clock::monotonic`] and by the wall.
    pub const fn began(&self) -> (Duration, Timestamp) {
        (self.began, self.began_at)
    }
}

fn to_us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_what_was_reached_last() {
        let board = Board::new();
        assert_eq!(board.phase(), Phase::Starting);
        for phase in Phase::ALL {
            board.reach(phase);
            assert_eq!(board.phase(), phase);
        }
        assert!(board.published().is_none() && board.is_due(Duration::ZERO));
    }
}
