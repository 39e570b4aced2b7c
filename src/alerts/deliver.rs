//! Saying what is due: through the outbox, or, where there is none, directly.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use tokio::time::{Instant, sleep, timeout_at};

use super::channels::{Channel, ChannelName, Outcome};
use super::notification::{Notification, Sender};
use super::outbox::Outbox;
use super::outbox::delivery::Head;
use crate::clock;
use crate::domain::time::Timestamp;

/// A claim outlives its attempt by this: an attempt that takes longer is said by somebody else, again.
const LEASE_MARGIN: Duration = Duration::from_secs(10);
/// Looks at new events in one go: a hundred thousand of them, a second or two.
const LOOKS_MAX: usize = 200;
/// The shortest wait for what somebody else says, or is about to.
const REST_MIN: Duration = Duration::from_millis(20);
/// The wait after a direct attempt that failed; it doubles up to the end of the time there is.
const DIRECT_RETRY_FIRST: Duration = Duration::from_secs(1);

/// Puts everything new into the outbox.
pub fn take_in_all(outbox: &RefCell<Outbox>) -> rusqlite::Result<()> {
    for _ in 0..LOOKS_MAX {
        if !outbox.borrow_mut().take_in(clock::wall_now())?.is_more {
            break;
        }
    }
    Ok(())
}

/// Says to one channel what is due, in order, until nothing is or it fails; when to come back, where
/// something waits.
pub async fn drain(
    outbox: &RefCell<Outbox>,
    channel: &Channel,
    sender: &Sender,
) -> rusqlite::Result<Option<Timestamp>> {
    let lease = channel.timeout() + LEASE_MARGIN;
    loop {
        let head = outbox.borrow_mut().claim(channel.name(), lease, clock::wall_now())?;
        let claim = match head {
            Head::Empty => return Ok(None),
            Head::Waits(until) => return Ok(Some(until)),
            Head::Claimed(claim) => claim,
        };
        let outcome = channel.send(&claim.message, sender).await;
        let settled = outbox.borrow_mut().settle(&claim, &outcome, clock::wall_now())?;
        if let Outcome::TryAgain { why, .. } | Outcome::Refused { why } = &outcome {
            let (name, id) = (channel.name(), claim.message.id);
            log::warn!(channel = name.as_str(), notification = id; "alert {id} to {name}: {why}");
        }
        if settled.is_some() {
            return Ok(settled);
        }
    }
}

/// Looks at what is new and says to every channel what is due, all channels at once.
pub async fn pass(
    outbox: &RefCell<Outbox>,
    channels: &[Channel],
    sender: &Sender,
) -> rusqlite::Result<()> {
    take_in_all(outbox)?;
    try_join_all(channels.iter().map(|channel| drain(outbox, channel, sender))).await.map(drop)
}

/// As [`pass`], and comes back to what waits until nothing does or `limit` is over: what is left then is
/// in the outbox, for whoever comes next.
pub async fn patient_pass(
    outbox: &RefCell<Outbox>,
    channels: &[Channel],
    sender: &Sender,
    limit: Duration,
) -> rusqlite::Result<()> {
    let until = Instant::now() + limit;
    take_in_all(outbox)?;
    let tell = async |channel: &Channel| {
        while let Some(next) = drain(outbox, channel, sender).await? {
            let wait = next.us_since(clock::wall_now());
            let wait = Duration::from_micros(u64::try_from(wait).unwrap_or(0));
            if Instant::now() + wait >= until {
                break;
            }
            sleep(wait.max(REST_MIN)).await;
        }
        Ok(())
    };
    let told = try_join_all(channels.iter().map(tell));
    timeout_at(until, told).await.unwrap_or_else(|_| Ok(Vec::new())).map(drop)
}

/// Says a message to every channel without an outbox, again and again until it is taken or `limit` is
/// over: for what the ledger cannot carry.
pub async fn direct(
    channels: &[Channel],
    message: &Notification,
    sender: &Sender,
    limit: Duration,
) -> Vec<(ChannelName, Outcome)> {
    let until = Instant::now() + limit;
    let tell = async |channel: &Channel| {
        let mut wait = DIRECT_RETRY_FIRST;
        loop {
            let sent = timeout_at(until, channel.send(message, sender)).await;
            let outcome = sent.unwrap_or_else(|_| Outcome::TryAgain {
                why: "no answer in the time there was".to_owned(),
                after: None,
            });
            let Outcome::TryAgain { after, .. } = &outcome else {
                return (channel.name(), outcome);
            };
            let pause = wait.max(after.unwrap_or_default());
            if Instant::now() + pause >= until {
                return (channel.name(), outcome);
            }
            sleep(pause).await;
            wait *= 2;
        }
    };
    join_all(channels.iter().map(tell)).await
}
