//! A recorded KuCoin websocket session: tickers become quotes, matches prints, level2 updates wait
//! for a snapshot (see `level2`), candles come out when the next one begins.
//!
//! Instants are those of reception. Repeated match sequences are duplicates; a jump between them is
//! no gap, for the venue numbers all changes of a book together.

use std::collections::BTreeMap;

use super::fields::Lane;
use super::number::{Reason, integer};
use super::record::{BookKind, BookMessage, Level, Pending, Record, say};
use super::recording::{
    Body, Candles, Head, Level2Update, Line, Match, Ticker, parse, received_at,
};
use super::roster::Gathering;
use super::top_rows::admit;
use crate::domain::market_data::{Candle, MarketData, Quote, Trade};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;

/// The parser's place in the recording.
#[derive(Debug)]
pub(super) struct Session {
    lanes: BTreeMap<String, Lane>,
    last: Timestamp,
    /// Last match sequence by symbol.
    matches: BTreeMap<String, i64>,
    /// The running candle by symbol and interval.
    candles: BTreeMap<String, Candle>,
}

/// A topic that ibis reads, with its symbol.
enum Topic<'a> {
    Ticker(&'a str),
    Match(&'a str),
    Level2(&'a str),
    /// `SYMBOL_INTERVAL`, and the symbol alone.
    Candles(&'a str, &'a str),
}

impl Session {
    pub(super) fn new(lanes: BTreeMap<String, Lane>) -> Self {
        let (matches, candles) = (BTreeMap::new(), BTreeMap::new());
        Self { lanes, last: Timestamp::from_us(i64::MIN), matches, candles }
    }

    /// Takes a message in, gives what it says out.
    pub(super) fn row(
        &mut self,
        row: &[u8],
        count: &mut FeedCount,
        out: &mut Pending,
    ) -> Result<(), Reason> {
        let at = received_at(row)?;
        let head = parse::<Line<Head<'_>>>(row)?.msg;
        let Some(topic) = head.topic.and_then(topic_of) else {
            count.ignored += 1;
            return Ok(());
        };
        if at < self.last {
            count.time_backwards += 1;
            return Ok(());
        }
        self.last = at;
        let lane = self.lane(topic.symbol())?;
        match topic {
            Topic::Ticker(_) => ticker(row, &lane, at, count, out),
            Topic::Match(symbol) => self.print(row, symbol, at, count, out),
            Topic::Level2(_) => {
                let mut off_grid = false;
                let message = update(row, &lane, &mut off_grid)?;
                count.off_grid += u64::from(off_grid);
                out.push_back(Record::Book(at, Box::new(message)));
                Ok(())
            }
            Topic::Candles(key, _) => {
                let mut off_grid = false;
                let candle = candle(row, &lane, &mut off_grid)?;
                count.off_grid += u64::from(off_grid);
                let before = self.candles.insert(key.to_owned(), candle);
                if let Some(closed) = before.filter(|before| before.open_at < candle.open_at) {
                    say(out, at, lane.id, MarketData::Candle(closed));
                }
                Ok(())
            }
        }
    }

    fn print(
        &mut self,
        row: &[u8],
        symbol: &str,
        at: Timestamp,
        count: &mut FeedCount,
        out: &mut Pending,
    ) -> Result<(), Reason> {
        let lane = self.lane(symbol)?;
        let print = parse::<Line<Body<Match<'_>>>>(row)?.msg.data;
        let sequence = integer(print.sequence.as_bytes()).ok_or("sequence is not a number")?;
        if self.matches.insert(symbol.to_owned(), sequence) == Some(sequence) {
            count.duplicates += 1;
            return Ok(());
        }
        let mut off_grid = false;
        let price = lane.price("price", print.price.as_bytes(), &mut off_grid)?;
        let size = lane.size("size", print.size.as_bytes(), &mut off_grid)?;
        count.off_grid += u64::from(off_grid);
        let aggressor = Some(print.side.parse::<Side>()?);
        if size.is_zero() {
            count.ignored += 1;
        } else {
            say(out, at, lane.id, MarketData::Trade(Trade { price, size, aggressor }));
        }
        Ok(())
    }

    fn lane(&self, symbol: &str) -> Result<Lane, Reason> {
        self.lanes.get(symbol).copied().ok_or_else(|| format!("symbol {symbol:?} is not known"))
    }
}

impl<'a> Topic<'a> {
    fn symbol(&self) -> &'a str {
        match self {
            Self::Ticker(symbol) | Self::Match(symbol) | Self::Level2(symbol) => symbol,
            Self::Candles(_, symbol) => symbol,
        }
    }
}

fn topic_of(topic: &str) -> Option<Topic<'_>> {
    let (kind, symbol) = topic.split_once(':')?;
    match kind {
        "/market/ticker" if symbol != "all" => Some(Topic::Ticker(symbol)),
        "/market/match" => Some(Topic::Match(symbol)),
        "/market/level2" => Some(Topic::Level2(symbol)),
        "/market/candles" => Some(Topic::Candles(symbol, symbol.split_once('_')?.0)),
        _ => None,
    }
}

