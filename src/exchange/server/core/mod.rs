//! The exchange's state (stand-in until the core brings its own).

use std::rc::Rc;

use super::answer::{Answer, Call};
use super::topic::{Topic, TopicError};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::envelope::success;
use crate::market::{Market, MarketError};

/// A push.
#[derive(Clone, Debug)]
pub struct Push {
    /// Its topic.
    pub topic: Rc<str>,
    /// Whether it is private.
    pub private: bool,
    /// The frame.
    pub text: Rc<str>,
}

/// The exchange.
#[derive(Debug)]
pub struct Core {
    market: Market,
}

impl Core {
    /// A new exchange.
    pub fn new(market: Market) -> Self {
        Self { market }
    }
    /// To now.
    pub fn advance(&mut self, _now: Timestamp) -> Result<(), MarketError> {
        Ok(())
    }
    /// Next.
    pub fn next_due(&mut self) -> Option<Timestamp> {
        None
    }
    /// Answers.
    pub fn answer(&mut self, call: &Call<'_>) -> Answer {
        Answer { http_status: 200, body: success(&format!("{:?}", call.endpoint)) }
    }
    /// Topics.
    pub fn check_topic(&self, topic: &str) -> Result<Vec<Topic>, TopicError> {
        Topic::parse(topic, |_| true)
    }
    /// Watches.
    pub fn watch(&mut self, _topic: &Topic) {}
    /// Unwatches.
    pub fn unwatch(&mut self, _topic: &Topic) {}
    /// Pushes.
    pub fn take_pushes(&mut self, _out: &mut Vec<Push>) {}
    /// The wall.
    pub fn transport_tick(&mut self, _now_ms: i64) {
        let _ = &self.market;
    }
}
