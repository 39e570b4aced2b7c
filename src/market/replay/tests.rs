//! The replay as a whole, on small files written here and on recorded ones where they are.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::record::Pending;
use super::*;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Ticks;
use crate::domain::instrument::{InstrumentSpec, tests::spec};
use crate::domain::market_data::MarketData;
use crate::domain::side::Side;
use crate::market::lane::Lane;
use crate::market::number::Reason;

/// A lane of the given tick and lot.
pub(super) fn lane(tick: &str, lot: &str) -> Lane {
    let spec =
        InstrumentSpec { quantity_min: Decimal::parse(lot).unwrap(), ..spec("A-B", tick, lot) };
    Lane::new(InstrumentId(0), &Instrument::new(spec).unwrap()).unwrap()
}

/// Runs a row parser over lines; no record may be a depth message.
pub(super) fn run(
    text: &str,
    mut parse: impl FnMut(&[u8], &mut FeedCount, &mut Pending) -> Result<(), Reason>,
) -> Result<(Vec<MarketEvent>, FeedCount), Reason> {
    let (mut count, mut out) = (FeedCount::default(), Pending::new());
    for line in text.lines() {
        parse(line.as_bytes(), &mut count, &mut out)?;
    }
    let events = out.into_iter().map(|record| match record {
        Record::Event(event) => event,
        Record::Book(..) => panic!("a depth message from a row"),
    });
    Ok((events.collect(), count))
}

/// A directory of files that goes when the test ends.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("ibis-replay-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn drain(replay: &mut Replay) -> Result<Vec<MarketEvent>, MarketError> {
    let mut events = Vec::new();
    while let Some(event) = replay.next()? {
        events.push(event);
    }
    Ok(events)
}

const CANDLES: &str = "ts_ms,open,high,low,close,volume\n";
const TRADES: &str = "ts_ms,trade_id,side,price,size\n";

#[test]
fn files_merge_by_time_then_by_order_and_share_symbols() {
    let files = Files::new("merge");
    let candles = files.write(
        "a_X-USDT_1m.csv",
        &format!("{CANDLES}60000,10,11,9,10.5,4\n120000,10,10,10,10,1\n"),
    );
    let trades = files
        .write("b_X-USDT_t.csv", &format!("{TRADES}60000,1,buy,10.25,1\n\n200000,2,sell,10,1\n"));
    let other = files.write("c_Y-BTC_t.csv", &format!("{TRADES}60000,1,buy,2.5e-05,1\n"));
    let mut replay = Replay::open(&[&candles, &trades, &other]).unwrap();
    let symbols: Vec<_> = replay.instruments().iter().map(|i| i.symbol().to_string()).collect();
    assert_eq!(symbols, ["X-USDT", "Y-BTC"]);
    assert_eq!(replay.instruments()[0].spec().tick.to_string(), "0.001");
    let events = drain(&mut replay).unwrap();
    assert!(events.is_sorted_by_key(|event| event.at));
    assert_eq!(events.len(), 10 + 2 + 1);
    let first: Vec<_> = events.iter().take(3).map(|event| event.instrument.0).collect();
    assert_eq!(first, [0, 0, 1]);
    assert!(matches!(events[1].data, MarketData::Trade(trade) if trade.price.get() == 10_250));
    let count = |index: usize| (replay.counts()[index].rows, replay.counts()[index].events);
    assert_eq!((count(0), count(1), count(2)), ((2, 10), (2, 2), (1, 1)));
    assert_eq!(replay.counts()[1].ignored, 1);
    assert_eq!(replay.next(), Ok(None));
}

#[test]
fn errors_name_file_line_and_reason() {
    let files = Files::new("errors");
    let error =
        |path: &PathBuf| match Replay::open(&[path]).and_then(|mut replay| drain(&mut replay)) {
            Ok(events) => panic!("{} events", events.len()),
            Err(error) => error,
        };
    let bad = files.write("a_X-Y_1m.csv", &format!("{CANDLES}60000,1,1,1,1,1\n120000,1,1,2,1,1\n"));
    assert_eq!((error(&bad).path(), error(&bad).line()), (bad.as_path(), Some(3)));
    assert!(error(&bad).reason().starts_with("inconsistent candle"), "{}", error(&bad));
    assert!(error(&files.0.join("missing_X-Y.csv")).reason().contains("No such file"));
    assert!(error(&files.write("none_X-Y.csv", "")).reason().contains("empty"));
    assert!(
        error(&files.write("header_X-Y.csv", CANDLES)).reason().contains("no row with a price")
    );
    assert!(
        error(&files.write("odd_X-Y.csv", "time,price\n1,2\n")).reason().contains("unknown format")
    );
    assert!(error(&files.write("nameless.csv", TRADES)).reason().contains("BASE-QUOTE"));
    let torn = files.0.join("torn_X-Y.csv.gz");
    std::fs::write(&torn, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b]).unwrap();
    assert!(error(&torn).reason().contains("truncated"), "{}", error(&torn));
    let torn = files.write(
        "torn.jsonl",
        "{\"recv\":1.5,\"msg\":{\"type\":\"welcome\"}}\n{\"recv\":2.5,\"msg\":{\"ty",
    );
    assert_eq!(error(&torn).line(), Some(2), "{}", error(&torn));
}

