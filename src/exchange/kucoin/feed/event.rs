//! What the live feed tells.

use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::MarketEvent;

/// One thing the feed tells, in the order it is so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FeedEvent {
    /// Market data by websocket.
    Market(MarketEvent),
    /// Market data that was asked for by REST: seconds apart, and without the book.
    Polled(MarketEvent),
    /// The websocket gives every topic from here on; what the feed knows is told again as it comes.
    Up,
    /// Something was missed from here on, or another attempt to connect failed; and why. Books are
    /// void.
    Down {
        /// In one line.
        reason: String,
    },
    /// A book is in step with the venue's: its levels were just told.
    Synced {
        /// Whose.
        instrument: InstrumentId,
        /// Only the best levels of a side could be had: what is deeper is missing until it changes.
        partial: bool,
    },
    /// The venue does not give a topic: the pair is not traded any more, perhaps. The others go on.
    Refused {
        /// The topic.
        topic: String,
        /// What the venue says.
        reason: String,
    },
}
