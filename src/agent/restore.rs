//! What the ledger and the venue's account know, as the engine's words for a reconciliation.

use std::time::Duration;

use rusqlite::Connection;

use super::error::AgentError;
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::domain::order_status::OrderStatus;
use crate::domain::position::Position;
use crate::domain::record::PositionRow;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::engine::reconcile::{Known, KnownPosition, Movement, VenueOrderView, VenueSnapshot};
use crate::engine::working_order::WorkingOrder;
use crate::exchange::kucoin::order_tracker::End;
use crate::exchange::kucoin::venue::{
    AccountMovement, AccountOrder, AccountView, OpenIntent, StartFrom,
};
use crate::exchange::paper::{AccountStore, PaperVenue, VenueOrder};
use crate::store::load::{self, BookedTrade, LedgerState, OpenOrder};

/// Fills asked from disk at once.
const EXECUTIONS_PAGE: usize = 10_000;

/// Instruments that the ledger holds something of, or has an order open in.
pub(super) fn held(ledger: &LedgerState) -> Vec<Symbol> {
    let positions = ledger.positions.iter().filter(|row| !row.lots.is_empty());
    let orders = ledger.open_orders.iter().map(|open| open.intent.symbol);
    let mut held: Vec<Symbol> = positions.map(|row| row.symbol).chain(orders).collect();
    held.sort_unstable();
    held.dedup();
    held
}

/// The ledger's state for these instruments.
pub fn known(
    instruments: &[Instrument],
    ledger: LedgerState,
    seen_until: Option<Timestamp>,
) -> Result<Known, AgentError> {
    let mut known = Known {
        balances: ledger.balances,
        holds: ledger.holds,
        venue_cursor: ledger.venue_cursor,
        movements: ledger.movements,
        last_at: seen_until,
        ..Known::default()
    };
    for row in ledger.positions {
        match find(instruments, row.symbol) {
            Some((id, _)) => known.positions.push(position(id, row)),
            None if row.lots.is_empty() => {}
            None => return Err(missing("a position", row.symbol)),
        }
    }
    for open in ledger.open_orders {
        let symbol = open.intent.symbol;
        let (id, instrument) =
            find(instruments, symbol).ok_or_else(|| missing("an open order", symbol))?;
        known.orders.push(order(id, instrument, &open)?);
    }
    Ok(known)
}

fn find(instruments: &[Instrument], symbol: Symbol) -> Option<(InstrumentId, &Instrument)> {
    let index = instruments.iter().position(|instrument| instrument.symbol() == symbol)?;
    Some((InstrumentId(u16::try_from(index).ok()?), instruments.get(index)?))
}

fn missing(what: &str, symbol: Symbol) -> AgentError {
    AgentError::Mismatch(format!(
        "the ledger has {what} in {symbol}, which this market does not have; run the market it was \
         traded on, or name another --state-dir"
    ))
}

fn position(instrument: InstrumentId, row: PositionRow) -> KnownPosition {
    KnownPosition {
        instrument,
        position: Position::new(row.lots),
        high_price: row.high_price,
        bought: row.bought,
        sold: row.sold,
        transferred: row.transferred,
    }
}

fn order(
    id: InstrumentId,
    instrument: &Instrument,
    open: &OpenOrder,
) -> Result<WorkingOrder, AgentError> {
    let OpenOrder { intent, created_at, order } = open;
    let off_grid = |error| {
        let id = intent.client_order_id;
        AgentError::Mismatch(format!(
            "open order {id}: {error} of this market; name another --state-dir"
        ))
    };
    let reference = instrument.price(intent.reference_price).map_err(off_grid)?;
    let price = intent.price.map(|price| instrument.price(price)).transpose().map_err(off_grid)?;
    let filled = order.as_ref().map_or(Decimal::ZERO, |order| order.filled);
    let mut working = WorkingOrder {
        client_order_id: intent.client_order_id,
        instrument: id,
        side: intent.side,
        purpose: intent.purpose,
        price: price.unwrap_or(reference),
        time_in_force: intent.time_in_force,
        post_only: intent.post_only,
        quantity: instrument.quantity(intent.quantity).map_err(off_grid)?,
        filled: instrument.quantity(filled).map_err(off_grid)?,
        notional: order.as_ref().map_or(Decimal::ZERO, |order| order.notional),
        fee: order.as_ref().map_or(Decimal::ZERO, |order| order.fee),
        reference_price: reference,
        created_at: *created_at,
        updated_at: *created_at,
        status: order.as_ref().map_or(OrderStatus::Created, |order| order.status),
        venue_order_id: order.as_ref().and_then(|order| order.venue_order_id),
        hold: (instrument.quote(), Decimal::ZERO),
    };
    working.hold = instrument.hold(working.side, working.price, working.remaining());
    Ok(working)
}

/// What the paper venue's account says, for a reconciliation of what is known.
pub(super) fn paper_snapshot(
    instruments: &[Instrument],
    known: &Known,
    venue: &PaperVenue,
    account: &AccountStore,
) -> Result<VenueSnapshot, AgentError> {
    let view = |order: &VenueOrder| view(instruments, order);
    let ended = known.orders.iter().filter_map(|order| venue.order(&order.client_order_id));
    Ok(VenueSnapshot {
        open_orders: venue.open_orders().filter_map(view).collect(),
        ended_orders: ended.filter(|order| !order.is_open()).filter_map(view).collect(),
        executions: executions(known.venue_cursor, venue, account)?,
        venue_sequence: venue.venue_sequence(),
        balances: venue.balances().clone(),
        ..VenueSnapshot::remembering_all()
    })
}

