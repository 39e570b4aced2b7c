//! A message that was asked for, to see whether the channels take it: past topics and floors, but
//! through the same queue.

use rusqlite::{OptionalExtension as _, params};

use super::{Outbox, begin, insert};
use crate::alerts::channels::ChannelName;
use crate::alerts::notification::Kind;
use crate::alerts::signal::Alert;
use crate::alerts::topic::Told;
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// Where a message stands with a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// `pending`, `delivered` or `dead`.
    pub status: String,
    /// Attempts so far.
    pub attempts: u32,
    /// Older messages of the channel that have to go first.
    pub behind: u32,
    /// What went wrong last with the message, or with the one that goes first.
    pub last_error: Option<String>,
}

impl Outbox {
    /// Adds an alert for these channels, whatever the least severity they are told. Its number.
    pub fn add(
        &mut self,
        alert: Alert,
        channels: &[ChannelName],
        now: Timestamp,
    ) -> rusqlite::Result<i64> {
        let transaction = begin(&mut self.connection)?;
        let told = Told { kind: Kind::Note, alert, repeats: 0, since: now };
        let channels: Vec<_> = channels.iter().map(|channel| (*channel, Severity::Info)).collect();
        insert::message(&transaction, &told, None, now, &channels)?;
        for (channel, _) in &channels {
            insert::drop_excess(&transaction, *channel, now)?;
        }
        let newest = "SELECT max(notification) FROM notifications";
        let id = transaction.query_row(newest, [], |row| row.get(0))?;
        transaction.commit()?;
        Ok(id)
    }

    /// Where a message stands with a channel.
    pub fn standing(&self, id: i64, channel: ChannelName) -> rusqlite::Result<Standing> {
        let query = "SELECT status, attempts, last_error FROM notification_deliveries
            WHERE channel = ?1 AND notification = ?2";
        let row = |row: &rusqlite::Row<'_>| {
            Ok(Standing {
                status: row.get(0)?,
                attempts: row.get(1)?,
                behind: 0,
                last_error: row.get(2)?,
            })
        };
        let mut standing = self.connection.query_row(query, params![channel.as_str(), id], row)?;
        let older = "SELECT count(*) FROM notification_deliveries
            WHERE channel = ?1 AND status = 'pending' AND notification < ?2";
        standing.behind =
            self.connection.query_row(older, params![channel.as_str(), id], |row| row.get(0))?;
        if standing.behind > 0 {
            let head = "SELECT last_error FROM notification_deliveries
                WHERE channel = ?1 AND status = 'pending' ORDER BY notification LIMIT 1";
            let error = self.connection.query_row(head, [channel.as_str()], |row| row.get(0));
            standing.last_error = error.optional()?.flatten();
        }
        Ok(standing)
    }

    /// Gives a message up where it is still pending: nobody wants it later.
    pub fn give_up(&self, id: i64, now: Timestamp) -> rusqlite::Result<()> {
        let change = "UPDATE notification_deliveries
            SET status = 'dead', settled_at_us = ?2, last_error = coalesce(last_error, 'the test is over')
            WHERE notification = ?1 AND status = 'pending'";
        self.connection.execute(change, params![id, now]).map(drop)
    }
}
