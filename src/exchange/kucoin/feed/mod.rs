//! Live market data of KuCoin's: pushes in, [`FeedEvent`]s out, and nothing that was not so.
//!
//! ```text
//! websocket --- pushes ---> Receiver --- market events, ups and downs ---> Queue ---> Feed::next
//!                              ^
//! REST: books to begin with, and polls while the websocket is down
//! ```
//!
//! Instants are those of reception, by the clock that is given; they never go back. A numbered book
//! waits for its snapshot, is void after a gap and begins anew, and so it does where it is crossed or
//! counts anew. What repeats or is late is counted and left out. Books also tell their best bid and
//! ask as quotes, after the levels that made them.
//!
//! While the websocket is down, best bids and asks (and trades, where they can be had) are polled and
//! told as [`FeedEvent::Polled`]; trades between the last poll and the next [`FeedEvent::Up`] are not
//! told.

mod count;
mod desk;
mod edge;
mod event;
mod fetch;
mod receiver;
mod settings;
mod sources;
mod task;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::Instant;

pub use self::count::LiveCount;
pub use self::event::FeedEvent;
pub use self::fetch::{Fetch, FetchedBook, Fetches};
pub use self::receiver::ReadClock;
pub use self::settings::{BookSource, FeedSettings};
pub use self::sources::Sources;

use self::receiver::Receiver;
use self::task::Task;
use super::ws::{Client, Queue, TooManyTopics};
use crate::domain::durations::Durations;
use crate::domain::instrument::Instrument;

/// Why a feed cannot begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FeedError {
    /// More topics than a connection carries.
    Topics(TooManyTopics),
    /// The increments of this pair are too fine or too coarse for 64 bits.
    Grid(String),
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topics(topics) => write!(f, "{topics}"),
            Self::Grid(symbol) => {
                write!(f, "{symbol}: its increments do not fit 64 bits; leave it out")
            }
        }
    }
}

impl std::error::Error for FeedError {}

/// A feed that is kept up until this is dropped.
pub struct Feed {
    receiver: Rc<RefCell<Receiver>>,
    queue: Queue<FeedEvent>,
    task: AbortHandle,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("waiting", &self.queue.len()).finish_non_exhaustive()
    }
}

impl Feed {
    /// Begins to keep a feed up, in a task of the running `LocalSet`; `wake` is notified of every
    /// event.
    pub fn start(
        settings: &FeedSettings,
        sources: Sources,
        wake: Rc<Notify>,
    ) -> Result<Self, FeedError> {
        let Sources { bullet, dialer, fetches, clock } = sources;
        let topics = settings.subscriptions();
        let client = Client::new(settings.ws.clone(), &topics, false, bullet, dialer)
            .map_err(FeedError::Topics)?;
        let (queue, epoch) = (Queue::new(settings.events_max, wake), Instant::now());
        let receiver = Receiver::new(settings, queue.clone(), clock, Duration::ZERO)
            .map_err(FeedError::Grid)?;
        let receiver = Rc::new(RefCell::new(receiver));
        let task = Task {
            receiver: Rc::clone(&receiver),
            symbols: settings.instruments.iter().map(Instrument::symbol).collect(),
            fetches: Fetches { trades: fetches.trades.filter(|_| settings.trades), ..fetches },
            fetch_timeout: settings.fetch_timeout,
            poll_every: settings.poll_every,
            epoch,
        };
        let task = spawn_local(task.run(client)).abort_handle();
        Ok(Self { receiver, queue, task })
    }

    /// The next event, where one waits.
    pub fn next(&self) -> Option<FeedEvent> {
        let event = self.queue.pop();
        if event.is_none() || self.queue.is_empty() {
            self.receiver.borrow_mut().catch_up();
        }
        event.or_else(|| self.queue.pop())
    }

    /// Waits until an event waits. May be dropped and called again.
    pub async fn filled(&self) {
        self.queue.filled().await;
    }

    /// True where the task that keeps it up is gone: it never ends by itself.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// What the feed met so far.
    pub fn count(&self) -> LiveCount {
        self.receiver.borrow().count.clone()
    }

    /// How often the websocket was up no more, or could not be brought up.
    pub fn downs(&self) -> u64 {
        self.receiver.borrow().count.downs
    }

    /// How long pushes took since this was last asked: from the venue's stamp, by its clock, to their arrival, by
    /// ours. A push that seems to come from the future took no time.
    pub fn take_lag(&self) -> Durations {
        std::mem::take(&mut self.receiver.borrow_mut().lag)
    }

    /// When the venue last said anything of the market, by the monotonic clock; a feed that never heard
    /// anything counts from its start.
    pub fn received_at(&self) -> Duration {
        self.receiver.borrow().heard_at
    }

    /// When the websocket pushed something last, by the monotonic clock; none yet.
    pub fn pushed_at(&self) -> Option<Duration> {
        self.receiver.borrow().pushed_at
    }

    /// True while requests bring what the websocket does not: it is down, and one was answered since.
    pub fn is_polled(&self) -> bool {
        let receiver = self.receiver.borrow();
        receiver.silent_since.is_some_and(|since| receiver.heard_at > since)
    }

    /// Since when the websocket is down, by the monotonic clock, whatever is polled; none while it is up.
    pub fn silent_since(&self) -> Option<Duration> {
        self.receiver.borrow().silent_since
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests;
