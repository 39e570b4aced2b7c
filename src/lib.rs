//! ibis: a systemd-native spot trading agent.
pub mod agent;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod durable;
pub mod engine;
pub mod exchange;
pub mod market;
pub mod ops;
pub mod risk;
pub mod store;
pub mod strategy;
pub mod systemd;
