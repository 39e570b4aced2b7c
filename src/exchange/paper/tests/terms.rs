//! What an order may say beside price and size: funds, self-trade prevention, time, visibility;
//! and what its client can do to it while it rests.

use super::*;
use Side::{Buy, Sell};

const GTC: TimeInForce = TimeInForce::Gtc;

fn limit(price: i64, time_in_force: TimeInForce) -> RequestedType {
    RequestedType::Limit { price: Decimal::from_int(price), time_in_force, post_only: false }
}

impl Bench {
    fn with_terms(&mut self, request: OrderRequest, terms: Terms) -> Vec<String> {
        let reports = self.request(OrderRequest { terms, ..request });
        words(&reports)
    }

    fn by_funds(&mut self, name: &str, side: Side, funds: &str) -> Vec<String> {
        let amount = Amount::Funds(d(funds));
        let request = OrderRequest { amount, ..order(name, side, RequestedType::Market, 1) };
        words(&self.request(request))
    }

    /// Rests an order, then lets one arrive that meets it, both for 5 at 100.
    fn meet(&mut self, mode: Option<SelfTrade>, arriving: i64) -> Vec<String> {
        self.depth(Buy, 90, 5);
        self.depth(Sell, 99, 1);
        self.depth(Sell, 110, 5);
        self.limit("old", Sell, 100, 5);
        let terms = Terms { self_trade: mode, ..Terms::default() };
        self.with_terms(order("new", Buy, limit(105, GTC), arriving), terms)
    }
}

#[test]
fn a_buy_by_funds_spends_at_most_them_fees_included() {
    let mut bench = Bench::new();
    bench.depth(Buy, 90, 5);
    bench.depth(Sell, 100, 5);
    bench.depth(Sell, 200, 50);
    // 5 * 100 and 2 * 200 cost 900 and 1.8; a further lot would need 200.4.
    let reports = bench.by_funds("a", Buy, "1102");
    assert_eq!(reports, ["a accepted", "a 5@100 taker", "a 2@200 taker"]);
    let order = bench.order("a");
    assert_eq!(order.filled_notional + order.fee, d("901.8"));
    assert_eq!((order.funds, order.quantity), (Some(d("1102")), Lots::new(7)));
    assert_eq!(order.status.as_str(), "filled", "what is left buys no lot");
    assert_eq!(bench.balance("USDT").total(), d("100000") - d("901.8"));
    // To the last unit: 200.4 buys one, a unit less none.
    assert_eq!(bench.by_funds("b", Buy, "200.4"), ["b accepted", "b 1@200 taker"]);
    assert_eq!(bench.by_funds("c", Buy, "200.399999999999999999"), ["c accepted", "c expired"]);
    assert_eq!(bench.by_funds("d", Buy, "10.9"), ["d rejected 600101"]);
    assert_eq!(bench.by_funds("e", Buy, "99999"), ["e rejected 200004"]);
    let reports = bench.by_funds("f", Buy, "90000");
    assert_eq!(reports, ["f accepted", "f 47@200 taker", "f expired"], "the book is empty");
}

#[test]
fn a_sell_by_funds_brings_at_most_them_before_fees() {
    let mut bench = Bench::new();
    bench.depth(Buy, 90, 5);
    bench.depth(Buy, 80, 50);
    bench.depth(Sell, 100, 5);
    let reports = bench.by_funds("a", Sell, "700");
    assert_eq!(reports, ["a accepted", "a 5@90 taker", "a 3@80 taker"]);
    assert_eq!(bench.order("a").filled_notional, d("690"));
    assert_eq!(bench.balance("AAA").total(), d("992"));
    bench.depth(Buy, 80, 5_000);
    assert_eq!(bench.by_funds("b", Sell, "79361"), ["b accepted", "b 992@80 taker"]);
    assert_eq!(bench.by_funds("c", Sell, "80"), ["c rejected 200004"]);
}

