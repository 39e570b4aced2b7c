//! Orders, fills and balances as rows of the account file: by symbol and decimal, not by an
//! instrument's index and grid, so that they mean the same under any configuration.

use std::str::FromStr;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Row, Transaction, params};

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::{Asset, ClientOrderId, ExecutionId, InstrumentId, VenueOrderId};
use crate::domain::instrument::{Instrument, InstrumentError, Liquidity};
use crate::domain::order::TimeInForce;
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

use super::order::{SelfTrade, VenueOrder, Visibility};

/// Columns of [`OrderRow`], in its order.
pub(super) const ORDER_COLUMNS: &str = "sequence, client_order_id, venue_order_id, symbol, side, \
    price, time_in_force, post_only, quantity, filled, filled_notional, fee, status, queue_ahead, \
    hold, accepted_at_us, updated_at_us, funds, reduced, self_trade, visible, expires_at_us";

/// Columns of [`ExecutionRow`], in its order.
pub(super) const EXECUTION_COLUMNS: &str = "venue_sequence, symbol, trade_id, client_order_id, \
    venue_order_id, side, price, quantity, notional, fee, liquidity, at_us";

/// An accepted order, as [`VenueOrder`] in units instead of ticks and lots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderRow {
    /// Time priority.
    pub sequence: u64,
    /// The client's identifier.
    pub client_order_id: ClientOrderId,
    /// The venue's.
    pub venue_order_id: VenueOrderId,
    /// Which instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// The limit in quote units; `None` for a market order.
    pub price: Option<Decimal>,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Adds liquidity only.
    pub post_only: bool,
    /// Asked, in base units.
    pub quantity: Decimal,
    /// Filled, in base units.
    pub filled: Decimal,
    /// Sum of the fills' notional, in quote units.
    pub filled_notional: Decimal,
    /// Sum of the fills' fees, in quote units.
    pub fee: Decimal,
    /// Where it is.
    pub status: OrderStatus,
    /// Base units ahead in its queue; `None` while its price is not displayed.
    pub queue_ahead: Option<Decimal>,
    /// What it holds of the quote (buy) or base asset (sell).
    pub hold: Decimal,
    /// Taken by the venue.
    pub accepted_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Asked, in quote units, where the order was by funds.
    pub funds: Option<Decimal>,
    /// Taken off while it went on, in base units.
    pub reduced: Decimal,
    /// What happens where it arrives at an own order.
    pub self_trade: Option<SelfTrade>,
    /// How much of it the book shows, in base units.
    pub visibility: Visibility<Decimal>,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A fill, as [`Execution`] in units instead of ticks and lots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExecutionRow {
    /// Counts the account's fills from 1.
    pub venue_sequence: u64,
    /// Which instrument.
    pub symbol: Symbol,
    /// Counts the symbol's fills from 1: the execution id.
    pub trade_id: u64,
    /// The client's identifier.
    pub client_order_id: ClientOrderId,
    /// The venue's.
    pub venue_order_id: VenueOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Quote units.
    pub price: Decimal,
    /// Base units.
    pub quantity: Decimal,
    /// Quote units.
    pub notional: Decimal,
    /// Quote units.
    pub fee: Decimal,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// When it happened.
    pub at: Timestamp,
}

impl OrderRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: number(row, 0)?,
            client_order_id: text(row, 1)?,
            venue_order_id: text(row, 2)?,
            symbol: text(row, 3)?,
            side: text(row, 4)?,
            price: text_or_null(row, 5)?,
            time_in_force: time_in_force(row, 6)?,
            post_only: row.get(7)?,
            quantity: text(row, 8)?,
            filled: text(row, 9)?,
            filled_notional: text(row, 10)?,
            fee: text(row, 11)?,
            status: text(row, 12)?,
            queue_ahead: text_or_null(row, 13)?,
            hold: text(row, 14)?,
            accepted_at: Timestamp::from_us(row.get(15)?),
            updated_at: Timestamp::from_us(row.get(16)?),
            funds: text_or_null(row, 17)?,
            reduced: text(row, 18)?,
            self_trade: text_or_null(row, 19)?,
            visibility: match text_or_null(row, 20)? {
                None => Visibility::Whole,
                Some(Decimal::ZERO) => Visibility::Hidden,
                Some(shown) => Visibility::Iceberg(shown),
            },
            expires_at: row.get::<_, Option<i64>>(21)?.map(Timestamp::from_us),
        })
    }

    /// The order on the grid of `instrument`, if it fits.
    pub fn venue_order(
        &self,
        id: InstrumentId,
        instrument: &Instrument,
    ) -> Result<VenueOrder, InstrumentError> {
        Ok(VenueOrder {
            sequence: self.sequence,
            client_order_id: self.client_order_id,
            venue_order_id: self.venue_order_id,
            instrument: id,
            side: self.side,
            price: self.price.map(|price| instrument.price(price)).transpose()?,
            time_in_force: self.time_in_force,
            post_only: self.post_only,
            quantity: instrument.quantity(self.quantity)?,
            filled: instrument.quantity(self.filled)?,
            filled_notional: self.filled_notional,
            fee: self.fee,
            status: self.status,
            queue_ahead: match self.queue_ahead {
                Some(ahead) => instrument.quantity(ahead)?,
                None => VenueOrder::QUEUE_UNKNOWN,
            },
            hold: self.hold,
            accepted_at: self.accepted_at,
            updated_at: self.updated_at,
            funds: self.funds,
            reduced: instrument.quantity(self.reduced)?,
            self_trade: self.self_trade,
            visibility: match self.visibility {
                Visibility::Whole => Visibility::Whole,
                Visibility::Hidden => Visibility::Hidden,
                Visibility::Iceberg(shown) => Visibility::Iceberg(instrument.quantity(shown)?),
            },
            expires_at: self.expires_at,
        })
    }
}

