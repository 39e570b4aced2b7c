//! The replay of recordings against the ledger.

use rusqlite::Connection;

use super::ledger_rows::LedgerRows;
use super::select::{Run, Segment};
use super::{ReplayError, Report};
use crate::domain::record::Fact;
use crate::engine::action::Action;
use crate::recorder::reader::{self, Reader};
use crate::recorder::replay::{Departure, End, Replayer, Step, Stop};
use crate::store::event::EventRow;

/// Runs everything again; stops at the first difference.
pub fn verify(ledger: &Connection, runs: &[Run]) -> Result<Report, ReplayError> {
    let mut report = Report::default();
    for run in runs {
        let Some(first) = run.first() else { continue };
        let header = &first.header;
        let mut verifier = Verifier {
            rows: LedgerRows::new(ledger, header.run, header.seq),
            run: header.run,
            report: &mut report,
            missing: 0,
            ledger_error: None,
        };
        verifier.run(run)?;
        report.runs += 1;
        if report.difference.is_some() {
            break;
        }
    }
    Ok(report.conclude())
}

/// One run.
struct Verifier<'a, 'l> {
    rows: LedgerRows<'l>,
    run: u32,
    report: &'a mut Report,
    /// Events that are not in the ledger.
    missing: u64,
    ledger_error: Option<rusqlite::Error>,
}

impl Verifier<'_, '_> {
    fn run(&mut self, segments: &[Segment]) -> Result<(), ReplayError> {
        let mut previous: Option<Replayer> = None;
        let mut end = End::Closed;
        for segment in segments {
            let Some((header, mut reader)) = reader::open(&segment.path)? else { continue };
            self.report.segments += 1;
            self.report.note_version(&header.version);
            let inputs = header.inputs;
            let mut replayer = Replayer::new(header, &reader)?;
            match previous.take() {
                None => drop(self.rows.skip_to(inputs)?),
                Some(before) => self.join(&before, &replayer, &reader, end)?,
            }
            if self.report.difference.is_some() {
                return Ok(());
            }
            let ended = replayer.run(&mut reader, &mut |step, _| self.compare(step));
            self.report.count(self.run, &replayer);
            end = match ended {
                Ok(end) => end,
                Err(Stop::Damage(damage)) => return Err(damage.into()),
                Err(Stop::Departure(departure)) => return self.differs(*departure),
                Err(Stop::Enough) => End::Open,
            };
            if end == End::Torn {
                let path = reader.path().display();
                self.report.notes.push(format!("{path}: ends in the middle of a line"));
            }
            previous = Some(replayer);
        }
        self.finish(segments, end)
    }

    /// Goes on with the next segment, which begins where the one before ended, or later.
    fn join(
        &mut self,
        before: &Replayer,
        next: &Replayer,
        reader: &Reader,
        end: End,
    ) -> Result<(), ReplayError> {
        let (was, is) = (before.engine().inputs(), next.engine().inputs());
        if was == is && end == End::Closed && before.engine() != next.engine() {
            let place = format!("{} line 1", reader.path().display());
            let state = "the state of the engine that the next segment begins with";
            let departure = Departure {
                input: is,
                at: next.now(),
                place,
                expected: state.to_owned(),
                produced: "another one".to_owned(),
            };
            return self.differs(departure);
        }
        if was != is {
            let lost = self.rows.skip_to(is)?;
            self.report.events_not_recorded += lost;
            let run = self.run;
            self.report.notes.push(format!(
                "run {run}: inputs {} to {is} are not recorded, {lost} events came of them",
                was + 1
            ));
        }
        Ok(())
    }

    /// Compares the facts of one step with the ledger's next events.
    fn compare(&mut self, step: &Step<'_>) -> Result<(), Stop> {
        for action in step.actions {
            if let Action::Record(fact) = action {
                self.compare_fact(step, fact)?;
            }
        }
        match self.next_row(Some(step.number))? {
            None => Ok(()),
            Some(row) => {
                Err(departure(step, &place(&row), row.to_string(), "no such event".to_owned()))
            }
        }
    }

    fn compare_fact(&mut self, step: &Step<'_>, fact: &Fact) -> Result<(), Stop> {
        let produced = EventRow::of(fact);
        let Some(row) = self.next_row(None)? else {
            if self.rows.stopped {
                let place = "the ledger's end of the run";
                return Err(departure(step, place, "no event".to_owned(), produced.to_string()));
            }
            self.missing += 1;
            return Ok(());
        };
        if !row.says_what(&produced) {
            return Err(departure(step, &place(&row), row.to_string(), produced.to_string()));
        }
        self.report.events += 1;
        Ok(())
    }

    /// Takes the ledger's next event; with a number only one that an input up to that caused.
    fn next_row(&mut self, up_to: Option<u64>) -> Result<Option<EventRow>, Stop> {
        let is_due = |row: &EventRow| up_to.is_none_or(|up_to| row.input <= Some(up_to));
        match self.rows.peek() {
            Ok(Some(row)) if is_due(row) => Ok(self.rows.pop()),
            Ok(_) => Ok(None),
            Err(error) => {
                self.ledger_error = Some(error);
                Err(Stop::Enough)
            }
        }
    }

    fn differs(&mut self, departure: Departure) -> Result<(), ReplayError> {
        self.report.differs_in_run = Some(self.run);
        self.report.difference = Some(departure);
        Ok(())
    }

    fn finish(&mut self, segments: &[Segment], end: End) -> Result<(), ReplayError> {
        if let Some(error) = self.ledger_error.take() {
            return Err(error.into());
        }
        let run = self.run;
        if !self.rows.found {
            self.report.runs_not_in_ledger += 1;
            self.report.notes.push(format!("run {run}: not in this ledger; only actions compared"));
            return Ok(());
        }
        self.report.events_not_in_ledger += self.missing;
        // Up to the next segment, where there is one that was not asked for.
        let is_last = end != End::Closed || self.rows.stopped || self.rows.peek()?.is_none();
        if is_last && segments.last().is_some() {
            let lost = self.rows.count_rest()?;
            if lost > 0 {
                self.report.events_not_recorded += lost;
                self.report.notes.push(format!(
                    "run {run}: the recording ends {lost} events before the ledger does"
                ));
            }
        }
        Ok(())
    }
}

fn place(row: &EventRow) -> String {
    format!("the ledger's event {}", row.seq)
}

fn departure(step: &Step<'_>, place: &str, expected: String, produced: String) -> Stop {
    Stop::Departure(Box::new(Departure {
        input: step.number,
        at: step.now,
        place: place.to_owned(),
        expected,
        produced,
    }))
}
