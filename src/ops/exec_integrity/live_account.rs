//! KuCoin's account as the truth to compare with.
//!
//! The venue does not count fills: those of the ledger keep its numbers, found by their trade ids; the
//! others follow the ledger's cursor in order of time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::snapshot::{LedgerSnapshot, RecentFill, VenueExecution, VenueOrder, VenueSnapshot};
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, ClientOrderId, ExecutionId, VenueOrderId};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::fill::Fill;
use crate::exchange::kucoin::protocol::order::Order;
use crate::exchange::kucoin::rest::{Failure, Rest};
use crate::exchange::kucoin::venue::{account_movements, balances};

/// How far back the account's ledger is read: the venue's window of 7 days begins where it is asked
/// to, and must reach beyond the request's own way.
const EXPLAINED: Duration = Duration::from_secs(7 * 86_400 - 60);

/// How long before its booking a fill of the ledger may have happened: the list of fills begins so much
/// before the oldest one that is compared.
const BOOKED_WITHIN: Duration = Duration::from_secs(600);

/// Asks for balances, open orders and fills; fills of `symbols` and of what the ledger holds, from the
/// oldest it compares on, or where it has none from `newest_at`, its last instant.
pub async fn ask(
    rest: &Rest,
    ledger: &LedgerSnapshot,
    symbols: &[Symbol],
    newest_at: Timestamp,
) -> Result<VenueSnapshot, Failure> {
    let held = ledger.state.positions.iter().map(|row| row.symbol);
    let open = ledger.state.open_orders.iter().map(|order| order.intent.symbol);
    let symbols: BTreeSet<Symbol> = symbols.iter().copied().chain(held).chain(open).collect();
    let since = ledger.recent_fills.first().map_or(newest_at, |fill| fill.at - BOOKED_WITHIN);
    let (mut fills, mut unlisted) = (Vec::new(), BTreeSet::new());
    for symbol in &symbols {
        match fills_of(rest, *symbol, since).await? {
            Some(list) => fills.extend(list),
            None => drop(unlisted.insert(*symbol)),
        }
    }
    let orders = rest.all_open_orders().await?;
    let balances = balances(&rest.accounts().await?);
    let open_orders: Vec<VenueOrder> = orders.iter().filter_map(order).collect();
    let executions = Numbering::new(ledger, &open_orders).number(&fills);
    let newest = executions.last().map_or(0, |last| last.venue_sequence);
    let last_sequence = newest.max(ledger.state.venue_cursor);
    let booked = &ledger.state.balances;
    let total = |balances: &BTreeMap<Asset, Balance>, asset: &Asset| {
        balances.get(asset).copied().unwrap_or_default().total()
    };
    let mut assets = booked.keys().chain(balances.keys());
    let movements = match assets.any(|it| total(booked, it) != total(&balances, it)) {
        true => movements(rest, ledger, &symbols).await?,
        false => Vec::new(),
    };
    Ok(VenueSnapshot { last_sequence, balances, open_orders, executions, movements, unlisted })
}

/// The fills of an instrument; `None` where it is listed no more.
async fn fills_of(
    rest: &Rest,
    symbol: Symbol,
    since: Timestamp,
) -> Result<Option<Vec<Fill<'static>>>, Failure> {
    let refused = match rest.fills_since(symbol.as_str(), since).await {
        Ok(list) => return Ok(Some(list.fills)),
        Err(refused) => refused,
    };
    match (&refused, rest.symbol(symbol.as_str()).await) {
        (
            Failure::Rejected(_) | Failure::NotFound(_) | Failure::Halted(_),
            Err(Failure::Rejected(_) | Failure::NotFound(_) | Failure::Halted(_)),
        ) => Ok(None),
        _ => Err(refused),
    }
}

