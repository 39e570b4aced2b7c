//! Keeps a websocket connection up: opens one after another, and replaces it before the venue cuts it.
//!
//! A connection of a certain age gets a successor while it lives on: pushes of both are given for a
//! while, so that none is missed; whoever takes them must bear repetition anyway. Where the successor
//! fails, another is tried later, as long as the old one lives.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::back_off::BackOff;
use super::connection::{Connection, Heard, Opening};
use super::dialer::{BulletSource, Dialer};
use super::fault::Fault;
use super::settings::WsSettings;
use super::subscription::{Batch, Subscription, TooManyTopics};

/// Pushes taken before others get their turn.
const PUSHES_PER_TURN: u32 = 128;
/// The share of its age that a connection may be replaced earlier, as a divisor: two that began
/// together do not end together.
const RENEWAL_SPREAD: u32 = 24;
/// How long after a failed successor another is tried.
const RENEWAL_AGAIN: Duration = Duration::from_secs(60);

/// Who takes what a connection gives. Calls must be short: they hold the connection up.
pub trait Handler {
    /// Every subscription is answered. What came before must be fetched otherwise.
    fn up(&mut self);

    /// There is no connection any more, or none could be made, and why.
    fn down(&mut self, fault: &Fault);

    /// A push. An error asks for another connection.
    fn push(&mut self, text: &str) -> Result<(), String>;

    /// A topic cannot be had, and why; the others can.
    fn refused(&mut self, topic: &str, why: &str);

    /// A frame of a kind that the venue has reserved.
    fn notice(&mut self, text: &str);
}

/// A client of one kind of token: public or private.
pub struct Client {
    opening: Opening,
    back_off: BackOff,
    epoch: Instant,
    /// Since when there has been a connection, successors included.
    up_since: Option<Instant>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.opening.settings).finish_non_exhaustive()
    }
}

/// The successor of a connection, as far as it is.
enum Successor {
    /// Not due.
    Later(Pin<Box<Sleep>>),
    /// Being opened.
    Opening(LocalBoxFuture<'static, Result<Box<Connection>, Fault>>),
    /// Open, and not all of its subscriptions are answered.
    Subscribing(Box<Connection>),
    /// It took over; this is the old one, read on for a while.
    Old(Box<Connection>, Pin<Box<Sleep>>),
}

/// What happened to a successor.
enum Progress {
    Due,
    Opened(Result<Box<Connection>, Fault>),
    Heard(Result<Heard, Fault>),
    OldHeard(Result<Heard, Fault>),
    OldDone,
}

impl Client {
    /// A client that keeps these subscriptions up. With `strict`, a topic that is refused is a failure
    /// of the whole; without, the others go on.
    pub fn new(
        settings: WsSettings,
        subscriptions: &[Subscription],
        strict: bool,
        bullet: BulletSource,
        dialer: Dialer,
    ) -> Result<Self, TooManyTopics> {
        let batches = Batch::all(subscriptions)?;
        let back_off = BackOff::new(settings.seed);
        let opening = Opening { settings, bullet, dialer, batches, strict };
        Ok(Self { opening, back_off, epoch: Instant::now(), up_since: None })
    }

    /// Keeps the connection up until it is dropped.
    pub async fn run<H: Handler>(mut self, handler: Rc<RefCell<H>>) -> Infallible {
        loop {
            let begin = self.back_off.begin(self.epoch.elapsed());
            sleep_until(self.epoch + begin).await;
            let fault = match self.life(&handler).await {
                Ok(never) => return never,
                Err(fault) => fault,
            };
            handler.borrow_mut().down(&fault);
            let lasting = self.opening.settings.lasting;
            if self.up_since.take().is_some_and(|since| since.elapsed() >= lasting) {
                self.back_off.lasted();
            }
            self.back_off.failed(self.epoch.elapsed(), fault.patience());
        }
    }

