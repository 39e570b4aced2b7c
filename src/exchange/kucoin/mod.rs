//! KuCoin: the venue of live mode, and the wire vocabulary that it shares with the exchange of ours.
//!
//! [`protocol`] is what travels; [`rest`] and [`ws`] make it travel; [`feed`] makes market events of it
//! and [`venue`] orders and reports, by [`order_tracker`].

pub mod condition;
pub mod order_tracker;
pub mod protocol;
pub mod venue;
