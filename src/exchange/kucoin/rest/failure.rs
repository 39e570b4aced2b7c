//! Why a call did not give what it was asked for, by what its caller must do.

use std::fmt;
use std::time::Duration;

use crate::exchange::kucoin::protocol::code::{Class, Code};
use crate::exchange::kucoin::protocol::endpoint::Endpoint;

/// Characters of a message of the venue's that are kept.
const MESSAGE_CHARACTERS_MAX: usize = 200;

/// A call that failed, by what to do. See [`Class`], which the variants of the same name are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It did not happen and will not: do not repeat it unchanged.
    Rejected(Reason),
    /// The order is not known or is done: ask before believing anything.
    NotFound(Reason),
    /// The client order id exists: the order may be there from an earlier try; ask for it.
    Duplicate(Reason),
    /// The write may have happened: ask by client order id until the venue settles it.
    Unresolved(Reason),
    /// It did not happen: the venue could not be reached or could not serve. Back off and repeat.
    Unavailable(Reason),
    /// The venue does not serve this key or account: stop trading, tell a person, never loop.
    Unauthorized(Reason),
    /// It did not happen: the venue did not believe our time, not even after measuring anew.
    Clock(Reason),
    /// It did not happen: the quota is used up, or the venue asks for patience.
    RateLimited {
        /// When it may be worth to try again.
        retry_after: Duration,
        /// By whom: the venue, or our own budget.
        reason: Reason,
    },
    /// It did not happen: the venue is closed; wait for the service status.
    Maintenance(Reason),
    /// It did not happen: this pair is halted; stop quoting it and watch its symbol.
    Halted(Reason),
    /// A read was answered with what this version does not understand: tell a person.
    Malformed(Reason),
}

/// What is known about a failure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Which call.
    pub call: Endpoint,
    /// What the venue said, where it said something.
    pub venue: Option<VenueReason>,
    /// What happened otherwise.
    pub what: String,
}

/// What the venue said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VenueReason {
    /// The HTTP status.
    pub http_status: u16,
    /// Its code; `None` where the answer was no envelope.
    pub code: Option<Code>,
    /// Its message, cut and without what is secret.
    pub message: String,
}

impl VenueReason {
    /// What the venue said, on one line of bounded length, with `secrets` blacked out.
    pub(super) fn new<'a>(
        http_status: u16,
        code: Option<Code>,
        message: &str,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut message = message.to_owned();
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            message = message.replace(secret, "[secret]");
        }
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let message = message.chars().map(plain).take(MESSAGE_CHARACTERS_MAX).collect();
        Self { http_status, code, message }
    }
}

impl fmt::Display for VenueReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "code {code}")?,
            None => write!(f, "HTTP {} without a code", self.http_status)?,
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ", {:?}", self.message) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.call.method(), self.call.path())?;
        match &self.venue {
            Some(venue) if self.what.is_empty() => write!(f, "the venue says {venue}"),
            Some(venue) => write!(f, "{}; the venue says {venue}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl Failure {
    /// The failure of a class. `retry_after` counts where the class is
    /// [`RateLimited`](Class::RateLimited).
    pub fn of(class: Class, reason: Reason, retry_after: Duration) -> Self {
        match class {
            Class::Rejected => Self::Rejected(reason),
            Class::NotFound => Self::NotFound(reason),
            Class::Duplicate => Self::Duplicate(reason),
            Class::Unresolved => Self::Unresolved(reason),
            Class::Unavailable => Self::Unavailable(reason),
            Class::Unauthorized => Self::Unauthorized(reason),
            Class::Clock => Self::Clock(reason),
            Class::RateLimited => Self::RateLimited { retry_after, reason },
            Class::Maintenance => Self::Maintenance(reason),
            Class::Halted => Self::Halted(reason),
        }
    }

    /// What is known about it.
    pub fn reason(&self) -> &Reason {
        match self {
            Self::Rejected(reason)
            | Self::NotFound(reason)
            | Self::Duplicate(reason)
            | Self::Unresolved(reason)
            | Self::Unavailable(reason)
            | Self::Unauthorized(reason)
            | Self::Clock(reason)
            | Self::RateLimited { reason, .. }
            | Self::Maintenance(reason)
            | Self::Halted(reason)
            | Self::Malformed(reason) => reason,
        }
    }

    /// What the venue said, where it said something.
    pub fn venue(&self) -> Option<&VenueReason> {
        self.reason().venue.as_ref()
    }

    /// One word for what it is, as in the list of variants.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "rejected",
            Self::NotFound(_) => "not found",
            Self::Duplicate(_) => "duplicate",
            Self::Unresolved(_) => "unresolved",
            Self::Unavailable(_) => "unavailable",
            Self::Unauthorized(_) => "unauthorized",
            Self::Clock(_) => "clock",
            Self::RateLimited { .. } => "rate limited",
            Self::Maintenance(_) => "maintenance",
            Self::Halted(_) => "halted",
            Self::Malformed(_) => "malformed",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.reason())?;
        match self {
            Self::RateLimited { retry_after, .. } => {
                write!(f, "; try again in {} ms", retry_after.as_millis())
            }
            Self::Rejected(_)
            | Self::NotFound(_)
            | Self::Duplicate(_)
            | Self::Unresolved(_)
            | Self::Unavailable(_)
            | Self::Unauthorized(_)
            | Self::Clock(_)
            | Self::Maintenance(_)
            | Self::Halted(_)
            | Self::Malformed(_) => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_who_and_why_on_one_line_without_secrets() {
        let said = "key canary\nis\u{0} not known ".to_owned() + &"x".repeat(500);
        let venue = VenueReason::new(401, Some(Code::new(400_003)), &said, ["canary", ""]);
        assert_eq!(venue.message.chars().count(), MESSAGE_CHARACTERS_MAX);
        let reason = Reason { call: Endpoint::Accounts, venue: Some(venue), what: String::new() };
        let failure = Failure::of(Class::Unauthorized, reason, Duration::ZERO);
        let text = failure.to_string();
        let start = "unauthorized: GET /api/v1/accounts: the venue says code 400003, \"key [secret] is  not known x";
        assert!(text.starts_with(start), "{text}");
        assert!(!format!("{failure:?}").contains("canary"));
    }
}
