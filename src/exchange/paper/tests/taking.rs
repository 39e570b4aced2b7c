//! Orders that take liquidity.

use super::*;
use Side::{Buy, Sell};

#[test]
fn quotes_give_the_touch_and_then_a_ladder_one_spread_apart() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (100, 5));
    let reports = bench.market_order("a", Buy, 12);
    assert_eq!(reports, ["a accepted", "a 5@100 taker", "a 5@102 taker", "a 2@104 taker"]);
    let reports = bench.market_order("b", Sell, 60);
    assert_eq!(reports.len(), 12, "ten levels, then the rest expires: {reports:?}");
    assert_eq!(reports.last().unwrap(), "b expired");
    assert_eq!(bench.order("b").filled, Lots::new(50));
}

#[test]
fn what_was_consumed_stays_consumed_until_the_side_says_something_new() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (100, 5));
    bench.limit("a", Buy, 100, 4);
    bench.quote((97, 5), (100, 5));
    let ioc = TimeInForce::Ioc;
    let reports = bench.limit_as("b", Buy, (100, 4), ioc, false);
    assert_eq!(reports, ["b accepted", "b 1@100 taker", "b expired"]);
    bench.quote((97, 5), (100, 6));
    let reports = bench.limit_as("c", Buy, (100, 4), ioc, false);
    assert_eq!(reports, ["c accepted", "c 4@100 taker"]);
}

#[test]
fn depth_gives_its_real_levels_and_refreshes_each_alone() {
    let mut bench = Bench::new();
    bench.depth(Sell, 101, 3);
    bench.depth(Sell, 105, 4);
    let top = bench.depth(Buy, 99, 7).unwrap();
    assert_eq!((top.bid.get(), top.bid_size.get(), top.ask.get()), (99, 7, 101));
    assert_eq!(bench.depth(Buy, 98, 1), None, "not the top");
    let reports = bench.market_order("a", Buy, 6);
    assert_eq!(reports, ["a accepted", "a 3@101 taker", "a 3@105 taker"]);
    bench.depth(Sell, 101, 2);
    let reports = bench.market_order("b", Buy, 6);
    assert_eq!(reports, ["b accepted", "b 2@101 taker", "b 1@105 taker", "b expired"]);
}

#[test]
fn prints_alone_make_a_market_of_their_size() {
    let mut bench = Bench::new();
    assert_eq!(bench.market_order("a", Buy, 3), ["a accepted", "a expired"], "no market yet");
    bench.print(100, 2, Buy);
    let reports = bench.limit_as("b", Buy, (101, 9), TimeInForce::Ioc, false);
    assert_eq!(reports, ["b accepted", "b 2@100 taker", "b 2@101 taker", "b expired"]);
}

#[test]
fn nothing_displayed_fills_nothing() {
    let mut bench = Bench::new();
    bench.quote((98, 0), (100, 0));
    assert_eq!(bench.market_order("a", Buy, 5), ["a accepted", "a expired"]);
    assert_eq!(bench.limit("b", Buy, 100, 5), ["b accepted"]);
    bench.quote((97, 0), (99, 0));
    assert_eq!(bench.reports(), Vec::<String>::new());
}

#[test]
fn fok_fills_whole_or_not_at_all() {
    let mut bench = Bench::new();
    bench.depth(Buy, 90, 5);
    bench.depth(Sell, 100, 5);
    bench.depth(Sell, 101, 5);
    let fok = TimeInForce::Fok;
    assert_eq!(bench.limit_as("a", Buy, (101, 11), fok, false), ["a accepted", "a expired"]);
    assert_eq!(bench.limit_as("b", Buy, (100, 6), fok, false), ["b accepted", "b expired"]);
    assert!(bench.executions().is_empty());
    let reports = bench.limit_as("c", Buy, (101, 10), fok, false);
    assert_eq!(reports, ["c accepted", "c 5@100 taker", "c 5@101 taker"]);
}

