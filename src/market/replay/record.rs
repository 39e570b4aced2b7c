//! What a source gives the merge: finished events, or depth that a snapshot must synchronise.

use std::collections::VecDeque;

use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::{MarketData, MarketEvent};
use crate::domain::time::Timestamp;
use crate::market::kucoin::Level;

/// One thing in a source's order of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Record {
    /// Ready to be given out.
    Event(MarketEvent),
    /// Numbered depth: boxed, for it is rare beside events and large.
    Book(Timestamp, Box<BookMessage>),
}

impl Record {
    pub(super) fn at(&self) -> Timestamp {
        match self {
            Self::Event(event) => event.at,
            Self::Book(at, _) => *at,
        }
    }
}

/// Records that are parsed and wait for their turn; a row gives a few.
pub(super) type Pending = VecDeque<Record>;

/// Appends an event.
pub(super) fn say(out: &mut Pending, at: Timestamp, instrument: InstrumentId, data: MarketData) {
    out.push_back(Record::Event(MarketEvent { at, instrument, data }));
}

/// Numbered depth of one instrument.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct BookMessage {
    pub(super) instrument: InstrumentId,
    pub(super) kind: BookKind,
    pub(super) levels: Vec<Level>,
}

/// A full book, or changes to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BookKind {
    /// The book as it is after the update `sequence`.
    Snapshot {
        /// Number of the last update it contains.
        sequence: i64,
    },
    /// The updates numbered `first` to `last`, merged.
    Update {
        /// First number.
        first: i64,
        /// Last number.
        last: i64,
    },
}
