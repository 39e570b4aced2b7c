//! What this agent traded, read from `fills`, `intents` and `orders` for reports and exports.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::decimal::Decimal;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

use super::column;

/// What one sell fill realized, as booked when it happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RealizedFill {
    /// The order it belongs to.
    pub client_order_id: String,
    /// The venue's id of that order.
    pub venue_order_id: String,
    /// What was sold.
    pub symbol: Symbol,
    /// Base units of the fill.
    pub quantity: Decimal,
    /// Quote units of the fill, without fee.
    pub notional: Decimal,
    /// Base units matched with lots of known basis; 0 where there were none.
    pub matched: Decimal,
    /// Quote units, before fees.
    pub gross: Decimal,
    /// Quote units, both sides.
    pub fees: Decimal,
    /// Quote units: gross less fees.
    pub net: Decimal,
    /// When the oldest lot it consumed was acquired.
    pub opened_at: Option<Timestamp>,
    /// When it was filled.
    pub at: Timestamp,
}

impl RealizedFill {
    /// True where it was sold against something whose cost is known.
    pub fn is_matched(&self) -> bool {
        self.matched.is_positive()
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let amount =
            |index| column::optional(row, index, Decimal::parse).map(Option::unwrap_or_default);
        Ok(Self {
            client_order_id: row.get(0)?,
            venue_order_id: row.get(1)?,
            symbol: column::parsed(row, 2, Symbol::new)?,
            quantity: column::parsed(row, 3, Decimal::parse)?,
            notional: column::parsed(row, 4, Decimal::parse)?,
            matched: amount(5)?,
            gross: amount(6)?,
            fees: amount(7)?,
            net: amount(8)?,
            opened_at: row.get::<_, Option<i64>>(9)?.map(Timestamp::from_us),
            at: Timestamp::from_us(row.get(10)?),
        })
    }
}

/// Calls `each` with every sell fill, the fills of one order together.
pub fn for_each_realized<E: From<rusqlite::Error>>(
    connection: &Connection,
    mut each: impl FnMut(RealizedFill) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare(
        "SELECT client_order_id, venue_order_id, symbol, quantity, notional, matched, gross, fees,
                net, opened_at_us, at_us
         FROM fills WHERE side = 'sell' ORDER BY client_order_id, fill",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(RealizedFill::from_row(row)?)?;
    }
    Ok(())
}

/// How many fills there are.
pub fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let count: Option<i64> =
        connection.query_row("SELECT max(fill) FROM fills", [], |row| row.get(0))?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// What is held of one symbol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The symbol.
    pub symbol: Symbol,
    /// Base units.
    pub quantity: Decimal,
    /// Quote units paid for the part of known basis, without fee.
    pub cost: Decimal,
    /// Quote units of entry fees for that part.
    pub fee: Decimal,
}

/// The positions that are not flat.
pub fn held(connection: &Connection) -> rusqlite::Result<Vec<Held>> {
    connection
        .prepare(
            "SELECT symbol, quantity, cost, fee FROM positions WHERE quantity <> '0'
             ORDER BY symbol",
        )?
        .query_map([], |row| {
            Ok(Held {
                symbol: column::parsed(row, 0, Symbol::new)?,
                quantity: column::parsed(row, 1, Decimal::parse)?,
                cost: column::parsed(row, 2, Decimal::parse)?,
                fee: column::parsed(row, 3, Decimal::parse)?,
            })
        })?
        .collect()
}

/// The venue's id of the order that bought a symbol at an instant: the lot a sell consumed first.
pub fn buy_at(
    connection: &Connection,
    symbol: &Symbol,
    at: Timestamp,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT venue_order_id FROM fills INDEXED BY fills_at
             WHERE at_us = ?1 AND symbol = ?2 AND side = ?3 ORDER BY fill LIMIT 1",
        )?
        .query_row(params![at.us(), symbol.as_str(), Side::Buy.as_str()], |row| row.get(0))
        .optional()
}
