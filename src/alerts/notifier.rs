//! The agent's notifier: a thread of its own, with its own runtime and its own connection.
//!
//! It shares nothing with the thread that trades but the ledger's file, whose write lock it holds for
//! one small transaction at a time. Whatever goes wrong here is logged and tried again; nothing of it is
//! told to the agent, and nothing is waited for but at the end, for [`DRAIN`].

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use super::blind::{Blind, Trouble};
use super::channels::{self, Channel, ChannelName, SentCount};
use super::dead_man::DeadMan;
use super::deliver::{direct, drain, take_in_all};
use super::notification::Sender;
use super::outbox::Outbox;
use super::rules::Rules;
use crate::clock;
use crate::config::Settings;
use crate::domain::time::Timestamp;

/// How often the ledger is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The shortest rest of a channel that waits.
const REST_MIN: Duration = Duration::from_millis(20);
/// The pause before a ledger that cannot be used is opened again.
const REOPEN: Duration = Duration::from_secs(5);
/// How often what is old is deleted.
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// What a message past the outbox may take.
const DIRECT: Duration = Duration::from_secs(30);
/// What a stop waits for messages that are on their way.
pub const DRAIN: Duration = Duration::from_secs(2);
/// What the thread may take beyond that to end.
const END: Duration = Duration::from_millis(500);

/// A running notifier; it ends when it is dropped.
#[derive(Debug)]
pub struct Notifier {
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
    sent: Vec<(ChannelName, Arc<SentCount>)>,
}

/// What the thread works with.
struct Place {
    state_dir: PathBuf,
    rules: Rules,
    channels: Vec<Channel>,
    sender: Sender,
    dead_man: Option<DeadMan>,
    /// An agent that has proved no work for this long is stalled.
    stalled_after: Duration,
}

impl Notifier {
    /// Starts one for the ledger in `state_dir`; `credentials` is `$CREDENTIALS_DIRECTORY`. The error
    /// is that there is no thread.
    pub fn start(
        state_dir: &Path,
        settings: &Settings,
        credentials: Option<PathBuf>,
    ) -> std::io::Result<Self> {
        let place = Place {
            state_dir: state_dir.to_owned(),
            rules: Rules::from(&*settings.alerts),
            channels: channels::of(settings, credentials.clone()),
            dead_man: DeadMan::of(settings, credentials),
            sender: channels::sender(settings),
            stalled_after: settings.health.progress_age_critical,
        };
        let sent = place.channels.iter().map(|channel| (channel.name(), channel.sent())).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = mpsc::channel();
        std::thread::Builder::new().name("notifier".to_owned()).spawn(move || {
            runtime.block_on(place.watch(stopped));
            // Who asked may have stopped waiting.
            end.send(()).ok();
        })?;
        Ok(Self { stop, ended, sent })
    }

    /// What came of each channel's attempts; shared with the thread.
    pub fn sent(&self) -> Vec<(ChannelName, Arc<SentCount>)> {
        self.sent.clone()
    }
}

impl Drop for Notifier {
    /// Tells what is left, for at most [`DRAIN`], and ends. What is not told then is told after the
    /// next start.
    fn drop(&mut self) {
        // A thread that ended already needs no word.
        self.stop.send(true).ok();
        if self.ended.recv_timeout(DRAIN + END).is_err() {
            log::warn!(
                "alerts: the notifier is still busy; what is pending is told after the next start"
            );
        }
    }
}

impl Place {
    /// Works until it is told to stop, over every trouble of the ledger.
    async fn watch(&self, stopped: watch::Receiver<bool>) {
        let blind = RefCell::new(Blind::default());
        let mut said = String::new();
        loop {
            let trouble = match Outbox::open(&self.state_dir, self.rules.clone()) {
                Ok(outbox) => match self.work(&RefCell::new(outbox), &blind, &stopped).await {
                    Ok(()) => return,
                    Err(error) => format!("the ledger cannot be used: {error}"),
                },
                Err(error) => error.to_string(),
            };
            if said != trouble {
                log::warn!("alerts wait: {trouble}");
                said.clone_from(&trouble);
            }
            self.see(&blind, Some(&Trouble::Ledger(trouble))).await;
            if rest(&stopped, REOPEN).await {
                return;
            }
        }
    }