/// The same while running; `None` where the venue does not remember the fills from the cursor on.
pub(super) fn paper_view(
    instruments: &[Instrument],
    venue: &PaperVenue,
    (cursor, now): (u64, Timestamp),
) -> Option<VenueSnapshot> {
    Some(VenueSnapshot {
        asked_at: now,
        open_orders: venue.open_orders().filter_map(|order| view(instruments, order)).collect(),
        executions: venue.executions_since(cursor)?.copied().collect(),
        venue_sequence: venue.venue_sequence(),
        balances: venue.balances().clone(),
        ..VenueSnapshot::remembering_all()
    })
}

/// What KuCoin says of the account.
pub fn live_snapshot(account: AccountView) -> VenueSnapshot {
    let view = |order: &AccountOrder| VenueOrderView {
        client_order_id: order.client_order_id,
        venue_order_id: order.venue_order_id,
        symbol: order.symbol,
        status: match order.end {
            None => OrderStatus::New,
            Some(End::Filled) => OrderStatus::Filled,
            Some(End::Canceled) => OrderStatus::Canceled,
        },
    };
    let movement = |it: AccountMovement| {
        let AccountMovement { id, asset, amount, kind, at } = it;
        Movement { id, asset, amount, kind, at }
    };
    VenueSnapshot {
        asked_at: account.asked_at,
        open_orders: account.open.iter().map(view).collect(),
        ended_orders: account.ended.iter().map(view).collect(),
        executions: account.executions,
        venue_sequence: account.venue_sequence,
        balances: account.balances,
        movements: account.movements.map(|all| all.into_iter().map(movement).collect()),
        history_from: account.history_from,
    }
}

/// Fills of the ledger that the venue is told not to give again: all of the week it looks back.
const TRADES_LOADED_MAX: u32 = 50_000;
/// The venue lists fills of a week.
const FILLS_LISTED: Duration = Duration::from_secs(7 * 86_400);
/// How far the list of fills reaches back behind the ledger's last one.
const OVERLAP: Duration = Duration::from_secs(600);

/// Where the ledger begins: at its first event. One without any begins now: what was before is adopted
/// as it stands.
fn ledger_begin(ledger: &Connection, now: Timestamp) -> rusqlite::Result<Timestamp> {
    let first: Option<i64> =
        ledger.query_row("SELECT min(at_us) FROM events WHERE seq <= 1", [], |row| row.get(0))?;
    Ok(first.map_or(now, Timestamp::from_us))
}

/// What the ledger knows of the account, for the venue to go on from.
pub(super) fn start_from(
    instruments: &[Instrument],
    ledger: &Connection,
    known: &Known,
    now: Timestamp,
) -> Result<StartFrom, AgentError> {
    let begin = ledger_begin(ledger, now)?;
    let trades = load::booked_trades(ledger, TRADES_LOADED_MAX)?;
    // Fills are listed as far as the venue looks back.
    let from = go_on_from(instruments, known, begin.max(now - FILLS_LISTED), trades);
    Ok(StartFrom { begin, ..from })
}

/// What the ledger knows of the account, with its trades of the week, newest first. The venue's fills
/// begin to count at `begin`.
pub fn go_on_from(
    instruments: &[Instrument],
    known: &Known,
    begin: Timestamp,
    trades: Vec<BookedTrade>,
) -> StartFrom {
    let mut from = StartFrom {
        venue_sequence: known.venue_cursor,
        since: vec![begin; instruments.len()],
        ..StartFrom::default()
    };
    for trade in trades {
        from.orders.insert(trade.venue_order_id, trade.client_order_id);
        let Some((id, _)) = find(instruments, trade.symbol) else { continue };
        let Ok(trade_id) = trade.execution_id.as_str().parse() else { continue };
        from.trades.push((id, trade_id));
        if let Some(since) = from.since.get_mut(id.index()) {
            *since = (trade.at - OVERLAP).max(*since);
        }
    }
    // The oldest first, as the venue gave them.
    from.trades.reverse();
    for order in &known.orders {
        let Some(instrument) = instruments.get(order.instrument.index()) else { continue };
        from.intents.push(OpenIntent {
            client_order_id: order.client_order_id,
            instrument: order.instrument,
            time_in_force: order.time_in_force,
            size: instrument.quantity_of(order.quantity),
            booked: instrument.quantity_of(order.filled),
        });
    }
    from
}

fn view(instruments: &[Instrument], order: &VenueOrder) -> Option<VenueOrderView> {
    Some(VenueOrderView {
        client_order_id: order.client_order_id,
        venue_order_id: order.venue_order_id,
        symbol: instruments.get(order.instrument.index())?.symbol(),
        status: order.status,
    })
}

/// Every fill after the cursor, from memory where it reaches back that far, else from disk.
fn executions(
    cursor: u64,
    venue: &PaperVenue,
    account: &AccountStore,
) -> Result<Vec<Execution>, AgentError> {
    if let Some(executions) = venue.executions_since(cursor) {
        return Ok(executions.copied().collect());
    }
    let mut all: Vec<Execution> = Vec::new();
    loop {
        let since = all.last().map_or(cursor, |last| last.venue_sequence);
        let page = account.executions_since(since, EXECUTIONS_PAGE)?;
        let whole = page.len() == EXECUTIONS_PAGE;
        all.extend(page);
        if !whole {
            return Ok(all);
        }
    }
}
