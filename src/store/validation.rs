//! What the validation of a window is made of, by indexed ranges only: it costs what happened since the
//! window began.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{column, event};
use crate::domain::decimal::Decimal;
use crate::domain::hold::{HoldCode, Level};
use crate::domain::time::{MINUTE_US, Timestamp};

/// Fills, and orders with fills, compared with each other: some 30 MB of memory.
pub const COMPARED_MAX: u64 = 250_000;

/// The clock of a start may be seconds behind the last event.
const CLOCK_BEHIND: Duration = Duration::from_secs(60);

/// The oldest minute on record.
pub fn first_sample(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let first: Option<i64> =
        connection.query_row("SELECT min(at_us) FROM samples", [], |row| row.get(0))?;
    Ok(first.map(Timestamp::from_us))
}

/// The newest minute on record.
pub fn last_sample(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let last: Option<i64> =
        connection.query_row("SELECT max(at_us) FROM samples", [], |row| row.get(0))?;
    Ok(last.map(Timestamp::from_us))
}

/// A start of the agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunRow {
    /// When, by the engine's clock, to the second; none where the run is too old to say.
    pub began: Option<Timestamp>,
    /// Where its fees came from; none where the run is too old to say.
    pub fee_source: Option<String>,
    /// Where its market data came from.
    pub market: String,
    /// Hash of its configuration.
    pub config_hash: String,
}

/// The runs that a window belongs to, oldest first: those that began in it, and the one before.
pub fn runs(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<Vec<RunRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT stamp, fee_source, market, config_hash FROM runs ORDER BY run DESC",
    )?;
    let mut rows = statement.query([])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let stamp: Option<i64> = row.get(0)?;
        let began = stamp.map(|second| Timestamp::from_us(second.saturating_mul(1_000_000)));
        if began.is_some_and(|began| began >= end) {
            continue;
        }
        let (fee_source, market, config_hash) = (row.get(1)?, row.get(2)?, row.get(3)?);
        runs.push(RunRow { began, fee_source, market, config_hash });
        if began.is_none_or(|began| began <= start) {
            break;
        }
    }
    runs.reverse();
    Ok(runs)
}

/// A change of the agent's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateChange {
    /// When.
    pub at: Timestamp,
    /// From.
    pub from: Level,
    /// To.
    pub to: Level,
    /// By which hold.
    pub code: HoldCode,
}

/// The changes of a window, oldest first.
pub fn state_changes(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<Vec<StateChange>> {
    connection
        .prepare_cached(
            "SELECT at_us, from_state, to_state, code FROM transitions INDEXED BY transitions_at
             WHERE at_us >= ?1 AND at_us < ?2 ORDER BY at_us, transition",
        )?
        .query_map([start.us(), end.us()], |row| {
            Ok(StateChange {
                at: Timestamp::from_us(row.get(0)?),
                from: column::parsed(row, 1, str::parse)?,
                to: column::parsed(row, 2, str::parse)?,
                code: column::parsed(row, 3, str::parse)?,
            })
        })?
        .collect()
}

/// A hold, as long as it stood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HoldSpan {
    /// Why.
    pub code: HoldCode,
    /// What it permitted.
    pub level: Level,
    /// Since when.
    pub set_at: Timestamp,
    /// Until when; none where it stands.
    pub cleared_at: Option<Timestamp>,
}

