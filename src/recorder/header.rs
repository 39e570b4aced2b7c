//! The first line of a segment or a case: where it comes from, and the engine as it is there.

use serde::{Deserialize, Serialize};

use crate::domain::instrument::Instrument;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, EngineSettings};

/// The format written and read here.
pub const FORMAT: u32 = 1;

/// The first line. `B` is [`Begin`], or what it is written from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header<B> {
    /// [`FORMAT`].
    pub ibis_recording: u32,
    /// The program that wrote it: another one may act differently, and rightly.
    pub version: String,
    /// Which start of the agent.
    pub run: u32,
    /// When that start was, by the wall: run numbers come again in a restored ledger.
    pub began: Timestamp,
    /// Segments of the run before this one.
    pub segment: u32,
    /// The ledger's newest event when the run began.
    pub seq: i64,
    /// Inputs before this line.
    pub inputs: u64,
    /// The engine's clock here; the first input's time counts from it.
    pub at: Timestamp,
    /// In a case: what it is, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// In a case: what must come of it; a segment has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// The engine.
    pub engine: B,
}

/// What a case promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// The actions written in it, and no invariant broken.
    Same,
    /// No invariant broken, whatever is done: what it records was wrong.
    Invariants,
}

/// Where an engine begins.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begin {
    /// As a start builds it.
    Fresh(Box<Fresh>),
    /// Whole, in the middle of its work.
    State(Box<Engine>),
}

/// A [`Begin`] about to be written.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BeginRef<'a> {
    /// As a start builds it.
    Fresh(&'a Fresh),
    /// Whole.
    State(&'a Engine),
}

/// What a start builds its engine from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fresh {
    /// Opinions, limits, and whose.
    pub settings: EngineSettings,
    /// By their index.
    pub instruments: Vec<Instrument>,
    /// Entered; all where none is named.
    pub traded: Vec<Symbol>,
}

impl Fresh {
    /// The engine; the symbol to be traded that it does not know, if there is one.
    pub fn engine(&self) -> Result<Engine, Symbol> {
        let mut engine = Engine::new(self.settings.clone(), &self.instruments);
        engine.trade_only(&self.traded)?;
        Ok(engine)
    }
}

impl Begin {
    /// The engine; the symbol to be traded that it does not know, if there is one.
    pub fn engine(self) -> Result<Engine, Symbol> {
        match self {
            Self::Fresh(fresh) => fresh.engine(),
            Self::State(engine) => Ok(*engine),
        }
    }

    /// To be written again.
    pub fn as_ref(&self) -> BeginRef<'_> {
        match self {
            Self::Fresh(fresh) => BeginRef::Fresh(fresh),
            Self::State(engine) => BeginRef::State(engine),
        }
    }
}

impl<B> Header<B> {
    /// This header with another engine.
    pub fn with<C>(self, engine: C) -> Header<C> {
        let Self { ibis_recording, version, run, began, segment, seq, inputs, at, .. } = self;
        let Self { note, expect, .. } = self;
        Header {
            ibis_recording,
            version,
            run,
            began,
            segment,
            seq,
            inputs,
            at,
            note,
            expect,
            engine,
        }
    }
}
