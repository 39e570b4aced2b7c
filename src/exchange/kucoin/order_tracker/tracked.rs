//! One order as far as the venue's words go: what it said, what of it is booked, what is to be asked.

use std::time::Duration;

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{InstrumentId, VenueOrderId};
use crate::domain::order::TimeInForce;

/// How far the request to place it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// On its way.
    Sending,
    /// Sent, the answer is lost.
    Unresolved,
    /// At the venue.
    Working,
}

/// How far a cancel has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cancel {
    /// Nobody asked.
    No,
    /// Asked for, not sent: the order is not known to be there, or the last attempt failed.
    Wanted,
    /// On its way.
    Sending,
    /// Taken by the venue, whose word about the order is awaited.
    Asked,
    /// Refused by the venue: the order itself says why.
    Refused,
}

/// How an order ended at the venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Nothing remained.
    Filled,
    /// The rest was canceled, by whomever.
    Canceled,
}

/// An order that is not over, or whose fills are not all booked.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    pub instrument: InstrumentId,
    pub time_in_force: TimeInForce,
    /// Size asked, in base units.
    pub size: Decimal,
    /// Not placed by us: only its fills are told.
    pub foreign: bool,
    pub venue_order_id: Option<VenueOrderId>,
    pub sent: Duration,
    pub stage: Stage,
    /// The engine knows that the venue took it.
    pub accepted: bool,
    pub cancel: Cancel,
    /// Size the venue says is filled: the largest of what it said.
    pub filled: Decimal,
    /// Size of the fills that were told to the engine.
    pub booked: Decimal,
    pub end: Option<End>,
    /// A query about it is on its way.
    pub asking: bool,
    /// A fetch of its fills is on its way.
    pub fetching: bool,
    /// When to ask the venue about it, send its cancel, fetch its fills.
    pub ask_due: Duration,
    pub cancel_due: Duration,
    pub fetch_due: Duration,
    /// Fruitless attempts in a row: they space the next ones.
    pub attempts: u32,
    /// "Not found" in a row, of an order that was there.
    pub missing: u32,
}

impl Tracked {
    /// True where the venue reports fills that are not booked.
    pub fn lacks_fills(&self) -> bool {
        self.filled > self.booked
    }

    /// True where nothing more will come.
    pub fn is_over(&self) -> bool {
        self.end.is_some() && !self.lacks_fills()
    }

    /// True where the venue is asked for it: what is not ours is asked for once it is to be canceled.
    pub fn is_asked_for(&self) -> bool {
        !self.foreign || self.cancel != Cancel::No
    }

    /// Takes the venue's filled size in: it never shrinks.
    pub fn told_filled(&mut self, filled: Decimal, now: Duration) {
        if filled > self.filled {
            self.filled = filled;
            self.attempts = 0;
            self.fetch_due = now;
        }
    }
}
