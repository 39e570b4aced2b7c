//! Pairs and their rules.

use serde::{Deserialize, Serialize};

use super::number;
use super::wire_text::{WireText, owned_by_field};
use crate::domain::decimal::Decimal;

/// A pair and its rules. They change: read them again, hourly and after an increment error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SymbolRow<'a> {
    /// The pair, for good.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// The pair as it is displayed; may change.
    #[serde(borrow, default)]
    pub name: Option<WireText<'a>>,
    /// What is bought and sold.
    #[serde(borrow)]
    pub base_currency: WireText<'a>,
    /// What it is priced in.
    #[serde(borrow)]
    pub quote_currency: WireText<'a>,
    /// What fees are taken in.
    #[serde(borrow)]
    pub fee_currency: WireText<'a>,
    /// Its group: `USDS`, `BTC`, ...
    #[serde(borrow, default)]
    pub market: Option<WireText<'a>>,
    /// Smallest size, in base.
    #[serde(with = "number")]
    pub base_min_size: Decimal,
    /// Smallest funds of a market order, in quote.
    #[serde(with = "number")]
    pub quote_min_size: Decimal,
    /// Largest size, in base.
    #[serde(with = "number")]
    pub base_max_size: Decimal,
    /// Largest funds of a market order, in quote.
    #[serde(with = "number")]
    pub quote_max_size: Decimal,
    /// Step of sizes, in base.
    #[serde(with = "number")]
    pub base_increment: Decimal,
    /// Step of funds, in quote.
    #[serde(with = "number")]
    pub quote_increment: Decimal,
    /// Step of prices and the smallest price, in quote.
    #[serde(with = "number")]
    pub price_increment: Decimal,
    /// How far from the best opposite price an order may trade, as a fraction.
    #[serde(default, with = "number::optional")]
    pub price_limit_rate: Option<Decimal>,
    /// Smallest value of an order, in quote.
    #[serde(default, with = "number::optional")]
    pub min_funds: Option<Decimal>,
    /// Tradable on margin.
    #[serde(default)]
    pub is_margin_enabled: bool,
    /// False: send no orders.
    pub enable_trading: bool,
    /// Fee class: 1 is A, 2 is B, 3 is C.
    #[serde(default)]
    pub fee_category: i64,
    /// Times the account's maker rate.
    #[serde(default, with = "number::optional")]
    pub maker_fee_coefficient: Option<Decimal>,
    /// Times the account's taker rate.
    #[serde(default, with = "number::optional")]
    pub taker_fee_coefficient: Option<Decimal>,
    /// Under special treatment: at risk of being delisted.
    #[serde(default)]
    pub st: bool,
    /// An opening auction is to come, or runs.
    #[serde(default)]
    pub callauction_is_enabled: bool,
    /// Lowest price of the auction, in quote.
    #[serde(default, with = "number::optional")]
    pub callauction_price_floor: Option<Decimal>,
    /// Highest price of the auction, in quote.
    #[serde(default, with = "number::optional")]
    pub callauction_price_ceiling: Option<Decimal>,
    /// From here orders and cancels are taken, in milliseconds.
    #[serde(default)]
    pub callauction_first_stage_start_time: Option<i64>,
    /// From here orders only.
    #[serde(default)]
    pub callauction_second_stage_start_time: Option<i64>,
    /// From here neither.
    #[serde(default)]
    pub callauction_third_stage_start_time: Option<i64>,
    /// The auction's end, in milliseconds.
    #[serde(default)]
    pub trading_start_time: Option<i64>,
}

owned_by_field!(SymbolRow {
    symbol,
    name,
    base_currency,
    quote_currency,
    fee_currency,
    market,
    base_min_size,
    quote_min_size,
    base_max_size,
    quote_max_size,
    base_increment,
    quote_increment,
    price_increment,
    price_limit_rate,
    min_funds,
    is_margin_enabled,
    enable_trading,
    fee_category,
    maker_fee_coefficient,
    taker_fee_coefficient,
    st,
    callauction_is_enabled,
    callauction_price_floor,
    callauction_price_ceiling,
    callauction_first_stage_start_time,
    callauction_second_stage_start_time,
    callauction_third_stage_start_time,
    trading_start_time,
});
