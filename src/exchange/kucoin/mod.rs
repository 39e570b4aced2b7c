//! KuCoin: its protocol, a client for its REST interface, and what a client must hold to trade there.

pub mod credentials;
pub mod dial;
pub mod protocol;
pub mod rest;
pub mod tls;
