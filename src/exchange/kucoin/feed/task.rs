//! The feed at work: the websocket's pushes, the books it needs, the polls while it is down.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::fetch::{Fetch, FetchedBook, Fetches};
use super::receiver::Receiver;
use crate::domain::identifier::InstrumentId;
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::ws::{Client, Fault, Handler};

/// Books fetched at once: each counts 3 of the venue's 4000 in 30 s.
const FETCHES_MAX: usize = 4;
/// After a poll that gave nothing.
const POLL_AGAIN: Duration = Duration::from_secs(2);

/// What a feed's tasks share.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) receiver: Rc<RefCell<Receiver>>,
    pub(super) symbols: Rc<[Symbol]>,
    pub(super) fetches: Fetches,
    pub(super) fetch_timeout: Duration,
    pub(super) poll_every: Duration,
    /// What the receiver's instants count from.
    pub(super) epoch: Instant,
}

/// A book that was asked for.
type Fetched = ((u64, InstrumentId), Result<FetchedBook, String>);

impl Task {
    /// Works until it is dropped.
    pub(super) async fn run(self, client: Client) -> Infallible {
        let handler = Rc::new(RefCell::new(Ear(self.clone())));
        tokio::select! {
            never = client.run(handler) => never,
            never = self.fetch() => never,
            never = self.poll() => never,
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    fn symbol(&self, id: InstrumentId) -> Option<Symbol> {
        self.symbols.get(id.index()).copied()
    }

    /// Waits until an instant, or until something is wanted.
    async fn wait(&self, until: Option<Duration>, wanted: Rc<Notify>) {
        let until = until.map(|until| sleep_until(self.epoch + until));
        tokio::select! {
            () = wanted.notified() => {}
            () = async {
                match until {
                    Some(until) => until.await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }

    /// Fetches books that are wanted.
    async fn fetch(&self) -> Infallible {
        let mut under_way: FuturesUnordered<LocalBoxFuture<'static, Fetched>> =
            FuturesUnordered::new();
        let wanted = Rc::clone(&self.receiver.borrow().fetch_wanted);
        loop {
            while under_way.len() < FETCHES_MAX {
                let next = self.receiver.borrow_mut().next_fetch(self.now());
                let Some((what, symbol)) = next.and_then(|what| Some((what, self.symbol(what.1)?)))
                else {
                    break;
                };
                let asked = ask(&self.fetches.book, symbol, self.fetch_timeout);
                under_way.push(Box::pin(async move { (what, asked.await) }));
            }
            let due = self.receiver.borrow().fetch_due().filter(|_| under_way.len() < FETCHES_MAX);
            tokio::select! {
                Some((what, fetched)) = under_way.next() => {
                    self.receiver.borrow_mut().on_book(what, fetched, self.now());
                }
                () = self.wait(due, Rc::clone(&wanted)) => {}
            }
        }
    }

    /// Polls while the websocket is down, and for first quotes after it came up.
    async fn poll(&self) -> Infallible {
        let wanted = Rc::clone(&self.receiver.borrow().poll_wanted);
        loop {
            let next = self.receiver.borrow_mut().next_poll(self.now());
            let Some((what, symbol)) = next.and_then(|what| Some((what, self.symbol(what.1)?)))
            else {
                let due = self.receiver.borrow().poll_due();
                self.wait(due, Rc::clone(&wanted)).await;
                continue;
            };
            let top = ask(&self.fetches.level1, symbol, self.fetch_timeout).await;
            let useful = self.receiver.borrow_mut().on_level1(what, top);
            if let Some(trades) = &self.fetches.trades
                && useful
            {
                let trades = ask(trades, symbol, self.fetch_timeout).await;
                self.receiver.borrow_mut().on_trades(what, trades);
            }
            sleep(if useful { self.poll_every } else { POLL_AGAIN }).await;
        }
    }
}

/// Asks for something, for so long at most.
fn ask<T: 'static>(
    fetch: &Fetch<T>,
    symbol: Symbol,
    limit: Duration,
) -> LocalBoxFuture<'static, Result<T, String>> {
    let asked = fetch(symbol);
    Box::pin(async move {
        let late = || format!("no answer in {} ms", limit.as_millis());
        timeout(limit, asked).await.unwrap_or_else(|_| Err(late()))
    })
}

/// Hands what the websocket gives to the receiver, with the time.
struct Ear(Task);

impl Handler for Ear {
    fn up(&mut self) {
        self.0.receiver.borrow_mut().up_at(self.0.now());
    }

    fn down(&mut self, fault: &Fault) {
        self.0.receiver.borrow_mut().down_at(fault, self.0.now());
    }

    fn push(&mut self, text: &str) -> Result<(), String> {
        self.0.receiver.borrow_mut().push_at(text, self.0.now());
        Ok(())
    }

    fn refused(&mut self, topic: &str, why: &str) {
        self.0.receiver.borrow_mut().on_refused(topic, why);
    }

    fn notice(&mut self, _: &str) {
        self.0.receiver.borrow_mut().count.feed.ignored += 1;
    }
}
