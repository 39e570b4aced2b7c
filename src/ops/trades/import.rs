//! A `trade_history.json` into the ledger, idempotently and in one transaction.
//!
//! Every trade is stored once by its order id. Not stored: a row that is no trade (`rejected`), and
//! one whose id is there with other content (`conflicts`); both are named. A document that is not
//! whole stores nothing. The agent may run beside; it waits for the transaction.
//!
//! One thread reads, the other writes; at most `BATCHES_AHEAD` batches lie between them.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use rusqlite::{Connection, TransactionBehavior};

use super::history_file::{HistoryFile, Malformed};
use super::history_row::{self, RowError};
use crate::store::imported_trade::{self, ImportedTrade, Importer, Inserted, Repair};

/// Bytes read from the file at once.
const BUFFER_BYTES: usize = 256 * 1024;
/// Page cache of the importing connection in KiB; building an index sorts in as much again.
const CACHE_KIB: i32 = 12 * 1024;
/// Rows handed over at once: about 100 KB.
const BATCH_ROWS: usize = 256;
/// Batches read ahead of the writer.
const BATCHES_AHEAD: usize = 4;
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
    let mut imported = load(&transaction, path, HistoryFile::new(reader))?;
    imported.orphaned = imported_trade::settle_basis(&transaction)?;
    transaction.commit()?;
    Ok(imported)
}

/// A row as it was read, and where.
struct Read {
    place: (u64, u64),
    trade: Result<(ImportedTrade, Repair, Option<Box<str>>), String>,
}

/// Reads on a thread of its own and writes on this one.
fn load(
    connection: &Connection,
    path: &Path,
    file: HistoryFile<BufReader<File>>,
) -> Result<Imported, ImportError> {
    let (sender, receiver) = sync_channel(BATCHES_AHEAD);
    thread::scope(|scope| {
        let reader = scope.spawn(move || read(file, &sender));
        let mut result = Imported::default();
        let mut importer = Importer::new(connection)?;
        for batch in receiver {
            for row in batch {
                result.store(path, &mut importer, row)?;
            }
        }
        match reader.join() {
            Ok(Ok(())) => importer.finish()?,
            Ok(Err(malformed)) => return Err(ImportError::Malformed(path.to_owned(), malformed)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(result)
    })
}

/// Sends every row; stops early where nobody takes them any more.
fn read(
    mut file: HistoryFile<BufReader<File>>,
    sender: &SyncSender<Vec<Read>>,
) -> Result<(), Malformed> {
    let mut bytes = Vec::new();
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    while file.next_row(&mut bytes)? {
        let trade = match history_row::parse(&bytes) {
            Ok((trade, repair)) => {
                let raw = repair.is_lossy().then(|| String::from_utf8_lossy(&bytes).into());
                Ok((trade, repair, raw))
            }
            Err(RowError::Rejected(reason)) => Err(reason),
            Err(RowError::Syntax(reason)) => return Err(file.malformed(reason)),
        };
        batch.push(Read { place: (file.line(), file.row()), trade });
        if batch.len() == BATCH_ROWS {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
            if sender.send(full).is_err() {
                return Ok(());
            }
        }
    }
    drop(sender.send(batch));
    Ok(())
}

impl Imported {
    fn store(
        &mut self,
        path: &Path,
        importer: &mut Importer<'_>,
        read: Read,
    ) -> rusqlite::Result<()> {
        self.rows += 1;
        let (trade, repair, raw) = match read.trade {
            Ok(trade) => trade,
            Err(reason) => {
                self.rejected += 1;
                self.note(path, read.place, reason);
                return Ok(());
            }
        };
        self.repaired += u64::from(repair.size_from_funds);
        self.prices_rounded += u64::from(repair.price_rounded);
        match importer.insert(&trade, repair, raw.as_deref())? {
            Inserted::New => self.imported += 1,
            Inserted::Duplicate => self.duplicates += 1,
            Inserted::Conflict => {
                self.conflicts += 1;
                let reason = format!("order {} is stored with other content", trade.id);
                self.note(path, read.place, reason);
            }
        }
        Ok(())
    }

    fn note(&mut self, path: &Path, (line, row): (u64, u64), reason: String) {
        if self.findings.len() < FINDINGS_MAX {
            let place = Malformed { line, row, reason };
            self.findings.push(format!("{}: {place}", path.display()));
        }
    }
}
