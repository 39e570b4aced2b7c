//! A case run on its own: no ledger, no segments, only what is in the file.

use std::path::Path;

use super::{ReplayError, Report};
use crate::durable::atomic_file;
use crate::recorder::case::{CaseWriter, Source};
use crate::recorder::header::{Begin, Expect, Header};
use crate::recorder::reader::{self, Reader};
use crate::recorder::replay::{Replayer, Stop};

/// Runs a case and compares it with what it promises.
pub fn run(path: &Path) -> Result<Report, ReplayError> {
    let (header, mut reader) = open(path)?;
    let mut report = Report { runs: 1, segments: 1, ..Report::default() };
    report.note_version(&header.version);
    let (run, expect) = (header.run, header.expect);
    let mut replayer = Replayer::new(header, &reader)?;
    replayer.compare = expect != Some(Expect::Invariants);
    let ended = replayer.run(&mut reader, &mut |_, _| Ok(()));
    report.count(run, &replayer);
    match ended {
        Ok(_) | Err(Stop::Enough) => {}
        Err(Stop::Damage(damage)) => return Err(damage.into()),
        Err(Stop::Departure(departure)) => {
            report.differs_in_run = Some(run);
            report.difference = Some(*departure);
        }
    }
    Ok(report.conclude())
}

/// Writes a case again with what this program does at its inputs: after a change that was meant.
pub fn accept(path: &Path) -> Result<Report, ReplayError> {
    let (header, mut reader) = open(path)?;
    let source = Source {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: header.run,
        began: header.began,
        note: header.note.clone().unwrap_or_default(),
        expect: header.expect.unwrap_or(Expect::Same),
    };
    let mut case = CaseWriter::new(&source, header.engine.as_ref(), header.inputs, header.at);
    let mut replayer = Replayer::new(header, &reader)?;
    replayer.compare = false;
    let ended = replayer.run(&mut reader, &mut |step, _| {
        case.step(step);
        Ok(())
    });
    if let Err(Stop::Damage(damage)) = ended {
        return Err(damage.into());
    }
    write(path, &case.finish())?;
    run(path)
}

/// Writes a case's file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), ReplayError> {
    atomic_file::replace(path, bytes)
        .map_err(|error| ReplayError::Io(path.display().to_string(), error))
}

fn open(path: &Path) -> Result<(Header<Begin>, Reader), ReplayError> {
    let nothing = || ReplayError::Nothing(format!("{}: empty", path.display()));
    reader::open(path)?.ok_or_else(nothing)
}
