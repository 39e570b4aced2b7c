//! From the shapes of pushes to words of the domain.

use super::field::Field;
use super::push::{Place, Word};
use super::shape::{Candles, Level1, Match, Snapshot, Ticker};
use crate::domain::market_data::{Candle, Quote, Trade};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::market::lane::Lane;
use crate::market::number::{Reason, integer};

/// The start of the year 3000 in seconds: later instants mean a wrong unit.
const SECONDS_MAX: i64 = 32_503_680_000;

/// The best bid and ask of a ticker.
pub(super) fn ticker(
    ticker: &Ticker<'_>,
    lane: &Lane,
    off: &mut bool,
) -> Result<Word<'static>, Reason> {
    let place = Place {
        sequence: ticker.sequence.map(|sequence| sequence.0),
        time_ms: ticker.time.or(ticker.time_too),
    };
    let bid = ticker.best_bid.as_deref().zip(ticker.best_bid_size.as_deref());
    let ask = ticker.best_ask.as_deref().zip(ticker.best_ask_size.as_deref());
    Ok(Word::Top(place, quote(bid, ask, lane, off)?))
}

/// The best bid and ask of a level-1 push.
pub(super) fn level1(
    top: &Level1<'_>,
    lane: &Lane,
    off: &mut bool,
) -> Result<Word<'static>, Reason> {
    let place = Place { sequence: None, time_ms: top.timestamp };
    Ok(Word::Top(place, quote(pair(&top.bids)?, pair(&top.asks)?, lane, off)?))
}

/// A flat `[price, size]`, or nothing.
fn pair<'f>(side: &'f [Field<'_>]) -> Result<Option<(&'f str, &'f str)>, Reason> {
    match side {
        [] => Ok(None),
        [price, size, ..] => Ok(Some((price, size))),
        [_] => Err("a side of one field".to_owned()),
    }
}

/// The best bid and ask of a 24-hour snapshot: text of numbers that are floats at the venue.
pub(super) fn snapshot(
    snapshot: &Snapshot<'_>,
    lane: &Lane,
    off: &mut bool,
) -> Result<Word<'static>, Reason> {
    let data = &snapshot.data;
    let place =
        Place { sequence: snapshot.sequence.map(|sequence| sequence.0), time_ms: data.datetime };
    let bid = data.buy.zip(data.bid_size).map(|(price, size)| (price.get(), size.get()));
    let ask = data.sell.zip(data.ask_size).map(|(price, size)| (price.get(), size.get()));
    Ok(Word::Top(place, quote(bid, ask, lane, off)?))
}

/// A quote of two sides; `None` where one is missing.
fn quote(
    bid: Option<(&str, &str)>,
    ask: Option<(&str, &str)>,
    lane: &Lane,
    off: &mut bool,
) -> Result<Option<Quote>, Reason> {
    let (Some((bid, bid_size)), Some((ask, ask_size))) = (bid, ask) else { return Ok(None) };
    Ok(Some(Quote {
        bid: lane.price("best bid", bid.as_bytes(), off)?,
        bid_size: lane.size("best bid's size", bid_size.as_bytes(), off)?,
        ask: lane.price("best ask", ask.as_bytes(), off)?,
        ask_size: lane.size("best ask's size", ask_size.as_bytes(), off)?,
    }))
}

/// A public trade and the number that identifies it.
pub(super) fn trade(
    print: &Match<'_>,
    lane: &Lane,
    off: &mut bool,
) -> Result<(i64, Trade), Reason> {
    let price = lane.price("price", print.price.as_bytes(), off)?;
    let size = lane.size("size", print.size.as_bytes(), off)?;
    let aggressor = Some(print.side.parse::<Side>()?);
    Ok((print.sequence.0, Trade { price, size, aggressor }))
}

/// A candle; the venue's order is open, close, high, low.
pub(super) fn candle(candles: &Candles<'_>, lane: &Lane, off: &mut bool) -> Result<Candle, Reason> {
    let [start, open, close, high, low, volume, ..] = candles.candles.as_slice() else {
        return Err(format!("a candle of {} fields", candles.candles.len()));
    };
    let start = integer(start.as_bytes()).filter(|seconds| *seconds <= SECONDS_MAX);
    let start = start.ok_or("a candle's start is not a number of seconds")?;
    let mut price = |what, text: &Field<'_>| lane.price(what, text.as_bytes(), off);
    let candle = Candle {
        open_at: Timestamp::from_us(start * 1_000_000),
        open: price("open", open)?,
        close: price("close", close)?,
        high: price("high", high)?,
        low: price("low", low)?,
        volume: lane.size("volume", volume.as_bytes(), off)?,
    };
    if candle.open.max(candle.close) > candle.high || candle.open.min(candle.close) < candle.low {
        return Err("inconsistent candle: low <= open, close <= high does not hold".to_owned());
    }
    Ok(candle)
}
