//! What a Prometheus that scrapes the agent is to alert on.
//!
//! Rules are made, not written: the names of metrics and labels are those of [`crate::http::metrics`], the
//! thresholds those of the configuration in force or of the code that acts on them. What the agent shows of
//! its own limits ([`crate::http::metrics::family::LIMIT`]) is compared with where it is evaluated, so that
//! a reload needs no new rules.

pub mod rule;
pub mod rules;
