//! The databases of a set: what each is called, and what is counted in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::durable::sqlite::Format;
use crate::exchange::paper::ACCOUNT;
use crate::store::LEDGER;

/// A database of a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The ledger: always.
    Ledger,
    /// The paper venue's account: in paper mode.
    Account,
}

impl Part {
    /// Its file format.
    pub fn format(self) -> &'static Format {
        match self {
            Self::Ledger => &LEDGER,
            Self::Account => &ACCOUNT,
        }
    }

    /// Its name in a state directory.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ibis.db",
            Self::Account => "paper.db",
        }
    }

    /// Its file in a set.
    pub fn file(self, directory: &Path, stamp: &str) -> PathBuf {
        let stem = match self {
            Self::Ledger => "ibis",
            Self::Account => "paper",
        };
        directory.join(format!("{stem}-{stamp}.db"))
    }

    /// How far its history goes: the last event, or the account's last fill.
    pub fn head(self, connection: &Connection) -> rusqlite::Result<i64> {
        let query = match self {
            Self::Ledger => "SELECT coalesce(max(seq), 0) FROM events",
            Self::Account => "SELECT coalesce(max(venue_sequence), 0) FROM executions",
        };
        connection.query_row(query, [], |row| row.get(0))
    }
}

/// Rows by table.
pub fn rows(connection: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    let query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let mut statement = connection.prepare(query)?;
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let count = |table: String| {
        let query = format!("SELECT count(*) FROM \"{table}\"");
        connection.query_row(&query, [], |row| row.get(0)).map(|rows| (table, rows))
    };
    tables.into_iter().map(count).collect()
}
