//! An event in a few words.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::decision::{DecisionRecord, PlanRecord, SignalRecord, SizeRecord};
use crate::domain::hold::Hold;
use crate::domain::operator::{Command, OperatorRecord, Outcome};
use crate::domain::order::Purpose;
use crate::domain::record::{
    FillRecord, IntentRecord, OrderRecord, SurpriseRecord, TransferRecord, TransitionRecord,
};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::store::event::EventRow;

/// What happened, without when and to what; the payload itself where it is not understood.
pub fn summary(row: &EventRow) -> String {
    let known = match row.kind.as_str() {
        "decision" => read(row, decision),
        "intent" => read(row, intent),
        "order" => read(row, order),
        "fill" => read(row, fill),
        "hold_set" => read(row, |hold: Hold| {
            format!("{} for {}: {}", hold.level, hold.scope_str(), hold.reason)
        }),
        "hold_cleared" => read(row, |cleared: Cleared| format!("for {}", cleared.scope())),
        "operator" => read(row, operator),
        "run" => read(row, |run: Run| run.phase),
        "kill_verified" => read(row, |_: KillVerified| "nothing is at work".to_owned()),
        "transition" => {
            read(row, |change: TransitionRecord| format!("{} -> {}", change.from, change.to))
        }
        "transfer" => read(row, |transfer: TransferRecord| {
            format!("{} of {}: {}", transfer.kind, transfer.amount, transfer.reason)
        }),
        "surprise" => {
            read(row, |surprise: SurpriseRecord| format!("{}: {}", surprise.code, surprise.detail))
        }
        _ => None,
    };
    known.unwrap_or_else(|| row.payload.clone())
}

/// What of `Record::HoldCleared` its event has beside the code.
#[derive(Deserialize)]
struct Cleared {
    scope: Option<Symbol>,
}

impl Cleared {
    fn scope(&self) -> &str {
        self.scope.as_ref().map_or("global", Symbol::as_str)
    }
}

/// `Record::Run`, beside the run's number.
#[derive(Deserialize)]
struct Run {
    phase: String,
}

/// `Record::KillVerified`.
#[derive(Deserialize)]
struct KillVerified {
    #[expect(dead_code, reason = "what makes it this event")]
    since: Timestamp,
}

fn read<T: DeserializeOwned>(row: &EventRow, words: impl FnOnce(T) -> String) -> Option<String> {
    serde_json::from_str(&row.payload).ok().map(words)
}

fn decision(decision: DecisionRecord) -> String {
    let why = signal(&decision).or_else(|| plan(&decision)).unwrap_or_default();
    format!("{} {}: {why}; {}", decision.purpose.as_str(), decision.symbol, risk(&decision))
}

/// The averages behind it, if they were.
pub fn signal(decision: &DecisionRecord) -> Option<String> {
    let SignalRecord { close, fast, fast_candles, slow, slow_candles } =
        decision.signal.as_ref()?;
    let side = if fast > slow { "above" } else { "below" };
    Some(format!(
        "closed at {close}: average of {fast_candles} closes {} {side} that of {slow_candles}, {}",
        fast.to_fixed(8),
        slow.to_fixed(8)
    ))
}

/// The position's plan, and which part of it came true.
pub fn plan(decision: &DecisionRecord) -> Option<String> {
    let PlanRecord { average, opened_at, stop, take_profit, trailing_stop, high } =
        decision.plan.as_ref()?;
    let bid = decision.bid.map_or_else(|| "unknown".to_owned(), |bid| bid.to_string());
    let cause = match decision.purpose {
        Purpose::StopLoss => format!("bid {bid} at or below the stop {stop}"),
        Purpose::TakeProfit => {
            let target = take_profit.map(|price| price.to_string()).unwrap_or_default();
            format!("bid {bid} at or above the target {target}")
        }
        Purpose::TrailingStop => {
            let stop = trailing_stop.map(|price| price.to_string()).unwrap_or_default();
            format!("bid {bid} at or below the trailing stop {stop}, from a high of {high}")
        }
        Purpose::TimeExit => format!("held since {opened_at}; bid {bid}"),
        Purpose::Entry | Purpose::SignalExit | Purpose::ForceExit => format!("bid {bid}"),
    };
    let paid = average.map(|average| format!(", paid {}", average.to_fixed(8))).unwrap_or_default();
    Some(format!("{cause}{paid}"))
}

/// What the risk check said.
pub fn risk(decision: &DecisionRecord) -> String {
    let level = decision.level;
    let Some(size) = &decision.size else {
        return format!("{level} permits exits, all that is held");
    };
    let SizeRecord { equity, available, exposure_total, exposure_instrument, .. } = size;
    format!(
        "{level}: at most {} by {} (equity {}, available {}, at stake {}, of it here {}, {} open)",
        size.notional.to_fixed(4),
        size.bound.as_str(),
        equity.to_fixed(2),
        available.to_fixed(2),
        exposure_total.to_fixed(2),
        exposure_instrument.to_fixed(2),
        size.open_positions
    )
}

fn intent(intent: IntentRecord) -> String {
    let price = intent.price.map_or_else(|| "the market".to_owned(), |price| price.to_string());
    let IntentRecord { side, quantity, symbol, time_in_force, reference_price, .. } = intent;
    let post_only = if intent.post_only { " post-only" } else { "" };
    let time_in_force = format!("{time_in_force:?}").to_uppercase();
    format!(
        "{side} {quantity} {symbol} at {price} {time_in_force}{post_only}, saw {reference_price}"
    )
}

fn operator(said: OperatorRecord) -> String {
    let OperatorRecord { command, outcome } = said;
    let came = match outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::Refused { why, .. } => format!("refused: {why}"),
    };
    let Command { by, via, reason, wish, .. } = command;
    let scope = wish.scope().map(|symbol| format!(" {symbol}")).unwrap_or_default();
    format!("{}{scope} by {by}, {via}: {reason}; {came}", wish.as_str())
}

fn order(order: OrderRecord) -> String {
    let mut text = order.status.to_string();
    if order.filled.is_positive() {
        text += &format!(", {} filled for {}", order.filled, order.notional);
    }
    if let Some(venue_order_id) = order.venue_order_id {
        text += &format!(", at the venue {venue_order_id}");
    }
    if let Some(reason) = order.reason {
        text += &format!(": {} {reason}", order.reason_code.unwrap_or(0));
    }
    text
}

fn fill(fill: FillRecord) -> String {
    let FillRecord { side, quantity, symbol, price, fee, fee_asset, .. } = &fill;
    let liquidity = fill.liquidity.as_str();
    let trade = fill.execution_id;
    let mut text = format!(
        "{side} {quantity} {symbol} at {price}, fee {fee} {fee_asset}, {liquidity}, trade {trade}"
    );
    if let Some(realized) = &fill.realized {
        let (gross, fees, net) = (realized.gross, realized.fees, realized.net);
        text += &format!("; realized {gross} less fees {fees} = {net}");
    }
    text
}
