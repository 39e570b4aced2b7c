//! KuCoin spot: the wire vocabulary that the client and the exchange of ours share, a client for the
//! REST interface, and what a client must hold to trade there.

pub mod credentials;
pub mod dial;
pub mod feed;
pub mod protocol;
pub mod rest;
pub mod tls;
pub mod ws;
