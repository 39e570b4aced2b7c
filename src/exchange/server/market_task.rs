//! The market's task: moves the core with its clock and gives out what comes of it.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

use super::exchange::Exchange;
use crate::market::MarketError;

/// The dead man's switch and the clocks are looked at so often at least.
const REST_MAX: Duration = Duration::from_millis(100);

/// Runs the market until its source fails.
pub async fn run(exchange: Rc<Exchange>) -> MarketError {
    loop {
        let there = exchange.catch_up();
        exchange.tick();
        exchange.distribute();
        exchange.release_pushes();
        if let Some(error) = exchange.take_failure() {
            return error;
        }
        if !there {
            // Requests go first where the market is slower than its clock.
            yield_now().await;
            continue;
        }
        let rest = exchange.rest().min(REST_MAX);
        tokio::select! {
            () = sleep(rest) => {}
            () = exchange.wake.notified() => {}
        }
    }
}
