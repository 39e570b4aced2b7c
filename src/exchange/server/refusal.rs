//! Refusals that only a server needs, and all of them by their code, for fault plans.

use crate::exchange::kucoin::protocol::code::Code;
use crate::exchange::kucoin::protocol::refusal::{self, Refusal};

const fn new(http_status: u16, code: u32, msg: &'static str) -> Refusal {
    Refusal { http_status, code: Code::new(code), msg }
}

/// Keys of version 1 are dead.
pub const KEY_GENERATION: Refusal =
    new(400, 400_008, "V1 keys are no longer supported, please create a V3 key");
/// The body is larger than any request of the protocol.
pub const BODY_TOO_LARGE: Refusal = new(413, 400_100, "The request body is too large.");
/// The body did not arrive in time.
pub const BODY_TOO_SLOW: Refusal = new(408, 408_000, "The request body did not arrive in time.");

/// What a fault plan can name by its code alone; the first of a code is meant.
const KNOWN: [Refusal; 28] = [
    refusal::HEADER_MISSING,
    refusal::TIMESTAMP,
    refusal::KEY,
    refusal::PASSPHRASE,
    refusal::SIGNATURE,
    refusal::ADDRESS,
    refusal::PERMISSION,
    KEY_GENERATION,
    refusal::VERSION,
    refusal::PARAMETER,
    refusal::FUNDS,
    refusal::OPEN_ORDERS,
    refusal::PLACING_SUSPENDED,
    refusal::CANCELLING_SUSPENDED,
    refusal::BUSY,
    refusal::SIZE_INCREMENT,
    refusal::SYMBOL_NOT_AVAILABLE,
    refusal::SYMBOL_NOT_FOUND,
    refusal::ROUTE,
    refusal::CONTENT_TYPE,
    refusal::OVERLOADED,
    refusal::INTERNAL,
    refusal::MAINTENANCE,
    BODY_TOO_SLOW,
    new(200, 600_101, "The order funds should more then 0.1 USDT."),
    new(200, 600_203, "Symbol cannot be traded"),
    new(429, 429_001, "Too many requests. System-level rate limit exceeded."),
    new(504, 504_000, "Gateway timeout"),
];

/// The venue's own refusal of this code, such as `200004`.
pub fn known(code: &str) -> Option<Refusal> {
    let code = Code::of(code);
    KNOWN.into_iter().find(|refusal| refusal.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_one_refusal() {
        for (index, refusal) in KNOWN.iter().enumerate() {
            assert_eq!(KNOWN.iter().position(|other| other.code == refusal.code), Some(index));
        }
        assert_eq!(known("500000"), Some(refusal::INTERNAL));
        assert_eq!(known("1"), None);
        assert_eq!(known("x"), None);
    }
}
