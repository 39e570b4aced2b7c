//! What the engine can be told, as one type.

use serde::{Deserialize, Serialize};

use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::Candle;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::action::Action;
use crate::engine::event::Event;
use crate::engine::reconcile::{Known, VenueSnapshot};

/// One input, read back.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// An event.
    Event(Event),
    /// At the start: what the ledger knew.
    Restore(Known),
    /// At the start: what the venue held.
    Reconcile(VenueSnapshot),
    /// At the start: candles of before.
    WarmUp(InstrumentId, Vec<Candle>),
}

/// One input, about to be written. The same words as [`Input`].
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputRef<'a> {
    /// An event.
    Event(&'a Event),
    /// What the ledger knew.
    Restore(&'a Known),
    /// What the venue held.
    Reconcile(&'a VenueSnapshot),
    /// Candles of before.
    WarmUp(InstrumentId, &'a [Candle]),
}

impl Input {
    /// Tells it to the engine.
    pub fn apply(&self, engine: &mut Engine, now: Timestamp, actions: &mut Vec<Action>) {
        match self {
            Self::Event(event) => engine.step(event, now, actions),
            Self::Restore(known) => engine.restore(known.clone(), now, actions),
            Self::Reconcile(snapshot) => drop(engine.reconcile(snapshot, now, actions)),
            Self::WarmUp(instrument, candles) => engine.warm_up(*instrument, candles),
        }
    }

    /// To be written again.
    pub fn as_ref(&self) -> InputRef<'_> {
        match self {
            Self::Event(event) => InputRef::Event(event),
            Self::Restore(known) => InputRef::Restore(known),
            Self::Reconcile(snapshot) => InputRef::Reconcile(snapshot),
            Self::WarmUp(instrument, candles) => InputRef::WarmUp(*instrument, candles),
        }
    }

    /// True for market data, which moves neither orders nor money by itself.
    pub fn is_market(&self) -> bool {
        matches!(self, Self::Event(Event::Market(_)) | Self::WarmUp(..))
    }
}
