//! The connections to one origin: a few are kept for the next call, none is trusted blindly.

use std::cell::RefCell;
use std::time::Duration;

use super::connection::Connection;
use crate::clock;
use crate::net::dial::{DialLimits, Origin, dial};
use crate::net::tls::Tls;

/// Connections that wait for a call. More may be open while calls run: as many as calls may run.
pub(super) const IDLE_CONNECTIONS_MAX: usize = 4;
/// A connection that waited longer is not used again: middle boxes forget silently, commonly after
/// 60 s, and a request that vanishes is unresolved.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(30);

/// Connects to the venue and keeps connections.
pub(super) struct Transport {
    origin: Origin,
    tls: Tls,
    limits: DialLimits,
    /// The last one in is the first one out: the warmest.
    idle: RefCell<Vec<Idle>>,
}

struct Idle {
    connection: Connection,
    since: Duration,
}

impl Transport {
    pub(super) fn new(origin: Origin, tls: Tls, limits: DialLimits) -> Self {
        Self { origin, tls, limits, idle: RefCell::default() }
    }

    /// Where the venue is.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A connection that waited, if there is a healthy one. Those that are not are closed.
    pub(super) fn waiting(&self) -> Option<Connection> {
        let now = clock::monotonic();
        let mut idle = self.idle.borrow_mut();
        while let Some(Idle { connection, since }) = idle.pop() {
            if now.saturating_sub(since) <= IDLE_MAX && connection.is_healthy() {
                return Some(connection);
            }
        }
        None
    }

    /// A new connection. The error says that nothing of a request left.
    pub(super) async fn connect(&self) -> Result<Connection, String> {
        let stream = dial(&self.origin, &self.tls, self.limits).await;
        let stream = stream.map_err(|error| error.to_string())?;
        Connection::open(stream).await.map_err(|broken| broken.what)
    }

    /// Keeps a connection for the next call.
    pub(super) fn keep(&self, connection: Connection) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < IDLE_CONNECTIONS_MAX {
            idle.push(Idle { connection, since: clock::monotonic() });
        }
    }
}
