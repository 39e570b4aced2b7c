//! What the engine is told. Time comes with it: the engine reads no clock.

use crate::domain::execution::ExecutionReport;
use crate::domain::hold::{Hold, HoldCode};
use crate::domain::market_data::MarketEvent;
use crate::domain::operator::Command;
use crate::domain::symbol::Symbol;
use crate::engine::reconcile::VenueSnapshot;

/// One input of [`super::Engine::step`].
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The market said something.
    Market(MarketEvent),
    /// The venue said something about an order of ours.
    Report(ExecutionReport),
    /// The venue said how the account stands, as a whole.
    Account(Box<VenueSnapshot>),
    /// Time passed: [`super::Engine::next_deadline`] has come.
    Timer,
    /// A reason not to trade appeared outside the engine.
    SetHold(Hold),
    /// It went away.
    ClearHold {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// Which.
        code: HoldCode,
    },
    /// An operator, or somebody in an operator's place, wants something.
    Operator(Box<Command>),
    /// The agent is stopping: no entries from here on, open ones are canceled.
    Drain,
}
