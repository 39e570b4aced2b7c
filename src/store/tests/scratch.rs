//! A ledger of one test, gone with it.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;

use crate::durable::group_commit::Sink as _;
use crate::store::writer::{Batch, LedgerSink};
use crate::store::{LEDGER, ledger_path};

/// A connection to a real file.
pub struct Scratch {
    connection: Connection,
    directory: PathBuf,
}

impl Scratch {
    /// A new ledger in a directory of its own.
    pub fn new(name: &str) -> Self {
        let name = format!("ibis-store-{}-{name}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let connection = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        Self { connection, directory }
    }

    /// A new one, with batches written as one commit.
    pub fn written(name: &str, batches: Vec<Batch>) -> rusqlite::Result<Self> {
        let mut scratch = Self::new(name);
        scratch.write(batches).map(|()| scratch)
    }

    /// Writes batches as one commit.
    pub fn write(&mut self, batches: Vec<Batch>) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let batches: Vec<_> = batches.into_iter().map(Arc::new).collect();
        LedgerSink::new(self.directory.clone(), 0).write(&transaction, &batches)?;
        transaction.commit()
    }
}

impl Deref for Scratch {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left over there hurts nobody.
        drop(std::fs::remove_dir_all(&self.directory));
    }
}
