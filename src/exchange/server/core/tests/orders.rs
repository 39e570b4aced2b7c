//! Placing, canceling, reducing, replacing and querying orders.

use super::*;

/// The fields that say where an order stands.
const STATE: [&str; 10] = [
    "active",
    "inOrderBook",
    "cancelExist",
    "size",
    "dealSize",
    "remainSize",
    "cancelledSize",
    "funds",
    "dealFunds",
    "remainFunds",
];

#[test]
fn an_order_rests_fills_and_is_done() {
    let mut bench = Bench::quoted();
    let id = bench.limit("a", "buy", "59990", "0.01");
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let state = fields(&bench.order(&id), STATE);
    assert_eq!(state, ["true", "true", "false", "0.01", "0", "0.01", "0", "599.9", "0", "599.9"]);
    bench.print("59980", "0.004", Side::Sell);
    let state = fields(&bench.order(&id), STATE);
    assert_eq!(
        state,
        ["true", "true", "false", "0.01", "0.004", "0.006", "0", "599.9", "239.96", "359.94"]
    );
    bench.print("59980", "1", Side::Sell);
    let order = bench.order(&id);
    let state = fields(&order, STATE);
    assert_eq!(state, ["false", "false", "false", "0.01", "0.01", "0", "0", "599.9", "599.9", "0"]);
    let names = ["fee", "feeCurrency", "clientOid", "timeInForce", "channel", "type", "side"];
    assert_eq!(fields(&order, names), ["0.5999", "USDT", "a", "GTC", "API", "limit", "buy"]);
}

#[test]
fn a_buy_that_fills_better_than_its_price_has_funds_left() {
    let mut bench = Bench::quoted();
    let id = bench.limit("a", "buy", "60010", "0.01");
    let state = fields(&bench.order(&id), STATE);
    let expected = ["false", "false", "false", "0.01", "0.01", "0", "0", "600.1", "600.01", "0.09"];
    assert_eq!(state, expected);
}

#[test]
fn canceled_parts_are_told_from_open_and_filled_ones() {
    let mut bench = Bench::quoted();
    let id = bench.limit("a", "buy", "59990", "0.01");
    let reduced =
        bench.delete(&format!("/api/v1/hf/orders/cancel/{id}?symbol=BTC-USDT&cancelSize=0.003"));
    assert_eq!(fields(&reduced, ["orderId", "cancelSize"]), [id.as_str(), "0.003"]);
    let state = fields(&bench.order(&id), STATE);
    assert_eq!(
        state,
        ["true", "true", "true", "0.01", "0", "0.007", "0.003", "599.9", "0", "419.93"]
    );
    bench.print("59980", "0.002", Side::Sell);
    let done = bench.delete(&format!("/api/v1/hf/orders/sync/{id}?symbol=BTC-USDT"));
    let names = ["orderId", "originSize", "dealSize", "remainSize", "canceledSize", "status"];
    assert_eq!(fields(&done, names), [id.as_str(), "0.01", "0.002", "0", "0.008", "done"]);
    let order = bench.order(&id);
    assert_eq!(
        fields(
            &order,
            ["cancelExist", "dealSize", "cancelledSize", "cancelledFunds", "remainFunds"]
        ),
        ["true", "0.002", "0.008", "479.92", "0"]
    );
}

