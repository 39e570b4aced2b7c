//! The order object of every query, and the words orders are made of.

use serde::{Deserialize, Serialize};

use super::number;
use super::wire_text::{WireText, owned_by_field};
use super::words::{blank_is_none, words};
use crate::domain::decimal::Decimal;
pub use crate::domain::side::Side;

words! {
    /// How an order meets the book.
    OrderType {
        /// At its price or better.
        Limit = "limit",
        /// At whatever the book gives.
        Market = "market",
    }
}

words! {
    /// How long an order waits.
    TimeInForce {
        /// Until it is filled or canceled.
        Gtc = "GTC",
        /// For `cancelAfter` seconds.
        Gtt = "GTT",
        /// Not at all: what does not fill at once is canceled.
        Ioc = "IOC",
        /// Not at all: it fills whole at once or not.
        Fok = "FOK",
    }
}

words! {
    /// What happens where own orders would meet. The taker's setting decides.
    Stp {
        /// The incoming order is canceled.
        CancelNewest = "CN",
        /// The resting order is canceled.
        CancelOldest = "CO",
        /// Both are canceled.
        CancelBoth = "CB",
        /// Both shrink by the smaller, which is canceled.
        DecreaseAndCancel = "DC",
    }
}

words! {
    /// Which side of a fill an order was.
    Liquidity {
        /// It came later.
        Taker = "taker",
        /// It rested in the book.
        Maker = "maker",
    }
}

/// An order as every query of the `hf` endpoints answers it.
///
/// Its state follows from `active`, `in_order_book` and `cancel_exist`: see [`Order::state`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order<'a> {
    /// The venue's id.
    #[serde(borrow)]
    pub id: WireText<'a>,
    /// Our id; empty or absent where the order was placed without one.
    #[serde(borrow, default)]
    pub client_oid: Option<WireText<'a>>,
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
    /// Size asked for, in base; 0 for a market order by funds.
    #[serde(default, with = "number::or_zero")]
    pub size: Decimal,
    /// Value asked for, in quote: price x size, or the funds of a market order.
    #[serde(default, with = "number::or_zero")]
    pub funds: Decimal,
    /// Filled so far, in base.
    #[serde(with = "number")]
    pub deal_size: Decimal,
    /// Filled so far, in quote.
    #[serde(with = "number")]
    pub deal_funds: Decimal,
    /// Still open, in base.
    #[serde(default, with = "number::or_zero")]
    pub remain_size: Decimal,
    /// Unspent, in quote. Not 0 where a buy filled better than its price.
    #[serde(default, with = "number::or_zero")]
    pub remain_funds: Decimal,
    /// Canceled, in base.
    #[serde(default, with = "number::or_zero")]
    pub cancelled_size: Decimal,
    /// Canceled, in quote.
    #[serde(default, with = "number::or_zero")]
    pub cancelled_funds: Decimal,
    /// Fee so far, in `fee_currency`.
    #[serde(with = "number")]
    pub fee: Decimal,
    /// What the fee is taken in.
    #[serde(borrow, default)]
    pub fee_currency: Option<WireText<'a>>,
    /// Self-trade prevention.
    #[serde(default, deserialize_with = "blank_is_none")]
    pub stp: Option<Stp>,
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
    /// Seconds of a GTT order; 0 or -1 otherwise.
    #[serde(default)]
    pub cancel_after: i64,
    /// `API`.
    #[serde(borrow, default)]
    pub channel: Option<WireText<'a>>,
    /// Free text.
    #[serde(borrow, default)]
    pub remark: Option<WireText<'a>>,
    /// Free text.
    #[serde(borrow, default)]
    pub tags: Option<WireText<'a>>,
    /// Some of it was canceled.
    pub cancel_exist: bool,
    /// `TRADE`.
    #[serde(borrow, default)]
    pub trade_type: Option<WireText<'a>>,
    /// It rests in the book now.
    #[serde(default)]
    pub in_order_book: bool,
    /// Open; done otherwise.
    pub active: bool,
    /// Tax, in quote.
    #[serde(default, with = "number::or_zero")]
    pub tax: Decimal,
    /// When it was accepted, in milliseconds.
    pub created_at: i64,
    /// When it last changed, in milliseconds.
    #[serde(default)]
    pub last_updated_at: i64,
}

owned_by_field!(Order {
    id,
    client_oid,
    symbol,
    op_type,
    order_type,
    side,
    price,
    size,
    funds,
    deal_size,
    deal_funds,
    remain_size,
    remain_funds,
    cancelled_size,
    cancelled_funds,
    fee,
    fee_currency,
    stp,
    time_in_force,
    post_only,
    hidden,
    iceberg,
    visible_size,
    cancel_after,
    channel,
    remark,
    tags,
    cancel_exist,
    trade_type,
    in_order_book,
    active,
    tax,
    created_at,
    last_updated_at,
});

/// What an order's fields say about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderState {
    /// Accepted, not seen in the book.
    Accepted,
    /// Rests in the book, nothing filled.
    Open,
    /// Rests in the book, some filled. Some may be canceled as well.
    PartlyFilled,
    /// Done, all of it filled.
    Filled,
    /// Done; what was not filled is canceled.
    Canceled,
}

impl Order<'_> {
    /// Where the order stands.
    pub fn state(&self) -> OrderState {
        match (self.active, self.in_order_book, self.cancel_exist) {
            (true, false, _) => OrderState::Accepted,
            (true, true, _) if self.deal_size.is_zero() => OrderState::Open,
            (true, true, _) => OrderState::PartlyFilled,
            (false, _, false) => OrderState::Filled,
            (false, _, true) => OrderState::Canceled,
        }
    }
}

/// Pairs with open orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenSymbols<'a> {
    /// Their names.
    #[serde(borrow, default, deserialize_with = "super::page::null_is_empty")]
    pub symbols: Vec<WireText<'a>>,
}

owned_by_field!(OpenSymbols { symbols });
