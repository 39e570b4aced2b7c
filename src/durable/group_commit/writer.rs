//! The writer's thread: commits, and tries again.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::checkpointer::Checkpointer;
use super::queue::{Shared, State, lock};
use super::{IDLE_LOOK, RETRY_FIRST, RETRY_MAX, Sink, Trouble, WriteFailed};
use crate::durable::database_home::DatabaseHome;

/// Marks the end of the thread, also when it panics, so that nobody waits for ever.
struct EndMark<'a, I>(&'a Shared<I>);

impl<I> Drop for EndMark<'_, I> {
    fn drop(&mut self) {
        lock(self.0).ended = true;
        self.0.changed.notify_all();
    }
}

/// Why a commit did not succeed.
enum Setback {
    /// It may pass.
    Passing(String),
    /// The file's content is damaged.
    Damaged(String),
    /// The database refuses what it is asked to write.
    Refused(String),
}

impl From<rusqlite::Error> for Setback {
    fn from(error: rusqlite::Error) -> Self {
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged(why),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::PermissionDenied
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OperationInterrupted
                | ErrorCode::OperationAborted,
            ) => Self::Passing(why),
            _ => Self::Refused(why),
        }
    }
}

/// The thread's own.
pub(super) struct Writer<S> {
    /// Ends before the connection does: the last one to be closed empties the log and removes it.
    pub(super) checkpointer: Checkpointer,
    /// None after the file was put back, until it is open again.
    pub(super) connection: Option<Connection>,
    pub(super) home: DatabaseHome,
    pub(super) sink: S,
}

impl<S: Sink> Writer<S> {
    pub(super) fn run(mut self, shared: &Shared<S::Item>) {
        let _end = EndMark(shared);
        loop {
            let waits = |state: &mut State<S::Item>| state.is_idle();
            let waited = shared.work.wait_timeout_while(lock(shared), IDLE_LOOK, waits);
            let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.queue.is_empty() && state.closing {
                return;
            }
            drop(state);
            // With nothing queued it looks whether the file is still there.
            if !self.commit_queued(shared) {
                return;
            }
        }
    }

    /// Commits the oldest items, however long it takes; false where there is nothing more to do.
    fn commit_queued(&mut self, shared: &Shared<S::Item>) -> bool {
        let mut pause = RETRY_FIRST;
        loop {
            let (items, last) = lock(shared).oldest();
            match self.attempt(&items) {
                Ok(()) => {
                    self.written(shared, &items, last);
                    return true;
                }
                Err(setback) => {
                    if !self.may_try_again(shared, setback, pause) {
                        return false;
                    }
                    pause = longer(pause);
                }
            }
        }
    }

    /// The items up to `last` are durable.
    fn written(&mut self, shared: &Shared<S::Item>, items: &[Arc<S::Item>], last: Option<u64>) {
        if !items.is_empty() {
            self.sink.committed(items);
            self.checkpointer.after_commit();
        }
        let mut state = lock(shared);
        state.queue.drain(..items.len());
        state.durable = last.unwrap_or(state.durable);
        state.mark = self.sink.mark();
        state.trouble = None;
        drop(state);
        shared.changed.notify_all();
    }

    /// Tells of a setback and waits; false where it is final, or the end comes first.
    fn may_try_again(
        &mut self,
        shared: &Shared<S::Item>,
        setback: Setback,
        pause: Duration,
    ) -> bool {
        let (why, damaged) = match setback {
            Setback::Refused(why) => {
                lock(shared).failed = Some(WriteFailed(why));
                return false;
            }
            Setback::Damaged(why) => (why, true),
            Setback::Passing(why) => {
                self.checkpointer.make_room();
                (why, false)
            }
        };
        let mut state = lock(shared);
        state.trouble = Some(self.trouble(why, damaged));
        shared.changed.notify_all();
        let waits = |state: &mut State<S::Item>| !state.closing && state.failed.is_none();
        if damaged {
            // Waited out: it ends with the process.
            drop(shared.work.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner));
            return false;
        }
        let waited = shared.work.wait_timeout_while(state, pause, waits);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.closing && state.failed.is_none()
    }

    fn trouble(&self, why: String, damaged: bool) -> Trouble {
        Trouble { path: self.home.path().to_owned(), why, damaged }
    }

    /// One try, on the file where it belongs.
    fn attempt(&mut self, items: &[Arc<S::Item>]) -> Result<(), Setback> {
        if let Some(connection) = &self.connection
            && self.home.put_back(connection).map_err(Setback::Passing)?
        {
            self.connection = None;
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                let opened = self.sink.reopen(self.home.path());
                let opened = opened.map_err(|error| Setback::Passing(error.to_string()))?;
                self.checkpointer.reopen(self.home.path())?;
                self.connection.insert(opened)
            }
        };
        if items.is_empty() {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.sink.write(&transaction, items)?;
        Ok(transaction.commit()?)
    }
}

/// The pause after the one that was too short.
fn longer(pause: Duration) -> Duration {
    (pause * 2).min(RETRY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_tries_double_up_to_a_second() {
        let pauses = std::iter::successors(Some(RETRY_FIRST), |pause| Some(longer(*pause)));
        let found: Vec<_> = pauses.map(|pause| pause.as_millis()).take(7).collect();
        assert_eq!(found, [50, 100, 200, 400, 800, 1_000, 1_000]);
    }
}
