//! A day of the market, through a venue that fails in every way a moderate day has.

use super::trader::{Trader, UNDETERRED};
use super::venue_view::VenueView;
use crate::exchange::process::Exchange;
use crate::support::home::Home;

/// How much faster than the wall the market runs: 24 hours of it in 144 seconds.
const SPEED: &str = "--speed 600";
const SYMBOLS: [&str; 5] = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "ARB-USDT", "SHIB-USDT"];

/// One of every kind that a client can survive without a person.
const PLAN: &str = r#"
seed = 11
[[rule]]
fault = "delay"
on = "* /api/v1/hf/*"
chance = "0.05"
min_ms = 5
max_ms = 60
[[rule]]
fault = "delay"
on = "* /api/v1/hf/*"
chance = "0.05"
min_ms = 5
max_ms = 60
when = "after"
[[rule]]
fault = "timeout"
on = "POST /api/v1/hf/orders"
every = 40
when = "after"
[[rule]]
fault = "timeout"
on = "POST /api/v1/hf/orders"
every = 61
[[rule]]
fault = "reset"
on = "POST /api/v1/hf/orders"
every = 33
when = "after"
[[rule]]
fault = "reset"
on = "*"
chance = "0.004"
[[rule]]
fault = "half_open"
on = "POST /api/v1/hf/orders"
every = 90
[[rule]]
fault = "error"
on = "POST /api/v1/hf/orders"
every = 27
when = "after"
code = "500000"
http = 500
msg = "Internal Server Error"
[[rule]]
fault = "error"
on = "POST /api/v1/hf/orders"
every = 37
code = "200004"
[[rule]]
fault = "rate_limited"
on = "* /api/v1/hf/*"
chance = "0.01"
headers = true
reset_ms = 300
[[rule]]
fault = "rate_limited"
on = "* /api/v1/hf/*"
chance = "0.01"
[[rule]]
fault = "malformed"
on = "* /api/v1/hf/*"
every = 97
[[rule]]
fault = "truncated"
on = "* /api/v1/hf/*"
every = 89
[[rule]]
fault = "cut"
on = "* /api/v1/hf/*"
every = 83
[[rule]]
fault = "late_cancel"
on = "DELETE /api/v1/hf/orders/*"
chance = "0.2"
min_ms = 5
max_ms = 100
[[rule]]
fault = "fill_first"
on = "DELETE /api/v1/hf/orders/*"
every = 7
[[rule]]
fault = "drop_push"
on = "/spotMarket/tradeOrders*"
chance = "0.05"
[[rule]]
fault = "duplicate_push"
on = "*"
chance = "0.02"
[[rule]]
fault = "reorder_push"
on = "/spotMarket/tradeOrders*"
chance = "0.05"
[[rule]]
fault = "delay_push"
on = "/spotMarket/tradeOrders*"
chance = "0.05"
min_ms = 5
max_ms = 200
[[rule]]
fault = "disconnect"
on = "private"
min_ms = 15000
max_ms = 30000
[[rule]]
fault = "disconnect"
on = "public"
min_ms = 20000
max_ms = 40000
how = "reset"
[[rule]]
fault = "fee_rounding"
places = 8
"#;

#[test]
fn a_day_with_faults_ends_with_ledger_exchange_and_state_json_equal() {
    let home = Home::new();
    home.write("plan.toml", PLAN);
    let exchange = Exchange::start_in(home, &format!("--faults plan.toml --seed 3 {SPEED}"));
    let quick = "request_timeout = \"500ms\"\norder_window = \"1s\"\n";
    let trader = Trader::new(&exchange, &SYMBOLS, &format!("{quick}{UNDETERRED}"));
    let summary = trader.run(&format!("{SPEED} --max-runtime 144s --json")).ok();
    assert_eq!(summary["violations"].as_array().unwrap().len(), 0, "{summary}");
    assert_eq!(summary["open_orders"], 0, "{summary}");
    assert!(summary["fills"].as_u64().unwrap() > 100, "{summary}");
    let venue = VenueView::ask(&exchange, &SYMBOLS);
    assert_eq!(venue.open, Vec::<String>::new());
    venue.assert_agrees(&trader);
    let unresolved =
        "SELECT count(*) FROM events WHERE kind = 'order' AND payload LIKE '%unresolved%'";
    assert!(trader.count(unresolved) > 0, "no answer was ever lost");
    let integrity = trader.ibis("exec-integrity --json");
    assert!(integrity.stdout.contains("\"overall\""), "{integrity:?}");
    let report: serde_json::Value = serde_json::from_str(&integrity.stdout).unwrap();
    let differences: Vec<_> = (report["checks"].as_array().unwrap().iter())
        .filter(|check| check["severity"] == "CRITICAL")
        .collect();
    assert_eq!(differences, Vec::<&serde_json::Value>::new());
    let injected = exchange.injected();
    assert!(injected.iter().filter(|count| **count > 0).count() >= 20, "{injected:?}");
}
