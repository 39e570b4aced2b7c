//! The thread that checkpoints a writer's WAL, its log, beside it, so that no commit has to.
//!
//! SQLite does it inside the commit that makes the log too long: some thirty milliseconds for 4,000 pages,
//! more after a backup, whose snapshot held the log up; an order may wait for that commit. A second
//! connection can do it beside the writer, which goes on at the log's end meanwhile and begins the log anew
//! once all of it is copied. Where this thread fails, or cannot keep up, commits do it after all: a writer's
//! own connection has a bound for that (`WAL_PAGES_MAX` of [`sqlite`]).

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::durable::sqlite;

/// From a commit to the copy of what it and its followers wrote.
const DELAY: Duration = Duration::from_millis(500);
/// Passes of one copy: the second is short, so that it often ends between two commits.
const PASSES: u32 = 2;

/// The writer's end of the thread.
#[derive(Debug)]
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Something was committed since the last copy.
    due: bool,
    /// Without the delay.
    at_once: bool,
    /// From now on this one.
    connection: Option<Connection>,
    closing: bool,
}

impl Checkpointer {
    /// Starts the thread for the database at `path`, whose writer has it open.
    pub(super) fn start(name: &str, path: &Path) -> std::io::Result<Self> {
        let connection = sqlite::open_checkpointer(path).map_err(std::io::Error::other)?;
        let (state, changed) = (Mutex::new(State::default()), Condvar::new());
        let shared = Arc::new(Shared { state, changed });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name(format!("{name}-wal"))
            .spawn(move || run(&theirs, connection))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// The log grew.
    pub(super) fn after_commit(&self) {
        self.tell(|state| state.due = true);
    }

    /// The log is to be copied now: on a full disk that makes room, it is then written from its start.
    pub(super) fn make_room(&self) {
        self.tell(|state| (state.due, state.at_once) = (true, true));
    }

    /// The writer opened the file at `path` anew: the connection so far goes to another one.
    pub(super) fn reopen(&self, path: &Path) -> rusqlite::Result<()> {
        let connection = sqlite::open_checkpointer(path)?;
        self.tell(|state| {
            (state.due, state.at_once, state.connection) = (true, true, Some(connection));
        });
        Ok(())
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.shared.lock());
        self.shared.changed.notify_all();
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.tell(|state| state.closing = true);
        if let Some(thread) = self.thread.take() {
            // Where it panicked, commits have copied.
            drop(thread.join());
        }
    }
}

impl State {
    /// There is nothing to copy.
    fn is_idle(&self) -> bool {
        !self.due && !self.closing
    }

    /// What is to be copied may wait for what follows it.
    fn has_time(&self) -> bool {
        !self.at_once && !self.closing
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next copy's time; false at the end.
    fn wait(&self, connection: &mut Connection) -> bool {
        let waited = self.changed.wait_while(self.lock(), |state| state.is_idle());
        let state = waited.unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, DELAY, |state| state.has_time());
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = state.connection.take() {
            *connection = next;
        }
        (state.due, state.at_once) = (false, false);
        !state.closing
    }
}

fn run(shared: &Shared, mut connection: Connection) {
    let mut failing = false;
    while shared.wait(&mut connection) {
        let copied = copy_back(&connection);
        let first = is_first_failure(&mut failing, copied.is_err());
        if let Err(error) = copied
            && first
        {
            let path = connection.path().unwrap_or_default();
            log::warn!("{path}: WAL checkpoint failed: {error}; tried again after the next commit");
        }
    }
}

/// True for a failure that follows no other.
fn is_first_failure(failing: &mut bool, fails: bool) -> bool {
    !std::mem::replace(failing, fails) && fails
}

/// Copies what there is, and then what was committed meanwhile: the log begins anew only where all of it is
/// copied. A reader that still looks at an older state holds it up, as does another that copies; the turn
/// after the next commit goes on.
fn copy_back(connection: &Connection) -> rusqlite::Result<()> {
    for _ in 0..PASSES {
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_makes_room_waits_for_no_commit() {
        let directory = std::env::temp_dir().join(format!("ibis-log-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("a.db");
        let writer = Connection::open(&path).unwrap();
        let create = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE a(x)";
        writer.execute_batch(create).unwrap();
        let copied = || std::fs::metadata(&path).unwrap().len();
        let before = copied();
        writer.execute("INSERT INTO a VALUES (zeroblob(100000))", []).unwrap();
        let checkpointer = Checkpointer::start("test", &path).unwrap();
        assert_eq!(copied(), before, "nobody asked for it");
        checkpointer.make_room();
        while copied() == before {
            std::thread::yield_now();
        }
        drop(checkpointer);
        drop(writer);
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn failures_in_a_row_are_told_once() {
        let mut failing = false;
        let told = [false, true, true, false, true].map(|it| is_first_failure(&mut failing, it));
        assert_eq!(told, [false, true, false, false, true]);
    }

    #[test]
    fn a_copy_waits_for_a_commit_and_then_for_its_followers() {
        for (due, at_once, closing, idle, has_time) in [
            (false, false, false, true, true),
            (true, false, false, false, true),
            (true, true, false, false, false),
            (false, false, true, false, false),
            (true, false, true, false, false),
        ] {
            let state = State { due, at_once, closing, connection: None };
            let case = (due, at_once, closing);
            assert_eq!((state.is_idle(), state.has_time()), (idle, has_time), "{case:?}");
        }
    }
}
