//! What to do about an error frame: its number says less than its text.

use crate::exchange::kucoin::protocol::frame::ErrorCode;

/// What an error frame asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Another connection with another token.
    Renew,
    /// Another connection.
    Reconnect,
    /// Another connection, but not soon.
    Wait,
    /// The same again, later: too much was sent at once.
    SlowDown,
    /// What was asked for cannot be had.
    Refused,
}

impl Verdict {
    /// The verdict on an error frame's number and text.
    pub(super) fn of(code: ErrorCode, text: &str) -> Self {
        let says = |part: &str| text.to_ascii_lowercase().contains(part);
        match code {
            ErrorCode::TOKEN => Self::Renew,
            ErrorCode::LIMIT if says("permits") || says("busy") => Self::SlowDown,
            ErrorCode::LIMIT if says("subscription count") && says("per time") => Self::SlowDown,
            ErrorCode::LIMIT => Self::Wait,
            ErrorCode::BAD_REQUEST if says("ping timeout") => Self::Reconnect,
            ErrorCode::BAD_REQUEST
            | ErrorCode::LOGIN_REQUIRED
            | ErrorCode::TOPIC_NOT_FOUND
            | ErrorCode::TOPIC_REQUIRED
            | ErrorCode::TYPE => Self::Refused,
            _ => Self::Reconnect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_venues_errors_say_what_to_do() {
        for (code, text, verdict) in [
            (400, "topic is invalid", Verdict::Refused),
            (400, "ping timeout", Verdict::Reconnect),
            (401, "token is expired", Verdict::Renew),
            (403, "login is required", Verdict::Refused),
            (404, "topic /market/x is not found", Verdict::Refused),
            (406, "topic is required", Verdict::Refused),
            (415, "type is not supported", Verdict::Refused),
            (500, "system error", Verdict::Reconnect),
            (509, "exceed max subscription count limitation of 100 per time", Verdict::SlowDown),
            (509, "exceed max subscription count limitation of 400 per session", Verdict::Wait),
            (509, "exceed max session count limitation", Verdict::Wait),
            (509, "exceed max permits per second", Verdict::SlowDown),
            (509, "Exceed max permits per 10 seconds", Verdict::SlowDown),
            (509, "service busy, please retry later", Verdict::SlowDown),
            (420_001, "", Verdict::Reconnect),
            (999, "of a later version", Verdict::Reconnect),
        ] {
            assert_eq!(Verdict::of(ErrorCode(code), text), verdict, "{code} {text}");
        }
    }
}
