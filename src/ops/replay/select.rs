//! Which segments are wanted.

use std::path::Path;

use serde::de::IgnoredAny;

use super::ReplayError;
use crate::domain::time::Timestamp;
use crate::recorder::header::Header;
use crate::recorder::{DIRECTORY, listing, reader};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// All that is recorded.
    All,
    /// One run.
    Run(u32),
    /// Every segment that touches a span of the engine's clock, the end excluded.
    Span(Timestamp, Timestamp),
}

/// A segment on disk.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Where.
    pub path: std::path::PathBuf,
    /// Its header, without the engine.
    pub header: Header<IgnoredAny>,
}

/// The segments of one start of the agent, in order.
pub type Run = Vec<Segment>;

/// Every run on record that has a wanted segment, the oldest first, with those segments.
pub fn select(state_dir: &Path, wanted: Wanted) -> Result<Vec<Run>, ReplayError> {
    let mut runs = all(state_dir)?;
    let starts: Vec<Timestamp> = runs.iter().flatten().map(|segment| segment.header.at).collect();
    let mut end_of = starts.into_iter().skip(1).chain([Timestamp::from_us(i64::MAX)]);
    for run in &mut runs {
        run.retain(|segment| {
            let end = end_of.next().unwrap_or_default();
            match wanted {
                Wanted::All => true,
                Wanted::Run(number) => segment.header.run == number,
                Wanted::Span(from, to) => segment.header.at < to && end >= from,
            }
        });
    }
    runs.retain(|run| !run.is_empty());
    if runs.is_empty() {
        let path = state_dir.join(DIRECTORY);
        let what = match wanted {
            Wanted::All => "nothing is recorded; see recorder.record".to_owned(),
            Wanted::Run(run) => format!("run {run} is not recorded"),
            Wanted::Span(from, to) => format!("nothing is recorded from {from} to {to}"),
        };
        return Err(ReplayError::Nothing(format!("{}: {what}", path.display())));
    }
    Ok(runs)
}

/// Every run on record.
fn all(state_dir: &Path) -> Result<Vec<Run>, ReplayError> {
    let path = || state_dir.join(DIRECTORY).display().to_string();
    let files = listing::files(state_dir).map_err(|error| ReplayError::Io(path(), error))?;
    let mut segments = Vec::new();
    for file in files {
        // One that was cut within its first line says nothing.
        if let Some(header) = reader::header(&file.path)? {
            segments.push(Segment { path: file.path, header });
        }
    }
    segments.sort_by_key(|segment| (segment.header.began, segment.header.segment));
    let mut runs: Vec<Run> = Vec::new();
    for segment in segments {
        match runs.last_mut() {
            Some(run) if run.first().is_some_and(|first| is_same(first, &segment)) => {
                run.push(segment);
            }
            Some(_) | None => runs.push(vec![segment]),
        }
    }
    Ok(runs)
}

fn is_same(a: &Segment, b: &Segment) -> bool {
    (a.header.run, a.header.began) == (b.header.run, b.header.began)
}
