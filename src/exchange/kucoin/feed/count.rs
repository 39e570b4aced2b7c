//! What the live feed met: nothing is left out without a count.

use std::fmt;

use crate::market::FeedCount;

/// Counts of a live feed since its start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveCount {
    /// Of the pushes' content, as for a recording: `rows` are pushes, `events` market events told.
    pub feed: FeedCount,
    /// Pushes that made no sense: a numbered book begins anew after one.
    pub malformed: u64,
    /// Events that a full queue lost, and those that waited in it then.
    pub dropped: u64,
    /// Times that a book had to begin anew while the connection stood.
    pub resyncs: u64,
    /// Books taken by REST.
    pub snapshots: u64,
    /// Answers of REST that were of no use: failures, books too old or crossed.
    pub failed_fetches: u64,
    /// Answers to polls.
    pub polls: u64,
    /// Times that the websocket came up.
    pub ups: u64,
    /// Times that it was up no more, or could not be brought up.
    pub downs: u64,
}

impl LiveCount {
    pub(super) fn new(name: &str) -> Self {
        Self {
            feed: FeedCount::new(name),
            malformed: 0,
            dropped: 0,
            resyncs: 0,
            snapshots: 0,
            failed_fetches: 0,
            polls: 0,
            ups: 0,
            downs: 0,
        }
    }
}

/// One line: the content's counts, the rest where it is not zero.
impl fmt::Display for LiveCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.feed)?;
        for (count, what) in [
            (self.malformed, "malformed"),
            (self.dropped, "dropped by a full queue"),
            (self.resyncs, "books begun anew"),
            (self.snapshots, "books fetched"),
            (self.failed_fetches, "fetches of no use"),
            (self.polls, "polls"),
            (self.ups, "times up"),
            (self.downs, "times down"),
        ] {
            if count != 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
