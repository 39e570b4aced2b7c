//! Who may ask what: one pure function of a request's head, the peer and the rules.
//!
//! What a browser can be tricked into is refused first: a foreign name (DNS rebinding), a foreign origin,
//! a form. Then the route, then the secret.

use std::net::SocketAddr;

use hyper::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, ORIGIN,
    TRANSFER_ENCODING,
};
use hyper::{Method, Uri, Version};

use super::peer::Peer;
use super::refusal::Refusal;
use super::route::Route;
use super::token::Token;

/// Largest body of a request, in bytes (seed 002 had 10,000).
pub const BODY_BYTES_MAX: u64 = 16 * 1024;
/// The only name the socket is asked under.
const SOCKET_HOST: &str = "localhost";
/// What a browser says of where a request comes from (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request without its body.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its target.
    pub uri: &'a Uri,
    /// Its version.
    pub version: Version,
    /// Its headers.
    pub headers: &'a HeaderMap,
}

/// What is let through.
#[derive(Debug)]
pub struct Rules {
    /// Names with ports that requests over TCP may be addressed to, in small letters.
    hosts: Vec<String>,
    /// The secret, if there is one.
    token: Option<Token>,
    /// Reading over TCP needs it, too.
    secret_reads: bool,
}

impl Rules {
    /// The rules of a listener at `address`, if TCP is listened on, with further names.
    pub fn new(
        address: Option<SocketAddr>,
        names: &[String],
        token: Option<Token>,
        secret_reads: bool,
    ) -> Self {
        let mut hosts = names.to_vec();
        if let Some(address) = address {
            hosts.push(address.to_string());
            hosts.push(format!("localhost:{}", address.port()));
        }
        // What others reach tells nobody anything without the secret.
        let remote = address.is_some_and(|address| !address.ip().is_loopback());
        Self { hosts, token, secret_reads: secret_reads || remote }
    }
}

/// The route, where the request may go on.
pub fn admit(head: Head<'_>, peer: Peer, rules: &Rules) -> Result<Route, Refusal> {
    if head.version != Version::HTTP_11 {
        return Err(Refusal::Version);
    }
    check_host(head, peer, rules)?;
    check_origin(head, rules)?;
    let route = Route::find(head.uri.path()).ok_or(Refusal::NotFound)?;
    if !route.takes(head.method) {
        return Err(Refusal::Method(route));
    }
    let needs_secret = route.is_write() || rules.secret_reads;
    if needs_secret && !peer.is_process() {
        check_token(head.headers, rules)?;
    }
    check_body(head.headers, route)?;
    Ok(route)
}

fn check_host(head: Head<'_>, peer: Peer, rules: &Rules) -> Result<(), Refusal> {
    let mut named = head.headers.get_all(HOST).iter();
    let host = named.next().and_then(|host| host.to_str().ok()).ok_or(Refusal::HostMissing)?;
    if named.next().is_some() {
        return Err(Refusal::HostMissing);
    }
    // A target that names a host itself is a proxy's.
    if head.uri.authority().is_some() {
        return Err(Refusal::HostForeign);
    }
    let host = host.to_ascii_lowercase();
    let known = if peer.is_process() { host == SOCKET_HOST } else { rules.hosts.contains(&host) };
    if known { Ok(()) } else { Err(Refusal::HostForeign) }
}

/// No page of another origin asks; there are no CORS headers that would let one.
fn check_origin(head: Head<'_>, rules: &Rules) -> Result<(), Refusal> {
    for site in head.headers.get_all(SEC_FETCH_SITE) {
        if !["same-origin", "none"].iter().any(|own| site == own) {
            return Err(Refusal::OriginForeign);
        }
    }
    for origin in head.headers.get_all(ORIGIN) {
        let host = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        let host = host.map(str::to_ascii_lowercase);
        if !host.is_some_and(|host| rules.hosts.contains(&host)) {
            return Err(Refusal::OriginForeign);
        }
    }
    Ok(())
}

fn check_token(headers: &HeaderMap, rules: &Rules) -> Result<(), Refusal> {
    let token = rules.token.as_ref().ok_or(Refusal::TokenUnset)?;
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let text = given.next().ok_or(Refusal::TokenMissing)?.to_str().unwrap_or_default();
    let (scheme, secret) = text.split_once(' ').unwrap_or_default();
    let right = scheme.eq_ignore_ascii_case("Bearer") && token.is(secret.trim());
    if right && given.next().is_none() { Ok(()) } else { Err(Refusal::TokenWrong) }
}

fn check_body(headers: &HeaderMap, route: Route) -> Result<(), Refusal> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok()).unwrap_or(0);
    if !route.is_write() {
        let body = length > 0 || headers.contains_key(TRANSFER_ENCODING);
        return if body { Err(Refusal::BodyUnexpected) } else { Ok(()) };
    }
    let kind = text(CONTENT_TYPE).unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::ContentType);
    }
    if length > BODY_BYTES_MAX { Err(Refusal::BodyTooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
