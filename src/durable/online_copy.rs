//! Copies a database while another process writes it, without getting in its way.
//!
//! The caller's read transaction holds one snapshot for the whole copy: it never begins anew. Pages go
//! in small steps with pauses, and to the disk every few megabytes, so that the writer's `fsync` never
//! finds a gigabyte of the copy ahead of it. The copy is one file, without a log beside it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::atomic_file;

/// Pages in one step: half a megabyte, below a millisecond.
const PAGES: i32 = 128;
/// Between two steps: the writer's turn.
const PAUSE: Duration = Duration::from_millis(1);
/// Steps between two syncs of the copy: 4 MiB, what a disk takes in some ten milliseconds.
const SYNC_STEPS: u32 = 8;
/// A writer that is in the way is waited for this often before the copy is given up: half a minute.
const BUSY_MAX: u32 = 30_000;

/// Why there is no copy.
#[derive(Debug)]
pub enum CopyError {
    /// The target's file system.
    Io(io::Error),
    /// Source or target, in SQLite's words.
    Sqlite(rusqlite::Error),
    /// The source stayed locked.
    Busy,
}

impl std::fmt::Display for CopyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Sqlite(error) => error.fmt(f),
            Self::Busy => f.write_str("the database stays locked"),
        }
    }
}

impl std::error::Error for CopyError {}

impl From<io::Error> for CopyError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Copies the database that `source` has a read transaction on to the new file `target`, durably.
pub fn copy(source: &Connection, target: &Path) -> Result<(), CopyError> {
    atomic_file::remove_if_there(target)?;
    let mut copy = Connection::open(target)?;
    // Its durability is this function's: a crash before the end leaves a file that nobody looks at.
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    let file = File::open(target)?;
    step_through(&Backup::new(source, &mut copy)?, &file)?;
    // A log of its own would be a second file.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.close().map_err(|(_, error)| error)?;
    file.sync_all()?;
    Ok(())
}

fn step_through(backup: &Backup<'_, '_>, file: &File) -> Result<(), CopyError> {
    let (mut steps, mut busy) = (0u32, 0u32);
    loop {
        match backup.step(PAGES)? {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked if busy == BUSY_MAX => {
                return Err(CopyError::Busy);
            }
            StepResult::Busy | StepResult::Locked => busy += 1,
            // The enumeration may grow; anything else is progress.
            StepResult::More | _ => steps += 1,
        }
        if steps >= SYNC_STEPS {
            steps = 0;
            file.sync_data()?;
        }
        pause();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a job in a process of its own, no loop waits for it"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_copy_is_the_snapshot_whatever_is_written_meanwhile() {
        let directory = std::env::temp_dir().join(format!("ibis-copy-{}", std::process::id()));
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(&directory).unwrap();
        let writer = Connection::open(directory.join("a.db")).unwrap();
        writer.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE a(x, y)").unwrap();
        let insert =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
             INSERT INTO a SELECT i, randomblob(200) FROM n";
        writer.execute_batch(insert).unwrap();
        let source = Connection::open(directory.join("a.db")).unwrap();
        let snapshot = source.unchecked_transaction().unwrap();
        let count: i64 =
            snapshot.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap();
        writer.execute_batch("DELETE FROM a WHERE x > 10").unwrap();
        copy(&snapshot, &directory.join("b.db")).unwrap();
        let copied = Connection::open(directory.join("b.db")).unwrap();
        let found: (i64, i64) = copied
            .query_row("SELECT count(*), max(x) FROM a", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(found, (count, 9_000));
        let mode: String =
            copied.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "delete");
        drop(copied);
        assert!(!directory.join("b.db-wal").exists());
        fs::remove_dir_all(&directory).unwrap();
    }
}
