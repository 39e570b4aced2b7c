//! Websocket connections: their life, their topics, their bounds.
//!
//! ```text
//! upgrade -> connection (reads, writes, times) -> session (what was said, what is heard back)
//!                 ^                                   |
//!              outbox <---------- hub <---------------+ topics
//! ```
//!
//! A connection that is refused for its token or a limit is opened all the same, hears the error as a
//! frame, and is closed: so does the venue. Every frame waits in its connection's bounded outbox; a
//! client that lets it fill is cut, nobody waits for it.

mod connection;
mod hub;
mod limits;
mod outbox;
mod session;
mod upgrade;

pub use hub::{Hub, MemberId};
pub use limits::Limits;
pub use upgrade::upgrade;
