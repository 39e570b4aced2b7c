//! The ledger's events, as rows to read.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::row;
use crate::domain::record::Fact;
use crate::domain::time::Timestamp;

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRow {
    /// Its number in the chain; 0 where it is in none yet.
    pub seq: i64,
    /// When, by the engine's clock.
    pub at: Timestamp,
    /// What kind.
    pub kind: String,
    /// What it is about: the correlation id.
    pub reference: String,
    /// JSON.
    pub payload: String,
    /// The engine's input that caused it; none where the shell wrote it.
    pub input: Option<u64>,
}

/// The columns of an [`EventRow`], in their order.
const COLUMNS: &str = "seq, at_us, kind, ref, payload, input";

impl EventRow {
    /// A fact as the writer would append it.
    pub fn of(fact: &Fact) -> Self {
        let row::Event { kind, reference, payload } = row::event(&fact.record);
        let (kind, input) = (kind.to_owned(), fact.input);
        Self { seq: 0, at: fact.at, kind, reference, payload, input }
    }

    /// True where both say the same, wherever they are in the chain.
    pub fn says_what(&self, other: &Self) -> bool {
        let content = |row: &Self| {
            let Self { at, kind, reference, payload, input, .. } = row.clone();
            (at, kind, reference, payload, input)
        };
        content(self) == content(other)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            at: Timestamp::from_us(row.get(1)?),
            kind: row.get(2)?,
            reference: row.get(3)?,
            payload: row.get(4)?,
            input: row.get::<_, Option<i64>>(5)?.and_then(|input| u64::try_from(input).ok()),
        })
    }
}

impl std::fmt::Display for EventRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { at, kind, reference, payload, .. } = self;
        write!(f, "{kind} {reference} at {at}: {payload}")
    }
}

/// At most `limit` events after a number, in order.
pub fn after(connection: &Connection, seq: i64, limit: i64) -> rusqlite::Result<Vec<EventRow>> {
    let query = format!("SELECT {COLUMNS} FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    connection.prepare_cached(&query)?.query_map([seq, limit], EventRow::read)?.collect()
}

/// At most `limit` events before a number, the newest first.
pub fn before(connection: &Connection, seq: i64, limit: i64) -> rusqlite::Result<Vec<EventRow>> {
    let query = format!("SELECT {COLUMNS} FROM events WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2");
    connection.prepare_cached(&query)?.query_map([seq, limit], EventRow::read)?.collect()
}

/// One event.
pub fn at(connection: &Connection, seq: i64) -> rusqlite::Result<Option<EventRow>> {
    let query = format!("SELECT {COLUMNS} FROM events WHERE seq = ?1");
    connection.query_row(&query, [seq], EventRow::read).optional()
}

/// The last event before an instant, 0 for none: by bisection, since the clock goes one way.
pub fn last_before(connection: &Connection, instant: Timestamp) -> rusqlite::Result<i64> {
    let mut time = connection.prepare_cached("SELECT at_us FROM events WHERE seq = ?1")?;
    let (mut low, mut high) = (0, super::chain::head(connection)?.seq + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        // A chain has no gaps; in a damaged one any answer will do.
        let at: Option<i64> = time.query_row([middle], |row| row.get(0)).optional()?;
        if at.is_some_and(|at| at < instant.us()) { low = middle } else { high = middle }
    }
    Ok(low)
}

/// The run that an event belongs to: the last that started at or before it.
pub fn run_of(connection: &Connection, seq: i64) -> rusqlite::Result<Option<u32>> {
    connection
        .query_row(
            "SELECT ref FROM events WHERE seq <= ?1 AND kind = 'run' AND payload LIKE '%started%'
             ORDER BY seq DESC LIMIT 1",
            [seq],
            |row| row.get::<_, String>(0),
        )
        .optional()
        .map(|run| run.and_then(|run| run.parse().ok()))
}
