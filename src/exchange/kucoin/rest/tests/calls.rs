//! What each call sends, and what it makes of the documentation's samples.

use super::server::{Server, ok, refuse};
use super::*;
use crate::domain::decimal::Decimal;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::account::AccountMode;
use crate::exchange::kucoin::protocol::candle::CandleType;
use crate::exchange::kucoin::protocol::order::{OrderState, OrderType};
use crate::exchange::kucoin::protocol::place::{PlaceOrder, SyncStatus};
use crate::exchange::kucoin::protocol::status::ServiceState;
use crate::exchange::kucoin::rest::{BookSize, DoneQuery, FillQuery};

pub(super) const ORDER_SAMPLE: &str = r#"{"id":"6717422bd51c29000775ea03","clientOid":"5c52e11203aa677f33e493fb","symbol":"BTC-USDT","opType":"DEAL","type":"limit","side":"buy","price":"70000","size":"0.00001","funds":"0.7","dealSize":"0.00001","dealFunds":"0.677176","remainSize":"0","remainFunds":"0.022824","cancelledSize":"0","cancelledFunds":"0","fee":"0.000677176","feeCurrency":"USDT","stp":null,"timeInForce":"GTC","postOnly":false,"hidden":false,"iceberg":false,"visibleSize":"0","cancelAfter":0,"channel":"API","remark":"order remarks","tags":null,"cancelExist":false,"tradeType":"TRADE","inOrderBook":false,"active":false,"tax":"0","createdAt":1729577515444,"lastUpdatedAt":1729577515481}"#;
const SYMBOL_SAMPLE: &str = r#"{"symbol":"BTC-USDT","name":"BTC-USDT","baseCurrency":"BTC","quoteCurrency":"USDT","feeCurrency":"USDT","market":"USDS","baseMinSize":"0.00001","quoteMinSize":"0.1","baseMaxSize":"10000000000","quoteMaxSize":"99999999","baseIncrement":"0.00000001","quoteIncrement":"0.000001","priceIncrement":"0.1","priceLimitRate":"0.1","minFunds":"0.1","isMarginEnabled":true,"enableTrading":true,"feeCategory":1,"makerFeeCoefficient":"1.00","takerFeeCoefficient":"1.00","st":false}"#;
const BULLET: &str = r#"{"token":"canary-token","instanceServers":[{"endpoint":"wss://ws-api-spot.kucoin.com/","encrypt":true,"protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}"#;

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// Lets the client make one call that is answered with `data`; returns what it made of it, and the
/// request's first line and body.
fn one<T>(data: &str, call: impl AsyncFnOnce(&Rest) -> Result<T, Failure>) -> (T, String) {
    let server = Server::start([ok(data)]);
    let rest = client(&server);
    let outcome = run(call(&rest)).unwrap();
    let seen = server.seen().remove(0);
    (outcome, format!("{} {} {}", seen.method, seen.target, seen.body).trim_end().to_owned())
}

