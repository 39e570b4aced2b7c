//! What the objects' fields mean, by value.

use proptest::prelude::*;

use super::account::ApiKey;
use super::balance_push::BalancePush;
use super::bullet::Bullet;
use super::frame::{self, ClientFrame, ErrorCode, FrameId, Push, ServerFrame, ServerFrameType};
use super::order::{Liquidity, Order, OrderState, OrderType, Side, Stp, TimeInForce};
use super::order_push::{Change, OrderPush, OrderStatus, TOPIC};
use super::page::Cursor;
use super::place::PlaceOrder;
use super::wire_text::{IntoOwned, WireText};
use crate::domain::decimal::Decimal;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

const ORDER: &str = r#"{"id":"68aa","clientOid":"bot-1-1","symbol":"ABC-USDT","opType":"DEAL",
    "type":"limit","side":"sell","price":"0.2001","size":"10","funds":"2.001","dealSize":"4",
    "dealFunds":"0.8004","remainSize":"6","remainFunds":"1.2006","cancelledSize":"0",
    "cancelledFunds":"0","fee":"0.0008004","feeCurrency":"USDT","stp":"DC","timeInForce":"GTT",
    "postOnly":true,"hidden":false,"iceberg":true,"visibleSize":"1","cancelAfter":600,
    "channel":"API","remark":"a note","tags":null,"cancelExist":false,"tradeType":"TRADE",
    "inOrderBook":true,"active":true,"tax":"0","createdAt":1750000000100,
    "lastUpdatedAt":1750000000200,"avgDealPrice":"0.2001"}"#;

#[test]
fn an_order_is_read_in_place_and_can_outlive_its_message() {
    let order: Order<'_> = serde_json::from_str(ORDER).unwrap();
    for text in [&order.id, &order.symbol, order.remark.as_ref().unwrap()] {
        assert!(matches!(text.clone().into_cow(), std::borrow::Cow::Borrowed(_)), "{text}");
    }
    assert_eq!((order.side, order.order_type), (Side::Sell, OrderType::Limit));
    assert_eq!((order.price, order.size, order.deal_size), (d("0.2001"), d("10"), d("4")));
    assert_eq!((order.fee, order.visible_size), (d("0.0008004"), d("1")));
    assert_eq!(order.stp, Some(Stp::DecreaseAndCancel));
    assert_eq!(order.time_in_force, Some(TimeInForce::Gtt));
    assert_eq!((order.created_at, order.last_updated_at), (1_750_000_000_100, 1_750_000_000_200));
    assert_eq!(order.state(), OrderState::PartlyFilled);
    let owned: Order<'static> = order.clone().into_owned();
    assert_eq!(owned, order);
}

#[test]
fn the_state_of_an_order_follows_from_its_flags() {
    let mut order: Order<'_> = serde_json::from_str(ORDER).unwrap();
    let mut state = |active, in_order_book, cancel_exist, deal_size| {
        order = Order { active, in_order_book, cancel_exist, deal_size, ..order.clone() };
        order.state()
    };
    assert_eq!(state(true, false, false, d("0")), OrderState::Accepted);
    assert_eq!(state(true, true, false, d("0")), OrderState::Open);
    assert_eq!(state(true, true, true, d("1")), OrderState::PartlyFilled);
    assert_eq!(state(false, false, false, d("10")), OrderState::Filled);
    assert_eq!(state(false, false, true, d("0")), OrderState::Canceled);
    assert_eq!(state(false, false, true, d("4")), OrderState::Canceled);
}

