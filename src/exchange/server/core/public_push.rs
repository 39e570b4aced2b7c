//! The data of public pushes: what KuCoin's samples have, written from the published state of a pair.

use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::decimal::Decimal;
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::book::Level;
use crate::exchange::kucoin::protocol::candle::CandleRow;

use super::bar::Bar;
use super::figures::Figures;
use super::ladder::LevelChange;
use super::pair::Pair;
use super::record::quote;
use super::tape::Print;

/// Nanoseconds in a microsecond.
const US_NS: i64 = 1_000;

/// `/market/ticker`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TickerData {
    sequence: String,
    price: Option<Decimal>,
    size: Option<Decimal>,
    best_ask: Option<Decimal>,
    best_ask_size: Option<Decimal>,
    best_bid: Option<Decimal>,
    best_bid_size: Option<Decimal>,
    time: i64,
}

/// `/spotMarket/level1`.
#[derive(Debug, Serialize)]
pub(super) struct Level1Data {
    asks: Option<Level>,
    bids: Option<Level>,
    timestamp: i64,
}

/// `/spotMarket/level2Depth5` and `50`.
#[derive(Debug, Serialize)]
pub(super) struct DepthData {
    asks: Vec<Level>,
    bids: Vec<Level>,
    timestamp: i64,
}

/// `/market/level2`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Level2Data<'a> {
    changes: Changes,
    sequence_end: i64,
    sequence_start: i64,
    symbol: &'a str,
    time: i64,
}

#[derive(Debug, Serialize)]
struct Changes {
    asks: Vec<(Decimal, Decimal, String)>,
    bids: Vec<(Decimal, Decimal, String)>,
}

/// `/market/match`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MatchData<'a> {
    maker_order_id: &'a str,
    price: Decimal,
    sequence: String,
    side: Side,
    size: Decimal,
    symbol: &'a str,
    taker_order_id: &'a str,
    time: String,
    trade_id: String,
    r#type: &'static str,
}

/// `/market/candles`.
#[derive(Debug, Serialize)]
pub(super) struct CandleData<'a> {
    symbol: &'a str,
    candles: CandleRow,
    time: i64,
}

/// `/market/snapshot`.
#[derive(Debug, Serialize)]
pub(super) struct SnapshotData<'a> {
    sequence: String,
    data: SnapshotFigures<'a>,
}

/// A decimal as a JSON number.
#[derive(Debug)]
struct Figure(Decimal);

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?;
        text.serialize(serializer)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotFigures<'a> {
    ask_size: Option<Figure>,
    average_price: Option<Figure>,
    base_currency: &'a str,
    bid_size: Option<Figure>,
    board: i64,
    buy: Option<Figure>,
    change_price: Option<Figure>,
    change_rate: Option<Figure>,
    close: Option<Figure>,
    datetime: i64,
    high: Option<Figure>,
    last_traded_price: Option<Figure>,
    low: Option<Figure>,
    maker_coefficient: Figure,
    maker_fee_rate: Figure,
    margin_trade: bool,
    mark: i64,
    market: &'a str,
    market_change1h: WindowFigures,
    market_change4h: WindowFigures,
    market_change24h: WindowFigures,
    markets: [&'a str; 1],
    open: Option<Figure>,
    quote_currency: &'a str,
    sell: Option<Figure>,
    site_types: [&'static str; 1],
    sort: i64,
    symbol: &'a str,
    symbol_code: &'a str,
    taker_coefficient: Figure,
    taker_fee_rate: Figure,
    trading: bool,
    vol: Figure,
    vol_value: Figure,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WindowFigures {
    change_price: Option<Figure>,
    change_rate: Option<Figure>,
    high: Option<Figure>,
    low: Option<Figure>,
    open: Option<Figure>,
    vol: Figure,
    vol_value: Figure,
}

impl WindowFigures {
    fn of(figures: &Figures) -> Self {
        Self {
            change_price: figures.change().map(Figure),
            change_rate: figures.change_rate().map(Figure),
            high: figures.high.map(Figure),
            low: figures.low.map(Figure),
            open: figures.open.map(Figure),
            vol: Figure(figures.volume),
            vol_value: Figure(figures.turnover),
        }
    }
}

/// Best price and its size, in quote and base.
pub(super) fn best(pair: &Pair, side: Side) -> Option<(Decimal, Decimal)> {
    pair.ladder.best(side).map(|level| units(&pair.instrument, level))
}

/// At most so many levels of a side, best first.
pub(super) fn levels(pair: &Pair, side: Side, count: usize) -> Vec<Level> {
    let levels = pair.ladder.levels(side).take(count);
    levels.map(|level| to_level(&pair.instrument, level)).collect()
}

fn units(instrument: &Instrument, (price, size): (Ticks, Lots)) -> (Decimal, Decimal) {
    (instrument.price_of(price), instrument.quantity_of(size))
}

fn to_level(instrument: &Instrument, level: (Ticks, Lots)) -> Level {
    let (price, size) = units(instrument, level);
    Level(price, size)
}

/// The data of a ticker push.
pub(super) fn ticker(pair: &Pair, now: Timestamp) -> TickerData {
    let (bid, ask) = (best(pair, Side::Buy), best(pair, Side::Sell));
    let last = pair.tape.last();
    TickerData {
        sequence: pair.ladder.sequence().to_string(),
        price: last.map(|print| pair.instrument.price_of(print.price)),
        size: last.map(|print| pair.instrument.quantity_of(print.size)),
        best_ask: ask.map(|(price, _)| price),
        best_ask_size: ask.map(|(_, size)| size),
        best_bid: bid.map(|(price, _)| price),
        best_bid_size: bid.map(|(_, size)| size),
        time: now.ms(),
    }
}

/// The data of a push of the best prices.
pub(super) fn level1(pair: &Pair, now: Timestamp) -> Level1Data {
    let best = |side| pair.ladder.best(side).map(|level| to_level(&pair.instrument, level));
    Level1Data { asks: best(Side::Sell), bids: best(Side::Buy), timestamp: now.ms() }
}

/// The data of a push of so many levels.
pub(super) fn depth(pair: &Pair, count: usize, now: Timestamp) -> DepthData {
    DepthData {
        asks: levels(pair, Side::Sell, count),
        bids: levels(pair, Side::Buy, count),
        timestamp: now.ms(),
    }
}

/// The data of a push of changes, of which there is one at least.
pub(super) fn level2<'a>(
    pair: &'a Pair,
    changes: &[LevelChange],
    now: Timestamp,
) -> Option<Level2Data<'a>> {
    let instrument = &pair.instrument;
    let of = |side: Side| {
        let of_side = changes.iter().filter(|change| change.side == side);
        let row = |change: &LevelChange| {
            let (price, size) = units(instrument, (change.price, change.size));
            (price, size, change.sequence.to_string())
        };
        of_side.map(row).collect()
    };
    Some(Level2Data {
        changes: Changes { asks: of(Side::Sell), bids: of(Side::Buy) },
        sequence_end: changes.last()?.sequence,
        sequence_start: changes.first()?.sequence,
        symbol: instrument.spec().symbol.as_str(),
        time: now.ms(),
    })
}

