//! What the ledger knows at a start: positions, balances, orders that are not over, holds.
//!
//! Costs what is open, not what ever happened: no query here touches the history.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use super::run::meta;
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::hold::Hold;
use crate::domain::identifier::{Asset, ClientOrderId, ExecutionId, VenueOrderId};
use crate::domain::order::TimeInForce;
use crate::domain::order_status::OrderStatus;
use crate::domain::position::{Basis, Lot};
use crate::domain::record::{IntentRecord, OrderRecord, PositionRow};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

/// The ledger's state.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LedgerState {
    /// Every instrument ever held.
    pub positions: Vec<PositionRow>,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
    /// Intents without an end.
    pub open_orders: Vec<OpenOrder>,
    /// Active holds.
    pub holds: Vec<Hold>,
    /// All fills up to this venue sequence are in.
    pub venue_cursor: u64,
    /// Ids of the newest transfers that the venue named.
    pub movements: BTreeSet<String>,
}

/// Transfers whose ids are remembered: far more than an account has in the week the venue looks back.
const MOVEMENTS_MAX: u32 = 10_000;

/// An intent without an end, and where its order is.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenOrder {
    /// What was decided.
    pub intent: IntentRecord,
    /// When.
    pub created_at: Timestamp,
    /// Its order row; none where it was written down and nothing more is known.
    pub order: Option<OrderRecord>,
}

/// Reads it.
pub fn load(connection: &Connection) -> rusqlite::Result<LedgerState> {
    let cursor = meta(connection, "venue_cursor")?.and_then(|text| text.parse().ok());
    Ok(LedgerState {
        positions: positions(connection)?,
        balances: balances(connection)?,
        open_orders: open_orders(connection)?,
        holds: holds(connection)?,
        venue_cursor: cursor.unwrap_or(0),
        movements: movements(connection)?,
    })
}

fn movements(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(
        "SELECT venue_id FROM transfers WHERE venue_id IS NOT NULL ORDER BY transfer DESC LIMIT ?1",
    )?;
    statement.query_map([MOVEMENTS_MAX], |row| row.get(0))?.collect()
}

/// Every instrument ever held, with its lots.
pub fn positions(connection: &Connection) -> rusqlite::Result<Vec<PositionRow>> {
    let mut lots = lots(connection)?;
    let mut statement = connection.prepare(
        "SELECT symbol, mark_price, stop_price, take_profit_price, high_price, bought, sold, transferred
         FROM positions ORDER BY symbol",
    )?;
    let rows = statement.query_map([], |row| {
        let symbol: Symbol = text(row, 0)?;
        Ok(PositionRow {
            symbol,
            lots: lots.remove(&symbol).unwrap_or_default(),
            mark_price: optional(row, 1)?,
            stop_price: optional(row, 2)?,
            take_profit_price: optional(row, 3)?,
            high_price: optional(row, 4)?,
            bought: text(row, 5)?,
            sold: text(row, 6)?,
            transferred: text(row, 7)?,
        })
    })?;
    rows.collect()
}

fn lots(connection: &Connection) -> rusqlite::Result<BTreeMap<Symbol, Vec<Lot>>> {
    let mut statement = connection.prepare(
        "SELECT symbol, quantity, cost, fee, basis, opened_at_us FROM lots ORDER BY symbol, lot",
    )?;
    let mut rows = statement.query([])?;
    let mut lots: BTreeMap<Symbol, Vec<Lot>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let basis = match row.get_ref(4)?.as_str()? {
            "unknown" => Basis::Unknown,
            _ => Basis::Known,
        };
        lots.entry(text(row, 0)?).or_default().push(Lot {
            quantity: text(row, 1)?,
            cost: text(row, 2)?,
            fee: text(row, 3)?,
            basis,
            opened_at: Timestamp::from_us(row.get(5)?),
        });
    }
    Ok(lots)
}

/// Balances by asset.
pub fn balances(connection: &Connection) -> rusqlite::Result<BTreeMap<Asset, Balance>> {
    let mut statement = connection.prepare("SELECT asset, total, hold FROM balances")?;
    let rows = statement.query_map([], |row| {
        let (total, hold): (Decimal, Decimal) = (text(row, 1)?, text(row, 2)?);
        let balance = Balance::of_ledger(total, hold);
        Ok((text(row, 0)?, balance))
    })?;
    rows.collect()
}

