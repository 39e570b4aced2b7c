//! Requests as they travel: the headers every one has, and the signature of those that need it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT,
};

use super::failure::{Failure, Reason, VenueReason};
use super::priority::Priority;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::credentials::Credentials;
use crate::exchange::kucoin::protocol::code::Code;
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::place::PlaceOrder;
use crate::exchange::kucoin::protocol::sign::{KEY_HEADER, PASSPHRASE_HEADER, SIGN_HEADER, Signer};
use crate::exchange::kucoin::protocol::target::Target;
use crate::net::dial::Origin;

/// What this program calls itself at the venue.
const PRODUCT: &str = concat!("ibis/", env!("CARGO_PKG_VERSION"));

/// The headers that nobody may see.
const SECRET_HEADERS: [&str; 3] = [KEY_HEADER, SIGN_HEADER, PASSPHRASE_HEADER];

/// Bytes of an order as it is sent, typically.
const ORDER_BYTES: usize = 256;

/// What is asked, and how urgently. It may be sent several times, each with a signature of its own.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub endpoint: Endpoint,
    pub target: Target,
    pub body: Body,
    pub priority: Priority,
}

/// What a request says beside its target.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// The same whenever it is sent.
    Fixed(Bytes),
    /// An order that dies at the venue's gateway where it comes too late.
    Order(Box<Expiring>),
}

/// An order and how long it may take to the venue.
///
/// The time counts from when it was given, by the monotonic clock, however long it waits here for its turn
/// or a connection; the venue is told it by the venue's clock as measured when it is sent. Our own wall
/// clock has no say: one that was set ahead would let a late copy live.
#[derive(Clone, Debug)]
pub(super) struct Expiring {
    pub order: PlaceOrder<'static>,
    /// When it was given, by the monotonic clock.
    pub since: Duration,
    /// Milliseconds from then on.
    pub window_ms: i64,
}

impl Body {
    /// True where it cannot be made without the venue's time.
    pub(super) const fn is_dated(&self) -> bool {
        matches!(self, Self::Order(_))
    }

    /// What is sent at `venue_time` by the venue's clock, which is `monotonic` by ours.
    fn bytes(&self, venue_time: Timestamp, monotonic: Duration) -> Bytes {
        match self {
            Self::Fixed(bytes) => bytes.clone(),
            Self::Order(expiring) => {
                let Expiring { order, since, window_ms } = &**expiring;
                let waited = i64::try_from(monotonic.saturating_sub(*since).as_millis());
                let mut order = order.clone();
                order.client_timestamp =
                    Some(venue_time.ms().saturating_sub(waited.unwrap_or(i64::MAX)));
                order.allow_max_time_window = Some(*window_ms);
                Bytes::from(order_text(&order))
            }
        }
    }
}

/// An order as it is sent.
pub(super) fn order_text(order: &PlaceOrder<'_>) -> String {
    let mut text = String::with_capacity(ORDER_BYTES);
    order.write(&mut text);
    text
}

impl Call {
    /// The failure of this call.
    pub(super) fn reason(&self, what: impl Into<String>) -> Reason {
        Reason { call: self.endpoint, venue: None, what: what.into() }
    }
}

/// Makes requests of calls.
pub(super) struct Requests {
    host: HeaderValue,
    signer: Option<Signer>,
}

impl Requests {
    pub(super) fn new(origin: &Origin, credentials: Option<&Credentials>) -> Self {
        let host = HeaderValue::from_str(&origin.authority())
            .expect("an origin has letters, digits and `.-_[]:` only");
        let signer = credentials.map(|credentials| {
            let secret = credentials.secret().as_bytes();
            Signer::new(credentials.key(), secret, credentials.passphrase())
        });
        Self { host, signer }
    }

    /// Whether there is a key to sign with.
    pub(super) fn can_sign(&self) -> bool {
        self.signer.is_some()
    }

    /// The request of a call, signed with the venue's time where its endpoint wants that; `monotonic` is
    /// the same instant by our clock.
    pub(super) fn make(
        &self,
        call: &Call,
        (now, monotonic): (Timestamp, Duration),
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let body = call.body.bytes(now, monotonic);
        let unusable = |what: &str| Failure::Rejected(call.reason(what));
        let method = call.endpoint.method().as_str();
        let mut request = Request::builder().method(method).uri(call.target.wire());
        let headers = request.headers_mut().ok_or_else(|| unusable("its target is no URL"))?;
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if call.endpoint.is_signed() {
            let Some(signer) = &self.signer else {
                let what = "there is no API key; name a credentials file";
                return Err(Failure::Unauthorized(call.reason(what)));
            };
            let signed = signer.headers(now.ms(), method, call.target.signed(), &body);
            for (name, value) in signed.pairs() {
                let mut value = HeaderValue::from_str(value)
                    .map_err(|_| unusable("the API key has characters no header can carry"))?;
                value.set_sensitive(SECRET_HEADERS.contains(&name));
                // hyper's names are lower case, as HTTP does not distinguish them.
                let name = HeaderName::from_bytes(name.as_bytes());
                headers.insert(name.map_err(|_| unusable("a header has no name"))?, value);
            }
        }
        request.body(Full::new(body)).map_err(|_| unusable("its target is no URL"))
    }

    /// What the venue said of a request, without what is secret in it.
    pub(super) fn said(
        &self,
        sent: &[HeaderValue],
        http_status: u16,
        code: Option<Code>,
        message: &str,
    ) -> VenueReason {
        let secrets = sent.iter().filter_map(|value| value.to_str().ok());
        let key = self.signer.iter().map(Signer::key);
        VenueReason::new(http_status, code, message, secrets.chain(key))
    }
}

/// The values of a request that nobody may see: what the venue says of it is cleaned of them.
pub(super) fn secrets(request: &Request<Full<Bytes>>) -> Vec<HeaderValue> {
    request.headers().values().filter(|value| value.is_sensitive()).cloned().collect()
}
