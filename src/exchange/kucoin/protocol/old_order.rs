//! Orders and fills of the older endpoints, which an account of today must not use.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::number;
use super::order::{Liquidity, OrderType, Side, TimeInForce};
use super::page::{Page, null_is_empty};
use super::wire_text::{WireText, owned_by_field};
use super::words::blank_is_none;
use crate::domain::decimal::Decimal;

/// The recent orders or fills: all of them, or a page. Sources disagree.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Recent<T> {
    /// All of them.
    All(Vec<T>),
    /// A page of them.
    Page(Page<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Recent<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let read = if text.starts_with('[') {
            serde_json::from_str(text).map(Self::All)
        } else {
            serde_json::from_str(text).map(Self::Page)
        };
        read.map_err(D::Error::custom)
    }
}

/// An order as the older endpoints answer it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldOrder<'a> {
    /// The venue's id.
    #[serde(borrow)]
    pub id: WireText<'a>,
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// `DEAL`.
    #[serde(borrow, default)]
    pub op_type: Option<WireText<'a>>,
    /// Limit or market.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// Buy or sell.
    pub side: Side,
    /// The limit, in quote; 0 for a market order.
    #[serde(default, with = "number::or_zero")]
    pub price: Decimal,
    /// Size asked for, in base.
    #[serde(default, with = "number::or_zero")]
    pub size: Decimal,
    /// Funds asked for, in quote.
    #[serde(default, with = "number::or_zero")]
    pub funds: Decimal,
    /// Filled so far, in quote.
    #[serde(with = "number")]
    pub deal_funds: Decimal,
    /// Filled so far, in base.
    #[serde(with = "number")]
    pub deal_size: Decimal,
    /// Fee so far.
    #[serde(with = "number")]
    pub fee: Decimal,
    /// What the fee is taken in.
    #[serde(borrow, default)]
    pub fee_currency: Option<WireText<'a>>,
    /// Self-trade prevention, or empty.
    #[serde(borrow, default)]
    pub stp: Option<WireText<'a>>,
    /// `loss`, `entry` or empty.
    #[serde(borrow, default)]
    pub stop: Option<WireText<'a>>,
    /// It was a stop order and was triggered.
    #[serde(default)]
    pub stop_triggered: bool,
    /// What triggers it, in quote; 0 for an ordinary order.
    #[serde(default, with = "number::or_zero")]
    pub stop_price: Decimal,
    /// How long it waits.
    #[serde(default, deserialize_with = "blank_is_none")]
    pub time_in_force: Option<TimeInForce>,
    /// Canceled rather than taking.
    #[serde(default)]
    pub post_only: bool,
    /// Not shown.
    #[serde(default)]
    pub hidden: bool,
    /// Shown in part.
    #[serde(default)]
    pub iceberg: bool,
    /// The part that is shown, in base.
    #[serde(default, with = "number::or_zero")]
    pub visible_size: Decimal,
    /// Seconds of a GTT order.
    #[serde(default)]
    pub cancel_after: i64,
    /// `API`.
    #[serde(borrow, default)]
    pub channel: Option<WireText<'a>>,
    /// Our id.
    #[serde(borrow, default)]
    pub client_oid: Option<WireText<'a>>,
    /// Free text.
    #[serde(borrow, default)]
    pub remark: Option<WireText<'a>>,
    /// Free text.
    #[serde(borrow, default)]
    pub tags: Option<WireText<'a>>,
    /// Open; done otherwise. Absent in lists of recent orders.
    #[serde(default)]
    pub is_active: Option<bool>,
    /// Some of it was canceled.
    #[serde(default)]
    pub cancel_exist: bool,
    /// In milliseconds.
    pub created_at: i64,
    /// `TRADE`.
    #[serde(borrow, default)]
    pub trade_type: Option<WireText<'a>>,
}

owned_by_field!(OldOrder {
    id,
    symbol,
    op_type,
    order_type,
    side,
    price,
    size,
    funds,
    deal_funds,
    deal_size,
    fee,
    fee_currency,
    stp,
    stop,
    stop_triggered,
    stop_price,
    time_in_force,
    post_only,
    hidden,
    iceberg,
    visible_size,
    cancel_after,
    channel,
    client_oid,
    remark,
    tags,
    is_active,
    cancel_exist,
    created_at,
    trade_type,
});

