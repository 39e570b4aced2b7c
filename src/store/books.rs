//! The ledger's books whole, for an audit: every fill and transfer as its event has it, in the order in
//! which they were booked, beside the state that must follow from them.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use super::load::{self, optional, text};
use super::run::meta;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::{ClientOrderId, ExecutionId};
use crate::domain::record::{FillRecord, OrderRecord, TransferRecord};
use crate::domain::symbol::Symbol;
use crate::engine::audit::{LedgerBooks, Movement, audit_ledger};
use crate::engine::invariant::Violation;

/// What the ledger contradicts itself in: its state against its events, its fills against theirs.
pub fn audit(connection: &Connection) -> rusqlite::Result<Vec<Violation>> {
    let books = books(connection)?;
    let mut violations = audit_ledger(&books);
    violations.extend(changed_fills(connection, &books.movements)?);
    Ok(violations)
}

fn books(connection: &Connection) -> rusqlite::Result<LedgerBooks> {
    let instance = meta(connection, "instance")?.unwrap_or_default();
    Ok(LedgerBooks {
        prefix: format!("{instance}-"),
        intents: BTreeMap::new(),
        orders: orders(connection)?,
        movements: movements(connection)?,
        positions: load::positions(connection)?,
        balances: load::balances(connection)?,
    })
}

fn orders(connection: &Connection) -> rusqlite::Result<BTreeMap<ClientOrderId, OrderRecord>> {
    let mut statement = connection.prepare(
        "SELECT client_order_id, status, venue_order_id, filled, notional, fee, reason_code, reason
         FROM orders",
    )?;
    let rows = statement.query_map([], |row| {
        let id = text(row, 0)?;
        Ok((id, load::order(row, id, 1)?))
    })?;
    rows.collect()
}

fn movements(connection: &Connection) -> rusqlite::Result<Vec<Movement>> {
    let mut statement = connection.prepare(
        "SELECT kind, payload FROM events WHERE kind IN ('fill', 'transfer') ORDER BY seq",
    )?;
    let rows = statement.query_map([], |row| match row.get_ref(0)?.as_str()? {
        "fill" => Ok(Movement::Fill(Box::new(payload::<FillRecord>(row)?))),
        _ => Ok(Movement::Transfer(payload::<TransferRecord>(row)?)),
    })?;
    rows.collect()
}

fn payload<T: serde::de::DeserializeOwned>(row: &Row<'_>) -> rusqlite::Result<T> {
    let kind = rusqlite::types::Type::Text;
    serde_json::from_str(row.get_ref(1)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, kind, Box::new(error)))
}

/// What a fill is, and what it realized.
type FillRow = (Decimal, Decimal, Decimal, Option<Decimal>);

/// Fills of the table that are not what their events say: changed, lost or added after the fact.
fn changed_fills(
    connection: &Connection,
    movements: &[Movement],
) -> rusqlite::Result<Vec<Violation>> {
    let mut booked: BTreeMap<(Symbol, ExecutionId), FillRow> = BTreeMap::new();
    for movement in movements {
        if let Movement::Fill(fill) = movement {
            let net = fill.realized.as_ref().map(|realized| realized.net);
            let row = (fill.quantity, fill.notional, fill.fee, net);
            booked.insert((fill.symbol, fill.execution_id), row);
        }
    }
    let mut statement = connection
        .prepare("SELECT symbol, execution_id, quantity, notional, fee, net FROM fills")?;
    let mut rows = statement.query([])?;
    let mut violations = Vec::new();
    let mut broken = |name: (Symbol, ExecutionId), detail: String| {
        let subject = format!("{} {}", name.0, name.1);
        violations.push(Violation { invariant: "a_fill_is_its_event", subject, detail });
    };
    while let Some(row) = rows.next()? {
        let name = (text(row, 0)?, text(row, 1)?);
        let found = (text(row, 2)?, text(row, 3)?, text(row, 4)?, optional(row, 5)?);
        match booked.remove(&name) {
            Some(event) if event == found => {}
            Some(event) => broken(name, format!("row {found:?}, event {event:?}")),
            None => broken(name, "no event".to_owned()),
        }
    }
    for name in booked.into_keys() {
        broken(name, "no row".to_owned());
    }
    Ok(violations)
}
