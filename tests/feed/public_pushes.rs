//! Every public push decodes to what it says.

use ibis::domain::instrument::Instrument;
use ibis::market::kucoin::{Level, Push, Word};

use super::{decoder, fixtures, instrument};

/// The pair of the samples, on a grid that holds all of their numbers.
fn pair() -> Vec<Instrument> {
    vec![instrument("BTC-USDT", "0.001", "0.00000001")]
}

/// A push in a line, in quote and base units.
fn tell(push: &Push<'_>) -> String {
    let pair = &pair()[push.instrument.index()];
    let level = |level: &Level| {
        let (price, size) = (pair.price_of(level.price), pair.quantity_of(level.size));
        format!("{} {price} x {size} @{}", level.side, level.sequence)
    };
    let off = if push.off_grid { ", rounded" } else { "" };
    let said = match push.word {
        Word::Top(place, quote) => {
            let quote = quote.unwrap();
            let (bid, ask) = (pair.price_of(quote.bid), pair.price_of(quote.ask));
            let sizes = (pair.quantity_of(quote.bid_size), pair.quantity_of(quote.ask_size));
            format!(
                "{} x {bid} | {ask} x {} at {:?} {:?}",
                sizes.0, sizes.1, place.sequence, place.time_ms
            )
        }
        Word::Match(sequence, trade) => format!(
            "{} {} x {} @{sequence}",
            trade.aggressor.unwrap(),
            pair.price_of(trade.price),
            pair.quantity_of(trade.size)
        ),
        Word::Best(place, levels) => {
            let ends = [levels.first().unwrap(), levels.last().unwrap()].map(level);
            format!("{} levels, {} ... {} at {:?}", levels.len(), ends[0], ends[1], place.time_ms)
        }
        Word::Update(update) => {
            let levels: Vec<_> = update.levels.iter().map(level).collect();
            format!("{} to {}: {}", update.first, update.last, levels.join(", "))
        }
        Word::Candle(interval, candle) => {
            let prices = [candle.open, candle.high, candle.low, candle.close];
            let prices = prices.map(|price| pair.price_of(price).to_string()).join(" ");
            let volume = pair.quantity_of(candle.volume);
            format!("{} at {}: {prices}, {volume}", interval.as_str(), candle.open_at.us())
        }
    };
    said + off
}

/// Reads a push about the pair.
fn read(frame: &str) -> String {
    let mut decoder = decoder(&pair());
    let push = decoder.decode(frame).unwrap();
    tell(&push.unwrap_or_else(|| panic!("nothing in {frame}")))
}

const SAMPLES: [(&str, &str); 9] = [
    (
        "ws_allTickers",
        "0.01045638 x 67218.6 | 67218.7 x 1.92318539 at Some(14691455768) Some(1729757723612)",
    ),
    (
        "ws_callAuctionOrderbookLevel50",
        "100 levels, sell 95964.3 x 0.08168874 @0 ... buy 95913.5 x 0.05177498 @0 at \
         Some(1733124805073)",
    ),
    ("ws_klines", "1hour at 1729839600000000: 67644.9 67724.8 67243.8 67437.6, 44.88321441"),
    ("ws_orderbookIncrement", "14701689783 to 14701689783: sell 67993.3 x 1.21427407 @14701689783"),
    (
        "ws_orderbookLevel1",
        "1.29267802 x 68145.7 | 68145.8 x 0.51987471 at None Some(1729816058766)",
    ),
    (
        "ws_orderbookLevel5",
        "10 levels, sell 67996.7 x 1.14213262 @0 ... buy 67993.3 x 0.13528566 @0 at \
         Some(1729822226746)",
    ),
    (
        "ws_symbolSnapshot",
        "0.81772627 x 67158.1 | 67158.2 x 1.15955795 at Some(14691517895) Some(1729758286011)",
    ),
    ("ws_ticker", "0.036 x 0.049 | 0.08 x 0.18 at Some(1545896668986) Some(1704873323416)"),
    ("ws_trade", "buy 67523 x 0.003 @11067996711960577"),
];

#[test]
fn the_official_samples_decode_to_their_values() {
    let Some(fixtures) = fixtures("ws-public") else { return };
    assert!(fixtures.len() >= SAMPLES.len());
    for (name, fixture) in &fixtures {
        let raw = fixture["message_raw"].as_str().unwrap();
        let expected = SAMPLES.iter().find(|(sample, _)| sample == name);
        let (_, expected) = expected.unwrap_or_else(|| panic!("{name} is new: {}", read(raw)));
        assert_eq!(read(raw), *expected, "{name}");
        // The same spelled otherwise.
        let pretty = serde_json::to_string_pretty(&fixture["message"]).unwrap();
        assert_eq!(read(&pretty), *expected, "{name}");
    }
}

#[test]
fn every_kind_of_push_is_read() {
    for (frame, expected) in [
        (
            r#"{"topic":"/market/ticker:BTC-USDT","data":{"sequence":"7","bestAsk":"2","bestAskSize":"3","bestBid":"1","bestBidSize":"4","Time":5}}"#,
            "4 x 1 | 2 x 3 at Some(7) Some(5)",
        ),
        (
            r#"{"topic":"/market/ticker:all","subject":"BTC-USDT","data":{"sequence":7,"bestAsk":"2","bestAskSize":"3","bestBid":"1","bestBidSize":"4","time":6}}"#,
            "4 x 1 | 2 x 3 at Some(7) Some(6)",
        ),
        (
            r#"{"topic":"/market/snapshot:USDS","data":{"sequence":"7","data":{"symbol":"BTC-USDT","buy":1.00000000000000000000,"sell":2.5e0,"bidSize":4,"askSize":0.30,"datetime":6}}}"#,
            "4 x 1 | 2.5 x 0.3 at Some(7) Some(6)",
        ),
        (
            r#"{"topic":"/spotMarket/level1:BTC-USDT","data":{"asks":["2","3"],"bids":["1.0005","4"],"timestamp":6}}"#,
            "4 x 1.001 | 2 x 3 at None Some(6), rounded",
        ),
        (
            r#"{"topic":"/market/level2:BTC-USDT","data":{"changes":{"asks":[["2.5","0","9"],["0","0","8"]],"bids":[["1","4"]]},"sequenceStart":9,"sequenceEnd":7}}"#,
            "7 to 9: sell 2.5 x 0 @9, buy 1 x 4 @9",
        ),
        (
            r#"{"topic":"/market/match:BTC-USDT","data":{"sequence":"9","side":"sell","price":"1e1","size":"5e-08","time":"1"}}"#,
            "sell 10 x 0.00000005 @9",
        ),
        (
            r#"{"topic":"/market/candles:BTC-USDT_1min","data":{"candles":["60","1","2","4","0.5","9","1"]}}"#,
            "1min at 60000000: 1 4 0.5 2, 9",
        ),
    ] {
        assert_eq!(read(frame), expected);
    }
}
