//! One writer thread per database, which commits whatever is queued as one transaction.
//!
//! The loop hands items over and goes on; each hand-over returns a [`Ticket`]. Before anything that
//! must not outrun the disk (an order, a report that an order filled) it waits for that ticket. One
//! `fsync` then serves every item queued meanwhile: with a slow disk batches grow, latency does not. The log
//! that it writes is copied back into the database by a thread beside it.
//!
//! **Trouble** ([`GroupCommit::trouble`]): a lock, a full or read-only disk, an I/O error pass. The
//! transaction is rolled back, its items stay first in the queue, and the writer tries again after
//! [`RETRY_FIRST`], doubling to [`RETRY_MAX`]. Damage does not pass: the writer waits for the process to
//! end. A file that was deleted or replaced is put back first ([`super::database_home`]). A write that
//! the database itself refuses (a constraint) is an error of this program: the writer ends, and every
//! later wait returns [`WriteFailed`].
//!
//! **Limits**: [`QUEUE_ITEMS_MAX`] items queued; a full queue makes the sender wait for
//! [`PATIENCE`] while the writer is well. In trouble, or with a disk slower than that, further items are
//! absorbed by the last one ([`Handover`]), up to [`BACKLOG_MAX`] in sum: beyond it the writer has failed.

mod checkpointer;
mod queue;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, Transaction};

use super::database_home::DatabaseHome;
use super::sqlite::OpenError;
use checkpointer::Checkpointer;
use queue::{Shared, State, lock, reached};
use writer::Writer;

/// Items that may wait for the writer, those in its hands included: bounds memory where the loop is
/// faster than the disk.
pub const QUEUE_ITEMS_MAX: usize = 128;
/// The weight ([`Handover::weight`]) of everything queued, at most: some 10 MB of the ledger's entries,
/// which is days of an agent that may not enter.
pub const BACKLOG_MAX: usize = 20_000;
/// How long the loop waits for a healthy writer: a commit takes below a millisecond, a disk that spins
/// up or trims its flash about one second.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// The first pause after a failed commit.
pub const RETRY_FIRST: Duration = Duration::from_millis(50);
/// The longest pause between two tries: how late a recovery is noticed.
pub const RETRY_MAX: Duration = Duration::from_secs(1);
/// How long an end waits for a writer in trouble: the lock of a short job passes in that time.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
/// Items in one transaction: bounds the time of one commit.
const BATCH_ITEMS_MAX: usize = 64;
/// An idle writer looks whether its file is still there this often.
const IDLE_LOOK: Duration = Duration::from_secs(5);

/// What a writer does with items.
pub trait Sink: Send + 'static {
    /// One hand-over.
    type Item: Handover;

    /// Writes `items` in order, inside one transaction. After a failure it is called again with the
    /// same items, and perhaps more.
    fn write(
        &mut self,
        transaction: &Transaction<'_>,
        items: &[Arc<Self::Item>],
    ) -> rusqlite::Result<()>;

    /// Runs after the commit of what `write` wrote.
    fn committed(&mut self, items: &[Arc<Self::Item>]);

    /// Where the database stands after the last commit, in whatever the sink counts.
    fn mark(&self) -> i64 {
        0
    }

    /// Opens the file again, after it was put back.
    fn reopen(&self, path: &std::path::Path) -> Result<Connection, OpenError>;
}

/// What is handed over: items that wait long become one.
pub trait Handover: Send + Sync + 'static {
    /// Takes in an item that was handed over after this one. Writing the sum is writing both.
    fn absorb(&mut self, later: Self);

    /// How much memory it takes, in entries.
    fn weight(&self) -> usize;
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

/// Nothing becomes durable at present.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// The file.
    pub path: PathBuf,
    /// Why, in SQLite's words.
    pub why: String,
    /// The file's content is damaged: that does not pass, a person has to restore a backup.
    pub damaged: bool,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.damaged {
            true => write!(
                f,
                "{path}: damaged ({}); see ibis db check, then stop the agent and ibis db restore",
                self.why
            ),
            false => write!(f, "{path}: cannot be written: {}", self.why),
        }
    }
}

/// What is queued and not durable.
#[derive(Debug)]
pub struct Pending<I> {
    /// Oldest first, each with its ticket.
    pub items: Vec<(Ticket, Arc<I>)>,
    /// [`Sink::mark`] before the first of them.
    pub mark: i64,
}

/// The loop's end of a writer thread.
#[derive(Debug)]
pub struct GroupCommit<I> {
    shared: Arc<Shared<I>>,
    path: PathBuf,
    sent: u64,
    /// The last wait, or a hand-over to a full queue, ran out of patience.
    late: bool,
    thread: Option<JoinHandle<()>>,
}

