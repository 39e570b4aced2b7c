//! Laws over random markets and orders: conservation, prices, queues, determinism.

use proptest::prelude::*;

use super::*;
use crate::exchange::paper::VenueChange;
use Side::{Buy, Sell};

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Market(u16, MarketData),
    Submit(OrderRequest),
    Cancel(u8),
    Reduce(u8, i64),
}

fn price() -> impl Strategy<Value = Ticks> {
    (90i64..112).prop_map(Ticks::new)
}

fn size() -> impl Strategy<Value = Lots> {
    (0i64..30).prop_map(Lots::new)
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Buy), Just(Sell)]
}

fn market_data(depth: bool) -> BoxedStrategy<MarketData> {
    let print = (price(), size(), prop::option::of(side()))
        .prop_map(|(price, size, aggressor)| MarketData::Trade(Trade { price, size, aggressor }));
    if depth {
        let change = (side(), price(), size())
            .prop_map(|(side, price, size)| MarketData::Depth(DepthChange { side, price, size }));
        return prop_oneof![8 => change, 4 => print, 1 => Just(MarketData::DepthReset)].boxed();
    }
    let quote = (price(), 0i64..4, size(), size()).prop_map(|(bid, spread, bid_size, ask_size)| {
        MarketData::Quote(Quote { bid, bid_size, ask: bid.offset(spread), ask_size })
    });
    prop_oneof![1 => quote, 1 => print].boxed()
}

