//! The shapes of recorded KuCoin messages, one JSON object a line.
//!
//! Both recordings begin `{"recv":SECONDS,`: the instant of reception as a decimal number. It is read
//! from the text, exactly to the microsecond, never through a float. Prices, sizes and most numbers
//! are JSON strings; fields that ibis does not use are passed over.

use serde::Deserialize;

use super::number::{Grid, Reason, Rounding};
use crate::domain::time::Timestamp;

/// When a line was received.
pub(super) fn received_at(line: &[u8]) -> Result<Timestamp, Reason> {
    let missing = || "does not begin with {\"recv\":SECONDS,".to_owned();
    let rest = line.strip_prefix(b"{\"recv\":").ok_or_else(missing)?;
    let end = rest.iter().position(|&byte| byte == b',').ok_or_else(missing)?;
    let (us, _) = Grid::MICROSECONDS
        .count(rest[..end].trim_ascii(), Rounding::Down)
        .map_err(|reason| format!("recv {reason}"))?;
    Ok(Timestamp::from_us(us))
}

/// Parses a line into one of the shapes below.
pub(super) fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, Reason> {
    serde_json::from_slice(line).map_err(|error| format!("not a recorded KuCoin message: {error}"))
}

/// A whole line around one shape of `msg`.
#[derive(Debug, Deserialize)]
pub(super) struct Line<M> {
    pub(super) msg: M,
}

/// What a websocket message is about.
#[derive(Debug, Deserialize)]
pub(super) struct Head<'a> {
    pub(super) topic: Option<&'a str>,
}

/// A message's content.
#[derive(Debug, Deserialize)]
pub(super) struct Body<D> {
    pub(super) data: D,
}

/// `/market/ticker`: any field is null for a dead pair.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticker<'a> {
    pub(super) best_bid: Option<&'a str>,
    pub(super) best_bid_size: Option<&'a str>,
    pub(super) best_ask: Option<&'a str>,
    pub(super) best_ask_size: Option<&'a str>,
}

/// `/market/match`: the side is the taker's.
#[derive(Debug, Deserialize)]
pub(super) struct Match<'a> {
    pub(super) sequence: &'a str,
    pub(super) side: &'a str,
    pub(super) price: &'a str,
    pub(super) size: &'a str,
}

/// `/market/candles`: start in seconds, open, close, high, low, volume, turnover.
#[derive(Debug, Deserialize)]
pub(super) struct Candles<'a> {
    #[serde(borrow)]
    pub(super) candles: Vec<&'a str>,
}

/// `/market/level2`: absolute sizes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Level2Update<'a> {
    pub(super) sequence_start: i64,
    pub(super) sequence_end: i64,
    #[serde(borrow)]
    pub(super) changes: Changes<'a>,
}

/// Levels by side, each `[price, size, sequence]`.
#[derive(Debug, Deserialize)]
pub(super) struct Changes<'a> {
    #[serde(borrow)]
    pub(super) asks: Vec<Vec<&'a str>>,
    #[serde(borrow)]
    pub(super) bids: Vec<Vec<&'a str>>,
}

/// What a REST answer was asked by.
#[derive(Debug, Deserialize)]
pub(super) struct Request<'a> {
    pub(super) path: &'a str,
}

/// `/api/v3/market/orderbook/level2`: levels `[price, size]`.
#[derive(Debug, Deserialize)]
pub(super) struct FullBook<'a> {
    pub(super) sequence: &'a str,
    #[serde(borrow)]
    pub(super) asks: Vec<Vec<&'a str>>,
    #[serde(borrow)]
    pub(super) bids: Vec<Vec<&'a str>>,
}

/// One entry of `/api/v1/symbols` or `/api/v2/symbols`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedSymbol<'a> {
    pub(super) symbol: &'a str,
    pub(super) base_min_size: &'a str,
    pub(super) base_max_size: &'a str,
    pub(super) base_increment: &'a str,
    pub(super) price_increment: &'a str,
    /// Absent or null before 2022; `quoteMinSize` says it then.
    pub(super) min_funds: Option<&'a str>,
    pub(super) quote_min_size: &'a str,
    /// 1, 2 or 3 for class A, B or C; absent before 2022.
    pub(super) fee_category: Option<u8>,
}
