//! What an operator, time and a dead client do to the exchange.

use super::*;
use crate::exchange::kucoin::protocol::account::AccountMode;
use crate::exchange::kucoin::protocol::status::ServiceState;

const ORDER: &str =
    r#"{"symbol":"BTC-USDT","side":"buy","type":"limit","price":"59990","size":"0.01"}"#;

#[test]
fn a_closed_exchange_takes_no_orders_and_at_last_no_cancels() {
    let mut bench = Bench::quoted();
    let id = bench.limit("a", "buy", "59990", "0.01");
    bench.core.set_service(ServiceState::CancelOnly, "upgrade");
    let status = bench.get("/api/v1/status");
    assert_eq!(status, serde_json::json!({"status": "cancelonly", "msg": "upgrade"}));
    let refused = bench.refused("POST", "/api/v1/hf/orders", ORDER);
    assert_eq!(refused, "200001 Order creation for this pair suspended");
    bench.core.set_service(ServiceState::Close, "");
    let target = format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT");
    let refused = bench.refused("DELETE", &target, "");
    assert_eq!(refused, "200002 Order cancel for this pair suspended");
    let all = bench.delete("/api/v1/hf/orders/cancelAll");
    assert_eq!(all["failedSymbols"][0]["symbol"], "BTC-USDT");
    bench.core.set_service(ServiceState::CancelOnly, "");
    bench.delete(&target);
}

