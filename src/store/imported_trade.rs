//! Trades of another system: rows of `imported_trades`, one an order, kept apart from our own.
//!
//! A trade id is stored once. The same row again is a duplicate, the same id with other content is a
//! conflict: reported, never written. Everything is read back in an order that the query names.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::position::Basis;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;

use super::column;
use super::seen::Seen;

/// The other system's order id. KuCoin's have 24 characters; others may be longer.
pub type TradeId = Text<64>;

/// What had to be done to a row before it could be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Repair {
    /// The size was 0 and is now funds / price, rounded down at 18 places.
    pub size_from_funds: bool,
    /// The price had more than 18 places and was rounded down.
    pub price_rounded: bool,
    /// The fee is not in the quote asset: kept as it came, left out of profit and loss.
    pub fee_not_in_quote: bool,
}

impl Repair {
    /// True where the columns alone do not give back what came: then the row itself is kept. A size
    /// of 0 is told by its mark.
    pub fn is_lossy(self) -> bool {
        self.price_rounded || self.fee_not_in_quote
    }

    /// The marks as stored, separated by commas; `None` where nothing was done.
    pub fn marks(self) -> Option<String> {
        let marks = [
            (self.size_from_funds, "size_from_funds"),
            (self.price_rounded, "price_rounded"),
            (self.fee_not_in_quote, "fee_not_in_quote"),
        ];
        let named: Vec<&str> =
            marks.into_iter().filter_map(|(is_set, name)| is_set.then_some(name)).collect();
        (!named.is_empty()).then(|| named.join(","))
    }
}

/// One order of another system, as traded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedTrade {
    /// Its id there.
    pub id: TradeId,
    /// With its quote suffix.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// The order's price in quote units for one base unit: a limit, or the average.
    pub price: Decimal,
    /// Base units traded, above zero.
    pub quantity: Decimal,
    /// Quote units really paid or received, without fee.
    pub funds: Decimal,
    /// Units of `fee_asset`.
    pub fee: Decimal,
    /// What the fee was paid in.
    pub fee_asset: Asset,
    /// When the order was created: the files of the Python IBIS know no other time.
    pub at: Timestamp,
}

impl ImportedTrade {
    /// The fee in quote units; zero where it was paid in something else.
    pub fn quote_fee(&self) -> Decimal {
        if self.fee_asset == self.symbol.quote() { self.fee } else { Decimal::ZERO }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: column::parsed(row, 0, TradeId::new)?,
            symbol: column::parsed(row, 1, Symbol::new)?,
            side: column::parsed(row, 2, str::parse)?,
            price: column::parsed(row, 3, Decimal::parse)?,
            quantity: column::parsed(row, 4, Decimal::parse)?,
            funds: column::parsed(row, 5, Decimal::parse)?,
            fee: column::parsed(row, 6, Decimal::parse)?,
            fee_asset: column::parsed(row, 7, Asset::new)?,
            at: Timestamp::from_us(row.get(8)?),
        })
    }
}

/// The columns of [`ImportedTrade::from_row`].
const COLUMNS: &str = "trade_id, symbol, side, price, quantity, funds, fee, fee_asset, at_us";

/// What happened to a row that was offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inserted {
    /// It is new and now stored.
    New,
    /// It is there already, with the same content.
    Duplicate,
    /// Its id is there already with other content; nothing was written.
    Conflict,
}

/// One import, inside the caller's transaction.
///
/// Into an empty table rows are only appended: ids are told apart by their hashes in memory, and the
/// indexes are built at the end, several times faster than row by row. The first id that may have
/// come before ends that, as does `Seen::IDS_MAX`: from then on every id is looked up.
pub struct Importer<'c> {
    connection: &'c Connection,
    insert: CachedStatement<'c>,
    own: Option<CachedStatement<'c>>,
    bulk: Option<Bulk>,
}

/// A table being filled without its indexes.
struct Bulk {
    seen: Seen,
    /// What creates the indexes again.
    indexes: Vec<String>,
}

impl std::fmt::Debug for Importer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Importer").finish_non_exhaustive()
    }
}

impl<'c> Importer<'c> {
    /// Prepares on a connection with an open transaction.
    pub fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let insert = format!(
            "INSERT INTO imported_trades ({COLUMNS}, repair, raw, basis)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        );
        let own = "SELECT 1 FROM intents JOIN orders USING (client_order_id)
             WHERE created_at_us BETWEEN ?1 AND ?1 + 999 AND venue_order_id = ?2";
        let is_there = |query| connection.query_row(query, [], |row| row.get::<_, bool>(0));
        let has_own = is_there("SELECT EXISTS (SELECT 1 FROM intents)")?;
        let has_rows = is_there("SELECT EXISTS (SELECT 1 FROM imported_trades)")?;
        Ok(Self {
            connection,
            bulk: if has_rows { None } else { Some(Bulk::begin(connection)?) },
            insert: connection.prepare_cached(&insert)?,
            own: if has_own { Some(connection.prepare_cached(own)?) } else { None },
        })
    }

