//! Orders: written down durably, then waited for until the agent has done them, for a while.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::operator::{Given, Operator, Order, Outcome};
use super::peer::Peer;
use super::refusal::Refusal;
use super::server::Shared;
use super::sight::Sight;
use crate::clock;
use crate::domain::hold::{Hold, Level};

/// As long as one waits for an order to be done: cancels take a venue's round trip or two.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// The agent looks for orders about as often.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// An answer to an order; `success`, `message` and `killSwitch` are what older clients read.
#[derive(Serialize)]
struct Done<'a> {
    success: bool,
    message: &'a str,
    id: &'a str,
    state: Level,
    #[serde(rename = "killSwitch", skip_serializing_if = "Option::is_none")]
    kill_switch: Option<KillSwitch>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    verified: Option<Verified>,
}

#[derive(Serialize)]
struct KillSwitch {
    active: bool,
    triggered_at: Option<String>,
    reason: Option<String>,
    can_override: bool,
}

/// What the kill switch did so far.
#[derive(Serialize)]
struct Verified {
    latched_at: Option<String>,
    canceled: Vec<String>,
    open_orders_after: usize,
}

/// Gives the order of a peer, and answers with what came of it.
pub async fn perform(shared: &Shared, peer: Peer, order: Order, reason: String) -> Answer {
    let before = open_orders(&Sight::of(&shared.board));
    let given = Given { id: new_id(), at: clock::wall_now(), by: peer.to_string(), reason, order };
    log::info!(order:? = order, by = given.by.as_str(), id = given.id.as_str();
        "{} orders {order:?}: {}", given.by, given.reason);
    let id = given.id.clone();
    if let Err(why) = submit(&shared.operator, given).await {
        return Refusal::Unavailable(why).answer();
    }
    // Beyond it the order still stands, and will be done.
    let outcome = timeout(WAIT_MAX, settled(shared, &id, order)).await;
    let sight = Sight::of(&shared.board);
    let done = match outcome {
        Ok(Ok(Outcome::Done)) => true,
        Ok(Ok(Outcome::Refused { why, after })) => {
            let wait = after.map(|after| after.us_since(sight.wall).max(0));
            let wait = wait.and_then(|us| u64::try_from(us).ok()).map(Duration::from_micros);
            return Refusal::Conflict(why, wait).answer();
        }
        Ok(Err(why)) => return Refusal::Unavailable(why).answer(),
        Err(_) => false,
    };
    report(&sight, (order, &id), &before, done)
}

/// What is said of an order that stands.
fn report(
    sight: &Sight,
    (order, id): (Order, &str),
    before: &BTreeSet<String>,
    done: bool,
) -> Answer {
    let code = if done { StatusCode::OK } else { StatusCode::ACCEPTED };
    let message = match (done, order) {
        (true, Order::Kill) => "killed: no order is at work",
        (true, Order::Release) => "released",
        (true, Order::Pause { .. }) => "paused",
        (true, Order::Resume { .. }) => "resumed",
        (false, _) => "written down; the agent has not done all of it yet",
    };
    let killing = matches!(order, Order::Kill | Order::Release);
    let verified = matches!(order, Order::Kill).then(|| {
        let after = open_orders(sight);
        Verified {
            latched_at: latch(sight).map(|hold| hold.set_at.to_string()),
            canceled: before.difference(&after).cloned().collect(),
            open_orders_after: after.len(),
        }
    });
    let kill_switch = killing.then(|| kill_switch(sight));
    let state = sight.state();
    Answer::json(code, &Done { success: done, message, id, state, kill_switch, verified })
}

fn kill_switch(sight: &Sight) -> KillSwitch {
    let hold = latch(sight);
    KillSwitch {
        active: hold.is_some(),
        triggered_at: hold.map(|hold| hold.set_at.to_string()),
        reason: hold.map(|hold| hold.reason.clone()),
        can_override: false,
    }
}

/// The hold of the kill switch.
fn latch(sight: &Sight) -> Option<&Hold> {
    sight.view()?.holds.iter().find(|hold| hold.level == Level::KillSwitch)
}

fn open_orders(sight: &Sight) -> BTreeSet<String> {
    let orders = sight.view().map(|view| view.open_orders.as_slice()).unwrap_or_default();
    orders.iter().map(|order| order.client_order_id.clone()).collect()
}

async fn submit(operator: &Arc<dyn Operator>, given: Given) -> Result<(), String> {
    let operator = Arc::clone(operator);
    let written = tokio::task::spawn_blocking(move || operator.submit(&given));
    match timeout(WAIT_MAX, written).await {
        Ok(Ok(written)) => written,
        Ok(Err(_)) | Err(_) => Err("the order could not be written down in time".to_owned()),
    }
}

/// Waits until the agent says what came of the order, and until what it shows agrees.
async fn settled(shared: &Shared, id: &str, order: Order) -> Result<Outcome, String> {
    let outcome = loop {
        let (operator, id) = (Arc::clone(&shared.operator), id.to_owned());
        let asked = tokio::task::spawn_blocking(move || operator.outcome(&id)).await;
        if let Some(outcome) = asked.map_err(|error| error.to_string())?? {
            break outcome;
        }
        sleep(LOOK_EVERY).await;
    };
    let known_at = clock::monotonic();
    while outcome == Outcome::Done {
        let sight = Sight::of(&shared.board);
        let newer = sight.published.as_ref().is_some_and(|it| it.at > known_at);
        if newer && (order != Order::Kill || open_orders(&sight).is_empty()) {
            break;
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(outcome)
}

/// A name that no other order has: this process, this instant, this order.
fn new_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("http-{}-{}-{count}", std::process::id(), clock::wall_now().us())
}
