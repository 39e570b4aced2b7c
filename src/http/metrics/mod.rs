//! Metrics for Prometheus, in the text format 0.0.4. Base units, `_total` on counters alone, states
//! one-hot, every label's values a list of ours or the configured symbols.

mod exposition;
mod families;
pub mod family;
mod process;

pub(in crate::http) use families::{Source, render};
pub use process::Process;

/// The content type of the format.
pub(in crate::http) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
