//! The private channel: what happens to own orders and balances, for as long as the venue tells it.
//!
//! Nothing numbers private pushes: whatever breaks the stream (a lost connection, a push that makes no
//! sense, a full queue) is told as [`PrivateEvent::Down`], and from the [`PrivateEvent::Up`] that
//! follows on, pushes are complete again. Everything before an Up must be reconciled by REST. Pushes
//! may repeat themselves: while a connection is replaced by its successor, both tell them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local};

use super::client::{Client, Handler};
use super::dialer::{BulletSource, Dialer};
use super::fault::Fault;
use super::queue::Queue;
use super::settings::WsSettings;
use super::subscription::Subscription;
use crate::clock;
use crate::exchange::kucoin::protocol::balance_push::{self, BalancePush};
use crate::exchange::kucoin::protocol::frame::ServerFrame;
use crate::exchange::kucoin::protocol::order_push::{self, OrderPush};
use crate::exchange::kucoin::protocol::wire_text::IntoOwned;

/// Events that wait to be taken: a burst of fills has some hundred.
const EVENTS_MAX: usize = 4_096;

/// What the private channel tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PrivateEvent {
    /// Every push from here on is told. What happened before must be fetched by REST.
    Up,
    /// Pushes may be missing from here on, or another attempt to get them failed; and why.
    Down {
        /// In one line.
        reason: String,
    },
    /// Something happened to an own order.
    Order(Box<OrderPush<'static>>),
    /// A balance changed.
    Balance(Box<BalancePush<'static>>),
}

/// What the private channel met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PrivateCount {
    /// Pushes that came.
    pub received: u64,
    /// When the last one did, by the monotonic clock; none yet.
    pub pushed_at: Option<Duration>,
    /// Pushes of other topics, and those that came before every subscription was answered.
    pub ignored: u64,
    /// Pushes that made no sense: each ends its connection.
    pub malformed: u64,
    /// Events that a full queue lost: each time as if the connection had been.
    pub dropped: u64,
    /// Times that the channel came up.
    pub ups: u64,
    /// Times that it was up no more, or could not be brought up.
    pub downs: u64,
}

/// A private connection that is kept up until this is dropped.
#[derive(Debug)]
pub struct PrivateChannel {
    queue: Queue<PrivateEvent>,
    count: Rc<Cell<PrivateCount>>,
    task: AbortHandle,
}

impl PrivateChannel {
    /// Begins to keep a connection up, in a task of the running `LocalSet`. `bullet` gives private
    /// tokens; `wake` is notified of every event.
    pub fn start(
        settings: WsSettings,
        bullet: BulletSource,
        dialer: Dialer,
        wake: Rc<Notify>,
    ) -> Self {
        Self::with_queue(settings, bullet, dialer, Queue::new(EVENTS_MAX, wake))
    }

    pub(super) fn with_queue(
        settings: WsSettings,
        bullet: BulletSource,
        dialer: Dialer,
        queue: Queue<PrivateEvent>,
    ) -> Self {
        let subscriptions = [order_push::TOPIC, balance_push::TOPIC].map(Subscription::private);
        let client = Client::new(settings, &subscriptions, true, bullet, dialer)
            .expect("two topics are fewer than a connection carries");
        let count = Rc::default();
        let handler = Taker { queue: queue.clone(), count: Rc::clone(&count), up: false };
        let task = spawn_local(client.run(Rc::new(RefCell::new(handler)))).abort_handle();
        Self { queue, count, task }
    }

    /// The next event, where one waits.
    pub fn next(&self) -> Option<PrivateEvent> {
        self.queue.pop()
    }

    /// Waits until an event waits. May be dropped and called again.
    pub async fn filled(&self) {
        self.queue.filled().await;
    }

    /// True where the task that keeps it up is gone: it never ends by itself.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// What the channel met so far.
    pub fn count(&self) -> PrivateCount {
        self.count.get()
    }
}

impl Drop for PrivateChannel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes pushes for the queue.
struct Taker {
    queue: Queue<PrivateEvent>,
    count: Rc<Cell<PrivateCount>>,
    up: bool,
}

impl Taker {
    fn count(&self, change: impl FnOnce(&mut PrivateCount)) {
        let mut count = self.count.get();
        change(&mut count);
        self.count.set(count);
    }

    /// Queues an event. Where the queue is full, all that waits is as good as lost: whoever takes the
    /// events reconciles from the Up on, as after a lost connection.
    fn say(&mut self, event: PrivateEvent) {
        let Err(event) = self.queue.push(event) else { return };
        let lost = self.queue.clear() + 1;
        self.count(|count| count.dropped += lost as u64);
        let reason = format!("{lost} events were not taken in time");
        let _ = self.queue.push(PrivateEvent::Down { reason });
        match event {
            // The connection stands: what comes next is complete.
            PrivateEvent::Up | PrivateEvent::Order(_) | PrivateEvent::Balance(_) => {
                let _ = self.queue.push(PrivateEvent::Up);
            }
            down @ PrivateEvent::Down { .. } => {
                let _ = self.queue.push(down);
            }
        }
    }

    fn read(text: &str) -> Result<Option<PrivateEvent>, serde_json::Error> {
        let frame = ServerFrame::parse(text)?;
        // Some samples of the older topic's pushes carry the newer one, and the other way round.
        Ok(match frame.topic.as_deref() {
            Some(order_push::TOPIC | order_push::TOPIC_V1) => {
                let push: OrderPush<'_> = frame.data()?;
                Some(PrivateEvent::Order(Box::new(push.into_owned())))
            }
            Some(balance_push::TOPIC) => {
                let push: BalancePush<'_> = frame.data()?;
                Some(PrivateEvent::Balance(Box::new(push.into_owned())))
            }
            Some(_) | None => None,
        })
    }
}

impl Handler for Taker {
    fn up(&mut self) {
        self.up = true;
        self.count(|count| count.ups += 1);
        self.say(PrivateEvent::Up);
    }

    fn down(&mut self, fault: &Fault) {
        self.up = false;
        self.count(|count| count.downs += 1);
        self.say(PrivateEvent::Down { reason: fault.to_string() });
    }

    fn push(&mut self, text: &str) -> Result<(), String> {
        let now = clock::monotonic();
        self.count(|count| (count.received, count.pushed_at) = (count.received + 1, Some(now)));
        match Self::read(text) {
            Ok(Some(event)) if self.up => self.say(event),
            Ok(_) => self.count(|count| count.ignored += 1),
            Err(error) => {
                self.count(|count| count.malformed += 1);
                return Err(format!("a private push is not understood: {error}"));
            }
        }
        Ok(())
    }

    fn refused(&mut self, _: &str, _: &str) {}

    fn notice(&mut self, _: &str) {
        self.count(|count| count.ignored += 1);
    }
}
