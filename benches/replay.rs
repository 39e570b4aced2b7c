//! The whole trading core, ledger off: market file -> paper venue -> engine, in one thread.
//!
//! Prints candles and book events per second of wall-clock time, with the orders they caused.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark reads the clock and prints rates"
)]

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ibis::domain::decimal::Decimal;
use ibis::domain::market_data::{MarketData, MarketEvent};
use ibis::domain::time::Timestamp;
use ibis::engine::Engine;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{Known, VenueSnapshot};
use ibis::exchange::Venue;
use ibis::exchange::paper::{PaperSettings, PaperVenue};
use ibis::market::Replay;

const CANDLES: u64 = 1_000_000;
const BOOK_EVENTS: u64 = 1_000_000;

fn main() {
    let directory = std::env::temp_dir().join(format!("ibis-bench-replay-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    println!("{:28} {:>10} {:>12} {:>9} {:>9}", "what", "seconds", "per second", "orders", "fills");
    measure("candles (1 m, BTC-USDT)", CANDLES, &candles(&directory));
    measure("book events (depth)", BOOK_EVENTS, &depth(&directory));
    measure("book events (top of book)", BOOK_EVENTS, &top(&directory));
    std::fs::remove_dir_all(&directory).unwrap();
}

fn measure(name: &str, count: u64, path: &Path) {
    let began = Instant::now();
    let (orders, fills) = replay(path);
    let seconds = began.elapsed().as_secs_f64();
    let rate = count as f64 / seconds;
    println!("{name:28} {seconds:>10.3} {rate:>12.0} {orders:>9} {fills:>9}");
}

/// Replays a file to its end.
fn replay(path: &Path) -> (u64, u64) {
    let mut market = Replay::open(&[path]).unwrap();
    let instruments = market.instruments().to_vec();
    let deposits = [(instruments[0].quote(), Decimal::from_int(10_000))];
    let mut venue = PaperVenue::new(instruments.clone(), PaperSettings::default(), &deposits);
    let mut engine = Engine::new(support::settings((5, 20), 100, true), &instruments);
    let mut actions = Vec::new();
    engine.restore(Known::default(), Timestamp::default(), &mut actions);
    let snapshot = VenueSnapshot { balances: venue.balances().clone(), ..VenueSnapshot::default() };
    engine.reconcile(&snapshot, Timestamp::default(), &mut actions);
    actions.clear();
    let (mut orders, mut fills, mut reports) = (0, 0, Vec::new());
    while let Some(event) = market.next().unwrap() {
        let mut perform = |engine: &mut Engine, venue: &mut PaperVenue, event: &Event, now| {
            engine.step(event, now, &mut actions);
            for action in actions.drain(..) {
                match action {
                    Action::Submit(order) => {
                        orders += 1;
                        Venue::submit(venue, &order, now);
                    }
                    Action::Cancel(id) => Venue::cancel(venue, id, now),
                    Action::CancelAll => Venue::cancel_all(venue, now),
                    Action::Record(_) | Action::Project(_) => {}
                }
            }
        };
        while let Some(at) = venue.next_due().filter(|at| *at <= event.at) {
            venue.advance(at);
            venue.take_reports(at, &mut reports);
            for report in reports.drain(..) {
                fills +=
                    u64::from(matches!(report.kind, ibis::domain::execution::ReportKind::Fill(_)));
                perform(&mut engine, &mut venue, &Event::Report(report), at);
            }
        }
        let moved = venue.on_market(&event);
        drop(venue.take_changes());
        match (moved, &event.data) {
            (Some(quote), _) => {
                let event = MarketEvent { data: MarketData::Quote(quote), ..event };
                perform(&mut engine, &mut venue, &Event::Market(event), event.at);
            }
            (None, MarketData::Depth(_) | MarketData::DepthReset) => {}
            (None, _) => perform(&mut engine, &mut venue, &Event::Market(event), event.at),
        }
    }
    (orders, fills)
}

/// A seeded walk: splitmix64.
struct Walk {
    state: u64,
    price: i64,
}

impl Walk {
    fn new() -> Self {
        Self { state: 7, price: 6_000_000 }
    }

    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next price in cents.
    fn step(&mut self) -> i64 {
        let step = i64::try_from(self.random() % 4_001).unwrap() - 2_000;
        self.price = (self.price + step).clamp(3_000_000, 9_000_000);
        self.price
    }
}

fn cents(price: i64) -> String {
    format!("{}.{:02}", price / 100, price % 100)
}

fn candles(directory: &Path) -> PathBuf {
    let mut walk = Walk::new();
    let mut text = String::from("ts_ms,open,high,low,close,volume\n");
    let mut open = walk.price;
    for index in 0..CANDLES {
        let close = walk.step();
        let (high, low) = (open.max(close) + 150, open.min(close) - 150);
        let at = 1_600_000_000_000 + index * 60_000;
        let [o, h, l, c] = [open, high, low, close].map(cents);
        writeln!(text, "{at},{o},{h},{l},{c},12.345").unwrap();
        open = close;
    }
    write(directory, "bench_BTC-USDT_1m.csv", &text)
}

fn depth(directory: &Path) -> PathBuf {
    let mut walk = Walk::new();
    let mut text = String::from("recv_us,event_ms,first_id,last_id,side,price,size\n");
    for (side, sign) in [("buy", -1), ("sell", 1)] {
        for level in 0..500 {
            let price = cents(walk.price + sign * (5 + level * 10));
            writeln!(text, "1600000000000000,1600000000000,0,1,{side},{price},1.5").unwrap();
        }
    }
    for index in 1..=BOOK_EVENTS {
        let (side, sign) = if walk.random() & 1 == 0 { ("buy", -1) } else { ("sell", 1) };
        let level = i64::try_from(walk.random() % 40).unwrap();
        let price = cents(walk.price + sign * (5 + level * 10));
        let size = walk.random() % 30;
        let at = 1_600_000_000_000_000 + index * 10_000;
        let ms = at / 1_000;
        let id = index + 1;
        writeln!(text, "{at},{ms},{id},{id},{side},{price},0.{size:02}").unwrap();
    }
    write(directory, "bench_BTC-USDT_depth.csv", &text)
}

fn top(directory: &Path) -> PathBuf {
    let mut walk = Walk::new();
    let mut text = String::from("recv_us,update_id,bid,bid_size,ask,ask_size\n");
    for index in 0..BOOK_EVENTS {
        let price = walk.step();
        let at = 1_600_000_000_000_000 + index * 100_000;
        let (bid, ask) = (cents(price), cents(price + 10));
        writeln!(text, "{at},{index},{bid},1.25,{ask},0.75").unwrap();
    }
    write(directory, "bench_BTC-USDT_book1.csv", &text)
}

fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
