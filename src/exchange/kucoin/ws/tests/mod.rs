//! The client against a venue that keeps silent, goes away, refuses and floods.

mod life;
mod private;
mod renewal;
mod socket;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use tokio::task::{AbortHandle, LocalSet, spawn_local};

use super::client::{Client, Handler};
use super::fault::Fault;
use super::queue::Queue;
use super::scripted::Venue;
use super::settings::WsSettings;
use super::subscription::Subscription;

/// What a handler was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Told {
    Up,
    Down(Fault),
    Push(String),
    Refused(String, String),
    Notice(String),
}

struct Teller(Queue<Told>);

impl Handler for Teller {
    fn up(&mut self) {
        self.0.push(Told::Up).unwrap();
    }

    fn down(&mut self, fault: &Fault) {
        self.0.push(Told::Down(fault.clone())).unwrap();
    }

    fn push(&mut self, text: &str) -> Result<(), String> {
        self.0.push(Told::Push(text.to_owned())).unwrap();
        if text.contains("nonsense") { Err("asked for".to_owned()) } else { Ok(()) }
    }

    fn refused(&mut self, topic: &str, why: &str) {
        self.0.push(Told::Refused(topic.to_owned(), why.to_owned())).unwrap();
    }

    fn notice(&mut self, text: &str) {
        self.0.push(Told::Notice(text.to_owned())).unwrap();
    }
}

/// A client at work.
pub(super) struct Ear {
    told: Queue<Told>,
    task: AbortHandle,
}

impl Ear {
    pub(super) fn new(venue: &Venue, settings: WsSettings, topics: &[Subscription]) -> Self {
        let client = Client::new(settings, topics, false, venue.bullet(), venue.dialer()).unwrap();
        let told = Queue::new(100_000, Rc::default());
        let handler = Rc::new(RefCell::new(Teller(told.clone())));
        Self { told, task: spawn_local(client.run(handler)).abort_handle() }
    }

    pub(super) async fn next(&self) -> Told {
        self.told.filled().await;
        self.told.pop().unwrap()
    }

    /// The fault that is told next.
    pub(super) async fn fault(&self) -> Fault {
        let told = self.next().await;
        let Told::Down(fault) = told else { panic!("{told:?}") };
        // No token is in anything that is told.
        assert!(!fault.to_string().contains("token1"), "{fault}");
        fault
    }

    pub(super) fn is_silent(&self) -> bool {
        self.told.is_empty()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Two topics of three names.
pub(super) fn topics() -> Vec<Subscription> {
    vec![
        Subscription::public("/market/match", vec!["A-USDT".to_owned(), "B-USDT".to_owned()]),
        Subscription::public("/market/level2", vec!["A-USDT".to_owned()]),
    ]
}

/// Runs a test where tasks may be spawned.
pub(super) async fn locally<F: Future>(test: F) -> F::Output {
    LocalSet::new().run_until(test).await
}
