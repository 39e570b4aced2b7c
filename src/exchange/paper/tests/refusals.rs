//! What the venue does not take, in KuCoin's codes and words.

use super::*;
use Side::{Buy, Sell};

fn refusal(change: impl Fn(&mut OrderRequest)) -> String {
    let mut bench = Bench::new();
    bench.quote((99, 9), (101, 9));
    let price = d("100");
    let order_type =
        RequestedType::Limit { price, time_in_force: TimeInForce::Gtc, post_only: false };
    let mut request = order("a", Buy, order_type, 5);
    change(&mut request);
    let reports = bench.request(request);
    assert_eq!(bench.venue.open_orders().count(), 0);
    match reports.as_slice() {
        [ExecutionReport { kind: ReportKind::Rejected(reason), .. }] => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

type Change = fn(&mut OrderRequest);

fn priced(price: &str) -> RequestedType {
    RequestedType::Limit { price: d(price), time_in_force: TimeInForce::Gtc, post_only: false }
}

#[test]
fn foreign_numbers_and_names_are_checked() {
    let cases: [(&str, Change); 12] = [
        ("900001 symbol not exists", |r| r.instrument = InstrumentId(2)),
        ("400100 Invalid Parameter.", |r| r.client_order_id = id("a/b")),
        ("400100 Invalid Parameter.", |r| r.amount = Amount::Size(d("-5"))),
        ("400100 Invalid Parameter.", |r| r.order_type = priced("0")),
        ("600100 Order size increment invalid.", |r| r.amount = Amount::Size(d("5.5"))),
        ("600100 Order price increment invalid.", |r| r.order_type = priced("100.5")),
        ("400100 Order size below the minimum requirement.", |r| r.amount = Amount::Size(d("1"))),
        ("400100 Order size above the maximum requirement.", |r| {
            r.amount = Amount::Size(d("1000001"))
        }),
        ("600101 The order funds should more then 11 USDT.", |r| r.order_type = priced("2")),
        ("200004 Balance insufficient!", |r| r.amount = Amount::Size(d("1000000"))),
        ("200004 Balance insufficient!", |r| {
            r.amount = Amount::Size(d("1000000"));
            r.order_type = priced("9000000000000000000");
        }),
        ("200004 Balance insufficient!", |r| {
            r.side = Sell;
            r.amount = Amount::Size(d("1001"));
        }),
    ];
    for (expected, change) in cases {
        assert_eq!(refusal(change), expected);
    }
}

#[test]
fn a_repeated_client_order_id_does_not_disturb_the_first() {
    let mut bench = Bench::new();
    bench.quote((99, 9), (101, 9));
    bench.limit("a", Buy, 100, 5);
    let before = bench.order("a");
    assert_eq!(bench.limit("a", Sell, 120, 7), ["a rejected 102426"]);
    assert_eq!(bench.order("a"), before);
    bench.cancel("a");
    assert_eq!(bench.limit("a", Buy, 100, 5), ["a rejected 102426"], "nor when it is over");
}

#[test]
fn open_orders_and_commands_in_flight_are_bounded() {
    let mut bench = Bench::new();
    for count in 0..200 {
        bench.limit(&format!("a{count}"), Buy, 10, 2);
    }
    assert_eq!(bench.limit("b", Buy, 10, 2), ["b rejected 200003"]);
    bench.venue.set_open_orders_max(crate::exchange::paper::OpenOrdersMax {
        all: 201,
        per_instrument: 300,
    });
    assert_eq!(bench.limit("c", Buy, 10, 2), ["c accepted"]);
    assert_eq!(bench.limit("d", Buy, 10, 2), ["d rejected 200003"], "of the account, too");
    for _ in 0..=crate::exchange::paper::COMMANDS_MAX {
        bench.venue.cancel(id("a0"), Timestamp::from_us(0));
    }
    let mut reports = Vec::new();
    bench.venue.take_reports(Timestamp::from_us(0), &mut reports);
    assert_eq!(words(&reports), ["a0 cancel rejected 429000"]);
}
