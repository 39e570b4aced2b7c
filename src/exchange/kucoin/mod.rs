//! KuCoin: the venue of live mode.

pub mod order_tracker;