#[test]
fn market_calls() {
    let (status, sent) = one(r#"{"status":"cancelonly","msg":"x"}"#, Rest::service_status);
    assert_eq!((status.status, sent.as_str()), (ServiceState::CancelOnly, "GET /api/v1/status"));

    let rows = format!(r#"[{SYMBOL_SAMPLE},{{"symbol":"ODD"}},null]"#);
    let (rows, sent) = one(&rows, Rest::symbols);
    assert_eq!((rows.len(), sent.as_str()), (1, "GET /api/v2/symbols"));
    let (row, sent) = one(SYMBOL_SAMPLE, async |rest| rest.symbol("BTC-USDT").await);
    assert_eq!((&row, sent.as_str()), (&rows[0], "GET /api/v2/symbols/BTC-USDT"));

    let top = r#"{"time":1729172965609,"sequence":"14609309753","price":"67269","size":"0.000025","bestBid":"67267.5","bestBidSize":"0.000025","bestAsk":"67267.6","bestAskSize":"1.24808993"}"#;
    let (top, sent) = one(top, async |rest| rest.level1("BTC-USDT").await);
    assert_eq!(sent, "GET /api/v1/market/orderbook/level1?symbol=BTC-USDT");
    assert_eq!((top.sequence, top.best_ask), (14_609_309_753, Some(d("67267.6"))));

    let book = r#"{"time":1,"sequence":"7","bids":[["1.5","2"]],"asks":null}"#;
    let part = async |rest: &Rest| rest.book_part("A-B", BookSize::Levels20).await;
    let (book_part, sent) = one(book, part);
    assert_eq!(sent, "GET /api/v1/market/orderbook/level2_20?symbol=A-B");
    let (full, sent) = one(book, async |rest| rest.full_book("A-B").await);
    assert_eq!(sent, "GET /api/v3/market/orderbook/level2?symbol=A-B");
    assert_eq!((&full, full.bids[0].0, full.asks.len()), (&book_part, d("1.5"), 0));

    let rows = r#"[["1566789720","10411.5","10401.9","10411.6","10396.3","29.11","302889.3"]]"#;
    let at = |s: i64| Timestamp::from_ms(s * 1_000 + 999);
    let (rows, sent) = one(rows, async |rest| {
        rest.candles("A-B", CandleType::Minute1, at(1_566_789_720), at(1_566_789_780)).await
    });
    let query = "symbol=A-B&type=1min&startAt=1566789720&endAt=1566789780";
    assert_eq!(sent, format!("GET /api/v1/market/candles?{query}"));
    assert_eq!((rows[0].close, rows[0].high), (d("10401.9"), d("10411.6")));

    let (bullet, sent) = one(BULLET, Rest::bullet_public);
    assert_eq!(
        (bullet.token.as_str(), sent.as_str()),
        ("canary-token", "POST /api/v1/bullet-public")
    );
    assert!(!format!("{bullet:?}").contains("canary"));
    assert_eq!(one(BULLET, Rest::bullet_private).1, "POST /api/v1/bullet-private");
    assert_eq!(one("\"203.0.113.7\"", Rest::own_address).0, "203.0.113.7");
}

#[test]
fn account_calls() {
    let key = r#"{"remark":"a","apiKey":"canary","apiVersion":3,"permission":"General,Spot,Transfer","ipWhitelist":"203.0.113.7","createdAt":1,"uid":1,"isMaster":true}"#;
    let (key, sent) = one(key, Rest::api_key);
    assert_eq!(sent, "GET /api/v1/user/api-key");
    assert!(key.permits("Transfer") && !key.permits("Margin") && key.is_bound_to_addresses());

    let (mode, sent) = one(r#"{"selfAccountMode":"UNIFIED"}"#, Rest::account_mode);
    assert_eq!((mode, sent.as_str()), (AccountMode::Unified, "GET /api/ua/v1/account/mode"));
    let (opened, sent) = one("true", Rest::is_high_frequency);
    assert_eq!((opened, sent.as_str()), (true, "GET /api/v1/hf/accounts/opened"));

    let rows = r#"[{"id":"1","currency":"USDT","type":"trade_hf","balance":"26.6","available":"20","holds":"6.6"},{"id":"2","currency":"USDT","type":"main","balance":"1","available":"1","holds":"0"}]"#;
    let (rows, sent) = one(rows, Rest::accounts);
    assert_eq!((rows.len(), sent.as_str()), (1, "GET /api/v1/accounts?type=trade_hf"));
    assert_eq!((rows[0].available, rows[0].holds), (d("20"), d("6.6")));

    let (fee, sent) = one(r#"{"takerFeeRate":"0.001","makerFeeRate":"0.0008"}"#, Rest::base_fee);
    assert_eq!((fee.maker_fee_rate, sent.as_str()), (d("0.0008"), "GET /api/v1/base-fee"));
    let fees = r#"[{"symbol":"A-B","takerFeeRate":"0.001","makerFeeRate":"0.001"}]"#;
    let server = Server::start(vec![ok(fees); 2]);
    let symbols: Vec<String> = (0..11).map(|number| format!("A{number}-B")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let fees = run(client(&server).trade_fees(&symbols)).unwrap();
    assert_eq!(fees.len(), 2);
    assert_eq!(server.seen()[1].target, "/api/v1/trade-fees?symbols=A10-B");
}

#[test]
fn placing_and_canceling() {
    let mut order = PlaceOrder::new(OrderType::Limit, "BTC-USDT", Side::Buy);
    order.client_oid = Some("a-1".into());
    (order.price, order.size) = (Some(d("50000")), Some(d("0.00001")));
    let body = r#"{"type":"limit","symbol":"BTC-USDT","side":"buy","price":"50000","size":"0.00001","clientOid":"a-1"}"#;
    let ids = r#"{"orderId":"670fd33bf9406e0007ab3945","clientOid":"a-1"}"#;
    let (placed, sent) = one(ids, async |rest| rest.place(&order, Priority::Entry).await);
    assert_eq!(sent, format!("POST /api/v1/hf/orders {body}"));
    assert_eq!(placed.order_id, "670fd33bf9406e0007ab3945");
    let sent = one(ids, async |rest| rest.place_test(&order).await).1;
    assert_eq!(sent, format!("POST /api/v1/hf/orders/test {body}"));
    let sync = r#"{"orderId":"67","clientOid":"a-1","orderTime":1,"originSize":"0.00001","dealSize":"0","remainSize":"0.00001","canceledSize":"0","status":"open","matchTime":2}"#;
    let (placed, sent) = one(sync, async |rest| rest.place_sync(&order, Priority::Entry).await);
    assert_eq!(
        (placed.status, sent),
        (SyncStatus::Open, format!("POST /api/v1/hf/orders/sync {body}"))
    );

    let by_ours = async |rest: &Rest| rest.cancel_by_client_id("A-B", "a-1").await;
    let (canceled, sent) = one(r#"{"clientOid":"a-1"}"#, by_ours);
    assert_eq!(sent, "DELETE /api/v1/hf/orders/client-order/a-1?symbol=A-B");
    assert_eq!(canceled.client_oid, "a-1");
    let sent = one(r#"{"orderId":"67"}"#, async |rest| rest.cancel_by_id("A-B", "67").await).1;
    assert_eq!(sent, "DELETE /api/v1/hf/orders/67?symbol=A-B");
    let sent = one("\"success\"", async |rest| rest.cancel_all("A-B").await).1;
    assert_eq!(sent, "DELETE /api/v1/hf/orders?symbol=A-B");
    let everything =
        r#"{"succeedSymbols":["A-B"],"failedSymbols":[{"symbol":"C-D","error":"no"}]}"#;
    let (canceled, sent) = one(everything, Rest::cancel_everything);
    assert_eq!(
        (canceled.failed_symbols.len(), sent.as_str()),
        (1, "DELETE /api/v1/hf/orders/cancelAll")
    );

    let server = Server::start([ok("\"partly\"")]);
    let failure = run(client(&server).cancel_all("A-B")).unwrap_err();
    assert_eq!(failure.word(), "unresolved", "{failure}");
}

#[test]
fn asking_for_orders_and_fills() {
    let by_ours = async |rest: &Rest| rest.order_by_client_id("BTC-USDT", "a 1").await;
    let (order, sent) = one(ORDER_SAMPLE, by_ours);
    assert_eq!(sent, "GET /api/v1/hf/orders/client-order/a%201?symbol=BTC-USDT");
    assert_eq!((order.state(), order.fee), (OrderState::Filled, d("0.000677176")));
    let sent = one(ORDER_SAMPLE, async |rest| rest.order_by_id("A-B", "67").await).1;
    assert_eq!(sent, "GET /api/v1/hf/orders/67?symbol=A-B");
    for act in [ok("null"), refuse(200, 400_100, "order not exist.")] {
        let server = Server::start([act]);
        let failure = run(client(&server).order_by_id("A-B", "67")).unwrap_err();
        assert_eq!(failure.word(), "not found", "{failure}");
    }

    let open = async |rest: &Rest| rest.open_orders("A-B").await;
    assert_eq!(one("null", open).0.len(), 0);
    let (orders, sent) = one(&format!("[{ORDER_SAMPLE}]"), open);
    assert_eq!((orders.len(), sent.as_str()), (1, "GET /api/v1/hf/orders/active?symbol=A-B"));
    let (symbols, _) = one(r#"{"symbols":["A-B","C-D"]}"#, Rest::symbols_with_open_orders);
    assert_eq!(symbols, ["A-B", "C-D"]);

    let query = DoneQuery { last_id: Some(9), ..DoneQuery::default() };
    let page = format!(r#"{{"lastId":8,"items":[{ORDER_SAMPLE}]}}"#);
    let (page, sent) = one(&page, async |rest| rest.done_orders("A-B", query).await);
    assert_eq!(sent, "GET /api/v1/hf/orders/done?symbol=A-B&lastId=9&limit=100");
    assert_eq!((page.last_id, page.items.len()), (8, 1));
    let query = FillQuery {
        order_id: Some("67"),
        start_at: Some(Timestamp::from_ms(1)),
        end_at: Some(Timestamp::from_ms(2)),
        last_id: Some(3),
    };
    let sent = one(r#"{"items":null}"#, async |rest| rest.fills("A-B", query).await).1;
    let fields = "symbol=A-B&orderId=67&startAt=1&endAt=2&lastId=3&limit=100";
    assert_eq!(sent, format!("GET /api/v1/hf/fills?{fields}"));
}

#[test]
fn the_dead_mans_switch() {
    let answer = r#"{"currentTime":1729656588,"triggerTime":1729656593}"#;
    let set = async |rest: &Rest| rest.dead_man_set(5, &["BTC-USDT", "ETH-USDT"]).await;
    let (dead_man, sent) = one(answer, set);
    let body = r#"{"timeout":5,"symbols":"BTC-USDT,ETH-USDT"}"#;
    assert_eq!(sent, format!("POST /api/v1/hf/orders/dead-cancel-all {body}"));
    assert_eq!(dead_man.trigger_time, 1_729_656_593);
    let sent = one(answer, async |rest| rest.dead_man_set(-1, &[]).await).1;
    assert_eq!(sent, r#"POST /api/v1/hf/orders/dead-cancel-all {"timeout":-1}"#);
    let (none, sent) = one("null", Rest::dead_man_get);
    assert_eq!((none, sent.as_str()), (None, "GET /api/v1/hf/orders/dead-cancel-all/query"));
    let server = Server::start([]);
    for (timeout_s, symbols) in [(4, 1), (86_401, 1), (0, 1), (5, 51)] {
        let failure = run(client(&server).dead_man_set(timeout_s, &vec!["A-B"; symbols]));
        assert_eq!(failure.unwrap_err().word(), "rejected", "{timeout_s} {symbols}");
    }
    assert_eq!(server.seen().len(), 0);
}
