//! The disk under the ledger: commits take time, one after the other, each of all that waits by then;
//! a crash loses what was not committed, and of the commit it strikes either all or nothing.

use std::collections::VecDeque;

use ibis::store::writer::Entry;

use super::dice::Dice;
use super::ledger::Ledger;

/// How a commit under way ends, and when, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Commit {
    entries_through: u64,
    ends_at: i64,
}

/// The ledger, and what waits for it.
#[derive(Debug, Default)]
pub struct Disk {
    pub ledger: Ledger,
    queue: VecDeque<(u64, Vec<Entry>)>,
    commit: Option<Commit>,
    sent: u64,
    durable: u64,
    /// Commits that begin before this take as long as until then.
    pub locked_until: i64,
    /// Commits that begin before this take a hundred times as long.
    pub slow_until: i64,
}

impl Disk {
    /// Hands entries over; the ticket of the last hand-over.
    pub fn send(&mut self, entries: Vec<Entry>, now: i64, dice: &mut Dice) -> u64 {
        if !entries.is_empty() {
            self.sent += 1;
            self.queue.push_back((self.sent, entries));
            self.begin(now, dice);
        }
        self.sent
    }

    /// True where everything up to the ticket is on disk.
    pub fn is_durable(&self, ticket: u64) -> bool {
        self.durable >= ticket
    }

    pub fn next_due(&self) -> Option<i64> {
        self.commit.map(|commit| commit.ends_at)
    }

    /// Ends the commit that is due; what it wrote.
    pub fn advance(&mut self, now: i64, dice: &mut Dice) -> Result<Vec<Entry>, String> {
        let Some(commit) = self.commit.take_if(|commit| commit.ends_at <= now) else {
            return Ok(Vec::new());
        };
        let entries = self.take(commit);
        self.ledger.commit(&entries)?;
        self.begin(now, dice);
        Ok(entries)
    }

    /// The process is gone. `kept`: the commit under way still made it. What it wrote.
    pub fn crash(&mut self, kept: bool) -> Result<Option<Vec<Entry>>, String> {
        let commit = self.commit.take();
        let written = match commit {
            Some(commit) if kept => {
                let entries = self.take(commit);
                self.ledger.commit(&entries)?;
                Some(entries)
            }
            _ => None,
        };
        self.queue.clear();
        self.durable = self.sent;
        Ok(written)
    }

    /// True while something is not durable yet.
    pub fn is_busy(&self) -> bool {
        self.commit.is_some()
    }

    fn take(&mut self, commit: Commit) -> Vec<Entry> {
        let mut entries = Vec::new();
        while let Some((ticket, _)) = self.queue.front()
            && *ticket <= commit.entries_through
            && let Some((ticket, batch)) = self.queue.pop_front()
        {
            entries.extend(batch);
            self.durable = ticket;
        }
        entries
    }

    fn begin(&mut self, now: i64, dice: &mut Dice) {
        if self.commit.is_some() || self.queue.is_empty() {
            return;
        }
        let usual = dice.between(500, 8_000);
        let takes = if now < self.locked_until {
            self.locked_until - now + usual
        } else if now < self.slow_until {
            usual * 100
        } else {
            usual
        };
        self.commit = Some(Commit { entries_through: self.sent, ends_at: now + takes });
    }
}