#[test]
fn funds_are_for_market_orders_and_dc_is_not() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (100, 5));
    let amount = Amount::Funds(d("500"));
    let request = OrderRequest { amount, ..order("a", Buy, limit(100, GTC), 1) };
    assert_eq!(bench.with_terms(request, Terms::default()), ["a rejected 400100"]);
    let terms = Terms { self_trade: Some(SelfTrade::DecreaseAndCancel), ..Terms::default() };
    let request = order("b", Buy, RequestedType::Market, 5);
    assert_eq!(bench.with_terms(request, terms), ["b rejected 400100"]);
}

#[test]
fn without_prevention_own_orders_trade_with_each_other() {
    let mut bench = Bench::new();
    let reports = bench.meet(None, 9);
    let expected =
        ["new accepted", "new 1@99 taker", "new 5@100 taker", "old 5@100 maker"].map(str::to_owned);
    assert_eq!(reports, expected);
    assert_eq!(bench.order("new").remaining(), Lots::new(3));
    // 99 and 0.2 %, then 500 from one hand into the other with 0.2 and 0.1 %.
    assert_eq!(bench.balance("USDT").total(), d("100000") - d("99.198") - d("1.5"));
    assert_eq!(bench.balance("AAA").total(), d("1001"));
    assert_eq!(bench.balance("AAA").hold(), d("0"));
}

#[test]
fn the_arriving_orders_setting_decides_who_gives_way() {
    let mut bench = Bench::new();
    let reports = bench.meet(Some(SelfTrade::CancelNewest), 9);
    assert_eq!(reports, ["new accepted", "new 1@99 taker", "new canceled 400100"]);
    assert!(bench.order("old").is_open());

    let mut bench = Bench::new();
    let reports = bench.meet(Some(SelfTrade::CancelOldest), 9);
    assert_eq!(reports, ["new accepted", "new 1@99 taker", "old canceled 400100"]);
    assert_eq!(bench.order("new").remaining(), Lots::new(8));

    let mut bench = Bench::new();
    let reports = bench.meet(Some(SelfTrade::CancelBoth), 9);
    let expected = ["new accepted", "new 1@99 taker", "old canceled 400100", "new canceled 400100"];
    assert_eq!(reports, expected);
    assert_eq!(bench.venue.open_orders().count(), 0);
}

#[test]
fn decrease_and_cancel_takes_the_smaller_off_the_larger() {
    let dc = Some(SelfTrade::DecreaseAndCancel);
    let mut bench = Bench::new();
    assert_eq!(bench.meet(dc, 9), ["new accepted", "new 1@99 taker", "old canceled 400100"]);
    let new = bench.order("new");
    assert_eq!((new.reduced, new.remaining()), (Lots::new(5), Lots::new(3)));

    let mut bench = Bench::new();
    assert_eq!(bench.meet(dc, 3), ["new accepted", "new 1@99 taker", "new canceled 400100"]);
    let old = bench.order("old");
    assert_eq!((old.reduced, old.remaining(), old.hold), (Lots::new(2), Lots::new(3), d("3")));

    let mut bench = Bench::new();
    let expected = ["new accepted", "new 1@99 taker", "old canceled 400100", "new canceled 400100"];
    assert_eq!(bench.meet(dc, 6), expected);
}

#[test]
fn fok_forces_cn() {
    let mut bench = Bench::new();
    bench.depth(Buy, 90, 5);
    bench.depth(Sell, 101, 50);
    bench.limit("old", Sell, 100, 5);
    let terms = Terms { self_trade: Some(SelfTrade::CancelOldest), ..Terms::default() };
    let request = order("a", Buy, limit(105, TimeInForce::Fok), 9);
    assert_eq!(bench.with_terms(request, terms), ["a accepted", "a canceled 400100"]);
    assert!(bench.order("old").is_open());
}

