//! Who watches what: counts of the watchers of each topic.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::exchange::server::topic::{Feed, Topic, TopicError};

use super::Core;
use super::pair::{Pair, Watched};

/// The public topics of more than one pair.
#[derive(Debug)]
pub(super) struct Watch {
    pub all_tickers: usize,
    pub all_tickers_topic: Rc<str>,
    groups: BTreeMap<String, Watched>,
}

impl Default for Watch {
    fn default() -> Self {
        let all_tickers_topic = Topic::AllTickers.to_string().into();
        Self { all_tickers: 0, all_tickers_topic, groups: BTreeMap::new() }
    }
}

impl Watch {
    /// How many watch the snapshots of a group.
    pub(super) fn group(&self, name: &str) -> usize {
        self.groups.get(name).map_or(0, |watched| watched.watchers)
    }

    /// The topic of the snapshots of a pair's group, where somebody watches it.
    pub(super) fn group_topic(&self, pair: &Pair) -> Option<Rc<str>> {
        let watched = self.groups.get(pair.listing.group())?;
        (watched.watchers > 0).then(|| watched.topic.clone())
    }
}

impl Core {
    /// Reads a topic as a client writes it. A pair or group that is not listed has no topics.
    pub fn check_topic(&self, text: &str) -> Result<Vec<Topic>, TopicError> {
        let topics = Topic::parse(text)?;
        let known = |topic: &Topic| match topic {
            Topic::Pair(_, symbol) | Topic::Candles(symbol, _) => self.listed(symbol).is_some(),
            Topic::Group(name) => self.pairs.iter().any(|pair| pair.listing.group() == name),
            Topic::AllTickers
            | Topic::Orders
            | Topic::OrdersV2
            | Topic::Balance
            | Topic::StopOrders => true,
        };
        if topics.iter().all(known) { Ok(topics) } else { Err(TopicError::Unknown) }
    }

    /// Counts a watcher in. What is pushed at a pace is pushed once at the next turn; the rest with
    /// its next change.
    pub fn watch(&mut self, topic: &Topic) {
        if let Some(count) = self.watchers(topic) {
            *count += 1;
        }
        match topic {
            Topic::Pair(feed, symbol) => {
                if let Some(id) = self.listed(symbol) {
                    self.want(id, *feed);
                }
            }
            Topic::AllTickers => self.want_all(Feed::Ticker),
            Topic::Group(_) => self.want_all(Feed::Snapshot),
            Topic::Candles(..)
            | Topic::Orders
            | Topic::OrdersV2
            | Topic::Balance
            | Topic::StopOrders => {}
        }
    }

    /// Counts a watcher out.
    pub fn unwatch(&mut self, topic: &Topic) {
        if let Some(count) = self.watchers(topic) {
            *count = count.saturating_sub(1);
        }
    }

    fn want_all(&mut self, feed: Feed) {
        let ids: Vec<_> = self.pairs.iter().map(|pair| pair.id).collect();
        for id in ids {
            self.want(id, feed);
        }
    }

    /// The count of a topic's watchers; `None` for a pair that there is not.
    fn watchers(&mut self, topic: &Topic) -> Option<&mut usize> {
        match topic {
            Topic::Pair(feed, symbol) => {
                let id = *self.by_symbol.get(symbol)?;
                Some(&mut self.pair_mut(id).feed(*feed).watched.watchers)
            }
            Topic::Candles(symbol, length) => {
                let id = *self.by_symbol.get(symbol)?;
                Some(&mut self.pair_mut(id).candle_topic(*length)?.watchers)
            }
            Topic::AllTickers => Some(&mut self.watch.all_tickers),
            Topic::Group(name) => {
                let watched = || Watched { topic: topic.to_string().into(), watchers: 0 };
                let groups = &mut self.watch.groups;
                Some(&mut groups.entry(name.clone()).or_insert_with(watched).watchers)
            }
            Topic::Orders | Topic::OrdersV2 | Topic::Balance | Topic::StopOrders => {
                self.private.watchers(topic)
            }
        }
    }
}
