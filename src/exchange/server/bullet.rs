//! `bullet-public` and `bullet-private`: a token, and where to connect with it.

use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::HOST;

use super::exchange::Exchange;
use super::token::Access;
use crate::clock;
use crate::exchange::kucoin::protocol::bullet::{Bullet, InstanceServer};
use crate::exchange::kucoin::protocol::envelope::success;

/// The body of an answer that lets a client with these headers connect.
pub fn answer(exchange: &Exchange, access: Access, headers: &HeaderMap) -> String {
    let authority = authority(exchange, headers);
    let limits = &exchange.settings.websocket;
    let usual = Duration::from_millis(limits.token_validity_ms.into());
    let run = exchange.clock.run();
    let validity = exchange.injector.borrow_mut().on_token(access.as_str(), run).unwrap_or(usual);
    let token = exchange.tokens.issue(access, clock::monotonic().saturating_add(validity));
    success(&Bullet {
        token: token.into(),
        instance_servers: vec![InstanceServer {
            endpoint: format!("ws://{authority}/").into(),
            encrypt: false,
            protocol: Some("websocket".into()),
            ping_interval: limits.ping_interval_ms.into(),
            ping_timeout: limits.ping_timeout_ms.into(),
        }],
    })
}

/// The host and port that a client reached the exchange by.
fn authority(exchange: &Exchange, headers: &HeaderMap) -> String {
    let plain = |text: &&str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(plain);
    host.map_or_else(|| exchange.address.to_string(), str::to_owned)
}
