//! Cancels every order of the account at the venue, whoever placed it, until the venue lists none.
//!
//! The venue takes a cancel and does it later, and an order that is on its way is not listed yet: what
//! counts is two lists in a row without an order.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{sleep, timeout};

use crate::clock;
use crate::exchange::kucoin::protocol::order::Order;
use crate::exchange::kucoin::rest::{Failure, Rest};

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
    /// Orders at the first look after the first cancel, at the last one.
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
    let mut swept = Swept::default();
    let (mut empty, mut wait) = (0, WAIT_FIRST);
    loop {
        let remaining = deadline.saturating_sub(clock::monotonic());
        let round = timeout(remaining, round(rest, &mut swept));
        match round.await {
            Ok(Ok(())) => empty = if swept.open_last == Some(0) { empty + 1 } else { 0 },
            Ok(Err(failure)) => {
                empty = 0;
                swept.trouble = Some(failure.to_string());
                // No further try makes a key good.
                if matches!(failure, Failure::Unauthorized(_)) {
                    return swept;
                }
            }
            Err(_) => {
                swept.trouble.get_or_insert_with(|| "the venue takes too long".to_owned());
                return swept;
            }
        }
        if empty >= EMPTY_LISTS {
            swept.empty = true;
            return swept;
        }
        sleep(wait.min(deadline.saturating_sub(clock::monotonic()))).await;
        wait = if empty > 0 { WAIT_FIRST } else { (wait * 2).min(WAIT_MAX) };
    }
}

/// Asks everything back and looks what is left.
async fn round(rest: &Rest, swept: &mut Swept) -> Result<(), Failure> {
    swept.rounds += 1;
    swept.trouble = None;
    // Neither waits for the other's trouble: what can be canceled is.
    let (all, stops) = tokio::join!(rest.cancel_everything(), rest.cancel_stop_orders());
    let listed = rest.all_open_orders().await;
    if let Ok(orders) = &listed {
        swept.open_first.get_or_insert(orders.len());
        swept.open_last = Some(orders.len());
        swept.left = orders.iter().take(NAMED_MAX).map(name).collect();
    }
    let failed = match &all {
        Ok(answer) => answer.failed_symbols.iter().map(ToString::to_string).collect(),
        Err(failure) => vec![failure.to_string()],
    };
    if !failed.is_empty() {
        swept.trouble = Some(failed.join("; "));
    }
    // What the call for all of them left goes pair by pair, and one by one.
    if swept.rounds > 1
        && let Ok(orders) = &listed
    {
        cancel_singly(rest, orders).await;
    }
    listed?;
    all?;
    stops.map(drop)
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
