//! Own fills, as they are queried.

use serde::{Deserialize, Serialize};

use super::number;
use super::order::{Liquidity, OrderType, Side};
use super::wire_text::{WireText, owned_by_field};
use crate::domain::decimal::Decimal;

/// A fill of an own order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fill<'a> {
    /// Rises with time: what pages are ordered by.
    pub id: i64,
    /// The order, by the venue's id.
    #[serde(borrow)]
    pub order_id: WireText<'a>,
    /// The other side's order.
    #[serde(borrow, default)]
    pub counter_order_id: Option<WireText<'a>>,
    /// The trade, unique for its pair. Above 2^53.
    pub trade_id: i64,
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// Buy or sell.
    pub side: Side,
    /// Taker or maker.
    pub liquidity: Liquidity,
    /// Limit or market.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// Charged as taker though a maker.
    #[serde(default)]
    pub force_taker: bool,
    /// In quote.
    #[serde(with = "number")]
    pub price: Decimal,
    /// In base.
    #[serde(with = "number")]
    pub size: Decimal,
    /// In quote.
    #[serde(with = "number")]
    pub funds: Decimal,
    /// In `fee_currency`.
    #[serde(with = "number")]
    pub fee: Decimal,
    /// Fee for each unit of funds.
    #[serde(default, with = "number::or_zero")]
    pub fee_rate: Decimal,
    /// What the fee is taken in.
    #[serde(borrow)]
    pub fee_currency: WireText<'a>,
    /// `loss` or `entry` of a stop order; empty otherwise.
    #[serde(borrow, default)]
    pub stop: Option<WireText<'a>>,
    /// `TRADE`.
    #[serde(borrow, default)]
    pub trade_type: Option<WireText<'a>>,
    /// Tax for each unit of funds.
    #[serde(default, with = "number::or_zero")]
    pub tax_rate: Decimal,
    /// Tax, in quote.
    #[serde(default, with = "number::or_zero")]
    pub tax: Decimal,
    /// In milliseconds.
    pub created_at: i64,
}

owned_by_field!(Fill {
    id,
    order_id,
    counter_order_id,
    trade_id,
    symbol,
    side,
    liquidity,
    order_type,
    force_taker,
    price,
    size,
    funds,
    fee,
    fee_rate,
    fee_currency,
    stop,
    trade_type,
    tax_rate,
    tax,
    created_at,
});
