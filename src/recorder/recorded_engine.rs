//! The engine with a recorder on its inputs: the one way in.

use std::ops::Deref;

use super::input::InputRef;
use super::recording::Recorder;
use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::Candle;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::action::Action;
use crate::engine::event::Event;
use crate::engine::reconcile::{Difference, Known, VenueSnapshot};

/// An engine, and its recorder if it is recorded. Reads go to the engine.
#[derive(Debug)]
pub struct RecordedEngine {
    engine: Engine,
    recorder: Option<Recorder>,
}

impl RecordedEngine {
    /// An engine that has taken no input yet.
    pub fn new(engine: Engine, recorder: Option<Recorder>) -> Self {
        Self { engine, recorder }
    }

    /// [`Engine::step`].
    pub fn step(&mut self, event: &Event, now: Timestamp, actions: &mut Vec<Action>) {
        let before = actions.len();
        self.input(InputRef::Event(event), now);
        self.engine.step(event, now, actions);
        self.acted(before, actions);
    }

    /// [`Engine::restore`].
    pub fn restore(&mut self, known: Known, now: Timestamp, actions: &mut Vec<Action>) {
        let before = actions.len();
        self.input(InputRef::Restore(&known), now);
        self.engine.restore(known, now, actions);
        self.acted(before, actions);
    }

    /// [`Engine::reconcile`].
    pub fn reconcile(
        &mut self,
        snapshot: &VenueSnapshot,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Vec<Difference> {
        let before = actions.len();
        self.input(InputRef::Reconcile(snapshot), now);
        let differences = self.engine.reconcile(snapshot, now, actions);
        self.acted(before, actions);
        differences
    }

    /// [`Engine::warm_up`].
    pub fn warm_up(&mut self, instrument: InstrumentId, candles: &[Candle], now: Timestamp) {
        self.input(InputRef::WarmUp(instrument, candles), now);
        self.engine.warm_up(instrument, candles);
    }

    /// Puts what is recorded so far on the disk. Before the ledger is handed what followed from it.
    pub fn flush(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.flush(&self.engine);
        }
    }

    /// The recording ends.
    pub fn finish(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.finish(&self.engine);
            if let (lost @ 1.., failures) = recorder.lost() {
                log::warn!("{lost} inputs are on no record: writing failed {failures} times");
            }
        }
    }

    fn input(&mut self, input: InputRef<'_>, now: Timestamp) {
        if let Some(recorder) = &mut self.recorder {
            recorder.input(input, now);
        }
    }

    fn acted(&mut self, before: usize, actions: &[Action]) {
        if let Some(recorder) = &mut self.recorder {
            recorder.actions(actions.get(before..).unwrap_or_default());
        }
    }
}

impl Deref for RecordedEngine {
    type Target = Engine;
    fn deref(&self) -> &Engine {
        &self.engine
    }
}