/// What moved balances without a trade in one of `symbols` and is not booked, newest first: of each
/// asset what came after the newest that is.
async fn movements(
    rest: &Rest,
    ledger: &LedgerSnapshot,
    symbols: &BTreeSet<Symbol>,
) -> Result<Vec<(Asset, Decimal)>, Failure> {
    let entries = rest.ledger_since(rest.venue_time() - EXPLAINED).await?;
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for movement in account_movements(&entries, symbols).iter().rev() {
        if ledger.state.movements.contains(&movement.id) {
            known.insert(movement.asset);
        } else if !known.contains(&movement.asset) {
            found.push((movement.asset, movement.amount));
        }
    }
    Ok(found)
}

/// What gives fills their numbers and names.
struct Numbering<'a> {
    known: BTreeMap<(Symbol, ExecutionId), &'a RecentFill>,
    names: BTreeMap<VenueOrderId, ClientOrderId>,
    cursor: u64,
    /// Fills up to here may be in the ledger without being among its recent ones, or be older than it.
    compared_after: Option<Timestamp>,
}

impl<'a> Numbering<'a> {
    fn new(ledger: &'a LedgerSnapshot, open_orders: &[VenueOrder]) -> Self {
        let recent = &ledger.recent_fills;
        let named = |order: &VenueOrder| (order.venue_order_id, order.client_order_id);
        Self {
            known: recent.iter().map(|fill| ((fill.symbol, fill.execution_id), fill)).collect(),
            names: open_orders.iter().map(named).collect(),
            cursor: ledger.state.venue_cursor,
            compared_after: recent.first().map(|fill| fill.at),
        }
    }

    /// By sequence.
    fn number(&self, fills: &[Fill<'_>]) -> Vec<VenueExecution> {
        let mut fills: Vec<&Fill<'_>> = fills.iter().collect();
        fills.sort_by_key(|fill| (fill.created_at, fill.id));
        let mut next = self.cursor;
        let mut executions: Vec<VenueExecution> =
            fills.into_iter().filter_map(|fill| self.execution(fill, &mut next)).collect();
        executions.sort_by_key(|execution| execution.venue_sequence);
        executions
    }

    fn execution(&self, fill: &Fill<'_>, next: &mut u64) -> Option<VenueExecution> {
        let symbol = Symbol::new(fill.symbol.as_str()).ok()?;
        let execution_id = ExecutionId::new(&fill.trade_id.to_string()).ok()?;
        let venue_order_id = VenueOrderId::new(fill.order_id.as_str()).ok()?;
        let at = Timestamp::from_ms(fill.created_at);
        let (venue_sequence, client_order_id) = match self.known.get(&(symbol, execution_id)) {
            Some(known) => (known.venue_sequence, known.client_order_id),
            None if self.compared_after.is_some_and(|after| at <= after) => return None,
            None => {
                *next += 1;
                let nameless = || ClientOrderId::new(venue_order_id.as_str()).ok();
                (*next, self.names.get(&venue_order_id).copied().or_else(nameless)?)
            }
        };
        Some(VenueExecution {
            execution_id,
            venue_sequence,
            client_order_id,
            symbol,
            side: fill.side,
            quantity: fill.size,
            notional: fill.funds,
            fee: fill.fee,
            fee_asset: Asset::new(fill.fee_currency.as_str()).ok()?,
            at,
        })
    }
}

fn order(order: &Order<'_>) -> Option<VenueOrder> {
    let venue_order_id = VenueOrderId::new(order.id.as_str()).ok()?;
    let ours = order.client_oid.as_ref().and_then(|id| ClientOrderId::new(id.as_str()).ok());
    Some(VenueOrder {
        client_order_id: ours.or_else(|| ClientOrderId::new(venue_order_id.as_str()).ok())?,
        venue_order_id,
        symbol: Symbol::new(order.symbol.as_str()).ok()?,
        side: order.side,
        price: order.price.is_positive().then_some(order.price),
        quantity: order.size,
        filled: order.deal_size,
        at: Timestamp::from_ms(order.last_updated_at),
    })
}
