//! One writer thread per database, which commits whatever is queued as one transaction.
//!
//! The loop hands items over and goes on; each hand-over returns a [`Ticket`]. Before anything that
//! must not outrun the disk (an order, a report that an order filled) it waits for that ticket. One
//! `fsync` then serves every item queued meanwhile: with a slow disk batches grow, latency does not.
//!
//! **Limits**: [`QUEUE_ITEMS_MAX`] items queued; a full queue makes the sender wait, which the
//! watchdog sees. **Failure**: the first write error stops the writer for good; every later wait
//! returns it. Nothing queued behind it is written, so the file ends at a commit.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// Items that may wait for the writer: bounds memory where the loop is faster than the disk.
pub const QUEUE_ITEMS_MAX: usize = 64;
/// Items in one transaction: bounds the time of one commit.
const BATCH_ITEMS_MAX: usize = 64;
/// An idle writer checkpoints the WAL after this, so that commits seldom have to.
const IDLE_CHECKPOINT: Duration = Duration::from_millis(500);

/// What a writer does with items.
pub trait Sink: Send + 'static {
    /// One hand-over.
    type Item: Send + 'static;

    /// Writes `items` in order, inside one transaction.
    fn write(
        &mut self,
        transaction: &Transaction<'_>,
        items: &[Self::Item],
    ) -> rusqlite::Result<()>;

    /// Runs after the commit of what `write` wrote.
    fn committed(&mut self, items: Vec<Self::Item>);
}

/// The position of a hand-over in the writer's queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Ticket(u64);

/// The writer stopped: why, in SQLite's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriteFailed(pub String);

impl fmt::Display for WriteFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot be written: {}", self.0)
    }
}

impl std::error::Error for WriteFailed {}

/// The loop's end of a writer thread.
#[derive(Debug)]
pub struct GroupCommit<I> {
    sender: Option<SyncSender<I>>,
    shared: Arc<Shared>,
    sent: u64,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Progress {
    durable: u64,
    failed: Option<WriteFailed>,
    ended: bool,
}

impl<I: Send + 'static> GroupCommit<I> {
    /// Starts the writer thread, called `name`, on `connection`.
    pub fn start<S: Sink<Item = I>>(
        name: &str,
        connection: Connection,
        sink: S,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE_ITEMS_MAX);
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(connection, sink, &receiver, &theirs))?;
        Ok(Self { sender: Some(sender), shared, sent: 0, thread: Some(thread) })
    }

    /// Hands an item over. After a failure it is dropped; [`GroupCommit::wait`] tells.
    pub fn send(&mut self, item: I) -> Ticket {
        self.sent += 1;
        if let Some(sender) = &self.sender {
            // The receiver is gone only after a failure, which every wait reports.
            drop(sender.send(item));
        }
        Ticket(self.sent)
    }

    /// The ticket of the last hand-over.
    pub fn last(&self) -> Ticket {
        Ticket(self.sent)
    }

    /// True where everything up to `ticket` is on disk; the error if it never will be.
    pub fn is_durable(&self, ticket: Ticket) -> Result<bool, WriteFailed> {
        let progress = lock(&self.shared);
        reached(&progress, ticket)
    }

    /// Waits until everything up to `ticket` is on disk.
    pub fn wait(&self, ticket: Ticket) -> Result<(), WriteFailed> {
        let mut progress = lock(&self.shared);
        while !reached(&progress, ticket)? {
            progress = self.shared.changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// Writes what is queued and ends the thread.
    pub fn close(mut self) -> Result<(), WriteFailed> {
        let written = self.wait(self.last());
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the writer has aborted the process or shows as a failed wait.
            drop(thread.join());
        }
        written
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Progress> {
    shared.progress.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reached(progress: &Progress, ticket: Ticket) -> Result<bool, WriteFailed> {
    if progress.durable >= ticket.0 {
        return Ok(true);
    }
    match &progress.failed {
        Some(failed) => Err(failed.clone()),
        None if progress.ended => Err(WriteFailed("its writer thread ended".to_owned())),
        None => Ok(false),
    }
}

/// Marks the end of the thread, also when it panics, so that nobody waits for ever.
struct EndMark<'a>(&'a Shared);

impl Drop for EndMark<'_> {
    fn drop(&mut self) {
        lock(self.0).ended = true;
        self.0.changed.notify_all();
    }
}

fn run<S: Sink>(
    mut connection: Connection,
    mut sink: S,
    queue: &Receiver<S::Item>,
    shared: &Shared,
) {
    let _end = EndMark(shared);
    let mut checkpointed = true;
    loop {
        let first = if checkpointed {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(IDLE_CHECKPOINT)
        };
        let first = match first {
            Ok(item) => item,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                // Busy readers only postpone it; the next idle moment tries again.
                checkpointed = connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)").is_ok();
                continue;
            }
        };
        let mut items = vec![first];
        items.extend(queue.try_iter().take(BATCH_ITEMS_MAX - 1));
        let count = items.len() as u64;
        let result = commit(&mut connection, &mut sink, &items);
        checkpointed = false;
        let failed = match result {
            Ok(()) => {
                sink.committed(items);
                None
            }
            Err(error) => Some(WriteFailed(error.to_string())),
        };
        let mut progress = lock(shared);
        let stop = failed.is_some();
        match failed {
            None => progress.durable += count,
            Some(failed) => progress.failed = Some(failed),
        }
        drop(progress);
        shared.changed.notify_all();
        if stop {
            return;
        }
    }
}

fn commit<S: Sink>(
    connection: &mut Connection,
    sink: &mut S,
    items: &[S::Item],
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    sink.write(&transaction, items)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rows;

    impl Sink for Rows {
        type Item = Option<i64>;
        fn write(
            &mut self,
            transaction: &Transaction<'_>,
            items: &[Option<i64>],
        ) -> rusqlite::Result<()> {
            for item in items {
                transaction.execute("INSERT INTO a VALUES (?1)", [item])?;
            }
            Ok(())
        }
        fn committed(&mut self, _: Vec<Option<i64>>) {}
    }

    fn database(name: &str) -> (std::path::PathBuf, Connection) {
        let path =
            std::env::temp_dir().join(format!("ibis-group-{}-{name}.db", std::process::id()));
        drop(std::fs::remove_file(&path));
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE a(x INTEGER NOT NULL)")
            .unwrap();
        (path, connection)
    }

    fn sum(path: &std::path::Path) -> i64 {
        let query = "SELECT coalesce(sum(x), 0) FROM a";
        Connection::open(path).unwrap().query_row(query, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_was_waited_for_is_there_in_full() {
        let (path, connection) = database("wait");
        let mut writer = GroupCommit::start("test", connection, Rows).unwrap();
        for value in 1..=500 {
            writer.send(Some(value));
        }
        let ticket = writer.send(Some(1));
        writer.wait(ticket).unwrap();
        assert_eq!(sum(&path), 125_251);
        assert_eq!(writer.is_durable(ticket), Ok(true));
        writer.close().unwrap();
    }

    #[test]
    fn a_failure_reaches_every_later_wait_and_rolls_its_batch_back() {
        let (path, connection) = database("fail");
        let mut writer = GroupCommit::start("test", connection, Rows).unwrap();
        let first = writer.send(Some(1));
        writer.wait(first).unwrap();
        let bad = writer.send(None);
        assert!(writer.wait(bad).is_err());
        let later = writer.send(Some(2));
        assert!(writer.wait(later).is_err());
        assert_eq!(writer.wait(first), Ok(()));
        assert!(writer.close().is_err());
        assert_eq!(sum(&path), 1);
    }
}