#[test]
fn a_gtc_order_takes_what_crosses_and_rests_with_the_remainder() {
    let mut bench = Bench::new();
    bench.depth(Buy, 90, 5);
    bench.depth(Sell, 100, 5);
    assert_eq!(bench.limit("a", Buy, 100, 8), ["a accepted", "a 5@100 taker"]);
    assert_eq!(bench.balance("USDT").hold(), d("300.6"));
    bench.depth(Sell, 100, 2);
    assert_eq!(bench.reports(), ["a 2@100 maker"]);
    bench.depth(Sell, 99, 9);
    assert_eq!(bench.reports(), ["a 1@100 maker"]);
    assert_eq!(bench.balance("USDT").hold(), d("0"));
}

#[test]
fn post_only_that_would_take_is_canceled_whole_and_otherwise_rests() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (100, 5));
    let gtc = TimeInForce::Gtc;
    assert_eq!(bench.limit_as("a", Buy, (100, 5), gtc, true), ["a accepted", "a canceled 400100"]);
    assert_eq!(bench.limit_as("b", Buy, (99, 5), gtc, true), ["b accepted"]);
    let reports = bench.limit_as("c", Sell, (99, 5), gtc, true);
    assert_eq!(reports, ["c accepted", "c canceled 400100"], "nor from an own order");
    assert_eq!(bench.venue.open_orders().count(), 1);
    // As at KuCoin, the flag does nothing on an IOC order.
    let reports = bench.limit_as("d", Buy, (100, 2), TimeInForce::Ioc, true);
    assert_eq!(reports, ["d accepted", "d 2@100 taker"]);
}

#[test]
fn where_own_orders_would_cross_the_newer_is_canceled() {
    let mut bench = Bench::new();
    bench.depth(Buy, 90, 5);
    bench.depth(Sell, 100, 3);
    bench.depth(Sell, 102, 3);
    bench.limit("old", Sell, 101, 5);
    let reports = bench.limit("new", Buy, 102, 9);
    assert_eq!(reports, ["new accepted", "new 3@100 taker", "new canceled 400100"]);
    assert_eq!(bench.market_order("m", Buy, 2), ["m accepted", "m canceled 400100"]);
    assert!(bench.order("old").is_open());
}

#[test]
fn fees_are_in_quote_by_liquidity_on_both_sides() {
    let mut bench = Bench::new();
    bench.quote((99, 50), (100, 50));
    bench.market_order("a", Buy, 10);
    assert_eq!(bench.balance("USDT").total(), d("98998"), "1000 and 0.2 %");
    bench.limit("b", Sell, 100, 10);
    bench.print(101, 10, Buy);
    assert_eq!(bench.reports(), ["b 10@100 maker"]);
    assert_eq!(bench.balance("USDT").total(), d("99997"), "1000 less 0.1 %");
    let fees: Vec<_> = bench.executions().iter().map(|fill| (fill.fee, fill.fee_asset)).collect();
    assert_eq!(fees, [(d("2"), asset("USDT")), (d("1"), asset("USDT"))]);
}

#[test]
fn a_market_buy_needs_what_its_walk_costs_with_fees() {
    let mut bench = Bench::new();
    bench.depth(Buy, 90, 5);
    bench.depth(Sell, 100, 500);
    bench.depth(Sell, 200, 1_000);
    // 500 * 100 + 250 * 200 costs the whole deposit, the fee is too much.
    assert_eq!(bench.market_order("a", Buy, 750), ["a rejected 200004"]);
    assert_eq!(bench.market_order("b", Buy, 740).len(), 3);
    assert_eq!(bench.market_order("c", Sell, 1_741), ["c rejected 200004"]);
}

#[test]
fn a_reset_voids_the_book_and_leaves_a_source_of_quotes_one() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (100, 5));
    bench.market(MarketData::DepthReset);
    assert_eq!(bench.market_order("a", Buy, 2), ["a accepted", "a expired"]);
    bench.quote((98, 5), (100, 5));
    assert_eq!(bench.market_order("b", Buy, 2), ["b accepted", "b 2@100 taker"]);
}
