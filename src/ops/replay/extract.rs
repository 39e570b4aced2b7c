//! A piece of a recording cut out as a case: from just before an incident to just after it.
//!
//! The case begins with the engine as it was at its first input, so it is as short as its window.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::select::{self, Run, Wanted};
use super::{ReplayError, case};
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::recorder::case::{CaseWriter, Source};
use crate::recorder::header::{BeginRef, Expect};
use crate::recorder::line::Line;
use crate::recorder::reader;
use crate::recorder::replay::{Replayer, Step, Stop};
use crate::store::event;
use crate::store::order_story::{self, Story};

/// What a case shall be about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// An order: a client order id, a venue order id or a trade id.
    Order(String),
    /// An instant of the engine's clock.
    Instant(Timestamp),
    /// One event of the ledger.
    Event(i64),
}

/// How a case is cut.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// About what.
    pub about: About,
    /// Inputs this long before are in it.
    pub before: Duration,
    /// Inputs this long after are in it.
    pub after: Duration,
    /// From the start of the run on.
    pub whole: bool,
    /// What it promises.
    pub expect: Expect,
}

/// What was cut.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Extracted {
    /// Of which run.
    pub run: u32,
    /// Its first input.
    pub first_input: u64,
    /// How many.
    pub inputs: u64,
    /// Size of the file.
    pub bytes: usize,
}

/// The window of a case: by the engine's clock, and these inputs in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Window {
    run: u32,
    from: Timestamp,
    to: Timestamp,
    inputs: Option<(u64, u64)>,
}

/// Cuts a case out and writes it.
pub fn extract(
    state_dir: &Path,
    ledger: &Connection,
    cut: &Cut,
    output: &Path,
) -> Result<Extracted, ReplayError> {
    let (window, note) = window(state_dir, ledger, cut)?;
    let runs = select::select(state_dir, Wanted::Run(window.run))?;
    // Of runs of the same number the newest: the others are of a ledger that was replaced.
    let Some(run) = runs.last() else {
        return Err(ReplayError::Nothing(format!("run {} is not recorded", window.run)));
    };
    let start = find_start(run, &window, cut.whole)?;
    let piece = Piece { run, start, window, cut, note };
    let (extracted, bytes) = piece.copy()?;
    case::write(output, &bytes)?;
    Ok(extracted)
}

fn window(
    state_dir: &Path,
    ledger: &Connection,
    cut: &Cut,
) -> Result<(Window, String), ReplayError> {
    match &cut.about {
        About::Order(id) => {
            let story = order_story::find(ledger, id)?
                .ok_or_else(|| ReplayError::Nothing(format!("the ledger has no order {id:?}")))?;
            let note = format!("order {}", story.client_order_id);
            Ok((window_of_story(ledger, &story, cut)?, note))
        }
        About::Event(seq) => {
            let row = event::at(ledger, *seq)?
                .ok_or_else(|| ReplayError::Nothing(format!("the ledger has no event {seq}")))?;
            let inputs = row.input.map(|input| (input, input));
            let run = event::run_of(ledger, *seq)?.unwrap_or(0);
            let (from, to) = (row.at - cut.before, row.at + cut.after);
            Ok((
                Window { run, from, to, inputs },
                format!("event {seq}: {} {}", row.kind, row.reference),
            ))
        }
        About::Instant(at) => {
            let runs =
                select::select(state_dir, Wanted::Span(*at, *at + Duration::from_micros(1)))?;
            let run = runs.last().and_then(|run| run.first()).map_or(0, |first| first.header.run);
            let (from, to) = (*at - cut.before, *at + cut.after);
            Ok((Window { run, from, to, inputs: None }, format!("around {at}")))
        }
    }
}

/// From the decision to the last word about it, in the run that decided.
fn window_of_story(ledger: &Connection, story: &Story, cut: &Cut) -> Result<Window, ReplayError> {
    let unrecorded = || ReplayError::Nothing(format!("no event about {}", story.client_order_id));
    let first = story.events.first().ok_or_else(unrecorded)?;
    let run = event::run_of(ledger, first.seq)?.unwrap_or(0);
    let mut last = first;
    for row in &story.events {
        if event::run_of(ledger, row.seq)? == Some(run) {
            last = row;
        }
    }
    Ok(Window {
        run,
        from: first.at - cut.before,
        to: last.at + cut.after,
        inputs: first.input.zip(last.input),
    })
}

