//! The same ledger as a file: what `store::writer` writes and `store::load` reads is what the ledger in
//! memory says.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use ibis::domain::time::Timestamp;
use ibis::durable::group_commit::Sink;
use ibis::store::writer::{Batch, Entry, LedgerSink};
use ibis::store::{LEDGER, chain, ledger_path, load};
use rusqlite::Connection;

use super::ledger::Ledger;

/// A ledger on disk, which goes with this.
pub struct Mirror {
    directory: PathBuf,
    connection: Connection,
    sink: LedgerSink,
}

impl Mirror {
    pub fn new(seed: u64) -> Self {
        let name = format!("ibis-simulation-{}-{seed}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(&directory).unwrap();
        let connection = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        // Whether it is on the platter is not the question here.
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        let sink = LedgerSink::new(directory.clone(), 0);
        Self { directory, connection, sink }
    }

    pub fn commit(&mut self, at: i64, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let batch = Batch { at: Timestamp::from_us(at), entries, ..Batch::default() };
        let transaction = self.connection.transaction().unwrap();
        self.sink.write(&transaction, &[Arc::new(batch)]).unwrap();
        transaction.commit().unwrap();
    }

    /// Where file and memory differ.
    pub fn difference(&self, ledger: &Ledger) -> Vec<String> {
        let mut found = Vec::new();
        let (mut file, mut memory) = (load::load(&self.connection).unwrap(), ledger.state());
        for state in [&mut file, &mut memory] {
            state.holds.sort_by_key(|hold| (hold.scope, hold.code));
        }
        if file != memory {
            found.push(format!("the file says {file:?}, memory {memory:?}"));
        }
        let trades = load::booked_trades(&self.connection, 50_000).unwrap();
        if trades != ledger.trades() {
            found.push("the file has other trades than memory".to_owned());
        }
        let broken = chain::first_break(&self.connection, None).unwrap();
        found.extend(broken.map(|seq| format!("the chain of events is broken at {seq}")));
        found
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}