/// A fill as the older endpoints answer it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldFill<'a> {
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// The trade.
    #[serde(borrow)]
    pub trade_id: WireText<'a>,
    /// The order, by the venue's id.
    #[serde(borrow)]
    pub order_id: WireText<'a>,
    /// The other side's order.
    #[serde(borrow, default)]
    pub counter_order_id: Option<WireText<'a>>,
    /// Buy or sell.
    pub side: Side,
    /// Taker or maker.
    pub liquidity: Liquidity,
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
    /// `loss`, `entry` or empty.
    #[serde(borrow, default)]
    pub stop: Option<WireText<'a>>,
    /// `TRADE`.
    #[serde(borrow, default)]
    pub trade_type: Option<WireText<'a>>,
    /// Limit or market.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// In milliseconds.
    pub created_at: i64,
}

owned_by_field!(OldFill {
    symbol,
    trade_id,
    order_id,
    counter_order_id,
    side,
    liquidity,
    force_taker,
    price,
    size,
    funds,
    fee,
    fee_rate,
    fee_currency,
    stop,
    trade_type,
    order_type,
    created_at,
});

/// The answer to a batch of the older endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OldBatch<'a> {
    /// In the order of the batch.
    #[serde(borrow, default, deserialize_with = "null_is_empty")]
    pub data: Vec<OldBatchItem<'a>>,
}

owned_by_field!(OldBatch { data });

/// The body that places several orders of one pair by the older endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOldBatch<'a> {
    /// The pair of all of them.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// The orders.
    #[serde(borrow)]
    pub order_list: Vec<OldBatchItem<'a>>,
}

owned_by_field!(PlaceOldBatch { symbol, order_list });

/// An order of such a batch; in the answer, as it was understood, with its fate.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields of an order, named as everywhere")]
pub struct OldBatchItem<'a> {
    #[serde(borrow)]
    pub symbol: Option<WireText<'a>>,
    #[serde(borrow, rename = "type")]
    pub order_type: Option<WireText<'a>>,
    #[serde(borrow)]
    pub side: Option<WireText<'a>>,
    #[serde(with = "number::optional")]
    pub price: Option<Decimal>,
    #[serde(with = "number::optional")]
    pub size: Option<Decimal>,
    #[serde(with = "number::optional")]
    pub funds: Option<Decimal>,
    #[serde(borrow)]
    pub stp: Option<WireText<'a>>,
    #[serde(borrow)]
    pub stop: Option<WireText<'a>>,
    #[serde(with = "number::optional")]
    pub stop_price: Option<Decimal>,
    #[serde(borrow)]
    pub time_in_force: Option<WireText<'a>>,
    pub cancel_after: Option<i64>,
    pub post_only: Option<bool>,
    pub hidden: Option<bool>,
    pub iceberg: Option<bool>,
    #[serde(with = "number::optional")]
    pub visible_size: Option<Decimal>,
    #[serde(borrow)]
    pub channel: Option<WireText<'a>>,
    /// The venue's id, where it went in.
    #[serde(borrow)]
    pub id: Option<WireText<'a>>,
    /// `success` or `fail`.
    #[serde(borrow)]
    pub status: Option<WireText<'a>>,
    /// Why it did not.
    #[serde(borrow)]
    pub fail_msg: Option<WireText<'a>>,
    #[serde(borrow)]
    pub client_oid: Option<WireText<'a>>,
    #[serde(borrow)]
    pub remark: Option<WireText<'a>>,
    #[serde(borrow)]
    pub trade_type: Option<WireText<'a>>,
}

owned_by_field!(OldBatchItem {
    symbol,
    order_type,
    side,
    price,
    size,
    funds,
    stp,
    stop,
    stop_price,
    time_in_force,
    cancel_after,
    post_only,
    hidden,
    iceberg,
    visible_size,
    channel,
    id,
    status,
    fail_msg,
    client_oid,
    remark,
    trade_type,
});