const REST: &str = r#"{"recv":1.0,"path":"/api/v1/symbols","msg":{"code":"200000","data":[{"symbol":"A-USDT","baseMinSize":"0.01","quoteMinSize":"0.1","baseMaxSize":"1000","baseIncrement":"0.01","priceIncrement":"0.1","feeCategory":2},{"symbol":"Z-USDT","baseMinSize":"0.01","quoteMinSize":"0.1","baseMaxSize":"1000","baseIncrement":"0.01","priceIncrement":"0.1"}]}}
{"recv":3.0,"path":"/api/v3/market/orderbook/level2?symbol=A-USDT","msg":{"code":"200000","data":{"time":1,"sequence":"11","bids":[["10.0","1"]],"asks":[["10.2","2"]]}}}
"#;
const SESSION: &str = r#"{"recv":1.5,"msg":{"id":"x","type":"welcome"}}
{"recv":2.1234567,"msg":{"data":{"sequence":"9","bestAsk":"10.2","bestBidSize":"1","bestAskSize":"2","bestBid":"10.0","time":1},"subject":"trade.ticker","topic":"/market/ticker:A-USDT","type":"message"}}
{"recv":2.5,"msg":{"data":{"sequenceStart":10,"symbol":"A-USDT","changes":{"asks":[["0","0","10"]],"bids":[]},"sequenceEnd":10},"topic":"/market/level2:A-USDT","type":"message"}}
{"recv":2.6,"msg":{"data":{"sequenceStart":11,"symbol":"A-USDT","changes":{"asks":[],"bids":[["9.9","5","11"]]},"sequenceEnd":12},"topic":"/market/level2:A-USDT","type":"message"}}
{"recv":3.5,"msg":{"data":{"sequenceStart":13,"symbol":"A-USDT","changes":{"asks":[["10.2","0","13"]],"bids":[["9.8","5","13"]]},"sequenceEnd":13},"topic":"/market/level2:A-USDT","type":"message"}}
{"recv":3.6,"msg":{"data":{"symbol":"A-USDT","sequence":"14","side":"buy","size":"0.5","price":"10.2","time":"1","type":"match"},"topic":"/market/match:A-USDT","type":"message"}}
{"recv":3.7,"msg":{"data":{"symbol":"A-USDT","candles":["60","10","10.1","10.2","9.9","3","30"],"time":1},"topic":"/market/candles:A-USDT_1min","type":"message"}}
{"recv":3.8,"msg":{"data":{"symbol":"A-USDT","candles":["120","10","10","10","10","0","0"],"time":1},"topic":"/market/candles:A-USDT_1min","type":"message"}}
"#;

#[test]
fn a_recorded_session_is_synchronised_by_its_snapshot() {
    let files = Files::new("session");
    let (rest, session) = (files.write("rest.jsonl", REST), files.write("ws.jsonl", SESSION));
    let mut replay = Replay::open(&[&rest, &session]).unwrap();
    assert_eq!(replay.instruments().len(), 1);
    assert_eq!(replay.instruments()[0].spec().taker_fee.to_string(), "0.002");
    let events = drain(&mut replay).unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let what = match event.data {
                MarketData::Quote(quote) => {
                    format!("quote {} {}", quote.bid.get(), quote.ask.get())
                }
                MarketData::Trade(trade) => {
                    format!("trade {} {}", trade.price.get(), trade.size.get())
                }
                MarketData::Depth(change) => {
                    format!("{} {} {}", change.side, change.price.get(), change.size.get())
                }
                MarketData::DepthReset => "reset".to_owned(),
                MarketData::Candle(candle) => {
                    format!("candle {} {}", candle.low.get(), candle.close.get())
                }
            };
            format!("{} {what}", event.at.us())
        })
        .collect();
    assert_eq!(
        told,
        [
            "2123456 quote 100 102",
            "3000000 reset",
            "3000000 buy 100 100",
            "3000000 sell 102 200",
            "3500000 sell 102 0",
            "3500000 buy 98 500",
            "3600000 trade 102 50",
            "3800000 candle 99 101",
        ]
    );
    // Without the REST answers the depth is not applied, and the grid is inferred.
    let mut alone = Replay::open(&[&session]).unwrap();
    assert_eq!(alone.instruments()[0].spec().tick.to_string(), "0.001");
    assert_eq!(drain(&mut alone).unwrap().len(), 3);
    assert_eq!((alone.counts()[0].unsynced, alone.counts()[0].ignored), (3, 1));
}

/// The recorded files, where this checkout has them beside it.
#[expect(clippy::disallowed_methods, reason = "a test's optional input")]
fn recorded() -> Option<Vec<PathBuf>> {
    let shared = std::env::var_os("IBIS_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")),
        PathBuf::from,
    );
    let Ok(directory) = std::fs::read_dir(shared.join("market")) else {
        println!("skipped: no recorded market files under {}", shared.display());
        return None;
    };
    let mut paths: Vec<_> = directory.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    paths.sort();
    Some(paths)
}

