//! Messages go in, and where a channel has too many waiting, the least important go.

use rusqlite::{Transaction, params};

use super::PENDING_MAX;
use super::row::labels_json;
use crate::alerts::channels::ChannelName;
use crate::alerts::topic::Told;
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// Why a message of a full outbox was given up.
pub(super) const DROPPED: &str = "dropped: the outbox was full";

/// Adds a message for every channel that is told its severity; none where there is no such channel.
pub(super) fn message(
    transaction: &Transaction<'_>,
    told: &Told,
    event: Option<i64>,
    now: Timestamp,
    channels: &[(ChannelName, Severity)],
) -> rusqlite::Result<()> {
    let mut to = channels.iter().filter(|(_, least)| told.alert.severity >= *least).peekable();
    if to.peek().is_none() {
        return Ok(());
    }
    let add = "INSERT INTO notifications (key, severity, kind, title, body, labels, repeats, event,
        since_us, created_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let alert = &told.alert;
    transaction.prepare_cached(add)?.execute(params![
        alert.key,
        alert.severity.as_str(),
        told.kind.as_str(),
        alert.title,
        alert.body,
        labels_json(&alert.labels),
        told.repeats,
        event,
        told.since,
        now,
    ])?;
    let id = transaction.last_insert_rowid();
    to.try_for_each(|(channel, _)| delivery(transaction, id, *channel))
}

/// Adds a message to a channel's queue.
pub(super) fn delivery(
    transaction: &Transaction<'_>,
    notification: i64,
    channel: ChannelName,
) -> rusqlite::Result<()> {
    let add = "INSERT INTO notification_deliveries (channel, notification, status, attempts,
        next_attempt_at_us, claimed_until_us) VALUES (?1, ?2, 'pending', 0, 0, 0)";
    transaction.prepare_cached(add)?.execute(params![channel.as_str(), notification]).map(drop)
}

/// Gives up what a channel has waiting beyond [`PENDING_MAX`], counted: the least severe first and of
/// those the oldest; never what is critical.
pub(super) fn drop_excess(
    transaction: &Transaction<'_>,
    channel: ChannelName,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let count = "SELECT count(*) FROM notification_deliveries
                 WHERE channel = ?1 AND status = 'pending'";
    let pending: i64 =
        transaction.prepare_cached(count)?.query_row([channel.as_str()], |row| row.get(0))?;
    if pending <= PENDING_MAX {
        return Ok(());
    }
    let drop = "UPDATE notification_deliveries
        SET status = 'dead', settled_at_us = ?2, last_error = ?3
        WHERE channel = ?1 AND status = 'pending' AND notification IN (
          SELECT d.notification FROM notification_deliveries d JOIN notifications n USING (notification)
          WHERE d.channel = ?1 AND d.status = 'pending' AND n.severity <> 'critical'
          ORDER BY CASE n.severity WHEN 'info' THEN 0 WHEN 'low' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END,
            d.notification
          LIMIT ?4)";
    let excess = pending - PENDING_MAX;
    let dropped = transaction.execute(drop, params![channel.as_str(), now, DROPPED, excess])?;
    let count = "UPDATE alert_cursor SET dropped = dropped + ?1";
    transaction.execute(count, [i64::try_from(dropped).unwrap_or(0)]).map(|_| ())
}
