//! Tickers: best prices and 24 hours in figures. Pairs that do not trade have none of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::integer_text;
use super::number;
use super::page::null_is_empty;
use super::wire_text::{WireText, owned_by_field};
use crate::domain::decimal::Decimal;

/// Every pair's ticker.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AllTickers<'a> {
    /// In milliseconds.
    pub time: i64,
    /// A ticker a pair.
    #[serde(borrow, default, deserialize_with = "null_is_empty")]
    pub ticker: Vec<Ticker<'a>>,
}

owned_by_field!(AllTickers { time, ticker });

/// A pair's ticker.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticker<'a> {
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// The pair as it is displayed.
    #[serde(borrow, default)]
    pub symbol_name: Option<WireText<'a>>,
    /// Best bid.
    #[serde(default, with = "number::optional")]
    pub buy: Option<Decimal>,
    /// Size at the best bid, in base.
    #[serde(default, with = "number::optional")]
    pub best_bid_size: Option<Decimal>,
    /// Best ask.
    #[serde(default, with = "number::optional")]
    pub sell: Option<Decimal>,
    /// Size at the best ask, in base.
    #[serde(default, with = "number::optional")]
    pub best_ask_size: Option<Decimal>,
    /// Change in 24 hours, as a fraction.
    #[serde(default, with = "number::statistic")]
    pub change_rate: Option<Decimal>,
    /// Change in 24 hours, in quote.
    #[serde(default, with = "number::statistic")]
    pub change_price: Option<Decimal>,
    /// Highest price in 24 hours.
    #[serde(default, with = "number::statistic")]
    pub high: Option<Decimal>,
    /// Lowest price in 24 hours.
    #[serde(default, with = "number::statistic")]
    pub low: Option<Decimal>,
    /// Volume of 24 hours, in base.
    #[serde(default, with = "number::statistic")]
    pub vol: Option<Decimal>,
    /// Turnover of 24 hours, in quote.
    #[serde(default, with = "number::statistic")]
    pub vol_value: Option<Decimal>,
    /// Price of the last trade.
    #[serde(default, with = "number::optional")]
    pub last: Option<Decimal>,
    /// Average price of 24 hours.
    #[serde(default, with = "number::statistic")]
    pub average_price: Option<Decimal>,
    /// Before the coefficient.
    #[serde(default, with = "number::optional")]
    pub taker_fee_rate: Option<Decimal>,
    /// Before the coefficient.
    #[serde(default, with = "number::optional")]
    pub maker_fee_rate: Option<Decimal>,
    /// Times the taker rate.
    #[serde(default, with = "number::optional")]
    pub taker_coefficient: Option<Decimal>,
    /// Times the maker rate.
    #[serde(default, with = "number::optional")]
    pub maker_coefficient: Option<Decimal>,
}

owned_by_field!(Ticker {
    symbol,
    symbol_name,
    buy,
    best_bid_size,
    sell,
    best_ask_size,
    change_rate,
    change_price,
    high,
    low,
    vol,
    vol_value,
    last,
    average_price,
    taker_fee_rate,
    maker_fee_rate,
    taker_coefficient,
    maker_coefficient,
});

/// 24 hours of one pair.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats<'a> {
    /// In milliseconds.
    pub time: i64,
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// Best bid.
    #[serde(default, with = "number::optional")]
    pub buy: Option<Decimal>,
    /// Best ask.
    #[serde(default, with = "number::optional")]
    pub sell: Option<Decimal>,
    /// Change, as a fraction.
    #[serde(default, with = "number::statistic")]
    pub change_rate: Option<Decimal>,
    /// Change, in quote.
    #[serde(default, with = "number::statistic")]
    pub change_price: Option<Decimal>,
    /// Highest price.
    #[serde(default, with = "number::statistic")]
    pub high: Option<Decimal>,
    /// Lowest price.
    #[serde(default, with = "number::statistic")]
    pub low: Option<Decimal>,
    /// Volume, in base.
    #[serde(default, with = "number::statistic")]
    pub vol: Option<Decimal>,
    /// Turnover, in quote.
    #[serde(default, with = "number::statistic")]
    pub vol_value: Option<Decimal>,
    /// Price of the last trade.
    #[serde(default, with = "number::optional")]
    pub last: Option<Decimal>,
    /// Average price.
    #[serde(default, with = "number::statistic")]
    pub average_price: Option<Decimal>,
    /// Before the coefficient.
    #[serde(default, with = "number::optional")]
    pub taker_fee_rate: Option<Decimal>,
    /// Before the coefficient.
    #[serde(default, with = "number::optional")]
    pub maker_fee_rate: Option<Decimal>,
    /// Times the taker rate.
    #[serde(default, with = "number::optional")]
    pub taker_coefficient: Option<Decimal>,
    /// Times the maker rate.
    #[serde(default, with = "number::optional")]
    pub maker_coefficient: Option<Decimal>,
}

owned_by_field!(Stats {
    time,
    symbol,
    buy,
    sell,
    change_rate,
    change_price,
    high,
    low,
    vol,
    vol_value,
    last,
    average_price,
    taker_fee_rate,
    maker_fee_rate,
    taker_coefficient,
    maker_coefficient,
});

/// Best bid and ask of one pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Level1 {
    /// In milliseconds.
    pub time: i64,
    /// Of the book; text on the wire.
    #[serde(with = "integer_text")]
    pub sequence: i64,
    /// Price of the last trade.
    #[serde(default, with = "number::optional")]
    pub price: Option<Decimal>,
    /// Size of the last trade, in base.
    #[serde(default, with = "number::optional")]
    pub size: Option<Decimal>,
    /// Best bid.
    #[serde(default, with = "number::optional")]
    pub best_bid: Option<Decimal>,
    /// Size at the best bid, in base.
    #[serde(default, with = "number::optional")]
    pub best_bid_size: Option<Decimal>,
    /// Best ask.
    #[serde(default, with = "number::optional")]
    pub best_ask: Option<Decimal>,
    /// Size at the best ask, in base.
    #[serde(default, with = "number::optional")]
    pub best_ask_size: Option<Decimal>,
}

/// Prices in a fiat currency, by currency. For display: the venue computes them with floats.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FiatPrices<'a>(#[serde(borrow)] pub BTreeMap<WireText<'a>, FiatPrice>);

/// A price in a fiat currency, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FiatPrice(#[serde(with = "number::statistic")] pub Option<Decimal>);
