//! The gateway: route, content type, signature, permission, quota. What passes goes to the core.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;

use super::authentication::Signed;
use super::exchange::Exchange;
use super::reply::Reply;
use crate::clock;
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::rate_limit::RateLimit;
use crate::exchange::kucoin::protocol::refusal::{self, Refusal};
use crate::exchange::kucoin::protocol::target;

/// The only content type of a body.
const JSON: &str = "application/json";

/// A request that arrived whole.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// `path?query` as it came.
    pub target: &'a str,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// Body.
    pub body: &'a [u8],
    /// Where it came from.
    pub address: IpAddr,
}

/// A request that passed.
#[derive(Clone, Copy, Debug)]
pub struct Admitted<'a> {
    /// What is asked.
    pub endpoint: Endpoint,
    /// The parameter in the path as it came, or `""`.
    pub path_parameter: &'a str,
    /// The query as it came, or `""`.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// What is left of its pool.
    pub quota: RateLimit,
}

/// Lets a request pass, or answers it.
pub fn admit<'a>(exchange: &Exchange, request: Received<'a>) -> Result<Admitted<'a>, Reply> {
    let counters = &exchange.counters;
    let (path, query) = target::split(request.target);
    let Some((endpoint, path_parameter)) = Endpoint::of(request.method, path) else {
        counters.requests_malformed.add();
        return Err(Reply::refused(&refusal::ROUTE, None));
    };
    if !request.body.is_empty() && !is_json(request.headers) {
        counters.requests_malformed.add();
        return Err(Reply::refused(&refusal::CONTENT_TYPE, None));
    }
    if let Err(refusal) = authenticate(exchange, endpoint, request) {
        counters.requests_unauthorized.add();
        return Err(Reply::refused(&refusal, None));
    }
    let weight = u32::try_from(endpoint.weight()).unwrap_or(u32::MAX);
    let charge = exchange.pools.borrow_mut().charge(
        endpoint.pool(),
        request.address,
        weight,
        clock::monotonic(),
    );
    if !charge.fits {
        counters.requests_limited.add();
        return Err(Reply::refused(&refusal::TOO_MANY_REQUESTS, Some(charge.state)));
    }
    Ok(Admitted { endpoint, path_parameter, query, body: request.body, quota: charge.state })
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let media = value.split(';').next().unwrap_or("").trim();
        media.eq_ignore_ascii_case(JSON)
    })
}

fn authenticate(
    exchange: &Exchange,
    endpoint: Endpoint,
    request: Received<'_>,
) -> Result<(), Refusal> {
    // Public endpoints may carry a signature; nobody looks at it.
    if !endpoint.is_signed() {
        return Ok(());
    }
    let signed = Signed { method: request.method, target: request.target, body: request.body };
    let (known, now_ms) = (&exchange.authentication, exchange.transport_ms());
    known.check(request.headers, signed, request.address, now_ms)?;
    known.permit(endpoint.permission(), &exchange.conditions.borrow().current().revoked)
}