fn request() -> impl Strategy<Value = OrderRequest> {
    let time_in_force = prop_oneof![
        4 => Just(TimeInForce::Gtc),
        1 => Just(TimeInForce::Ioc),
        1 => Just(TimeInForce::Fok),
    ];
    let limit = (88i64..115, time_in_force, any::<bool>()).prop_map(|(price, tif, post_only)| {
        RequestedType::Limit { price: Decimal::from_int(price), time_in_force: tif, post_only }
    });
    let order_type = prop_oneof![5 => limit, 1 => Just(RequestedType::Market)];
    (0u16..3, 0u8..60, side(), order_type, 1i64..60).prop_map(|(at, name, side, kind, size)| {
        let instrument = InstrumentId(at);
        OrderRequest { instrument, ..order(&format!("o{name}"), side, kind, size) }
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    let self_trade = prop_oneof![
        2 => Just(None),
        1 => Just(Some(SelfTrade::CancelNewest)),
        1 => Just(Some(SelfTrade::CancelOldest)),
        1 => Just(Some(SelfTrade::CancelBoth)),
        2 => Just(Some(SelfTrade::DecreaseAndCancel)),
    ];
    let visibility = prop_oneof![
        4 => Just(Visibility::Whole),
        1 => Just(Visibility::Hidden),
        1 => (2i64..9).prop_map(|shown| Visibility::Iceberg(Decimal::from_int(shown))),
    ];
    let lifetime = prop_oneof![4 => Just(None), 1 => (1u32..9).prop_map(Some)];
    (self_trade, visibility, lifetime, any::<bool>()).prop_map(
        |(self_trade, visibility, lifetime_s, replaces)| Terms {
            self_trade,
            visibility,
            lifetime_s,
            replaces,
        },
    )
}

/// As [`steps`] in either kind of market, with orders that say everything an order may say.
pub(super) fn all_steps() -> impl Strategy<Value = Vec<Step>> {
    let by_funds = (0u8..60, side(), 11i64..4_000).prop_map(|(name, side, funds)| OrderRequest {
        amount: Amount::Funds(Decimal::from_int(funds)),
        ..order(&format!("o{name}"), side, RequestedType::Market, 1)
    });
    let submit = (prop_oneof![4 => request(), 1 => by_funds], terms())
        .prop_map(|(request, terms)| Step::Submit(OrderRequest { terms, ..request }))
        .boxed();
    let market =
        |depth| (0u16..2, market_data(depth)).prop_map(|(at, data)| Step::Market(at, data));
    let of = move |depth| {
        let step = prop_oneof![
            6 => market(depth),
            4 => submit.clone(),
            1 => (0u8..60).prop_map(Step::Cancel),
            1 => (0u8..60, 1i64..20).prop_map(|(name, by)| Step::Reduce(name, by)),
        ];
        prop::collection::vec(step, 1..150)
    };
    prop_oneof![of(false), of(true)]
}

pub(super) fn steps(depth: bool) -> impl Strategy<Value = Vec<Step>> {
    let market = (0u16..2, market_data(depth)).prop_map(|(at, data)| Step::Market(at, data));
    let step = prop_oneof![
        6 => market,
        3 => request().prop_map(Step::Submit),
        1 => (0u8..60).prop_map(Step::Cancel),
    ];
    prop::collection::vec(step, 1..150)
}

/// What the world saw of one resting order: printed volume at its price since it rests.
#[derive(Clone, Copy, Debug)]
struct Watch {
    price: Ticks,
    ahead: i64,
    printed: i64,
    /// The opposite quote is at its price.
    touched: bool,
    /// The market went through its price or showed less than its queue: the queue is not known.
    excused: bool,
}

fn run(steps: &[Step], settings: PaperSettings) -> (PaperVenue, Vec<String>) {
    let mut bench = Bench::with(settings);
    let mut log = Vec::new();
    let mut watches: BTreeMap<ClientOrderId, Watch> = BTreeMap::new();
    let mut reports = Vec::new();
    for (us, step) in steps.iter().enumerate() {
        let at = Timestamp::from_us(us as i64);
        let mut printed = 0;
        match step {
            Step::Market(instrument, data) => {
                observe(&bench.venue, *instrument, data, &mut watches);
                if let MarketData::Trade(trade) = data {
                    printed = trade.size.get();
                }
                let instrument = InstrumentId(*instrument);
                bench.venue.on_market(&MarketEvent { at, instrument, data: *data });
            }
            Step::Submit(request) => bench.venue.submit_request(*request, at),
            Step::Cancel(name) => bench.venue.cancel(id(&format!("o{name}")), at),
            Step::Reduce(..) => {}
        }
        let before = bench.venue.venue_sequence();
        if !matches!(step, Step::Market(..)) || us % 3 == 0 {
            bench.venue.advance(at);
        }
        assert_eq!(bench.venue.check(), Vec::<String>::new(), "after {step:?}");
        let fills: Vec<_> = bench.venue.executions_since(before).unwrap().copied().collect();
        assert!(fills.iter().all(|fill| fill.liquidity.as_str() == "taker"), "arrivals take");
        judge(&bench.venue, &mut watches, printed, at);
        bench.venue.take_reports(at, &mut reports);
        log.extend(words(&reports));
        reports.clear();
    }
    (bench.venue, log)
}

/// Notes what the event means for the queues of resting orders, before the venue sees it.
fn observe(
    venue: &PaperVenue,
    instrument: u16,
    data: &MarketData,
    watches: &mut BTreeMap<ClientOrderId, Watch>,
) {
    for order in venue.open_orders().filter(|order| order.instrument.0 == instrument) {
        let Some(watch) = watches.get_mut(&order.client_order_id) else { continue };
        let through = |price: Ticks| match order.side {
            Buy => price < watch.price,
            Sell => price > watch.price,
        };
        match data {
            MarketData::Trade(trade) if trade.price == watch.price => {
                if trade.aggressor != Some(order.side) {
                    watch.printed += trade.size.get();
                }
            }
            MarketData::Trade(trade) => watch.excused |= through(trade.price),
            // Displayed sizes may shorten the queue or cross the order.
            MarketData::Quote(quote) => {
                let (own, size, other) = match order.side {
                    Buy => (quote.bid, quote.bid_size, quote.ask),
                    Sell => (quote.ask, quote.ask_size, quote.bid),
                };
                let gone = own == watch.price && size.get() < watch.ahead;
                watch.excused |= through(other) || through(own) || gone;
                watch.touched = other == watch.price;
            }
            MarketData::Depth(change) => {
                let at_price = change.price == watch.price;
                watch.excused |= match change.side == order.side {
                    true => at_price && change.size.get() < watch.ahead,
                    false => at_price || through(change.price),
                };
            }
            MarketData::DepthReset => watch.excused = true,
            MarketData::Candle(_) => {}
        }
    }
}

/// No fill is worse than its limit; no maker fill comes before its queue was printed; a print
/// never gives more than its size.
fn judge(
    venue: &PaperVenue,
    watches: &mut BTreeMap<ClientOrderId, Watch>,
    printed: i64,
    at: Timestamp,
) {
    let mut given = 0;
    for fill in venue.executions_since(0).unwrap() {
        let order = venue.order(&fill.client_order_id).unwrap();
        if let Some(limit) = order.price {
            let fine = if fill.side == Buy { fill.price <= limit } else { fill.price >= limit };
            assert!(fine, "{fill:?} is worse than {limit:?}");
        }
        if fill.liquidity.as_str() == "maker" && fill.at == at {
            assert_eq!(Some(fill.price), order.price);
            given += fill.quantity.get();
            let watch = watches[&fill.client_order_id];
            let enough = watch.printed >= watch.ahead + i64::from(!watch.touched);
            assert!(watch.excused || enough, "{fill:?} ahead of its queue: {watch:?}");
        }
    }
    if printed > 0 {
        assert!(given <= printed, "a print of {printed} gave {given}");
    }
    for order in venue.open_orders() {
        let excused = order.queue_ahead == VenueOrder::QUEUE_UNKNOWN;
        watches.entry(order.client_order_id).or_insert(Watch {
            price: order.price.unwrap(),
            ahead: if excused { 0 } else { order.queue_ahead.get() },
            printed: 0,
            touched: false,
            excused,
        });
    }
}

/// The durable changes alone rebuild balances, open orders and fills.
fn replay(venue: &mut PaperVenue) {
    let mut balances = BTreeMap::new();
    let mut open: BTreeMap<u64, VenueOrder> = BTreeMap::new();
    let mut fills = Vec::new();
    for change in venue.take_changes() {
        match change {
            VenueChange::Balance { asset, balance } => {
                balances.insert(asset, balance);
            }
            VenueChange::Execution(fill) => fills.push(fill),
            VenueChange::Order(order) if order.is_open() => {
                open.insert(order.sequence, order);
            }
            VenueChange::Order(order) => {
                open.remove(&order.sequence);
            }
        }
    }
    assert_eq!(&balances, venue.balances());
    let mut known: Vec<_> = venue.open_orders().copied().collect();
    known.sort_by_key(|order| order.sequence);
    assert_eq!(open.into_values().collect::<Vec<_>>(), known);
    let sequences: Vec<_> = fills.iter().map(|fill| fill.venue_sequence).collect();
    assert_eq!(sequences, (1..=venue.venue_sequence()).collect::<Vec<_>>(), "no gaps");
    assert_eq!(fills, venue.executions_since(0).unwrap().copied().collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Acceptance test 10: no limit is filled at worse than its price, none that rests before the market comes through; nothing is made or lost, fees are paid.
    #[test]
    fn laws_hold_in_quoted_markets(steps in steps(false), seed: u64) {
        let settings =
            PaperSettings { latency_us: 2, report_latency_us: 1, latency_jitter_us: 3, seed };
        let (mut venue, log) = run(&steps, settings);
        prop_assert_eq!(run(&steps, settings).1, log, "same calls, same answers");
        replay(&mut venue);
    }

    #[test]
    fn laws_hold_in_markets_with_depth(steps in steps(true)) {
        let (mut venue, _) = run(&steps, PaperSettings::immediate());
        replay(&mut venue);
    }

    #[test]
    fn when_no_order_is_open_nothing_is_held(steps in steps(true)) {
        let (mut venue, _) = run(&steps, PaperSettings::immediate());
        let open: Vec<_> = venue.open_orders().map(|order| order.client_order_id).collect();
        let end = Timestamp::from_us(1_000_000);
        for id in open {
            venue.cancel(id, end);
        }
        venue.advance(end);
        prop_assert_eq!(venue.open_orders().count(), 0);
        prop_assert!(venue.balances().values().all(|balance| balance.hold().is_zero()));
    }
}
