//! A controlled alert, end to end: into the outbox, out through every channel, and what came of it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::blind::message;
use super::channels::{self, Channel, ChannelName, Outcome};
use super::deliver::{direct, drain};
use super::notification::{Kind, Sender};
use super::outbox::Outbox;
use super::signal::Alert;
use crate::clock;
use crate::config::Settings;
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// How long the alert is given: two attempts at a channel that lets the time of one run out.
pub const LIMIT: Duration = Duration::from_secs(30);
/// Failed attempts after which a channel is taken not to work.
const ATTEMPTS_MAX: u32 = 2;
/// How often a running agent, which may be quicker, is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What to try.
#[derive(Debug)]
pub struct Probe {
    /// The channels to tell.
    pub channels: Vec<Channel>,
    /// Who tells.
    pub sender: Sender,
    /// The alert.
    pub alert: Alert,
}

/// What one channel did with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Tried {
    /// Which.
    pub channel: &'static str,
    /// Whether it took the alert.
    pub delivered: bool,
    /// Why not; empty where it did.
    pub detail: String,
}

impl Probe {
    /// An alert of severity info to the channels that are on, or to one of them.
    pub fn new(
        settings: &Settings,
        credentials: Option<PathBuf>,
        only: Option<ChannelName>,
        now: Timestamp,
    ) -> Self {
        let mut channels = channels::of(settings, credentials);
        channels.retain(|channel| only.is_none_or(|only| channel.name() == only));
        let names: Vec<&str> = channels.iter().map(|channel| channel.name().as_str()).collect();
        let key = format!("test/{}", now.ms());
        let alert = Alert::new(key, Severity::Info, "a test of the alerts")
            .because(format!("sent to {} by ibis alerts test; nothing is wrong", names.join(", ")));
        Self { channels, sender: channels::sender(settings), alert }
    }

    /// Sends it through the outbox of a ledger.
    pub async fn through(&self, outbox: Outbox) -> rusqlite::Result<Vec<Tried>> {
        let outbox = RefCell::new(outbox);
        let names: Vec<_> = self.channels.iter().map(Channel::name).collect();
        let id = outbox.borrow_mut().add(self.alert.clone(), &names, clock::wall_now())?;
        let until = Instant::now() + LIMIT;
        let tell = self.channels.iter().map(|channel| self.tell(&outbox, channel, id, until));
        let tried = join_all(tell).await.into_iter().collect();
        outbox.borrow().give_up(id, clock::wall_now())?;
        tried
    }

    /// Sends it without an outbox: there is no ledger yet.
    pub async fn past(&self, now: Timestamp) -> Vec<Tried> {
        let message = message(self.alert.clone(), Kind::Note, now, now);
        let told = direct(&self.channels, &message, &self.sender, LIMIT / 4).await;
        let tried = |(channel, outcome): (ChannelName, Outcome)| match outcome {
            Outcome::Delivered => of(channel, None),
            Outcome::TryAgain { why, .. } | Outcome::Refused { why } => of(channel, Some(why)),
        };
        told.into_iter().map(tried).collect()
    }

    async fn tell(
        &self,
        outbox: &RefCell<Outbox>,
        channel: &Channel,
        id: i64,
        until: Instant,
    ) -> rusqlite::Result<Tried> {
        loop {
            drain(outbox, channel, &self.sender).await?;
            let standing = outbox.borrow().standing(id, channel.name())?;
            let why = standing.last_error.unwrap_or_else(|| "it was not sent in time".to_owned());
            match standing.status.as_str() {
                "delivered" => return Ok(of(channel.name(), None)),
                "pending" if standing.attempts < ATTEMPTS_MAX && Instant::now() < until => {
                    sleep(LOOK_EVERY).await;
                }
                "pending" if standing.behind > 0 => {
                    let why = format!("waits behind {} older alerts: {why}", standing.behind);
                    return Ok(of(channel.name(), Some(why)));
                }
                _ => return Ok(of(channel.name(), Some(why))),
            }
        }
    }
}

fn of(channel: ChannelName, why: Option<String>) -> Tried {
    let (channel, delivered) = (channel.as_str(), why.is_none());
    Tried { channel, delivered, detail: why.unwrap_or_default() }
}
