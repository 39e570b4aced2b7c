//! KuCoin's websocket, from the client's side: one connection kept up for a set of topics.
//!
//! ```text
//! Client: back-off -> token -> TCP, TLS -> handshake -> Connection{socket, Session} -> Handler
//! ```
//!
//! Every step has its deadline and every queue its bound ([`WsSettings`]). A connection that fails in
//! any way is given up, never mended: the next one has a new token, subscribes anew, and what was
//! missed is fetched by REST.

mod back_off;
mod chance;
mod client;
mod connection;
mod dialer;
mod fault;
pub mod private;
mod queue;
mod session;
mod settings;
mod subscription;
mod verdict;

pub use self::client::{Client, Handler};
pub use self::dialer::{BulletSource, Dialer, Socket, dialer, private_bullets, public_bullets};
pub use self::fault::{Fault, Patience, Step};
pub use self::queue::Queue;
pub use self::settings::WsSettings;
pub use self::subscription::{Subscription, TooManyTopics};

#[cfg(test)]
pub(super) mod scripted;
#[cfg(test)]
mod tests;
