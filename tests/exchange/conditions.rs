//! States of the exchange that a plan puts in force, and races that it decides.

use super::http::Http;
use super::process::Exchange;
use crate::support::home::Home;

const SYMBOL: &str = "/api/v2/symbols/BTC-USDT";

/// An exchange whose market runs a thousand times faster, under a plan of one rule.
fn fast(rule: &str) -> Exchange {
    let home = Home::new();
    home.write(
        "plan.toml",
        format!("[quota]\npublic = 1000000\nspot = 1000000\n[[rule]]\n{rule}\n"),
    );
    Exchange::start_in(home, "--faults plan.toml --speed 1000")
}

/// Asks until the answer is as it should be.
fn until(http: &mut Http, target: &str, expected: impl Fn(&serde_json::Value) -> bool) {
    while !expected(&http.get(target).json()) {}
}

#[test]
fn maintenance_lets_cancels_pass_or_nothing() {
    let rule = "[[rule]]\nfault = \"maintenance\"\nfrom_s = 1\nmode = \"cancelonly\"\n";
    let exchange = Exchange::with_plan(&format!("[quota]\npublic = 1000000\n{rule}"));
    let mut http = exchange.http();
    http.place_far("a");
    until(&mut http, "/api/v1/status", |body| body["data"]["status"] == "cancelonly");
    assert_eq!(http.try_place_far("b").refusal().1, "200001");
    http.delete("/api/v1/hf/orders/client-order/a?symbol=BTC-USDT").data();
    assert_eq!(exchange.injected(), [1]);

    let closed = Exchange::with_plan("[[rule]]\nfault = \"maintenance\"\nmode = \"close\"\n");
    let mut http = closed.http();
    assert_eq!(http.get("/api/v1/status").data()["status"], "close");
    assert_eq!(http.try_place_far("a").refusal().1, "200001");
}

#[test]
fn an_account_may_become_a_unified_one() {
    let mode = "/api/ua/v1/account/mode";
    let classic = Exchange::start("").http().get(mode).data();
    assert_eq!(classic["selfAccountMode"], "CLASSIC");
    let unified = Exchange::with_plan("[[rule]]\nfault = \"unified_account\"\n");
    assert_eq!(unified.http().get(mode).data()["selfAccountMode"], "UNIFIED");
}

#[test]
fn a_key_may_lose_a_permission() {
    let exchange = Exchange::with_plan("[[rule]]\nfault = \"revoke\"\npermission = \"Spot\"\n");
    let mut http = exchange.http();
    assert_eq!(http.try_place_far("a").refusal(), (403, "400007".to_owned()));
    assert_eq!(http.get("/api/v1/user/api-key").data()["permission"], "General");
    http.get("/api/v1/accounts").data();
}

#[test]
fn fees_may_be_rounded_up() {
    let exchange = Exchange::with_plan("[[rule]]\nfault = \"fee_rounding\"\nplaces = 1\n");
    let mut http = exchange.http();
    let body =
        r#"{"clientOid":"m","symbol":"BTC-USDT","side":"buy","type":"market","size":"0.001"}"#;
    http.post("/api/v1/hf/orders", body).data();
    let fills = http.get("/api/v1/hf/fills?symbol=BTC-USDT").data();
    let fee = fills["items"][0]["fee"].as_str().unwrap().to_owned();
    let places = fee.split_once('.').map_or(0, |(_, places)| places.len());
    assert!(places <= 1 && fee != "0", "{fee}");
}

#[test]
fn a_symbol_may_be_halted_for_a_while_of_the_market() {
    let exchange = fast("fault = \"halt\"\nsymbol = \"BTC-USDT\"\nfrom_s = 60\nuntil_s = 3000");
    let mut http = exchange.http();
    until(&mut http, SYMBOL, |body| body["data"]["enableTrading"] == false);
    assert_ne!(http.try_place_far("a").json()["code"], "200000");
    until(&mut http, SYMBOL, |body| body["data"]["enableTrading"] == true);
    http.place_far("b");
}

