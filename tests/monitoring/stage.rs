//! Agents whose metrics are asked for.

use crate::exchange::process::Exchange;
use crate::http::{GENEROUS, Served, doors, launch};
use crate::support::home::Home;

/// Orders soon: averages of one and two candles of a second.
pub const BUSY: &str = "[strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"1s\"\n";

/// An agent on paper, as anybody starts one.
pub fn paper() -> Served {
    Served::start("", GENEROUS, "")
}

/// An agent in live mode, at an exchange of its own, which is to outlive it.
pub fn live(words: &str, more: &str) -> (Served, Exchange) {
    let exchange = Exchange::start(words);
    let base_url = exchange.ready["base_url"].as_str().unwrap();
    let credentials = exchange.ready["credentials_file"].as_str().unwrap();
    let live = format!(
        "[agent]\nmode = \"live\"\narmed = true\nprofile = \"prod\"\n\
         [market]\nsymbols = [\"BTC-USDT\", \"ETH-USDT\"]\n[reconcile]\ninterval = \"1s\"\n\
         [exchange]\nbase_url = {base_url:?}\ncredentials_file = {credentials:?}\n{more}"
    );
    let (mut agent, home) = launch(Home::new(), words, GENEROUS, &live, &[]);
    let (tcp, socket) = doors(&agent.line("control interface: http"));
    (Served { agent, tcp, socket, home }, exchange)
}
