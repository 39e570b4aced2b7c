//! The paper venue's account as the truth to compare with.

use std::path::Path;

use super::snapshot::{LedgerSnapshot, RECENT_MAX, VenueExecution, VenueOrder, VenueSnapshot};
use crate::exchange::paper::{AccountReader, ExecutionRow, OrderRow};

/// Fills read at most: the recent ones, and as many again that the ledger may not have yet.
const EXECUTIONS_MAX: usize = 4 * RECENT_MAX;

/// Balances, open orders, and the fills that the ledger compares or lacks, as of one moment.
pub fn ask(state_dir: &Path, ledger: &LedgerSnapshot) -> Result<VenueSnapshot, String> {
    let oldest = ledger.recent_fills.first().map_or(u64::MAX, |fill| fill.venue_sequence);
    let first = oldest.min(ledger.state.venue_cursor.saturating_add(1));
    let account = AccountReader::open(state_dir).map_err(|error| error.to_string())?;
    let unreadable = |error: rusqlite::Error| format!("paper account: {error}");
    let snapshot = account.snapshot().map_err(unreadable)?;
    let last_sequence = snapshot.venue_sequence;
    let since = first.saturating_sub(1);
    if last_sequence.saturating_sub(since) > EXECUTIONS_MAX as u64 {
        return Err(format!("the account is at fill {last_sequence}, the ledger at {since}"));
    }
    let executions = account.executions_since(since, EXECUTIONS_MAX).map_err(unreadable)?;
    // Fills after the snapshot are not in its balances.
    let seen = executions.into_iter().filter(|row| row.venue_sequence <= last_sequence);
    Ok(VenueSnapshot {
        last_sequence,
        balances: snapshot.balances,
        open_orders: snapshot.open_orders.into_iter().map(order).collect(),
        executions: seen.map(execution).collect(),
        ..VenueSnapshot::default()
    })
}

fn order(row: OrderRow) -> VenueOrder {
    VenueOrder {
        client_order_id: row.client_order_id,
        venue_order_id: row.venue_order_id,
        symbol: row.symbol,
        side: row.side,
        price: row.price,
        quantity: row.quantity,
        filled: row.filled,
        at: row.updated_at,
    }
}

fn execution(row: ExecutionRow) -> VenueExecution {
    VenueExecution {
        execution_id: row.execution_id(),
        venue_sequence: row.venue_sequence,
        client_order_id: row.client_order_id,
        symbol: row.symbol,
        side: row.side,
        quantity: row.quantity,
        notional: row.notional,
        fee: row.fee,
        fee_asset: row.symbol.quote(),
        at: row.at,
    }
}
