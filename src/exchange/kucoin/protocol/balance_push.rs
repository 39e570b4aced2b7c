//! Pushes of `/account/balance`: a balance changed.

use serde::{Deserialize, Serialize};

use super::integer_text;
use super::number;
use super::wire_text::{WireText, owned_by_field};
use crate::domain::decimal::Decimal;

/// The topic.
pub const TOPIC: &str = "/account/balance";
/// The subject.
pub const SUBJECT: &str = "account.balance";

/// The data of a balance push. Its values are absolute: the latest time for a currency wins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BalancePush<'a> {
    /// The account.
    #[serde(borrow)]
    pub account_id: WireText<'a>,
    /// The currency's code.
    #[serde(borrow)]
    pub currency: WireText<'a>,
    /// Available plus held.
    #[serde(with = "number")]
    pub total: Decimal,
    /// Free to use.
    #[serde(with = "number")]
    pub available: Decimal,
    /// Held by open orders.
    #[serde(with = "number")]
    pub hold: Decimal,
    /// What was added to the available.
    #[serde(default, with = "number::or_zero")]
    pub available_change: Decimal,
    /// What was added to the held.
    #[serde(default, with = "number::or_zero")]
    pub hold_change: Decimal,
    /// What it belongs to.
    #[serde(borrow, default)]
    pub relation_context: Option<RelationContext<'a>>,
    /// What happened: account and event, as in `trade.hold` or `trade.setted`.
    #[serde(borrow, default)]
    pub relation_event: Option<WireText<'a>>,
    /// The event.
    #[serde(borrow, default)]
    pub relation_event_id: Option<WireText<'a>>,
    /// In milliseconds; text on the wire.
    #[serde(with = "integer_text")]
    pub time: i64,
}

owned_by_field!(BalancePush {
    account_id,
    currency,
    total,
    available,
    hold,
    available_change,
    hold_change,
    relation_context,
    relation_event,
    relation_event_id,
    time,
});

/// The order that changed a balance.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelationContext<'a> {
    /// The pair.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<WireText<'a>>,
    /// The order, by the venue's id.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<WireText<'a>>,
    /// The fill, where it was settled.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub trade_id: Option<WireText<'a>>,
}

owned_by_field!(RelationContext { symbol, order_id, trade_id });
