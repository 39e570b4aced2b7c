//! Orders that rest: queues, prints, quotes that reach them, cancels.

use super::*;
use Side::{Buy, Sell};

fn ahead(bench: &Bench, name: &str) -> i64 {
    bench.order(name).queue_ahead.get()
}

#[test]
fn prints_at_our_price_serve_the_queue_ahead_first() {
    let mut bench = Bench::new();
    bench.quote((99, 8), (101, 8));
    bench.limit("a", Buy, 99, 5);
    assert_eq!(ahead(&bench, "a"), 8);
    bench.print(99, 6, Sell);
    bench.print(99, 6, Buy);
    assert_eq!(ahead(&bench, "a"), 2, "a buyer's print does not hit bids");
    bench.print(99, 5, Sell);
    assert_eq!(bench.reports(), ["a 3@99 maker"]);
    bench.print(99, 50, Sell);
    assert_eq!(bench.reports(), ["a 2@99 maker"]);
}

#[test]
fn an_order_that_improves_the_touch_has_no_queue() {
    let mut bench = Bench::new();
    bench.quote((99, 8), (102, 8));
    bench.limit("a", Sell, 101, 5);
    assert_eq!(ahead(&bench, "a"), 0);
    bench.print(101, 3, Buy);
    assert_eq!(bench.reports(), ["a 3@101 maker"]);
}

#[test]
fn displayed_size_below_the_queue_shortens_it() {
    let mut bench = Bench::new();
    bench.quote((99, 8), (101, 8));
    bench.limit("a", Buy, 99, 5);
    bench.quote((99, 20), (101, 8));
    assert_eq!(ahead(&bench, "a"), 8);
    bench.quote((99, 3), (101, 8));
    assert_eq!(ahead(&bench, "a"), 3);
    bench.quote((98, 30), (101, 8));
    assert_eq!(ahead(&bench, "a"), 0);
}

#[test]
fn a_price_that_is_not_displayed_waits_behind_all_that_will_be() {
    let mut bench = Bench::new();
    bench.quote((99, 8), (101, 8));
    bench.limit("a", Buy, 97, 5);
    assert_eq!(bench.order("a").queue_ahead, VenueOrder::QUEUE_UNKNOWN);
    bench.print(97, 100, Sell);
    assert_eq!(bench.reports(), Vec::<String>::new());
    bench.quote((97, 40), (98, 8));
    assert_eq!(ahead(&bench, "a"), 40);
    bench.print(96, 3, Sell);
    assert_eq!(bench.reports(), ["a 3@97 maker"], "a print through it fills it at its price");
}

#[test]
fn depth_shows_the_queue_at_any_known_price() {
    let mut bench = Bench::new();
    for (price, size) in [(99, 5), (97, 40), (95, 9)] {
        bench.depth(Buy, price, size);
    }
    bench.depth(Sell, 101, 5);
    for (name, price) in [("a", 97), ("b", 98), ("c", 90)] {
        bench.limit(name, Buy, price, 5);
    }
    assert_eq!((ahead(&bench, "a"), ahead(&bench, "b")), (40, 0));
    assert_eq!(bench.order("c").queue_ahead, VenueOrder::QUEUE_UNKNOWN);
    bench.depth(Buy, 97, 10);
    assert_eq!(ahead(&bench, "a"), 10);
    // A deep bid's price is reached only when the bids above it are gone.
    bench.depth(Buy, 90, 6);
    assert_eq!(ahead(&bench, "c"), 6);
}

#[test]
fn one_print_is_shared_by_priority_and_never_given_twice() {
    let mut bench = Bench::new();
    bench.quote((99, 4), (110, 8));
    bench.limit("low", Buy, 99, 5);
    bench.limit("first", Buy, 100, 5);
    bench.limit("second", Buy, 100, 5);
    bench.limit("best", Buy, 101, 5);
    bench.print(99, 18, Sell);
    let filled = ["best 5@101 maker", "first 5@100 maker", "second 5@100 maker"];
    assert_eq!(bench.reports(), filled);
    assert_eq!(ahead(&bench, "low"), 1, "3 of the print were left for the queue of 4");
}

#[test]
fn own_orders_in_one_queue_keep_the_market_between_them() {
    let mut bench = Bench::new();
    bench.quote((99, 4), (110, 8));
    bench.limit("a", Buy, 99, 5);
    bench.quote((99, 10), (110, 8));
    bench.limit("b", Buy, 99, 5);
    assert_eq!((ahead(&bench, "a"), ahead(&bench, "b")), (4, 10));
    // 4 ahead of a, 5 for a, 6 between them, 2 for b.
    bench.print(99, 17, Sell);
    assert_eq!(bench.reports(), ["a 5@99 maker", "b 2@99 maker"]);
}

