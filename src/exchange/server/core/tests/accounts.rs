//! Balances, ledgers, fees, and the key.

use super::*;

#[test]
fn accounts_are_typed_as_asked() {
    let mut bench = Bench::quoted();
    bench.limit("a", "buy", "59990", "0.01");
    for (query, expected) in
        [("?type=trade_hf", "trade_hf"), ("?type=trade", "trade"), ("", "trade")]
    {
        let rows = bench.get(&format!("/api/v1/accounts{query}"));
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row["type"] == expected), "{query}");
        let usdt = rows.iter().find(|row| row["currency"] == "USDT").unwrap();
        assert_eq!(
            fields(usdt, ["balance", "available", "holds"]),
            ["100000", "99399.5001", "600.4999"],
            "a hold has the fee in it"
        );
    }
    for query in ["?type=main", "?type=margin", "?currency=ETH"] {
        assert_eq!(bench.get(&format!("/api/v1/accounts{query}")), serde_json::json!([]));
    }
    let rows = bench.get("/api/v1/accounts?currency=USDT&type=trade");
    let id = rows[0]["id"].as_str().unwrap();
    let one = bench.get(&format!("/api/v1/accounts/{id}"));
    assert_eq!(fields(&one, ["currency", "holds"]), ["USDT", "600.4999"]);
    assert!(one["id"].is_null() && one["type"].is_null());
    let unknown = bench.refused("GET", "/api/v1/accounts/1", "");
    assert_eq!(unknown, "400100 The account does not exist.");
    let free = bench.get("/api/v1/accounts/transferable?currency=USDT&type=TRADE");
    assert_eq!(fields(&free, ["transferable"]), ["99399.5001"]);
}

#[test]
fn the_ledger_has_both_sides_of_every_fill() {
    let mut bench = Bench::quoted();
    bench.place(r#""side":"buy","type":"market","size":"0.5""#);
    bench.place(r#""side":"sell","type":"market","size":"0.1""#);
    let rows = bench.get("/api/v1/hf/accounts/ledgers");
    let names = ["currency", "direction", "amount", "fee", "balance", "bizType"];
    let rows = rows.as_array().unwrap();
    let seen: Vec<_> = rows.iter().map(|row| fields(row, names).join(" ")).collect();
    let expected = [
        "USDT in 5994 6 75963.4995 TRADE_EXCHANGE",
        "BTC out 0.1 0 2.4 TRADE_EXCHANGE",
        "BTC in 0.5 0 2.5 TRADE_EXCHANGE",
        "USDT out 30030.5005 30.0005 69969.4995 TRADE_EXCHANGE",
        "USDT in 100000 0 100000 TRANSFER",
        "BTC in 2 0 2 TRANSFER",
    ];
    assert_eq!(seen, expected);
    let context: Value = serde_json::from_str(rows[0]["context"].as_str().unwrap()).unwrap();
    assert_eq!(context["symbol"], "BTC-USDT");
    assert!(rows[0]["createdAt"].is_string());
    let second = rows[1]["id"].as_str().unwrap();
    let count = |bench: &mut Bench, query: &str| {
        bench.get(&format!("/api/v1/hf/accounts/ledgers?{query}")).as_array().unwrap().len()
    };
    assert_eq!(count(&mut bench, &format!("lastId={second}")), 4);
    assert_eq!(count(&mut bench, "limit=2"), 2);
    assert_eq!(count(&mut bench, "currency=BTC,ETH"), 3);
    assert_eq!(count(&mut bench, "direction=in&bizType=TRADE_EXCHANGE"), 2);
    let old = bench.get("/api/v1/accounts/ledgers");
    assert_eq!(old["items"].as_array().unwrap().len(), 2);
    assert!(old["items"][0]["createdAt"].is_i64());
}

#[test]
fn fees_are_the_tiers_and_the_pairs() {
    let mut bench = Bench::new();
    let base = bench.get("/api/v1/base-fee");
    assert_eq!(fields(&base, ["takerFeeRate", "makerFeeRate"]), ["0.001", "0.001"]);
    let rows = bench.get("/api/v1/trade-fees?symbols=BTC-USDT,HOT-USDT");
    assert_eq!(fields(&rows[1], ["symbol", "takerFeeRate"]), ["HOT-USDT", "0.003"]);
    let unknown = bench.refused("GET", "/api/v1/trade-fees?symbols=NO-USDT", "");
    assert_eq!(unknown, "900001 symbol not exists");
    let many = format!("/api/v1/trade-fees?symbols={}", ["BTC-USDT"; 11].join(","));
    assert_eq!(bench.refused("GET", &many, ""), "400100 Invalid Parameter.");
}

#[test]
fn the_key_tells_what_it_may_do() {
    let mut bench = Bench::new();
    let key = bench.get("/api/v1/user/api-key");
    let names = ["apiKey", "permission", "isMaster", "apiVersion", "ipWhitelist"];
    assert_eq!(fields(&key, names), ["key", "General,Spot", "true", "3", "null"]);
    assert_eq!(bench.get("/api/v2/user-info")["level"], 0);
    assert!(!format!("{:?}", bench.core.account.spec).contains("key"));
}
