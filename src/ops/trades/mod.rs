//! Trades as other programs know them: the Python IBIS's `trade_history.json` in and out, and what
//! was really earned.
//!
//! | | |
//! |---|---|
//! | [`history_file`] | the document: rows out of a stream, bounded memory |
//! | [`history_row`] | one row: what it must hold, how it is repaired |
//! | [`row_fields`] | its fields, scanned or parsed |
//! | [`import`] | a file into `imported_trades`, idempotently |
//! | [`matching`] | first in, first out, symbol by symbol |
//! | [`summary`] | totals of both sources |
//! | [`export`] | both sources in the file's shape |

pub mod export;
pub mod history_file;
pub mod history_row;
pub mod import;
pub mod matching;
pub mod row_fields;
pub mod summary;

#[cfg(test)]
pub(in crate::ops) mod tests;
