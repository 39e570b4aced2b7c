//! Pushes of `/spotMarket/advancedOrders`: what happened to an own stop order.

use serde::{Deserialize, Serialize};

use super::number;
use super::order::Side;
use super::stop_order::StopKind;
use super::wire_text::{WireText, owned_by_field};
use super::words::words;
use crate::domain::decimal::Decimal;

/// The topic.
pub const TOPIC: &str = "/spotMarket/advancedOrders";
/// The subject.
pub const SUBJECT: &str = "stopOrder";

words! {
    /// What happened to a stop order.
    StopChange {
        /// It waits.
        Open = "open",
        /// It became an ordinary order, with another id.
        Triggered = "triggered",
        /// It was canceled.
        Cancel = "cancel",
    }
}

/// The data of a stop order push.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopPush<'a> {
    /// The venue's id.
    #[serde(borrow)]
    pub order_id: WireText<'a>,
    /// The limit, in quote; none for a market order.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub order_price: Option<Decimal>,
    /// `stop`.
    #[serde(borrow, default)]
    pub order_type: Option<WireText<'a>>,
    /// Buy or sell.
    pub side: Side,
    /// In base; none for a market order by funds.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub size: Option<Decimal>,
    /// In quote; of a market order by funds.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub funds: Option<Decimal>,
    /// When it triggers.
    pub stop: StopKind,
    /// What triggers it, in quote.
    #[serde(with = "number")]
    pub stop_price: Decimal,
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// `TRADE`.
    #[serde(borrow, default)]
    pub trade_type: Option<WireText<'a>>,
    /// What happened.
    #[serde(rename = "type")]
    pub change: StopChange,
    /// When it was placed, in milliseconds.
    pub created_at: i64,
    /// When it happened, in nanoseconds.
    pub ts: i64,
}

owned_by_field!(StopPush {
    order_id,
    order_price,
    order_type,
    side,
    size,
    funds,
    stop,
    stop_price,
    symbol,
    trade_type,
    change,
    created_at,
    ts,
});