#[test]
fn a_fill_is_pushed() {
    let text = format!(
        r#"{{"topic":"{TOPIC}","type":"message","subject":"orderChange","userId":"u1",
        "channelType":"private","data":{{"symbol":"ABC-USDT","orderType":"limit","side":"buy",
        "orderId":"68aa","clientOid":"bot-1-1","type":"match","status":"open",
        "orderTime":1593487481683297666,"ts":1750000000101123456,"price":"0.2001","size":"10",
        "filledSize":"4","remainSize":"6","matchPrice":"0.2","matchSize":"4","tradeId":17,
        "liquidity":"taker","feeType":"makerFee","word":"later"}}}}"#
    );
    let head = ServerFrame::parse(&text).unwrap();
    assert_eq!(head.frame_type, ServerFrameType::Message);
    assert_eq!(head.topic.as_deref(), Some(TOPIC));
    let push: OrderPush<'_> = head.data().unwrap();
    assert_eq!((push.change, push.status), (Change::Match, OrderStatus::Open));
    assert_eq!((push.match_price, push.match_size), (Some(d("0.2")), Some(d("4"))));
    assert_eq!(push.trade_id.as_deref(), Some("17"));
    assert_eq!(push.charged(), Some(Liquidity::Maker));
    assert_eq!(OrderPush { fee_type: None, ..push.clone() }.charged(), Some(Liquidity::Taker));
    assert_eq!(push.order_time_ms(), 1_593_487_481_683);
    assert_eq!(
        OrderPush { order_time: 1_750_000_000_100, ..push }.order_time_ms(),
        1_750_000_000_100
    );
}

#[test]
fn a_later_word_is_no_error() {
    let push = r#"{"symbol":"A-B","orderType":"twap","side":"buy","orderId":"1","type":"paused",
        "status":"waiting","orderTime":1,"ts":2}"#;
    let push: OrderPush<'_> = serde_json::from_str(push).unwrap();
    assert_eq!(push.change, Change::Unknown);
    assert_eq!((push.status, push.order_type), (OrderStatus::Unknown, OrderType::Unknown));
    assert_eq!(push.client_oid, None);
}

#[test]
fn an_end_of_pages_may_be_null() {
    for json in ["{}", r#"{"lastId":null,"items":null}"#, r#"{"items":[],"lastId":0}"#] {
        let page: Cursor<Order<'_>> = serde_json::from_str(json).unwrap();
        assert_eq!((page.last_id, page.items.len()), (0, 0), "{json}");
    }
}