    /// Looks and tells until it is told to stop. The error is the ledger's.
    async fn work(
        &self,
        outbox: &RefCell<Outbox>,
        blind: &RefCell<Blind>,
        stopped: &watch::Receiver<bool>,
    ) -> rusqlite::Result<()> {
        let looked = Notify::new();
        let tell = self.channels.iter().map(|channel| self.tell(outbox, channel, &looked, stopped));
        let work = async {
            let look = self.look(outbox, blind, &looked, stopped);
            let ping = self.ping(outbox, stopped);
            tokio::try_join!(look, ping, try_join_all(tell)).map(drop)
        };
        tokio::select! {
            ended = work => ended,
            () = out_of_time(stopped) => Ok(()),
        }
    }

    /// Puts what is new into the outbox, and wakes the channels.
    async fn look(
        &self,
        outbox: &RefCell<Outbox>,
        blind: &RefCell<Blind>,
        looked: &Notify,
        stopped: &watch::Receiver<bool>,
    ) -> rusqlite::Result<()> {
        let mut tidied = None;
        loop {
            take_in_all(outbox)?;
            looked.notify_waiters();
            let now = clock::monotonic();
            if tidied.is_none_or(|tidied| now >= tidied + TIDY_EVERY) {
                tidied = Some(now);
                outbox.borrow_mut().tidy(clock::wall_now())?;
            }
            let age = proof_age(outbox)?;
            let stalled = age.filter(|age| *age > self.stalled_after).map(Trouble::Stalled);
            self.see(blind, stalled.as_ref()).await;
            if rest(stopped, LOOK_EVERY).await {
                return Ok(());
            }
        }
    }

    /// Lets the dead man's switch know that work is proved, as long as it is.
    async fn ping(
        &self,
        outbox: &RefCell<Outbox>,
        stopped: &watch::Receiver<bool>,
    ) -> rusqlite::Result<()> {
        let Some(dead_man) = &self.dead_man else { return Ok(()) };
        let mut failed = false;
        loop {
            let works = proof_age(outbox)?.is_some_and(|age| age <= self.stalled_after);
            if works {
                let told = tokio::select! {
                    () = stop(stopped) => return Ok(()),
                    told = dead_man.ping() => told,
                };
                match &told {
                    Err(why) if !failed => log::warn!("alerts.ping_url is not reached: {why}"),
                    Ok(()) if failed => log::info!("alerts.ping_url is reached again"),
                    Err(_) | Ok(()) => {}
                }
                failed = told.is_err();
            }
            let pause = if works { dead_man.every } else { LOOK_EVERY };
            if rest(stopped, pause).await {
                return Ok(());
            }
        }
    }

    /// Tells one channel what is due.
    async fn tell(
        &self,
        outbox: &RefCell<Outbox>,
        channel: &Channel,
        looked: &Notify,
        stopped: &watch::Receiver<bool>,
    ) -> rusqlite::Result<()> {
        loop {
            let next = drain(outbox, channel, &self.sender).await?;
            let until = next.map_or(LOOK_EVERY, |next| left(next, clock::wall_now()));
            let over = tokio::select! {
                biased;
                over = rest(stopped, until.clamp(REST_MIN, LOOK_EVERY)) => over,
                () = looked.notified() => false,
            };
            if over {
                // What the end of the agent said is told, too.
                take_in_all(outbox)?;
                return drain(outbox, channel, &self.sender).await.map(drop);
            }
        }
    }

    /// Tells what the outbox cannot.
    async fn see(&self, blind: &RefCell<Blind>, trouble: Option<&Trouble>) {
        let message = blind.borrow_mut().see(trouble, clock::wall_now(), &self.rules.floors);
        if let Some(message) = message {
            direct(&self.channels, &message, &self.sender, DIRECT).await;
        }
    }
}

/// How long ago the agent that runs proved work; none where none runs.
fn proof_age(outbox: &RefCell<Outbox>) -> rusqlite::Result<Option<Duration>> {
    let proof = outbox.borrow().last_proof()?;
    Ok(proof.map(|proof| left(clock::wall_now(), proof)))
}

/// From `now` until an instant; nothing where it has passed.
fn left(until: Timestamp, now: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(until.us_since(now)).unwrap_or(0))
}

/// Rests; true where it is time to stop.
async fn rest(stopped: &watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        biased;
        () = stop(stopped) => true,
        () = sleep(time) => false,
    }
}

/// Waits for the word to stop.
async fn stop(stopped: &watch::Receiver<bool>) {
    // Where nobody is left who could say it, it is time, too.
    stopped.clone().wait_for(|stopped| *stopped).await.ok();
}

/// Ends [`DRAIN`] after the stop.
async fn out_of_time(stopped: &watch::Receiver<bool>) {
    while !rest(stopped, LOOK_EVERY).await {}
    sleep(DRAIN).await;
}
