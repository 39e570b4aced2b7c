//! Stop orders: kept by the venue outside the book, without a hold, until the last price triggers them.

use serde::{Deserialize, Serialize};

use super::number;
use super::order::{OrderType, Side, Stp, TimeInForce};
use super::wire_text::{WireText, owned_by_field};
use super::words::{blank_is_none, words};
use crate::domain::decimal::Decimal;

/// Untriggered stop orders of one pair.
pub const UNTRIGGERED_MAX: usize = 20;

words! {
    /// When a stop order triggers.
    StopKind {
        /// The last price is at the stop price or below.
        Loss = "loss",
        /// The last price is at the stop price or above.
        Entry = "entry",
    }
}

/// The body that places a stop order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceStop<'a> {
    /// Limit or market.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// Buy or sell.
    pub side: Side,
    /// The limit, in quote. Limit orders only.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// What triggers it, in quote.
    #[serde(with = "number")]
    pub stop_price: Decimal,
    /// On which side; `loss` where absent.
    #[serde(default, deserialize_with = "blank_is_none", skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopKind>,
    /// The size, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub size: Option<Decimal>,
    /// What to spend or to receive, in quote. Market orders without size.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub funds: Option<Decimal>,
    /// Our id.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_oid: Option<WireText<'a>>,
    /// Free text.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<WireText<'a>>,
    /// How long it waits once triggered.
    #[serde(default, deserialize_with = "blank_is_none", skip_serializing_if = "Option::is_none")]
    pub time_in_force: Option<TimeInForce>,
    /// Seconds of a GTT order; -1 means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_after: Option<i64>,
    /// Canceled rather than taking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_only: Option<bool>,
    /// Not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// Shown in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iceberg: Option<bool>,
    /// The part of an iceberg that is shown, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub visible_size: Option<Decimal>,
    /// Self-trade prevention.
    #[serde(default, deserialize_with = "blank_is_none", skip_serializing_if = "Option::is_none")]
    pub stp: Option<Stp>,
    /// `TRADE`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub trade_type: Option<WireText<'a>>,
}

owned_by_field!(PlaceStop {
    order_type,
    symbol,
    side,
    price,
    stop_price,
    stop,
    size,
    funds,
    client_oid,
    remark,
    time_in_force,
    cancel_after,
    post_only,
    hidden,
    iceberg,
    visible_size,
    stp,
    trade_type,
});

words! {
    /// Whether a stop order waits.
    StopStatus {
        /// It waits.
        New = "NEW",
        /// It became an ordinary order.
        Triggered = "TRIGGERED",
    }
}

/// A stop order as queries answer it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopOrder<'a> {
    /// The venue's id; begins with `vs`.
    #[serde(borrow)]
    pub id: WireText<'a>,
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// The account.
    #[serde(borrow, default)]
    pub user_id: Option<WireText<'a>>,
    /// Whether it waits.
    pub status: StopStatus,
    /// Limit or market.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// Buy or sell.
    pub side: Side,
    /// The limit, in quote; none for a market order.
    #[serde(default, with = "number::optional")]
    pub price: Option<Decimal>,
    /// The size, in base; none for a market order by funds.
    #[serde(default, with = "number::optional")]
    pub size: Option<Decimal>,
    /// The funds, in quote; none where there is a size.
    #[serde(default, with = "number::optional")]
    pub funds: Option<Decimal>,
    /// Self-trade prevention.
    #[serde(default, deserialize_with = "blank_is_none")]
    pub stp: Option<Stp>,
    /// How long it waits once triggered.
    #[serde(default, deserialize_with = "blank_is_none")]
    pub time_in_force: Option<TimeInForce>,
    /// Seconds of a GTT order; -1 means none.
    #[serde(default)]
    pub cancel_after: i64,
    /// Canceled rather than taking.
    #[serde(default)]
    pub post_only: bool,
    /// Not shown.
    #[serde(default)]
    pub hidden: bool,
    /// Shown in part.
    #[serde(default)]
    pub iceberg: bool,
    /// The part of an iceberg that is shown, in base.
    #[serde(default, with = "number::optional")]
    pub visible_size: Option<Decimal>,
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
    /// Not used by the venue.
    #[serde(borrow, default)]
    pub related_no: Option<WireText<'a>>,
    /// When it was accepted, in nanoseconds, rounded by the venue.
    #[serde(default)]
    pub order_time: Option<i64>,
    /// `kucoin`.
    #[serde(borrow, default)]
    pub domain_id: Option<WireText<'a>>,
    /// `USER`.
    #[serde(borrow, default)]
    pub trade_source: Option<WireText<'a>>,
    /// `TRADE`.
    #[serde(borrow, default)]
    pub trade_type: Option<WireText<'a>>,
    /// What fees are taken in.
    #[serde(borrow, default)]
    pub fee_currency: Option<WireText<'a>>,
    /// For each unit of quote.
    #[serde(default, with = "number::optional")]
    pub taker_fee_rate: Option<Decimal>,
    /// For each unit of quote.
    #[serde(default, with = "number::optional")]
    pub maker_fee_rate: Option<Decimal>,
    /// In milliseconds.
    pub created_at: i64,
    /// When it triggers.
    #[serde(default, deserialize_with = "blank_is_none")]
    pub stop: Option<StopKind>,
    /// When it was triggered, in milliseconds.
    #[serde(default)]
    pub stop_trigger_time: Option<i64>,
    /// What triggers it, in quote.
    #[serde(with = "number")]
    pub stop_price: Decimal,
    /// Of orders that cancel each other only.
    #[serde(default, with = "number::optional")]
    pub limit_price: Option<Decimal>,
    /// Not used by the venue.
    #[serde(borrow, default)]
    pub pop: Option<WireText<'a>>,
    /// Not used by the venue.
    #[serde(borrow, default)]
    pub activate_condition: Option<WireText<'a>>,
}

owned_by_field!(StopOrder {
    id,
    symbol,
    user_id,
    status,
    order_type,
    side,
    price,
    size,
    funds,
    stp,
    time_in_force,
    cancel_after,
    post_only,
    hidden,
    iceberg,
    visible_size,
    channel,
    client_oid,
    remark,
    tags,
    related_no,
    order_time,
    domain_id,
    trade_source,
    trade_type,
    fee_currency,
    taker_fee_rate,
    maker_fee_rate,
    created_at,
    stop,
    stop_trigger_time,
    stop_price,
    limit_price,
    pop,
    activate_condition,
});
