//! The simulated exchange: KuCoin's REST and websocket protocol, served from the paper venue.

pub mod answer;
pub mod core;
pub mod topic;
