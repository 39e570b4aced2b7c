//! The bounds of websocket connections.

/// What a connection, and all of them together, may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How often a client is told to send a ping, in milliseconds.
    pub ping_interval_ms: u32,
    /// How long a client is told to wait for the pong, in milliseconds. A connection without a ping for
    /// the sum of both is closed.
    pub ping_timeout_ms: u32,
    /// How long a token is valid, in milliseconds.
    pub token_validity_ms: u32,
    /// After this a connection is closed, in milliseconds.
    pub connection_age_max_ms: u32,
    /// Connections at once.
    pub connections_max: u32,
    /// New connections within a minute.
    pub connects_per_minute: u32,
    /// Messages of one connection within 10 seconds.
    pub messages_per_10_s: u32,
    /// Topics of one subscribe message, each symbol of a list by itself.
    pub topics_per_subscribe: u32,
    /// Topics of one connection.
    pub topics_per_connection: u32,
    /// Frames that may wait for a client to read them; beyond, it is cut.
    pub queue_frames_max: u32,
}

impl Default for Limits {
    /// The venue's, from its bullet answers and its table of websocket limits; the queue's length is a
    /// choice: the venue does not publish its own.
    fn default() -> Self {
        Self {
            ping_interval_ms: 18_000,
            ping_timeout_ms: 10_000,
            token_validity_ms: 86_400_000,
            connection_age_max_ms: 86_400_000,
            connections_max: 800,
            connects_per_minute: 30,
            messages_per_10_s: 100,
            topics_per_subscribe: 100,
            topics_per_connection: 400,
            queue_frames_max: 4_096,
        }
    }
}
