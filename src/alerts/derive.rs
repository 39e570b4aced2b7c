//! What an event of the ledger says that a person should hear. Pure: the same event, the same signals.
//!
//! | event | key | severity |
//! |---|---|---|
//! | `hold_set`, over by `hold_cleared` | `hold/SCOPE/CODE` | by [`of_hold`] |
//! | `transition` | `state` | info: the hold behind it says more |
//! | `order` rejected / unresolved | `order/rejected`, `order/unresolved` | medium |
//! | `surprise` | `surprise/CODE` | high |
//! | `transfer` but the account's own deposits | `transfer/ASSET` | medium |
//! | `run` started, which it is once nothing can refuse any more, and stopped | `run` | info |
//!
//! The holds of every start and every stop ([`HoldCode::Startup`], [`HoldCode::Draining`]) are no news. A
//! payload that cannot be read says nothing here: the check of the chain finds it.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::signal::{Alert, Signal};
use crate::domain::alert::Severity;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::order_status::OrderStatus;
use crate::domain::record::{OrderRecord, SurpriseRecord, TransferRecord, TransitionRecord};
use crate::store::event::EventRow;

/// The unit whose failure a run that started ends.
pub const AGENT_UNIT: &str = "ibis-agent.service";

/// What an event says.
pub fn of(event: &EventRow) -> Vec<Signal> {
    match event.kind.as_str() {
        "hold_set" => read(event).and_then(|hold| hold_set(&hold)).into_iter().collect(),
        "hold_cleared" => hold_cleared(event).into_iter().collect(),
        "transition" => read(event).and_then(|change| transition(&change)).into_iter().collect(),
        "order" => read(event).and_then(|order| order_trouble(&order)).into_iter().collect(),
        "surprise" => read(event).map(|surprise| of_surprise(&surprise)).into_iter().collect(),
        "transfer" => read(event).and_then(|transfer| of_transfer(&transfer)).into_iter().collect(),
        "run" => run(event),
        _ => Vec::new(),
    }
}

/// The key of the failure of a unit.
pub fn unit_key(unit: &str) -> String {
    format!("unit/{unit}")
}

fn read<T: DeserializeOwned>(event: &EventRow) -> Option<T> {
    serde_json::from_str(&event.payload).ok()
}

/// How much a hold matters: by what it permits, more where it needs a person, less where a person set
/// it or it concerns one instrument.
pub fn of_hold(hold: &Hold) -> Severity {
    match (hold.code, hold.level) {
        (HoldCode::Operator, _) => Severity::Low,
        (HoldCode::ReconcileMismatch | HoldCode::VenueUnauthorized, _)
        | (_, Level::HardStop | Level::KillSwitch) => Severity::Critical,
        (_, Level::SoftPause) if hold.scope.is_none() => Severity::High,
        (_, Level::SoftPause | Level::Degraded) => Severity::Medium,
        (_, Level::Running) => Severity::Low,
    }
}

fn hold_key(scope: &str, code: &str) -> String {
    format!("hold/{scope}/{code}")
}

/// Set and cleared by each start and each stop.
fn is_routine(code: HoldCode) -> bool {
    matches!(code, HoldCode::Startup | HoldCode::Draining)
}

fn hold_set(hold: &Hold) -> Option<Signal> {
    if is_routine(hold.code) {
        return None;
    }
    let (scope, code) = (hold.scope_str(), hold.code.as_str());
    let what = hold.scope.map(|symbol| format!("{symbol}: ")).unwrap_or_default();
    let until = hold.until.map(|until| format!("\nuntil {until}")).unwrap_or_default();
    let title = format!("{what}{} by {code}", hold.level);
    let alert = Alert::new(hold_key(scope, code), of_hold(hold), title)
        .because(format!("{}{until}", hold.reason))
        .with("hold", code)
        .with("level", hold.level.as_str())
        .with("symbol", hold.scope.map(|symbol| symbol.to_string()).unwrap_or_default());
    Some(Signal::Fires(alert))
}

/// The scope of a hold that is over.
#[derive(Deserialize)]
struct Cleared {
    scope: Option<String>,
}

fn hold_cleared(event: &EventRow) -> Option<Signal> {
    let scope = read::<Cleared>(event)?.scope.unwrap_or_else(|| "global".to_owned());
    Some(Signal::Ends { key: hold_key(&scope, &event.reference) })
}

fn transition(change: &TransitionRecord) -> Option<Signal> {
    if is_routine(change.code) {
        return None;
    }
    let title = format!("state {} -> {} ({})", change.from, change.to, change.code);
    Some(Signal::Happens(Alert::new("state", Severity::Info, title)))
}

fn order_trouble(order: &OrderRecord) -> Option<Signal> {
    let id = order.client_order_id.as_str();
    let alert = match order.status {
        OrderStatus::Rejected => {
            let reason = order.reason.as_deref().unwrap_or("no reason given");
            Alert::new("order/rejected", Severity::Medium, "the venue refused an order")
                .because(format!("{id}: {reason}"))
        }
        OrderStatus::Unresolved => {
            Alert::new("order/unresolved", Severity::Medium, "an order's answer is lost")
                .because(format!("{id}: the venue is asked until it knows; do not send it again"))
        }
        OrderStatus::Created
        | OrderStatus::Submitted
        | OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::PendingCancel
        | OrderStatus::Filled
        | OrderStatus::Canceled
        | OrderStatus::Expired => return None,
    };
    Some(Signal::Happens(alert.with("client_order_id", id)))
}

fn of_surprise(surprise: &SurpriseRecord) -> Signal {
    let SurpriseRecord { code, subject, detail } = surprise;
    let alert = Alert::new(format!("surprise/{code}"), Severity::High, code.replace('_', " "))
        .because(format!("{subject}: {detail}"))
        .with("code", code)
        .with("subject", subject);
    Signal::Happens(alert)
}

fn of_transfer(transfer: &TransferRecord) -> Option<Signal> {
    let TransferRecord { asset, amount, kind, reason, .. } = transfer;
    if kind == "deposit" {
        return None;
    }
    let title = format!("{} of {amount} {asset}", kind.replace('_', " "));
    let alert = Alert::new(format!("transfer/{asset}"), Severity::Medium, title)
        .because(reason)
        .with("asset", asset.to_string());
    Some(Signal::Happens(alert))
}

/// The phase of a run.
#[derive(Deserialize)]
struct Phase {
    phase: String,
}

fn run(event: &EventRow) -> Vec<Signal> {
    let run = &event.reference;
    let says = |title: String| Signal::Happens(Alert::new("run", Severity::Info, title));
    match read::<Phase>(event).map(|phase| phase.phase).as_deref() {
        Some("started") => {
            let works = Signal::Ends { key: unit_key(AGENT_UNIT) };
            vec![works, says(format!("run {run} trades"))]
        }
        Some("stopped") => vec![says(format!("run {run} stopped"))],
        Some(_) | None => Vec::new(),
    }
}