#[test]
fn an_opposite_quote_through_our_price_fills_us_at_our_price_up_to_its_size() {
    let mut bench = Bench::new();
    bench.quote((99, 4), (101, 8));
    bench.limit("a", Buy, 99, 9);
    bench.quote((97, 5), (98, 6));
    assert_eq!(bench.reports(), ["a 6@99 maker"]);
    bench.quote((96, 5), (98, 6));
    assert_eq!(bench.reports(), Vec::<String>::new(), "the same ask again is no new size");
    bench.quote((96, 5), (98, 7));
    assert_eq!(bench.reports(), ["a 3@99 maker"]);
}

#[test]
fn an_opposite_quote_at_our_price_waits_for_our_queue() {
    let mut bench = Bench::new();
    bench.quote((99, 4), (101, 8));
    bench.limit("a", Buy, 99, 9);
    bench.quote((99, 4), (99, 6));
    assert_eq!(bench.reports(), Vec::<String>::new(), "a locked market still shows our queue");
    bench.quote((98, 4), (99, 6));
    assert_eq!(bench.reports(), ["a 6@99 maker"]);
}

#[test]
fn a_newer_level_replaces_those_it_contradicts() {
    let mut bench = Bench::new();
    bench.depth(Buy, 99, 4);
    bench.depth(Sell, 101, 4);
    bench.depth(Sell, 103, 4);
    bench.limit("a", Sell, 101, 5);
    let top = bench.depth(Buy, 102, 3).unwrap();
    assert_eq!((top.bid.get(), top.ask.get()), (102, 103));
    assert_eq!(bench.reports(), ["a 3@101 maker"]);
    assert_eq!(bench.market(MarketData::DepthReset), None);
    assert_eq!(bench.venue.quote(InstrumentId(0)), None);
}

#[test]
fn cancels_free_the_hold_and_come_too_late_after_a_fill() {
    let mut bench = Bench::new();
    bench.quote((99, 4), (101, 8));
    bench.limit("a", Buy, 98, 5);
    assert_eq!(bench.balance("USDT").hold(), d("490.98"), "with the larger fee");
    assert_eq!(bench.cancel("a"), ["a canceled"]);
    assert_eq!(bench.balance("USDT").hold(), d("0"));
    assert_eq!(bench.cancel("a"), ["a cancel rejected 400100"]);
    assert_eq!(bench.cancel("never"), ["never cancel rejected 400100"]);
    bench.limit("b", Sell, 100, 5);
    bench.print(100, 2, Buy);
    assert_eq!(bench.cancel("b"), ["b 2@100 maker", "b canceled"]);
    assert_eq!(bench.order("b").filled, Lots::new(2));
}

#[test]
fn orders_arrive_and_reports_return_with_latency_and_in_order() {
    let settings =
        PaperSettings { latency_us: 100, report_latency_us: 50, latency_jitter_us: 40, seed: 7 };
    let mut venue = Bench::with(settings).venue;
    let at = Timestamp::from_us;
    let size = Lots::new(9);
    let quote = Quote { bid: Ticks::new(99), bid_size: size, ask: Ticks::new(101), ask_size: size };
    let event = |us| MarketEvent {
        at: at(us),
        instrument: InstrumentId(0),
        data: MarketData::Quote(quote),
    };
    venue.on_market(&event(1));
    venue.submit_request(order("a", Buy, RequestedType::Market, 5), at(1));
    venue.cancel(id("a"), at(2));
    let arrival = venue.next_arrival().unwrap();
    assert!((at(101)..=at(141)).contains(&arrival));
    venue.advance(at(arrival.us() - 1));
    let mut reports = Vec::new();
    venue.take_reports(at(1_000_000), &mut reports);
    assert!(reports.is_empty(), "nothing has arrived");
    venue.advance(at(142));
    assert_eq!(venue.next_arrival(), None);
    let released = venue.next_due().unwrap();
    assert!(released.us() >= arrival.us() + 50);
    venue.take_reports(at(released.us() - 1), &mut reports);
    assert!(reports.is_empty(), "nothing is released");
    venue.take_reports(at(1_000), &mut reports);
    assert_eq!(words(&reports), ["a accepted", "a 5@101 taker", "a cancel rejected 400100"]);
}
