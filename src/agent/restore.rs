//! What the ledger and the venue's account know, as the engine's words for a reconciliation.

use super::error::AgentError;
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::domain::order_status::OrderStatus;
use crate::domain::position::Position;
use crate::domain::record::PositionRow;
use crate::domain::symbol::Symbol;
use crate::engine::Engine;
use crate::engine::reconcile::{Known, KnownPosition, VenueOrderView, VenueSnapshot};
use crate::engine::working_order::WorkingOrder;
use crate::exchange::paper::{AccountStore, PaperVenue, VenueOrder};
use crate::store::load::{LedgerState, OpenOrder};

/// Fills asked from disk at once.
const EXECUTIONS_PAGE: usize = 10_000;

/// The ledger's state for these instruments.
pub(super) fn known(instruments: &[Instrument], ledger: LedgerState) -> Result<Known, AgentError> {
    let mut known = Known {
        balances: ledger.balances,
        holds: ledger.holds,
        venue_cursor: ledger.venue_cursor,
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
        status: order.as_ref().map_or(OrderStatus::Created, |order| order.status),
        venue_order_id: order.as_ref().and_then(|order| order.venue_order_id),
        hold: (instrument.quote(), Decimal::ZERO),
    };
    working.hold = instrument.hold(working.side, working.price, working.remaining());
    Ok(working)
}

/// What the venue's account says, for a reconciliation of `engine`.
pub(super) fn venue_snapshot(
    engine: &Engine,
    venue: &PaperVenue,
    account: &AccountStore,
) -> Result<VenueSnapshot, AgentError> {
    let ended = engine.open_orders().filter_map(|order| venue.order(&order.client_order_id));
    Ok(VenueSnapshot {
        open_orders: venue.open_orders().map(view).collect(),
        ended_orders: ended.filter(|order| !order.is_open()).map(view).collect(),
        executions: executions(engine.venue_cursor(), venue, account)?,
        venue_sequence: venue.venue_sequence(),
        balances: venue.balances().clone(),
    })
}

fn view(order: &VenueOrder) -> VenueOrderView {
    VenueOrderView {
        client_order_id: order.client_order_id,
        venue_order_id: order.venue_order_id,
        status: order.status,
    }
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
