//! The ledger against itself: positions, lots, fills, orders, cash.
//!
//! One transaction wrote each of them together, so nothing here is ever in flight.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{Difference, Repair};
use super::snapshot::{LedgerSnapshot, RecentFill};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::record::PositionRow;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::ops::report::Severity;

/// Every contradiction within the ledger; our client order ids begin with `prefix`.
pub fn judge(ledger: &LedgerSnapshot, prefix: &str) -> Vec<Difference> {
    let mut found = Vec::new();
    for position in &ledger.state.positions {
        found.extend(position_sums(ledger, position));
    }
    found.extend(fill_sums(ledger));
    found.extend(conservation(ledger));
    found.extend(orders(ledger));
    found.extend(fills(ledger, prefix));
    found.extend(ledger.books.iter().map(|violation| {
        critical(violation.invariant, &violation.subject, (&violation.detail, ""))
    }));
    found
}

fn critical(
    name: &'static str,
    subject: impl ToString,
    values: (impl ToString, impl ToString),
) -> Difference {
    Difference::new(name, Severity::Critical, subject, values, Repair::Person)
}

/// A position is the sum of its lots, and what was bought less what was sold plus transfers.
fn position_sums(ledger: &LedgerSnapshot, position: &PositionRow) -> Vec<Difference> {
    let symbol = position.symbol;
    let lots: Decimal = position.lots.iter().map(|lot| lot.quantity).sum();
    let stated = ledger.quantities.get(&symbol).copied().unwrap_or_default();
    let flow = position.bought - position.sold + position.transferred;
    let mut found = Vec::new();
    if stated != lots {
        found.push(critical("position_lots_differ", symbol, (stated, lots)));
    }
    if stated != flow {
        found.push(critical("position_flow_differs", symbol, (stated, flow)));
    }
    found
}

/// What positions say was ever bought and sold is the sum of the fills.
fn fill_sums(ledger: &LedgerSnapshot) -> Vec<Difference> {
    let audit = &ledger.audit;
    if audit.foreign {
        let values = (audit.fill, audit.last_fill);
        let name = "audit_totals_foreign";
        let subject = "audit_totals";
        let repair = Repair::RebuildAuditTotals;
        return vec![Difference::new(name, Severity::Degraded, subject, values, repair)];
    }
    let stated: BTreeMap<Symbol, (Decimal, Decimal)> = ledger
        .state
        .positions
        .iter()
        .map(|position| (position.symbol, (position.bought, position.sold)))
        .collect();
    let symbols: BTreeSet<&Symbol> = stated.keys().chain(audit.totals.keys()).collect();
    let mut found = Vec::new();
    for symbol in symbols {
        let (bought, sold) = stated.get(symbol).copied().unwrap_or_default();
        let total = audit.totals.get(symbol).copied().unwrap_or_default();
        if bought != total.bought {
            found.push(critical("bought_differs_from_fills", symbol, (bought, total.bought)));
        }
        if sold != total.sold {
            found.push(critical("sold_differs_from_fills", symbol, (sold, total.sold)));
        }
    }
    found
}

/// Each asset's balance is what was transferred plus what trades brought. Only where transfers are
/// declared at all: otherwise nobody knows the opening balances.
fn conservation(ledger: &LedgerSnapshot) -> Vec<Difference> {
    if ledger.audit.foreign || ledger.transfers.is_empty() {
        return Vec::new();
    }
    let mut expected: BTreeMap<Asset, Decimal> = ledger.transfers.clone();
    for (symbol, total) in &ledger.audit.totals {
        *expected.entry(symbol.quote()).or_default() += total.flow;
        *expected.entry(symbol.base()).or_default() += total.bought - total.sold;
    }
    let balance = |asset| ledger.state.balances.get(asset).copied().unwrap_or_default().total();
    expected
        .iter()
        .filter(|(asset, expected)| balance(asset) != **expected)
        .map(|(asset, expected)| critical("cash_not_conserved", asset, (balance(asset), expected)))
        .collect()
}

/// An intent is over exactly when its order is; no venue order is ours twice; holds cover sells.
fn orders(ledger: &LedgerSnapshot) -> Vec<Difference> {
    let mut found: Vec<Difference> = ledger
        .contradictions
        .iter()
        .map(|(order, status, ended)| {
            let status = status.map_or("no order", |status| status.as_str());
            let intent = if *ended { "intent ended" } else { "intent open" };
            critical("intent_contradicts_order", order, (intent, status))
        })
        .collect();
    let mut seen = BTreeMap::new();
    let mut selling: BTreeMap<Asset, Decimal> = BTreeMap::new();
    for open in &ledger.state.open_orders {
        let Some(order) = &open.order else { continue };
        if open.intent.side == Side::Sell && order.venue_order_id.is_some() {
            let base = open.intent.symbol.base();
            *selling.entry(base).or_default() += open.intent.quantity - order.filled;
        }
        if order.filled > open.intent.quantity {
            let values = (order.filled, open.intent.quantity);
            found.push(critical("order_overfilled", order.client_order_id, values));
        }
        let Some(id) = order.venue_order_id else { continue };
        if let Some(other) = seen.insert(id, order.client_order_id) {
            let name = "duplicate_venue_order";
            found.push(critical(name, id, (other, order.client_order_id)));
        }
    }
    for (asset, needed) in selling {
        let balance = ledger.state.balances.get(&asset).copied().unwrap_or_default();
        if balance.total() < needed {
            found.push(critical("sells_exceed_balance", asset, (balance.total(), needed)));
        }
    }
    found
}

/// Every fill of our orders has an intent; others are somebody's own trades, taken over as they are.
/// The venue's count of fills has no repetition, and no gap up to the
/// cursor. Beyond it a later fill may have come first.
fn fills(ledger: &LedgerSnapshot, prefix: &str) -> Vec<Difference> {
    let mut found = Vec::new();
    let ours = |fill: &&RecentFill| fill.client_order_id.as_str().starts_with(prefix);
    for fill in ledger.recent_fills.iter().filter(ours).filter(|fill| !fill.intended) {
        let values = (fill.client_order_id, "no intent");
        found.push(critical("fill_without_intent", fill.execution_id, values));
    }
    let mut sequences: Vec<u64> =
        ledger.recent_fills.iter().map(|fill| fill.venue_sequence).collect();
    sequences.sort_unstable();
    for pair in sequences.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        if before == after {
            found.push(critical(
                "fill_booked_twice",
                format!("venue fill {after}"),
                (after, after),
            ));
        } else if after != before + 1 && before < ledger.state.venue_cursor {
            found.push(critical("fill_gap", format!("venue fill {}", before + 1), (before, after)));
        }
    }
    found
}
