//! The channels: each says one message to one place, once, and tells what came of it.
//!
//! A file per channel. What a channel may answer is [`Outcome`]; when to try again is not its business.
//! No text of an outcome holds a secret: neither a token nor the path of an address.

mod alertmanager;
mod command;
mod http_outcome;
mod journal;
mod sent;
pub mod telegram;
mod webhook;

use std::cell::LazyCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::credentials::Keeper;
use super::notification::{Notification, Sender};
use super::rules::Rules;
use crate::config::Settings;
use crate::config::settings::Mode;
use crate::net::tls::Tls;

pub use sent::SentCount;

/// A channel by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChannelName {
    /// A chat, by Telegram's Bot API.
    Telegram,
    /// JSON to an address.
    Webhook,
    /// Prometheus Alertmanager.
    Alertmanager,
    /// A program of the operator's.
    Command,
    /// The journal: always there.
    Journal,
}

impl ChannelName {
    /// Every channel.
    pub const ALL: [Self; 5] =
        [Self::Telegram, Self::Webhook, Self::Alertmanager, Self::Command, Self::Journal];

    /// The word of the ledger and of the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Webhook => "webhook",
            Self::Alertmanager => "alertmanager",
            Self::Command => "command",
            Self::Journal => "journal",
        }
    }

    /// The key that turns it on; none for the journal.
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::Telegram => Some("alerts.telegram_chat_id"),
            Self::Webhook => Some("alerts.webhook_url"),
            Self::Alertmanager => Some("alerts.alertmanager_url"),
            Self::Command => Some("alerts.command"),
            Self::Journal => None,
        }
    }
}

impl std::fmt::Display for ChannelName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for ChannelName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("{text:?} is no channel; there are {names}")
        })
    }
}

/// What came of saying a message once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is there.
    Delivered,
    /// It is not, or nobody knows; another time it may be.
    TryAgain {
        /// What happened.
        why: String,
        /// How long the channel asked to be left alone.
        after: Option<Duration>,
    },
    /// The channel will never take this message.
    Refused {
        /// In the channel's words.
        why: String,
    },
}

impl Outcome {
    fn try_again(why: impl Into<String>) -> Self {
        Self::TryAgain { why: why.into(), after: None }
    }
}

/// A channel that is on.
#[derive(Debug)]
pub struct Channel {
    name: ChannelName,
    way: Way,
    timeout: Duration,
    sent: Arc<SentCount>,
}

#[derive(Debug)]
enum Way {
    Telegram(telegram::Telegram),
    Webhook(webhook::Webhook),
    Alertmanager(alertmanager::Alertmanager),
    Command(command::Program),
    Journal,
}

impl Channel {
    /// Which it is.
    pub fn name(&self) -> ChannelName {
        self.name
    }

    /// What one attempt takes at most.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Says a message once. Takes no longer than the configured time, but for the end of a command.
    pub async fn send(&self, message: &Notification, sender: &Sender) -> Outcome {
        let outcome = match &self.way {
            Way::Telegram(telegram) => telegram.send(message, sender, self.timeout).await,
            Way::Webhook(webhook) => webhook.send(message, sender, self.timeout).await,
            Way::Alertmanager(manager) => manager.send(message, sender, self.timeout).await,
            Way::Command(program) => program.run(message, sender, self.timeout).await,
            Way::Journal => journal::say(message, sender),
        };
        self.sent.count(&outcome);
        outcome
    }

    /// What came of its attempts.
    pub fn sent(&self) -> Arc<SentCount> {
        Arc::clone(&self.sent)
    }
}

/// The channels that the configuration turns on.
pub fn of(settings: &Settings, credentials: Option<PathBuf>) -> Vec<Channel> {
    let alerts = &settings.alerts;
    let keeper = Keeper::of(settings, credentials);
    // The authorities to trust are only read where somebody is spoken to.
    let tls = LazyCell::new(Tls::new);
    let way = |name: ChannelName| match name {
        ChannelName::Telegram => Way::Telegram(telegram::Telegram::of(alerts, &keeper, &tls)),
        ChannelName::Webhook => Way::Webhook(webhook::Webhook {
            url: alerts.webhook_url.clone(),
            keeper: keeper.clone(),
            tls: Tls::clone(&tls),
        }),
        ChannelName::Alertmanager => Way::Alertmanager(alertmanager::Alertmanager {
            url: alerts.alertmanager_url.clone(),
            floors: Rules::from(&**alerts).floors,
            tls: Tls::clone(&tls),
        }),
        ChannelName::Command => {
            Way::Command(command::Program { path: PathBuf::from(&alerts.command) })
        }
        ChannelName::Journal => Way::Journal,
    };
    let on = Rules::from(&**alerts).channels.into_iter().map(|(name, _)| name);
    let timeout = alerts.request_timeout;
    on.map(|name| Channel { name, way: way(name), timeout, sent: Arc::default() }).collect()
}

/// Who tells.
pub fn sender(settings: &Settings) -> Sender {
    let mode = match settings.agent.mode {
        Mode::Paper => "paper",
        Mode::Live => "live",
    };
    Sender { instance: settings.agent.instance.clone(), mode }
}
