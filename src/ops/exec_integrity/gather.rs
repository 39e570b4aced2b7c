//! Reads the ledger and `state.json` for the comparison. Costs what is open and what is new.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::audit::{self, Audit};
use super::snapshot::{
    BOOKS_FILLS_MAX, LedgerSnapshot, RECENT_MAX, RecentFill, Snapshot, VenueSnapshot,
};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::order_status::OrderStatus;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::ops::agent_evidence::{AgentEvidence, Service};
use crate::store::load::{self, optional, text};
use crate::store::{books, chain, state_json};

/// Asks the venue's account for everything the ledger has to be compared with.
pub type AskVenue<'a> = &'a dyn Fn(&LedgerSnapshot) -> Result<VenueSnapshot, String>;

/// Reads all three. `state.json` before the ledger and the ledger before the venue: each can then
/// only be behind the next, which is what "in flight" means.
pub fn gather(
    state_dir: &Path,
    ledger: &Connection,
    ask_venue: AskVenue<'_>,
    now: Timestamp,
) -> rusqlite::Result<Snapshot> {
    let state = state_json::read(state_dir);
    let snapshot = ledger.unchecked_transaction()?;
    let agent = AgentEvidence::gather(state_dir, Some(&snapshot), Service::NotInstalled, now)?;
    let (ledger, newest_at) = read_ledger(&snapshot, audit::read(&snapshot)?)?;
    drop(snapshot);
    let venue = ask_venue(&ledger);
    let engine_at = agent.newest().and_then(|run| run.engine_at).unwrap_or(newest_at);
    Ok(Snapshot {
        engine_at: engine_at.max(newest_at),
        now,
        running: agent.is_running(),
        ledger,
        state,
        venue,
    })
}

/// The ledger's part, and the newest time by the engine's clock in it.
pub fn read_ledger(
    ledger: &Connection,
    audit: Audit,
) -> rusqlite::Result<(LedgerSnapshot, Timestamp)> {
    let newest_at = "SELECT at_us FROM events ORDER BY seq DESC LIMIT 1";
    let newest_at: Option<i64> = ledger.query_row(newest_at, [], |row| row.get(0)).optional()?;
    let snapshot = LedgerSnapshot {
        head: chain::head(ledger)?.seq,
        state: load::load(ledger)?,
        quantities: quantities(ledger)?,
        changed_at: changed_at(ledger)?,
        books: match audit.last_fill <= BOOKS_FILLS_MAX {
            true => books::audit(ledger)?,
            false => Vec::new(),
        },
        audit,
        transfers: transfers(ledger)?,
        recent_fills: recent_fills(ledger)?,
        contradictions: contradictions(ledger)?,
        ended: ended(ledger)?,
    };
    let changed_at = snapshot.changed_at.values().copied().max();
    let newest_at = Timestamp::from_us(newest_at.unwrap_or(0)).max(changed_at.unwrap_or_default());
    Ok((snapshot, newest_at))
}

fn quantities(ledger: &Connection) -> rusqlite::Result<BTreeMap<Symbol, Decimal>> {
    let mut statement = ledger.prepare("SELECT symbol, quantity FROM positions")?;
    statement.query_map([], |row| Ok((text(row, 0)?, text(row, 1)?)))?.collect()
}

fn changed_at(ledger: &Connection) -> rusqlite::Result<BTreeMap<ClientOrderId, Timestamp>> {
    let mut statement = ledger.prepare(
        "SELECT i.client_order_id, max(i.created_at_us, coalesce(o.updated_at_us, i.created_at_us))
         FROM intents i LEFT JOIN orders o ON o.client_order_id = i.client_order_id
         WHERE i.ended_at_us IS NULL",
    )?;
    let rows =
        statement.query_map([], |row| Ok((text(row, 0)?, Timestamp::from_us(row.get(1)?))))?;
    rows.collect()
}

fn transfers(ledger: &Connection) -> rusqlite::Result<BTreeMap<Asset, Decimal>> {
    let mut sums: BTreeMap<Asset, Decimal> = BTreeMap::new();
    let mut statement = ledger.prepare("SELECT asset, amount FROM transfers")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        *sums.entry(text(row, 0)?).or_default() += text(row, 1)?;
    }
    Ok(sums)
}

fn recent_fills(ledger: &Connection) -> rusqlite::Result<Vec<RecentFill>> {
    let mut statement = ledger.prepare(
        "SELECT f.symbol, f.execution_id, f.venue_sequence, f.client_order_id, f.quantity, f.at_us,
                EXISTS (SELECT 1 FROM intents i WHERE i.client_order_id = f.client_order_id)
         FROM fills f ORDER BY f.fill DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([RECENT_MAX as i64], |row| {
        Ok(RecentFill {
            symbol: text(row, 0)?,
            execution_id: text(row, 1)?,
            venue_sequence: row.get::<_, i64>(2)?.unsigned_abs(),
            client_order_id: text(row, 3)?,
            quantity: text(row, 4)?,
            at: Timestamp::from_us(row.get(5)?),
            intended: row.get(6)?,
        })
    })?;
    let mut fills = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    fills.reverse();
    Ok(fills)
}

/// Intents that are over with an order that is not, and the other way round.
fn contradictions(
    ledger: &Connection,
) -> rusqlite::Result<Vec<(ClientOrderId, Option<OrderStatus>, bool)>> {
    let mut statement = ledger.prepare(
        "SELECT i.client_order_id, o.status, i.ended_at_us IS NOT NULL
         FROM intents i INDEXED BY intents_created
         LEFT JOIN orders o ON o.client_order_id = i.client_order_id
         ORDER BY i.created_at_us DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([RECENT_MAX as i64], |row| {
        Ok((text(row, 0)?, optional::<OrderStatus>(row, 1)?, row.get::<_, bool>(2)?))
    })?;
    let contradict = |(_, status, ended): &(_, Option<OrderStatus>, bool)| {
        status.is_some_and(OrderStatus::is_terminal) != *ended
    };
    rows.filter(|row| row.as_ref().map_or(true, contradict)).collect()
}

fn ended(ledger: &Connection) -> rusqlite::Result<BTreeSet<ClientOrderId>> {
    let mut statement = ledger.prepare(
        "SELECT client_order_id, ended_at_us IS NOT NULL FROM intents INDEXED BY intents_created
         ORDER BY created_at_us DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([RECENT_MAX as i64])?;
    let mut ended = BTreeSet::new();
    while let Some(row) = rows.next()? {
        if row.get::<_, bool>(1)? {
            ended.insert(text(row, 0)?);
        }
    }
    Ok(ended)
}