#[test]
fn an_order_ends_when_its_time_is_over() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (110, 5));
    let terms = Terms { lifetime_s: Some(2), ..Terms::default() };
    assert_eq!(bench.with_terms(order("a", Sell, limit(105, GTC), 5), terms), ["a accepted"]);
    bench.with_terms(order("b", Sell, limit(105, GTC), 5), terms);
    bench.cancel("b");
    let end = Timestamp::from_us(2_000_001);
    assert_eq!(bench.venue.next_due(), Some(end));
    bench.now = 2_000_000;
    assert_eq!(bench.reports(), Vec::<String>::new());
    // The market reaches its price in the very event after its end.
    bench.print(105, 50, Buy);
    assert_eq!(bench.reports(), ["a expired"]);
    assert_eq!(bench.order("a").updated_at, end);
    assert_eq!(bench.venue.next_due(), None);
    let never = Terms { lifetime_s: Some(0), ..Terms::default() };
    let request = order("c", Sell, limit(105, GTC), 5);
    assert_eq!(bench.with_terms(request, never), ["c rejected 400100"]);
}

#[test]
fn what_is_not_wholly_shown_pays_as_a_taker() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (110, 5));
    let terms = |visibility| Terms { visibility, ..Terms::default() };
    let request = |name| order(name, Sell, limit(105, GTC), 60);
    let small = terms(Visibility::Iceberg(d("2")));
    assert_eq!(bench.with_terms(request("a"), small), ["a rejected 400100"], "a twentieth is 3");
    bench.with_terms(request("b"), terms(Visibility::Iceberg(d("4"))));
    bench.with_terms(request("c"), terms(Visibility::Hidden));
    bench.with_terms(request("d"), terms(Visibility::Whole));
    let at = bench.venue.shown_at(InstrumentId(0), Sell, Ticks::new(105));
    assert_eq!(at, Lots::new(64));
    bench.print(106, 180, Buy);
    assert_eq!(bench.reports(), ["b 60@105 taker", "c 60@105 taker", "d 60@105 maker"]);
    let fees: Vec<_> = bench.executions().iter().map(|fill| fill.fee).collect();
    assert_eq!(fees, [d("12.6"), d("12.6"), d("6.3")]);
}

#[test]
fn a_partial_cancel_keeps_the_place_in_the_queue() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (105, 5));
    bench.limit("a", Sell, 105, 10);
    bench.limit("b", Sell, 105, 10);
    let at = Timestamp::from_us(bench.now);
    let reduce = |bench: &mut Bench, by| bench.venue.reduce(id("a"), d(by), at);
    let order = reduce(&mut bench, "4").unwrap();
    assert_eq!(
        (order.reduced, order.remaining(), order.hold),
        (Lots::new(4), Lots::new(6), d("6"))
    );
    assert_eq!(reduce(&mut bench, "7").unwrap_err().code, 400_100);
    assert_eq!(reduce(&mut bench, "0.5").unwrap_err().code, 600_100);
    assert_eq!(reduce(&mut bench, "0").unwrap_err().code, 400_100);
    bench.print(105, 12, Buy);
    assert_eq!(bench.reports(), ["a 6@105 maker", "b 1@105 maker"]);
    assert_eq!(bench.order("a").status.as_str(), "filled");
    assert!(reduce(&mut bench, "1").is_err(), "it is over");
    let rest = bench.venue.reduce(id("b"), d("9"), at).unwrap();
    assert_eq!((rest.status.as_str(), rest.reduced), ("canceled", Lots::ZERO));
    assert_eq!(bench.reports(), ["b canceled"]);
}

#[test]
fn trades_beyond_the_price_band_do_not_happen() {
    let mut bench = Bench::new();
    bench.venue.set_price_band(InstrumentId(0), Some(d("0.1")));
    bench.depth(Buy, 90, 5);
    bench.depth(Buy, 80, 5);
    bench.depth(Sell, 100, 5);
    bench.depth(Sell, 111, 5);
    let reports = bench.market_order("a", Buy, 7);
    assert_eq!(reports, ["a accepted", "a 5@100 taker", "a expired"]);
    bench.depth(Sell, 100, 5);
    assert_eq!(bench.limit("b", Buy, 111, 7), ["b accepted", "b canceled 400100"]);
    assert_eq!(bench.limit("c", Buy, 111, 5), ["c accepted", "c 5@100 taker"]);
    let reports = bench.market_order("d", Sell, 7);
    assert_eq!(reports, ["d accepted", "d 5@90 taker", "d expired"], "81 is the lowest");
}

