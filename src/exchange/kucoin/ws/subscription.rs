//! What is subscribed to, and in which frames.

use std::fmt;

use crate::exchange::kucoin::protocol::frame::{
    TOPICS_PER_CONNECTION_MAX, TOPICS_PER_SUBSCRIBE_MAX,
};

/// A topic, once for each of its names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// The part before the colon, such as `/market/match`, or the whole topic.
    path: &'static str,
    /// What stands after the colon: symbols, or `SYMBOL_INTERVAL` of candles. None where the topic has
    /// none.
    names: Vec<String>,
    /// Names that one frame may carry.
    per_frame: usize,
    /// Needs a private token.
    private: bool,
}

/// More topics than one connection may watch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooManyTopics(usize);

impl fmt::Display for TooManyTopics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} websocket topics, one connection carries {TOPICS_PER_CONNECTION_MAX}; name fewer \
             symbols, or leave trades or candles out",
            self.0
        )
    }
}

impl std::error::Error for TooManyTopics {}

/// The topic of one subscribe frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Batch {
    path: &'static str,
    names: Vec<String>,
    pub(super) private: bool,
}

impl Subscription {
    /// A topic of these names: what stands after the colon.
    pub fn public(path: &'static str, names: Vec<String>) -> Self {
        Self { path, names, per_frame: TOPICS_PER_SUBSCRIBE_MAX, private: false }
    }

    /// A topic that takes one name a frame, as candles do.
    pub fn one_by_one(path: &'static str, names: Vec<String>) -> Self {
        Self { per_frame: 1, ..Self::public(path, names) }
    }

    /// A private topic.
    pub fn private(path: &'static str) -> Self {
        Self { private: true, ..Self::public(path, Vec::new()) }
    }

    /// Topics as the venue counts them: names singly.
    fn count(&self) -> usize {
        self.names.len().max(1)
    }
}

impl Batch {
    /// The frames' topics for all subscriptions.
    pub(super) fn all(subscriptions: &[Subscription]) -> Result<Vec<Self>, TooManyTopics> {
        let count = subscriptions.iter().map(Subscription::count).sum();
        if count > TOPICS_PER_CONNECTION_MAX {
            return Err(TooManyTopics(count));
        }
        let mut batches = Vec::new();
        for Subscription { path, names, per_frame, private } in subscriptions {
            let batch = |names: &[String]| Self { path, names: names.to_vec(), private: *private };
            if names.is_empty() {
                batches.push(batch(&[]));
            }
            batches.extend(names.chunks(*per_frame).map(batch));
        }
        Ok(batches)
    }

    /// The topic as a frame names it.
    pub(super) fn topic(&self) -> String {
        if self.names.is_empty() {
            return self.path.to_owned();
        }
        format!("{}:{}", self.path, self.names.join(","))
    }

    /// The names singly, where there are several: one that is refused shall not take the others along.
    pub(super) fn split(&self) -> Vec<Self> {
        if self.names.len() < 2 {
            return Vec::new();
        }
        let single = |name: &String| Self { names: vec![name.clone()], ..self.clone() };
        self.names.iter().map(single).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|name| format!("N{name}-USDT")).collect()
    }

    #[test]
    fn frames_name_at_most_a_hundred_topics_and_connections_four_hundred() {
        let subscriptions =
            [Subscription::public("/a", names(205)), Subscription::private("/account/balance")];
        let batches = Batch::all(&subscriptions).unwrap();
        let sizes: Vec<_> = batches.iter().map(|batch| batch.names.len()).collect();
        assert_eq!(sizes, [100, 100, 5, 0]);
        assert_eq!(Batch::all(&[Subscription::one_by_one("/c", names(3))]).unwrap().len(), 3);
        assert_eq!(batches[3].topic(), "/account/balance");
        assert!(batches[2].topic().starts_with("/a:N200-USDT,N201-USDT"));
        assert_eq!(batches[2].split().len(), 5);
        assert_eq!(batches[2].split()[4].topic(), "/a:N204-USDT");
        assert!(batches[3].split().is_empty() && batches[2].split()[0].split().is_empty());
        let error = Batch::all(&[Subscription::public("/a", names(401))]).unwrap_err();
        assert!(error.to_string().starts_with("401 websocket topics, one connection carries 400"));
    }
}
