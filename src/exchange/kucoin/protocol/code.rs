//! What a refusal means: the venue's code, what happened, and what its caller must do.
//!
//! ```text
//! HTTP status, code, message --cause()--> Cause (what happened)
//!                 Cause, read or write --class()--> Class (what to do)
//! ```
//!
//! The code decides. Where it says too little (`400100` stands for everything, `200002` for two things)
//! the message and the kind of call decide; where there is no code, the HTTP status and whether the body
//! is a page. A write whose fate is not certain is [`Class::Unresolved`], never rejected.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::code_table::listed;
use super::wire_text::WireText;

/// A code of an answer, such as `400100`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Code(u32);

impl Code {
    /// It worked.
    pub const SUCCESS: Self = Self(200_000);
    /// What is not a number of up to 9 digits: no code of KuCoin's.
    pub const NONE: Self = Self(0);

    /// The code with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The code in a text; [`Code::NONE`] for a text that is none.
    pub fn of(text: &str) -> Self {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        Self(if digits { text.parse().unwrap_or(0) } else { 0 })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WireText::deserialize(deserializer).map(|text| Self::of(&text))
    }
}

/// Whether a call could have changed anything at the venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallKind {
    /// It only asks.
    Read,
    /// It places, changes or cancels.
    Write,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// A parameter is wrong, in a way the code does not tell.
    Parameter,
    /// The price is outside its limits.
    Price,
    /// Size, funds or value of the order break an increment or a limit.
    OrderSize,
    /// The balance does not cover the order.
    Funds,
    /// Too many open orders.
    OrderLimit,
    /// The order is not known, or is done.
    OrderNotFound,
    /// The client order id was used before.
    Duplicate,
    /// The pair is halted, not yet open, not open to this account, or gone.
    SymbolState,
    /// Key, passphrase, signature, address, version or permission of the request.
    Credentials,
    /// The timestamp is too far from the venue's clock.
    Clock,
    /// The account itself is restricted.
    Account,
    /// Too many requests.
    RateLimit,
    /// The venue is down for maintenance.
    Maintenance,
    /// An error inside the venue or on the way to it: the outcome is not known.
    Server,
    /// No such URL, method or content type: a mistake of the program.
    Route,
    /// A code, or an answer, that this version does not know.
    Unknown,
}

/// What the caller must do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// It did not happen and will not: do not repeat it unchanged.
    Rejected,
    /// The order is not known or is done: ask for it before believing anything.
    NotFound,
    /// The client order id exists: the order may be there from an earlier try; ask for it.
    Duplicate,
    /// The write may have happened: ask by client order id until the venue settles it.
    Unresolved,
    /// The read failed: back off and repeat.
    Unavailable,
    /// The venue does not serve this key or account: stop trading, tell a person, never loop.
    Unauthorized,
    /// Did not happen: measure the clock offset, sign again, repeat.
    Clock,
    /// Did not happen: wait, sign again, repeat.
    RateLimited,
    /// The venue is closed: wait for `/api/v1/status`.
    Maintenance,
    /// This pair is halted: stop quoting it, watch `/api/v2/symbols/{symbol}`.
    Halted,
}

impl Class {
    /// True where the call certainly changed nothing at the venue.
    pub const fn is_without_effect(self) -> bool {
        !matches!(self, Self::Unresolved | Self::Duplicate | Self::NotFound)
    }
}

impl Cause {
    /// What to do about it.
    pub const fn class(self, kind: CallKind) -> Class {
        match (self, kind) {
            (
                Self::Parameter
                | Self::Price
                | Self::OrderSize
                | Self::Funds
                | Self::OrderLimit
                | Self::Route,
                _,
            )
            | (Self::Unknown, CallKind::Read) => Class::Rejected,
            (Self::OrderNotFound, _) => Class::NotFound,
            (Self::Duplicate, _) => Class::Duplicate,
            (Self::SymbolState, _) => Class::Halted,
            (Self::Credentials | Self::Account, _) => Class::Unauthorized,
            (Self::Clock, _) => Class::Clock,
            (Self::RateLimit, _) => Class::RateLimited,
            (Self::Maintenance, CallKind::Read) => Class::Maintenance,
            (Self::Server, CallKind::Read) => Class::Unavailable,
            (Self::Maintenance | Self::Server | Self::Unknown, CallKind::Write) => {
                Class::Unresolved
            }
        }
    }
}

