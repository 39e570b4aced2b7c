//! ibis: a systemd-native spot trading agent.
pub mod config;
pub mod domain;
