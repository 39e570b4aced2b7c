//! Books as they are queried: a part, the whole, that of an opening auction.

use serde::{Deserialize, Serialize};

use super::integer_text;
use super::number;
use super::page::null_is_empty;
use super::wire_text::{WireText, owned_by_field};
use crate::domain::decimal::Decimal;

/// A price and what is offered there, in base. `["66976.4","0.69109872"]` on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Level(
    /// The price, in quote.
    #[serde(with = "number")]
    pub Decimal,
    /// The size, in base.
    #[serde(with = "number")]
    pub Decimal,
);

/// A book.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Book {
    /// In milliseconds.
    pub time: i64,
    /// What the pushes that follow are counted from; text on the wire.
    #[serde(with = "integer_text")]
    pub sequence: i64,
    /// Highest first.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub bids: Vec<Level>,
    /// Lowest first.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub asks: Vec<Level>,
}

/// What an opening auction would come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuctionData<'a> {
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// The price it would open at.
    #[serde(default, with = "number::optional")]
    pub estimated_price: Option<Decimal>,
    /// The size it would open with, in base.
    #[serde(default, with = "number::optional")]
    pub estimated_size: Option<Decimal>,
    /// Lowest price of sells.
    #[serde(default, with = "number::optional")]
    pub sell_order_range_low_price: Option<Decimal>,
    /// Highest price of sells.
    #[serde(default, with = "number::optional")]
    pub sell_order_range_high_price: Option<Decimal>,
    /// Lowest price of buys.
    #[serde(default, with = "number::optional")]
    pub buy_order_range_low_price: Option<Decimal>,
    /// Highest price of buys.
    #[serde(default, with = "number::optional")]
    pub buy_order_range_high_price: Option<Decimal>,
    /// In milliseconds.
    pub time: i64,
}

owned_by_field!(AuctionData {
    symbol,
    estimated_price,
    estimated_size,
    sell_order_range_low_price,
    sell_order_range_high_price,
    buy_order_range_low_price,
    buy_order_range_high_price,
    time,
});
