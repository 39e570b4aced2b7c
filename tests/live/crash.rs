//! The agent dies with orders at the venue and comes back: nothing is lost, nothing is doubled.

use super::trader::Trader;
use super::venue_view::VenueView;
use crate::exchange::process::Exchange;
use crate::support::home::Home;

const SYMBOLS: [&str; 4] = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "AVAX-USDT"];

#[test]
fn killed_in_the_middle_again_and_again_both_agree_in_the_end() {
    let exchange = Exchange::start_in(Home::new(), "--seed 5 --speed 600");
    // Entries wait as makers, so that orders rest at the venue while the agent is away.
    let more = "request_timeout = \"1s\"\norder_window = \"1s\"\n\
                [strategy]\nentry_price = \"bid\"\nentry_ttl = \"1h\"\n";
    let trader = Trader::new(&exchange, &SYMBOLS, more);
    for _ in 0..4 {
        let mut agent = trader.start("--speed 600");
        agent.line("ready: run");
        for _ in 0..6 {
            agent.line("-USDT at ");
        }
        agent.kill();
    }
    // What the crashes held back is released by hand: the market's clock is too quick to wait for it.
    let summary = trader.run("--speed 600 --max-runtime 5s --json").ok();
    assert_eq!(summary["violations"].as_array().unwrap().len(), 0, "{summary}");
    let venue = VenueView::ask(&exchange, &SYMBOLS);
    venue.assert_agrees(&trader);
    assert_eq!(trader.count("SELECT count(*) FROM runs"), 5);
    assert!(trader.count("SELECT count(*) FROM fills") > 0);
}
