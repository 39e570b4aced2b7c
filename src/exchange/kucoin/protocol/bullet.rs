//! Tokens for websocket connections, and where to connect.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::target::encode;
use super::wire_text::{WireText, owned_by_field};

/// How long a token, and a connection made with it, lives, in milliseconds.
pub const LIFE_MS: i64 = 24 * 3_600_000;
/// How often a client pings, unless told otherwise, in milliseconds.
pub const PING_INTERVAL_MS: i64 = 18_000;
/// How long a client waits for a pong, unless told otherwise, in milliseconds.
pub const PING_TIMEOUT_MS: i64 = 10_000;

/// A token and the servers it is good for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bullet<'a> {
    /// Opaque; good for [`LIFE_MS`] and one connection.
    #[serde(borrow)]
    pub token: WireText<'a>,
    /// Usually one.
    #[serde(borrow)]
    pub instance_servers: Vec<InstanceServer<'a>>,
}

owned_by_field!(Bullet { token, instance_servers });

impl Bullet<'_> {
    /// The address of a connection to the first server: `endpoint?token=...&connectId=...`.
    pub fn address(&self, connect_id: &str) -> Option<String> {
        let endpoint = &self.instance_servers.first()?.endpoint;
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        let (token, connect_id) = (encode(&self.token), encode(connect_id));
        Some(format!("{endpoint}{mark}token={token}&connectId={connect_id}"))
    }
}

impl fmt::Debug for Bullet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bullet")
            .field("instance_servers", &self.instance_servers)
            .finish_non_exhaustive()
    }
}

/// A websocket server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceServer<'a> {
    /// Where to connect; never fixed.
    #[serde(borrow)]
    pub endpoint: WireText<'a>,
    /// Over TLS.
    #[serde(default)]
    pub encrypt: bool,
    /// `websocket`.
    #[serde(borrow, default)]
    pub protocol: Option<WireText<'a>>,
    /// How often to ping, in milliseconds.
    pub ping_interval: i64,
    /// How long to wait for a pong, in milliseconds.
    pub ping_timeout: i64,
}

owned_by_field!(InstanceServer { endpoint, encrypt, protocol, ping_interval, ping_timeout });
