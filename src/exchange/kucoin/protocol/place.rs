//! Placing, testing and replacing orders: what is sent and what is answered.

use serde::{Deserialize, Serialize};

use super::number;
use super::order::{OrderType, Side, Stp, TimeInForce};
use super::wire_text::{WireText, owned_by_field};
use super::words::{blank_is_none, words};
use crate::domain::decimal::Decimal;

/// Orders in one batch, by the specification.
pub const BATCH_ORDERS_MAX: usize = 5;
/// Characters of a client order id.
pub const CLIENT_OID_BYTES_MAX: usize = 40;
/// Characters of a remark, and of the tags.
pub const REMARK_BYTES_MAX: usize = 20;

/// The body that places an order; for its dry run and its synchronous form too.
///
/// What is `None` is not sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOrder<'a> {
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
    /// The size, in base. Limit orders, and market orders without funds.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub size: Option<Decimal>,
    /// What to spend or to receive, in quote. Market orders without size.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub funds: Option<Decimal>,
    /// Our id, at most [`CLIENT_OID_BYTES_MAX`] of `[A-Za-z0-9_-]`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_oid: Option<WireText<'a>>,
    /// Free text of at most [`REMARK_BYTES_MAX`] characters.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<WireText<'a>>,
    /// How long it waits; GTC where absent.
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
    /// Free text of at most [`REMARK_BYTES_MAX`] characters.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<WireText<'a>>,
    /// The order dies if it reaches the gateway later than `client_timestamp` plus this, in
    /// milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_max_time_window: Option<i64>,
    /// The venue's time at which it was sent, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_timestamp: Option<i64>,
}

owned_by_field!(PlaceOrder {
    order_type,
    symbol,
    side,
    price,
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
    tags,
    allow_max_time_window,
    client_timestamp,
});

impl<'a> PlaceOrder<'a> {
    /// An order with nothing but what every order has.
    pub fn new(order_type: OrderType, symbol: impl Into<WireText<'a>>, side: Side) -> Self {
        Self {
            order_type,
            symbol: symbol.into(),
            side,
            price: None,
            size: None,
            funds: None,
            client_oid: None,
            remark: None,
            time_in_force: None,
            cancel_after: None,
            post_only: None,
            hidden: None,
            iceberg: None,
            visible_size: None,
            stp: None,
            tags: None,
            allow_max_time_window: None,
            client_timestamp: None,
        }
    }

    /// Writes the body to the end of `out`.
    pub fn write(&self, out: &mut String) {
        let body = serde_json::to_string(self);
        out.push_str(&body.expect("an order is an object of texts, numbers and truth values"));
    }
}

/// The body that places several limit orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceBatch<'a> {
    /// Sent by some clients; the orders' own pairs count.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<WireText<'a>>,
    /// At most [`BATCH_ORDERS_MAX`].
    #[serde(borrow)]
    pub order_list: Vec<PlaceOrder<'a>>,
}

owned_by_field!(PlaceBatch { symbol, order_list });

/// The answer to an order, and to its dry run: ids, nothing about its fate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placed<'a> {
    /// The venue's id.
    #[serde(borrow)]
    pub order_id: WireText<'a>,
    /// Our id; the older endpoint and stop orders do not answer it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_oid: Option<WireText<'a>>,
}

owned_by_field!(Placed { order_id, client_oid });

words! {
    /// Whether an order is over.
    SyncStatus {
        /// It may still fill.
        Open = "open",
        /// It is over.
        Done = "done",
    }
}

/// The answer to an order that waited for its first matching.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedSync<'a> {
    /// The venue's id.
    #[serde(borrow)]
    pub order_id: WireText<'a>,
    /// Our id.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_oid: Option<WireText<'a>>,
    /// When it was accepted, in milliseconds.
    pub order_time: i64,
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
    /// When matching was finished, in milliseconds.
    pub match_time: i64,
}

owned_by_field!(PlacedSync {
    order_id,
    client_oid,
    order_time,
    origin_size,
    deal_size,
    remain_size,
    canceled_size,
    status,
    match_time,
});

/// The answer to one order of a batch; in the order of the batch. The fields from `order_time` on are
/// those of the synchronous form.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItem<'a> {
    /// The venue's id, where it went in.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<WireText<'a>>,
    /// Our id.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_oid: Option<WireText<'a>>,
    /// When it was accepted, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_time: Option<i64>,
    /// Size asked for, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub origin_size: Option<Decimal>,
    /// Filled, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub deal_size: Option<Decimal>,
    /// Still open, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub remain_size: Option<Decimal>,
    /// Canceled, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub canceled_size: Option<Decimal>,
    /// Open or done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SyncStatus>,
    /// When matching was finished, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_time: Option<i64>,
    /// It went in.
    pub success: bool,
    /// Why it did not.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub fail_msg: Option<WireText<'a>>,
}

owned_by_field!(BatchItem {
    order_id,
    client_oid,
    order_time,
    origin_size,
    deal_size,
    remain_size,
    canceled_size,
    status,
    match_time,
    success,
    fail_msg,
});

/// The body that replaces an order: cancels it and places another on the same pair.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlterOrder<'a> {
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// The venue's id of the order, or ...
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<WireText<'a>>,
    /// ... ours.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_oid: Option<WireText<'a>>,
    /// The new limit, in quote.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub new_price: Option<Decimal>,
    /// The new size in all, in base: what is filled already counts.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub new_size: Option<Decimal>,
}

owned_by_field!(AlterOrder { symbol, order_id, client_oid, new_price, new_size });

/// The answer to a replacement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Altered<'a> {
    /// The venue's id of the new order; absent where none was placed.
    #[serde(borrow, default)]
    pub new_order_id: Option<WireText<'a>>,
    /// Our id of the old order.
    #[serde(borrow, default)]
    pub client_oid: Option<WireText<'a>>,
}

owned_by_field!(Altered { new_order_id, client_oid });
