//! How fast market data comes in: synthetic events and parsed rows a second.
//!
//! `cargo bench --bench market`. Files are generated into the temporary directory and removed.
//! Rates are per second of processor time of the one thread, so that a busy machine does not
//! change them much.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ibis::domain::market_data::MarketData;
use ibis::domain::time::Timestamp;
use ibis::market::{Replay, Synthetic};

/// Rows of each generated file.
const ROWS: u64 = 1_000_000;
/// Synthetic events drawn.
const EVENTS: u64 = 5_000_000;

/// Processor time of this thread, or the wall clock's where the kernel does not tell.
struct Stopwatch {
    wall: Instant,
    processor: Option<u128>,
}

impl Stopwatch {
    fn start() -> Self {
        Self { wall: Instant::now(), processor: processor_nanos() }
    }

    fn nanos(&self) -> u128 {
        let processor = processor_nanos().zip(self.processor).map(|(now, then)| now - then);
        processor.unwrap_or_else(|| self.wall.elapsed().as_nanos()).max(1)
    }
}

/// The first number of `/proc/thread-self/schedstat`: nanoseconds on the processor.
fn processor_nanos() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().filter(|&nanos| nanos > 0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("ibis-bench-market-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let result = run(&directory);
    std::fs::remove_dir_all(&directory)?;
    result
}

fn run(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    println!("{:<28} {:>12} {:>12} {:>12}", "source", "rows", "rows/s", "events/s");
    synthetic();
    history();
    let (candles, depth) = (candles(), depth());
    let plain = |name: &str, text: &str| -> std::io::Result<PathBuf> {
        let path = directory.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    };
    replay("candles, plain", &[plain("a_BTC-USDT_1m.csv", &candles)?])?;
    replay("candles, gzip", &[gzip(directory, "b_BTC-USDT_1m.csv.gz", &candles)?])?;
    replay("candles, float noise", &[plain("c_ADA-BTC_1m.csv", &noisy_candles())?])?;
    replay("depth, plain", &[plain("d_BTC-USDT_depth.csv", &depth)?])?;
    replay("depth, gzip", &[gzip(directory, "e_BTC-USDT_depth.csv.gz", &depth)?])?;
    let merged = [directory.join("a_BTC-USDT_1m.csv"), plain("f_ETH-USDT_1m.csv", &candles)?];
    replay("candles, 2 files merged", &merged)?;
    Ok(())
}

fn synthetic() {
    let mut market = Synthetic::new(1, Timestamp::from_ms(1_750_000_000_000));
    let start = Stopwatch::start();
    let mut sum = 0;
    for _ in 0..EVENTS {
        sum += market.next().at.us() & 1;
    }
    std::hint::black_box(sum);
    row("synthetic", market.counts()[0].rows, EVENTS, start);
}

fn history() {
    let market = Synthetic::new(1, Timestamp::from_ms(1_750_000_000_000));
    let now = Timestamp::from_ms(1_750_000_000_000);
    let start = Stopwatch::start();
    let mut candles = 0;
    for id in 0u16..10 {
        let id = ibis::domain::identifier::InstrumentId(id);
        candles += market.history(id, 60_000_000, 40, now).len() as u64;
    }
    row("synthetic history, 1m x 40", candles, candles, start);
}

fn replay(name: &str, paths: &[PathBuf]) -> Result<(), Box<dyn std::error::Error>> {
    let start = Stopwatch::start();
    let mut replay = Replay::open(paths)?;
    let mut prints = 0u64;
    while let Some(event) = replay.next()? {
        prints += u64::from(matches!(event.data, MarketData::Trade(_)));
    }
    std::hint::black_box(prints);
    let rows = replay.counts().iter().map(|count| count.rows).sum();
    let events = replay.counts().iter().map(|count| count.events).sum();
    row(name, rows, events, start);
    Ok(())
}

fn row(name: &str, rows: u64, events: u64, start: Stopwatch) {
    let nanos = start.nanos();
    let rate = |count: u64| u128::from(count) * 1_000_000_000 / nanos;
    println!("{name:<28} {rows:>12} {:>12} {:>12}", rate(rows), rate(events));
}

fn gzip(directory: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    let path = directory.join(name);
    let file = std::fs::File::create(&path)?;
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()?;
    Ok(path)
}

/// One-minute candles that wander around 60000 with two decimals.
fn candles() -> String {
    let mut text = String::from("ts_ms,open,high,low,close,volume\n");
    let mut price = 6_000_000u64;
    for minute in 0..ROWS {
        let close = price + minute * 7_919 % 2_001 - 1_000;
        let (low, high) = (price.min(close) - 500, price.max(close) + 500);
        let shown = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
        let time = 1_600_000_000_000 + minute * 60_000;
        let (open, high, low, close_text) = (shown(price), shown(high), shown(low), shown(close));
        let _ =
            writeln!(text, "{time},{open},{high},{low},{close_text},{}.{:08}", minute % 90, minute);
        price = close.clamp(5_000_000, 7_000_000);
    }
    text
}

/// The same with prices as some programs print them.
fn noisy_candles() -> String {
    let mut text = String::from("ts_ms,open,high,low,close,volume\n");
    for minute in 0..ROWS {
        let time = 1_600_000_000_000 + minute * 60_000;
        let price = format!("5.{:03}000000000001e-05", minute % 1_000);
        let _ = writeln!(text, "{time},{price},{price},{price},{price},401.97869504");
    }
    text
}

/// Updates of eight levels around 61837.63.
fn depth() -> String {
    let mut text = String::from("recv_us,event_ms,first_id,last_id,side,price,size\n");
    for row in 0..ROWS {
        let update = row / 8 + 1;
        let side = if row % 2 == 0 { "buy" } else { "sell" };
        let time = 1_723_161_253_937_085 + update * 100_000;
        let price = if row % 2 == 0 { 61_837 - row % 50 } else { 61_838 + row % 50 };
        let _ = writeln!(
            text,
            "{time},{},{update},{update},{side},{price}.{:02},{}.{:05}",
            time / 1_000,
            row % 100,
            row % 9,
            row % 100_000
        );
    }
    text
}
