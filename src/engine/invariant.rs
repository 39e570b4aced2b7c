//! What must be true after every step: checked in tests after each one, at a start, and each minute.

use std::collections::BTreeMap;
use std::fmt;

use super::Engine;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::side::Side;

/// A broken invariant: a bug, or a world that does not add up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// What it is about.
    pub subject: String,
    /// The two sides that should be equal, or the one that should be possible.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.invariant, self.subject, self.detail)
    }
}

/// Every broken invariant of `engine`; none means well.
pub fn check(engine: &Engine) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut broken = |invariant, subject: &dyn fmt::Display, detail: String| {
        violations.push(Violation { invariant, subject: subject.to_string(), detail });
    };
    let mut holds: BTreeMap<Asset, Decimal> = BTreeMap::new();
    let mut held: BTreeMap<Asset, Decimal> = BTreeMap::new();
    for desk in engine.desks() {
        let symbol = desk.instrument.symbol();
        let position = desk.position.quantity();
        let flow = desk.bought - desk.sold + desk.transferred;
        if position - desk.short != flow {
            broken(
                "position_is_its_fills",
                &symbol,
                format!("lots {position}, short {}, fills {flow}", desk.short),
            );
        }
        if desk.position.lots().any(|lot| lot.cost.is_negative() || lot.fee.is_negative()) {
            broken("lots_cost_something", &symbol, "a lot has a negative cost".to_owned());
        }
        *held.entry(desk.instrument.base()).or_default() += position - desk.short;
        let Some(order) = &desk.order else { continue };
        *holds.entry(order.hold.0).or_default() += order.hold.1;
        if order.status.is_terminal() {
            broken("ended_orders_are_gone", &order.client_order_id, order.status.to_string());
        }
        if order.filled > order.quantity {
            let detail = format!("filled {:?} of {:?}", order.filled, order.quantity);
            broken("filled_within_quantity", &order.client_order_id, detail);
        }
        if engine.desk_of(&order.client_order_id).map(|id| id.index())
            != Some(usize::from(order.instrument.0))
        {
            broken(
                "open_orders_are_indexed",
                &order.client_order_id,
                "not in the index".to_owned(),
            );
        }
        if order.side == Side::Sell && desk.instrument.quantity_of(order.remaining()) > position {
            broken("sells_what_is_held", &order.client_order_id, format!("held {position}"));
        }
    }
    for (asset, balance) in engine.balances() {
        let sum = holds.get(asset).copied().unwrap_or_default();
        if balance.hold() != sum {
            broken(
                "holds_are_open_orders",
                asset,
                format!("hold {}, orders {sum}", balance.hold()),
            );
        }
        if balance.available().is_negative() {
            broken("available_not_negative", asset, balance.available().to_string());
        }
        // An asset that also pays for others holds more than its positions.
        let pays = engine.desks().iter().any(|desk| desk.instrument.quote() == *asset);
        if let Some(position) = held.get(asset)
            && !pays
            && *position != balance.total()
        {
            broken(
                "balance_is_position",
                asset,
                format!("balance {}, lots {position}", balance.total()),
            );
        }
    }
    violations
}
