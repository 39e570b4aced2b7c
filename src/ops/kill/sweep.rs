//! Cancels every order of the account at the venue, whoever placed it, until the venue lists none.
//!
//! The venue takes a cancel and does it later, and an order that is on its way is not listed yet: what
//! counts is two lists in a row without an order.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{sleep, timeout};

use crate::clock;
use crate::exchange::kucoin::protocol::order::Order;
use crate::exchange::kucoin::rest::{Failure, Priority, Rest};

/// Lists without an order, one after the other, that prove that there is none.
const EMPTY_LISTS: u32 = 2;
/// The wait before the next look; each one with an order left doubles it ...
const WAIT_FIRST: Duration = Duration::from_millis(100);
/// ... up to this.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// Orders that are named; the rest is counted.
const NAMED_MAX: usize = 20;

/// What was done, and what is left.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Swept {
    /// True where the venue showed that nothing is at work.
    pub empty: bool,
    /// How often everything was asked back.
    pub rounds: u32,
    /// Microseconds until the venue had taken the cancel of everything and of all stop orders; none where
    /// it did not take both.
    pub asked_us: Option<u64>,
    /// Orders at the first look, after the first cancel; none where there was no look.
    pub open_first: Option<usize>,
    /// Orders that the last look still showed; none where there was no look.
    pub open_last: Option<usize>,
    /// Some of them, by pair and name.
    pub left: Vec<String>,
    /// Why something was not done, where that is so; one line.
    pub trouble: Option<String>,
}

/// Cancels and looks until nothing is at work, or until `deadline` of the monotonic clock.
pub async fn sweep(rest: &Rest, deadline: Duration) -> Swept {
    // What a cancel needs to know goes before what others only ask.
    let rest = rest.with_priority(Priority::Protective);
    let (swept, began) = (Swept::default(), clock::monotonic());
    let mut sweep = Sweep { rest, swept, began, asked: false, stops: false, empty: 0 };
    let mut wait = WAIT_FIRST;
    loop {
        let remaining = deadline.saturating_sub(clock::monotonic());
        match timeout(remaining, sweep.round()).await {
            // No further try makes a key good.
            Ok(Err(Failure::Unauthorized(_))) => return sweep.swept,
            Ok(Ok(()) | Err(_)) => {}
            Err(_) => {
                sweep.swept.trouble.get_or_insert_with(|| "the time is over".to_owned());
                return sweep.swept;
            }
        }
        if sweep.asked && sweep.stops && sweep.empty >= EMPTY_LISTS {
            return Swept { empty: true, trouble: None, ..sweep.swept };
        }
        sleep(wait.min(deadline.saturating_sub(clock::monotonic()))).await;
        wait = if sweep.empty > 0 { WAIT_FIRST } else { (wait * 2).min(WAIT_MAX) };
    }
}

/// On the way.
struct Sweep {
    rest: Rest,
    swept: Swept,
    /// By the monotonic clock.
    began: Duration,
    /// The venue took the cancel of everything once.
    asked: bool,
    /// It took the cancel of all stop orders once.
    stops: bool,
    /// Lists without an order so far, one after the other.
    empty: u32,
}

impl Sweep {
    /// Asks everything back and looks what is left. The failure is the first one; nothing waits for
    /// another call's trouble.
    async fn round(&mut self) -> Result<(), Failure> {
        self.swept.rounds += 1;
        let (all, stops) =
            tokio::join!(self.rest.cancel_everything(), self.rest.cancel_stop_orders());
        self.asked |= all.is_ok();
        self.stops |= stops.is_ok();
        if self.asked && self.stops {
            let us = u64::try_from((clock::monotonic() - self.began).as_micros());
            self.swept.asked_us.get_or_insert(us.unwrap_or(u64::MAX));
        }
        let listed = self.rest.all_open_orders().await;
        self.empty = if listed.as_ref().is_ok_and(Vec::is_empty) { self.empty + 1 } else { 0 };
        let failed = all.as_ref().map_or(&[][..], |answer| &answer.failed_symbols);
        let mut trouble: Vec<String> = failed.iter().map(ToString::to_string).collect();
        if let Ok(orders) = &listed {
            self.swept.open_first.get_or_insert(orders.len());
            self.swept.open_last = Some(orders.len());
            self.swept.left = orders.iter().take(NAMED_MAX).map(name).collect();
        }
        let orders = listed.as_deref().unwrap_or_default();
        if self.swept.rounds > 1 {
            // What the call for all of them left goes pair by pair, and one by one.
            cancel_singly(&self.rest, orders).await;
        }
        let outcome = listed.map(drop).and(all.map(drop)).and(stops.map(drop));
        trouble.extend(outcome.as_ref().err().map(ToString::to_string));
        self.swept.trouble = (!trouble.is_empty()).then(|| trouble.join("; "));
        outcome
    }
}

async fn cancel_singly(rest: &Rest, orders: &[Order<'_>]) {
    let mut symbols: Vec<&str> = orders.iter().map(|order| order.symbol.as_str()).collect();
    symbols.sort_unstable();
    symbols.dedup();
    for symbol in symbols {
        if rest.cancel_all(symbol).await.is_ok() {
            continue;
        }
        for order in orders.iter().filter(|order| order.symbol.as_str() == symbol) {
            // The next look tells whether it went.
            drop(rest.cancel_by_id(symbol, order.id.as_str()).await);
        }
    }
}

fn name(order: &Order<'_>) -> String {
    let client = order.client_oid.as_ref().map_or("", |id| id.as_str());
    format!("{} {} {client}", order.symbol.as_str(), order.id.as_str()).trim_end().to_owned()
}
