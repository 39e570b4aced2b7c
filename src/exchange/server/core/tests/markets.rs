//! Pairs, tickers, books, trades and candles, as anybody may query them.

use super::*;
use crate::exchange::kucoin::protocol::candle::CandleType;

#[test]
fn pairs_are_listed_with_their_rules() {
    let mut bench = Bench::new();
    let rows = bench.get("/api/v2/symbols");
    assert_eq!(rows.as_array().unwrap().len(), 10);
    let row = bench.get("/api/v2/symbols/BTC-USDT");
    assert_eq!(rows[0], row);
    let names = [
        "baseIncrement",
        "priceIncrement",
        "quoteIncrement",
        "baseMinSize",
        "minFunds",
        "priceLimitRate",
        "feeCurrency",
        "market",
        "enableTrading",
        "feeCategory",
        "makerFeeCoefficient",
    ];
    let expected =
        ["0.00001", "0.1", "0.000001", "0.00001", "0.1", "0.1", "USDT", "USDS", "true", "1", "1"];
    assert_eq!(fields(&row, names), expected);
    let hot = bench.get("/api/v2/symbols/HOT-USDT");
    assert_eq!(fields(&hot, ["feeCategory", "takerFeeCoefficient"]), ["3", "3"]);
    assert_eq!(bench.get("/api/v2/symbols?market=BTC"), serde_json::json!([]));
    assert_eq!(bench.get("/api/v1/markets"), serde_json::json!(["USDS"]));
    assert_eq!(bench.refused("GET", "/api/v2/symbols/NO-USDT", ""), "900001 symbol not exists");
    let currencies = bench.get("/api/v3/currencies");
    assert_eq!(currencies.as_array().unwrap().len(), 11);
    let one = bench.get("/api/v3/currencies/BTC");
    assert_eq!(one["chains"].as_array().unwrap().len(), 1);
    assert_eq!(fields(&one, ["currency", "precision", "isMarginEnabled"]), ["BTC", "8", "false"]);
}

#[test]
fn best_prices_and_books_agree() {
    let mut bench = Bench::quoted();
    bench.print("60001", "0.5", Side::Buy);
    let level1 = bench.get("/api/v1/market/orderbook/level1?symbol=BTC-USDT");
    let names = ["price", "size", "bestBid", "bestBidSize", "bestAsk", "bestAskSize"];
    assert_eq!(fields(&level1, names), ["60001", "0.5", "60000", "1", "60001", "1"]);
    let part = bench.get("/api/v1/market/orderbook/level2_20?symbol=BTC-USDT");
    let full = bench.get("/api/v3/market/orderbook/level2?symbol=BTC-USDT");
    assert_eq!(part, full);
    assert_eq!(part["bids"][0], serde_json::json!(["60000", "1"]));
    assert_eq!(part["asks"][1], serde_json::json!(["60002", "1"]), "the ladder that is matched");
    assert_eq!(part["asks"].as_array().unwrap().len(), 10);
    assert_eq!(part["sequence"], level1["sequence"]);
    let odd = bench.refused("GET", "/api/v1/market/orderbook/level2_7?symbol=BTC-USDT", "");
    assert_eq!(odd, "404 404000 Url Not Found");
    let silent = bench.get("/api/v1/market/orderbook/level1?symbol=ETH-USDT");
    assert!(silent["bestBid"].is_null());
}