/// What to do about an answer that is no success. `code` is `None` where the body is no envelope;
/// `message` is then the body, or its beginning.
pub fn classify(http_status: u16, code: Option<Code>, message: &str, kind: CallKind) -> Class {
    cause(http_status, code, message, kind).class(kind)
}

/// What happened, by an answer that is no success. As [`classify`].
pub fn cause(http_status: u16, code: Option<Code>, message: &str, kind: CallKind) -> Cause {
    match code {
        Some(code) => match listed(code.number()) {
            Some(cause) => by_message(cause, code, message, kind),
            None if http_status >= 500 => by_status(http_status, message, kind),
            None if http_status >= 400 => {
                told(message).unwrap_or_else(|| by_status(http_status, message, kind))
            }
            None => by_message(Cause::Unknown, code, message, kind),
        },
        None => by_status(http_status, message, kind),
    }
}

/// The code of two meanings: cancelling suspended (writes), the old limit of an endpoint (reads).
const CANCEL_SUSPENDED: Code = Code::new(200_002);

/// What the message adds to a code.
fn by_message(cause: Cause, code: Code, message: &str, kind: CallKind) -> Cause {
    if code == CANCEL_SUSPENDED && kind == CallKind::Read {
        return Cause::RateLimit;
    }
    if matches!(cause, Cause::Parameter | Cause::OrderSize | Cause::Unknown) {
        return told(message).unwrap_or(cause);
    }
    cause
}

/// Parts of messages and what they tell; the first that occurs decides. Spaces, underscores and letter
/// case do not count.
const PHRASES: [(&str, Cause); 24] = [
    ("clientoidduplicat", Cause::Duplicate),
    ("duplicateclientoid", Cause::Duplicate),
    ("duplicatedclientoid", Cause::Duplicate),
    ("duplicateclientorder", Cause::Duplicate),
    ("duplicateorder", Cause::Duplicate),
    ("clientoidalready", Cause::Duplicate),
    ("clientoidexist", Cause::Duplicate),
    ("ordernotexist", Cause::OrderNotFound),
    ("orderdoesnotexist", Cause::OrderNotFound),
    ("ordernotfound", Cause::OrderNotFound),
    ("notallowtocancel", Cause::OrderNotFound),
    ("notallowtobecancel", Cause::OrderNotFound),
    ("ordercannotbecancel", Cause::OrderNotFound),
    ("balanceinsufficient", Cause::Funds),
    ("insufficientbalance", Cause::Funds),
    ("account.available.amount", Cause::Funds),
    ("priceincrementinvalid", Cause::Price),
    ("incrementinvalid", Cause::OrderSize),
    ("belowtheminimum", Cause::OrderSize),
    ("fundsshouldmore", Cause::OrderSize),
    ("symbolnotexist", Cause::SymbolState),
    ("symbolnotavailable", Cause::SymbolState),
    ("toomanyrequests", Cause::RateLimit),
    ("thesystemisbusy", Cause::Server),
];

/// What a message tells by its words.
fn told(message: &str) -> Option<Cause> {
    let packed: String = message
        .chars()
        .filter(|c| !matches!(c, ' ' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    PHRASES.iter().find(|(phrase, _)| packed.contains(phrase)).map(|(_, cause)| *cause)
}

/// What the HTTP status and a body without a code tell.
fn by_status(http_status: u16, body: &str, kind: CallKind) -> Cause {
    match http_status {
        400 if !is_limit_text(body) => Cause::Parameter,
        401 => Cause::Credentials,
        403 if body.contains("CloudFront") => Cause::Route,
        408 | 499 => Cause::Server,
        403 | 429 => Cause::RateLimit,
        503 => Cause::Maintenance,
        500.. => Cause::Server,
        _ if is_limit_text(body) => Cause::RateLimit,
        400..500 => Cause::Route,
        _ if is_page(body) && kind == CallKind::Read => Cause::RateLimit,
        _ => Cause::Server,
    }
}

/// True for a page instead of an envelope: what stands in front of the venue answers with one.
fn is_page(body: &str) -> bool {
    body.trim_start().starts_with('<')
}

/// True for a page or line of the limit in front of the venue.
fn is_limit_text(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    ["error 1015", "error code: 1015", "rate limited"].iter().any(|text| body.contains(text))
}