/// Where a case begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Start {
    /// In which of the run's segments.
    segment: usize,
    /// Inputs before it.
    inputs: u64,
}

/// Finds the first input of the window, without running anything.
fn find_start(run: &Run, window: &Window, whole: bool) -> Result<Start, ReplayError> {
    let is_early = |at: Timestamp, inputs: u64| {
        at < window.from && window.inputs.is_none_or(|(first, _)| inputs < first)
    };
    let mut found = 0;
    for (index, segment) in run.iter().enumerate() {
        if is_early(segment.header.at, segment.header.inputs) && !whole {
            found = index;
        }
    }
    let Some(segment) = run.get(found) else {
        return Err(ReplayError::Nothing("the run has no segment".to_owned()));
    };
    let mut inputs = segment.header.inputs;
    if whole {
        return Ok(Start { segment: found, inputs });
    }
    let Some((_, mut reader)) = reader::open(&segment.path)? else {
        return Ok(Start { segment: found, inputs });
    };
    while let Some(line) = reader.next_line()? {
        if let Line::Input(now, _) = line {
            if !is_early(now, inputs + 1) {
                break;
            }
            inputs += 1;
        }
    }
    Ok(Start { segment: found, inputs })
}

/// What is copied so far.
struct Copy {
    case: Option<CaseWriter>,
    inputs: u64,
}

/// A piece about to be copied.
struct Piece<'a> {
    run: &'a Run,
    start: Start,
    window: Window,
    cut: &'a Cut,
    note: String,
}

impl Piece<'_> {
    fn copy(&self) -> Result<(Extracted, Vec<u8>), ReplayError> {
        let mut copy = Copy { case: None, inputs: 0 };
        let mut replayer: Option<Replayer> = None;
        for segment in self.run.iter().skip(self.start.segment) {
            let Some((header, mut reader)) = reader::open(&segment.path)? else { continue };
            if replayer.as_ref().is_some_and(|before| before.engine().inputs() != header.inputs) {
                // What follows is no longer the same story.
                break;
            }
            if header.inputs == self.start.inputs && copy.case.is_none() {
                copy.case = Some(self.begin(header.engine.as_ref(), header.at));
            }
            let mut running = match replayer.take() {
                Some(running) => running,
                None => Replayer::new(header, &reader)?,
            };
            running.compare = self.cut.expect == Expect::Same;
            let ended =
                running.run(&mut reader, &mut |step, engine| self.take(&mut copy, step, engine));
            match ended {
                Ok(_) => {}
                Err(Stop::Enough) => break,
                Err(Stop::Damage(damage)) => return Err(damage.into()),
                Err(Stop::Departure(departure)) => return Err(ReplayError::Departs(departure)),
            }
            replayer = Some(running);
        }
        let Copy { case, inputs } = copy;
        let nothing = || ReplayError::Nothing(format!("{} is not in the recording", self.note));
        let bytes = case.filter(|_| inputs > 0).ok_or_else(nothing)?.finish();
        let (run, first_input) = (self.window.run, self.start.inputs + 1);
        Ok((Extracted { run, first_input, inputs, bytes: bytes.len() }, bytes))
    }

    /// Takes a step into the case, or begins the case after it.
    fn take(&self, copy: &mut Copy, step: &Step<'_>, engine: &Engine) -> Result<(), Stop> {
        match &mut copy.case {
            Some(_) if self.is_over(step) => return Err(Stop::Enough),
            Some(case) => {
                case.step(step);
                copy.inputs += 1;
            }
            None if step.number == self.start.inputs => {
                copy.case = Some(self.begin(BeginRef::State(engine), step.now));
            }
            None => {}
        }
        Ok(())
    }

    fn begin(&self, engine: BeginRef<'_>, at: Timestamp) -> CaseWriter {
        let first = self.run.first().map(|segment| &segment.header);
        let source = Source {
            version: first.map_or_else(String::new, |header| header.version.clone()),
            run: self.window.run,
            began: first.map_or_else(Timestamp::default, |header| header.began),
            note: self.note.clone(),
            expect: self.cut.expect,
        };
        CaseWriter::new(&source, engine, self.start.inputs, at)
    }

    fn is_over(&self, step: &Step<'_>) -> bool {
        step.now > self.window.to && self.window.inputs.is_none_or(|(_, last)| step.number > last)
    }
}