#[test]
fn a_day_in_figures_is_that_of_its_trades() {
    let mut bench = Bench::quoted();
    // Without the day before: the market's history is not asked for what nobody printed yet.
    bench.print("60001", "0.5", Side::Buy);
    bench.print("60010", "0.25", Side::Buy);
    bench.print("59990", "0.25", Side::Sell);
    let now = bench.core.now();
    let start = Timestamp::from_ms(START_MS);
    let pair = bench.core.pair_mut(InstrumentId(0));
    *pair = Pair::new(InstrumentId(0), &pair.instrument.clone(), start);
    for (price, size) in [("60001", "0.5"), ("60010", "0.25"), ("59990", "0.25")] {
        bench.print(price, size, Side::Buy);
    }
    let stats = bench.get("/api/v1/market/stats?symbol=BTC-USDT");
    assert!(bench.core.now() > now);
    assert_eq!(fields(&stats, ["last", "symbol"]), ["59990", "BTC-USDT"]);
    let (high, low) = (d(stats["high"].as_str().unwrap()), d(stats["low"].as_str().unwrap()));
    assert!(high >= d("60010") && low <= d("59990"), "history may go beyond");
    let tickers = bench.get("/api/v1/market/allTickers");
    let rows = tickers["ticker"].as_array().unwrap();
    assert_eq!(rows.len(), 10);
    let names = ["last", "high", "low", "vol", "volValue", "changeRate", "averagePrice"];
    assert_eq!(fields(&rows[0], names), fields(&stats, names));
    assert_eq!(
        fields(&rows[0], ["takerFeeRate", "makerCoefficient", "symbolName"]),
        ["0.001", "1", "BTC-USDT"]
    );
}

#[test]
fn the_last_hundred_trades_come_oldest_first() {
    let mut bench = Bench::quoted();
    for index in 0..120 {
        bench.print("60001", &format!("0.1{index:03}"), Side::Buy);
    }
    let trades = bench.get("/api/v1/market/histories?symbol=BTC-USDT");
    let rows = trades.as_array().unwrap();
    assert_eq!(rows.len(), 100);
    let sequences: Vec<i64> =
        rows.iter().map(|row| row["sequence"].as_str().unwrap().parse().unwrap()).collect();
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert!(sequences[0] > 1 << 53);
    assert_eq!(fields(&rows[99], ["size", "side", "price"]), ["0.1119", "buy", "60001"]);
    assert_eq!(rows[99]["time"].as_i64().unwrap(), bench.core.now().us() * 1_000);
}

