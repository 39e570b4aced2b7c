//! The bounds of an exchange, all of which a fault plan can set.

use super::rate_limit::Quotas;
use super::websocket::Limits;
use crate::exchange::paper::OpenOrdersMax;

/// Bounds of HTTP connections: the venue does not publish its own, these are choices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HttpLimits {
    /// From the first byte of a request's head to its last, in milliseconds.
    pub head_timeout_ms: u32,
    /// For the body, in milliseconds.
    pub body_timeout_ms: u32,
    /// Between two requests of a connection, in milliseconds.
    pub idle_timeout_ms: u32,
    /// Largest body, in bytes; twenty orders need 8,000.
    pub body_bytes_max: u32,
    /// Connections at once, websockets among them.
    pub connections_max: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            head_timeout_ms: 10_000,
            body_timeout_ms: 10_000,
            idle_timeout_ms: 75_000,
            body_bytes_max: 65_536,
            connections_max: 1_000,
        }
    }
}

/// All bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServerSettings {
    /// Weight of requests.
    pub quotas: Quotas,
    /// HTTP connections.
    pub http: HttpLimits,
    /// Websocket connections.
    pub websocket: Limits,
    /// Open orders.
    pub orders: OpenOrdersMax,
}
