//! Everything that is tested from outside the library: the command line, the units under a real
//! systemd, and the manners of the source itself. One binary, so that it links once.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test's support fails by panicking and says why on standard output"
)]

mod alerts;
mod cli;
mod control;
mod crash;
mod drift;
mod engine;
mod exchange;
mod feed;
mod http;
mod incidents;
mod kucoin;
mod live;
mod monitoring;
mod preflight;
mod recorder;
mod rest;
mod simulation;
mod storage;
mod supervision;
mod support;
mod systemd;
mod tidy;
mod units;
mod validation;
