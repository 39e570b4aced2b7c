//! What a client may say on a connection and what it hears back, without any connection.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use super::limits::Limits;
use crate::exchange::kucoin::protocol::frame::{
    ClientFrame, ClientFrameType, ErrorCode, FrameId, ack, error, pong,
};
use crate::exchange::server::token::Access;
use crate::exchange::server::topic::{Topic, TopicError};
use crate::exchange::server::window::Window;

/// Length of the window in which messages are counted.
const MESSAGES_WINDOW: Duration = Duration::from_secs(10);
/// Refused messages of one connection after which it is closed: the venue answers a few and then cuts.
const EXCESS_MAX: u32 = 20;

/// Where a session finds its topics.
pub trait Topics {
    /// The topics in a text: one, or several of a list.
    fn find(&self, text: &str) -> Result<Vec<Topic>, TopicError>;
    /// From here on this connection hears the topic.
    fn listen(&mut self, topic: &Topic);
    /// No more of it.
    fn ignore(&mut self, topic: &Topic);
}

/// What a message led to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// The frame to answer with.
    pub answer: Option<String>,
    /// True where it is an error.
    pub refused: bool,
    /// True where the connection is to be closed.
    pub closes: bool,
}

/// A refusal of a frame.
type Refused = (ErrorCode, String);

/// A client's side of a connection.
#[derive(Debug)]
pub struct Session {
    access: Access,
    limits: Limits,
    topics: BTreeSet<Topic>,
    messages: Window,
    excess: u32,
    last_ping: Duration,
}

/// The id of a message that is no frame otherwise.
#[derive(Deserialize)]
struct Identified<'a> {
    #[serde(borrow, default)]
    id: Option<FrameId<'a>>,
}

impl Session {
    /// A connection that was welcomed `now`.
    pub fn new(access: Access, limits: Limits, now: Duration) -> Self {
        Self {
            access,
            limits,
            topics: BTreeSet::new(),
            messages: Window::default(),
            excess: 0,
            last_ping: now,
        }
    }

    /// When the connection is dead unless a ping comes.
    pub fn ping_deadline(&self) -> Duration {
        let patience =
            u64::from(self.limits.ping_interval_ms) + u64::from(self.limits.ping_timeout_ms);
        self.last_ping.saturating_add(Duration::from_millis(patience))
    }

    /// Takes a message in.
    pub fn hear(&mut self, text: &str, now: Duration, topics: &mut impl Topics) -> Heard {
        if !self.messages.take(1, self.limits.messages_per_10_s, MESSAGES_WINDOW, now) {
            self.excess += 1;
            let refused = (ErrorCode::LIMIT, "exceed max permits per 10 seconds".to_owned());
            return Heard { closes: self.excess > EXCESS_MAX, ..refusal(text, &refused) };
        }
        let Ok(frame) = serde_json::from_str::<ClientFrame<'_>>(text) else {
            let problem = match serde_json::from_str::<serde_json::Value>(text) {
                Ok(_) => (ErrorCode::TYPE, "type is not supported".to_owned()),
                Err(_) => (ErrorCode::BAD_REQUEST, "message is invalid".to_owned()),
            };
            return refusal(text, &problem);
        };
        let done = match frame.frame_type {
            ClientFrameType::Ping => {
                self.last_ping = now;
                return Heard { answer: Some(pong(frame.id.as_ref())), ..Heard::default() };
            }
            ClientFrameType::Subscribe => self.subscribe(&frame, topics),
            ClientFrameType::Unsubscribe => self.unsubscribe(&frame, topics),
            ClientFrameType::Unknown => Err((ErrorCode::TYPE, "type is not supported".to_owned())),
        };
        match done {
            Ok(()) if frame.response == Some(true) => {
                Heard { answer: Some(ack(frame.id.as_ref())), ..Heard::default() }
            }
            Ok(()) => Heard::default(),
            Err(refused) => refusal(text, &refused),
        }
    }

    fn subscribe(
        &mut self,
        frame: &ClientFrame<'_>,
        topics: &mut impl Topics,
    ) -> Result<(), Refused> {
        let named = self.named(frame, topics)?;
        let private = named.iter().any(Topic::is_private);
        if private && (self.access == Access::Public || frame.private_channel != Some(true)) {
            return Err((ErrorCode::LOGIN_REQUIRED, "login is required".to_owned()));
        }
        let new: BTreeSet<Topic> =
            named.into_iter().filter(|topic| !self.topics.contains(topic)).collect();
        let most = self.limits.topics_per_connection;
        if self.topics.len() + new.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(too_many(most, "session"));
        }
        for topic in new {
            topics.listen(&topic);
            self.topics.insert(topic);
        }
        Ok(())
    }

    fn unsubscribe(
        &mut self,
        frame: &ClientFrame<'_>,
        topics: &mut impl Topics,
    ) -> Result<(), Refused> {
        for topic in self.named(frame, topics)? {
            if self.topics.remove(&topic) {
                topics.ignore(&topic);
            }
        }
        Ok(())
    }

    /// The topics of a frame.
    fn named(&self, frame: &ClientFrame<'_>, topics: &impl Topics) -> Result<Vec<Topic>, Refused> {
        let text = frame.topic.as_deref().filter(|text| !text.is_empty());
        let text =
            text.ok_or_else(|| (ErrorCode::TOPIC_REQUIRED, "topic is required".to_owned()))?;
        let most = self.limits.topics_per_subscribe;
        // Counted before they are looked at: a list may be long.
        if text.matches(',').count() >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(too_many(most, "time"));
        }
        topics.find(text).map_err(|problem| (problem.code(), problem.to_string()))
    }

    /// Leaves every topic.
    pub fn leave(&mut self, topics: &mut impl Topics) {
        for topic in std::mem::take(&mut self.topics) {
            topics.ignore(&topic);
        }
    }
}

fn too_many(most: u32, per: &str) -> Refused {
    (ErrorCode::LIMIT, format!("exceed max subscription count limitation of {most} per {per}"))
}

fn refusal(text: &str, (code, reason): &Refused) -> Heard {
    let id = serde_json::from_str::<Identified<'_>>(text).ok().and_then(|frame| frame.id);
    Heard { answer: Some(error(id.as_ref(), *code, reason)), refused: true, closes: false }
}

#[cfg(test)]
mod tests;
