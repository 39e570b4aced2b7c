//! ibis: a systemd-native spot trading agent.
pub mod clock;
pub mod config;
pub mod domain;
pub mod systemd;
