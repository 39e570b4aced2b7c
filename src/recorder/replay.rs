//! Runs a recording through the engine, and says where it acts otherwise than it did.

use super::digest;
use super::header::{Begin, Header};
use super::input::Input;
use super::line::Line;
use super::reader::{Damage, Reader};
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::action::Action;
use crate::engine::invariant::{self, Violation};

/// Broken invariants that are kept; the others are counted.
const VIOLATIONS_MAX: usize = 20;

/// One input, and what the engine does at it now.
#[derive(Debug)]
pub struct Step<'a> {
    /// Its number in the run.
    pub number: u64,
    /// The engine's clock.
    pub now: Timestamp,
    /// The input.
    pub input: &'a Input,
    /// In order.
    pub actions: &'a [Action],
}

/// Where a replay departs from what is on record.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Departure {
    /// The number of the input in its run.
    pub input: u64,
    /// The engine's clock.
    pub at: Timestamp,
    /// Where the record says so.
    pub place: String,
    /// What is on record.
    pub expected: String,
    /// What was done now.
    pub produced: String,
}

/// How a recording ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// With its last line.
    Closed,
    /// Without: the process was killed, or could not write.
    Open,
    /// In the middle of a line.
    Torn,
}

/// Why a replay stopped before the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The recording cannot be read on.
    Damage(Damage),
    /// It acts otherwise.
    Departure(Box<Departure>),
    /// The witness has seen enough.
    Enough,
}

impl From<Damage> for Stop {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// An engine being replayed, and what was counted.
#[derive(Debug)]
pub struct Replayer {
    engine: Engine,
    now: Timestamp,
    /// Inputs taken.
    pub inputs: u64,
    /// Actions they gave.
    pub actions: u64,
    /// Broken invariants, the first of them: after which input.
    pub violations: Vec<(u64, Violation)>,
    /// All of them.
    pub violations_count: u64,
    /// Compare with what is on record. Else only run, and look at the invariants.
    pub compare: bool,
    done: Vec<Action>,
    scratch: Vec<u8>,
}

/// Sees every step; stops the replay where it has a reason.
pub type Witness<'a> = &'a mut dyn FnMut(&Step<'_>, &Engine) -> Result<(), Stop>;

impl Replayer {
    /// Begins where a recording does.
    pub fn new(header: Header<Begin>, reader: &Reader) -> Result<Self, Damage> {
        let now = header.at;
        let engine = header.engine.engine().map_err(|symbol| {
            reader.damage(format!("its engine trades {symbol}, which it does not know"))
        })?;
        if engine.inputs() != header.inputs {
            let (count, says) = (engine.inputs(), header.inputs);
            return Err(reader.damage(format!("its engine has {count} inputs, it says {says}")));
        }
        Ok(Self {
            engine,
            now,
            inputs: 0,
            actions: 0,
            violations: Vec::new(),
            violations_count: 0,
            compare: true,
            done: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// The engine as it is now.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Its clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Runs the rest of a recording.
    pub fn run(&mut self, reader: &mut Reader, witness: Witness<'_>) -> Result<End, Stop> {
        // True after an input whose actions are not on record yet.
        let mut owed = false;
        while let Some(line) = reader.next_line()? {
            match line {
                Line::Input(now, input) => {
                    self.nothing_owed(owed, reader)?;
                    self.take(&input, now, witness)?;
                    owed = !self.done.is_empty();
                }
                Line::Digest(count, expected) => {
                    self.compare_digest(count, &expected, reader)?;
                    owed = false;
                }
                Line::Actions(expected) => {
                    self.compare_actions(&expected, reader)?;
                    owed = false;
                }
                Line::End(inputs, state) => {
                    self.nothing_owed(owed, reader)?;
                    self.compare_state(inputs, &state, reader)?;
                    return Ok(End::Closed);
                }
            }
        }
        // A cut recording may end between an input and its actions.
        Ok(if reader.is_torn() { End::Torn } else { End::Open })
    }

    fn take(&mut self, input: &Input, now: Timestamp, witness: Witness<'_>) -> Result<(), Stop> {
        self.done.clear();
        self.now = now;
        input.apply(&mut self.engine, now, &mut self.done);
        self.inputs += 1;
        self.actions += self.done.len() as u64;
        if !self.done.is_empty() || !input.is_market() {
            self.look_at_invariants();
        }
        let number = self.engine.inputs();
        witness(&Step { number, now, input, actions: &self.done }, &self.engine)
    }

    /// A quote or print that made nothing happen touches nothing the invariants speak of.
    fn look_at_invariants(&mut self) {
        for violation in invariant::check(&self.engine) {
            self.violations_count += 1;
            if self.violations.len() < VIOLATIONS_MAX {
                self.violations.push((self.engine.inputs(), violation));
            }
        }
    }

    fn compare_digest(&mut self, count: u64, expected: &str, reader: &Reader) -> Result<(), Stop> {
        let produced = digest::of_actions(&self.done, &mut self.scratch);
        if self.done.len() as u64 == count && digest::text(&produced) == expected {
            return Ok(());
        }
        let expected = format!("{count} actions of digest {expected}");
        self.depart(expected, self.in_words(), reader)
    }

    fn compare_actions(&self, expected: &serde_json::Value, reader: &Reader) -> Result<(), Stop> {
        let produced = serde_json::to_value(&self.done).unwrap_or_default();
        if produced == *expected {
            return Ok(());
        }
        self.depart(expected.to_string(), produced.to_string(), reader)
    }

    fn nothing_owed(&self, owed: bool, reader: &Reader) -> Result<(), Stop> {
        if !owed {
            return Ok(());
        }
        self.depart("no action".to_owned(), self.in_words(), reader)
    }

    fn compare_state(&self, inputs: u64, expected: &str, reader: &Reader) -> Result<(), Stop> {
        let produced = digest::of_engine(&self.engine);
        let (count, produced) = (self.engine.inputs(), digest::text(&produced));
        if count == inputs && produced == expected {
            return Ok(());
        }
        let state = |count, digest| format!("an engine of digest {digest} after {count} inputs");
        self.depart(state(inputs, expected), state(count, produced), reader)
    }

    fn in_words(&self) -> String {
        let actions = serde_json::to_string(&self.done).unwrap_or_default();
        format!("{} actions: {actions}", self.done.len())
    }

    fn depart(&self, expected: String, produced: String, reader: &Reader) -> Result<(), Stop> {
        if !self.compare {
            return Ok(());
        }
        let place = format!("{} line {}", reader.path().display(), reader.line());
        let (input, at) = (self.engine.inputs(), self.now);
        let departure = Departure { input, at, place, expected, produced };
        Err(Stop::Departure(Box::new(departure)))
    }
}
