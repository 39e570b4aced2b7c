//! What leaves the outbox with age.

use std::time::Duration;

use rusqlite::params;

use super::{Outbox, begin};
use crate::domain::time::Timestamp;

/// Settled messages are kept this long: a month to look back at.
pub const KEPT_AGE: Duration = Duration::from_secs(30 * 86_400);
/// Messages that are kept at most, but for pending ones.
pub const KEPT_MAX: i64 = 5_000;
/// What nobody took for this long waits for a channel that is off: twice the age at which others are
/// given up.
const ORPHAN_AGE: Duration = Duration::from_secs(48 * 3_600);
/// Messages deleted in one transaction: a few milliseconds.
const PORTION: i64 = 200;

impl Outbox {
    /// Deletes a portion of what is old, and gives up what waits for nobody. How many messages went.
    pub fn tidy(&mut self, now: Timestamp) -> rusqlite::Result<usize> {
        let transaction = begin(&mut self.connection)?;
        transaction.execute(
            "UPDATE notification_deliveries
             SET status = 'dead', settled_at_us = ?2, last_error = coalesce(last_error, 'the channel is off')
             WHERE status = 'pending' AND claimed_until_us < ?2 AND notification IN
               (SELECT notification FROM notifications WHERE created_at_us < ?1)",
            params![now - ORPHAN_AGE, now],
        )?;
        let old: Vec<i64> = transaction
            .prepare(
                "SELECT notification FROM notifications n
                 WHERE (created_at_us < ?1 OR notification <= (SELECT max(notification) FROM notifications) - ?2)
                   AND notification < (SELECT max(notification) FROM notifications)
                   AND NOT EXISTS (SELECT 1 FROM notification_deliveries d
                                   WHERE d.notification = n.notification AND d.status = 'pending')
                 ORDER BY notification LIMIT ?3",
            )?
            .query_map(params![now - KEPT_AGE, KEPT_MAX, PORTION], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for id in &old {
            transaction
                .execute("DELETE FROM notification_deliveries WHERE notification = ?1", [id])?;
            transaction.execute("DELETE FROM notifications WHERE notification = ?1", [id])?;
        }
        transaction.commit()?;
        Ok(old.len())
    }
}