#[test]
fn a_replacement_takes_the_name_of_an_order_that_is_over() {
    let mut bench = Bench::new();
    bench.quote((98, 5), (105, 5));
    bench.limit("a", Buy, 90, 10);
    let first = bench.order("a");
    let terms = Terms { replaces: true, ..Terms::default() };
    let request = order("a", Buy, limit(91, GTC), 8);
    assert_eq!(bench.with_terms(request, terms), ["a rejected 102426"], "it is open");
    bench.cancel("a");
    assert_eq!(bench.with_terms(request, terms), ["a accepted"]);
    let second = bench.order("a");
    assert_eq!((second.sequence, second.quantity), (first.sequence + 1, Lots::new(8)));
    let by_name = |name: &str| bench.venue.order_by_venue_id(name).map(|order| order.sequence);
    assert_eq!(by_name(first.venue_order_id.as_str()), Some(first.sequence));
    assert_eq!(by_name(second.venue_order_id.as_str()), Some(second.sequence));
    for unknown in ["", "x", "ffffffff0000000000000001", "00000000000000000000000g"] {
        assert_eq!(by_name(unknown), None, "{unknown}");
    }
}

#[test]
fn the_shown_book_has_our_orders_in_it_and_is_never_crossed_by_them() {
    let mut bench = Bench::new();
    let shown = |bench: &Bench, side| {
        let levels = bench.venue.shown(InstrumentId(0), side);
        levels.take(3).map(|(price, size)| (price.get(), size.get())).collect::<Vec<_>>()
    };
    bench.quote((98, 5), (100, 5));
    assert_eq!(shown(&bench, Sell), [(100, 5), (102, 5), (104, 5)]);
    bench.limit("a", Buy, 99, 7);
    bench.limit("b", Buy, 98, 7);
    assert_eq!(shown(&bench, Buy), [(99, 7), (98, 12), (96, 5)]);
    bench.market_order("c", Buy, 6);
    assert_eq!(shown(&bench, Sell), [(102, 4), (104, 5), (106, 5)], "what was taken is gone");
    // The ask falls through our bids, gives us its size, and its ladder still contradicts them.
    bench.quote((94, 5), (96, 4));
    assert_eq!(bench.reports(), ["a 4@99 maker"]);
    assert_eq!(shown(&bench, Sell)[0], (98, 4));
    assert_eq!(shown(&bench, Buy)[0], (94, 5));
}

#[test]
fn fees_may_be_rounded_up_to_places_and_never_cost_more_than_there_is() {
    let mut bench = Bench::new();
    bench.venue.set_fee_places(Some(0));
    bench.depth(Buy, 90, 500);
    bench.depth(Sell, 100, 500);
    assert_eq!(bench.by_funds("a", Buy, "801"), ["a accepted", "a 7@100 taker"], "1.4 is 2");
    bench.market_order("b", Buy, 3);
    bench.limit("c", Buy, 95, 7);
    bench.print(95, 7, Sell);
    bench.reports();
    bench.market_order("d", Sell, 3);
    let fees: Vec<_> = bench.executions().iter().map(|fill| fill.fee).collect();
    // The hold of the limit order was made for 1.33 at the taker's rate.
    assert_eq!(fees, [d("2"), d("1"), d("1"), d("1")]);
}

#[test]
fn an_order_can_be_filled_at_will() {
    let mut bench = Bench::new();
    bench.quote((90, 5), (100, 5));
    bench.limit("a", Buy, 95, 7);
    let at = Timestamp::from_us(bench.now);
    bench.venue.fill_now(id("a"), at).unwrap();
    assert_eq!(bench.reports(), ["a 7@95 maker"]);
    assert!(bench.venue.fill_now(id("a"), at).is_err(), "it is over");
}