#[test]
fn a_halted_pair_takes_cancels_only() {
    let mut bench = Bench::quoted();
    let id = bench.limit("a", "buy", "59990", "0.01");
    assert!(bench.core.set_trading("BTC-USDT", false));
    assert!(!bench.core.set_trading("NO-USDT", false));
    let refused = bench.refused("POST", "/api/v1/hf/orders", ORDER);
    assert_eq!(refused, "400600 validation.createOrder.symbolNotAvailable");
    assert_eq!(bench.get("/api/v2/symbols/BTC-USDT")["enableTrading"], false);
    bench.delete(&format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT"));
    assert!(bench.core.set_trading("BTC-USDT", true));
    bench.post("/api/v1/hf/orders", ORDER);
}

#[test]
fn increments_change_under_way_and_back() {
    let mut bench = Bench::quoted();
    let change = RuleChange {
        base_increment: Some(d("0.1")),
        price_increment: Some(d("50")),
        base_min_size: Some(d("0.1")),
        min_funds: Some(d("1000")),
    };
    assert!(bench.core.set_rules("BTC-USDT", change));
    let row = bench.get("/api/v2/symbols/BTC-USDT");
    let names = ["baseIncrement", "priceIncrement", "baseMinSize", "minFunds", "quoteMinSize"];
    assert_eq!(fields(&row, names), ["0.1", "50", "0.1", "1000", "1000"]);
    let order = |price: &str, size: &str| ORDER.replace("59990", price).replace("0.01", size);
    for (price, size, expected) in [
        ("59990", "0.1", "600100 Price increment invalid."),
        ("59950", "0.15", "600100 Order size increment invalid."),
        ("59950", "0.05", "600100 Order size below the minimum requirement."),
        ("50", "0.1", "600101 The order funds should more then 1000 USDT."),
    ] {
        let refused = bench.refused("POST", "/api/v1/hf/orders", &order(price, size));
        assert_eq!(refused, expected);
    }
    bench.post("/api/v1/hf/orders", &order("59950", "0.1"));
    assert!(bench.core.set_rules("BTC-USDT", RuleChange::default()));
    bench.post("/api/v1/hf/orders", ORDER);
}

#[test]
fn a_delisted_pair_is_gone_and_its_orders_are_canceled() {
    let mut bench = Bench::quoted();
    bench.watch("/spotMarket/tradeOrdersV2");
    bench.watch("/market/level2:BTC-USDT");
    bench.watch("/market/ticker:BTC-USDT");
    bench.limit("a", "buy", "59990", "0.01");
    bench.pushes();
    assert!(bench.core.delist("BTC-USDT"));
    assert!(!bench.core.delist("BTC-USDT"));
    let pushes = bench.pushes();
    let last = &pushes.iter().rfind(|(topic, _)| topic.ends_with("V2")).unwrap().1["data"];
    assert_eq!(fields(last, ["type"]), ["canceled"]);
    assert_eq!(bench.get("/api/v1/accounts?currency=USDT&type=trade")[0]["holds"], "0");
    assert_eq!(bench.refused("POST", "/api/v1/hf/orders", ORDER), "900001 symbol not exists");
    assert_eq!(bench.get("/api/v2/symbols").as_array().unwrap().len(), 9);
    assert!(bench.core.check_topic("/market/ticker:BTC-USDT").is_err());
    assert_eq!(bench.core.check_topic("/market/ticker:ETH-USDT,SOL-USDT").unwrap().len(), 2);
    bench.quote(("70000", "1"), ("70001", "1"));
    bench.wait_ms(1_000);
    assert_eq!(bench.pushes(), []);
    assert!(bench.core.relist("BTC-USDT"));
    let level1 = bench.get("/api/v1/market/orderbook/level1?symbol=BTC-USDT");
    assert_eq!(level1["bestBid"], "70000", "its market went on");
    bench.post("/api/v1/hf/orders", ORDER);
    assert!(!bench.core.relist("NO-USDT"));
}

#[test]
fn a_key_without_a_permission_is_refused() {
    let mut bench = Bench::quoted();
    bench.core.set_permissions("General");
    let refused = bench.refused("POST", "/api/v1/hf/orders", ORDER);
    assert_eq!(refused, "403 400007 Access denied, requires more permission.");
    bench.get("/api/v1/hf/orders/active?symbol=BTC-USDT");
    bench.core.set_permissions("Spot");
    let refused = bench.refused("GET", "/api/v1/accounts", "");
    assert_eq!(refused, "403 400007 Access denied, requires more permission.");
    bench.get("/api/v1/timestamp");
}

#[test]
fn the_account_can_be_a_unified_one_and_fees_round_up() {
    let mut bench = Bench::quoted();
    bench.core.set_account_mode(AccountMode::Unified);
    assert_eq!(bench.get("/api/ua/v1/account/mode")["selfAccountMode"], "UNIFIED");
    bench.core.set_fee_places(Some(1));
    let id = bench.place(r#""side":"buy","type":"market","size":"0.001""#);
    assert_eq!(bench.order(&id)["fee"], "0.1");
}

#[test]
fn an_order_can_be_filled_at_will() {
    let mut bench = Bench::quoted();
    bench.watch("/market/match:BTC-USDT");
    let id = bench.limit("a", "buy", "59990", "0.01");
    assert!(bench.core.fill_now(&id));
    assert!(!bench.core.fill_now(&id));
    let gone = "400100 order_not_exist_or_not_allow_to_cancel";
    let target = format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT");
    assert_eq!(bench.refused("DELETE", &target, ""), gone);
    let data = &bench.pushes()[0].1["data"];
    assert_eq!(fields(data, ["price", "size", "side"]), ["59990", "0.01", "sell"]);
    assert_eq!(data["makerOrderId"], id.as_str());
}

#[test]
fn the_dead_mans_switch_cancels_unless_it_is_set_again_in_time() {
    let mut bench = Bench::quoted();
    let set = "/api/v1/hf/orders/dead-cancel-all";
    let query = "/api/v1/hf/orders/dead-cancel-all/query";
    assert_eq!(bench.get(query), Value::Null);
    let now_s = START_MS / 1_000;
    let answer = bench.post(set, r#"{"timeout":5,"symbols":"BTC-USDT"}"#);
    assert_eq!(answer, serde_json::json!({"currentTime": now_s, "triggerTime": now_s + 5}));
    bench.limit("a", "buy", "59990", "0.01");
    let eth = r#"{"symbol":"ETH-USDT","clientOid":"e","side":"buy","type":"limit","price":"1000","size":"0.01"}"#;
    bench.post("/api/v1/hf/orders", eth);
    // The market's hour is nothing to it.
    bench.wait_ms(3_600_000);
    assert!(!bench.core.transport_tick(START_MS + 4_999));
    bench.transport_ms = START_MS + 4_000;
    bench.post(set, r#"{"timeout":5,"symbols":"BTC-USDT"}"#);
    assert_eq!(bench.core.next_transport_due(), Some(START_MS + 9_000));
    assert!(!bench.core.transport_tick(START_MS + 5_000));
    assert_eq!(
        fields(&bench.get(query), ["timeout", "symbols", "triggerTime"]),
        ["5", "BTC-USDT", &(now_s + 9).to_string()]
    );
    assert!(bench.core.transport_tick(START_MS + 9_000));
    assert_eq!(bench.get(query), Value::Null, "once");
    let open = bench.get("/api/v1/hf/orders/active/symbols");
    assert_eq!(open["symbols"], serde_json::json!(["ETH-USDT"]));
    bench.post(set, r#"{"timeout":5}"#);
    assert!(bench.core.transport_tick(START_MS + 60_000));
    assert_eq!(bench.get("/api/v1/hf/orders/active/symbols")["symbols"], serde_json::json!([]));
    bench.post(set, r#"{"timeout":5}"#);
    bench.post(set, r#"{"timeout":-1}"#);
    assert_eq!(bench.core.next_transport_due(), None);
    for body in [r#"{"timeout":4}"#, r#"{"timeout":86401}"#, "{}"] {
        assert_eq!(bench.refused("POST", set, body), "400100 Invalid Parameter.");
    }
    let unknown = r#"{"timeout":5,"symbols":"NO-USDT"}"#;
    assert_eq!(bench.refused("POST", set, unknown), "900001 symbol not exists");
}
