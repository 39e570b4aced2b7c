//! Pushes of `/spotMarket/tradeOrdersV2` and `/spotMarket/tradeOrders`: what happened to an own order.

use serde::{Deserialize, Serialize};

use super::number;
use super::order::{Liquidity, OrderType, Side};
use super::wire_text::{WireText, owned_by_field};
use super::words::words;
use crate::domain::decimal::Decimal;

/// The topic, with the first event of an order.
pub const TOPIC: &str = "/spotMarket/tradeOrdersV2";
/// The older topic, without it. Never subscribe to both.
pub const TOPIC_V1: &str = "/spotMarket/tradeOrders";
/// The subject of both.
pub const SUBJECT: &str = "orderChange";
/// Times at or above this are nanoseconds: samples of 2023 have them where milliseconds stand now.
const NANOSECONDS_FROM: i64 = 1_000_000_000_000_000;

words! {
    /// Where the order stands.
    OrderStatus {
        /// The engine has it.
        New = "new",
        /// It rests in the book.
        Open = "open",
        /// It takes.
        Match = "match",
        /// It is over.
        Done = "done",
    }
}

words! {
    /// What happened to it.
    Change {
        /// The engine has it; on the newer topic only.
        Received = "received",
        /// It rests in the book.
        Open = "open",
        /// A fill.
        Match = "match",
        /// Its size was reduced.
        Update = "update",
        /// It is filled to the end.
        Filled = "filled",
        /// It is over; `filled_size` tells how much was filled.
        Canceled = "canceled",
    }
}

words! {
    /// What a fill is charged as.
    FeeType {
        /// The taker's rate.
        Taker = "takerFee",
        /// The maker's rate.
        Maker = "makerFee",
    }
}

/// The data of an order push. It has neither a fee nor an average price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPush<'a> {
    /// The pair.
    #[serde(borrow)]
    pub symbol: WireText<'a>,
    /// Limit or market.
    pub order_type: OrderType,
    /// Buy or sell.
    pub side: Side,
    /// The venue's id.
    #[serde(borrow)]
    pub order_id: WireText<'a>,
    /// Our id, where the order has one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_oid: Option<WireText<'a>>,
    /// What happened.
    #[serde(rename = "type")]
    pub change: Change,
    /// Where the order stands now.
    pub status: OrderStatus,
    /// When the order was accepted; see [`OrderPush::order_time_ms`].
    pub order_time: i64,
    /// When it happened in the engine, in nanoseconds.
    pub ts: i64,
    /// Size asked for, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub origin_size: Option<Decimal>,
    /// Funds asked for, in quote.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub origin_funds: Option<Decimal>,
    /// The limit, in quote.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// The size as it is now, in base: smaller after a part was canceled.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub size: Option<Decimal>,
    /// Filled so far, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub filled_size: Option<Decimal>,
    /// Still open, in base; 0 in a cancel.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub remain_size: Option<Decimal>,
    /// Canceled so far, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub canceled_size: Option<Decimal>,
    /// Unspent, in quote.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub remain_funds: Option<Decimal>,
    /// Canceled so far, in quote.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub canceled_funds: Option<Decimal>,
    /// Of an update: the size before, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub old_size: Option<Decimal>,
    /// Of a match: the fill's price, in quote.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub match_price: Option<Decimal>,
    /// Of a match: the fill's size, in base.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub match_size: Option<Decimal>,
    /// Of a match: the fill, unique for its pair.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub trade_id: Option<WireText<'a>>,
    /// Of a match: taker or maker. Not what is charged where the other side was hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liquidity: Option<Liquidity>,
    /// Of a match: what is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_type: Option<FeeType>,
}

owned_by_field!(OrderPush {
    symbol,
    order_type,
    side,
    order_id,
    client_oid,
    change,
    status,
    order_time,
    ts,
    origin_size,
    origin_funds,
    price,
    size,
    filled_size,
    remain_size,
    canceled_size,
    remain_funds,
    canceled_funds,
    old_size,
    match_price,
    match_size,
    trade_id,
    liquidity,
    fee_type,
});

impl OrderPush<'_> {
    /// When the order was accepted, in milliseconds.
    pub const fn order_time_ms(&self) -> i64 {
        if self.order_time >= NANOSECONDS_FROM {
            self.order_time / 1_000_000
        } else {
            self.order_time
        }
    }

    /// What the fill is charged as: its fee type, its liquidity where that is absent.
    pub fn charged(&self) -> Option<Liquidity> {
        match self.fee_type {
            Some(FeeType::Taker) => Some(Liquidity::Taker),
            Some(FeeType::Maker) => Some(Liquidity::Maker),
            Some(FeeType::Unknown) | None => self.liquidity,
        }
    }
}
