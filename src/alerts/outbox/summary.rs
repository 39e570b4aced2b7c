//! What is in the outbox, for a person or a program that looks.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use crate::store::notification;

/// Topics that are listed.
const FIRING_MAX: i64 = 50;

/// The outbox at a glance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Summary {
    /// Messages that at least one channel has not taken.
    pub depth: i64,
    /// Deliveries that a full outbox gave up, ever.
    pub dropped: i64,
    /// Each channel that a message was ever for.
    pub channels: BTreeMap<String, ChannelSummary>,
    /// What fires, the most urgent first.
    pub firing: Vec<Firing>,
}

/// One channel's queue.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ChannelSummary {
    /// Messages that wait.
    pub pending: i64,
    /// When the oldest of them was made, in microseconds UTC.
    pub pending_since_us: Option<i64>,
    /// Failed attempts at it.
    pub attempts: i64,
    /// When it is tried next, in microseconds UTC.
    pub next_attempt_at_us: Option<i64>,
    /// Messages taken, among those that are kept.
    pub delivered: i64,
    /// Messages given up, among those that are kept.
    pub dead: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// One thing that fires.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Firing {
    /// What it is about.
    pub key: String,
    /// How much it matters.
    pub severity: String,
    /// One line.
    pub title: String,
    /// Since when, in microseconds UTC.
    pub since_us: i64,
}

/// Looks at the outbox of a ledger.
pub fn look(connection: &Connection) -> rusqlite::Result<Summary> {
    let one = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0));
    let names: Vec<String> = connection
        .prepare("SELECT DISTINCT channel FROM notification_deliveries")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let of = |name: String| channel(connection, &name).map(|channel| (name, channel));
    Ok(Summary {
        depth: notification::pending(connection)?,
        dropped: one("SELECT dropped FROM alert_cursor")?,
        channels: names.into_iter().map(of).collect::<rusqlite::Result<_>>()?,
        firing: firing(connection)?,
    })
}

fn channel(connection: &Connection, name: &str) -> rusqlite::Result<ChannelSummary> {
    let counts = "SELECT count(*) FILTER (WHERE status = 'pending'),
        count(*) FILTER (WHERE status = 'delivered'), count(*) FILTER (WHERE status = 'dead')
        FROM notification_deliveries WHERE channel = ?1";
    let (pending, delivered, dead) =
        connection.query_row(counts, [name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut summary = ChannelSummary { pending, delivered, dead, ..ChannelSummary::default() };
    let head = "SELECT n.created_at_us, d.attempts, d.next_attempt_at_us
        FROM notification_deliveries d JOIN notifications n USING (notification)
        WHERE d.channel = ?1 AND d.status = 'pending' ORDER BY d.notification LIMIT 1";
    let found: Option<(i64, i64, i64)> = connection
        .query_row(head, [name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if let Some((since, attempts, next)) = found {
        summary.pending_since_us = Some(since);
        summary.attempts = attempts;
        summary.next_attempt_at_us = (next > 0).then_some(next);
    }
    let error = "SELECT last_error FROM notification_deliveries
        WHERE channel = ?1 AND last_error IS NOT NULL ORDER BY notification DESC LIMIT 1";
    summary.last_error = connection.query_row(error, [name], |row| row.get(0)).optional()?;
    Ok(summary)
}

fn firing(connection: &Connection) -> rusqlite::Result<Vec<Firing>> {
    let query = "SELECT key, severity, title, since_us FROM alert_topics WHERE is_firing
        ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2
            WHEN 'low' THEN 3 ELSE 4 END, since_us LIMIT ?1";
    let row = |row: &rusqlite::Row<'_>| {
        Ok(Firing {
            key: row.get(0)?,
            severity: row.get(1)?,
            title: row.get(2)?,
            since_us: row.get(3)?,
        })
    };
    connection.prepare(query)?.query_map([FIRING_MAX], row)?.collect()
}
