//! Requests as they travel: the headers every one has, and the signature of those that need it.

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
use crate::exchange::kucoin::protocol::sign::{KEY_HEADER, PASSPHRASE_HEADER, SIGN_HEADER, Signer};
use crate::exchange::kucoin::protocol::target::Target;
use crate::net::dial::Origin;

/// What this program calls itself at the venue.
const PRODUCT: &str = concat!("ibis/", env!("CARGO_PKG_VERSION"));

/// The headers that nobody may see.
const SECRET_HEADERS: [&str; 3] = [KEY_HEADER, SIGN_HEADER, PASSPHRASE_HEADER];

/// What is asked, and how urgently. It may be sent several times, each with a signature of its own.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub endpoint: Endpoint,
    pub target: Target,
    pub body: Bytes,
    pub priority: Priority,
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

    /// The request of a call, signed with the venue's time where its endpoint wants that.
    pub(super) fn make(
        &self,
        call: &Call,
        now: Timestamp,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let unusable = |what: &str| Failure::Rejected(call.reason(what));
        let method = call.endpoint.method().as_str();
        let mut request = Request::builder().method(method).uri(call.target.wire());
        let headers = request.headers_mut().ok_or_else(|| unusable("its target is no URL"))?;
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !call.body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if call.endpoint.is_signed() {
            let Some(signer) = &self.signer else {
                let what = "there is no API key; name a credentials file";
                return Err(Failure::Unauthorized(call.reason(what)));
            };
            let signed = signer.headers(now.ms(), method, call.target.signed(), &call.body);
            for (name, value) in signed.pairs() {
                let mut value = HeaderValue::from_str(value)
                    .map_err(|_| unusable("the API key has characters no header can carry"))?;
                value.set_sensitive(SECRET_HEADERS.contains(&name));
                // hyper's names are lower case, as HTTP does not distinguish them.
                let name = HeaderName::from_bytes(name.as_bytes());
                headers.insert(name.map_err(|_| unusable("a header has no name"))?, value);
            }
        }
        request.body(Full::new(call.body.clone())).map_err(|_| unusable("its target is no URL"))
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
