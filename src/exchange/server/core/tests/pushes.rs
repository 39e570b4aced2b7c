//! What is pushed, in which order, and how often.

use super::client_book::ClientBook;
use super::*;

const ORDERS: &str = "/spotMarket/tradeOrdersV2";
const ORDERS_V1: &str = "/spotMarket/tradeOrders";
const BALANCE: &str = "/account/balance";

/// `new received`, `match match 0.5@60001 takerFee` ... of each push of a topic.
fn told(pushes: &[(String, Value)], topic: &str) -> Vec<String> {
    let of_topic = pushes.iter().filter(|(of, _)| of == topic).map(|(_, frame)| &frame["data"]);
    let word = |data: &Value| {
        let [status, kind] = fields(data, ["status", "type"]);
        let [size, price, fee] = fields(data, ["matchSize", "matchPrice", "feeType"]);
        match kind.as_str() {
            "match" => format!("{status} {kind} {size}@{price} {fee}"),
            _ => format!("{status} {kind}"),
        }
    };
    of_topic.map(word).collect()
}

#[test]
fn a_taker_is_received_matched_and_filled_or_open() {
    let mut bench = Bench::quoted();
    bench.watch(ORDERS);
    bench.watch(ORDERS_V1);
    bench.place(r#""side":"buy","type":"market","size":"0.5""#);
    let pushes = bench.pushes();
    let matched = "match match 0.5@60001 takerFee";
    assert_eq!(told(&pushes, ORDERS), ["new received", matched, "done filled"]);
    assert_eq!(told(&pushes, ORDERS_V1), [matched, "done filled"], "without the first event");
    bench.limit("a", "buy", "60001", "0.7");
    let pushes = bench.pushes();
    assert_eq!(told(&pushes, ORDERS), ["new received", matched, "open open"]);
    let open = &pushes.iter().rev().find(|(topic, _)| topic == ORDERS).unwrap().1["data"];
    let names = ["originSize", "size", "filledSize", "remainSize", "canceledSize", "price"];
    assert_eq!(fields(open, names), ["0.7", "0.7", "0.5", "0.2", "0", "60001"]);
    bench.print("60001", "0.1", Side::Sell);
    bench.print("60001", "0.3", Side::Sell);
    let maker = "open match 0.1@60001 makerFee";
    assert_eq!(told(&bench.pushes(), ORDERS), [maker, maker, "done filled"]);
}

#[test]
fn a_canceled_order_says_how_much_was_filled() {
    let mut bench = Bench::quoted();
    bench.watch(ORDERS);
    let id = bench.limit("a", "buy", "60001", "1.2");
    bench.delete(&format!("/api/v1/hf/orders/cancel/{id}?symbol=BTC-USDT&cancelSize=0.05"));
    bench.delete(&format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT"));
    let pushes = bench.pushes();
    let matched = "match match 1@60001 takerFee";
    let expected = ["new received", matched, "open open", "open update", "done canceled"];
    assert_eq!(told(&pushes, ORDERS), expected);
    let data = |back: usize| &pushes[pushes.len() - back].1["data"];
    let names = ["oldSize", "size", "filledSize", "remainSize", "canceledSize", "originSize"];
    assert_eq!(fields(data(2), names), ["1.2", "1.15", "1", "0.15", "0.05", "1.2"]);
    assert_eq!(fields(data(1), names)[2..], ["1", "0", "0.2", "1.2"]);
    let [user, channel, subject] = fields(&pushes[0].1, ["userId", "channelType", "subject"]);
    assert_eq!((user.len(), channel.as_str(), subject.as_str()), (24, "private", "orderChange"));
}

#[test]
fn orders_by_funds_say_what_is_left_of_them() {
    let mut bench = Bench::quoted();
    bench.watch(ORDERS);
    bench.place(r#""side":"buy","type":"market","funds":"100""#);
    let pushes = bench.pushes();
    let names = ["originFunds", "filledSize", "remainFunds", "canceledFunds", "originSize"];
    let filled = fields(&pushes[2].1["data"], names);
    assert_eq!(filled, ["100", "0.00166", "0.39834", "0", "null"]);
}

#[test]
fn prevention_of_self_trades_is_told_of_both_orders() {
    let mut bench = Bench::quoted();
    bench.watch(ORDERS);
    bench.limit("old", "sell", "60000.5", "0.3");
    bench.place(
        r#""clientOid":"new","side":"buy","type":"limit","price":"60000.5","size":"0.5","stp":"DC""#,
    );
    let pushes = bench.pushes();
    let word = |(_, frame): &(String, Value)| {
        let [name, kind] = fields(&frame["data"], ["clientOid", "type"]);
        format!("{name} {kind}")
    };
    let expected =
        ["old received", "old open", "new received", "old canceled", "new update", "new open"];
    assert_eq!(pushes.iter().map(word).collect::<Vec<_>>(), expected);
    let sizes = fields(&pushes[5].1["data"], ["size", "remainSize", "canceledSize"]);
    assert_eq!(sizes, ["0.2", "0.2", "0.3"]);
}

#[test]
fn balances_are_told_with_each_hold_and_settlement() {
    let mut bench = Bench::quoted();
    bench.watch(BALANCE);
    let id = bench.limit("a", "buy", "60001", "1.2");
    bench.delete(&format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT"));
    let pushes = bench.pushes();
    let names = [
        "currency",
        "relationEvent",
        "total",
        "available",
        "hold",
        "availableChange",
        "holdChange",
    ];
    let seen: Vec<_> =
        pushes.iter().map(|(_, frame)| fields(&frame["data"], names).join(" ")).collect();
    let expected = [
        "USDT trade.hold 100000 27926.7988 72073.2012 -72073.2012 72073.2012",
        "USDT trade.setted 39938.999 27926.7988 12012.2002 0 -60061.001",
        "BTC trade.setted 3 3 0 1 0",
        "USDT trade.hold 39938.999 39938.999 0 12012.2002 -12012.2002",
    ];
    assert_eq!(seen, expected);
    let context = &pushes[1].1["data"]["relationContext"];
    assert_eq!(fields(context, ["symbol", "orderId"]), ["BTC-USDT", id.as_str()]);
    assert!(
        context["tradeId"].is_string()
            && pushes[0].1["data"]["relationContext"]["tradeId"].is_null()
    );
    assert_eq!(pushes[0].1["id"], pushes[0].1["data"]["relationEventId"]);
    assert!(pushes[0].1["data"]["time"].is_string());
}

#[test]
fn only_what_is_watched_is_written_and_counted_watchers_must_all_leave() {
    let mut bench = Bench::quoted();
    bench.limit("a", "buy", "60001", "0.1");
    assert_eq!(bench.pushes(), []);
    let topic = "/market/match:BTC-USDT";
    bench.watch(topic);
    bench.watch(topic);
    let [parsed] = bench.core.check_topic(topic).unwrap().try_into().unwrap();
    bench.core.unwatch(&parsed);
    bench.print("60001", "0.1", Side::Buy);
    assert_eq!(bench.pushes().len(), 1);
    bench.core.unwatch(&parsed);
    bench.core.unwatch(&parsed);
    bench.print("60001", "0.1", Side::Buy);
    assert_eq!(bench.pushes(), []);
}

#[test]
fn a_print_is_split_among_the_orders_it_fills_and_the_rest() {
    let mut bench = Bench::quoted();
    let topic = "/market/match:BTC-USDT";
    bench.watch(topic);
    let id = bench.limit("a", "buy", "60000.5", "0.2");
    bench.print("60000.3", "0.5", Side::Sell);
    let taker = bench.place(r#""side":"sell","type":"market","size":"0.1""#);
    let pushes = bench.pushes();
    let data: Vec<_> = pushes.iter().map(|(_, frame)| &frame["data"]).collect();
    let seen: Vec<_> = data.iter().map(|data| fields(data, ["price", "size", "side"])).collect();
    assert_eq!(
        seen,
        [["60000.5", "0.2", "sell"], ["60000.3", "0.3", "sell"], ["60000", "0.1", "sell"]]
    );
    assert_eq!((&data[0]["makerOrderId"], &data[2]["takerOrderId"]), (&id.into(), &taker.into()));
    assert_eq!(data[0]["tradeId"], data[0]["sequence"]);
    let fills = bench.get("/api/v1/hf/fills?symbol=BTC-USDT");
    let ids = |row: &Value| row["tradeId"].to_string();
    let own: Vec<_> = fills["items"].as_array().unwrap().iter().map(ids).collect();
    assert_eq!(own, [data[2]["tradeId"].as_str().unwrap(), data[0]["tradeId"].as_str().unwrap()]);
    let trades = bench.get("/api/v1/market/histories?symbol=BTC-USDT");
    assert_eq!(trades.as_array().unwrap().len(), 3);
}

#[test]
fn tickers_and_depth_keep_their_pace() {
    let mut bench = Bench::quoted();
    let topics = [
        ("/market/ticker:BTC-USDT", 100),
        ("/spotMarket/level1:BTC-USDT", 10),
        ("/spotMarket/level2Depth5:BTC-USDT", 100),
        ("/spotMarket/level2Depth50:BTC-USDT", 100),
    ];
    for (topic, _) in topics {
        bench.watch(topic);
    }
    bench.wait_ms(0);
    assert_eq!(bench.pushes().len(), 4, "once at the beginning");
    for index in 1..=200 {
        bench.quote(("60000", &format!("1.{index:03}")), ("60001", "1"));
    }
    let pushes = bench.pushes();
    for (topic, period) in topics {
        let times: Vec<_> = pushes
            .iter()
            .filter(|(of, _)| of == topic)
            .map(|(_, frame)| &frame["data"])
            .map(|data| data["time"].as_i64().or(data["timestamp"].as_i64()).unwrap())
            .collect();
        assert_eq!(times.len(), 200 / period, "{topic}");
        let paced = times.windows(2).all(|pair| pair[1] - pair[0] >= period as i64);
        assert!(paced, "{topic}: {times:?}");
    }
    // The last change is told when its time comes, and then there is nothing more to tell.
    bench.quote(("60000", "7"), ("60001", "1"));
    bench.wait_ms(1_000);
    let pushes = bench.pushes();
    let ticker = &pushes.iter().rev().find(|(of, _)| of == topics[0].0).unwrap().1["data"];
    assert_eq!(ticker["bestBidSize"], "7");
    bench.wait_ms(1_000);
    assert_eq!(bench.pushes(), []);
}

#[test]
fn the_ticker_of_all_has_the_pair_as_its_subject() {
    let mut bench = Bench::quoted();
    bench.watch("/market/ticker:all");
    bench.wait_ms(1_000);
    let pushes = bench.pushes();
    assert_eq!(pushes.len(), 10, "every pair once");
    bench.quote(("60000", "2"), ("60001", "2"));
    bench.wait_ms(1_000);
    let [(topic, frame)] = bench.pushes().try_into().unwrap();
    assert_eq!((topic.as_str(), &frame["subject"]), ("/market/ticker:all", &"BTC-USDT".into()));
    let names = ["bestAsk", "bestAskSize", "bestBid", "bestBidSize"];
    assert_eq!(fields(&frame["data"], names), ["60001", "2", "60000", "2"]);
}

#[test]
fn snapshots_come_every_two_seconds_with_numbers() {
    let mut bench = Bench::quoted();
    bench.watch("/market/snapshot:BTC-USDT");
    bench.watch("/market/snapshot:USDS");
    bench.print("60001", "0.5", Side::Buy);
    bench.pushes();
    bench.wait_ms(10_000);
    let pushes = bench.pushes();
    let of = |topic: &str| pushes.iter().filter(|(of, _)| of == topic).count();
    assert_eq!((of("/market/snapshot:BTC-USDT"), of("/market/snapshot:USDS")), (1, 10));
    for _ in 0..5 {
        bench.wait_ms(2_000);
    }
    let pushes = bench.pushes();
    let own: Vec<_> = pushes.iter().filter(|(of, _)| of.ends_with("BTC-USDT")).collect();
    assert_eq!(own.len(), 5);
    let data = &own[0].1["data"]["data"];
    let names = ["symbol", "buy", "sell", "lastTradedPrice", "trading", "market"];
    assert_eq!(fields(data, names), ["BTC-USDT", "60000", "60001", "60001", "true", "USDS"]);
    assert!(data["buy"].is_number() && data["vol"].is_number() && data["changeRate"].is_number());
}

#[test]
fn candles_are_pushed_with_every_trade() {
    let mut bench = Bench::quoted();
    bench.watch("/market/candles:BTC-USDT_1min");
    bench.print("60001", "0.5", Side::Buy);
    bench.print("60000", "0.25", Side::Sell);
    bench.quote(("59000", "1"), ("59001", "1"));
    let pushes = bench.pushes();
    assert_eq!(pushes.len(), 2);
    let frame = &pushes[1].1;
    assert_eq!(
        fields(frame, ["subject", "topic"]),
        ["trade.candles.update", "/market/candles:BTC-USDT_1min"]
    );
    let start = (START_MS / 1_000).to_string();
    let candle = serde_json::json!([start, "60001", "60000", "60001", "60000", "0.75", "45000.5"]);
    assert_eq!(frame["data"]["candles"], candle, "open, close, high, low");
    assert!(frame["data"]["time"].as_i64().unwrap() > 1_000_000_000_000_000_000);
}

#[test]
fn increments_lead_from_an_earlier_book_to_a_later_one() {
    for depth in [false, true] {
        let mut bench = Bench::quoted();
        bench.watch("/market/level2:BTC-USDT");
        if depth {
            for level in 0..10 {
                bench.depth(Side::Buy, &(59_990 - level).to_string(), "1");
                bench.depth(Side::Sell, &(60_010 + level).to_string(), "1");
            }
        }
        bench.pushes();
        let mut book = ClientBook::query(&mut bench, "BTC-USDT");
        let id = bench.limit("a", "buy", "59995", "0.3");
        bench.place(r#""side":"buy","type":"market","size":"1.1""#);
        bench.print("59994", "0.1", Side::Sell);
        if depth {
            bench.depth(Side::Sell, "60012", "0.4");
            bench.depth(Side::Buy, "60011", "2");
        } else {
            bench.quote(("59997", "3"), ("59998", "2"));
        }
        bench.place(r#""side":"buy","type":"limit","price":"59000","size":"0.2","hidden":true"#);
        bench.delete(&format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT"));
        for (_, frame) in bench.pushes() {
            book.apply(&frame["data"]);
        }
        let later = ClientBook::query(&mut bench, "BTC-USDT");
        assert_eq!((book.sequence, &book.sides), (later.sequence, &later.sides));
        assert!(book.sides[0].last_key_value() < book.sides[1].first_key_value());
    }
}

#[test]
fn changes_of_one_instant_are_one_push() {
    let mut bench = Bench::new();
    bench.watch("/market/level2:BTC-USDT");
    let at = Timestamp::from_us(bench.core.now().us() + 1_000);
    for (side, price) in [(Side::Buy, "59990"), (Side::Buy, "59980"), (Side::Sell, "60010")] {
        let data =
            MarketData::Depth(DepthChange { side, price: bench.ticks(price), size: Lots::new(5) });
        bench.core.hear(&MarketEvent { at, instrument: InstrumentId(0), data });
    }
    bench.core.pass(at);
    let [(_, frame)] = bench.pushes().try_into().unwrap();
    let data = &frame["data"];
    assert_eq!(data["sequenceEnd"].as_i64().unwrap() - data["sequenceStart"].as_i64().unwrap(), 2);
    let sizes = ["bids", "asks"].map(|side| data["changes"][side].as_array().unwrap().len());
    assert_eq!(sizes, [2, 1]);
}