#[test]
fn a_symbol_may_be_gone() {
    let exchange = fast("fault = \"delist\"\nsymbol = \"BTC-USDT\"\nfrom_s = 1000");
    let mut http = exchange.http();
    http.place_far("a");
    until(&mut http, "/api/v2/symbols", |body| !body.to_string().contains("\"BTC-USDT\""));
    assert_eq!(http.try_place_far("b").json()["code"], "900001");
    let mut socket = exchange.public();
    let subscribe = r#"{"id":"1","type":"subscribe","topic":"/market/match:BTC-USDT"}"#;
    socket.send(subscribe);
    assert_eq!(socket.receive()["code"], 404);
}

#[test]
fn the_grid_of_a_symbol_may_change() {
    let exchange = fast(
        "fault = \"increments\"\nsymbol = \"BTC-USDT\"\nfrom_s = 1000\nbase_increment = \"0.01\"\n\
         price_increment = \"5\"\nbase_min_size = \"0.01\"\nmin_funds = \"9\"",
    );
    let mut http = exchange.http();
    http.place_far("a");
    until(&mut http, SYMBOL, |body| body["data"]["baseIncrement"] == "0.01");
    let row = http.get(SYMBOL).data();
    assert_eq!((&row["priceIncrement"], &row["minFunds"]), (&"5".into(), &"9".into()));
    assert_eq!(http.try_place_far("b").json()["code"], "600100");
}

#[test]
fn a_late_cancel_is_acknowledged_before_it_is_done() {
    let exchange =
        Exchange::with_plan("[[rule]]\nfault = \"late_cancel\"\non = \"DELETE *\"\nmin_ms = 300\n");
    let mut http = exchange.http();
    let mut socket = exchange.private();
    socket.subscribe("/spotMarket/tradeOrders");
    http.place_far("a");
    let acknowledged = http.delete("/api/v1/hf/orders/client-order/a?symbol=BTC-USDT").data();
    assert_eq!(acknowledged["clientOid"], "a");
    let order = "/api/v1/hf/orders/client-order/a?symbol=BTC-USDT";
    assert_eq!(http.get(order).data()["active"], true);
    assert_eq!(socket.push()["data"]["type"], "open");
    assert_eq!(socket.push()["data"]["type"], "canceled");
    assert_eq!(http.get(order).data()["cancelExist"], true);
    let unknown = http.delete("/api/v1/hf/orders/client-order/zz?symbol=BTC-USDT");
    assert_eq!(unknown.refusal().1, "400100", "what is not open is not acknowledged");
}

#[test]
fn a_fill_may_come_just_before_the_cancel() {
    let exchange =
        Exchange::with_plan("[[rule]]\nfault = \"fill_first\"\non = \"DELETE *\"\nlimit = 1\n");
    let mut http = exchange.http();
    let id = http.place_far("a");
    let refused = http.delete(&format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT"));
    assert_eq!(refused.refusal().1, "400100");
    let order = http.get(&format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT")).data();
    assert_eq!((&order["active"], &order["cancelExist"]), (&false.into(), &false.into()));
    assert_eq!(order["dealSize"], order["size"]);
    assert_eq!(exchange.injected(), [1]);
}

#[test]
fn an_order_may_be_accepted_and_answered_with_an_error() {
    let exchange = Exchange::with_plan(
        "[[rule]]\nfault = \"error\"\non = \"POST /api/v1/hf/orders\"\ncode = \"500000\"\n\
         when = \"after\"\nlimit = 1\n[[rule]]\nfault = \"error\"\non = \"POST /api/v1/hf/orders\"\n\
         code = \"503000\"\nlimit = 1\n",
    );
    let mut http = exchange.http();
    assert_eq!(http.try_place_far("a").refusal(), (500, "500000".to_owned()));
    assert_eq!(http.try_place_far("b").refusal(), (503, "503000".to_owned()));
    let query = |id: &str| format!("/api/v1/hf/orders/client-order/{id}?symbol=BTC-USDT");
    assert_eq!(http.get(&query("a")).data()["active"], true);
    assert_eq!(http.get(&query("b")).refusal().1, "400100", "never arrived");
}
