//! ibis: a systemd-native spot trading agent.
pub mod domain;
pub mod exchange;
