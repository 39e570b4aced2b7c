//! Rows: how each word of the domain is written to its table. Every statement of the writer is here.

use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{Connection, Transaction, params};

use super::run::RunUpdate;
use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, HoldCode};
use crate::domain::identifier::Asset;
use crate::domain::position::{Basis, Lot, Position};
use crate::domain::record::{
    FillRecord, IntentRecord, OrderRecord, PositionRow, Record, Sample, TransferRecord,
    TransitionRecord,
};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

impl ToSql for Decimal {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.to_string()))
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.us()))
    }
}

/// A fact as an event row.
pub(super) struct Event {
    pub(super) kind: &'static str,
    pub(super) reference: String,
    pub(super) payload: String,
}

pub(super) fn event(record: &Record) -> Event {
    let (kind, reference, payload) = match record {
        Record::Decision(decision) => {
            ("decision", decision.client_order_id.to_string(), json(decision))
        }
        Record::Intent(intent) => ("intent", intent.client_order_id.to_string(), json(intent)),
        Record::Order(order) => ("order", order.client_order_id.to_string(), json(order)),
        Record::Fill(fill) => ("fill", fill.client_order_id.to_string(), json(fill)),
        Record::HoldSet(hold) => ("hold_set", hold.code.to_string(), json(hold)),
        Record::HoldCleared { scope, code } => {
            ("hold_cleared", code.to_string(), json(&serde_json::json!({ "scope": scope })))
        }
        Record::Transition(transition) => {
            ("transition", transition.code.to_string(), json(transition))
        }
        Record::Operator(said) => ("operator", said.command.id.to_string(), json(said)),
        Record::KillVerified { since } => {
            let payload = json(&serde_json::json!({ "since": since }));
            ("kill_verified", HoldCode::KillSwitch.to_string(), payload)
        }
        Record::Transfer(transfer) => ("transfer", transfer.asset.to_string(), json(transfer)),
        Record::Surprise(surprise) => ("surprise", surprise.subject.clone(), json(surprise)),
        Record::Run { run, phase } => {
            ("run", run.to_string(), json(&serde_json::json!({ "phase": phase })))
        }
    };
    Event { kind, reference, payload }
}

/// JSON of a record: our own types, which have no keys or numbers that JSON cannot carry.
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("records serialise: string keys and decimals as text")
}

pub(super) fn insert_intent(
    transaction: &Transaction<'_>,
    at: Timestamp,
    intent: &IntentRecord,
) -> rusqlite::Result<()> {
    let order_type = if intent.price.is_some() { "limit" } else { "market" };
    let time_in_force = match intent.time_in_force {
        crate::domain::order::TimeInForce::Gtc => "GTC",
        crate::domain::order::TimeInForce::Ioc => "IOC",
        crate::domain::order::TimeInForce::Fok => "FOK",
    };
    transaction
        .prepare_cached(
            "INSERT INTO intents (client_order_id, symbol, side, purpose, order_type, time_in_force,
                post_only, price, quantity, reference_price, created_at_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            intent.client_order_id.as_str(),
            intent.symbol.as_str(),
            intent.side.as_str(),
            intent.purpose.as_str(),
            order_type,
            time_in_force,
            intent.post_only,
            intent.price,
            intent.quantity,
            intent.reference_price,
            at,
        ])?;
    Ok(())
}

pub(super) fn put_order(
    transaction: &Transaction<'_>,
    at: Timestamp,
    order: &OrderRecord,
) -> rusqlite::Result<()> {
    let client_order_id = order.client_order_id.as_str();
    transaction
        .prepare_cached(
            "INSERT INTO orders (client_order_id, venue_order_id, status, filled, notional, fee,
                reason_code, reason, updated_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (client_order_id) DO UPDATE SET
                venue_order_id = excluded.venue_order_id, status = excluded.status,
                filled = excluded.filled, notional = excluded.notional, fee = excluded.fee,
                reason_code = excluded.reason_code, reason = excluded.reason,
                updated_at_us = excluded.updated_at_us",
        )?
        .execute(params![
            client_order_id,
            order.venue_order_id.as_ref().map(|id| id.as_str()),
            order.status.as_str(),
            order.filled,
            order.notional,
            order.fee,
            order.reason_code,
            order.reason,
            at,
        ])?;
    if order.status.is_terminal() {
        transaction
            .prepare_cached(
                "UPDATE intents SET ended_at_us = ?2 WHERE client_order_id = ?1 AND ended_at_us IS NULL",
            )?
            .execute(params![client_order_id, at])?;
    }
    Ok(())
}

pub(super) fn insert_fill(
    transaction: &Transaction<'_>,
    number: i64,
    at: Timestamp,
    fill: &FillRecord,
) -> rusqlite::Result<()> {
    let realized = fill.realized.as_ref();
    transaction
        .prepare_cached(
            "INSERT INTO fills (fill, symbol, execution_id, venue_sequence, client_order_id,
                venue_order_id, side, purpose, price, quantity, notional, fee, fee_asset, liquidity,
                reference_price, at_us, matched, gross, fees, net, basis, opened_at_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                ?19, ?20, ?21, ?22)",
        )?
        .execute(params![
            number,
            fill.symbol.as_str(),
            fill.execution_id.as_str(),
            i64::try_from(fill.venue_sequence).unwrap_or(i64::MAX),
            fill.client_order_id.as_str(),
            fill.venue_order_id.as_str(),
            fill.side.as_str(),
            fill.purpose.as_str(),
            fill.price,
            fill.quantity,
            fill.notional,
            fill.fee,
            fill.fee_asset.as_str(),
            fill.liquidity.as_str(),
            fill.reference_price,
            at,
            realized.map(|realized| realized.matched),
            realized.map(|realized| realized.gross),
            realized.map(|realized| realized.fees),
            realized.map(|realized| realized.net),
            realized.map(|realized| realized.basis.as_str()),
            realized.and_then(|realized| realized.opened_at),
        ])?;
    Ok(())
}

