//! Paper venue throughput: `cargo bench --bench matching`. Prints a table; asserts nothing.
//!
//! Market events are prepared before the clock starts; one thread; no latency; ledger off, except
//! in the last line, which counts fills until they are durable in `paper.db`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::time::Instant;

use ibis::domain::decimal::Decimal;
use ibis::domain::identifier::{Asset, ClientOrderId, InstrumentId};
use ibis::domain::instrument::{FeeClass, Instrument, InstrumentSpec, Lots, Ticks};
use ibis::domain::market_data::{DepthChange, MarketData, MarketEvent, Quote, Trade};
use ibis::domain::order::TimeInForce;
use ibis::domain::side::Side;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::exchange::paper::{
    Amount, OrderRequest, PaperSettings, PaperVenue, RequestedType, Terms, account_store,
};

/// Price around which the market moves, in ticks.
const MIDDLE: i64 = 600_000;
/// Levels of a side of the generated book.
const LEVELS: i64 = 1_000;
const EVENTS: i64 = 4_000_000;
const FILLS: u64 = 200_000;

fn main() {
    println!("{:<44}{:>14}{:>12}", "case", "per second", "ns each");
    let quotes: Vec<_> = (0..EVENTS).map(|at| event(at, quote(at))).collect();
    report_market("quotes, no order", &mut venue(), &quotes);
    report_market("quotes, a resting order", &mut with_order(), &quotes);
    drop(quotes);
    let depth = depth_events();
    report_market("depth, no order", &mut venue(), &depth);
    report_market("depth, a resting order", &mut with_order(), &depth);
    drop(depth);
    let prints: Vec<_> = (0..EVENTS).map(|at| event(at, print(at))).collect();
    report_market("prints, no order", &mut venue(), &prints);
    report_market("prints, a resting order", &mut with_order(), &prints);
    drop(prints);
    orders("market orders, taker fills", RequestedType::Market, None);
    let directory = std::env::temp_dir().join(format!("ibis-matching-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a temporary directory");
    orders("market orders, fills durable in paper.db", RequestedType::Market, Some(&directory));
    drop(std::fs::remove_dir_all(&directory));
}

fn report_market(name: &str, venue: &mut PaperVenue, events: &[MarketEvent]) {
    let mut tops = 0u64;
    let seconds = timed(|| {
        for event in events {
            tops += u64::from(venue.on_market(event).is_some());
        }
    });
    std::hint::black_box(tops);
    line(name, events.len() as u64, seconds);
}

/// Buys and sells 1 lot in turn. With a directory, until the fills are on its disk.
fn orders(name: &str, order_type: RequestedType, directory: Option<&std::path::Path>) {
    let deposits = deposits();
    let opened = directory.map(|directory| {
        account_store::open(directory, &[instrument()], PaperSettings::immediate(), &deposits)
            .expect("a new account")
    });
    let (mut venue, mut store) = match opened {
        Some((venue, store)) => (venue, Some(store)),
        None => (venue(), None),
    };
    let requests: Vec<_> = (0..FILLS)
        .map(|count| {
            let side = if count % 2 == 0 { Side::Buy } else { Side::Sell };
            request(&format!("b-{count}"), side, order_type)
        })
        .collect();
    let mut reports = Vec::new();
    let seconds = timed(|| {
        for (at, request) in (0i64..).zip(&requests) {
            let now = Timestamp::from_us(at);
            venue.on_market(&event(at, quote(at)));
            venue.submit_request(*request, now);
            venue.advance(now);
            venue.take_reports(now, &mut reports);
            reports.clear();
            let changes = venue.take_changes();
            if let Some(store) = &mut store {
                store.write(changes);
            }
        }
        if let Some(store) = store.take() {
            store.close().expect("durable");
        }
    });
    assert_eq!(venue.venue_sequence(), FILLS, "each order fills once");
    line(name, FILLS, seconds);
}

#[expect(clippy::disallowed_types, reason = "a benchmark's figures, not money")]
type Seconds = f64;

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(work: impl FnOnce()) -> Seconds {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn line(name: &str, count: u64, seconds: Seconds) {
    let rate = count as Seconds / seconds;
    println!("{name:<44}{rate:>14.0}{:>12.1}", seconds * 1e9 / count as Seconds);
}

fn instrument() -> Instrument {
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    Instrument::new(InstrumentSpec {
        symbol: Symbol::new("BTC-USDT").expect("a symbol"),
        tick: decimal("0.1"),
        lot: decimal("0.00001"),
        quantity_min: decimal("0.00001"),
        quantity_max: decimal("10000"),
        notional_min: decimal("0.1"),
        fee_class: FeeClass::A,
        maker_fee: FeeClass::A.rate(),
        taker_fee: FeeClass::A.rate(),
    })
    .expect("a sound instrument")
}

fn deposits() -> [(Asset, Decimal); 2] {
    let asset = |name| Asset::new(name).expect("an asset");
    [(asset("USDT"), Decimal::from_int(10_000_000)), (asset("BTC"), Decimal::from_int(1_000))]
}

fn venue() -> PaperVenue {
    PaperVenue::new(vec![instrument()], PaperSettings::immediate(), &deposits())
}

/// A bid that rests 200 ticks below the market's lowest bid.
fn with_order() -> PaperVenue {
    let mut venue = venue();
    let price = instrument().price_of(Ticks::new(MIDDLE - 400));
    let order_type =
        RequestedType::Limit { price, time_in_force: TimeInForce::Gtc, post_only: false };
    venue.submit_request(request("rests", Side::Buy, order_type), Timestamp::from_us(0));
    venue.advance(Timestamp::from_us(0));
    assert_eq!(venue.open_orders().count(), 1);
    venue
}

fn request(name: &str, side: Side, order_type: RequestedType) -> OrderRequest {
    OrderRequest {
        instrument: InstrumentId(0),
        client_order_id: ClientOrderId::new(name).expect("an id"),
        side,
        order_type,
        amount: Amount::Size(instrument().quantity_of(Lots::new(1))),
        terms: Terms::default(),
    }
}

fn event(at: i64, data: MarketData) -> MarketEvent {
    MarketEvent { at: Timestamp::from_us(at), instrument: InstrumentId(0), data }
}

/// A multiplicative hash: repeatable noise without a generator's state.
fn noise(at: i64, span: i64) -> i64 {
    let mixed = at.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    mixed.cast_signed().rem_euclid(span)
}

fn quote(at: i64) -> MarketData {
    let bid = Ticks::new(MIDDLE + noise(at, 200) - 100);
    let (bid_size, ask_size) = (Lots::new(1 + noise(at, 97)), Lots::new(1 + noise(at, 89)));
    MarketData::Quote(Quote { bid, bid_size, ask: bid.offset(1), ask_size })
}

fn print(at: i64) -> MarketData {
    let price = Ticks::new(MIDDLE + noise(at, 200) - 100);
    let aggressor = Some(if noise(at, 2) == 0 { Side::Buy } else { Side::Sell });
    MarketData::Trade(Trade { price, size: Lots::new(1 + noise(at, 50)), aggressor })
}

/// A book of [`LEVELS`] a side, then changes of which most are near the touch.
fn depth_events() -> Vec<MarketEvent> {
    let change = |side, distance: i64, size| {
        let price = match side {
            Side::Buy => Ticks::new(MIDDLE - 1 - distance),
            Side::Sell => Ticks::new(MIDDLE + 1 + distance),
        };
        MarketData::Depth(DepthChange { side, price, size: Lots::new(size) })
    };
    let both = |at: i64| if at % 2 == 0 { Side::Buy } else { Side::Sell };
    let snapshot = (0..2 * LEVELS).map(|at| event(at, change(both(at), at / 2, 10)));
    let changes = (2 * LEVELS..EVENTS).map(|at| {
        let far = if noise(at, 5) == 0 { LEVELS } else { 20 };
        let size = noise(at.wrapping_add(7), 4) * 5;
        event(at, change(both(at), noise(at.wrapping_mul(3), far), size))
    });
    snapshot.chain(changes).collect()
}
