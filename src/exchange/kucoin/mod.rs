//! KuCoin: the venue of live mode, and the wire vocabulary that it shares with the exchange of ours.
//!
//! [`protocol`] is what travels; [`rest`] and [`ws`] make it travel; [`feed`] makes market events of it
//! and [`venue`] orders and reports, by [`order_tracker`].

pub mod condition;
pub mod credentials;
pub mod feed;
pub mod instrument;
pub mod order_tracker;
pub mod preflight;
pub mod protocol;
pub mod rest;
pub mod venue;
pub mod ws;
