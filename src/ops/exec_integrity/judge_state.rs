//! `state.json` against the ledger it is a projection of.

use std::collections::BTreeSet;

use super::difference::{Difference, Repair};
use super::snapshot::{LedgerSnapshot, Snapshot};
use crate::domain::decimal::Decimal;
use crate::domain::position::Position;
use crate::ops::report::Severity;
use crate::store::state_json::StateDocument;

/// Every difference between the two. Content is compared only where both are of the same event:
/// while the agent runs the file may be behind, and the health check judges by how long.
pub fn judge(snapshot: &Snapshot) -> Vec<Difference> {
    let (head, running) = (snapshot.ledger.head, snapshot.running);
    let repair = if running { Repair::Agent } else { Repair::RebuildStateJson };
    let behind = |name, value: String| {
        let values = (value, format!("event {head}"));
        vec![Difference::new(name, Severity::Degraded, "state.json", values, repair)]
    };
    let document = match &snapshot.state {
        Ok(document) => document,
        Err(error) => return behind("state_json_unusable", error.to_string()),
    };
    if document.sequence > head {
        let values = (format!("event {}", document.sequence), format!("event {head}"));
        let (name, subject) = ("state_json_ahead", "state.json");
        return vec![Difference::new(name, Severity::Critical, subject, values, repair)];
    }
    if document.sequence < head {
        if running {
            return Vec::new();
        }
        return behind("state_json_behind", format!("event {}", document.sequence));
    }
    let mut found = positions(document, &snapshot.ledger);
    found.extend(balances(document, &snapshot.ledger));
    found.extend(open_orders(document, &snapshot.ledger));
    found
        .into_iter()
        .map(|(name, subject, values)| {
            Difference::new(name, Severity::Critical, subject, values, repair)
        })
        .collect()
}

type Found = Vec<(&'static str, String, (String, String))>;

fn positions(document: &StateDocument, ledger: &LedgerSnapshot) -> Found {
    let mut found = Found::new();
    let mut known = BTreeSet::new();
    for row in &ledger.state.positions {
        let position = Position::new(row.lots.iter().copied());
        let symbol = row.symbol.to_string();
        let stated = document.positions.get(&symbol);
        let stated = stated.map_or((Decimal::ZERO, Decimal::ZERO), |it| (it.quantity, it.cost));
        for (name, state, ledger) in [
            ("state_position_quantity_differs", stated.0, position.quantity()),
            ("state_position_cost_differs", stated.1, position.cost()),
        ] {
            if state != ledger {
                found.push((name, symbol.clone(), (state.to_string(), ledger.to_string())));
            }
        }
        known.insert(symbol);
    }
    let strangers = document.positions.iter().filter(|(symbol, _)| !known.contains(*symbol));
    for (symbol, position) in strangers.filter(|(_, position)| !position.quantity.is_zero()) {
        let values = (position.quantity.to_string(), "none".to_owned());
        found.push(("state_position_unknown", symbol.clone(), values));
    }
    found
}

fn balances(document: &StateDocument, ledger: &LedgerSnapshot) -> Found {
    let mut assets: BTreeSet<String> = document.balances.keys().cloned().collect();
    assets.extend(ledger.state.balances.keys().map(ToString::to_string));
    let mut found = Found::new();
    for asset in assets {
        let state = document.balances.get(&asset).map(|it| (it.total, it.hold));
        let known = asset.parse().ok().and_then(|asset| ledger.state.balances.get(&asset));
        let known = known.map(|balance| (balance.total(), balance.hold())).unwrap_or_default();
        let state = state.unwrap_or_default();
        for (name, state, ledger) in
            [("state_balance_differs", state.0, known.0), ("state_hold_differs", state.1, known.1)]
        {
            if state != ledger {
                found.push((name, asset.clone(), (state.to_string(), ledger.to_string())));
            }
        }
    }
    found
}

fn open_orders(document: &StateDocument, ledger: &LedgerSnapshot) -> Found {
    let mut found = Found::new();
    let mut known = BTreeSet::new();
    for open in &ledger.state.open_orders {
        let id = open.intent.client_order_id.to_string();
        match (document.open_orders.get(&id), &open.order) {
            (None, _) => {
                let values = ("none".to_owned(), open.intent.quantity.to_string());
                found.push(("state_order_missing", id.clone(), values));
            }
            (Some(state), Some(order))
                if (state.status, state.filled) != (order.status, order.filled) =>
            {
                let side = |status, filled| format!("{status} {filled}");
                let values = (side(state.status, state.filled), side(order.status, order.filled));
                found.push(("state_order_differs", id.clone(), values));
            }
            (Some(_), _) => {}
        }
        known.insert(id);
    }
    for (id, order) in document.open_orders.iter().filter(|(id, _)| !known.contains(*id)) {
        let values = (order.quantity.to_string(), "none".to_owned());
        found.push(("state_order_unknown", id.clone(), values));
    }
    found
}
