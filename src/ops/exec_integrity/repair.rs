//! Repairs that the ledger proves. Each is idempotent.

use std::collections::BTreeMap;
use std::path::Path;

use super::audit;
use super::difference::Repair;
use super::judge;
use super::snapshot::Snapshot;
use crate::config::Settings;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::hold::Level;
use crate::domain::order_status::OrderStatus;
use crate::domain::position::{Basis, Position};
use crate::domain::record::PositionRow;
use crate::domain::time::Timestamp;
use crate::durable::instance_lock::{InstanceLock, LockError};
use crate::ops::agent_evidence::lock_path;
use crate::store::run::meta;
use crate::store::state_json::{
    self, BalanceDocument, OrderDocument, PositionDocument, StateDocument, StateJsonError,
};
use crate::store::{self, chain, load};

/// Repairs what it can, and says what it did.
pub fn apply(
    state_dir: &Path,
    snapshot: &Snapshot,
    settings: &Settings,
    now: Timestamp,
) -> anyhow::Result<Vec<String>> {
    let groups = judge::differences(snapshot, settings);
    let wanted = |repair| {
        groups.iter().flat_map(|(_, found)| found).any(|difference| difference.repair == repair)
    };
    let mut done = Vec::new();
    if wanted(Repair::RebuildAuditTotals) {
        let mut ledger = store::open_existing(state_dir)?;
        let totals = audit::from_scratch(&ledger)?;
        audit::store(&mut ledger, &totals)?;
        done.push(format!("audit totals added up from {} fills", totals.fill));
    }
    if wanted(Repair::RebuildStateJson) {
        done.extend(rebuild_state_json(state_dir, snapshot, now)?);
    }
    Ok(done)
}

/// Writes `state.json` from the ledger, under the instance lock: an agent that starts meanwhile
/// waits for the lock and then writes its own. A torn file is kept aside.
fn rebuild_state_json(
    state_dir: &Path,
    snapshot: &Snapshot,
    now: Timestamp,
) -> anyhow::Result<Option<String>> {
    let _lock = match InstanceLock::take(&lock_path(state_dir)) {
        Ok(lock) => lock,
        // Started since: it writes the file itself.
        Err(LockError::Held) => return Ok(None),
        Err(LockError::Io(error)) => return Err(error.into()),
    };
    let document = document(state_dir, now)?;
    let path = state_json::path(state_dir);
    let mut aside = String::new();
    if matches!(snapshot.state, Err(StateJsonError::Torn(_))) {
        let kept = state_dir.join(format!("state.json.torn-{}", now.us() / 1_000_000));
        std::fs::rename(&path, &kept)?;
        aside = format!("; the torn one is {}", kept.display());
    }
    state_json::write(state_dir, &document)?;
    Ok(Some(format!("state.json written from event {}{aside}", document.sequence)))
}

/// What the agent would have written to `state.json` at the ledger's last event.
pub fn document(state_dir: &Path, now: Timestamp) -> anyhow::Result<StateDocument> {
    let ledger = store::open_reader(state_dir)?;
    let ledger = ledger.unchecked_transaction()?;
    let state = load::load(&ledger)?;
    let newest = "SELECT coalesce(max(run), 0), coalesce(max(engine_at_us), 0) FROM runs
                  WHERE run = (SELECT max(run) FROM runs)";
    let (run, engine_at_us) = ledger.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let held: Vec<(&PositionRow, Position)> = (state.positions.iter())
        .map(|row| (row, Position::new(row.lots.iter().copied())))
        .filter(|(_, position)| !position.is_flat())
        .collect();
    let quote = state.positions.first().map(|row| row.symbol.quote());
    // Before the first trade there is only the opening deposit.
    let quote = quote.or_else(|| state.balances.keys().next().copied());
    let cash = quote.and_then(|quote| state.balances.get(&quote));
    let cash = cash.map_or(Decimal::ZERO, |balance| balance.total());
    let worth = |(row, position): &(&PositionRow, Position)| {
        row.mark_price.map(|mark| position.quantity().mul(mark, Round::Down))
    };
    let global = state.holds.iter().filter(|hold| hold.scope.is_none());
    Ok(StateDocument {
        sequence: chain::head(&ledger)?.seq,
        written_at_us: now.us(),
        engine_at_us,
        mode: meta(&ledger, "mode")?.unwrap_or_default(),
        run,
        state: global.map(|hold| hold.level).max().unwrap_or(Level::Running),
        positions: (held.iter())
            .map(|(row, position)| (row.symbol.to_string(), position_document(row, position)))
            .collect(),
        balances: (state.balances.iter())
            .map(|(asset, balance)| {
                let (total, hold) = (balance.total(), balance.hold());
                (asset.to_string(), BalanceDocument { total, hold })
            })
            .collect(),
        open_orders: open_orders(&state.open_orders),
        equity: cash + held.iter().filter_map(worth).sum(),
        cash,
        dead_man: None,
        health: None,
        holds: state.holds,
    })
}

fn position_document(row: &PositionRow, position: &Position) -> PositionDocument {
    let unknown = row.lots.iter().any(|lot| lot.basis == Basis::Unknown);
    PositionDocument {
        quantity: position.quantity(),
        cost: position.cost(),
        fee: position.fee(),
        basis: if unknown { Basis::Unknown } else { Basis::Known },
        average_price: position.average_price(),
        mark_price: row.mark_price,
        stop_price: row.stop_price,
        take_profit_price: row.take_profit_price,
        high_price: row.high_price,
        opened_at_us: position.opened_at().map(Timestamp::us),
    }
}

fn open_orders(open: &[load::OpenOrder]) -> BTreeMap<String, OrderDocument> {
    let document = |open: &load::OpenOrder| {
        let (intent, order) = (&open.intent, open.order.as_ref());
        let document = OrderDocument {
            symbol: intent.symbol.to_string(),
            side: intent.side,
            status: order.map_or(OrderStatus::Created, |order| order.status),
            price: intent.price,
            quantity: intent.quantity,
            filled: order.map_or(Decimal::ZERO, |order| order.filled),
            purpose: intent.purpose,
        };
        (intent.client_order_id.to_string(), document)
    };
    open.iter().map(document).collect()
}