impl ExecutionRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            venue_sequence: number(row, 0)?,
            symbol: text(row, 1)?,
            trade_id: number(row, 2)?,
            client_order_id: text(row, 3)?,
            venue_order_id: text(row, 4)?,
            side: text(row, 5)?,
            price: text(row, 6)?,
            quantity: text(row, 7)?,
            notional: text(row, 8)?,
            fee: text(row, 9)?,
            liquidity: liquidity(row, 10)?,
            at: Timestamp::from_us(row.get(11)?),
        })
    }

    /// The fill on the grid of `instrument`, if it fits.
    pub fn execution(
        &self,
        id: InstrumentId,
        instrument: &Instrument,
    ) -> Result<Execution, InstrumentError> {
        Ok(Execution {
            execution_id: self.execution_id(),
            venue_sequence: self.venue_sequence,
            client_order_id: self.client_order_id,
            venue_order_id: self.venue_order_id,
            instrument: id,
            side: self.side,
            price: instrument.price(self.price)?,
            quantity: instrument.quantity(self.quantity)?,
            notional: self.notional,
            fee: self.fee,
            fee_asset: self.symbol.quote(),
            liquidity: self.liquidity,
            at: self.at,
        })
    }

    /// The venue's id for this fill.
    pub fn execution_id(&self) -> ExecutionId {
        ExecutionId::new(&self.trade_id.to_string()).expect("20 digits at most")
    }
}

pub(super) fn put_order(
    transaction: &Transaction<'_>,
    instrument: &Instrument,
    order: &VenueOrder,
) -> rusqlite::Result<()> {
    let queue_ahead = (order.queue_ahead != VenueOrder::QUEUE_UNKNOWN)
        .then(|| instrument.quantity_of(order.queue_ahead));
    let visible = match order.visibility {
        Visibility::Whole => None,
        Visibility::Hidden => Some(Decimal::ZERO),
        Visibility::Iceberg(shown) => Some(instrument.quantity_of(shown)),
    };
    let time_in_force = match order.time_in_force {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
    };
    transaction
        .prepare_cached(
            "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
                ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
             ON CONFLICT (sequence) DO UPDATE SET
                filled = excluded.filled, filled_notional = excluded.filled_notional,
                fee = excluded.fee, status = excluded.status, queue_ahead = excluded.queue_ahead,
                hold = excluded.hold, updated_at_us = excluded.updated_at_us,
                reduced = excluded.reduced",
        )?
        .execute(params![
            signed(order.sequence),
            order.client_order_id.as_str(),
            order.venue_order_id.as_str(),
            instrument.symbol().as_str(),
            order.side.as_str(),
            order.price.map(|price| instrument.price_of(price)),
            time_in_force,
            order.post_only,
            instrument.quantity_of(order.quantity),
            instrument.quantity_of(order.filled),
            order.filled_notional,
            order.fee,
            order.status.as_str(),
            queue_ahead,
            order.hold,
            order.accepted_at,
            order.updated_at,
            order.funds,
            instrument.quantity_of(order.reduced),
            order.self_trade.map(SelfTrade::as_str),
            visible,
            order.expires_at,
        ])?;
    Ok(())
}

pub(super) fn insert_execution(
    transaction: &Transaction<'_>,
    instrument: &Instrument,
    fill: &Execution,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO executions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            signed(fill.venue_sequence),
            instrument.symbol().as_str(),
            trade_id(fill),
            fill.client_order_id.as_str(),
            fill.venue_order_id.as_str(),
            fill.side.as_str(),
            instrument.price_of(fill.price),
            instrument.quantity_of(fill.quantity),
            fill.notional,
            fill.fee,
            fill.liquidity.as_str(),
            fill.at,
        ])?;
    Ok(())
}

pub(super) fn put_balance(
    transaction: &Transaction<'_>,
    asset: Asset,
    deposited: Decimal,
    balance: Balance,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO balances VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (asset) DO UPDATE SET total = excluded.total, hold = excluded.hold",
        )?
        .execute(params![asset.as_str(), deposited, balance.total(), balance.hold()])?;
    Ok(())
}

/// The trade id within an execution id of this venue.
pub(super) fn trade_id(fill: &Execution) -> i64 {
    fill.execution_id.as_str().parse().expect("this venue's execution ids are decimal numbers")
}

/// Sequences count what happened here: far below 2^63.
pub(super) fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).expect("a sequence below 2^63")
}

pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| bad(column, "a negative sequence"))
}

/// A column whose text is one of the domain's words.
pub(super) fn text<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let value = row.get_ref(column)?.as_str().map_err(|error| bad(column, &error.to_string()))?;
    T::from_str(value).map_err(|_| bad(column, value))
}

fn text_or_null<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let is_null = row.get_ref(column)? == ValueRef::Null;
    if is_null { Ok(None) } else { text(row, column).map(Some) }
}

fn time_in_force(row: &Row<'_>, column: usize) -> rusqlite::Result<TimeInForce> {
    match row.get_ref(column)?.as_str()? {
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        other => Err(bad(column, other)),
    }
}

fn liquidity(row: &Row<'_>, column: usize) -> rusqlite::Result<Liquidity> {
    match row.get_ref(column)?.as_str()? {
        "maker" => Ok(Liquidity::Maker),
        "taker" => Ok(Liquidity::Taker),
        other => Err(bad(column, other)),
    }
}

fn bad(column: usize, what: &str) -> rusqlite::Error {
    let why = format!("{what:?} does not belong into column {column}");
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
