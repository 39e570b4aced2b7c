//! A case: a piece of a recording cut out for a person and a test. It replays on its own, without a
//! ledger; its actions are in full, and its lines have no checks: it may be edited.

use super::header::{BeginRef, Expect, FORMAT, Header};
use super::line::Encoder;
use super::replay::Step;
use crate::domain::time::Timestamp;

/// Where a case is from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The program that recorded it.
    pub version: String,
    /// Which start of the agent.
    pub run: u32,
    /// When that start was, by the wall.
    pub began: Timestamp,
    /// What it is, for a person.
    pub note: String,
    /// What must come of it.
    pub expect: Expect,
}

/// Writes a case, in memory: a case is short.
#[derive(Debug)]
pub struct CaseWriter {
    encoder: Encoder,
}

impl CaseWriter {
    /// A case that begins with an engine after so many inputs, at an instant.
    pub fn new(source: &Source, engine: BeginRef<'_>, inputs: u64, at: Timestamp) -> Self {
        let header = Header {
            ibis_recording: FORMAT,
            version: source.version.clone(),
            run: source.run,
            began: source.began,
            segment: 0,
            seq: 0,
            inputs,
            at,
            note: Some(source.note.clone()),
            expect: Some(source.expect),
            engine,
        };
        let mut encoder = Encoder::plain();
        encoder.header(&header, at);
        Self { encoder }
    }

    /// One input and what came of it.
    pub fn step(&mut self, step: &Step<'_>) {
        self.encoder.input(step.input.as_ref(), step.now);
        if !step.actions.is_empty() {
            self.encoder.actions(&step.actions);
        }
    }

    /// The whole of it.
    pub fn finish(self) -> Vec<u8> {
        self.encoder.bytes().to_vec()
    }
}
