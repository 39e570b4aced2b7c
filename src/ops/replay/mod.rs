//! `replay`: runs what was recorded through the engine again, and compares all it does with what it
//! did: the digests of its actions, and the ledger's events row by row.
//!
//! - [`select`]: which segments of the recording are wanted,
//! - `ledger_rows`: the events of one run, in order,
//! - [`verify`]: the replay of recordings against the ledger,
//! - [`extract`]: a piece cut out as a case; [`case`]: a case run on its own.

pub mod case;
pub mod extract;
mod ledger_rows;
pub mod select;
pub mod verify;

use std::fmt;

use crate::ops::report::Severity;
use crate::recorder::reader::Damage;
use crate::recorder::replay::{Departure, Replayer};

/// Why there is no verdict.
#[derive(Debug)]
pub enum ReplayError {
    /// Nothing is on record, or not what is asked for.
    Nothing(String),
    /// A recording is damaged.
    Damage(Damage),
    /// The ledger cannot be read.
    Ledger(rusqlite::Error),
    /// A directory or a file cannot be read or written.
    Io(String, std::io::Error),
    /// The recording does not give what it gave: a piece of it proves nothing.
    Departs(Box<Departure>),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing(what) => write!(f, "nothing to replay: {what}"),
            Self::Damage(damage) => write!(f, "damaged recording: {damage}"),
            Self::Ledger(_) => f.write_str("ledger"),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
            Self::Departs(departure) => write!(
                f,
                "input {} at {} gives other actions than are on record; see ibis replay \
                 --from-ledger, or take --expect invariants",
                departure.input, departure.at
            ),
        }
    }
}

impl std::error::Error for ReplayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ledger(error) => Some(error),
            Self::Nothing(_) | Self::Damage(_) | Self::Io(..) | Self::Departs(_) => None,
        }
    }
}

impl From<Damage> for ReplayError {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

impl From<rusqlite::Error> for ReplayError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error)
    }
}

/// What a replay found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Report {
    /// True where all that was compared is equal, and no invariant is broken.
    pub reproduced: bool,
    /// Runs of the agent.
    pub runs: u64,
    /// Segments of the recording.
    pub segments: u64,
    /// Inputs run again.
    pub inputs: u64,
    /// Actions they gave.
    pub actions: u64,
    /// The ledger's events found equal.
    pub events: u64,
    /// Events that a killed run did not bring into the ledger any more.
    pub events_not_in_ledger: u64,
    /// The ledger's events whose inputs are on no record.
    pub events_not_recorded: u64,
    /// Runs that are not in this ledger: only their actions were compared.
    pub runs_not_in_ledger: u64,
    /// What is missing or cut, one a line.
    pub notes: Vec<String>,
    /// Other versions of the program that recorded: they may have acted differently, and rightly.
    pub other_versions: Vec<String>,
    /// Broken invariants.
    pub violations: u64,
    /// The first of them.
    pub first_violations: Vec<String>,
    /// The run with the first difference.
    pub differs_in_run: Option<u32>,
    /// The first difference.
    pub difference: Option<Departure>,
}

impl Report {
    /// The verdict.
    pub fn severity(&self) -> Severity {
        if self.difference.is_some() || self.violations > 0 {
            Severity::Critical
        } else if self.events_not_recorded > 0 || self.runs_not_in_ledger > 0 {
            Severity::Insufficient
        } else {
            Severity::Ok
        }
    }

    /// Adds what a replayed recording counted.
    fn count(&mut self, run: u32, replayer: &Replayer) {
        self.inputs += replayer.inputs;
        self.actions += replayer.actions;
        self.violations += replayer.violations_count;
        for (input, violation) in &replayer.violations {
            self.first_violations.push(format!("run {run} input {input}: {violation}"));
        }
    }

    fn note_version(&mut self, version: &str) {
        let known = self.other_versions.iter().any(|other| other == version);
        if version != env!("CARGO_PKG_VERSION") && !known {
            self.other_versions.push(version.to_owned());
        }
    }

    /// The verdict, once everything is in.
    fn conclude(mut self) -> Self {
        self.reproduced = self.difference.is_none() && self.violations == 0;
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inputs, actions, events, .. } = self;
        let counted = format!("{inputs} inputs, {actions} actions, {events} events");
        match &self.difference {
            None if self.violations == 0 => writeln!(f, "reproduced: {counted}, all equal")?,
            None => writeln!(f, "invariants broken: {counted}, all equal")?,
            Some(departure) => {
                let Departure { input, at, place, expected, produced } = departure;
                let run = self.differs_in_run.unwrap_or(0);
                writeln!(f, "differs: run {run} input {input} at {at}, {place}")?;
                writeln!(f, "  on record: {expected}\n  now:       {produced}")?;
                writeln!(f, "before that: {counted}, all equal")?;
            }
        }
        if self.events_not_in_ledger > 0 {
            writeln!(
                f,
                "{} more never reached the ledger: the run was killed",
                self.events_not_in_ledger
            )?;
        }
        if self.events_not_recorded > 0 {
            writeln!(f, "{} events have no input on record", self.events_not_recorded)?;
        }
        for violation in &self.first_violations {
            writeln!(f, "invariant broken: {violation}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        for version in &self.other_versions {
            let ours = env!("CARGO_PKG_VERSION");
            writeln!(
                f,
                "note: recorded by ibis {version}; this is {ours} and may rightly act differently"
            )?;
        }
        Ok(())
    }
}
