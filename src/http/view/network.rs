//! What the agent shows of its ways to the venue; nothing of it where market and orders are made here.

use std::time::Duration;

use crate::domain::decimal::Decimal;
use crate::histogram::Histogram;

/// The ways to the venue.
#[derive(Clone, Default, Debug)]
pub struct NetworkView {
    /// Websockets.
    pub streams: Vec<StreamView>,
    /// Requests, by what for; those that were ever made.
    pub requests: Vec<RequestView>,
    /// What is left of each quota, as a fraction of it, where the venue said something of it.
    pub quotas: Vec<(&'static str, Decimal)>,
    /// How far our clock is ahead of the venue's, once measured, in seconds.
    pub clock_skew: Option<Decimal>,
}

/// A websocket and the task that keeps it up.
#[derive(Clone, Debug)]
pub struct StreamView {
    /// `market` or `private`.
    pub name: &'static str,
    /// Its pushes come.
    pub connected: bool,
    /// The task runs; it never ends by itself.
    pub running: bool,
    /// How long ago the last push came; none yet.
    pub pushed: Option<Duration>,
    /// Times that it came up.
    pub ups: u64,
    /// Times that it was lost, or could not be had.
    pub downs: u64,
    /// Breaks in what it pushed.
    pub gaps: u64,
    /// Requests stand in for it now; none where nothing does.
    pub fallback: Option<bool>,
}

/// Requests of one kind.
#[derive(Clone, Debug)]
pub struct RequestView {
    /// What for.
    pub op: &'static str,
    /// What came of them, each with how often.
    pub results: Vec<(&'static str, u64)>,
    /// What they took.
    pub took: Histogram,
}