fn candles(bench: &mut Bench, query: &str) -> Vec<Vec<String>> {
    let rows = bench.get(&format!("/api/v1/market/candles?symbol=BTC-USDT&{query}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let row = |row: &Value| row.as_array().unwrap().iter().map(text).collect();
    rows.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn candles_go_on_from_the_markets_history() {
    let mut bench = Bench::quoted();
    bench.print("60001", "0.5", Side::Buy);
    bench.wait_ms(60_000);
    bench.print("60010", "0.25", Side::Buy);
    bench.print("60005", "0.25", Side::Buy);
    let start_s = START_MS / 1_000;
    let rows = candles(
        &mut bench,
        &format!("type=1min&startAt={}&endAt={}", start_s - 600, start_s + 120),
    );
    let starts: Vec<i64> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(starts[..2], [start_s + 60, start_s]);
    assert_eq!(rows[0][1..], ["60010", "60005", "60010", "60005", "0.5", "30003.75"]);
    assert_eq!(rows[1][1..], ["60001", "60001", "60001", "60001", "0.5", "30000.5"]);
    assert_eq!(starts.len(), 12, "ten minutes of history");
    assert!(starts.windows(2).all(|pair| pair[0] == pair[1] + 60));
    // The history itself.
    let Market::Synthetic(market) = &bench.core.tide.market else { panic!("synthetic") };
    let known = market.history(InstrumentId(0), 60_000_000, 10, Timestamp::from_ms(START_MS));
    for (row, candle) in rows[2..].iter().rev().zip(known) {
        let price = |ticks| bench.btc().price_of(ticks).to_string();
        let expected = [candle.open, candle.close, candle.high, candle.low].map(price);
        assert_eq!(row[1..5], expected);
        assert_eq!(row[5], bench.btc().quantity_of(candle.volume).to_string());
    }
    let later = format!("type=1min&startAt={}&endAt={}", start_s, start_s + 60);
    assert_eq!(candles(&mut bench, &later).len(), 1, "before endAt");
}

#[test]
fn the_interval_that_listening_began_in_has_its_earlier_part() {
    let start = Timestamp::from_ms(START_MS + 1_800_000 + 7_000);
    let market = Market::Synthetic(Synthetic::new(1, start));
    let core = Core::new(market, AccountSpec::new("key", Vec::new()), CoreOptions { start });
    let mut bench = Bench { core, transport_ms: START_MS };
    bench.core.advance(Timestamp::from_us(start.us() + 60_000_000)).unwrap();
    let whole = Synthetic::new(1, Timestamp::from_ms(START_MS));
    for (length, seconds) in [("1min", 60), ("1hour", 3_600), ("15min", 900)] {
        let begin = start.us() / 1_000_000 / seconds * seconds;
        let rows = candles(&mut bench, &format!("type={length}&startAt={begin}"));
        let mut seen = (Ticks::ZERO, Lots::ZERO);
        let mut market = whole.clone();
        loop {
            let event = market.next();
            if event.at > bench.core.now() || event.at.us() >= (begin + seconds) * 1_000_000 {
                break;
            }
            if let MarketData::Trade(trade) = event.data
                && event.instrument.0 == 0
                && event.at.us() >= begin * 1_000_000
            {
                if seen.0 == Ticks::ZERO {
                    seen.0 = trade.price;
                }
                seen.1 += trade.size;
            }
        }
        let oldest = rows.last().unwrap();
        assert_eq!(oldest[0], begin.to_string());
        assert_eq!(oldest[1], bench.btc().price_of(seen.0).to_string(), "{length}");
        assert_eq!(oldest[5], bench.btc().quantity_of(seen.1).to_string(), "{length}");
    }
}

#[test]
fn every_length_is_answered_and_no_more_than_1500_candles() {
    let mut bench = Bench::quoted();
    bench.print("60001", "0.5", Side::Buy);
    for length in CandleType::ALL {
        let seconds = length.seconds().unwrap_or(31 * 86_400);
        let from = START_MS / 1_000 - 3 * seconds;
        let rows = candles(&mut bench, &format!("type={length}&startAt={from}"));
        assert!((3..=5).contains(&rows.len()), "{length}: {rows:?}");
        for row in &rows {
            let [open, close, high, low] = [1, 2, 3, 4].map(|at| d(&row[at]));
            assert!(low <= open.min(close) && open.max(close) <= high, "{length}: {row:?}");
        }
    }
    assert_eq!(candles(&mut bench, "type=1min&startAt=1000").len(), 1_500);
    let old = START_MS / 1_000 - 4_000 * 60;
    let page = candles(&mut bench, &format!("type=1min&startAt={}&endAt={}", old - 600, old));
    assert_eq!(page.len(), 10, "far back");
    assert_eq!(page[0][0], (old - 60).to_string());
    for bad in ["type=2min", "", "type=1min&startAt=x"] {
        let target = format!("/api/v1/market/candles?symbol=BTC-USDT&{bad}");
        assert!(bench.refused("GET", &target, "").starts_with("400100 "), "{bad}");
    }
}

#[test]
fn what_this_exchange_does_not_have_is_answered_with_nothing_in_it() {
    let mut bench = Bench::new();
    let empty = serde_json::json!([]);
    assert_eq!(bench.get("/api/v1/contracts/active"), empty);
    assert_eq!(bench.get("/api/v1/isolated/symbols"), empty);
    assert_eq!(bench.get("/api/v3/margin/symbols")["items"], empty);
    assert_eq!(bench.get("/api/v1/hf/accounts/opened"), true);
    assert_eq!(bench.get("/api/ua/v1/account/mode")["selfAccountMode"], "CLASSIC");
    assert_eq!(bench.get("/api/v3/announcements")["items"], empty);
    assert_eq!(bench.get("/api/v1/timestamp"), START_MS);
    assert_eq!(bench.get("/api/v1/status"), serde_json::json!({"status": "open", "msg": ""}));
    assert_eq!(bench.get("/api/v1/prices")["USDT"], "1.0000000000000000");
    assert_eq!(bench.refused("GET", "/api/v1/orders", ""), "404 404000 Url Not Found");
    let auction = "/api/v1/market/callauctionData?symbol=BTC-USDT";
    assert_eq!(bench.refused("GET", auction, ""), "400100 The symbol is not in call auction.");
}