    /// Stores a trade unless it is there. `raw` is the row as it came, for those whose columns do not
    /// give it back ([`Repair::is_lossy`]).
    ///
    /// An order of this ledger's own, come back in an export, is a duplicate: to store it as another
    /// system's would count it twice.
    pub fn insert(
        &mut self,
        trade: &ImportedTrade,
        repair: Repair,
        raw: Option<&str>,
    ) -> rusqlite::Result<Inserted> {
        if let Some(own) = &mut self.own
            && own.exists(params![trade.at.us(), trade.id.as_str()])?
        {
            return Ok(Inserted::Duplicate);
        }
        if self.bulk.as_mut().is_some_and(|bulk| !bulk.seen.insert(trade.id.as_str())) {
            self.end_bulk()?;
        }
        if self.bulk.is_none()
            && let Some(stored) = find(self.connection, &trade.id)?
        {
            return Ok(if stored == *trade { Inserted::Duplicate } else { Inserted::Conflict });
        }
        self.insert.execute(params![
            trade.id.as_str(),
            trade.symbol.as_str(),
            trade.side.as_str(),
            trade.price.to_string(),
            trade.quantity.to_string(),
            trade.funds.to_string(),
            trade.fee.to_string(),
            trade.fee_asset.as_str(),
            trade.at.us(),
            repair.marks(),
            raw,
            // What nearly every sell turns out to be; `settle_basis` corrects the others.
            (trade.side == Side::Sell).then_some(Basis::Known.as_str()),
        ])?;
        Ok(Inserted::New)
    }

    /// Ends the import: without it the table may lack its indexes.
    pub fn finish(mut self) -> rusqlite::Result<()> {
        self.end_bulk()
    }

    fn end_bulk(&mut self) -> rusqlite::Result<()> {
        let Some(Bulk { seen, indexes }) = self.bulk.take() else { return Ok(()) };
        drop(seen);
        indexes.iter().try_for_each(|index| self.connection.execute_batch(index))
    }
}

impl Bulk {
    /// Drops the indexes of the empty table.
    fn begin(connection: &Connection) -> rusqlite::Result<Self> {
        let named: Vec<(String, String)> = connection
            .prepare(
                "SELECT name, sql FROM sqlite_schema
                 WHERE type = 'index' AND tbl_name = 'imported_trades' ORDER BY name",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (name, _) in &named {
            connection.execute_batch(&format!("DROP INDEX {name}"))?;
        }
        let indexes = named.into_iter().map(|(_, sql)| sql).collect();
        Ok(Self { seen: Seen::default(), indexes })
    }
}

fn find(connection: &Connection, id: &TradeId) -> rusqlite::Result<Option<ImportedTrade>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM imported_trades WHERE trade_id = ?1"))?
        .query_row([id.as_str()], ImportedTrade::from_row)
        .optional()
}

/// Calls `each` with every trade, symbol by symbol, in time order within one.
pub fn for_each_by_symbol<E: From<rusqlite::Error>>(
    connection: &Connection,
    mut each: impl FnMut(ImportedTrade) -> Result<(), E>,
) -> Result<(), E> {
    let query = format!("SELECT {COLUMNS} FROM imported_trades ORDER BY symbol, at_us, trade_id");
    let mut statement = connection.prepare(&query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(ImportedTrade::from_row(row)?)?;
    }
    Ok(())
}

/// The trades of a window, oldest first: from `start` on, before `end`.
pub fn between(
    connection: &Connection,
    start: Timestamp,
    end: Timestamp,
) -> rusqlite::Result<Vec<ImportedTrade>> {
    let query = format!(
        "SELECT {COLUMNS} FROM imported_trades INDEXED BY imported_trades_at
         WHERE at_us >= ?1 AND at_us < ?2 ORDER BY at_us, trade_id"
    );
    connection
        .prepare_cached(&query)?
        .query_map([start.us(), end.us()], ImportedTrade::from_row)?
        .collect()
}

/// When the first trade was; `None` without any.
pub fn first_at(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let first: Option<i64> =
        connection.query_row("SELECT min(at_us) FROM imported_trades", [], |row| row.get(0))?;
    Ok(first.map(Timestamp::from_us))
}

/// The buy of a symbol at an instant: the id of the lot that a sell consumed first.
pub fn buy_at(
    connection: &Connection,
    symbol: &Symbol,
    at: Timestamp,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT trade_id FROM imported_trades
             WHERE at_us = ?1 AND symbol = ?2 AND side = 'buy' ORDER BY trade_id LIMIT 1",
        )?
        .query_row(params![at.us(), symbol.as_str()], |row| row.get(0))
        .optional()
}

/// Writes whether each sell had something to sell, and returns how many had not.
///
/// Only the quantity held matters for that: it rises with buys, falls with sells and stops at zero.
/// New rows may change the answer for old ones, so every sell is looked at; few are written. Memory
/// is one number a symbol.
pub fn settle_basis(connection: &Connection) -> rusqlite::Result<u64> {
    let mut orphans = 0;
    let mut changed: Vec<(i64, Basis)> = Vec::new();
    {
        let mut statement = connection.prepare(
            "SELECT symbol, side, quantity, basis, trade FROM imported_trades
             INDEXED BY imported_trades_at ORDER BY at_us, trade_id",
        )?;
        let mut rows = statement.query([])?;
        let mut held: BTreeMap<String, Decimal> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let symbol = row.get_ref(0)?.as_str()?;
            let held = match held.get_mut(symbol) {
                Some(held) => held,
                None => held.entry(symbol.to_owned()).or_default(),
            };
            let quantity = column::parsed(row, 2, Decimal::parse)?;
            if row.get_ref(1)?.as_str()? == Side::Buy.as_str() {
                *held += quantity;
                continue;
            }
            let basis = if held.is_positive() { Basis::Known } else { Basis::Unknown };
            *held = (*held - quantity).max(Decimal::ZERO);
            orphans += u64::from(basis == Basis::Unknown);
            if row.get_ref(3)?.as_str_or_null()? != Some(basis.as_str()) {
                changed.push((row.get(4)?, basis));
            }
        }
    }
    let mut update =
        connection.prepare_cached("UPDATE imported_trades SET basis = ?2 WHERE trade = ?1")?;
    for (trade, basis) in changed {
        update.execute(params![trade, basis.as_str()])?;
    }
    Ok(orphans)
}

/// How many trades there are.
pub fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 =
        connection.query_row("SELECT count(*) FROM imported_trades", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
