//! The control and monitoring interface: HTTP on loopback and on a unix socket.
//!
//! A thread of its own with a runtime of its own serves, so that it answers when the loop is busy, hung
//! or not there yet. It reads what the loop last published ([`board::Board`]) and reckons ages when it
//! answers: a loop that stands still grows old by itself. What changes something is a command for the
//! agent ([`operator::Operator`]), durable before the answer.
//!
//! - `admit`: who may ask what, one pure function; `rate`: how often,
//! - [`view`], [`board`], `sight`, `judge`: what the agent is, and whether that is well,
//! - `reading`, `control`: the answers, `metrics`: for Prometheus,
//! - `listener`, `server`, `connection`: sockets, the thread, bounds in time and size.
//!
//! **Limits**: `connection` and `rate` name them. **Failure**: an address that is taken is said and does
//! not stop the agent; the socket serves on.

mod admit;
mod answer;
pub mod board;
mod command;
mod connection;
mod control;
pub mod counters;
mod judge;
mod ledger;
mod listener;
pub mod metrics;
pub mod operator;
mod peer;
mod rate;
mod reading;
mod refusal;
mod route;
mod server;
mod sight;
pub mod token;
pub mod view;

pub use metrics::Process;
pub use server::{Facts, Service, StartError};
