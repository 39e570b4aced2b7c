//! Every order that traded, imported and our own, in time order: what `trade_history.json` holds.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::decimal::{Decimal, Round};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

use super::column;

/// The name of the export in the table `exports`.
pub const EXPORT_NAME: &str = "trade_history";

/// One order of the history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HistoryOrder {
    /// An imported row that its columns do not give back, as it came: JSON.
    Raw(String),
    /// Everything else.
    Order(Order),
}

/// An order that traded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// The venue's order id.
    pub id: String,
    /// With its quote suffix.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// The limit; for market orders the average, rounded down.
    pub price: Decimal,
    /// Base units traded; 0 for an imported row that came so.
    pub quantity: Decimal,
    /// Quote units traded, without fee.
    pub funds: Decimal,
    /// Units of `fee_asset`.
    pub fee: Decimal,
    /// What the fee was paid in.
    pub fee_asset: String,
    /// When the order was created.
    pub at: Timestamp,
}

/// Calls `each` with every order that traded, oldest first. Own orders count from their first fill.
pub fn for_each<E: From<rusqlite::Error>>(
    connection: &Connection,
    mut each: impl FnMut(HistoryOrder) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare(
        "SELECT trade_id AS id, symbol, side, price, quantity, funds, fee, fee_asset, at_us, raw,
                instr(coalesce(repair, ''), 'size_from_funds') > 0
           FROM imported_trades
         UNION ALL
         SELECT venue_order_id, symbol, side, price, filled, notional, fee, NULL, created_at_us, NULL, 0
           FROM intents JOIN orders USING (client_order_id)
          WHERE filled <> '0' AND venue_order_id IS NOT NULL
         ORDER BY at_us, id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(read(row)?)?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<HistoryOrder> {
    if let Some(raw) = row.get(9)? {
        return Ok(HistoryOrder::Raw(raw));
    }
    let symbol = column::parsed(row, 1, Symbol::new)?;
    let traded = column::parsed(row, 4, Decimal::parse)?;
    let quantity = if row.get(10)? { Decimal::ZERO } else { traded };
    let funds = column::parsed(row, 5, Decimal::parse)?;
    let limit = column::optional(row, 3, Decimal::parse)?;
    // Our fees are in the quote asset: paper charges nothing else, positions count nothing else.
    let fee_asset = row.get::<_, Option<String>>(7)?;
    Ok(HistoryOrder::Order(Order {
        id: row.get(0)?,
        symbol,
        side: column::parsed(row, 2, str::parse)?,
        price: limit.unwrap_or_else(|| funds.div(traded, Round::Down)),
        quantity,
        funds,
        fee: column::parsed(row, 6, Decimal::parse)?,
        fee_asset: fee_asset.unwrap_or_else(|| symbol.quote().to_string()),
        at: Timestamp::from_us(row.get(8)?),
    }))
}

/// What is known of the last export to the state directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExportRecord {
    /// Orders in it.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
    /// When it was written, by the wall clock.
    pub at: Timestamp,
}

/// Records an export, replacing what was known of the one before.
pub fn record_export(connection: &Connection, export: &ExportRecord) -> rusqlite::Result<()> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    connection
        .execute(
            "INSERT INTO exports (name, records, bytes, at_us) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET
               records = excluded.records, bytes = excluded.bytes, at_us = excluded.at_us",
            params![EXPORT_NAME, signed(export.records), signed(export.bytes), export.at.us()],
        )
        .map(drop)
}

/// The last export to the state directory, if there was one.
pub fn last_export(connection: &Connection) -> rusqlite::Result<Option<ExportRecord>> {
    let unsigned = |count: i64| u64::try_from(count).unwrap_or(0);
    connection
        .prepare_cached("SELECT records, bytes, at_us FROM exports WHERE name = ?1")?
        .query_row([EXPORT_NAME], |row| {
            Ok(ExportRecord {
                records: unsigned(row.get(0)?),
                bytes: unsigned(row.get(1)?),
                at: Timestamp::from_us(row.get(2)?),
            })
        })
        .optional()
}
