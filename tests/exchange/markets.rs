//! The market behind the exchange: its clock, its source, those who listen to it.

use super::process::Exchange;
use crate::support::home::Home;

/// Trades of an invented pair, a second apart from 2020-09-13T12:26:40Z on.
fn trades(count: i64) -> String {
    let mut text = "ts_ms,trade_id,side,price,size\n".to_owned();
    for at in 0..count {
        let (ts, price) = (1_600_000_000_000 + at * 1_000, 10 + at % 3);
        text += &format!("{ts},{},buy,{price}.5,2\n", at + 1);
    }
    text
}

#[test]
fn a_replay_has_the_pairs_and_the_time_of_its_files() {
    let home = Home::new();
    home.write("ABC-USDT.csv", trades(10_000));
    let exchange = Exchange::start_in(home, "--replay ABC-USDT.csv --speed 20");
    let mut http = exchange.http();
    let symbols = http.get("/api/v2/symbols").data();
    assert_eq!(symbols.as_array().unwrap().len(), 1);
    assert_eq!(symbols[0]["symbol"], "ABC-USDT");
    let mut socket = exchange.public();
    socket.subscribe("/market/match:ABC-USDT");
    let mut last = 0;
    for _ in 0..5 {
        let push = socket.push();
        let time: i64 = push["data"]["time"].as_str().unwrap().parse().unwrap();
        let second = time / 1_000_000_000;
        assert!((1_600_000_000..1_600_010_000).contains(&second) && second > last, "{push}");
        last = second;
    }
    // The transport stays on the wall.
    assert!(http.get("/api/v1/timestamp").data().as_i64().unwrap() > 1_700_000_000_000);
}

#[test]
fn a_market_that_goes_faster_dates_its_trades_ahead_of_the_wall() {
    let exchange = Exchange::start("--speed 600");
    let mut socket = exchange.public();
    socket.subscribe("/market/match:BTC-USDT,ETH-USDT");
    let second = |push: &serde_json::Value| {
        push["data"]["time"].as_str().unwrap().parse::<i64>().unwrap() / 1_000_000_000
    };
    let first = second(&socket.push());
    while second(&socket.push()) < first + 600 {}
    let wall = exchange.http().get("/api/v1/timestamp").data().as_i64().unwrap() / 1_000;
    assert!(wall < first + 300, "ten minutes of the market take a second of the wall");
}

#[test]
fn equal_seeds_give_equal_markets_and_others_others() {
    let price = |seed: u32| {
        let exchange = Exchange::start(&format!("--seed {seed}"));
        let level1 = exchange.http().get("/api/v1/market/orderbook/level1?symbol=BTC-USDT");
        let price = level1.data()["bestAsk"].as_str().unwrap().to_owned();
        price.split('.').next().unwrap().parse::<i64>().unwrap()
    };
    let (one, same, other) = (price(1), price(1), price(2));
    assert!((one - same).abs() * 100 < one, "{one} {same}: the same path, a moment apart");
    assert!((one - other).abs() * 1_000 > one, "{one} {other}");
}

#[test]
fn a_market_that_cannot_be_read_on_ends_the_exchange() {
    let home = Home::new();
    home.write("ABC-USDT.csv", trades(3) + "then something else\n");
    let ended = home.ibis("exchange --replay ABC-USDT.csv --speed 1000000");
    assert_eq!(ended.code, Some(65), "{ended:?}");
    assert!(ended.complaint().contains("ABC-USDT.csv, line 5"), "{ended:?}");
}

#[test]
fn a_client_that_does_not_read_is_cut_and_delays_nobody() {
    let plan = "[quota]\nspot = 1000000\n[websocket]\nqueue_frames_max = 50\n";
    let exchange = Exchange::with_plan(plan);
    let [mut lazy, mut busy] = [(); 2].map(|()| exchange.private());
    for socket in [&mut lazy, &mut busy] {
        for topic in ["/spotMarket/tradeOrders", "/spotMarket/tradeOrdersV2", "/account/balance"] {
            socket.subscribe(topic);
        }
    }
    let mut http = exchange.http();
    // Far more pushes than the queue and any socket hold; the busy one has read each before the next.
    for count in 0..1_500 {
        let body = format!(
            "{{\"clientOid\":\"c{count}\",\"symbol\":\"BTC-USDT\",\"side\":\"buy\",\
             \"type\":\"limit\",\"price\":\"1000\",\"size\":\"0.001\",\"timeInForce\":\"IOC\"}}"
        );
        http.post("/api/v1/hf/orders", &body).data();
        let ends = |push: &serde_json::Value| {
            push["data"]["type"] == "canceled" && push["data"]["clientOid"] == format!("c{count}")
        };
        // In both topics of orders.
        for _ in 0..2 {
            while !ends(&busy.push()) {}
        }
    }
    let cut = loop {
        if let Err(end) = lazy.next() {
            break end;
        }
    };
    assert!(["connection reset", "ended without a close"].contains(&cut.as_str()), "{cut}");
    http.place_far("last");
    while busy.push()["data"]["clientOid"] != "last" {}
    assert_eq!(exchange.end("TERM")["slow_websockets"], 1);
}
