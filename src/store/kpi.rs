//! What an hour's report is made of, by indexed range only: an hour costs what happened in it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::decimal::Decimal;
use crate::domain::hold::Level;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::{HOUR_US, Timestamp};

use super::column;

/// An order canceled in an hour was created in it or this long before: entries live a minute by
/// default. Older ones are not counted.
const CANCEL_LOOKBACK_US: i64 = HOUR_US;

/// A fill, as a report needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FillRow {
    /// The order it belongs to.
    pub order: String,
    /// Which instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Base units.
    pub quantity: Decimal,
    /// Quote units, without fee.
    pub funds: Decimal,
    /// Quote units.
    pub fee: Decimal,
    /// When.
    pub at: Timestamp,
    /// What our decision saw; `None` for another system's trades.
    pub decision: Option<Decision>,
    /// What a sell realized, where its basis is known.
    pub realized: Option<RealizedAmounts>,
}

/// What the decision behind a fill saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The price then, in quote units.
    pub reference_price: Decimal,
    /// When.
    pub at: Timestamp,
}

/// What a sell earned, in quote units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RealizedAmounts {
    /// Before fees.
    pub gross: Decimal,
    /// Of both sides.
    pub fees: Decimal,
    /// Gross less fees.
    pub net: Decimal,
}

/// Own fills from `start` on, before `end`, oldest first.
pub fn fills(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<Vec<FillRow>> {
    connection
        .prepare_cached(
            "SELECT fills.client_order_id, fills.symbol, fills.side, fills.quantity, notional, fee,
                    at_us, fills.reference_price, coalesce(created_at_us, at_us), basis, gross, fees,
                    net
             FROM fills INDEXED BY fills_at LEFT JOIN intents USING (client_order_id)
             WHERE at_us >= ?1 AND at_us < ?2 ORDER BY at_us, fill",
        )?
        .query_map([start.us(), end.us()], read_fill)?
        .collect()
}

fn read_fill(row: &Row<'_>) -> rusqlite::Result<FillRow> {
    let amount =
        |index| column::optional(row, index, Decimal::parse).map(Option::unwrap_or_default);
    let is_known = row.get_ref(9)?.as_str_or_null()? == Some("known");
    let realized = RealizedAmounts { gross: amount(10)?, fees: amount(11)?, net: amount(12)? };
    Ok(FillRow {
        order: row.get(0)?,
        symbol: column::parsed(row, 1, Symbol::new)?,
        side: column::parsed(row, 2, str::parse)?,
        quantity: column::parsed(row, 3, Decimal::parse)?,
        funds: column::parsed(row, 4, Decimal::parse)?,
        fee: column::parsed(row, 5, Decimal::parse)?,
        at: Timestamp::from_us(row.get(6)?),
        decision: Some(Decision {
            reference_price: column::parsed(row, 7, Decimal::parse)?,
            at: Timestamp::from_us(row.get(8)?),
        }),
        realized: is_known.then_some(realized),
    })
}

/// Orders that ended canceled in a window, and how many of them were buys without any fill.
pub fn canceled(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<(u64, u64)> {
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    connection
        .prepare_cached(
            "SELECT count(*), coalesce(sum(side = 'buy' AND filled = '0'), 0)
             FROM intents INDEXED BY intents_created JOIN orders USING (client_order_id)
             WHERE created_at_us >= ?1 AND created_at_us < ?2
               AND ended_at_us >= ?3 AND ended_at_us < ?2 AND status = 'canceled'",
        )?
        .query_row([start.us() - CANCEL_LOOKBACK_US, end.us(), start.us()], |row| {
            Ok((count(row.get(0)?), count(row.get(1)?)))
        })
}

/// The account at one minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SampleRow {
    /// When.
    pub at: Timestamp,
    /// Cash plus positions at the bid, quote units.
    pub equity: Decimal,
    /// Cash that is not held by open orders.
    pub cash_available: Decimal,
    /// Value of the positions.
    pub exposure: Decimal,
    /// Profit or loss not yet realized.
    pub unrealized: Decimal,
    /// How many instruments are held.
    pub positions: u64,
    /// Open buy orders.
    pub open_buy_orders: u64,
    /// Open sell orders.
    pub open_sell_orders: u64,
    /// False where a held instrument had no price.
    pub is_complete: bool,
    /// The agent's state.
    pub state: Level,
}

/// The samples of a window, oldest first.
pub fn samples(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<Vec<SampleRow>> {
    let count = |row: &Row<'_>, index: usize| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(index)?).unwrap_or(0))
    };
    connection
        .prepare_cached(
            "SELECT at_us, equity, cash_available, exposure, unrealized, positions,
                    open_buy_orders, open_sell_orders, complete, state
             FROM samples WHERE at_us >= ?1 AND at_us < ?2 ORDER BY at_us",
        )?
        .query_map([start.us(), end.us()], |row| {
            Ok(SampleRow {
                at: Timestamp::from_us(row.get(0)?),
                equity: column::parsed(row, 1, Decimal::parse)?,
                cash_available: column::parsed(row, 2, Decimal::parse)?,
                exposure: column::parsed(row, 3, Decimal::parse)?,
                unrealized: column::parsed(row, 4, Decimal::parse)?,
                positions: count(row, 5)?,
                open_buy_orders: count(row, 6)?,
                open_sell_orders: count(row, 7)?,
                is_complete: row.get(8)?,
                state: column::parsed(row, 9, str::parse)?,
            })
        })?
        .collect()
}

/// Entries that were not sent on the UTC day of `at`, by reason.
pub fn refusals(connection: &Connection, at: Timestamp) -> rusqlite::Result<BTreeMap<String, u64>> {
    connection
        .prepare_cached(
            "SELECT code, sum(count) FROM refusals WHERE day_us = ?1 GROUP BY code ORDER BY code",
        )?
        .query_map([at.day().us()], |row| {
            Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)))
        })?
        .collect()
}

