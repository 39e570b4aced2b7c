//! In live mode, against the exchange that comes with ibis.

use std::fs;

use ibis::domain::decimal::Decimal;

use super::{check, odd, report};
use crate::exchange::process::Exchange;
use crate::live::trader::Trader;
use crate::live::venue_view::VenueView;

const SYMBOLS: [&str; 2] = ["BTC-USDT", "ETH-USDT"];
/// Long enough to trade.
const RUN: &str = "--speed 60 --max-runtime 15s";
/// A strategy that enters within minutes of the market.
const BUSY: &str = "[strategy]\nfast_candles = 1\nslow_candles = 2\n";
/// What a machine may be, and a test cannot choose.
const OF_MACHINE: [&str; 3] = ["disk free", "units", "timers"];

/// A trader of another profile.
fn of_profile(exchange: &Exchange, symbols: &[&str], profile: &str) -> Trader {
    let trader = Trader::new(exchange, symbols, BUSY);
    let text = fs::read_to_string(trader.home.path("ibis.toml")).unwrap();
    let other = text.replace("profile = \"prod\"", &format!("profile = \"{profile}\""));
    assert_ne!(text, other);
    trader.home.write("ibis.toml", other);
    trader
}

#[test]
fn an_account_in_order_passes_before_the_first_run_and_after_it() {
    // By the wall's clock: how old a price is must not depend on how long the questions took.
    let exchange = Exchange::start("");
    let trader = Trader::new(&exchange, &SYMBOLS, "");
    let odd_here = |report: &serde_json::Value| -> Vec<String> {
        let found = odd(report).into_iter().filter(|(name, _)| !OF_MACHINE.contains(name));
        found.map(|(name, verdict)| format!("{name}: {verdict}")).collect()
    };
    let looked = report(&trader.ibis("preflight --json"));
    assert_eq!(odd_here(&looked), ["alerts: warn", "address list: warn"], "{looked}");
    assert!(looked["checks"].as_array().unwrap().len() >= 30, "{looked}");
    assert_eq!(looked["exit_code"], 1);
    for name in ["clock", "permissions", "balances", "fees", "symbol ETH-USDT", "market data"] {
        check(&looked, name);
    }
    let dry = trader.run("--dry-run --json");
    assert_eq!(
        report(&dry)["checks"].as_array().unwrap().len(),
        looked["checks"].as_array().unwrap().len()
    );
    assert!(!trader.home.path("data").exists(), "nothing is made");
    assert_eq!(VenueView::ask(&exchange, &SYMBOLS).orders.len(), 0, "nothing is sent");

    assert_eq!(trader.run("--max-runtime 3s").code, Some(0));
    let looked = report(&trader.ibis("preflight --json"));
    assert_eq!(odd_here(&looked), ["alerts: warn", "address list: warn"], "{looked}");
    assert_eq!(check(&looked, "parity")["value"], "ledger and account agree");
    assert_eq!(check(&looked, "orphan orders")["value"], "none");

    let public = report(&trader.ibis("preflight --public --json"));
    let checks = public["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["name"] != "api key"), "{public}");
    // With the exchange goes the file of its key.
    drop(exchange);
    let looked = report(&trader.ibis("preflight --json"));
    assert_eq!(check(&looked, "credentials")["verdict"], "fail");
    assert_eq!(check(&looked, "parity")["verdict"], "insufficient");
    assert_eq!(looked["exit_code"], 77);
}

#[test]
fn a_canary_is_locked_whatever_is_written() {
    let exchange = Exchange::start("--speed 60");
    let three = of_profile(&exchange, &["BTC-USDT", "ETH-USDT", "SOL-USDT"], "canary");
    let refused = three.run(RUN);
    assert!(refused.refused(78).contains("market.symbols names 3"), "{refused:?}");
    let dev = of_profile(&exchange, &SYMBOLS, "dev").run(RUN);
    assert!(dev.refused(78).contains("agent.profile = dev"), "{dev:?}");
    assert_eq!(VenueView::ask(&exchange, &SYMBOLS).orders.len(), 0);

    let trader = of_profile(&exchange, &SYMBOLS, "canary");
    let looked = trader.ibis("preflight --json").parsed();
    let locked = check(&looked, "profile");
    assert!(locked["value"].as_str().unwrap().contains("risk.notional_max = 25"), "{locked}");
    let ended = trader.run(RUN);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("profile canary: risk.notional_max = 25 (configured 100)"));
    let ledger = trader.ledger();
    let entries = "SELECT price, quantity FROM intents WHERE purpose = 'entry'";
    let mut query = ledger.prepare(entries).unwrap();
    let of = |row: &rusqlite::Row<'_>, at| -> Decimal {
        row.get::<_, String>(at).unwrap().parse().unwrap()
    };
    let rows = query.query_map([], |row| Ok((of(row, 0), of(row, 1)))).unwrap();
    let entries: Vec<(Decimal, Decimal)> = rows.map(Result::unwrap).collect();
    assert!(!entries.is_empty(), "it traded: {ended:?}");
    let most: Decimal = "25".parse().unwrap();
    for (price, quantity) in entries {
        let notional = price.mul(quantity, ibis::domain::decimal::Round::Up);
        assert!(notional <= most, "{quantity} at {price}");
    }
    let looked = report(&trader.ibis("preflight --json"));
    for name in ["parity", "orphan orders"] {
        assert_eq!(check(&looked, name)["verdict"], "ok", "{looked}");
    }
}

#[test]
fn a_damaged_ledger_is_refused_by_the_agent_itself_before_anything_is_sent() {
    let exchange = Exchange::start("--speed 60");
    let trader = Trader::new(&exchange, &SYMBOLS, BUSY);
    assert_eq!(trader.run(RUN).code, Some(0));
    let sent = VenueView::ask(&exchange, &SYMBOLS).orders.len();
    let damage =
        "UPDATE events SET payload = payload || ' ' WHERE seq = (SELECT max(seq) FROM events)";
    trader.ledger().execute(damage, []).unwrap();
    let runs = trader.count("SELECT count(*) FROM runs");
    let ended = trader.run(RUN);
    assert_eq!(ended.code, Some(65), "{ended:?}");
    assert!(ended.complaint().contains("ledger integrity: the hash chain breaks"), "{ended:?}");
    assert_eq!(VenueView::ask(&exchange, &SYMBOLS).orders.len(), sent);
    assert_eq!(trader.count("SELECT count(*) FROM runs"), runs);
    assert_eq!(trader.ibis("preflight").code, Some(65));
}
