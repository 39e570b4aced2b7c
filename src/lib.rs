//! ibis: a systemd-native spot trading agent.
pub mod cli;
pub mod config;
pub mod domain;
pub mod durable;
pub mod market;
pub mod store;