/// The holds that stood at any time of a window, oldest first.
pub fn holds(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<Vec<HoldSpan>> {
    let mut holds: Vec<HoldSpan> = connection
        .prepare_cached(
            "SELECT code, level, set_at_us, cleared_at_us FROM holds INDEXED BY holds_cleared
             WHERE cleared_at_us >= ?1 AND set_at_us < ?2
             UNION ALL
             SELECT code, level, set_at_us, cleared_at_us FROM holds INDEXED BY holds_cleared
             WHERE cleared_at_us IS NULL AND set_at_us < ?2",
        )?
        .query_map([start.us(), end.us()], |row| {
            Ok(HoldSpan {
                code: column::parsed(row, 0, str::parse)?,
                level: column::parsed(row, 1, str::parse)?,
                set_at: Timestamp::from_us(row.get(2)?),
                cleared_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_us),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    holds.sort_by_key(|hold| hold.set_at);
    Ok(holds)
}

/// The equity at the beginning of each UTC day of a window, where it was measured.
pub fn day_opens(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<BTreeMap<Timestamp, Decimal>> {
    connection
        .prepare_cached(
            "SELECT day_us, equity_open FROM day_ledger WHERE day_us >= ?1 AND day_us < ?2",
        )?
        .query_map([start.day().us(), end.us()], |row| {
            Ok((Timestamp::from_us(row.get(0)?), column::parsed(row, 1, Decimal::parse)?))
        })?
        .collect()
}

/// What each UTC day of a window bought and sold up to its end, from 00:00 on, by the fills.
pub fn day_turnover(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<BTreeMap<Timestamp, Decimal>> {
    let mut statement = connection.prepare_cached(
        "SELECT at_us, notional FROM fills INDEXED BY fills_at WHERE at_us >= ?1 AND at_us < ?2",
    )?;
    let mut rows = statement.query([start.day().us(), end.us()])?;
    let mut days: BTreeMap<Timestamp, Decimal> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let day = Timestamp::from_us(row.get(0)?).day();
        *days.entry(day).or_default() += column::parsed(row, 1, Decimal::parse)?;
    }
    Ok(days)
}

/// When assets came or went without a trade in a window, oldest first.
pub fn transfers(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<Vec<Timestamp>> {
    let mut statement =
        connection.prepare_cached("SELECT at_us FROM transfers ORDER BY transfer DESC")?;
    let mut rows = statement.query([])?;
    let mut times = Vec::new();
    while let Some(row) = rows.next()? {
        let at = Timestamp::from_us(row.get(0)?);
        if at < start {
            break;
        }
        if at < end {
            times.push(at);
        }
    }
    times.reverse();
    Ok(times)
}

/// Cancels sent, by the beginning of their minute: each is an event of its own, whatever came of it.
pub fn cancels(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<BTreeMap<Timestamp, u64>> {
    let after = event::last_before(connection, start - CLOCK_BEHIND)?;
    connection
        .prepare_cached(
            "SELECT at_us - at_us % ?4, count(*) FROM events
             WHERE seq > ?1 AND kind = 'order' AND at_us >= ?2 AND at_us < ?3
               AND json_extract(payload, '$.status') = 'pending_cancel'
             GROUP BY 1",
        )?
        .query_map([after, start.us(), end.us(), MINUTE_US], |row| {
            Ok((Timestamp::from_us(row.get(0)?), count(row, 1)?))
        })?
        .collect()
}

/// Orders of a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OrderCount {
    /// Sent to the venue.
    pub sent: u64,
    /// Of these, refused by it.
    pub rejected: u64,
}

/// The orders that were decided in a window and sent.
pub fn orders(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<OrderCount> {
    connection
        .prepare_cached(
            "SELECT count(*), coalesce(sum(status = 'rejected'), 0)
             FROM intents INDEXED BY intents_created JOIN orders USING (client_order_id)
             WHERE created_at_us >= ?1 AND created_at_us < ?2 AND status <> 'created'",
        )?
        .query_row([start.us(), end.us()], |row| {
            Ok(OrderCount { sent: count(row, 0)?, rejected: count(row, 1)? })
        })
}

/// The fills of a window, and whether the ledger agrees with itself about them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FillBooks {
    /// Fills in it.
    pub count: u64,
    /// Numbers between the first and the last that no fill has.
    pub numbers_missing: u64,
    /// Fills of an order that was never decided.
    pub unexplained: u64,
    /// Orders whose fills do not add up to what they say, one of them; none where nothing was compared,
    /// because there are more than [`COMPARED_MAX`].
    pub differing: Option<(u64, Option<String>)>,
}

/// Reads them. Orders decided in the window are compared, with all their fills.
pub fn fill_books(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<FillBooks> {
    fill_books_of(connection, start, end, COMPARED_MAX)
}

/// Compares at most so many fills and orders.
pub(super) fn fill_books_of(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
    compared_max: u64,
) -> rusqlite::Result<FillBooks> {
    let count = connection
        .prepare_cached(
            "SELECT count(*) FROM fills INDEXED BY fills_at WHERE at_us >= ?1 AND at_us < ?2",
        )?
        .query_row([start.us(), end.us()], |row| count(row, 0))?;
    let numbers_missing = numbers_missing(connection, start)?;
    let are_more = |rows| are_more(connection, rows, start, compared_max);
    if are_more("fills INDEXED BY fills_at WHERE at_us")?
        || are_more("intents INDEXED BY intents_created WHERE created_at_us")?
    {
        return Ok(FillBooks { count, numbers_missing, unexplained: 0, differing: None });
    }
    let mut left = amounts_of_orders(connection, start)?;
    let unexplained = take_fills(connection, start, &mut left)?;
    left.retain(|_, (quantity, notional)| !quantity.is_zero() || !notional.is_zero());
    let differing = Some((left.len() as u64, left.into_keys().next()));
    Ok(FillBooks { count, numbers_missing, unexplained, differing })
}

/// True where there are more rows than so many since an instant.
fn are_more(
    connection: &Connection,
    rows: &str,
    start: Timestamp,
    than: u64,
) -> rusqlite::Result<bool> {
    let query = format!("SELECT EXISTS (SELECT 1 FROM {rows} >= ?1 LIMIT 1 OFFSET {than})");
    connection.query_row(&query, [start.us()], |row| row.get(0))
}

/// Fills are numbered without gaps: one that is gone leaves its number.
fn numbers_missing(connection: &Connection, start: Timestamp) -> rusqlite::Result<u64> {
    let edge = |order: &str| {
        let query = format!(
            "SELECT fill FROM fills INDEXED BY fills_at WHERE at_us >= ?1
             ORDER BY at_us {order}, fill {order} LIMIT 1"
        );
        connection.query_row(&query, [start.us()], |row| row.get::<_, i64>(0)).optional()
    };
    let (Some(first), Some(last)) = (edge("ASC")?, edge("DESC")?) else { return Ok(0) };
    let found: i64 = connection.query_row(
        "SELECT count(*) FROM fills WHERE fill BETWEEN ?1 AND ?2",
        [first, last],
        |row| row.get(0),
    )?;
    Ok(u64::try_from(last - first + 1 - found).unwrap_or(0))
}

/// Quantity and notional of each order decided since then.
type Amounts = BTreeMap<String, (Decimal, Decimal)>;

fn amounts_of_orders(connection: &Connection, start: Timestamp) -> rusqlite::Result<Amounts> {
    connection
        .prepare_cached(
            "SELECT client_order_id, filled, notional
             FROM intents INDEXED BY intents_created JOIN orders USING (client_order_id)
             WHERE created_at_us >= ?1",
        )?
        .query_map([start.us()], |row| Ok((row.get(0)?, amounts(row)?)))?
        .collect()
}

/// Takes all fills since then from their orders; returns how many belong to none. Of an order decided
/// before, some fills may be older: it is left alone.
fn take_fills(
    connection: &Connection,
    start: Timestamp,
    left: &mut Amounts,
) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(
        "SELECT client_order_id, fills.quantity, notional, intents.created_at_us
         FROM fills INDEXED BY fills_at LEFT JOIN intents USING (client_order_id)
         WHERE at_us >= ?1",
    )?;
    let mut rows = statement.query([start.us()])?;
    let mut unexplained = 0;
    while let Some(row) = rows.next()? {
        let decided_us: Option<i64> = row.get(3)?;
        let (quantity, notional) = amounts(row)?;
        match (decided_us, row.get_ref(0)?.as_str()?) {
            (None, _) => unexplained += 1,
            (Some(us), id) if us >= start.us() => {
                let order = left.entry(id.to_owned()).or_default();
                *order = (order.0 - quantity, order.1 - notional);
            }
            (Some(_), _) => {}
        }
    }
    Ok(unexplained)
}

fn amounts(row: &Row<'_>) -> rusqlite::Result<(Decimal, Decimal)> {
    Ok((column::parsed(row, 1, Decimal::parse)?, column::parsed(row, 2, Decimal::parse)?))
}

fn count(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(index)?).unwrap_or(0))
}