fn ticker(
    row: &[u8],
    lane: &Lane,
    at: Timestamp,
    count: &mut FeedCount,
    out: &mut Pending,
) -> Result<(), Reason> {
    let ticker = parse::<Line<Body<Ticker<'_>>>>(row)?.msg.data;
    let (Some(bid), Some(bid_size), Some(ask), Some(ask_size)) =
        (ticker.best_bid, ticker.best_bid_size, ticker.best_ask, ticker.best_ask_size)
    else {
        count.ignored += 1;
        return Ok(());
    };
    let mut off_grid = false;
    let quote = Quote {
        bid: lane.price("bestBid", bid.as_bytes(), &mut off_grid)?,
        bid_size: lane.size("bestBidSize", bid_size.as_bytes(), &mut off_grid)?,
        ask: lane.price("bestAsk", ask.as_bytes(), &mut off_grid)?,
        ask_size: lane.size("bestAskSize", ask_size.as_bytes(), &mut off_grid)?,
    };
    count.off_grid += u64::from(off_grid);
    if let Some(quote) = admit(quote, count) {
        say(out, at, lane.id, MarketData::Quote(quote));
    }
    Ok(())
}

fn update(row: &[u8], lane: &Lane, off_grid: &mut bool) -> Result<BookMessage, Reason> {
    let update = parse::<Line<Body<Level2Update<'_>>>>(row)?.msg.data;
    // The venue's documentation prints the two swapped in places.
    let first = update.sequence_start.min(update.sequence_end);
    let last = update.sequence_start.max(update.sequence_end);
    let mut levels = Vec::with_capacity(update.changes.asks.len() + update.changes.bids.len());
    for (side, changes) in [(Side::Sell, update.changes.asks), (Side::Buy, update.changes.bids)] {
        for change in changes {
            levels.extend(level(side, &change, last, lane, off_grid)?);
        }
    }
    Ok(BookMessage { instrument: lane.id, kind: BookKind::Update { first, last }, levels })
}

/// A level `[price, size]` or `[price, size, sequence]`; none for price 0, a mere sequence marker.
pub(super) fn level(
    side: Side,
    fields: &[&str],
    sequence: i64,
    lane: &Lane,
    off_grid: &mut bool,
) -> Result<Option<Level>, Reason> {
    let (price, size, sequence) = match fields {
        ["0", ..] => return Ok(None),
        [price, size] => (price, size, sequence),
        [price, size, own] => {
            (price, size, integer(own.as_bytes()).ok_or("a level's sequence is not a number")?)
        }
        _ => return Err(format!("a level of {} fields", fields.len())),
    };
    let price = lane.price("price", price.as_bytes(), off_grid)?;
    let size = lane.size("size", size.as_bytes(), off_grid)?;
    Ok(Some(Level { side, price, size, sequence }))
}

fn candle(row: &[u8], lane: &Lane, off_grid: &mut bool) -> Result<Candle, Reason> {
    let candles = parse::<Line<Body<Candles<'_>>>>(row)?.msg.data.candles;
    let [start, open, close, high, low, volume, ..] = candles[..] else {
        return Err(format!("a candle of {} fields", candles.len()));
    };
    let start = integer(start.as_bytes()).and_then(|seconds| seconds.checked_mul(1_000_000));
    let mut price = |what, text: &str| lane.price(what, text.as_bytes(), off_grid);
    let candle = Candle {
        open_at: Timestamp::from_us(start.ok_or("a candle's start is not a number of seconds")?),
        open: price("open", open)?,
        close: price("close", close)?,
        high: price("high", high)?,
        low: price("low", low)?,
        volume: lane.size("volume", volume.as_bytes(), off_grid)?,
    };
    if candle.open.max(candle.close) > candle.high || candle.open.min(candle.close) < candle.low {
        return Err("inconsistent candle: low <= open, close <= high does not hold".to_owned());
    }
    Ok(candle)
}

/// Learns a message's symbol, and its numbers where no symbol list gives the grid.
pub(super) fn gather(row: &[u8], gathering: &mut Gathering) -> Result<(), Reason> {
    let head = parse::<Line<Head<'_>>>(row)?.msg;
    let Some(topic) = head.topic.and_then(topic_of) else { return Ok(()) };
    if gathering.knows(topic.symbol()) {
        return Ok(());
    }
    let symbol = Symbol::new(topic.symbol()).map_err(|error| format!("symbol {error}"))?;
    let seen = gathering.seen(symbol);
    match topic {
        Topic::Ticker(_) => {
            let ticker = parse::<Line<Body<Ticker<'_>>>>(row)?.msg.data;
            [ticker.best_bid, ticker.best_ask]
                .into_iter()
                .flatten()
                .for_each(|text| seen.price(text));
            [ticker.best_bid_size, ticker.best_ask_size]
                .into_iter()
                .flatten()
                .for_each(|text| seen.size(text));
        }
        Topic::Match(_) => {
            let print = parse::<Line<Body<Match<'_>>>>(row)?.msg.data;
            seen.price(print.price);
            seen.size(print.size);
        }
        Topic::Level2(_) => {
            let changes = parse::<Line<Body<Level2Update<'_>>>>(row)?.msg.data.changes;
            for level in changes.bids.iter().chain(&changes.asks) {
                if let [price, size, ..] = level[..] {
                    seen.price(price);
                    seen.size(size);
                }
            }
        }
        Topic::Candles(..) => {
            let candles = parse::<Line<Body<Candles<'_>>>>(row)?.msg.data.candles;
            candles.iter().skip(1).take(4).for_each(|text| seen.price(text));
            candles.get(5).iter().for_each(|text| seen.size(text));
        }
    }
    Ok(())
}
