//! The topics as rows: all of them in memory while a transaction judges, written where they changed.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Transaction, params};

use super::row::{labels, labels_json, parsed};
use crate::alerts::floors::Floors;
use crate::alerts::signal::{Alert, Signal};
use crate::alerts::topic::{Told, Topic};
use crate::domain::time::Timestamp;

/// Topics that are kept: several for each instrument, job and unit of a large installation.
pub const TOPICS_MAX: usize = 500;

/// Every topic, by its key.
#[derive(Debug)]
pub(super) struct TopicBook {
    stored: BTreeMap<String, Topic>,
    topics: BTreeMap<String, Topic>,
}

impl TopicBook {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let query =
            "SELECT key, severity, title, body, labels, is_firing, is_open, is_news, folded,
            since_us, told_at_us, told_severity FROM alert_topics";
        let mut statement = connection.prepare_cached(query)?;
        let topics = statement.query_map([], topic)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let topics: BTreeMap<_, _> =
            topics.into_iter().map(|topic| (topic.alert.key.clone(), topic)).collect();
        Ok(Self { stored: topics.clone(), topics })
    }

    pub(super) fn get(&self, key: &str) -> Option<&Topic> {
        self.topics.get(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    /// Takes a signal; the message it makes at once.
    pub(super) fn judge(
        &mut self,
        signal: &Signal,
        now: Timestamp,
        floors: &Floors,
    ) -> Option<Told> {
        let topic = self.topics.remove(signal.key());
        let (topic, told) = Topic::judge(topic, signal, now, floors);
        self.put(signal.key(), topic);
        told
    }

    /// The messages that time brings.
    pub(super) fn due(&mut self, now: Timestamp, floors: &Floors) -> Vec<Told> {
        let mut messages = Vec::new();
        for (key, topic) in std::mem::take(&mut self.topics) {
            let (topic, told) = topic.due(now, floors);
            messages.extend(told);
            self.put(&key, topic);
        }
        messages
    }

    fn put(&mut self, key: &str, topic: Option<Topic>) {
        if let Some(topic) = topic {
            self.topics.insert(key.to_owned(), topic);
        }
        while self.topics.len() > TOPICS_MAX {
            let rank = |topic: &Topic| (topic.is_firing, topic.alert.severity, topic.since);
            let least = self.topics.iter().min_by_key(|(_, topic)| rank(topic));
            let Some(key) = least.map(|(key, _)| key.clone()) else { return };
            self.topics.remove(&key);
        }
    }

    /// Writes what changed since it was loaded.
    pub(super) fn save(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        for key in self.stored.keys().filter(|key| !self.topics.contains_key(*key)) {
            transaction.execute("DELETE FROM alert_topics WHERE key = ?1", [key])?;
        }
        for (key, topic) in &self.topics {
            if self.stored.get(key) != Some(topic) {
                put(transaction, topic)?;
            }
        }
        Ok(())
    }
}

fn topic(row: &Row<'_>) -> rusqlite::Result<Topic> {
    let timestamp = |us: i64| Timestamp::from_us(us);
    let alert = Alert {
        key: row.get(0)?,
        severity: parsed(row, 1)?,
        title: row.get(2)?,
        body: row.get(3)?,
        labels: labels(row, 4)?,
    };
    let is_told = row.get::<_, Option<String>>(11)?.is_some();
    Ok(Topic {
        alert,
        is_firing: row.get(5)?,
        is_open: row.get(6)?,
        is_news: row.get(7)?,
        folded: row.get(8)?,
        since: timestamp(row.get(9)?),
        told_at: row.get::<_, Option<i64>>(10)?.map(timestamp),
        told_severity: if is_told { Some(parsed(row, 11)?) } else { None },
    })
}

fn put(transaction: &Transaction<'_>, topic: &Topic) -> rusqlite::Result<()> {
    let change =
        "INSERT OR REPLACE INTO alert_topics (key, severity, title, body, labels, is_firing,
        is_open, is_news, folded, since_us, told_at_us, told_severity)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    transaction
        .prepare_cached(change)?
        .execute(params![
            topic.alert.key,
            topic.alert.severity.as_str(),
            topic.alert.title,
            topic.alert.body,
            labels_json(&topic.alert.labels),
            topic.is_firing,
            topic.is_open,
            topic.is_news,
            topic.folded,
            topic.since,
            topic.told_at,
            topic.told_severity.map(|severity| severity.as_str()),
        ])
        .map(drop)
}
