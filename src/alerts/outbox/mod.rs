//! The outbox: where notifications wait in the ledger, and what each channel has taken of them.
//!
//! **In**: [`Outbox::take_in`] reads what events and jobs say since the cursor, judges it, and adds the
//! messages, the changed topics and the cursor in one immediate transaction. Where nothing is to be said,
//! nothing is written: the cursor lags by a thousand events at most, which say nothing again.
//!
//! **Out**: [`delivery`]. A channel's oldest pending message is claimed for a while, said, and settled;
//! two that deliver at once do not both say it.

pub mod delivery;
mod insert;
mod row;
pub mod summary;
mod topic_book;
pub mod trial;
pub mod upkeep;

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::derive;
use super::job_signal::{self, JobRow};
use super::rules::Rules;
use super::signal::Signal;
use super::topic::{Told, Topic};
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;
use crate::durable::sqlite::OpenError;
use crate::store;
use crate::store::event;
use topic_book::TopicBook;

/// Events looked at in one go: some ten milliseconds.
const EVENTS_MAX: i64 = 500;
/// Runs of jobs looked at in one go.
const JOB_RUNS_MAX: i64 = 50;
/// Events that say nothing and may be read again after a restart: saves a write each second.
const CURSOR_LAG_MAX: i64 = 1_000;
/// Messages that wait before the outbox is called degraded (seed 001's rule IbisNotifierFailing).
pub const DEPTH_WARN: i64 = 20;
/// Pending messages of one channel.
pub const PENDING_MAX: i64 = 1_000;

/// Up to where was looked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Cursor {
    event: i64,
    job_run: i64,
}

impl Cursor {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let query = "SELECT event, job_run FROM alert_cursor";
        connection
            .prepare_cached(query)?
            .query_row([], |row| Ok(Self { event: row.get(0)?, job_run: row.get(1)? }))
    }

    fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let change = "UPDATE alert_cursor SET event = ?1, job_run = ?2";
        connection.prepare_cached(change)?.execute([self.event, self.job_run]).map(drop)
    }

    fn later(self, other: Self) -> Self {
        Self { event: self.event.max(other.event), job_run: self.job_run.max(other.job_run) }
    }
}

/// What was found behind a cursor.
struct News {
    /// In order, each with its event.
    signals: Vec<(Signal, Option<i64>)>,
    to: Cursor,
    is_more: bool,
}

/// What a look brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Taken {
    /// Messages added.
    pub messages: usize,
    /// Whether there is more to look at.
    pub is_more: bool,
}

/// The outbox of a ledger, through a connection of its own.
#[derive(Debug)]
pub struct Outbox {
    pub(super) connection: Connection,
    rules: Rules,
    /// Further than the stored cursor by what says nothing.
    looked: Cursor,
}

impl Outbox {
    /// Opens the outbox of the ledger in `state_dir`, which must exist.
    pub fn open(state_dir: &Path, rules: Rules) -> Result<Self, OpenError> {
        Ok(Self { connection: store::open_existing(state_dir)?, rules, looked: Cursor::default() })
    }

    /// Looks at what is new, and at what time brings; adds what is to be said.
    pub fn take_in(&mut self, now: Timestamp) -> rusqlite::Result<Taken> {
        let stored = Cursor::read(&self.connection)?;
        let mut news = read(&self.connection, stored.later(self.looked))?;
        let book = TopicBook::load(&self.connection)?;
        let least = self.rules.channels.iter().map(|(_, severity)| *severity).min();
        news.signals = that_matter(news.signals, &book, least);
        let is_due = book.iter().any(|topic| is_due(topic, now, &self.rules));
        let lags = news.to.event - stored.event > CURSOR_LAG_MAX
            || news.to.job_run - stored.job_run > JOB_RUNS_MAX;
        if news.signals.is_empty() && !is_due && !lags {
            self.looked = news.to;
            return Ok(Taken { messages: 0, is_more: news.is_more });
        }
        let transaction = begin(&mut self.connection)?;
        if Cursor::read(&transaction)? != stored {
            // Somebody else was quicker; what they took is not to be taken again.
            return Ok(Taken { messages: 0, is_more: true });
        }
        let signals = news.signals.iter().map(|(signal, event)| (signal, *event));
        let messages = say(&transaction, &self.rules, signals, now)?;
        news.to.write(&transaction)?;
        transaction.commit()?;
        self.looked = news.to;
        Ok(Taken { messages, is_more: news.is_more })
    }
}

