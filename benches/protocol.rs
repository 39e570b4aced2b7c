//! What KuCoin's protocol costs on the way of an order: write and sign it, read what comes back.
//!
//! `cargo bench --bench protocol`. Nanoseconds an operation, of processor time of the one thread; the
//! median of [`ROUNDS`] rounds.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::hint::black_box;
use std::time::Instant;

use ibis::domain::decimal::Decimal;
use ibis::exchange::kucoin::protocol::balance_push::BalancePush;
use ibis::exchange::kucoin::protocol::code::CallKind;
use ibis::exchange::kucoin::protocol::endpoint::Endpoint;
use ibis::exchange::kucoin::protocol::envelope::open;
use ibis::exchange::kucoin::protocol::frame::ServerFrame;
use ibis::exchange::kucoin::protocol::order::{Order, OrderType, Side, TimeInForce};
use ibis::exchange::kucoin::protocol::order_push::OrderPush;
use ibis::exchange::kucoin::protocol::place::PlaceOrder;
use ibis::exchange::kucoin::protocol::sign::{Presented, Signer, Verifier};

/// Operations a round.
const OPERATIONS: u128 = 200_000;
/// Rounds.
const ROUNDS: usize = 9;
/// A secret of the length of KuCoin's.
const SECRET: &[u8] = b"00112233-4455-6677-8899-aabbccddeeff";

const ORDER_PUSH: &str = r#"{"topic":"/spotMarket/tradeOrdersV2","type":"message","subject":"orderChange","userId":"633559791e1cbc0001f319bc","channelType":"private","data":{"canceledSize":"0","clientOid":"ibis-1-17-000042","feeType":"takerFee","filledSize":"0.01","liquidity":"taker","matchPrice":"3300.1","matchSize":"0.01","orderId":"676a0000f9406e0007ab0001","orderTime":1735000000100,"orderType":"limit","originSize":"0.01","price":"3301","remainSize":"0","side":"buy","size":"0.01","status":"match","symbol":"ETH-USDT","tradeId":"11100000000000001","ts":1735000000111000000,"type":"match"}}"#;
const BALANCE_PUSH: &str = r#"{"topic":"/account/balance","type":"message","subject":"account.balance","id":"354689988084000","userId":"633559791e1cbc0001f319bc","channelType":"private","data":{"accountId":"548674591753","currency":"USDT","total":"21.133773386762","available":"20.132773386762","hold":"1.001","availableChange":"-0.5005","holdChange":"0.5005","relationContext":{"symbol":"BTC-USDT","orderId":"6721d0632db25b0007071fdc"},"relationEvent":"trade.hold","relationEventId":"354689988084000","time":"1730269283892"}}"#;
const ORDER_ANSWER: &str = r#"{"code":"200000","data":{"id":"6717422bd51c29000775ea03","clientOid":"ibis-1-17-000042","symbol":"BTC-USDT","opType":"DEAL","type":"limit","side":"buy","price":"70000","size":"0.00001","funds":"0.7","dealSize":"0.00001","dealFunds":"0.677176","remainSize":"0","remainFunds":"0.022824","cancelledSize":"0","cancelledFunds":"0","fee":"0.000677176","feeCurrency":"USDT","stp":null,"timeInForce":"GTC","postOnly":false,"hidden":false,"iceberg":false,"visibleSize":"0","cancelAfter":0,"channel":"API","remark":"order remarks","tags":null,"cancelExist":false,"tradeType":"TRADE","inOrderBook":false,"active":false,"tax":"0","createdAt":1729577515444,"lastUpdatedAt":1729577515481}}"#;

/// The first number of `/proc/thread-self/schedstat`: nanoseconds on the processor.
fn processor_nanos() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().filter(|&nanos| nanos > 0)
}

fn row(name: &str, mut operation: impl FnMut(i64)) {
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let (wall, before) = (Instant::now(), processor_nanos());
            for at in 0..OPERATIONS as i64 {
                operation(at);
            }
            let processor = processor_nanos().zip(before).map(|(now, then)| now - then);
            processor.unwrap_or_else(|| wall.elapsed().as_nanos())
        })
        .collect();
    rounds.sort_unstable();
    println!("{name:<44} {:>8} ns", rounds[ROUNDS / 2] / OPERATIONS);
}

fn order(at: i64) -> PlaceOrder<'static> {
    PlaceOrder {
        price: Decimal::from_parts((6_364_990 + at).into(), 2),
        size: Decimal::from_parts((18_853 + at).into(), 8),
        client_oid: Some("ibis-1-17-000042".into()),
        time_in_force: Some(TimeInForce::Ioc),
        allow_max_time_window: Some(1_500),
        client_timestamp: Some(1_750_000_000_000 + at),
        ..PlaceOrder::new(OrderType::Limit, "BTC-USDT", Side::Buy)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let signer = Signer::new("00112233445566778899aabb", SECRET, "a passphrase");
    let verifier = Verifier::new(SECRET, "a passphrase");
    let target = Endpoint::Place.target("");
    let mut body = String::new();
    println!("{:<44} {:>11}", "operation", "median");
    row("write an order", |at| {
        body.clear();
        order(at).write(&mut body);
        black_box(&body);
    });
    row("write and sign an order", |at| {
        body.clear();
        order(at).write(&mut body);
        black_box(signer.headers(at, "POST", target.signed(), body.as_bytes()));
    });
    order(1).write(&mut body);
    let headers = signer.headers(1, "POST", target.signed(), body.as_bytes());
    row("verify an order's signature and passphrase", |_| {
        let presented = Presented {
            timestamp: headers.timestamp(),
            sign: headers.sign(),
            passphrase: headers.passphrase(),
        };
        let signed = verifier.is_signature(&presented, "POST", target.wire(), body.as_bytes());
        assert!(signed && verifier.is_passphrase(&presented), "the signature is ours");
    });
    row("find an endpoint with a parameter", |_| {
        black_box(Endpoint::of("DELETE", black_box("/api/v1/hf/orders/client-order/ibis-1-17")));
    });
    let frame = || ServerFrame::parse(black_box(ORDER_PUSH));
    frame()?.data::<OrderPush<'_>>()?;
    row("read an order push", |_| {
        let _ = black_box(frame().and_then(|frame| frame.data::<OrderPush<'_>>()));
    });
    row("read a balance push", |_| {
        let frame = ServerFrame::parse(black_box(BALANCE_PUSH));
        let _ = black_box(frame.and_then(|frame| frame.data::<BalancePush<'_>>()));
    });
    row("read an order's answer", |_| {
        let envelope = open(200, black_box(ORDER_ANSWER.as_bytes()), CallKind::Read);
        let _ = black_box(envelope.map(|envelope| envelope.data::<Order<'_>>()));
    });
    Ok(())
}
