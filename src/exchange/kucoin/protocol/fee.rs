//! Fee rates. What is charged is the account's rate times the pair's coefficient.

use serde::{Deserialize, Serialize};

use super::number;
use super::wire_text::{WireText, owned_by_field};
use crate::domain::decimal::Decimal;

/// The rates of the account's tier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaseFee {
    /// For each unit of quote.
    #[serde(with = "number")]
    pub taker_fee_rate: Decimal,
    /// For each unit of quote.
    #[serde(with = "number")]
    pub maker_fee_rate: Decimal,
}

/// The rates of a pair for this account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TradeFee<'a> {
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// For each unit of quote.
    #[serde(with = "number")]
    pub taker_fee_rate: Decimal,
    /// For each unit of quote.
    #[serde(with = "number")]
    pub maker_fee_rate: Decimal,
    /// Tax of a sell, where there is one.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub sell_tax_rate: Option<Decimal>,
    /// Tax of a buy, where there is one.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub buy_tax_rate: Option<Decimal>,
}

owned_by_field!(TradeFee { symbol, taker_fee_rate, maker_fee_rate, sell_tax_rate, buy_tax_rate });