#[test]
fn frames_answer_frames() {
    let ping = ClientFrame::ping("17");
    assert_eq!(ping.to_json(), r#"{"id":"17","type":"ping"}"#);
    assert_eq!(
        ClientFrame::subscribe("1", "/account/balance", true).to_json(),
        r#"{"id":"1","type":"subscribe","topic":"/account/balance","privateChannel":true,"response":true}"#
    );
    let number: ClientFrame<'_> =
        serde_json::from_str(r#"{"id":1545910660739,"type":"subscribe","other":1}"#).unwrap();
    assert_eq!(number.id, Some(FrameId::Number(1_545_910_660_739)));
    assert_eq!(frame::ack(number.id.as_ref()), r#"{"id":"1545910660739","type":"ack"}"#);
    assert_eq!(frame::pong(ping.id.as_ref()), r#"{"id":"17","type":"pong"}"#);
    assert_eq!(frame::pong(None), r#"{"type":"pong"}"#);
    assert_eq!(
        frame::welcome("c1", 18_000, 10_000),
        r#"{"id":"c1","type":"welcome","pingInterval":18000,"pingTimeout":10000}"#
    );
    let text = frame::error(Some(&"9".into()), ErrorCode::TOPIC_NOT_FOUND, "topic does not exist");
    assert_eq!(text, r#"{"id":"9","type":"error","code":404,"data":"topic does not exist"}"#);
    let error = ServerFrame::parse(&text).unwrap();
    assert_eq!((error.code, &*error.error_text()), (Some(ErrorCode(404)), "topic does not exist"));
    assert!(ErrorCode::TOKEN.ends_connection() && !ErrorCode::LIMIT.ends_connection());
}

#[test]
fn a_private_push_names_its_account() {
    let balance = r#"{"accountId":"7","currency":"USDT","total":"3","available":"2","hold":"1",
        "availableChange":"-1","holdChange":"1","time":"1750000000104"}"#;
    let balance: BalancePush<'_> = serde_json::from_str(balance).unwrap();
    let push =
        Push::private(super::balance_push::TOPIC, super::balance_push::SUBJECT, "u1", balance);
    assert_eq!(
        push.to_json(),
        concat!(
            r#"{"topic":"/account/balance","type":"message","subject":"account.balance","#,
            r#""userId":"u1","channelType":"private","data":{"accountId":"7","currency":"USDT","#,
            r#""total":"3","available":"2","hold":"1","availableChange":"-1","holdChange":"1","#,
            r#""relationContext":null,"relationEvent":null,"relationEventId":null,"#,
            r#""time":"1750000000104"}}"#,
        )
    );
}

#[test]
fn a_token_is_coded_into_its_address_and_never_shown() {
    let json = r#"{"token":"a=b/+","instanceServers":[{"endpoint":"ws://h:1/e","encrypt":false,
        "protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}"#;
    let bullet: Bullet<'_> = serde_json::from_str(json).unwrap();
    let address = bullet.address("c 1").unwrap();
    assert_eq!(address, "ws://h:1/e?token=a%3Db%2F%2B&connectId=c%201");
    assert!(!format!("{bullet:?}").contains("a=b"));
    assert_eq!(Bullet { instance_servers: Vec::new(), ..bullet }.address("c"), None);
}

#[test]
fn a_key_says_what_it_may() {
    let json = r#"{"remark":"r","apiKey":"the-key","apiVersion":3,"permission":"General, Spot,",
        "ipWhitelist":"","createdAt":1,"uid":2,"isMaster":true}"#;
    let key: ApiKey<'_> = serde_json::from_str(json).unwrap();
    assert!(key.permits("Spot") && key.permits("General") && !key.permits("Transfer"));
    assert_eq!(key.permissions().count(), 2);
    assert!(!key.is_bound_to_addresses());
    assert!(
        ApiKey { ip_whitelist: Some("192.0.2.1".into()), ..key.clone() }.is_bound_to_addresses()
    );
    assert!(!format!("{key:?}").contains("the-key"));
}

fn decimals() -> impl Strategy<Value = Option<Decimal>> {
    prop::option::of(
        (-9_999_999_999i64..9_999_999_999, 0u32..19)
            .prop_map(|(mantissa, places)| Decimal::from_parts(mantissa.into(), places).unwrap()),
    )
}

fn texts() -> impl Strategy<Value = Option<WireText<'static>>> {
    prop::option::of(prop_oneof!["[A-Za-z0-9_-]{0,40}", any::<String>()].prop_map(WireText::from))
}

prop_compose! {
    fn orders()(
        flags in any::<(bool, bool, Option<bool>, Option<bool>, Option<bool>)>(),
        decimals in (decimals(), decimals(), decimals(), decimals()),
        texts in (any::<String>(), texts(), texts(), texts()),
        integers in any::<(Option<i64>, Option<i64>, Option<i64>)>(),
        words in (0usize..5, 0usize..5),
    ) -> PlaceOrder<'static> {
        use {Stp as S, TimeInForce as T};
        PlaceOrder {
            order_type: if flags.0 { OrderType::Limit } else { OrderType::Market },
            symbol: texts.0.into(),
            side: if flags.1 { Side::Buy } else { Side::Sell },
            price: decimals.0,
            size: decimals.1,
            funds: decimals.2,
            client_oid: texts.1,
            remark: texts.2,
            time_in_force: [None, Some(T::Gtc), Some(T::Gtt), Some(T::Ioc), Some(T::Fok)][words.0],
            cancel_after: integers.0,
            post_only: flags.2,
            hidden: flags.3,
            iceberg: flags.4,
            visible_size: decimals.3,
            stp: [
                None,
                Some(S::CancelNewest),
                Some(S::CancelOldest),
                Some(S::CancelBoth),
                Some(S::DecreaseAndCancel),
            ][words.1],
            tags: texts.3,
            allow_max_time_window: integers.1,
            client_timestamp: integers.2,
        }
    }
}

proptest! {
    #[test]
    fn an_order_is_read_as_it_was_written(order in orders()) {
        let mut body = String::from("before");
        order.write(&mut body);
        let body = body.strip_prefix("before").unwrap();
        prop_assert_eq!(serde_json::from_str::<PlaceOrder<'_>>(body).unwrap(), order);
    }
}