/// A file's name, rows, and gaps with the candles they leave out.
type Stated = (String, u64, Option<(u64, u64)>);

/// Rows, gaps and missing candles as the inventory of the recorded files states them.
fn inventory(text: &str) -> Vec<Stated> {
    let number = |text: &str, before: &str, after: &str| {
        text.split_once(before)?.1.split_once(after)?.0.trim().parse::<u64>().ok()
    };
    let of_line = |line: &str| {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let rows = columns.get(2)?.parse().ok()?;
        let gaps = number(line, "gaps ", "(missing").zip(number(line, "(missing ", " candles"));
        Some((columns[1].to_owned(), rows, gaps))
    };
    text.lines().filter_map(of_line).collect()
}

#[test]
fn every_recorded_file_loads_with_the_gaps_its_inventory_states() {
    let Some(paths) = recorded() else { return };
    let text = std::fs::read_to_string(paths[0].with_file_name("INVENTORY.md")).unwrap();
    let inventory = inventory(&text);
    assert!(inventory.len() >= 20);
    for path in &paths {
        let mut replay = Replay::open(&[path]).unwrap();
        let mut last = Timestamp::from_us(0);
        while let Some(event) = replay.next().unwrap() {
            assert!(event.at >= last);
            last = event.at;
        }
        let count = &replay.counts()[0];
        let grid = replay
            .instruments()
            .first()
            .map(|i| format!("{} {} {}", i.symbol(), i.spec().tick, i.spec().lot));
        println!("{count} [{}]", grid.unwrap_or_default());
        let plain = count.name.trim_end_matches(".gz");
        let (_, rows, gaps) = inventory.iter().find(|(name, _, _)| name == plain).unwrap();
        if plain.ends_with(".csv") {
            assert_eq!(count.rows, *rows, "{plain}");
        }
        if let Some(gaps) = gaps {
            assert_eq!((count.gaps, count.missing), *gaps, "{plain}");
        }
        assert_eq!(
            (count.duplicates, count.time_backwards, count.overlapping),
            (0, 0, 0),
            "{plain}"
        );
    }
}

#[test]
fn all_recorded_files_merge_into_one_order() {
    let Some(paths) = recorded() else { return };
    let mut replay = Replay::open(&paths).unwrap();
    let mut last = Timestamp::from_us(0);
    while let Some(event) = replay.next().unwrap() {
        assert!(event.at >= last);
        last = event.at;
    }
    let session = replay.counts().iter().find(|count| count.name.starts_with("kucoin_ws")).unwrap();
    println!("{session}");
    assert_eq!((session.gaps, session.unsynced), (0, 0));
}

/// All that an event says, in one line.
fn tell(event: &MarketEvent) -> String {
    let what = match event.data {
        MarketData::Quote(quote) => {
            let (bid, ask) = ((quote.bid, quote.bid_size), (quote.ask, quote.ask_size));
            format!("quote {} {} {} {}", bid.0.get(), bid.1.get(), ask.0.get(), ask.1.get())
        }
        MarketData::Trade(trade) => {
            let side = trade.aggressor.map_or("", Side::as_str);
            format!("trade {} {} {side}", trade.price.get(), trade.size.get())
        }
        MarketData::Depth(change) => {
            format!("{} {} {}", change.side, change.price.get(), change.size.get())
        }
        MarketData::DepthReset => "reset".to_owned(),
        MarketData::Candle(candle) => {
            let prices = [candle.open, candle.high, candle.low, candle.close].map(Ticks::get);
            format!("candle {} {prices:?} {}", candle.open_at.us(), candle.volume.get())
        }
    };
    format!("{} {} {what}", event.at.us(), event.instrument.0)
}

#[test]
fn the_recorded_session_gives_the_events_it_always_gave() {
    let Some(paths) = recorded() else { return };
    let of_session = |path: &&PathBuf| path.to_string_lossy().contains("_20210425.jsonl");
    let paths: Vec<_> = paths.iter().filter(of_session).collect();
    let mut replay = Replay::open(&paths).unwrap();
    let mut hash = Sha256::new();
    for event in drain(&mut replay).unwrap() {
        hash.update(tell(&event));
        hash.update("\n");
    }
    let counts: Vec<_> = replay.counts().iter().map(FeedCount::to_string).collect();
    assert_eq!(
        counts,
        [
            "kucoin_rest_20210425.jsonl.gz: 10 rows, 7865 events, 6 off the grid rounded, 1 ignored",
            "kucoin_ws_20210425.jsonl.gz: 4721 rows, 3319 events, 48 duplicates skipped, \
             34 off the grid rounded, 14 ignored",
        ]
    );
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, "155f4aa4a9785d242ad1ffb1b5fe993808be96716b1a1a321183203f3ff9d3cf");
}