/// The data of a trade's push. `orders` are the taker's and the maker's.
pub(super) fn trade<'a>(
    pair: &'a Pair,
    print: &Print,
    (taker, maker): (&'a str, &'a str),
) -> MatchData<'a> {
    MatchData {
        maker_order_id: maker,
        price: pair.instrument.price_of(print.price),
        sequence: print.trade_id.to_string(),
        side: print.side,
        size: pair.instrument.quantity_of(print.size),
        symbol: pair.instrument.spec().symbol.as_str(),
        taker_order_id: taker,
        time: print.at.us().saturating_mul(US_NS).to_string(),
        trade_id: print.trade_id.to_string(),
        r#type: "match",
    }
}

/// The data of a candle's push.
pub(super) fn candle<'a>(pair: &'a Pair, bar: &Bar, now: Timestamp) -> CandleData<'a> {
    CandleData {
        symbol: pair.instrument.spec().symbol.as_str(),
        candles: bar.row(&pair.instrument),
        time: now.us().saturating_mul(US_NS),
    }
}

/// The data of a snapshot's push, from the figures of 1, 4 and 24 hours.
pub(super) fn snapshot<'a>(
    pair: &'a Pair,
    [hour, hours, day]: &[Figures; 3],
    now: Timestamp,
) -> SnapshotData<'a> {
    let (bid, ask) = (best(pair, Side::Buy), best(pair, Side::Sell));
    let last = pair.tape.last().map(|print| pair.instrument.price_of(print.price)).or(day.last);
    let symbol = pair.instrument.spec().symbol.as_str();
    let base = symbol.rsplit_once('-').map_or(symbol, |(base, _)| base);
    let (maker_coefficient, taker_coefficient) = pair.listing.coefficients();
    let tier = crate::domain::instrument::FeeClass::A.rate();
    let data = SnapshotFigures {
        ask_size: ask.map(|(_, size)| Figure(size)),
        average_price: day.average().map(Figure),
        base_currency: base,
        bid_size: bid.map(|(_, size)| Figure(size)),
        board: 1,
        buy: bid.map(|(price, _)| Figure(price)),
        change_price: day.change().map(Figure),
        change_rate: day.change_rate().map(Figure),
        close: last.map(Figure),
        datetime: now.ms(),
        high: day.high.map(Figure),
        last_traded_price: last.map(Figure),
        low: day.low.map(Figure),
        maker_coefficient: Figure(maker_coefficient),
        maker_fee_rate: Figure(tier),
        margin_trade: false,
        mark: 0,
        market: pair.listing.group(),
        market_change1h: WindowFigures::of(hour),
        market_change4h: WindowFigures::of(hours),
        market_change24h: WindowFigures::of(day),
        markets: [pair.listing.group()],
        open: day.open.map(Figure),
        quote_currency: quote(&pair.instrument),
        sell: ask.map(|(price, _)| Figure(price)),
        site_types: ["global"],
        sort: 100,
        symbol,
        symbol_code: symbol,
        taker_coefficient: Figure(taker_coefficient),
        taker_fee_rate: Figure(tier),
        trading: pair.listing.trading && pair.listing.listed,
        vol: Figure(day.volume),
        vol_value: Figure(day.turnover),
    };
    SnapshotData { sequence: pair.ladder.sequence().to_string(), data }
}
