//! ibis: a systemd-native spot trading agent.
pub mod cli;
pub mod config;
pub mod domain;
pub mod durable;
pub mod engine;
pub mod market;
pub mod risk;
pub mod store;
pub mod strategy;
pub mod clock;
pub mod config;
pub mod domain;
pub mod systemd;
pub mod exchange;
pub mod market;
pub mod store;
