//! Why the paper venue refuses: KuCoin's codes and words.
//!
//! Where KuCoin documents a code without a text, or a case without a code of its own, the catch-all
//! 400100 ("parameter error; the message decides") is used with words in the same manner.

use std::borrow::Cow;

use crate::domain::execution::VenueReason;
use crate::domain::instrument::Instrument;

use super::order::SelfTrade;

/// KuCoin 200004.
pub const INSUFFICIENT_BALANCE: VenueReason = reason(200_004, "Balance insufficient!");
/// KuCoin 102426: the client order id was used before.
pub const DUPLICATE_CLIENT_ORDER_ID: VenueReason = reason(102_426, "Duplicate clientOid.");
/// KuCoin 400100 as answered to a cancel of an order that is done or unknown.
pub const CANCEL_REFUSED: VenueReason = reason(400_100, "order_not_exist_or_not_allow_to_cancel");

pub(super) const SYMBOL: VenueReason = reason(900_001, "symbol not exists");
pub(super) const PARAMETER: VenueReason = reason(400_100, "Invalid Parameter.");
pub(super) const SIZE_INCREMENT: VenueReason = reason(600_100, "Order size increment invalid.");
pub(super) const PRICE_INCREMENT: VenueReason = reason(600_100, "Order price increment invalid.");
pub(super) const SIZE_MIN: VenueReason =
    reason(400_100, "Order size below the minimum requirement.");
pub(super) const SIZE_MAX: VenueReason =
    reason(400_100, "Order size above the maximum requirement.");
pub(super) const OPEN_ORDERS: VenueReason = reason(200_003, "Number of orders breached the limit");
pub(super) const POST_ONLY: VenueReason =
    reason(400_100, "The post-only order would take liquidity.");
pub(super) const PRICE_BAND: VenueReason =
    reason(400_100, "The order would trade beyond the price protection band.");
pub(super) const VISIBLE_SIZE: VenueReason = reason(400_100, "Order visible size invalid.");
pub(super) const CANCEL_SIZE: VenueReason =
    reason(400_100, "The cancel size is above what remains of the order.");
pub(super) const TOO_MANY_REQUESTS: VenueReason = reason(429_000, "Too Many Requests");

const fn reason(code: u32, text: &'static str) -> VenueReason {
    VenueReason { code, text: Cow::Borrowed(text) }
}

/// Why an order gave way to an own one.
pub(super) const fn self_trade(mode: SelfTrade) -> VenueReason {
    let text = match mode {
        SelfTrade::CancelNewest => "Canceled by self-trade prevention (CN).",
        SelfTrade::CancelOldest => "Canceled by self-trade prevention (CO).",
        SelfTrade::CancelBoth => "Canceled by self-trade prevention (CB).",
        SelfTrade::DecreaseAndCancel => "Canceled by self-trade prevention (DC).",
    };
    reason(400_100, text)
}

/// KuCoin 600101, its spelling included.
pub(super) fn funds_min(instrument: &Instrument) -> VenueReason {
    let (least, quote) = (instrument.spec().notional_min, instrument.quote());
    let text = format!("The order funds should more then {least} {quote}.");
    VenueReason { code: 600_101, text: text.into() }
}
