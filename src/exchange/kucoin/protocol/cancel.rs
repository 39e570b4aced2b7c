//! Answers to cancels. A plain one means that the request was taken, not that the order is gone.

use serde::{Deserialize, Serialize};

use super::number;
use super::page::null_is_empty;
use super::place::SyncStatus;
use super::wire_text::{WireText, owned_by_field};
use crate::domain::decimal::Decimal;

/// The data of a successful cancel of all orders of a pair.
pub const CANCELED_SYMBOL: &str = "success";

/// A cancel by id was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Canceled<'a> {
    /// The venue's id.
    #[serde(borrow)]
    pub order_id: WireText<'a>,
}

owned_by_field!(Canceled { order_id });

/// A cancel by client order id was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanceledByClientId<'a> {
    /// Our id.
    #[serde(borrow)]
    pub client_oid: WireText<'a>,
}

owned_by_field!(CanceledByClientId { client_oid });

/// A cancel was carried out: the final sizes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanceledSync<'a> {
    /// The venue's id, where it was asked by that.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<WireText<'a>>,
    /// Our id, where it was asked by that.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_oid: Option<WireText<'a>>,
    /// Size asked for, in base.
    #[serde(with = "number")]
    pub origin_size: Decimal,
    /// Filled, in base.
    #[serde(with = "number")]
    pub deal_size: Decimal,
    /// Still open, in base.
    #[serde(with = "number")]
    pub remain_size: Decimal,
    /// Canceled, in base.
    #[serde(with = "number")]
    pub canceled_size: Decimal,
    /// Open or done.
    pub status: SyncStatus,
}

owned_by_field!(CanceledSync {
    order_id,
    client_oid,
    origin_size,
    deal_size,
    remain_size,
    canceled_size,
    status,
});

/// A size was taken off an order, which keeps its place in the queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reduced<'a> {
    /// The venue's id.
    #[serde(borrow)]
    pub order_id: WireText<'a>,
    /// What was taken off, in base.
    #[serde(with = "number")]
    pub cancel_size: Decimal,
}

owned_by_field!(Reduced { order_id, cancel_size });

/// The answer to the cancel of everything.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanceledEverything<'a> {
    /// Pairs whose orders are canceled.
    #[serde(borrow, default, deserialize_with = "null_is_empty")]
    pub succeed_symbols: Vec<WireText<'a>>,
    /// Pairs whose orders are not.
    #[serde(borrow, default, deserialize_with = "null_is_empty")]
    pub failed_symbols: Vec<FailedSymbol<'a>>,
}

owned_by_field!(CanceledEverything { succeed_symbols, failed_symbols });

/// A pair whose orders were not canceled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FailedSymbol<'a> {
    /// The pair.
    #[serde(borrow, default)]
    pub symbol: Option<WireText<'a>>,
    /// Why.
    #[serde(borrow, default)]
    pub error: Option<WireText<'a>>,
}

owned_by_field!(FailedSymbol { symbol, error });

impl std::fmt::Display for FailedSymbol<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |it: &Option<WireText<'_>>| it.as_ref().map(|it| it.as_str().to_owned());
        let symbol = text(&self.symbol).unwrap_or_else(|| "a pair".to_owned());
        write!(f, "{symbol}: {:?}", text(&self.error).unwrap_or_default())
    }
}

/// Cancels of stop orders, and of the older endpoints, were taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanceledIds<'a> {
    /// The venue's ids.
    #[serde(borrow, default, deserialize_with = "null_is_empty")]
    pub cancelled_order_ids: Vec<WireText<'a>>,
}

owned_by_field!(CanceledIds { cancelled_order_ids });

/// The cancel of a stop order, or by an older endpoint, by client order id was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanceledId<'a> {
    /// The venue's id.
    #[serde(borrow)]
    pub cancelled_order_id: WireText<'a>,
    /// Our id.
    #[serde(borrow, default)]
    pub client_oid: Option<WireText<'a>>,
}

owned_by_field!(CanceledId { cancelled_order_id, client_oid });