/// Intents without an end.
pub fn open_orders(connection: &Connection) -> rusqlite::Result<Vec<OpenOrder>> {
    let mut statement = connection.prepare(
        "SELECT i.client_order_id, i.symbol, i.side, i.purpose, i.price, i.time_in_force, i.post_only,
                i.quantity, i.reference_price, i.created_at_us,
                o.status, o.venue_order_id, o.filled, o.notional, o.fee, o.reason_code, o.reason
         FROM intents i LEFT JOIN orders o ON o.client_order_id = i.client_order_id
         WHERE i.ended_at_us IS NULL ORDER BY i.symbol",
    )?;
    let rows = statement.query_map([], |row| {
        let intent = IntentRecord {
            client_order_id: text(row, 0)?,
            symbol: text(row, 1)?,
            side: text(row, 2)?,
            purpose: text(row, 3)?,
            price: optional(row, 4)?,
            time_in_force: time_in_force(row, 5)?,
            post_only: row.get(6)?,
            quantity: text(row, 7)?,
            reference_price: text(row, 8)?,
        };
        let has_order = optional::<OrderStatus>(row, 10)?.is_some();
        let order = has_order.then(|| order(row, intent.client_order_id, 10)).transpose()?;
        Ok(OpenOrder { intent, created_at: Timestamp::from_us(row.get(9)?), order })
    })?;
    rows.collect()
}

/// An order of `orders`, from its status on: status, venue order id, filled, notional, fee,
/// reason code, reason.
pub(super) fn order(
    row: &Row<'_>,
    client_order_id: ClientOrderId,
    first: usize,
) -> rusqlite::Result<OrderRecord> {
    Ok(OrderRecord {
        client_order_id,
        status: text(row, first)?,
        venue_order_id: optional(row, first + 1)?,
        filled: text(row, first + 2)?,
        notional: text(row, first + 3)?,
        fee: text(row, first + 4)?,
        reason_code: row.get(first + 5)?,
        reason: row.get(first + 6)?,
    })
}

/// A fill's name at the venue, and when it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookedTrade {
    /// Which instrument.
    pub symbol: Symbol,
    /// Unique for the symbol.
    pub execution_id: ExecutionId,
    /// Its order at the venue.
    pub venue_order_id: VenueOrderId,
    /// Its order's name here.
    pub client_order_id: ClientOrderId,
    /// By the venue's clock.
    pub at: Timestamp,
}

/// The newest `limit` fills, newest first.
pub fn booked_trades(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<BookedTrade>> {
    let mut statement = connection.prepare(
        "SELECT symbol, execution_id, venue_order_id, client_order_id, at_us
         FROM fills ORDER BY fill DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([limit], |row| {
        Ok(BookedTrade {
            symbol: text(row, 0)?,
            execution_id: text(row, 1)?,
            venue_order_id: text(row, 2)?,
            client_order_id: text(row, 3)?,
            at: Timestamp::from_us(row.get(4)?),
        })
    })?;
    rows.collect()
}

/// Active holds, oldest first.
pub fn holds(connection: &Connection) -> rusqlite::Result<Vec<Hold>> {
    let mut statement = connection.prepare(
        "SELECT scope, code, level, reason, set_at_us, until_us FROM holds
         WHERE cleared_at_us IS NULL ORDER BY hold",
    )?;
    let rows = statement.query_map([], |row| {
        let scope = match row.get_ref(0)?.as_str()? {
            "global" => None,
            _ => Some(text(row, 0)?),
        };
        Ok(Hold {
            scope,
            code: text(row, 1)?,
            level: text(row, 2)?,
            reason: row.get(3)?,
            set_at: Timestamp::from_us(row.get(4)?),
            until: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_us),
        })
    })?;
    rows.collect()
}

fn time_in_force(row: &Row<'_>, column: usize) -> rusqlite::Result<TimeInForce> {
    match row.get_ref(column)?.as_str()? {
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        other => Err(bad(column, &format!("{other:?} is no time in force"))),
    }
}

/// A column of text as one of our words.
pub fn text<T: FromStr<Err: std::fmt::Display>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let value = row.get_ref(column)?.as_str()?;
    value.parse().map_err(|error: T::Err| bad(column, &format!("{value:?}: {error}")))
}

/// A column of text, or NULL, as one of our words.
pub fn optional<T: FromStr<Err: std::fmt::Display>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    if row.get_ref(column)? == rusqlite::types::ValueRef::Null {
        return Ok(None);
    }
    text(row, column).map(Some)
}

fn bad(column: usize, why: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
