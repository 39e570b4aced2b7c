//! The simulated exchange: KuCoin's REST and websocket protocol on loopback.
//!
//! ```text
//! listener -> http (faults) -> gateway (route, signature, quota) -> perform -> core
//!                 |                                                             | pushes
//!                 +-> websocket (sessions, outboxes) <---- push_line (faults) <-+
//!                                            market_task moves the core with its clock
//! ```
//!
//! The core knows the exchange's rules and no connection; everything else knows connections and none
//! of the rules. All of it runs on one thread: a request is answered, and what it caused is on its way
//! to those who listen, before the next is looked at.

pub mod answer;
mod arrival;
mod authentication;
mod bullet;
mod clock;
pub mod core;
mod counters;
pub mod credentials_file;
mod disturb;
mod exchange;
pub mod fault;
mod gateway;
mod http;
mod launch;
mod listener;
mod market_task;
mod operator;
mod perform;
mod push_line;
pub mod rate_limit;
mod refusal;
mod reply;
pub mod settings;
mod token;
pub mod topic;
pub mod websocket;
mod window;
mod wire;

pub use launch::{Options, Ready, Report, ServerError, run};
