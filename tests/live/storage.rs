//! The disk refuses, or the ledger is an old one, while orders are at a venue that forgets nothing.

use super::trader::Trader;
use super::venue_view::VenueView;
use crate::exchange::process::Exchange;
use crate::storage::faulty::{BUSY, Faulty, order_of};
use crate::support::home::Home;

const SYMBOLS: [&str; 4] = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "AVAX-USDT"];

#[test]
fn an_exit_is_sent_and_filled_while_the_disk_refuses() {
    let exchange = Exchange::start_in(Home::new(), "--seed 5 --speed 60");
    let trader = Trader::new(&exchange, &SYMBOLS, BUSY);
    let Some(faults) = Faulty::over(&trader.home) else { return };
    let mut agent = faults.start("--speed 60");
    for _ in 0..3 {
        agent.line("filled: buy");
    }
    faults.begin("eio", "");
    agent.line("no entries, exits go on");
    let exit = loop {
        let line = agent.line(" sell ");
        if !line.contains("filled") {
            break order_of(&line);
        }
    };
    agent.line(&format!("{exit} filled"));
    let known = format!("SELECT count(*) FROM intents WHERE client_order_id = '{exit}'");
    assert_eq!(trader.count(&known), 0, "the ledger still cannot be written");
    faults.end("eio");
    agent.line("is written again");
    assert_eq!(trader.count(&known), 1);
    agent.line("filled: buy");
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    VenueView::ask(&exchange, &SYMBOLS).assert_agrees(&trader);
    assert_eq!(trader.ibis("db check --json").ok()["ok"], true);
}

#[test]
fn killed_while_the_disk_refuses_nothing_is_lost_or_doubled() {
    let exchange = Exchange::start_in(Home::new(), "--seed 6 --speed 60");
    let trader = Trader::new(&exchange, &SYMBOLS, BUSY);
    let Some(faults) = Faulty::over(&trader.home) else { return };
    for _ in 0..3 {
        let mut agent = faults.start("--speed 60");
        for _ in 0..3 {
            agent.line("filled: buy");
        }
        faults.begin("eio", "");
        agent.line("no entries, exits go on");
        agent.line("filled: sell");
        agent.kill();
        faults.end("eio");
    }
    let mut agent = faults.start("--speed 60");
    agent.line("taken into the ledger from the emergency journal");
    agent.line("ready: run");
    agent.line("filled: buy");
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("fill_of_unknown_order"), "{ended:?}");
    VenueView::ask(&exchange, &SYMBOLS).assert_agrees(&trader);
    assert_eq!(trader.ibis("db check --json").ok()["ok"], true);
}

#[test]
fn an_old_backup_catches_up_with_what_the_venue_has_seen() {
    let exchange = Exchange::start_in(Home::new(), "--seed 7 --speed 60");
    let trader = Trader::new(&exchange, &SYMBOLS, BUSY);
    let mut agent = trader.start("--speed 60");
    for _ in 0..3 {
        agent.line("filled: buy");
    }
    let backup = trader.ibis("db backup --json").ok();
    for _ in 0..5 {
        agent.line("filled: buy");
        agent.line("filled: sell");
    }
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    let before = trader.fills();
    trader.ibis(&format!("db restore {}", backup["file"].as_str().unwrap())).code.unwrap();
    assert!(trader.fills().len() < before.len(), "an old one");
    let mut agent = trader.start("--speed 60");
    agent.line("ready: run");
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let after = trader.fills();
    for (trade, fill) in &before {
        let found = after.get(trade).map(|found| (found.0, found.1));
        assert_eq!(found, Some((fill.0, fill.1)), "{trade:?}");
    }
    // The intents of the orders since the backup are gone with the ledger that knew them; what they
    // did is not.
    let venue = VenueView::ask(&exchange, &SYMBOLS);
    let fills = after.into_iter().map(|(trade, (size, fee, _))| (trade, (size, fee)));
    assert_eq!(venue.fills, fills.collect());
    let mut balances = trader.balances();
    balances.retain(|_, (total, _)| !total.is_zero());
    assert_eq!(venue.balances, balances);
    assert!(venue.orders.values().all(|times| *times == 1), "{:?}", venue.orders);
}