#[test]
fn market_orders_by_funds_never_spend_more() {
    let mut bench = Bench::quoted();
    let id = bench.place(r#""side":"buy","type":"market","funds":"100","timeInForce":"GTC","postOnly":false,"cancelAfter":-1"#);
    let order = bench.order(&id);
    let names = ["price", "size", "funds", "dealSize", "dealFunds", "remainFunds", "cancelExist"];
    assert_eq!(
        fields(&order, names),
        ["0", "0.00166", "100", "0.00166", "99.60166", "0.39834", "false"]
    );
    assert_eq!(fields(&order, ["timeInForce", "active"]), ["GTC", "false"]);
    let id = bench.place(r#""side":"sell","type":"market","size":"0.001""#);
    assert_eq!(fields(&bench.order(&id), ["dealFunds", "funds"]), ["60", "0"]);
}

#[test]
fn placing_answers_only_ids_and_the_synchronous_form_the_result() {
    let mut bench = Bench::quoted();
    let body = r#"{"symbol":"BTC-USDT","clientOid":"a","side":"buy","type":"limit","price":"60001","size":"1.5","remark":"r","tags":"t","stp":"DC"}"#;
    let placed = bench.post("/api/v1/hf/orders/sync", body);
    let names = ["clientOid", "originSize", "dealSize", "remainSize", "canceledSize", "status"];
    assert_eq!(fields(&placed, names), ["a", "1.5", "1", "0.5", "0", "open"]);
    assert_eq!(placed["orderTime"], bench.core.now().ms());
    let order = bench.get("/api/v1/hf/orders/client-order/a?symbol=BTC-USDT");
    assert_eq!(fields(&order, ["id", "remark", "tags", "stp"])[1..], ["r", "t", "DC"]);
    assert_eq!(order["id"], placed["orderId"]);
    let test = bench.post("/api/v1/hf/orders/test", &body.replace("\"a\"", "\"b\""));
    assert_eq!(test["clientOid"], "b");
    let asked = format!("/api/v1/hf/orders/{}?symbol=BTC-USDT", test["orderId"].as_str().unwrap());
    assert_eq!(bench.refused("GET", &asked, ""), "400100 order not exist.");
}

#[test]
fn bad_orders_are_refused_in_the_venues_words() {
    let mut bench = Bench::quoted();
    bench.limit("taken", "buy", "59990", "0.01");
    let good = [
        ("symbol", r#""BTC-USDT""#),
        ("side", r#""buy""#),
        ("type", r#""limit""#),
        ("price", r#""59990""#),
        ("size", r#""0.01""#),
    ];
    let cases: [(&[(&str, &str)], &str); 19] = [
        (&[("symbol", r#""NO-USDT""#)], "900001 symbol not exists"),
        (&[("price", r#""59990.05""#)], "600100 Price increment invalid."),
        (&[("size", r#""0.0100001""#)], "600100 Order size increment invalid."),
        (&[("size", r#""0.000001""#)], "600100 Order size below the minimum requirement."),
        (&[("size", r#""20000""#)], "600100 Order size above the maximum requirement."),
        (&[("price", r#""0.1""#)], "600101 The order funds should more then 0.1 USDT."),
        (&[("size", r#""1.9""#)], "200004 Balance insufficient!"),
        (&[("size", r#""-1""#)], "400100 Invalid Parameter."),
        (&[("size", r#""1e400""#)], "400100 Invalid Parameter."),
        (&[("price", "null")], "400100 Invalid Parameter."),
        (&[("funds", r#""5""#)], "400100 Invalid Parameter."),
        (&[("side", r#""hold""#)], "400100 Invalid Parameter."),
        (&[("clientOid", r#""a/b""#)], "400100 Invalid Parameter."),
        (&[("clientOid", r#""taken""#)], "400100 validation.createOrder.clientOidDuplicated"),
        (&[("remark", r#""123456789012345678901""#)], "400100 Invalid Parameter."),
        (&[("timeInForce", r#""GTT""#)], "400100 cancelAfter is required for GTT orders."),
        (&[("iceberg", "true")], "400100 visibleSize is required for iceberg orders."),
        (&[("stp", r#""XX""#)], "400100 Invalid Parameter."),
        (
            &[("clientTimestamp", "1767225590000"), ("allowMaxTimeWindow", "5000")],
            "400100 The order exceeds its allowMaxTimeWindow.",
        ),
    ];
    let before = bench.get("/api/v1/accounts?type=trade");
    for (changes, expected) in cases {
        let mut order: BTreeMap<&str, &str> = good.into();
        order.extend(changes.iter().copied());
        let body: Vec<_> =
            order.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let body = format!("{{{}}}", body.join(","));
        assert_eq!(bench.refused("POST", "/api/v1/hf/orders", &body), expected, "{changes:?}");
    }
    for body in ["", "{", "[]", "null", r#"{"symbol":"BTC-USDT"}"#] {
        let refused = bench.refused("POST", "/api/v1/hf/orders", body);
        assert_eq!(refused, "400100 Invalid Parameter.", "{body}");
    }
    assert_eq!(bench.get("/api/v1/accounts?type=trade"), before, "and leave no trace");
    assert_eq!(bench.get("/api/v1/hf/orders/active?symbol=BTC-USDT").as_array().unwrap().len(), 1);
}

#[test]
fn batches_say_of_each_order_whether_it_went_in() {
    let mut bench = Bench::quoted();
    let order = |name: &str, price: &str| {
        format!(
            r#"{{"clientOid":"{name}","symbol":"BTC-USDT","type":"limit","side":"buy","price":"{price}","size":"0.001"}}"#
        )
    };
    let body = format!(
        r#"{{"symbol":"BTC-USDT","orderList":[{},{}]}}"#,
        order("a", "59000"),
        order("b", "10")
    );
    let placed = bench.post("/api/v1/hf/orders/multi", &body);
    assert_eq!(fields(&placed[0], ["success", "clientOid"]), ["true", "a"]);
    let failed = fields(&placed[1], ["success", "failMsg"]);
    assert_eq!(failed, ["false", "The order funds should more then 0.1 USDT."]);
    assert!(placed[0]["orderTime"].is_null());
    let body = format!(r#"{{"orderList":[{}]}}"#, order("c", "60001"));
    let placed = bench.post("/api/v1/hf/orders/multi/sync", &body);
    assert_eq!(fields(&placed[0], ["status", "dealSize", "success"]), ["done", "0.001", "true"]);
    for body in [r#"{"orderList":[]}"#, "{}"] {
        assert_eq!(
            bench.refused("POST", "/api/v1/hf/orders/multi", body),
            "400100 Invalid Parameter."
        );
    }
}

#[test]
fn cancels_go_by_either_id_and_only_once() {
    let mut bench = Bench::quoted();
    let gone = "400100 order_not_exist_or_not_allow_to_cancel";
    let id = bench.limit("a", "buy", "59990", "0.01");
    let target = format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT");
    let other = format!("/api/v1/hf/orders/{id}?symbol=ETH-USDT");
    assert_eq!(bench.refused("DELETE", &other, ""), gone);
    let nothing = format!("/api/v1/hf/orders/{id}");
    assert_eq!(bench.refused("DELETE", &nothing, ""), "400100 symbol cannot be empty");
    assert_eq!(bench.delete(&target)["orderId"], id.as_str());
    assert_eq!(bench.refused("DELETE", &target, ""), gone);
    bench.limit("b", "buy", "59990", "0.01");
    let target = "/api/v1/hf/orders/client-order/b?symbol=BTC-USDT";
    assert_eq!(bench.delete(target)["clientOid"], "b");
    assert_eq!(bench.refused("DELETE", target, ""), gone);
    bench.limit("c", "buy", "59990", "0.01");
    let target = "/api/v1/hf/orders/sync/client-order/c?symbol=BTC-USDT";
    let done = fields(&bench.delete(target), ["clientOid", "canceledSize", "status"]);
    assert_eq!(done, ["c", "0.01", "done"]);
    for id in ["", "x", "zzzzzzzzzzzzzzzzzzzzzzzz", "ffffffffffffffffffffffff"] {
        let target = format!("/api/v1/hf/orders/sync/{id}?symbol=BTC-USDT");
        if !id.is_empty() {
            assert_eq!(bench.refused("DELETE", &target, ""), gone);
        }
    }
}

#[test]
fn all_orders_of_a_pair_or_of_all_pairs_can_be_canceled() {
    let mut bench = Bench::quoted();
    for name in ["a", "b"] {
        bench.limit(name, "buy", "59990", "0.01");
    }
    let other = r#"{"symbol":"ETH-USDT","clientOid":"c","side":"buy","type":"limit","price":"1000","size":"0.01"}"#;
    bench.post("/api/v1/hf/orders", other);
    let open = bench.get("/api/v1/hf/orders/active/symbols");
    assert_eq!(open["symbols"], serde_json::json!(["BTC-USDT", "ETH-USDT"]));
    assert_eq!(bench.delete("/api/v1/hf/orders?symbol=BTC-USDT"), "success");
    let open = bench.get("/api/v1/hf/orders/active/symbols");
    assert_eq!(open["symbols"], serde_json::json!(["ETH-USDT"]));
    bench.limit("d", "buy", "59990", "0.01");
    let done = bench.delete("/api/v1/hf/orders/cancelAll");
    let symbols = serde_json::json!(["BTC-USDT", "ETH-USDT"]);
    assert_eq!(
        (&done["succeedSymbols"], &done["failedSymbols"]),
        (&symbols, &serde_json::json!([]))
    );
    assert_eq!(bench.get("/api/v1/hf/orders/active?symbol=ETH-USDT"), serde_json::json!([]));
}

#[test]
fn a_replacement_is_a_new_order_with_the_old_name() {
    let mut bench = Bench::quoted();
    let alter = "/api/v1/hf/orders/alter";
    let id = bench.limit("a", "buy", "59990", "0.01");
    bench.print("59980", "0.004", Side::Sell);
    let body =
        format!(r#"{{"symbol":"BTC-USDT","orderId":"{id}","newPrice":"59991","newSize":"0.02"}}"#);
    let altered = bench.post(alter, &body);
    assert_eq!(altered["clientOid"], "a");
    let new = altered["newOrderId"].as_str().unwrap().to_owned();
    let names = ["active", "dealSize", "cancelledSize"];
    assert_eq!(fields(&bench.order(&id), names), ["false", "0.004", "0.006"]);
    let names = ["active", "price", "size", "clientOid"];
    assert_eq!(fields(&bench.order(&new), names), ["true", "59991", "0.016", "a"]);
    let named = bench.get("/api/v1/hf/orders/client-order/a?symbol=BTC-USDT");
    assert_eq!(named["id"], new.as_str());
    // What is filled already is not placed again.
    bench.print("59980", "0.004", Side::Sell);
    let body = r#"{"symbol":"BTC-USDT","clientOid":"a","newSize":"0.003"}"#;
    assert!(bench.post(alter, body)["newOrderId"].is_null());
    assert_eq!(bench.order(&new)["active"], false);
    let gone = "400100 order_not_exist_or_not_allow_to_cancel";
    assert_eq!(bench.refused("POST", alter, body), gone);
    bench.limit("b", "buy", "59990", "0.01");
    let body = r#"{"symbol":"BTC-USDT","clientOid":"b","newPrice":"59990.05"}"#;
    assert_eq!(bench.refused("POST", alter, body), "600100 Price increment invalid.");
    let named = bench.get("/api/v1/hf/orders/client-order/b?symbol=BTC-USDT");
    assert_eq!(named["active"], true, "what is refused changes nothing");
}

#[test]
fn open_orders_come_newest_first_and_by_page() {
    let mut bench = Bench::quoted();
    for index in 0..5 {
        bench.limit(&format!("o{index}"), "sell", &format!("6100{index}"), "0.01");
        bench.wait_ms(10);
    }
    bench.print("61000.5", "0.004", Side::Buy);
    let names = |list: &Value| -> Vec<String> {
        let rows = list.as_array().unwrap().iter();
        rows.map(|row| row["clientOid"].as_str().unwrap().to_owned()).collect()
    };
    let open = bench.get("/api/v1/hf/orders/active?symbol=BTC-USDT&tradeType=TRADE&status=active");
    assert_eq!(names(&open), ["o0", "o4", "o3", "o2", "o1"], "the changed one first");
    let page = "/api/v1/hf/orders/active/page?symbol=BTC-USDT&pageSize=2&pageNum=";
    let second = bench.get(&format!("{page}2"));
    assert_eq!(names(&second["items"]), ["o2", "o1"]);
    assert_eq!(
        fields(&second, ["currentPage", "pageSize", "totalNum", "totalPage"]),
        ["2", "2", "5", "3"]
    );
    assert_eq!(names(&bench.get(&format!("{page}9"))["items"]), Vec::<String>::new());
}

#[test]
fn done_orders_and_fills_are_walked_by_cursor() {
    let mut bench = Bench::quoted();
    for index in 0..7 {
        bench.quote(("60000", &format!("1.0{index}")), ("60001", &format!("1.0{index}")));
        let side = if index % 2 == 0 { "buy" } else { "sell" };
        bench.place(&format!(
            r#""clientOid":"o{index}","side":"{side}","type":"market","size":"0.001""#
        ));
    }
    for list in ["orders/done", "fills"] {
        let mut seen = Vec::new();
        let mut last_id = String::new();
        loop {
            let part =
                bench.get(&format!("/api/v1/hf/{list}?symbol=BTC-USDT&limit=3&lastId={last_id}"));
            let items = part["items"].as_array().unwrap();
            seen.extend(items.iter().map(|row| row["createdAt"].as_i64().unwrap()));
            last_id = part["lastId"].to_string();
            if items.len() < 3 {
                break;
            }
        }
        assert_eq!(seen.len(), 7, "{list}");
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{list}: {seen:?}");
    }
    let done = "/api/v1/hf/orders/done?symbol=BTC-USDT";
    let sells = bench.get(&format!("{done}&side=sell&type=market"));
    assert_eq!(sells["items"].as_array().unwrap().len(), 3);
    assert_eq!(bench.get(&format!("{done}&type=limit"))["items"], serde_json::json!([]));
    let now = bench.core.now().ms();
    let recent = bench.get(&format!("{done}&startAt={}", now - 2));
    assert_eq!(recent["items"].as_array().unwrap().len(), 3);
    let wide = format!("{done}&startAt=1&endAt={now}");
    assert_eq!(
        bench.refused("GET", &wide, ""),
        "400100 startAt and endAt are more than 7 days apart."
    );
    let none = bench.get("/api/v1/hf/orders/done?symbol=ETH-USDT");
    assert_eq!(none, serde_json::json!({"lastId": 0, "items": []}));
}

#[test]
fn fills_of_an_order_are_found_whatever_else_is_asked() {
    let mut bench = Bench::quoted();
    let id = bench.limit("a", "buy", "60001", "1.5");
    bench.print("60001", "0.3", Side::Sell);
    let fills = bench.get(&format!("/api/v1/hf/fills?symbol=BTC-USDT&orderId={id}&side=sell"));
    let rows = fills["items"].as_array().unwrap();
    let names = ["price", "size", "funds", "fee", "feeRate", "liquidity", "type", "stop"];
    let seen: Vec<_> = rows.iter().map(|row| fields(row, names)).collect();
    let expected = [
        ["60001", "0.3", "18000.3", "18.0003", "0.001", "maker", "limit", ""],
        ["60001", "1", "60001", "60.001", "0.001", "taker", "limit", ""],
    ];
    assert_eq!(seen, expected);
    assert!(rows.iter().all(|row| row["tradeId"].as_i64().unwrap() > 1 << 53));
    assert!(rows.iter().all(|row| row["orderId"] == id.as_str()));
    let id = bench.limit("b", "sell", "70000", "0.1");
    let none = bench.get(&format!("/api/v1/hf/fills?symbol=BTC-USDT&orderId={id}"));
    assert_eq!(none["items"], serde_json::json!([]));
}

#[test]
fn an_order_of_its_time_ends_by_itself() {
    let mut bench = Bench::quoted();
    let id = bench.place(
        r#""side":"buy","type":"limit","price":"59990","size":"0.01","timeInForce":"GTT","cancelAfter":5"#,
    );
    let order = bench.order(&id);
    assert_eq!(fields(&order, ["timeInForce", "cancelAfter", "active"]), ["GTT", "5", "true"]);
    let end = Timestamp::from_us(bench.core.now().us() + 5_000_000);
    assert_eq!(bench.core.venue.next_due(), Some(end));
    bench.wait_ms(4_999);
    assert_eq!(bench.order(&id)["active"], true);
    bench.wait_ms(1);
    let order = bench.order(&id);
    assert_eq!(
        fields(&order, ["active", "cancelExist", "cancelledSize"]),
        ["false", "true", "0.01"]
    );
}

#[test]
fn post_only_that_would_take_is_taken_and_canceled() {
    let mut bench = Bench::quoted();
    let id =
        bench.place(r#""side":"buy","type":"limit","price":"60001","size":"0.01","postOnly":true"#);
    let order = bench.order(&id);
    let names = ["active", "cancelExist", "dealSize", "postOnly"];
    assert_eq!(fields(&order, names), ["false", "true", "0", "true"]);
}

#[test]
fn history_is_forgotten_after_seven_days() {
    let mut bench = Bench::quoted();
    let old = bench.limit("old", "buy", "60001", "0.01");
    bench.wait_ms(7 * 86_400_000 + 1);
    assert_eq!(bench.order(&old)["active"], false, "until the next one is done");
    bench.quote(("60000", "2"), ("60001", "2"));
    let new = bench.limit("new", "buy", "60001", "0.01");
    let target = format!("/api/v1/hf/orders/{old}?symbol=BTC-USDT");
    assert_eq!(bench.refused("GET", &target, ""), "400100 order not exist.");
    let done = bench.get("/api/v1/hf/orders/done?symbol=BTC-USDT");
    assert_eq!(done["items"].as_array().unwrap().len(), 1);
    assert_eq!(done["items"][0]["id"], new.as_str());
    let fills = bench.get("/api/v1/hf/fills?symbol=BTC-USDT");
    assert_eq!(fields(&fills["items"][0], ["orderId"]), [new.as_str()]);
    assert_eq!(fills["items"].as_array().unwrap().len(), 1);
}
