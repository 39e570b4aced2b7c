//! The outbox of alerts, counted.

use rusqlite::Connection;

/// Alerts that at least one channel has not taken.
pub fn pending(connection: &Connection) -> rusqlite::Result<i64> {
    let query =
        "SELECT count(DISTINCT notification) FROM notification_deliveries WHERE status = 'pending'";
    connection.query_row(query, [], |row| row.get(0))
}
