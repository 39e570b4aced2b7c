//! A message of the outbox, as channels see it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::signal::Labels;
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// What a message says about its subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It is so, and goes on.
    Firing,
    /// It is over.
    Recovery,
    /// It happened.
    Note,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Firing, Self::Recovery, Self::Note];

    /// The word of the ledger and of every channel.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Recovery => "recovery",
            Self::Note => "note",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no kind of a notification"))
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Who tells: part of every message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender {
    /// The agent's name.
    pub instance: String,
    /// `paper` or `live`.
    pub mode: &'static str,
}

/// One message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// Its number: the same however often it is sent. 0 where it is in no outbox.
    pub id: i64,
    /// What it is about.
    pub key: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it says about that.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// More; may be empty.
    pub body: String,
    /// For programs.
    pub labels: Labels,
    /// What was folded into it.
    pub repeats: u32,
    /// The event it is derived from.
    pub event: Option<i64>,
    /// Since when what it is about fires, or fired.
    pub since: Timestamp,
    /// When it was put into the outbox.
    pub created_at: Timestamp,
}

impl Notification {
    /// `[critical] ibis (live): hard_stop by reconcile_mismatch`.
    pub fn headline(&self, sender: &Sender) -> String {
        let word = match self.kind {
            Kind::Firing | Kind::Note => self.severity.as_str(),
            Kind::Recovery => "over",
        };
        format!("[{word}] {} ({}): {}", sender.instance, sender.mode, self.title)
    }

    /// The headline, the body, how often and since when: what a person reads.
    pub fn text(&self, sender: &Sender) -> String {
        let mut text = self.headline(sender);
        if !self.body.is_empty() {
            text = format!("{text}\n{}", self.body);
        }
        let seconds = |at: Timestamp| at.floor_to_us(1_000_000);
        let (since, at) = (seconds(self.since), seconds(self.created_at));
        let times = match self.repeats {
            0 => String::new(),
            repeats => format!(", {repeats} more meanwhile"),
        };
        let when = match self.kind {
            Kind::Firing | Kind::Recovery if since != at => format!("since {since}, at {at}"),
            Kind::Firing | Kind::Recovery | Kind::Note => format!("at {at}"),
        };
        format!("{text}\n{when}{times}")
    }

    /// For programs: the webhook's body and the command's standard input.
    pub fn to_json(&self, sender: &Sender) -> Value {
        let labels: Map<String, Value> =
            self.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({
            "id": self.id,
            "instance": sender.instance,
            "mode": sender.mode,
            "key": self.key,
            "severity": self.severity,
            "kind": self.kind,
            "title": self.title,
            "body": self.body,
            "labels": labels,
            "repeats": self.repeats,
            "event": self.event,
            "since": self.since.to_string(),
            "at": self.created_at.to_string(),
            "text": self.text(sender),
        })
    }
}
