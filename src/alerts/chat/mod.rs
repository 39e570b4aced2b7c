//! Commands in a chat: questions about the agent, and the few orders that stop it or let it go on.
//!
//! ```text
//! getUpdates --update--> admission --command--> Desk (ledger, status, spool) --answer--> sendMessage
//!            (what came)  (by whom, where)  (what is meant)
//! ```
//!
//! Only people on `alerts.telegram_users` are heard, and only in `alerts.telegram_chat_id`; everybody else
//! is ignored without a word. A thread of its own polls, with its own runtime: it shares nothing with
//! what trades but the spool and the ledger's file, and whatever goes wrong here is logged and tried
//! again. An update is confirmed to Telegram only once it was acted on; an order has a name made of its
//! update, so that one that comes twice is done once.
//!
//! | what | bound |
//! |---|---|
//! | one poll | [`poll::POLL`] and `alerts.request_timeout` |
//! | updates at once | [`poll::UPDATES_MAX`] |
//! | an answer | 4096 characters, [`reply::TRIES_MAX`] tries, [`reply::WAITING_MAX`] wait |
//! | after trouble | 1 s, doubling to 60 s, as long as Telegram asks |
//! | a stop of the agent | [`END`] |

mod admission;
pub mod command;
pub mod poll;
pub mod reply;
mod update;

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::watch;

use super::channels;
use super::channels::telegram::Telegram;
use super::credentials::Keeper;
use crate::config::{Settings, user_list};
use crate::domain::operator::CommandId;
use crate::domain::time::Timestamp;
use crate::net::tls::Tls;
use admission::Door;
use command::Request;
use poll::Poller;

/// What a stop waits for the thread to end; an answer that is on its way is given after the next start.
pub const END: Duration = Duration::from_millis(500);

/// What somebody who may said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// A name that no other message has.
    pub id: CommandId,
    /// When, by Telegram's clock, in whole seconds.
    pub at: Timestamp,
    /// By whom: `telegram 11 (@ada)`.
    pub by: String,
    /// What is wanted.
    pub request: Request,
}

/// Who knows the answers, and does what is ordered.
pub trait Desk: fmt::Debug + Send {
    /// The answer, in plain text. May wait some seconds; nothing else waits for it.
    fn answer(&self, said: &Said) -> String;
}

/// A running chat; it ends when it is dropped.
#[derive(Debug)]
pub struct Chat {
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
}

impl Chat {
    /// Starts one where the configuration names a chat and people who may give commands in it; `host` is
    /// this machine. The error is that there is no thread.
    pub fn start(
        settings: &Settings,
        credentials: Option<PathBuf>,
        host: &str,
        desk: Box<dyn Desk>,
    ) -> std::io::Result<Option<Self>> {
        let alerts = &settings.alerts;
        // Checked with the configuration: what is wrong here is nobody.
        let users = user_list::users(&alerts.telegram_users).unwrap_or_default();
        if users.is_empty() || alerts.telegram_chat_id.is_empty() {
            return Ok(None);
        }
        let file = PathBuf::from(&alerts.credentials_file);
        let keeper = Keeper { file, directory: credentials };
        let sender = channels::sender(settings);
        let telegram = Telegram::of(alerts, &keeper, &Tls::new());
        let door = Door::new(alerts.telegram_chat_id.clone(), users);
        let whoami = format!("{} ({}) on {host}", sender.instance, sender.mode);
        let (mouth, waiting) = tokio::sync::mpsc::channel(reply::WAITING_MAX);
        let timeout = alerts.request_timeout;
        let mut poller = Poller::new(telegram.clone(), door, desk, (timeout, whoami), mouth);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, mut stopped) = watch::channel(false);
        let (end, ended) = mpsc::channel();
        std::thread::Builder::new().name("chat".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    // Where nobody is left who could say it, too.
                    _ = stopped.wait_for(|stopped| *stopped) => {}
                    never = poller.run() => match never {},
                    // Ends with the poller alone.
                    () = reply::run(&telegram, waiting, timeout) => {}
                }
            });
            // Who asked may have stopped waiting.
            end.send(()).ok();
        })?;
        Ok(Some(Self { stop, ended }))
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        // A thread that ended already needs no word.
        self.stop.send(true).ok();
        if self.ended.recv_timeout(END).is_err() {
            log::warn!("chat: an answer is on its way; it is given after the next start");
        }
    }
}
