//! One thing that is told of, as a state machine: what is told, what is folded, what is said again.
//! Pure: time is an argument.
//!
//! | a signal | then |
//! |---|---|
//! | fires, or happens, for the first time | told |
//! | more severe than what was told last | told, whatever the floor |
//! | again, with news (another title, or after an end) | told once the floor has passed; counted until then |
//! | again, the same | counted; said again after the repeat |
//! | ends, and that it fired was told | told at once, always |
//! | ends, and that it fired was folded | told as a note once the floor has passed |

use super::floors::{Floors, passed};
use super::notification::Kind;
use super::signal::{Alert, Signal};
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// Where one thing stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// The newest that was said of it.
    pub alert: Alert,
    /// Whether it is so now.
    pub is_firing: bool,
    /// Whether it was told that it fires, and not yet that it ended.
    pub is_open: bool,
    /// Whether what was folded is to be told when the floor has passed.
    pub is_news: bool,
    /// What happened since the last message.
    pub folded: u32,
    /// Since when it fires, or fired last.
    pub since: Timestamp,
    /// The last message.
    pub told_at: Option<Timestamp>,
    /// The severity of the last message that it fires, or happened.
    pub told_severity: Option<Severity>,
}

/// A message to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// What kind.
    pub kind: Kind,
    /// What it says.
    pub alert: Alert,
    /// What was folded into it.
    pub repeats: u32,
    /// Since when what it is about fires, or fired.
    pub since: Timestamp,
}

impl Topic {
    fn new(alert: Alert, now: Timestamp) -> Self {
        Self {
            alert,
            is_firing: false,
            is_open: false,
            is_news: false,
            folded: 0,
            since: now,
            told_at: None,
            told_severity: None,
        }
    }

    /// Takes a signal: the topic after it, if there is one, and the message it makes at once.
    pub fn judge(
        topic: Option<Self>,
        signal: &Signal,
        now: Timestamp,
        floors: &Floors,
    ) -> (Option<Self>, Option<Told>) {
        match (topic, signal) {
            (None, Signal::Ends { .. }) => (None, None),
            (Some(topic), Signal::Ends { .. }) => topic.end(now),
            (topic, Signal::Fires(alert)) => {
                let mut topic = topic.unwrap_or_else(|| Self::new(alert.clone(), now));
                topic.is_news |= !topic.is_firing || topic.alert.title != alert.title;
                if !topic.is_firing {
                    (topic.is_firing, topic.since) = (true, now);
                }
                topic.say(alert, now, floors)
            }
            (topic, Signal::Happens(alert)) => {
                let mut topic = topic.unwrap_or_else(|| Self::new(alert.clone(), now));
                (topic.is_news, topic.since) = (true, now);
                topic.say(alert, now, floors)
            }
        }
    }

    /// What time alone brings: news that waited for the floor, what is said again, an end of interest.
    pub fn due(mut self, now: Timestamp, floors: &Floors) -> (Option<Self>, Option<Told>) {
        let severity = self.alert.severity;
        let floor_passed = passed(self.told_at, floors.news(severity), now);
        if self.is_news && self.folded > 0 && floor_passed {
            let repeats = self.folded.saturating_sub(1);
            let told = self.tell(repeats, now);
            return (Some(self), Some(told));
        }
        if self.is_open && passed(self.told_at, floors.repeat(severity), now) {
            let told = self.tell(self.folded, now);
            return (Some(self), Some(told));
        }
        let forgotten = !self.is_firing && self.folded == 0 && floor_passed;
        ((!forgotten).then_some(self), None)
    }

    /// Tells what was said, or folds it.
    fn say(
        mut self,
        alert: &Alert,
        now: Timestamp,
        floors: &Floors,
    ) -> (Option<Self>, Option<Told>) {
        let rises = self.told_severity.is_none_or(|told| alert.severity > told);
        self.alert = alert.clone();
        let wait = match self.is_news {
            true => floors.news(alert.severity),
            false => floors.repeat(alert.severity),
        };
        if rises || passed(self.told_at, wait, now) {
            let told = self.tell(self.folded, now);
            return (Some(self), Some(told));
        }
        self.folded = self.folded.saturating_add(1);
        (Some(self), None)
    }

    fn tell(&mut self, repeats: u32, now: Timestamp) -> Told {
        // Whoever heard the worst of it hears its end.
        let worst = self.told_severity.filter(|_| self.is_open);
        self.told_severity = worst.max(Some(self.alert.severity));
        self.is_open = self.is_firing;
        let kind = if self.is_firing { Kind::Firing } else { Kind::Note };
        self.message(kind, repeats, now)
    }

    fn end(mut self, now: Timestamp) -> (Option<Self>, Option<Told>) {
        if !std::mem::replace(&mut self.is_firing, false) {
            return (Some(self), None);
        }
        if !std::mem::replace(&mut self.is_open, false) {
            self.alert.body = format!("{}\n(over since {now})", self.alert.body).trim().to_owned();
            return (Some(self), None);
        }
        self.alert.severity = self.told_severity.unwrap_or(self.alert.severity);
        let told = self.message(Kind::Recovery, self.folded, now);
        (Some(self), Some(told))
    }

    fn message(&mut self, kind: Kind, repeats: u32, now: Timestamp) -> Told {
        (self.is_news, self.folded, self.told_at) = (false, 0, Some(now));
        Told { kind, alert: self.alert.clone(), repeats, since: self.since }
    }
}
