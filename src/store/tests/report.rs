//! What an hour's report reads.

use super::*;
use crate::domain::time::HOUR_US;
use crate::store::kpi::{self, Decision, FillRow, OpenPosition, RealizedAmounts};
use crate::store::run::{self, NewRun};

#[test]
fn the_fills_of_an_hour_with_what_was_decided_and_realized() {
    let ledger = write("kpi-fills", story());
    let bought = FillRow {
        order: "ibis-1-1".to_owned(),
        symbol: symbol("BTC-USDT"),
        side: Side::Buy,
        quantity: d("0.001"),
        funds: d("60"),
        fee: d("0.06"),
        at: at(12),
        decision: Some(Decision { reference_price: d("60001"), at: at(10) }),
        realized: None,
    };
    let sold = FillRow {
        order: "ibis-1-2".to_owned(),
        side: Side::Sell,
        quantity: d("0.0004"),
        funds: d("24.4"),
        fee: d("0.0244"),
        at: at(22),
        decision: Some(Decision { reference_price: d("61000"), at: at(20) }),
        realized: Some(RealizedAmounts { gross: d("0.4"), fees: d("0.0484"), net: d("0.3516") }),
        ..bought.clone()
    };
    let fills = |from, to| kpi::fills(&ledger, at(from), at(to)).unwrap();
    assert_eq!(fills(12, 22), std::slice::from_ref(&bought));
    assert_eq!(fills(12, 23), [bought, sold.clone()]);
    assert_eq!(fills(13, 23), [sold]);
    assert_eq!(fills(23, 99), []);
    ledger.execute("UPDATE fills SET basis = 'unknown' WHERE fill = 2", []).unwrap();
    assert_eq!(fills(22, 23)[0].realized, None, "nobody knows what it earned");
}

#[test]
fn cancels_are_those_that_ended_in_the_hour_and_began_at_most_one_before() {
    let hour = HOUR_US / 1_000_000;
    let began_and_ended = |began, ended| {
        let over = order(3, OrderStatus::Canceled, "0", "0", "0");
        let entries = vec![fact(began, Record::Intent(wanted())), fact(ended, Record::Order(over))];
        let ledger = write("kpi-canceled", entries);
        kpi::canceled(&ledger, at(2 * hour), at(3 * hour)).unwrap()
    };
    assert_eq!(began_and_ended(2 * hour, 2 * hour), (1, 1));
    assert_eq!(began_and_ended(hour, 2 * hour), (1, 1), "an hour before is not too old");
    assert_eq!(began_and_ended(hour - 1, 2 * hour), (0, 0), "older than that is");
    assert_eq!(began_and_ended(2 * hour, 3 * hour - 1), (1, 1));
    assert_eq!(began_and_ended(2 * hour, 3 * hour), (0, 0), "the next hour's");
    assert_eq!(began_and_ended(hour, 2 * hour - 1), (0, 0), "the one's before");

    let ended = |number, status, filled: &str| {
        fact(40, Record::Order(order(number, status, filled, "0", "0")))
    };
    let ends = [ended(2, OrderStatus::Canceled, "0.0004"), ended(3, OrderStatus::Canceled, "0")];
    let ledger = write("kpi-canceled", story().into_iter().chain(ends).collect());
    assert_eq!(kpi::canceled(&ledger, at(0), at(99)).unwrap(), (2, 1), "one buy without a fill");
}

#[test]
fn samples_refusals_and_open_positions() {
    let minute = |second| {
        let complete = second == 120;
        Entry::Projection(Projection::Sample(Sample { complete, ..sample(second) }))
    };
    let refused = |second, code| {
        let (at, symbol) = (at(second), symbol("BTC-USDT"));
        Entry::Projection(Projection::Refused { at, symbol, code })
    };
    let day = DAY_US / 1_000_000;
    let known = Lot { quantity: d("2"), cost: d("30"), fee: d("0.1"), ..lots()[0] };
    let eth = |mark_price| PositionRow {
        symbol: symbol("ETH-USDT"),
        lots: vec![known],
        mark_price,
        ..position()
    };
    let more = [
        minute(60),
        minute(120),
        minute(180),
        refused(1, "cash"),
        refused(2, "cash"),
        refused(3, "edge"),
        refused(day, "cash"),
        Entry::Projection(Projection::Position(eth(Some(d("16"))))),
    ];
    let ledger = write("kpi-samples", story().into_iter().chain(more).collect());
    let row = |second| SampleRow { is_complete: second == 120, ..sample_row(second) };
    assert_eq!(kpi::samples(&ledger, at(60), at(180)).unwrap(), [row(60), row(120)]);
    let counted = |second| {
        let counted = kpi::refusals(&ledger, at(second)).unwrap();
        counted.into_iter().map(|(code, count)| format!("{code} {count}")).collect::<Vec<_>>()
    };
    assert_eq!(counted(day - 1), ["cash 2", "edge 1"]);
    assert_eq!(counted(day), ["cash 1"]);
    let open = OpenPosition { opened_at: at(12), cost: d("30"), value: d("32") };
    assert_eq!(kpi::open_positions(&ledger).unwrap(), [open], "BTC's basis is not known");
    assert_eq!(kpi::first_activity(&ledger).unwrap(), Some(at(10)));

    let first = |entries| kpi::first_activity(&write("kpi-first", entries)).unwrap();
    assert_eq!(first(Vec::new()), None);
    assert_eq!(first(vec![minute(60)]), Some(at(60)));
    assert_eq!(first(story().into_iter().chain([minute(6)]).collect()), Some(at(6)));
    let fill = fact(5, Record::Fill(Box::new(fill_bought())));
    assert_eq!(first(vec![fact(10, Record::Intent(bought())), fill]), Some(at(5)));
}

#[test]
fn an_hours_report_is_there_once() {
    let ledger = write("kpi-hours", Vec::new());
    let hour = |number: i64| Timestamp::from_us(number * HOUR_US);
    let body = |number| kpi::body(&ledger, hour(number)).unwrap();
    assert_eq!((kpi::last_hour(&ledger).unwrap(), body(1)), (None, None));
    for (number, text) in [(2, "b"), (1, "a"), (2, "c")] {
        kpi::put(&ledger, hour(number), text, at(7)).unwrap();
    }
    assert_eq!(kpi::last_hour(&ledger).unwrap(), Some(hour(2)));
    assert_eq!([1, 2, 3].map(body), [Some("a".to_owned()), Some("c".to_owned()), None]);
}

#[test]
fn only_a_virtual_clock_stands_in_for_the_walls() {
    let mut ledger = write("kpi-clock", Vec::new());
    let mut began = |clock, engine_at: Option<i64>| {
        let new = NewRun {
            mode: "paper",
            instance: "ibis",
            clock,
            market: "synthetic",
            config_hash: "",
            fee_source: "",
            started_at: at(1),
        };
        let run = run::begin(&mut ledger, &new, 1).unwrap();
        let lived = "UPDATE runs SET engine_at_us = ?1 WHERE run = ?2";
        ledger.execute(lived, (engine_at, run.number)).unwrap();
        kpi::virtual_now(&ledger).unwrap()
    };
    assert_eq!(began("wall", Some(5)), None);
    assert_eq!(began("virtual", None), None);
    assert_eq!(began("virtual", Some(5)), Some(Timestamp::from_us(5)));
    assert_eq!(began("wall", None), None);
    assert_eq!(kpi::virtual_now(&write("kpi-none", Vec::new())).unwrap(), None);
}
