//! What can go wrong: a type for each place where a fault acts.

use std::time::Duration;

use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;

/// Before or after the exchange did what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// The request never took effect.
    Before,
    /// The request took effect; the client does not learn so.
    After,
}

/// A length of time drawn evenly between two bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// At least so long, in milliseconds.
    pub min_ms: u64,
    /// At most so long, in milliseconds.
    pub max_ms: u64,
}

/// How a connection ends, or only seems to live on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// A websocket's close frame, then the end of the stream.
    Close,
    /// A reset: what was sent and not yet read is lost.
    Reset,
    /// The socket stays open, is read no more and written no more.
    HalfOpen,
}

/// An answer that takes the place of the exchange's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CannedAnswer {
    /// HTTP status.
    pub http_status: u16,
    /// Text of the body.
    pub body: String,
    /// True for a page instead of JSON.
    pub html: bool,
    /// Whether the rate limit's headers are on it, and what they say.
    pub quota: QuotaHeaders,
}

/// The rate limit's headers on a canned answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuotaHeaders {
    /// None: the answer does not come from the limiter.
    Absent,
    /// As if this many milliseconds were left of a used-up window.
    UsedUp(u64),
}

/// How an answer is damaged on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Damage {
    /// The text is no JSON any more; its length is as announced.
    Malformed,
    /// The text ends halfway; its length is as announced.
    Truncated,
    /// The connection ends halfway through the announced length.
    Cut,
}

/// What moves a balance without a trade.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// Which asset.
    pub asset: Asset,
    /// In, or out where negative.
    pub amount: Decimal,
    /// True where the account's ledger tells of it.
    pub noted: bool,
}

/// A fault of one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestFault {
    /// The request or its answer is late.
    Delay(When, Span),
    /// The answer never comes; the connection stays open.
    Timeout(When),
    /// The connection is reset or becomes half-open instead of an answer.
    End(When, Ending),
    /// Another answer than the exchange's.
    Answer(When, CannedAnswer),
    /// The exchange's answer, damaged.
    Damage(Damage),
    /// A cancel is acknowledged at once and takes effect later: fills may come first.
    LateCancel(Span),
    /// The order is filled as the cancel arrives.
    FillFirst,
    /// Something comes into the account as the request arrives, or goes out of it.
    Transfer(Transfer),
}

/// A fault of one push.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PushFault {
    /// It, and the `length - 1` pushes of its topic after it, are lost.
    Drop {
        /// Pushes lost in a row, 1 or more.
        length: u64,
    },
    /// It comes twice.
    Duplicate,
    /// It is late, and so is what comes after it in its topic.
    Delay(Span),
    /// It comes after the next push of its topic.
    Reorder,
}

/// What trading is allowed while the exchange is maintained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Maintenance {
    /// Cancels only.
    CancelOnly,
    /// Nothing.
    Close,
}

/// A change of a symbol's grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Increments {
    /// The new step of sizes.
    pub base: Option<Decimal>,
    /// The new step of prices.
    pub price: Option<Decimal>,
    /// The new smallest size.
    pub base_min_size: Option<Decimal>,
    /// The new smallest value of an order, in quote units.
    pub min_funds: Option<Decimal>,
}

/// A state of the exchange that lasts as long as its window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// The exchange's clock is ahead of the wall's by this, in milliseconds; behind where negative.
    ClockSkew(i64),
    /// Trading is restricted.
    Maintenance(Maintenance),
    /// The account is of the unified kind.
    UnifiedAccount,
    /// The key lacks this permission.
    Revoke(String),
    /// Fees are rounded up to this many decimal places.
    FeeRounding(u32),
    /// A symbol cannot be traded.
    Halt(String),
    /// A symbol is gone.
    Delist(String),
    /// A symbol has another grid.
    Increments(String, Increments),
}

impl Condition {
    /// What of the exchange it is about: a symbol, a permission, or all of it.
    pub fn subject(&self) -> &str {
        match self {
            Self::Halt(name)
            | Self::Delist(name)
            | Self::Increments(name, _)
            | Self::Revoke(name) => name,
            Self::ClockSkew(_)
            | Self::Maintenance(_)
            | Self::UnifiedAccount
            | Self::FeeRounding(_) => "*",
        }
    }

    /// True where the rule's window counts seconds of the market's clock, not of the wall's.
    pub fn on_market_clock(&self) -> bool {
        match self {
            Self::Halt(_) | Self::Delist(_) | Self::Increments(..) => true,
            Self::ClockSkew(_)
            | Self::Maintenance(_)
            | Self::UnifiedAccount
            | Self::Revoke(_)
            | Self::FeeRounding(_) => false,
        }
    }
}

/// A fault, by where it acts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// On a request.
    Request(RequestFault),
    /// On a push.
    Push(PushFault),
    /// On a websocket connection, after a time.
    Disconnect(Ending, Span),
    /// On a token: it is valid this long, in milliseconds.
    TokenExpiry(u64),
    /// On the exchange as a whole.
    Condition(Condition),
}

impl Span {
    /// The length that lies `draw` between the bounds.
    pub fn length(self, draw: super::dice::Draw) -> Duration {
        Duration::from_millis(draw.between(self.min_ms, self.max_ms))
    }
}
