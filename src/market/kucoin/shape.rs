//! The shapes of KuCoin's public pushes and of the answers that belong to them.
//!
//! Fields that ibis does not use are passed over. Numbers stay text until an instrument's grid takes
//! them. Any field of a ticker is null for a dead pair.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::field::{Field, Sequence};
use crate::market::number::Reason;

/// Parses a text into one of the shapes below.
pub(in crate::market) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Reason> {
    serde_json::from_str(text).map_err(|error| format!("not a KuCoin message: {error}"))
}

/// What a frame is about; its content stays text until the topic says what it is.
#[derive(Debug, Deserialize)]
pub(in crate::market) struct Head<'a> {
    #[serde(borrow)]
    pub(in crate::market) topic: Option<Field<'a>>,
    #[serde(borrow)]
    pub(in crate::market) subject: Option<Field<'a>>,
    #[serde(borrow)]
    pub(in crate::market) data: Option<&'a RawValue>,
}

/// `/market/ticker`. One official sample writes `Time`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::market) struct Ticker<'a> {
    pub(in crate::market) sequence: Option<Sequence>,
    #[serde(borrow)]
    pub(in crate::market) best_bid: Option<Field<'a>>,
    #[serde(borrow)]
    pub(in crate::market) best_bid_size: Option<Field<'a>>,
    #[serde(borrow)]
    pub(in crate::market) best_ask: Option<Field<'a>>,
    #[serde(borrow)]
    pub(in crate::market) best_ask_size: Option<Field<'a>>,
    pub(in crate::market) time: Option<i64>,
    #[serde(rename = "Time")]
    pub(in crate::market) time_too: Option<i64>,
}

/// `/spotMarket/level1`: one flat `[price, size]` a side, empty where the side is.
#[derive(Debug, Deserialize)]
pub(in crate::market) struct Level1<'a> {
    #[serde(borrow)]
    pub(in crate::market) asks: Vec<Field<'a>>,
    #[serde(borrow)]
    pub(in crate::market) bids: Vec<Field<'a>>,
    pub(in crate::market) timestamp: Option<i64>,
}

/// `/spotMarket/level2Depth5` and `Depth50`: the whole top of the book.
#[derive(Debug, Deserialize)]
pub(in crate::market) struct Depth<'a> {
    #[serde(borrow)]
    pub(in crate::market) asks: Vec<Vec<Field<'a>>>,
    #[serde(borrow)]
    pub(in crate::market) bids: Vec<Vec<Field<'a>>>,
    pub(in crate::market) timestamp: Option<i64>,
}

/// `/market/match` and one entry of the trade history's answer: the side is the taker's.
#[derive(Debug, Deserialize)]
pub(in crate::market) struct Match<'a> {
    pub(in crate::market) sequence: Sequence,
    #[serde(borrow)]
    pub(in crate::market) side: Field<'a>,
    #[serde(borrow)]
    pub(in crate::market) price: Field<'a>,
    #[serde(borrow)]
    pub(in crate::market) size: Field<'a>,
}

/// `/market/candles`: start in seconds, open, close, high, low, volume, turnover.
#[derive(Debug, Deserialize)]
pub(in crate::market) struct Candles<'a> {
    #[serde(borrow)]
    pub(in crate::market) candles: Vec<Field<'a>>,
}

/// `/market/level2`: absolute sizes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::market) struct Level2<'a> {
    pub(in crate::market) sequence_start: Sequence,
    pub(in crate::market) sequence_end: Sequence,
    #[serde(borrow)]
    pub(in crate::market) changes: Changes<'a>,
}

/// Levels by side, each `[price, size, sequence]`.
#[derive(Debug, Deserialize)]
pub(in crate::market) struct Changes<'a> {
    #[serde(borrow)]
    pub(in crate::market) asks: Vec<Vec<Field<'a>>>,
    #[serde(borrow)]
    pub(in crate::market) bids: Vec<Vec<Field<'a>>>,
}

/// `/market/snapshot`: its content is one level down.
#[derive(Debug, Deserialize)]
pub(in crate::market) struct Snapshot<'a> {
    pub(in crate::market) sequence: Option<Sequence>,
    #[serde(borrow)]
    pub(in crate::market) data: SnapshotData<'a>,
}

/// Numbers without quotes, some with twenty places: their text is taken, never their float.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::market) struct SnapshotData<'a> {
    #[serde(borrow)]
    pub(in crate::market) symbol: Field<'a>,
    #[serde(borrow)]
    pub(in crate::market) buy: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::market) bid_size: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::market) sell: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::market) ask_size: Option<&'a RawValue>,
    pub(in crate::market) datetime: Option<i64>,
}

/// A book's answer, whole or in part: levels `[price, size]`, best first.
#[derive(Debug, Deserialize)]
pub(in crate::market) struct BookAnswer<'a> {
    pub(in crate::market) sequence: Sequence,
    #[serde(borrow)]
    pub(in crate::market) asks: Vec<Vec<Field<'a>>>,
    #[serde(borrow)]
    pub(in crate::market) bids: Vec<Vec<Field<'a>>>,
}
