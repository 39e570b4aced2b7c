//! A venue that does not answer, or answers wrongly.

use crate::exchange::process::Exchange;
use crate::live::trader::{Trader, UNDETERRED};
use crate::live::venue_view::VenueView;
use crate::storage::faulty::BUSY;
use crate::support::home::Home;

const SYMBOLS: [&str; 3] = ["BTC-USDT", "ETH-USDT", "SOL-USDT"];
/// Short deadlines, and a look at the account each second.
const QUICK: &str =
    "request_timeout = \"500ms\"\norder_window = \"1s\"\n[reconcile]\ninterval = \"1s\"\n";

fn exchange_with(rules: &str) -> Exchange {
    let home = Home::new();
    home.write("plan.toml", rules);
    Exchange::start_in(home, "--faults plan.toml --seed 3 --speed 600")
}

/// A call that failed gave `{}`: no balances, so every position was closed as a ghost.
/// Acceptance test 8, too.
#[test]
fn i_07_fetch_error_is_an_empty_world() {
    let exchange = exchange_with(
        "[[rule]]\nfault = \"error\"\non = \"GET /api/v1/accounts\"\nevery = 3\ncode = \"500000\"\n\
         http = 500\nmsg = \"Internal Server Error\"\n\
         [[rule]]\nfault = \"truncated\"\non = \"GET /api/v1/hf/fills\"\nevery = 4\n\
         [[rule]]\nfault = \"malformed\"\non = \"GET /api/v1/hf/orders/active*\"\nevery = 3\n\
         [[rule]]\nfault = \"html\"\non = \"GET /api/v1/accounts\"\nevery = 2\nfrom_s = 5\n",
    );
    let trader = Trader::new(&exchange, &SYMBOLS, &format!("{QUICK}{UNDETERRED}"));
    let ended = trader.run("--speed 600 --max-runtime 8s --json");
    let summary = ended.ok();
    assert_eq!(summary["violations"], serde_json::json!([]), "{summary}");
    assert!(summary["fills"].as_u64().unwrap() > 0, "{summary}");
    // The deposit of the first start, and nothing that an empty answer would have explained.
    assert_eq!(trader.count("SELECT count(*) FROM transfers"), 1);
    let vanished = "SELECT count(*) FROM events WHERE kind = 'surprise'";
    assert_eq!(trader.count(vanished), 0, "{}", ended.stderr);
    let injected = exchange.injected();
    assert!(injected.iter().filter(|count| **count > 0).count() >= 3, "{injected:?}");
}

/// A time-out counted as a refusal, and nobody asked what had become of the order.
#[test]
fn i_18_unknown_outcome_on_timeout() {
    // Every second order is taken, and the answer lost; most are not even pushed.
    let home = Home::new();
    home.write(
        "plan.toml",
        "[[rule]]\nfault = \"timeout\"\non = \"POST /api/v1/hf/orders\"\nevery = 2\nwhen = \"after\"\n\
         [[rule]]\nfault = \"drop_push\"\non = \"/spotMarket/tradeOrders*\"\nchance = \"0.8\"\n",
    );
    let exchange = Exchange::start_in(home, "--faults plan.toml --seed 3 --speed 60");
    let trader = Trader::new(&exchange, &SYMBOLS, &format!("{QUICK}{BUSY}"));
    let summary = trader.run("--speed 60 --max-runtime 6s --json").ok();
    assert_eq!(summary["violations"], serde_json::json!([]), "{summary}");
    VenueView::ask(&exchange, &SYMBOLS).assert_agrees(&trader);
    let unresolved =
        "SELECT count(*) FROM events WHERE kind = 'order' AND payload LIKE '%unresolved%'";
    assert!(trader.count(unresolved) > 0, "no answer was lost");
    let rejected = "SELECT count(*) FROM orders WHERE status = 'rejected'";
    assert_eq!(trader.count(rejected), 0, "a lost answer is no refusal");
}

/// Refusals for the rate were data, and were asked for again at once.
#[test]
fn i_19_transients_as_data_and_retry_storms() {
    // Nothing but refusals for some seconds.
    let exchange = exchange_with(
        "[[rule]]\nfault = \"rate_limited\"\non = \"* /api/v1/*\"\nchance = \"0.7\"\nfrom_s = 8\n\
         until_s = 12\n\
         [[rule]]\nfault = \"html\"\non = \"* /api/v1/*\"\nfrom_s = 8\nuntil_s = 12\n",
    );
    let trader = Trader::new(&exchange, &SYMBOLS, QUICK);
    let summary = trader.run("--speed 600 --max-runtime 12s --json").ok();
    assert_eq!(summary["violations"], serde_json::json!([]), "{summary}");
    VenueView::ask(&exchange, &SYMBOLS).assert_agrees(&trader);
    assert_eq!(trader.count("SELECT count(*) FROM transfers"), 1);
    let injected: u64 = exchange.injected().iter().sum();
    // Four seconds without an answer: a client that asks again at once makes thousands.
    assert!((5..400).contains(&injected), "{injected} requests");
}
