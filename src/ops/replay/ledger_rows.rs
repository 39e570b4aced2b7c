//! The events of one run in the ledger, in order, without those that the shell wrote.

use std::collections::VecDeque;

use rusqlite::Connection;

use crate::store::event::{self, EventRow};

/// Rows read at once.
const PAGE: i64 = 4_096;

/// A walk over one run's events.
pub struct LedgerRows<'a> {
    connection: &'a Connection,
    run: u32,
    page: VecDeque<EventRow>,
    last_read: i64,
    is_over: bool,
    /// The run wrote its own end down.
    pub stopped: bool,
    /// The run is in this ledger at all.
    pub found: bool,
}

impl<'a> LedgerRows<'a> {
    /// The events of a run that began after event `seq`.
    pub fn new(connection: &'a Connection, run: u32, seq: i64) -> Self {
        let (page, last_read, is_over) = (VecDeque::new(), seq, false);
        Self { connection, run, page, last_read, is_over, stopped: false, found: false }
    }

    /// The next event of the engine; none at the end of the run.
    pub fn peek(&mut self) -> rusqlite::Result<Option<&EventRow>> {
        while !self.is_over {
            if self.page.is_empty() {
                self.page = event::after(self.connection, self.last_read, PAGE)?.into();
            }
            let Some(row) = self.page.front() else {
                self.is_over = true;
                break;
            };
            if row.kind == "run" {
                let ours = row.reference == self.run.to_string();
                self.stopped |= ours && row.payload.contains("stopped");
                // The next run begins, or this is another ledger.
                self.is_over = !ours;
                self.found |= ours;
            } else if row.input.is_some() && self.found {
                break;
            }
            if !self.is_over {
                self.pop();
            }
        }
        Ok(if self.is_over { None } else { self.page.front() })
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<EventRow> {
        let row = self.page.pop_front()?;
        self.last_read = row.seq;
        Some(row)
    }

    /// Leaves out the events of inputs up to a number; says how many.
    pub fn skip_to(&mut self, input: u64) -> rusqlite::Result<u64> {
        let mut skipped = 0;
        while self.peek()?.is_some_and(|row| row.input.is_some_and(|cause| cause <= input)) {
            self.pop();
            skipped += 1;
        }
        Ok(skipped)
    }

    /// How many are left.
    pub fn count_rest(&mut self) -> rusqlite::Result<u64> {
        self.skip_to(u64::MAX)
    }
}