pub(super) fn insert_hold(transaction: &Transaction<'_>, hold: &Hold) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO holds (scope, code, level, reason, set_at_us, until_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            hold.scope_str(),
            hold.code.as_str(),
            hold.level.as_str(),
            hold.reason,
            hold.set_at,
            hold.until,
        ])?;
    Ok(())
}

pub(super) fn clear_hold(
    transaction: &Transaction<'_>,
    at: Timestamp,
    scope: Option<Symbol>,
    code: HoldCode,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE holds SET cleared_at_us = ?3
             WHERE scope = ?1 AND code = ?2 AND cleared_at_us IS NULL",
        )?
        .execute(params![scope.as_ref().map_or("global", Symbol::as_str), code.as_str(), at])?;
    Ok(())
}

pub(super) fn insert_transition(
    transaction: &Transaction<'_>,
    at: Timestamp,
    change: &TransitionRecord,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO transitions (from_state, to_state, code, at_us) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![change.from.as_str(), change.to.as_str(), change.code.as_str(), at])?;
    Ok(())
}

pub(super) fn insert_transfer(
    transaction: &Transaction<'_>,
    at: Timestamp,
    transfer: &TransferRecord,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO transfers (asset, amount, kind, reason, at_us, venue_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            transfer.asset.as_str(),
            transfer.amount,
            transfer.kind,
            transfer.reason,
            at,
            transfer.venue_id,
        ])?;
    Ok(())
}

pub(super) fn count_refusal(
    transaction: &Transaction<'_>,
    at: Timestamp,
    symbol: Symbol,
    code: &str,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO refusals (day_us, symbol, code, count) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (day_us, symbol, code) DO UPDATE SET count = count + 1",
        )?
        .execute(params![at.day(), symbol.as_str(), code])?;
    Ok(())
}

pub(super) fn insert_sample(
    transaction: &Transaction<'_>,
    sample: &Sample,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO samples (at_us, equity, cash, cash_available, exposure, unrealized,
                positions, open_buy_orders, open_sell_orders, state, complete)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            sample.at,
            sample.equity,
            sample.cash,
            sample.cash_available,
            sample.exposure,
            sample.unrealized,
            sample.positions,
            sample.open_buy_orders,
            sample.open_sell_orders,
            sample.state.as_str(),
            sample.complete,
        ])?;
    Ok(())
}

pub(super) fn put_position(
    transaction: &Transaction<'_>,
    at: Timestamp,
    row: &PositionRow,
) -> rusqlite::Result<()> {
    let position = Position::new(row.lots.iter().copied());
    let unknown = row.lots.iter().any(|lot| lot.basis == Basis::Unknown);
    let basis = if unknown { Basis::Unknown } else { Basis::Known };
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO positions (symbol, quantity, cost, fee, basis, mark_price,
                stop_price, take_profit_price, high_price, opened_at_us, bought, sold, transferred,
                updated_at_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            row.symbol.as_str(),
            position.quantity(),
            position.cost(),
            position.fee(),
            basis.as_str(),
            row.mark_price,
            row.stop_price,
            row.take_profit_price,
            row.high_price,
            position.opened_at(),
            row.bought,
            row.sold,
            row.transferred,
            at,
        ])?;
    put_lots(transaction, row.symbol, &row.lots)
}

fn put_lots(transaction: &Transaction<'_>, symbol: Symbol, lots: &[Lot]) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM lots WHERE symbol = ?1")?.execute([symbol.as_str()])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO lots (symbol, lot, quantity, cost, fee, basis, opened_at_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (number, lot) in lots.iter().enumerate() {
        insert.execute(params![
            symbol.as_str(),
            i64::try_from(number).unwrap_or(i64::MAX),
            lot.quantity,
            lot.cost,
            lot.fee,
            lot.basis.as_str(),
            lot.opened_at,
        ])?;
    }
    Ok(())
}

pub(super) fn put_balance(
    transaction: &Transaction<'_>,
    at: Timestamp,
    asset: Asset,
    total: Decimal,
    hold: Decimal,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO balances (asset, total, hold, updated_at_us) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![asset.as_str(), total, hold, at])?;
    Ok(())
}

/// Sets a row of `meta`.
pub(super) fn put_meta(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
        .execute([key, value])?;
    Ok(())
}

pub(super) fn update_run(
    transaction: &Transaction<'_>,
    update: &RunUpdate,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE runs SET ready_at_us = coalesce(?2, ready_at_us),
                progress_at_us = coalesce(?3, progress_at_us),
                engine_at_us = coalesce(?4, engine_at_us), data_at_us = coalesce(?5, data_at_us),
                ended_at_us = coalesce(?6, ended_at_us), end_cause = coalesce(?7, end_cause),
                cause = coalesce(?8, cause)
             WHERE run = ?1",
        )?
        .execute(params![
            update.run,
            update.ready_at,
            update.progress.map(|progress| progress.wall_at),
            update.progress.map(|progress| progress.engine_at),
            update.progress.map(|progress| progress.data_at),
            update.ended.as_ref().map(|end| end.at),
            update.ended.as_ref().map(|end| end.words.as_str()),
            update.ended.as_ref().map(|end| end.cause.as_str()),
        ])?;
    Ok(())
}
