//! Why a request is not served: a status, a word for programs, a sentence for people.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;

use super::answer::Answer;
use super::route::Route;

/// Why not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Not HTTP/1.1.
    Version,
    /// No host, or several.
    HostMissing,
    /// Asked under a name that is not this one's: a rebound name, or `http.hosts` lacks it.
    HostForeign,
    /// A page of another origin asks.
    OriginForeign,
    /// No such route.
    NotFound,
    /// The route has other methods.
    Method(Route),
    /// No token where one is needed.
    TokenMissing,
    /// Another token.
    TokenWrong,
    /// There is no token: TCP gives no orders.
    TokenUnset,
    /// Not JSON.
    ContentType,
    /// A body where none belongs.
    BodyUnexpected,
    /// A body beyond the limit.
    BodyTooLarge,
    /// A body that does not come to its end.
    BodyTooSlow,
    /// A body that is not as it should be; says how.
    BodyMalformed(String),
    /// Too many requests of this peer.
    TooMany(Duration),
    /// The agent does not do that now; says why, and when it would where time helps.
    Conflict(String, Option<Duration>),
    /// What is needed for an answer does not come; says what.
    Unavailable(String),
}

/// A refusal's body. `retryAfter` is the name that older clients read.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    message: &'a str,
    #[serde(rename = "retryAfter", skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Refusal {
    /// Its status and its word.
    pub const fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Version => (StatusCode::HTTP_VERSION_NOT_SUPPORTED, "version"),
            Self::HostMissing => (StatusCode::BAD_REQUEST, "host_missing"),
            Self::HostForeign => (StatusCode::FORBIDDEN, "host_foreign"),
            Self::OriginForeign => (StatusCode::FORBIDDEN, "origin_foreign"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::TokenMissing => (StatusCode::UNAUTHORIZED, "token_missing"),
            Self::TokenWrong => (StatusCode::FORBIDDEN, "token_wrong"),
            Self::TokenUnset => (StatusCode::FORBIDDEN, "token_unset"),
            Self::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type"),
            Self::BodyUnexpected => (StatusCode::BAD_REQUEST, "body_unexpected"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            Self::BodyMalformed(_) => (StatusCode::BAD_REQUEST, "body_malformed"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limit"),
            Self::Conflict(..) => (StatusCode::CONFLICT, "conflict"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        }
    }

    /// For a person.
    pub fn message(&self) -> String {
        match self {
            Self::Version => "speak HTTP/1.1".to_owned(),
            Self::HostMissing => "send one Host header".to_owned(),
            Self::HostForeign => "asked under a foreign name; add it to http.hosts".to_owned(),
            Self::OriginForeign => "pages of another origin may not ask".to_owned(),
            Self::NotFound => "no such route".to_owned(),
            Self::Method(route) => format!("this route takes {}", route.methods()),
            Self::TokenMissing => "send Authorization: Bearer TOKEN, or use the socket".to_owned(),
            Self::TokenWrong => "this is not the token".to_owned(),
            Self::TokenUnset => "no token is configured; use the socket".to_owned(),
            Self::ContentType => "send Content-Type: application/json".to_owned(),
            Self::BodyUnexpected => "this route takes no body".to_owned(),
            Self::BodyTooLarge => "the body is too large".to_owned(),
            Self::BodyTooSlow => "the body did not come in time".to_owned(),
            Self::TooMany(_) => "Rate limit exceeded".to_owned(),
            Self::BodyMalformed(why) | Self::Conflict(why, _) | Self::Unavailable(why) => {
                why.clone()
            }
        }
    }

    /// After how many seconds asking again makes sense.
    fn retry_after(&self) -> Option<u64> {
        let wait = match self {
            Self::TooMany(wait) | Self::Conflict(_, Some(wait)) => *wait,
            Self::Unavailable(_) => Duration::from_secs(1),
            Self::Version
            | Self::HostMissing
            | Self::HostForeign
            | Self::OriginForeign
            | Self::NotFound
            | Self::Method(_)
            | Self::TokenMissing
            | Self::TokenWrong
            | Self::TokenUnset
            | Self::ContentType
            | Self::BodyUnexpected
            | Self::BodyTooLarge
            | Self::BodyTooSlow
            | Self::BodyMalformed(_)
            | Self::Conflict(_, None) => return None,
        };
        Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }

    /// The answer that says so.
    pub fn answer(&self) -> Answer {
        let (status, error) = self.code();
        let (message, retry_after) = (self.message(), self.retry_after());
        let answer = Answer::json(status, &Body { error, message: &message, retry_after });
        let answer = match retry_after {
            Some(seconds) => answer.with(RETRY_AFTER, seconds.to_string()),
            None => answer,
        };
        match self {
            Self::Method(route) => answer.with(ALLOW, route.methods().to_owned()),
            Self::TokenMissing => answer.with(WWW_AUTHENTICATE, "Bearer".to_owned()),
            Self::BodyTooLarge | Self::BodyTooSlow => answer.closing(),
            Self::Version
            | Self::HostMissing
            | Self::HostForeign
            | Self::OriginForeign
            | Self::NotFound
            | Self::TokenWrong
            | Self::TokenUnset
            | Self::ContentType
            | Self::BodyUnexpected
            | Self::BodyMalformed(_)
            | Self::TooMany(_)
            | Self::Conflict(..)
            | Self::Unavailable(_) => answer,
        }
    }
}
