//! Stop orders: placed, triggered by the last price, canceled, found.

use super::*;

fn stop(bench: &mut Bench, name: &str, kind: &str, price: &str) -> String {
    let body = format!(
        r#"{{"symbol":"BTC-USDT","clientOid":"{name}","side":"sell","type":"market","size":"0.1","stop":"{kind}","stopPrice":"{price}"}}"#
    );
    let placed = bench.post("/api/v1/stop-order", &body);
    assert!(placed["clientOid"].is_null());
    placed["orderId"].as_str().unwrap().to_owned()
}

fn kinds(pushes: &[(String, Value)]) -> Vec<String> {
    let of_stops = pushes.iter().filter(|(topic, _)| topic.ends_with("advancedOrders"));
    of_stops.map(|(_, frame)| fields(&frame["data"], ["type"]).concat()).collect()
}

#[test]
fn a_loss_is_triggered_as_the_price_falls_and_an_entry_as_it_rises() {
    let mut bench = Bench::quoted();
    bench.watch("/spotMarket/advancedOrders");
    let loss = stop(&mut bench, "a", "loss", "59995");
    let entry = stop(&mut bench, "b", "entry", "60005");
    assert!(loss.starts_with("vs") && loss.len() == 24);
    bench.print("60000", "0.1", Side::Sell);
    assert_eq!(kinds(&bench.pushes()), ["open", "open"]);
    assert_eq!(bench.get("/api/v1/accounts?currency=BTC&type=trade")[0]["holds"], "0");
    bench.print("59995", "0.1", Side::Sell);
    assert_eq!(kinds(&bench.pushes()), ["triggered"]);
    let order = bench.get("/api/v1/hf/orders/client-order/a?symbol=BTC-USDT");
    assert_eq!(fields(&order, ["active", "dealSize", "type"]), ["false", "0.1", "market"]);
    assert!(!order["id"].as_str().unwrap().starts_with("vs"));
    let fills = bench.get("/api/v1/hf/fills?symbol=BTC-USDT");
    assert_eq!(fills["items"][0]["stop"], "loss");
    bench.print("60005", "0.1", Side::Buy);
    let gone = bench.get(&format!("/api/v1/stop-order/{entry}"));
    assert_eq!(gone["status"], "TRIGGERED");
    assert!(gone["stopTriggerTime"].is_i64());
}

#[test]
fn the_trade_of_one_triggers_the_next() {
    let mut bench = Bench::quoted();
    let first = stop(&mut bench, "a", "loss", "60000.5");
    // Its market order trades at 60000.
    let second = stop(&mut bench, "b", "loss", "60000");
    bench.print("60000.5", "0.1", Side::Sell);
    for id in [first, second] {
        let stop = bench.get(&format!("/api/v1/stop-order/{id}"));
        assert_eq!(stop["status"], "TRIGGERED");
    }
    assert_eq!(bench.get("/api/v1/stop-order")["totalNum"], 0);
}

#[test]
fn ordinary_queries_know_a_stop_orders_id() {
    let mut bench = Bench::quoted();
    let id = stop(&mut bench, "a", "loss", "59995");
    let target = format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT");
    let names = ["id", "active", "inOrderBook", "size", "dealSize"];
    assert_eq!(fields(&bench.get(&target), names), [id.as_str(), "true", "false", "0.1", "0"]);
    bench.print("59990", "0.1", Side::Sell);
    let order = bench.get(&target);
    assert_eq!(fields(&order, names), [id.as_str(), "false", "false", "0.1", "0.1"]);
    let id = stop(&mut bench, "b", "loss", "59000");
    let target = format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT");
    bench.delete(&target);
    let order = bench.get(&target);
    assert_eq!(fields(&order, ["active", "cancelExist"]), ["false", "true"]);
}