/// A position as it is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenPosition {
    /// When its oldest lot was acquired.
    pub opened_at: Timestamp,
    /// Quote units paid for what it holds, without fees.
    pub cost: Decimal,
    /// What that is worth at the last bid.
    pub value: Decimal,
}

/// The positions of known basis and price, as they are now.
pub fn open_positions(connection: &Connection) -> rusqlite::Result<Vec<OpenPosition>> {
    connection
        .prepare_cached(
            "SELECT opened_at_us, cost, quantity, mark_price FROM positions
             WHERE quantity <> '0' AND basis = 'known'
               AND opened_at_us IS NOT NULL AND mark_price IS NOT NULL",
        )?
        .query_map([], |row| {
            let quantity = column::parsed(row, 2, Decimal::parse)?;
            let mark = column::parsed(row, 3, Decimal::parse)?;
            Ok(OpenPosition {
                opened_at: Timestamp::from_us(row.get(0)?),
                cost: column::parsed(row, 1, Decimal::parse)?,
                value: quantity.mul(mark, crate::domain::decimal::Round::Down),
            })
        })?
        .collect()
}

/// The engine's clock where the latest run is on a virtual one: the wall says nothing about it.
pub fn virtual_now(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let latest = connection
        .prepare_cached("SELECT clock, engine_at_us FROM runs ORDER BY run DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?)))
        .optional()?;
    Ok(match latest {
        Some((clock, Some(engine_at))) if clock == "virtual" => Some(Timestamp::from_us(engine_at)),
        _ => None,
    })
}

/// When the first thing happened that a report would show; `None` on an empty ledger.
pub fn first_activity(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let mut first: Option<i64> = None;
    for query in [
        "SELECT min(at_us) FROM fills",
        "SELECT min(created_at_us) FROM intents",
        "SELECT min(at_us) FROM samples",
    ] {
        let found: Option<i64> = connection.query_row(query, [], |row| row.get(0))?;
        first = match (first, found) {
            (Some(first), Some(found)) => Some(first.min(found)),
            (first, found) => first.or(found),
        };
    }
    Ok(first.map(Timestamp::from_us))
}

/// The newest reported hour.
pub fn last_hour(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let last: Option<i64> =
        connection.query_row("SELECT max(hour_us) FROM kpi_hourly", [], |row| row.get(0))?;
    Ok(last.map(Timestamp::from_us))
}

/// The report of an hour, if it was made.
pub fn body(connection: &Connection, hour: Timestamp) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT body FROM kpi_hourly WHERE hour_us = ?1")?
        .query_row([hour.us()], |row| row.get(0))
        .optional()
}

/// Stores the report of an hour, replacing the one that is there.
pub fn put(
    connection: &Connection,
    hour: Timestamp,
    body: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO kpi_hourly (hour_us, body, created_at_us) VALUES (?1, ?2, ?3)
             ON CONFLICT (hour_us) DO UPDATE SET
               body = excluded.body, created_at_us = excluded.created_at_us",
        )?
        .execute(params![hour.us(), body, now.us()])
        .map(drop)
}
