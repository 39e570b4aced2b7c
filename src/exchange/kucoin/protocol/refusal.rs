//! The refusals that an exchange of ours answers with: HTTP status, code and message of KuCoin's own.

use super::code::Code;

/// A refusal, ready to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The HTTP status: 200 for business, 4xx and 5xx for the gateway.
    pub http_status: u16,
    /// The code.
    pub code: Code,
    /// The message.
    pub msg: &'static str,
}

impl Refusal {
    const fn new(http_status: u16, code: u32, msg: &'static str) -> Self {
        Self { http_status, code: Code::new(code), msg }
    }

    /// The body.
    pub fn body(&self) -> String {
        super::envelope::refusal(self.code, self.msg)
    }
}

/// A header of the signature is missing.
pub const HEADER_MISSING: Refusal = Refusal::new(
    400,
    400_001,
    "Please check the header of your request for KC-API-KEY, KC-API-SIGN, KC-API-TIMESTAMP, KC-API-PASSPHRASE",
);
/// The timestamp is more than five seconds off.
pub const TIMESTAMP: Refusal = Refusal::new(400, 400_002, "Invalid KC-API-TIMESTAMP");
/// No such key.
pub const KEY: Refusal = Refusal::new(401, 400_003, "KC-API-KEY not exists");
/// The passphrase is wrong.
pub const PASSPHRASE: Refusal = Refusal::new(401, 400_004, "Invalid KC-API-PASSPHRASE");
/// The signature is wrong.
pub const SIGNATURE: Refusal = Refusal::new(401, 400_005, "Invalid KC-API-SIGN");
/// The caller's address is not in the key's list.
pub const ADDRESS: Refusal =
    Refusal::new(403, 400_006, "The requested ip address is not in the api whitelist");
/// The key lacks the permission.
pub const PERMISSION: Refusal =
    Refusal::new(403, 400_007, "Access denied, requires more permission.");
/// The key's version is not served.
pub const VERSION: Refusal = Refusal::new(400, 400_009, "Invalid KC-API-KEY-VERSION");
/// A parameter is wrong.
pub const PARAMETER: Refusal = Refusal::new(200, 400_100, "Invalid Parameter.");
/// No order has this id.
pub const ORDER_NOT_FOUND: Refusal = Refusal::new(200, 400_100, "order not exist.");
/// The order to cancel is not there or is done.
pub const CANCEL_NOT_FOUND: Refusal =
    Refusal::new(200, 400_100, "order_not_exist_or_not_allow_to_cancel");
/// The client order id was used before.
pub const DUPLICATE: Refusal =
    Refusal::new(200, 400_100, "validation.createOrder.clientOidDuplicated");
/// The balance does not cover the order.
pub const FUNDS: Refusal = Refusal::new(200, 200_004, "Balance insufficient!");
/// Too many open orders.
pub const OPEN_ORDERS: Refusal = Refusal::new(200, 200_003, "Number of orders breached the limit");
/// No orders are taken for this pair.
pub const PLACING_SUSPENDED: Refusal =
    Refusal::new(200, 200_001, "Order creation for this pair suspended");
/// No cancels are taken for this pair.
pub const CANCELLING_SUSPENDED: Refusal =
    Refusal::new(200, 200_002, "Order cancel for this pair suspended");
/// The venue is busy.
pub const BUSY: Refusal = Refusal::new(200, 230_005, "The system is busy, please try again later");
/// The size is off its increment.
pub const SIZE_INCREMENT: Refusal = Refusal::new(200, 600_100, "Order size increment invalid.");
/// The price is off its increment.
pub const PRICE_INCREMENT: Refusal = Refusal::new(200, 600_100, "Price increment invalid.");
/// The size is below its least.
pub const SIZE_MIN: Refusal =
    Refusal::new(200, 600_100, "Order size below the minimum requirement.");
/// The funds are below their least.
pub const FUNDS_MIN: Refusal = Refusal::new(200, 600_100, "Funds below the minimum requirement.");
/// The pair is not open yet, or no more.
pub const SYMBOL_NOT_AVAILABLE: Refusal =
    Refusal::new(200, 400_600, "validation.createOrder.symbolNotAvailable");
/// No such pair.
pub const SYMBOL_NOT_FOUND: Refusal = Refusal::new(200, 900_001, "symbol not exists");
/// No such URL.
pub const ROUTE: Refusal = Refusal::new(404, 404_000, "Url Not Found");
/// The body is not JSON by its header.
pub const CONTENT_TYPE: Refusal = Refusal::new(415, 415_000, "Unsupported Media Type");
/// The pool's quota is used up; comes with the quota's headers.
pub const TOO_MANY_REQUESTS: Refusal = Refusal::new(429, 429_000, "Too Many Requests");
/// The venue is overloaded; comes without the quota's headers.
pub const OVERLOADED: Refusal =
    Refusal::new(429, 429_000, "Too many requests. System-level rate limit exceeded.");
/// An error inside.
pub const INTERNAL: Refusal = Refusal::new(500, 500_000, "Internal Server Error");
/// Closed for maintenance.
pub const MAINTENANCE: Refusal = Refusal::new(503, 503_000, "Service Unavailable");
