//! Which events are wanted.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};

use crate::domain::time::Timestamp;
use crate::store::chain;
use crate::store::event::{self, EventRow};

/// Rows read at once.
const PAGE: i64 = 1_024;
/// The clock of a start may be this much behind the last event, as the agent allows.
const CLOCK_BEHIND_MAX: Duration = Duration::from_secs(5);

/// What is asked for; nothing means everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
    /// Of one of these kinds.
    pub kinds: Vec<String>,
    /// About this instrument.
    pub symbol: Option<String>,
}

impl Wanted {
    /// True where the event is wanted.
    pub fn takes(&self, ledger: &Connection, row: &EventRow) -> rusqlite::Result<bool> {
        let in_time = self.since.is_none_or(|since| row.at >= since)
            && self.until.is_none_or(|until| row.at <= until);
        let of_kind = self.kinds.is_empty() || self.kinds.contains(&row.kind);
        match &self.symbol {
            Some(symbol) if in_time && of_kind => is_about(ledger, row, symbol),
            _ => Ok(in_time && of_kind),
        }
    }
}

/// An order's events other than its intent name it by its id alone.
fn is_about(ledger: &Connection, row: &EventRow, symbol: &str) -> rusqlite::Result<bool> {
    let payload: serde_json::Value = serde_json::from_str(&row.payload).unwrap_or_default();
    for key in ["symbol", "scope", "subject"] {
        if let Some(named) = payload.get(key).and_then(serde_json::Value::as_str) {
            return Ok(named == symbol);
        }
    }
    let query = "SELECT symbol FROM intents WHERE client_order_id = ?1";
    let named: Option<String> =
        ledger.prepare_cached(query)?.query_row([&row.reference], |row| row.get(0)).optional()?;
    Ok(named.as_deref() == Some(symbol))
}

/// Calls `each` with every wanted event after `seq`, in order; returns the last number looked at.
pub fn for_each<E: From<rusqlite::Error>>(
    ledger: &Connection,
    wanted: &Wanted,
    mut seq: i64,
    mut each: impl FnMut(EventRow) -> Result<(), E>,
) -> Result<i64, E> {
    loop {
        let page = event::after(ledger, seq, PAGE)?;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for row in page {
            seq = row.seq;
            if wanted.until.is_some_and(|until| row.at > until + CLOCK_BEHIND_MAX) {
                return Ok(seq);
            }
            if wanted.takes(ledger, &row)? {
                each(row)?;
            }
        }
        if is_last {
            return Ok(seq);
        }
    }
}

/// The number after which the wanted events begin, where all of them are wanted.
pub fn start(ledger: &Connection, wanted: &Wanted) -> rusqlite::Result<i64> {
    match wanted.since {
        None => Ok(0),
        Some(since) => event::last_before(ledger, since - CLOCK_BEHIND_MAX),
    }
}

/// The last `count` wanted events, in order.
pub fn tail(ledger: &Connection, wanted: &Wanted, count: usize) -> rusqlite::Result<Vec<EventRow>> {
    let mut seq = match wanted.until {
        None => chain::head(ledger)?.seq + 1,
        Some(until) => event::last_before(ledger, until + CLOCK_BEHIND_MAX)? + 1,
    };
    let floor = start(ledger, wanted)?;
    let mut found = Vec::new();
    while found.len() < count && seq > floor + 1 {
        let page = event::before(ledger, seq, PAGE)?;
        let Some(oldest) = page.last() else { break };
        seq = oldest.seq;
        for row in page {
            if found.len() < count && row.seq > floor && wanted.takes(ledger, &row)? {
                found.push(row);
            }
        }
    }
    found.reverse();
    Ok(found)
}
