//! Orders: written down durably, then waited for until the agent has done them, for a while.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::operator::Operator;
use super::peer::Peer;
use super::refusal::Refusal;
use super::server::Shared;
use super::sight::Sight;
use crate::clock;
use crate::domain::hold::{Hold, Level};
use crate::domain::operator::{Command, CommandId, Outcome, Via, Wish};

/// As long as one waits for an order to be done: the account is looked at 5 s after a cancel, and that
/// takes a venue's round trip.
const WAIT_MAX: Duration = Duration::from_secs(7);
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
pub async fn perform(shared: &Shared, peer: Peer, wish: Wish, reason: String) -> Answer {
    let before = open_orders(&Sight::of(&shared.board));
    let Some(id) = new_id() else {
        return Refusal::Unavailable("no name for the order".to_owned()).answer();
    };
    let (at, by, via) = (clock::wall_now(), peer.to_string(), Via::Http);
    log::info!(wish = wish.as_str(), by = by.as_str(), id:% = id; "{by} orders: {}: {reason}", wish.as_str());
    let command = Command { id, at, by, via, reason, wish: wish.clone() };
    if let Err(why) = submit(&shared.operator, command).await {
        return Refusal::Unavailable(why).answer();
    }
    // Beyond it the order still stands, and will be done.
    let outcome = timeout(WAIT_MAX, settled(shared, &id, &wish)).await;
    let sight = Sight::of(&shared.board);
    if let Ok(Outcome::Refused { why, after }) = outcome {
        let now = sight.view().map(|view| view.at);
        let wait = after.zip(now).map(|(after, now)| after.us_since(now).max(1));
        let wait = wait.and_then(|us| u64::try_from(us).ok()).map(Duration::from_micros);
        return Refusal::Conflict(why, wait).answer();
    }
    report(&sight, (&wish, &id), &before, outcome.is_ok())
}

/// What is said of an order that stands.
fn report(
    sight: &Sight,
    (wish, id): (&Wish, &CommandId),
    before: &BTreeSet<String>,
    done: bool,
) -> Answer {
    let code = if done { StatusCode::OK } else { StatusCode::ACCEPTED };
    let message = match (done, wish) {
        (true, Wish::Kill { .. }) => "killed: no order is at work",
        (true, Wish::Release) => "released: now hard_stop, until resumed from it",
        (true, Wish::Pause { .. }) => "paused",
        (true, Wish::Resume { .. }) => "resumed",
        (true, Wish::ForceExit { .. }) => "selling what is held",
        (true, Wish::Hold { .. }) => "held",
        (false, _) => "written down; the agent has not done all of it yet",
    };
    let killing = matches!(wish, Wish::Kill { .. } | Wish::Release);
    let verified = matches!(wish, Wish::Kill { .. }).then(|| {
        let after = open_orders(sight);
        let was_canceled =
            |id: &str| sight.view().is_some_and(|view| view.counters.was_canceled(id));
        Verified {
            latched_at: latch(sight).map(|hold| hold.set_at.to_string()),
            // What filled meanwhile is over, and was not canceled.
            canceled: before.iter().filter(|id| was_canceled(id)).cloned().collect(),
            open_orders_after: after.len(),
        }
    });
    let kill_switch = killing.then(|| kill_switch(sight));
    let state = sight.state();
    let id = id.as_str();
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

async fn submit(operator: &Arc<dyn Operator>, command: Command) -> Result<(), String> {
    let operator = Arc::clone(operator);
    let written = tokio::task::spawn_blocking(move || operator.submit(&command));
    match timeout(WAIT_MAX, written).await {
        Ok(Ok(written)) => written,
        Ok(Err(_)) | Err(_) => Err("the order could not be written down in time".to_owned()),
    }
}

/// Waits until the order is done, and what the agent shows agrees; or until it is refused.
async fn settled(shared: &Shared, id: &CommandId, wish: &Wish) -> Outcome {
    let mut known_at = clock::monotonic();
    if !matches!(wish, Wish::Kill { .. }) {
        loop {
            let (operator, id) = (Arc::clone(&shared.operator), *id);
            let asked = tokio::task::spawn_blocking(move || operator.outcome(&id)).await;
            match asked.ok().flatten() {
                Some(Outcome::Done) => break,
                Some(refused @ Outcome::Refused { .. }) => return refused,
                None => sleep(LOOK_EVERY).await,
            }
        }
        known_at = clock::monotonic();
    }
    // The kill switch is never refused, and what it did shows although the ledger may be locked.
    loop {
        let sight = Sight::of(&shared.board);
        let newer = sight.published.as_ref().is_some_and(|it| it.at > known_at);
        if newer && (!matches!(wish, Wish::Kill { .. }) || is_killed(&sight)) {
            return Outcome::Done;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The switch is set, and the venue has shown that nothing is at work since.
fn is_killed(sight: &Sight) -> bool {
    let verified = sight.view().is_some_and(|view| view.kill_verified);
    latch(sight).is_some() && verified && open_orders(sight).is_empty()
}

/// A name that no other order has: this process, this instant, this order.
fn new_id() -> Option<CommandId> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("http-{}-{}-{count}", std::process::id(), clock::wall_now().us());
    CommandId::new(&id).ok()
}