impl Outbox {
    /// When the agent that runs last proved its work; none where none runs.
    pub fn last_proof(&self) -> rusqlite::Result<Option<Timestamp>> {
        let query = "SELECT max(ready_at_us, coalesce(progress_at_us, 0)) FROM runs
            WHERE run = (SELECT max(run) FROM runs) AND ended_at_us IS NULL AND ready_at_us IS NOT NULL";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?.map(Timestamp::from_us))
    }
}

/// A transaction that has the ledger's write lock from its beginning.
fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// The signals that can change anything: what no channel is told is not even a topic.
fn that_matter(
    signals: Vec<(Signal, Option<i64>)>,
    book: &TopicBook,
    least: Option<Severity>,
) -> Vec<(Signal, Option<i64>)> {
    let mut new: BTreeSet<String> = BTreeSet::new();
    let mut matters = |(signal, _): &(Signal, Option<i64>)| {
        let key = signal.key();
        let is_known = book.get(key).is_some() || new.contains(key);
        match signal {
            Signal::Ends { .. } => is_known,
            Signal::Fires(alert) | Signal::Happens(alert) => {
                let is_told = least.is_some_and(|least| alert.severity >= least);
                if is_told {
                    new.insert(key.to_owned());
                }
                is_known || is_told
            }
        }
    };
    signals.into_iter().filter(|signal| matters(signal)).collect()
}

fn is_due(topic: &Topic, now: Timestamp, rules: &Rules) -> bool {
    let (left, told) = topic.clone().due(now, &rules.floors);
    left.is_none() || told.is_some()
}

/// Judges signals and what time brings, and adds the messages. How many.
fn say<'a>(
    transaction: &Transaction<'_>,
    rules: &Rules,
    signals: impl Iterator<Item = (&'a Signal, Option<i64>)>,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let mut book = TopicBook::load(transaction)?;
    let mut messages: Vec<(Told, Option<i64>)> = Vec::new();
    for (signal, event) in signals {
        let told = book.judge(signal, now, &rules.floors);
        messages.extend(told.map(|told| (told, event)));
    }
    messages.extend(book.due(now, &rules.floors).into_iter().map(|told| (told, None)));
    book.save(transaction)?;
    for (told, event) in &messages {
        insert::message(transaction, told, *event, now, &rules.channels)?;
    }
    for (channel, _) in &rules.channels {
        insert::drop_excess(transaction, *channel, now)?;
    }
    Ok(messages.len())
}

fn read(connection: &Connection, from: Cursor) -> rusqlite::Result<News> {
    let events = event::after(connection, from.event, EVENTS_MAX)?;
    let jobs = jobs_after(connection, from.job_run)?;
    let to = Cursor {
        event: events.last().map_or(from.event, |event| event.seq),
        job_run: jobs.last().map_or(from.job_run, |row| row.job_run),
    };
    let is_full = |length: usize, limit: i64| i64::try_from(length).is_ok_and(|l| l >= limit);
    let is_more = is_full(events.len(), EVENTS_MAX) || is_full(jobs.len(), JOB_RUNS_MAX);
    let of_event = |event: &event::EventRow| {
        let seq = event.seq;
        derive::of(event).into_iter().map(move |signal| (signal, Some(seq)))
    };
    let mut signals: Vec<_> = events.iter().flat_map(of_event).collect();
    signals.extend(jobs.iter().flat_map(job_signal::of).map(|signal| (signal, None)));
    Ok(News { signals, to, is_more })
}

fn jobs_after(connection: &Connection, job_run: i64) -> rusqlite::Result<Vec<JobRow>> {
    let query = "SELECT job_run, job, severity, report FROM job_runs
                 WHERE job_run > ?1 ORDER BY job_run LIMIT ?2";
    let row = |row: &rusqlite::Row<'_>| {
        Ok(JobRow {
            job_run: row.get(0)?,
            job: row.get(1)?,
            severity: row.get(2)?,
            report: row.get(3)?,
        })
    };
    connection.prepare_cached(query)?.query_map(params![job_run, JOB_RUNS_MAX], row)?.collect()
}
