//! Recorded markets, played through the exchange as its clock goes.

use std::path::{Path, PathBuf};

use super::client_book::ClientBook;
use super::*;
use crate::market::Replay;

/// Files of a test, gone when it ends.
struct Files(PathBuf);

impl Files {
    fn new(name: &str, contents: &[(&str, &str)]) -> Self {
        let directory =
            std::env::temp_dir().join(format!("ibis-exchange-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        for (name, content) in contents {
            std::fs::write(directory.join(name), content).unwrap();
        }
        Self(directory)
    }

    fn market(&self, names: &[&str]) -> Market {
        let paths: Vec<_> = names.iter().map(|name| self.0.join(name)).collect();
        Market::Replay(Replay::open(&paths).unwrap())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn exchange(market: Market) -> Bench {
    let asset = |name| Asset::new(name).unwrap();
    let balances = vec![(asset("USDT"), d("100000")), (asset("BTC"), d("2"))];
    let core = Core::over_recording(market, AccountSpec::new("key", balances)).unwrap();
    Bench { core, transport_ms: START_MS }
}

#[test]
fn the_clock_begins_with_the_first_event_and_the_market_ends() {
    let files = Files::new(
        "depth",
        &[
            (
                "depth_BTC-USDT.csv",
                "recv_us,event_ms,first_id,last_id,side,price,size\n\
                 5000000,0,0,4,buy,60000.5,1.25\n\
                 5000000,0,0,4,sell,60001,2\n\
                 6000000,0,5,5,sell,60001,0.5\n\
                 7000000,0,6,6,buy,59999.5,3\n",
            ),
            ("trades_BTC-USDT.csv", "ts_ms,trade_id,side,price,size\n6500,1,buy,60001,0.75\n"),
        ],
    );
    let mut bench = exchange(files.market(&["depth_BTC-USDT.csv", "trades_BTC-USDT.csv"]));
    assert_eq!(bench.core.now(), Timestamp::from_us(5_000_000));
    bench.core.advance(Timestamp::from_us(5_000_000)).unwrap();
    bench.watch("/market/level2:BTC-USDT");
    let mut book = ClientBook::query(&mut bench, "BTC-USDT");
    assert_eq!(book.sides[0].len() + book.sides[1].len(), 2);
    assert_eq!(bench.core.next_due(), Some(Timestamp::from_us(6_000_000)));
    assert!(!bench.core.market_has_ended());
    bench.core.advance(Timestamp::from_us(9_000_000)).unwrap();
    assert!(bench.core.market_has_ended());
    assert_eq!((bench.core.next_due(), bench.core.now().us()), (None, 9_000_000));
    let pushes = bench.pushes();
    assert_eq!(pushes.len(), 2);
    for (_, frame) in pushes {
        book.apply(&frame["data"]);
    }
    let later = ClientBook::query(&mut bench, "BTC-USDT");
    assert_eq!((book.sequence, book.sides), (later.sequence, later.sides));
    let trades = bench.get("/api/v1/market/histories?symbol=BTC-USDT");
    assert_eq!(fields(&trades[0], ["price", "size", "side"]), ["60001", "0.75", "buy"]);
    let candles = bench.get("/api/v1/market/candles?symbol=BTC-USDT&type=1min");
    assert_eq!(candles.as_array().unwrap().len(), 1, "files have no history");
    let stats = bench.get("/api/v1/market/stats?symbol=BTC-USDT");
    assert_eq!(fields(&stats, ["vol", "high", "changeRate"]), ["0.75", "60001", "0"]);
}

#[test]
fn candles_alone_make_an_exchange() {
    let files = Files::new(
        "candles",
        &[(
            "a_BTC-USDT_1m.csv",
            "ts_ms,open,high,low,close,volume\n60000,100,110,90,105,4\n120000,105,106,104,105.5,1\n",
        )],
    );
    let mut bench = exchange(files.market(&["a_BTC-USDT_1m.csv"]));
    bench.core.advance(Timestamp::from_us(200_000_000)).unwrap();
    let candles = bench.get("/api/v1/market/candles?symbol=BTC-USDT&type=1min");
    let rows = candles.as_array().unwrap();
    assert_eq!(rows.len(), 2);
    let row: Vec<_> = rows[1].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(row[..5], ["60", "100", "105", "110", "90"]);
    bench.place(r#""side":"buy","type":"market","size":"0.1""#);
}

#[test]
fn a_recorded_session_gives_contiguous_books_to_whoever_watches() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/market");
    let paths = ["kucoin_ws_20210425.jsonl.gz", "kucoin_rest_20210425.jsonl.gz"]
        .map(|name| beside.join(name));
    if !paths.iter().all(|path| path.is_file()) {
        println!("skipped: no recorded data at {}", beside.display());
        return;
    }
    let mut bench = exchange(Market::Replay(Replay::open(&paths).unwrap()));
    let symbol = "BCHSV-USDT";
    bench.watch(&format!("/market/level2:{symbol}"));
    let mut book: Option<ClientBook> = None;
    let (mut applied, mut orders) = (0, 0);
    while let Some(due) = bench.core.next_due() {
        bench.core.advance(due).unwrap();
        for (_, frame) in bench.pushes() {
            if let Some(book) = &mut book {
                book.apply(&frame["data"]);
                applied += 1;
            }
        }
        let known = book.get_or_insert_with(|| ClientBook::query(&mut bench, symbol));
        if applied > 100 * orders {
            let later = ClientBook::query(&mut bench, symbol);
            assert_eq!((known.sequence, &known.sides), (later.sequence, &later.sides));
            orders += 1;
            let body = format!(
                r#"{{"clientOid":"o{orders}","symbol":"{symbol}","side":"buy","type":"market","funds":"100"}}"#
            );
            bench.post("/api/v1/hf/orders", &body);
            bench.check();
        }
    }
    assert!(bench.core.market_has_ended());
    assert!(applied > 500 && orders > 5, "{applied} increments, {orders} orders");
    let fills = bench.get(&format!("/api/v1/hf/fills?symbol={symbol}&limit=100"));
    assert!(fills["items"].as_array().unwrap().len() >= orders);
}
