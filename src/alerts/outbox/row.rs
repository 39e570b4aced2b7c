//! Words and labels as columns.

use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::Type;

use crate::alerts::notification::Notification;
use crate::alerts::signal::Labels;
use crate::domain::time::Timestamp;

/// The columns of [`notification`], in their order, of `notifications n`.
pub(super) const COLUMNS: &str = "n.notification, n.key, n.severity, n.kind, n.title, n.body,
    n.labels, n.repeats, n.event, n.since_us, n.created_at_us";

/// A message of [`COLUMNS`].
pub(super) fn notification(row: &Row<'_>) -> rusqlite::Result<Notification> {
    Ok(Notification {
        id: row.get(0)?,
        key: row.get(1)?,
        severity: parsed(row, 2)?,
        kind: parsed(row, 3)?,
        title: row.get(4)?,
        body: row.get(5)?,
        labels: labels(row, 6)?,
        repeats: row.get(7)?,
        event: row.get(8)?,
        since: Timestamp::from_us(row.get(9)?),
        created_at: Timestamp::from_us(row.get(10)?),
    })
}

/// A column that holds one of a type's words.
pub(super) fn parsed<T: FromStr<Err = String>>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    let word: String = row.get(at)?;
    word.parse().map_err(|error: String| {
        rusqlite::Error::FromSqlConversionFailure(at, Type::Text, error.into())
    })
}

/// A column of labels. One that cannot be read has none.
pub(super) fn labels(row: &Row<'_>, at: usize) -> rusqlite::Result<Labels> {
    Ok(serde_json::from_str(row.get_ref(at)?.as_str()?).unwrap_or_default())
}

/// Labels as a column.
pub(super) fn labels_json(labels: &Labels) -> String {
    serde_json::to_string(labels).unwrap_or_else(|_| "{}".to_owned())
}
