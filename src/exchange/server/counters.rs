//! What the exchange counted: its report at the end.

use std::cell::Cell;

use serde::Serialize;
use serde::ser::Serializer;

/// A count that only grows.
#[derive(Clone, Debug, Default)]
pub struct Count(Cell<u64>);

impl Count {
    /// One more.
    pub fn add(&self) {
        self.add_many(1);
    }

    /// So many more.
    pub fn add_many(&self, count: u64) {
        self.0.set(self.0.get().saturating_add(count));
    }

    /// How many.
    pub fn get(&self) -> u64 {
        self.0.get()
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.get())
    }
}

/// The counts of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counters {
    /// TCP connections accepted.
    pub connections: Count,
    /// TCP connections turned away because there were too many.
    pub connections_refused: Count,
    /// HTTP connections ended because their client was too slow.
    pub slow_requests: Count,
    /// Requests with a complete head.
    pub requests: Count,
    /// Requests refused for their URL, content type or size.
    pub requests_malformed: Count,
    /// Requests refused for their credentials, time, address or permission.
    pub requests_unauthorized: Count,
    /// Requests refused because their pool was used up.
    pub requests_limited: Count,
    /// Websocket connections welcomed.
    pub websockets: Count,
    /// Websocket connections refused for their token or a limit.
    pub websockets_refused: Count,
    /// Frames of websocket clients.
    pub frames_in: Count,
    /// Frames of websocket clients that were answered with an error.
    pub frames_refused: Count,
    /// Pushes handed to a connection, each listener singly.
    pub pushes: Count,
    /// Websocket connections cut because their client did not read.
    pub slow_websockets: Count,
    /// Websocket connections closed because no ping came in time.
    pub silent_websockets: Count,
}