#[test]
fn they_can_be_listed_and_canceled_in_every_way() {
    let mut bench = Bench::quoted();
    let ids: Vec<_> = ["a", "b", "c", "d"]
        .into_iter()
        .map(|name| stop(&mut bench, name, "loss", "59000"))
        .collect();
    let list =
        bench.get("/api/v1/stop-order?symbol=BTC-USDT&pageSize=3&tradeType=TRADE&status=active");
    assert_eq!(fields(&list, ["totalNum", "totalPage"]), ["4", "2"]);
    assert_eq!(list["items"][0]["id"], ids[3].as_str(), "newest first");
    let names = ["status", "stop", "stopPrice", "tradeType", "domainId", "cancelAfter"];
    let expected = ["NEW", "loss", "59000", "TRADE", "kucoin", "-1"];
    assert_eq!(fields(&list["items"][0], names), expected);
    let found = bench.get("/api/v1/stop-order/queryOrderByClientOid?clientOid=b");
    assert_eq!(found[0]["id"], ids[1].as_str());
    let done = bench.delete(&format!("/api/v1/stop-order/{}", ids[0]));
    assert_eq!(done["cancelledOrderIds"], serde_json::json!([ids[0]]));
    let done = bench.delete("/api/v1/stop-order/cancelOrderByClientOid?clientOid=b");
    assert_eq!(fields(&done, ["cancelledOrderId", "clientOid"]), [ids[1].as_str(), "b"]);
    let done = bench.delete(&format!("/api/v1/stop-order/cancel?orderIds={}", ids[2]));
    assert_eq!(done["cancelledOrderIds"], serde_json::json!([ids[2]]));
    let done = bench.delete("/api/v1/stop-order/cancel?symbol=BTC-USDT");
    assert_eq!(done["cancelledOrderIds"], serde_json::json!([ids[3]]));
    let gone = "400100 order_not_exist_or_not_allow_to_cancel";
    assert_eq!(bench.refused("DELETE", &format!("/api/v1/stop-order/{}", ids[0]), ""), gone);
}

#[test]
fn bad_ones_are_refused_and_twenty_may_wait() {
    let mut bench = Bench::quoted();
    let place = |bench: &mut Bench, fields: &str| {
        let body = format!(
            r#"{{"symbol":"BTC-USDT","side":"sell","type":"limit","price":"60000","size":"0.1",{fields}}}"#
        );
        bench.refused("POST", "/api/v1/stop-order", &body)
    };
    assert_eq!(place(&mut bench, r#""stopPrice":"60000.05""#), "600100 Price increment invalid.");
    assert_eq!(place(&mut bench, r#""stopPrice":"0""#), "400100 Invalid Parameter.");
    assert_eq!(place(&mut bench, r#""stop":"never","stopPrice":"1""#), "400100 Invalid Parameter.");
    for index in 0..20 {
        stop(&mut bench, &format!("s{index}"), "loss", "50000");
    }
    assert_eq!(
        place(&mut bench, r#""stopPrice":"50000""#),
        "200003 Number of orders breached the limit"
    );
    assert_eq!(
        place(&mut bench, r#""clientOid":"s1","stopPrice":"50000""#),
        "400100 validation.createOrder.clientOidDuplicated"
    );
}

#[test]
fn the_name_of_one_that_waits_is_taken() {
    let mut bench = Bench::quoted();
    stop(&mut bench, "a", "loss", "59000");
    let body = r#"{"symbol":"BTC-USDT","clientOid":"a","side":"buy","type":"market","size":"0.1"}"#;
    let refused = bench.refused("POST", "/api/v1/hf/orders", body);
    assert_eq!(refused, "400100 validation.createOrder.clientOidDuplicated");
    bench.delete("/api/v1/stop-order/cancelOrderByClientOid?clientOid=a");
    bench.post("/api/v1/hf/orders", body);
}

#[test]
fn without_a_balance_a_triggered_one_comes_to_nothing() {
    let mut bench = Bench::quoted();
    bench.watch("/spotMarket/advancedOrders");
    let id = stop(&mut bench, "a", "loss", "59995");
    bench.limit("all", "sell", "61000", "2");
    bench.print("59995", "0.1", Side::Sell);
    assert_eq!(kinds(&bench.pushes()), ["open", "triggered", "cancel"]);
    let order = bench.order(&id);
    assert_eq!(fields(&order, ["active", "cancelExist", "dealSize"]), ["false", "true", "0"]);
}