    /// One connection from its opening to its fault, successors included.
    async fn life<H: Handler>(&mut self, handler: &RefCell<H>) -> Result<Infallible, Fault> {
        let mut current = self.open().await?;
        while !current.is_up() {
            let heard = current.hear().await?;
            give(handler, heard)?;
        }
        self.up_since = Some(Instant::now());
        let mut successor = self.later();
        let mut turn = 0;
        loop {
            // The connection first, but for one chance a turn: it may have something all the time.
            let progress = if turn < PUSHES_PER_TURN {
                turn += 1;
                tokio::select! {
                    biased;
                    heard = current.hear() => {
                        give(handler, heard?)?;
                        continue;
                    }
                    progress = successor.progress() => progress,
                }
            } else {
                turn = 0;
                tokio::select! {
                    biased;
                    progress = successor.progress() => progress,
                    () = yield_now() => continue,
                }
            };
            let (before, after) = (current, successor);
            (current, successor) = self.succeed(before, after, progress, handler)?;
        }
    }

    fn open(&mut self) -> LocalBoxFuture<'static, Result<Box<Connection>, Fault>> {
        let chance = self.back_off.chance().next();
        Box::pin(self.opening.clone().open(chance))
    }

    /// When the connection that just came up is replaced.
    fn later(&mut self) -> Successor {
        let age = self.opening.settings.renew_after;
        let early = self.back_off.chance().up_to(age / RENEWAL_SPREAD);
        Successor::Later(Box::pin(sleep(age - early)))
    }

    /// Moves the succession on by what happened.
    fn succeed<H: Handler>(
        &mut self,
        current: Box<Connection>,
        successor: Successor,
        progress: Progress,
        handler: &RefCell<H>,
    ) -> Result<(Box<Connection>, Successor), Fault> {
        let again = || Successor::Later(Box::pin(sleep(RENEWAL_AGAIN)));
        Ok(match (progress, successor) {
            (Progress::Due, _) => {
                // It counts among the connections begun; the wait is its own.
                self.back_off.begin(self.epoch.elapsed());
                (current, Successor::Opening(self.open()))
            }
            (Progress::Opened(Ok(connection)), _) => (current, Successor::Subscribing(connection)),
            (Progress::Heard(Ok(Heard::Up)), Successor::Subscribing(connection)) => {
                let overlap = self.opening.settings.overlap;
                (connection, Successor::Old(current, Box::pin(sleep(overlap))))
            }
            (Progress::Heard(Ok(heard)) | Progress::OldHeard(Ok(heard)), successor) => {
                give(handler, heard)?;
                (current, successor)
            }
            (Progress::Opened(Err(_)) | Progress::Heard(Err(_)), _) => (current, again()),
            (Progress::OldHeard(Err(_)), _) => (current, self.later()),
            (Progress::OldDone, Successor::Old(old, _)) => {
                old.close();
                (current, self.later())
            }
            (Progress::OldDone, successor) => (current, successor),
        })
    }
}

impl Successor {
    /// What happens next. May be dropped and called again at any time.
    async fn progress(&mut self) -> Progress {
        std::future::poll_fn(|cx| match self {
            Self::Later(timer) => timer.as_mut().poll(cx).map(|()| Progress::Due),
            Self::Opening(opening) => opening.as_mut().poll(cx).map(Progress::Opened),
            Self::Subscribing(connection) => connection.poll_hear(cx).map(Progress::Heard),
            Self::Old(old, timer) => match timer.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Progress::OldDone),
                Poll::Pending => old.poll_hear(cx).map(Progress::OldHeard),
            },
        })
        .await
    }
}

fn give<H: Handler>(handler: &RefCell<H>, heard: Heard) -> Result<(), Fault> {
    let mut handler = handler.borrow_mut();
    match heard {
        Heard::Up => handler.up(),
        Heard::Push(text) => return handler.push(&text).map_err(Fault::Asked),
        Heard::Refused(topic, why) => handler.refused(&topic, &why),
        Heard::Notice(text) => handler.notice(&text),
    }
    Ok(())
}
