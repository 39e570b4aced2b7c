//! The venue's invariants, checkable at any time.

use std::collections::BTreeMap;

use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::instrument::Lots;
use crate::domain::side::Side;

use super::book_side::key;
use super::desk::{Desk, held_asset};
use super::market::Market;
use super::order::VenueOrder;
use super::resting::{Place, limit};

/// Every contradiction found: none in a sound venue.
///
/// For each asset deposits plus fills equal the total, the hold is the sum over open orders and no
/// more than the total; each open order is partly unfilled and holds what its remainder needs; our
/// book is in priority order, uncrossed, and no order is ahead of an older one in the same queue.
pub(super) fn violations(markets: &[Market], desk: &Desk) -> Vec<String> {
    let mut holds: BTreeMap<Asset, Decimal> = BTreeMap::new();
    let mut found = Vec::new();
    let mut open = 0;
    for market in markets {
        for side in [Side::Buy, Side::Sell] {
            let orders = market.resting.orders(side);
            open += orders.len();
            for order in orders {
                *holds.entry(held_asset(&market.instrument, side)).or_default() += order.hold;
                check_order(market, order, desk, &mut found);
            }
            for pair in orders.windows(2) {
                check_priority(pair, &mut found);
            }
        }
        let best = |side| market.resting.best(side);
        if let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell))
            && bid >= ask
        {
            found.push(format!("{}: own book is crossed", market.instrument.symbol()));
        }
    }
    if open != desk.orders.open_count() {
        found.push(format!("{open} orders rest, {} are open", desk.orders.open_count()));
    }
    found.extend(desk.account.violations(&holds));
    found
}

fn check_order(market: &Market, order: &VenueOrder, desk: &Desk, found: &mut Vec<String>) {
    let id = order.client_order_id;
    let parts = [order.remaining(), order.filled, order.reduced].map(Lots::get);
    if order.remaining().get() <= 0 || parts.iter().any(|part| *part < 0) || !order.is_open() {
        found.push(format!("{id}: rests with {} lots left", order.remaining().get()));
    }
    let (_, hold) = market.instrument.hold(order.side, limit(order), order.remaining());
    if hold != order.hold {
        found.push(format!("{id}: holds {}, needs {hold}", order.hold));
    }
    if order.queue_ahead.get() < 0 {
        found.push(format!("{id}: {} lots ahead", order.queue_ahead.get()));
    }
    if desk.orders.place_of(&id) != Some(Place::of(order)) {
        found.push(format!("{id}: rests unknown"));
    }
}

fn check_priority(pair: &[VenueOrder], found: &mut Vec<String>) {
    let [first, second] = pair else { return };
    let (id, same_price) = (second.client_order_id, limit(first) == limit(second));
    let rank = |order: &VenueOrder| (-key(order.side, limit(order)), order.sequence);
    if rank(first) >= rank(second) {
        found.push(format!("{id}: out of priority"));
    }
    if same_price && first.queue_ahead > second.queue_ahead {
        found.push(format!("{id}: ahead of an older order"));
    }
}
