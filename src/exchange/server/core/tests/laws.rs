//! Laws over random clients and markets: whatever is asked, everything told and queried agrees.

use proptest::prelude::*;

use super::client_book::ClientBook;
use super::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Market(MarketData),
    /// Milliseconds.
    Wait(i64),
    Post(&'static str, String),
    Delete(String),
}

/// Around 60000, in ticks of 0.1.
fn price() -> impl Strategy<Value = i64> {
    599_980i64..600_020
}

/// In lots of 0.00001: up to a tenth of a bitcoin.
fn size() -> impl Strategy<Value = i64> {
    1i64..10_000
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn market_data(depth: bool) -> BoxedStrategy<MarketData> {
    let print = (price(), size(), prop::option::of(side())).prop_map(|(price, size, aggressor)| {
        MarketData::Trade(Trade { price: Ticks::new(price), size: Lots::new(size), aggressor })
    });
    if depth {
        let change = (side(), price(), 0i64..5_000).prop_map(|(side, price, size)| {
            let (price, size) = (Ticks::new(price), Lots::new(size));
            MarketData::Depth(DepthChange { side, price, size })
        });
        return prop_oneof![8 => change, 4 => print, 1 => Just(MarketData::DepthReset)].boxed();
    }
    let quote = (price(), 1i64..5, size(), size()).prop_map(|(bid, spread, bid_size, ask_size)| {
        let (bid, ask) = (Ticks::new(bid), Ticks::new(bid + spread));
        let (bid_size, ask_size) = (Lots::new(bid_size), Lots::new(ask_size));
        MarketData::Quote(Quote { bid, bid_size, ask, ask_size })
    });
    prop_oneof![1 => quote, 1 => print].boxed()
}

fn decimal(count: i64, step: &str) -> String {
    d(step).times(count).to_string()
}

/// The fields of an order beside its identity.
fn order_fields() -> impl Strategy<Value = String> {
    let stp = prop_oneof![
        2 => Just(""),
        1 => Just(r#","stp":"CN""#),
        1 => Just(r#","stp":"CO""#),
        1 => Just(r#","stp":"CB""#),
        1 => Just(r#","stp":"DC""#),
    ];
    let extra = prop_oneof![
        6 => Just(""),
        1 => Just(r#","timeInForce":"IOC""#),
        1 => Just(r#","timeInForce":"FOK""#),
        1 => Just(r#","timeInForce":"GTT","cancelAfter":2"#),
        1 => Just(r#","postOnly":true"#),
        1 => Just(r#","hidden":true"#),
        1 => Just(r#","iceberg":true,"visibleSize":"0.01""#),
    ];
    let limit = (price(), size(), stp, extra).prop_map(|(price, size, stp, extra)| {
        let (price, size) = (decimal(price, "0.1"), decimal(size, "0.00001"));
        format!(r#""type":"limit","price":"{price}","size":"{size}"{stp}{extra}"#)
    });
    let market =
        size().prop_map(|size| format!(r#""type":"market","size":"{}""#, decimal(size, "0.00001")));
    let funds = (1i64..5_000_000_000)
        .prop_map(|funds| format!(r#""type":"market","funds":"{}""#, decimal(funds, "0.000001")));
    prop_oneof![6 => limit, 1 => market, 1 => funds]
}

fn steps(depth: bool) -> impl Strategy<Value = Vec<Step>> {
    let body = |name: u8, side: Side, fields: &str| {
        format!(r#"{{"symbol":"BTC-USDT","clientOid":"o{name}","side":"{side}",{fields}}}"#)
    };
    let place = (0u8..80, side(), order_fields(), any::<bool>()).prop_map(
        move |(name, side, fields, sync)| {
            let path = if sync { "/api/v1/hf/orders/sync" } else { "/api/v1/hf/orders" };
            Step::Post(path, body(name, side, &fields))
        },
    );
    let stop = (0u8..80, side(), order_fields(), price(), any::<bool>()).prop_map(
        move |(name, side, fields, stop, entry)| {
            let kind = if entry { "entry" } else { "loss" };
            let stop = decimal(stop, "0.1");
            let fields = format!(r#"{fields},"stop":"{kind}","stopPrice":"{stop}""#);
            Step::Post("/api/v1/stop-order", body(name, side, &fields))
        },
    );
    let alter = (0u8..80, price(), size()).prop_map(|(name, price, size)| {
        let (price, size) = (decimal(price, "0.1"), decimal(size, "0.00001"));
        let body = format!(
            r#"{{"symbol":"BTC-USDT","clientOid":"o{name}","newPrice":"{price}","newSize":"{size}"}}"#
        );
        Step::Post("/api/v1/hf/orders/alter", body)
    });
    let cancel = (0u8..80, any::<bool>()).prop_map(|(name, sync)| {
        let path = if sync { "sync/client-order" } else { "client-order" };
        Step::Delete(format!("/api/v1/hf/orders/{path}/o{name}?symbol=BTC-USDT"))
    });
    let all = prop_oneof![
        Just("/api/v1/hf/orders?symbol=BTC-USDT"),
        Just("/api/v1/hf/orders/cancelAll"),
        Just("/api/v1/stop-order/cancel"),
    ];
    let step = prop_oneof![
        12 => market_data(depth).prop_map(Step::Market),
        2 => (1i64..700).prop_map(Step::Wait),
        12 => place,
        2 => stop,
        2 => alter,
        3 => cancel,
        1 => all.prop_map(|target| Step::Delete(target.to_owned())),
    ];
    prop::collection::vec(step, 1..120)
}

/// What the order pushes say of one order.
#[derive(Default, Debug)]
struct Told {
    kinds: Vec<String>,
    matched: Decimal,
    last: Value,
}

impl Told {
    /// KuCoin's order of an order's events: received, matches, then the end or open; then matches and
    /// updates, and an end.
    fn hear(&mut self, data: &Value) {
        let [status, kind] = fields(data, ["status", "type"]);
        let rested = self.kinds.iter().any(|kind| kind == "open");
        let over = self.kinds.iter().any(|kind| ["filled", "canceled"].contains(&kind.as_str()));
        assert!(!over, "{kind} after the end: {data}");
        assert_eq!(self.kinds.is_empty(), kind == "received", "{data}");
        match kind.as_str() {
            "received" => assert_eq!(status, "new"),
            "open" => assert!(!rested && status == "open"),
            "match" => {
                assert_eq!(status, if rested { "open" } else { "match" });
                self.matched += d(data["matchSize"].as_str().unwrap());
            }
            "update" => assert_eq!(status, if rested { "open" } else { "match" }),
            "filled" | "canceled" => {
                assert_eq!(status, "done");
                assert_eq!(data["remainSize"], "0");
            }
            other => panic!("{other}"),
        }
        if kind != "received" {
            assert_eq!(d(data["filledSize"].as_str().unwrap()), self.matched, "{data}");
        }
        self.kinds.push(kind);
        self.last = data.clone();
    }
}

fn number(object: &Value, name: &str) -> Decimal {
    d(object[name].as_str().unwrap())
}

/// The order object adds up, and agrees with what was pushed and with its fills.
fn judge_order(bench: &mut Bench, id: &str, told: &Told) {
    let order = bench.order(id);
    let of = |name: &str| number(&order, name);
    assert_eq!(of("size"), of("dealSize") + of("remainSize") + of("cancelledSize"), "{order}");
    let active = order["active"] == true;
    assert_eq!(active, of("remainSize").is_positive(), "{order}");
    if order["side"] == "buy" && of("funds").is_positive() {
        let parts = of("dealFunds") + of("remainFunds") + of("cancelledFunds");
        assert_eq!(of("funds"), parts, "{order}");
    }
    if order["type"] == "market" && of("funds").is_positive() {
        let fee = if order["side"] == "buy" { of("fee") } else { Decimal::ZERO };
        assert!(of("dealFunds") + fee <= of("funds"), "{order}");
    }
    assert_eq!(told.matched, of("dealSize"), "{order}");
    let end = told.kinds.last().unwrap();
    assert_eq!(active, !["filled", "canceled"].contains(&end.as_str()), "{order} {told:?}");
    if !active {
        let whole = of("cancelledSize").is_zero() && of("dealSize").is_positive();
        assert!(order["cancelExist"] == true || whole, "{order}");
        assert_eq!(end == "canceled", order["cancelExist"] == true && end != "filled", "{order}");
    }
    let fills = bench.get(&format!("/api/v1/hf/fills?symbol=BTC-USDT&orderId={id}&limit=100"));
    let fills = fills["items"].as_array().unwrap();
    let sum = |name: &str| fills.iter().map(|fill| number(fill, name)).sum::<Decimal>();
    let known = (of("dealSize"), of("dealFunds"), of("fee"));
    assert_eq!((sum("size"), sum("funds"), sum("fee")), known, "{order}");
}

/// Every balance is its deposit and its fills; the ledger and the last push say so too.
fn judge_balances(bench: &mut Bench, pushes: &[(String, Value)], fills: &[Value]) {
    let mut expected = BTreeMap::from([("USDT", d("100000")), ("BTC", d("2"))]);
    for fill in fills {
        let sign = if fill["side"] == "buy" { Decimal::ONE } else { -Decimal::ONE };
        let signed = |name: &str| sign.mul_exact(number(fill, name)).unwrap();
        *expected.get_mut("BTC").unwrap() += signed("size");
        *expected.get_mut("USDT").unwrap() -= signed("funds") + number(fill, "fee");
    }
    let rows = bench.get("/api/v1/accounts?type=trade");
    for row in rows.as_array().unwrap() {
        let currency = row["currency"].as_str().unwrap();
        assert_eq!(number(row, "balance"), expected[currency], "{row}");
        let mut of_currency = pushes.iter().filter(|(topic, frame)| {
            topic == "/account/balance" && frame["data"]["currency"] == currency
        });
        if let Some((_, frame)) = of_currency.next_back() {
            let told = fields(&frame["data"], ["total", "available", "hold"]);
            assert_eq!(told, fields(row, ["balance", "available", "holds"]), "{row}");
        }
        let target = format!("/api/v1/hf/accounts/ledgers?currency={currency}&limit=200");
        let last = bench.get(&target)[0].clone();
        assert_eq!(last["balance"], row["balance"]);
    }
}

fn run(steps: &[Step]) {
    let mut bench = Bench::quoted();
    for topic in ["/spotMarket/tradeOrdersV2", "/account/balance", "/market/level2:BTC-USDT"] {
        bench.watch(topic);
    }
    bench.watch("/spotMarket/level2Depth5:BTC-USDT");
    let mut book = ClientBook::query(&mut bench, "BTC-USDT");
    for step in steps {
        match step {
            Step::Market(data) => bench.say(*data),
            Step::Wait(ms) => bench.wait_ms(*ms),
            Step::Post(target, body) => drop(bench.call("POST", target, body)),
            Step::Delete(target) => drop(bench.call("DELETE", target, "")),
        }
    }
    let pushes = bench.pushes();
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for (topic, frame) in &pushes {
        let data = &frame["data"];
        if topic == "/spotMarket/tradeOrdersV2" {
            let id = data["orderId"].as_str().unwrap();
            told.entry(id.to_owned()).or_default().hear(data);
        } else if topic == "/market/level2:BTC-USDT" {
            book.apply(data);
        }
    }
    let later = ClientBook::query(&mut bench, "BTC-USDT");
    assert_eq!((book.sequence, &book.sides), (later.sequence, &later.sides));
    for (id, told) in &told {
        judge_order(&mut bench, id, told);
    }
    let mut fills = Vec::new();
    loop {
        let last = fills.last().map_or(0, |fill: &Value| fill["id"].as_i64().unwrap());
        let part = bench.get(&format!("/api/v1/hf/fills?symbol=BTC-USDT&limit=100&lastId={last}"));
        let items = part["items"].as_array().unwrap();
        fills.extend(items.iter().cloned());
        if items.len() < 100 {
            break;
        }
    }
    judge_balances(&mut bench, &pushes, &fills);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn everything_told_and_queried_agrees_with_quotes(steps in steps(false)) {
        run(&steps);
    }

    #[test]
    fn everything_told_and_queried_agrees_with_depth(steps in steps(true)) {
        run(&steps);
    }

    #[test]
    fn no_bytes_make_it_panic(
        body in prop::collection::vec(any::<u8>(), 0..80),
        text in "\\PC{0,30}",
        index in 0usize..100,
    ) {
        let mut bench = Bench::quoted();
        let all: Vec<_> = Endpoint::all().collect();
        let endpoint = all[index % all.len()];
        let query = format!("symbol={text}&type={text}&limit={text}&lastId={text}&clientOid={text}");
        for path_parameter in [text.as_str(), "vs00000000", "\u{e9}aaaaaaaaaaaaaaaaaaaaaaa"] {
            let answer = bench.core.answer(&Call {
                endpoint,
                path_parameter,
                query: Query::parse(&query),
                body: &body,
                transport_ms: 0,
            });
            prop_assert!(serde_json::from_str::<Value>(&answer.body).is_ok());
        }
        let _ = bench.core.check_topic(&text);
    }
}
