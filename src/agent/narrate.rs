//! Facts as journal entries: one line for a person, fields for a query.

use crate::domain::operator::{Command, OperatorRecord, Outcome};
use crate::domain::order_status::OrderStatus;
use crate::domain::record::{Fact, FillRecord, OrderRecord, Record};
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::systemd::message_id;

use super::summary::Tally;

/// Logs what a person wants in the story. The ledger has all of it.
pub(super) fn narrate(fact: &Fact) {
    let at = fact.at;
    match &fact.record {
        Record::Intent(intent) => {
            let price = intent.price.map_or_else(|| "market".to_owned(), |price| price.to_string());
            log::info!(
                MESSAGE_ID = message_id::ORDER_SUBMITTED,
                symbol:% = intent.symbol, client_order_id:% = intent.client_order_id,
                side:% = intent.side, purpose = intent.purpose.as_str(),
                price = price.as_str(), quantity:% = intent.quantity, engine_at:% = at;
                "{} {} {} {} at {price} ({})", intent.client_order_id, intent.side, intent.quantity,
                intent.symbol, intent.purpose.as_str()
            );
        }
        Record::Order(order) => narrate_order(order),
        Record::Fill(fill) => narrate_fill(fill),
        Record::HoldSet(hold) => log::warn!(
            MESSAGE_ID = message_id::HOLD_SET, hold = hold.code.as_str(), scope = hold.scope_str(),
            level = hold.level.as_str(), engine_at:% = at;
            "hold {} sets {}: {}", hold.code, hold.level, hold.reason
        ),
        Record::HoldCleared { code, .. } => log::info!(
            MESSAGE_ID = message_id::HOLD_CLEARED, hold = code.as_str(), engine_at:% = at;
            "hold {code} is over"
        ),
        Record::Transition(change) => log::info!(
            from = change.from.as_str(), to = change.to.as_str(), hold = change.code.as_str(),
            engine_at:% = at;
            "state {} -> {} ({})", change.from, change.to, change.code
        ),
        Record::Operator(said) => narrate_operator(said),
        Record::KillVerified { since } => log::warn!(
            MESSAGE_ID = message_id::KILL_VERIFIED, engine_at:% = at;
            "kill switch of {since} verified: nothing is at work at the venue"
        ),
        Record::Transfer(transfer) => log::info!(
            asset:% = transfer.asset, amount:% = transfer.amount;
            "{} of {} {}: {}", transfer.kind, transfer.amount, transfer.asset, transfer.reason
        ),
        Record::Surprise(surprise) => log::warn!(
            MESSAGE_ID = message_id::RECONCILE_MISMATCH, code = surprise.code.as_str(),
            subject = surprise.subject.as_str();
            "{} {}: {}", surprise.code, surprise.subject, surprise.detail
        ),
        Record::Decision(decision) => log::debug!(
            symbol:% = decision.symbol, client_order_id:% = decision.client_order_id,
            purpose = decision.purpose.as_str(), engine_at:% = at;
            "{} decided: {} {}", decision.client_order_id, decision.purpose.as_str(), decision.symbol
        ),
        Record::Run { run, phase } => log::debug!(run = *run; "run {run} {phase}"),
    }
}

fn narrate_operator(said: &OperatorRecord) {
    let Command { id, by, via, reason, wish, .. } = &said.command;
    let outcome = match &said.outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::Refused { why, .. } => format!("refused, {why}"),
    };
    log::warn!(
        MESSAGE_ID = message_id::OPERATOR_COMMAND, command = wish.as_str(), command_id:% = id,
        by = by.as_str(), via = via.as_str(), reason = reason.as_str(), outcome = outcome.as_str();
        "{} by {by} over {via} ({reason}): {outcome}", wish.as_str()
    );
}

fn narrate_order(order: &OrderRecord) {
    let id = order.client_order_id;
    let reason = order.reason.as_deref().unwrap_or("");
    match order.status {
        OrderStatus::Rejected => log::warn!(
            MESSAGE_ID = message_id::ORDER_REJECTED, client_order_id:% = id,
            reason_code = order.reason_code.unwrap_or(0), reason = reason;
            "{id} rejected: {reason}"
        ),
        OrderStatus::Unresolved => log::warn!(
            MESSAGE_ID = message_id::ORDER_UNRESOLVED, client_order_id:% = id;
            "{id} unresolved: no answer came"
        ),
        OrderStatus::Canceled | OrderStatus::Expired => log::info!(
            client_order_id:% = id, filled:% = order.filled;
            "{id} {} with {} filled", order.status, order.filled
        ),
        OrderStatus::Created
        | OrderStatus::Submitted
        | OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::PendingCancel
        | OrderStatus::Filled => {
            log::debug!(client_order_id:% = id; "{id} {}", order.status);
        }
    }
}

fn narrate_fill(fill: &FillRecord) {
    let net = fill.realized.as_ref().map(|realized| realized.net.to_fixed(4));
    let earned = net.as_deref().map(|net| format!(", net {net}")).unwrap_or_default();
    log::info!(
        MESSAGE_ID = message_id::ORDER_FILLED,
        symbol:% = fill.symbol, client_order_id:% = fill.client_order_id,
        execution_id:% = fill.execution_id, side:% = fill.side, purpose = fill.purpose.as_str(),
        last_price:% = fill.price, last_quantity:% = fill.quantity, fee:% = fill.fee,
        liquidity = fill.liquidity.as_str();
        "{} filled: {} {} {} at {}{earned}", fill.client_order_id, fill.side, fill.quantity,
        fill.symbol, fill.price
    );
}

/// A sentence an operator wants: what it does, what it holds, what it is worth.
pub(super) fn status(engine: &Engine, tally: &Tally, now: Timestamp) -> String {
    let held = engine.desks().iter().filter(|desk| !desk.position.is_flat()).count();
    let asset = engine.account_asset().map(|asset| asset.to_string()).unwrap_or_default();
    let (level, orders) = (engine.level(), engine.open_orders().count());
    let equity = engine.equity().to_fixed(2);
    let (fills, net) = (tally.fills, tally.net.to_fixed(2));
    let clock = now.to_string();
    let clock =
        clock.split_once('.').map_or(clock.as_str(), |(whole, _)| whole).trim_end_matches('Z');
    format!(
        "{level}: equity {equity} {asset}, {held} held, {orders} open, {fills} fills, net {net}, market {clock}"
    )
}
