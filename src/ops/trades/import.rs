//! A `trade_history.json` into the ledger, idempotently and in one transaction.
//!
//! Every trade is stored once by its order id. Not stored: a row that is no trade (`rejected`), and
//! one whose id is there with other content (`conflicts`); both are named. A document that is not
//! whole stores nothing. The agent may run beside; it waits for the transaction (about 4 s for a
//! million rows, 10 ms for a thousand).

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::history_file::{HistoryFile, Malformed};
use super::history_row::{self, RowError};
use crate::store::imported_trade::{self, Importer, Inserted};

/// Bytes read from the file at once.
const BUFFER_BYTES: usize = 256 * 1024;
/// Page cache of the importing connection in KiB: order ids come in no order.
const CACHE_KIB: i32 = 16 * 1024;
/// How many rows that were not stored are described; the others are only counted.
pub const FINDINGS_MAX: usize = 10;

/// What an import did. Rows and repairs are the file's, orphans the whole imported history's: both
/// are the same when the file is imported again.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Imported {
    /// Rows in the file.
    pub rows: u64,
    /// Rows now stored that were not before.
    pub imported: u64,
    /// Rows that were stored already, or come twice in the file.
    pub duplicates: u64,
    /// Rows whose size was missing and was derived from funds and price.
    pub repaired: u64,
    /// Imported sells without anything bought before them: basis unknown, no profit or loss.
    pub orphaned: u64,
    /// Rows whose price had more than 18 decimal places.
    pub prices_rounded: u64,
    /// Rows whose id is stored with other content.
    pub conflicts: u64,
    /// Rows that are no trades.
    pub rejected: u64,
    /// The first rows that were not stored, and why.
    pub findings: Vec<String>,
}

/// Why an import stored nothing.
#[derive(Debug)]
pub enum ImportError {
    /// The file cannot be opened.
    Open(PathBuf, io::Error),
    /// The file is not a whole document.
    Malformed(PathBuf, Malformed),
    /// The ledger refused.
    Ledger(rusqlite::Error),
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Malformed(path, malformed) => write!(
                f,
                "{}: {malformed}; nothing was imported, complete the file and import it again",
                path.display()
            ),
            Self::Ledger(error) => write!(f, "ledger: {error}; nothing was imported, try again"),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error)
    }
}

/// Imports a file.
pub fn import(connection: &mut Connection, path: &Path) -> Result<Imported, ImportError> {
    let open = |error| ImportError::Open(path.to_owned(), error);
    let file = File::open(path).map_err(open)?;
    if file.metadata().map_err(open)?.is_dir() {
        return Err(open(io::ErrorKind::IsADirectory.into()));
    }
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut imported = read(&transaction, path, HistoryFile::new(reader))?;
    imported.orphaned = imported_trade::settle_basis(&transaction)?;
    transaction.commit()?;
    Ok(imported)
}

fn read(
    connection: &Connection,
    path: &Path,
    mut file: HistoryFile<BufReader<File>>,
) -> Result<Imported, ImportError> {
    let malformed = |error| ImportError::Malformed(path.to_owned(), error);
    let mut importer = Importer::new(connection)?;
    let mut result = Imported::default();
    let mut row = Vec::new();
    while file.next_row(&mut row).map_err(malformed)? {
        result.rows += 1;
        let (trade, repair) = match history_row::parse(&row) {
            Ok(parsed) => parsed,
            Err(RowError::Rejected(reason)) => {
                result.rejected += 1;
                result.note(path, &file, &reason);
                continue;
            }
            Err(RowError::Syntax(reason)) => return Err(malformed(file.malformed(reason))),
        };
        result.repaired += u64::from(repair.size_from_funds);
        result.prices_rounded += u64::from(repair.price_rounded);
        match importer.insert(&trade, repair, &row)? {
            Inserted::New => result.imported += 1,
            Inserted::Duplicate => result.duplicates += 1,
            Inserted::Conflict => {
                result.conflicts += 1;
                let reason = format!("order {} is stored with other content", trade.id);
                result.note(path, &file, &reason);
            }
        }
    }
    Ok(result)
}

impl Imported {
    fn note<R: io::BufRead>(&mut self, path: &Path, file: &HistoryFile<R>, reason: &str) {
        if self.findings.len() < FINDINGS_MAX {
            let place = file.malformed(reason);
            self.findings.push(format!("{}: {place}", path.display()));
        }
    }
}
