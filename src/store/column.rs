//! Reading a column as a word of the trade: what does not parse is an error that names the column.

use rusqlite::Row;
use rusqlite::types::Type;

/// The text of a column, parsed.
pub fn parsed<T, E>(
    row: &Row<'_>,
    index: usize,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<T>
where
    E: std::fmt::Display,
{
    let text = row.get_ref(index)?.as_str().map_err(|error| damaged(index, &error))?;
    parse(text).map_err(|error| damaged(index, &format!("{text:?}: {error}")))
}

/// As [`parsed`]; `None` for NULL.
pub fn optional<T, E>(
    row: &Row<'_>,
    index: usize,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<Option<T>>
where
    E: std::fmt::Display,
{
    if row.get_ref(index)? == rusqlite::types::ValueRef::Null {
        return Ok(None);
    }
    parsed(row, index, parse).map(Some)
}

fn damaged(index: usize, error: &dyn std::fmt::Display) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, error.to_string().into())
}
