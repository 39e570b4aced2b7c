//! The engine's state as `state.json` shows it.

use crate::domain::position::Basis;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::desk::Desk;
use crate::exchange::kucoin::venue::DeadManState;
use crate::store::state_json::{
    BalanceDocument, DeadManDocument, HealthDocument, OrderDocument, PositionDocument,
    StateDocument,
};

/// The document at (wall clock, engine's clock). Its sequence is the writer's to fill in.
pub(super) fn document(
    engine: &Engine,
    mode: &str,
    run: u32,
    (dead_man, health): (Option<DeadManState>, Option<HealthDocument>),
    (written_at, engine_at): (Timestamp, Timestamp),
) -> StateDocument {
    let desks = engine.desks();
    let balances = engine.balances().iter().map(|(asset, balance)| {
        let document = BalanceDocument { total: balance.total(), hold: balance.hold() };
        (asset.to_string(), document)
    });
    let cash = engine.account_asset().map(|asset| engine.worth(asset).cash);
    StateDocument {
        sequence: 0,
        written_at_us: written_at.us(),
        engine_at_us: engine_at.us(),
        mode: mode.to_owned(),
        run,
        state: engine.level(),
        holds: engine.holds().iter().cloned().collect(),
        positions: desks
            .iter()
            .filter(|desk| !desk.position.is_flat())
            .map(|desk| (desk.instrument.symbol().to_string(), position(desk)))
            .collect(),
        balances: balances.collect(),
        open_orders: desks.iter().filter_map(open_order).collect(),
        equity: engine.equity(),
        cash: cash.unwrap_or_default(),
        dead_man: dead_man.map(dead_man_document),
        health,
    }
}

fn dead_man_document(state: DeadManState) -> DeadManDocument {
    let fires_at_us = match state {
        DeadManState::Armed { fires_at } => Some(fires_at.us()),
        DeadManState::Off | DeadManState::Failing => None,
    };
    DeadManDocument { state: state.as_str().to_owned(), fires_at_us }
}

fn position(desk: &Desk) -> PositionDocument {
    let row = desk.row();
    let unknown = desk.position.lots().any(|lot| lot.basis == Basis::Unknown);
    PositionDocument {
        quantity: desk.position.quantity(),
        cost: desk.position.cost(),
        fee: desk.position.fee(),
        basis: if unknown { Basis::Unknown } else { Basis::Known },
        average_price: desk.position.average_price(),
        mark_price: row.mark_price,
        stop_price: row.stop_price,
        take_profit_price: row.take_profit_price,
        high_price: row.high_price,
        opened_at_us: desk.position.opened_at().map(Timestamp::us),
    }
}

fn open_order(desk: &Desk) -> Option<(String, OrderDocument)> {
    let order = desk.order.as_ref()?;
    let document = OrderDocument {
        symbol: desk.instrument.symbol().to_string(),
        side: order.side,
        status: order.status,
        price: Some(desk.instrument.price_of(order.price)),
        quantity: desk.instrument.quantity_of(order.quantity),
        filled: desk.instrument.quantity_of(order.filled),
        purpose: order.purpose,
    };
    Some((order.client_order_id.to_string(), document))
}