impl<I: Handover> GroupCommit<I> {
    /// Starts the writer thread, called `name`, on `connection`.
    pub fn start<S: Sink<Item = I>>(
        name: &str,
        connection: Connection,
        sink: S,
    ) -> std::io::Result<Self> {
        let path = PathBuf::from(connection.path().unwrap_or_default());
        let home = DatabaseHome::of(&path)?;
        let state = State {
            queue: VecDeque::new(),
            durable: 0,
            sealed: 0,
            mark: sink.mark(),
            trouble: None,
            failed: None,
            ended: false,
            closing: false,
        };
        let (changed, work) = (Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { state: Mutex::new(state), changed, work });
        let theirs = Arc::clone(&shared);
        let checkpointer = Checkpointer::start(name, &path)?;
        let writer = Writer { checkpointer, connection: Some(connection), home, sink };
        let thread =
            std::thread::Builder::new().name(name.to_owned()).spawn(move || writer.run(&theirs))?;
        Ok(Self { shared, path, sent: 0, late: false, thread: Some(thread) })
    }

    /// Hands an item over. After a failure it is dropped; every wait tells.
    pub fn send(&mut self, item: I) -> Ticket {
        self.sent += 1;
        let mut state = lock(&self.shared);
        while !state.is_over() {
            if state.queue.len() < QUEUE_ITEMS_MAX {
                state.queue.push_back((self.sent, Arc::new(item)));
                break;
            }
            let room = state.weight() < BACKLOG_MAX;
            if state.trouble.is_some() || (self.late && room) {
                state.absorb(self.sent, item);
                break;
            }
            let full = |state: &mut State<I>| {
                state.queue.len() >= QUEUE_ITEMS_MAX && !state.is_over() && state.trouble.is_none()
            };
            let waited = self.shared.changed.wait_timeout_while(state, PATIENCE, full);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = guard;
            self.late |= timeout.timed_out();
        }
        drop(state);
        self.shared.work.notify_all();
        Ticket(self.sent)
    }

    /// The ticket of the last hand-over.
    pub fn last(&self) -> Ticket {
        Ticket(self.sent)
    }

    /// True where everything up to `ticket` is on disk; the error if it never will be.
    pub fn is_durable(&self, ticket: Ticket) -> Result<bool, WriteFailed> {
        reached(&lock(&self.shared), ticket)
    }

    /// Waits until everything up to `ticket` is on disk. Trouble is an error here.
    pub fn wait(&self, ticket: Ticket) -> Result<(), WriteFailed> {
        let mut state = lock(&self.shared);
        while !reached(&state, ticket)? {
            if let Some(trouble) = &state.trouble {
                return Err(WriteFailed(trouble.why.clone()));
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// As [`GroupCommit::wait`], but false where there is trouble, or after [`PATIENCE`].
    pub fn wait_patiently(&mut self, ticket: Ticket) -> Result<bool, WriteFailed> {
        let patience = if self.late { Duration::ZERO } else { PATIENCE };
        let waits = |state: &mut State<I>| {
            state.trouble.is_none() && matches!(reached(state, ticket), Ok(false))
        };
        let state = lock(&self.shared);
        let waited = self.shared.changed.wait_timeout_while(state, patience, waits);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let durable = reached(&state, ticket)?;
        drop(state);
        self.late = !durable;
        Ok(durable)
    }

    /// Why nothing becomes durable at present, if that is so.
    pub fn trouble(&mut self) -> Option<Trouble> {
        let state = lock(&self.shared);
        let trouble = state.trouble.clone();
        self.late &= matches!(reached(&state, Ticket(self.sent)), Ok(false));
        drop(state);
        let why = format!("a write takes more than {} s", PATIENCE.as_secs());
        let late = || Trouble { path: self.path.clone(), why, damaged: false };
        trouble.or_else(|| self.late.then(late))
    }

    /// What waits now has waited long enough: it counts as trouble until it is durable.
    pub fn give_up_waiting(&mut self) {
        self.late = true;
    }

    /// What is not durable yet. It absorbs nothing from here on: the caller keeps it elsewhere.
    pub fn pending(&self) -> Pending<I> {
        let mut state = lock(&self.shared);
        state.sealed = self.sent;
        let items = state.queue.iter().map(|(number, item)| (Ticket(*number), Arc::clone(item)));
        Pending { items: items.collect(), mark: state.mark }
    }

    /// Writes what is queued and ends the thread.
    pub fn close(mut self) -> Result<(), WriteFailed> {
        let ticket = self.last();
        let waits = |state: &mut State<I>| matches!(reached(state, ticket), Ok(false));
        let waited =
            self.shared.changed.wait_timeout_while(lock(&self.shared), CLOSE_PATIENCE, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.closing = true;
        let why = state.trouble.as_ref().map(|trouble| trouble.why.clone());
        let durable = reached(&state, ticket);
        drop(state);
        self.shared.work.notify_all();
        if durable? {
            if let Some(thread) = self.thread.take() {
                // A panic in the writer has aborted the process or shows as a failed wait.
                drop(thread.join());
            }
            return Ok(());
        }
        // A thread that hangs in the disk is not waited for.
        Err(WriteFailed(why.unwrap_or_else(|| "the disk does not answer".to_owned())))
    }
}

impl<I> Drop for GroupCommit<I> {
    fn drop(&mut self) {
        lock(&self.shared).closing = true;
        self.shared.work.notify_all();
    }
}
