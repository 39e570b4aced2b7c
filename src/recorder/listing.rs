//! Which segments lie in a state directory. Names that are not ours are left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::DIRECTORY;
use crate::domain::time::Timestamp;

/// A segment's file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct File {
    /// The UTC day of its first input, by the engine's clock: `2026-02-19`.
    pub day: String,
    /// Which start of the agent.
    pub run: u32,
    /// Which segment of it, in the name; from 1.
    pub number: u32,
    /// True once it is closed and compressed.
    pub is_packed: bool,
    /// Where.
    pub path: PathBuf,
    /// Size.
    pub bytes: u64,
    /// Last written, by the wall.
    pub at: Timestamp,
}

/// The name of a segment, without `.gz`.
pub fn name(run: u32, number: u32) -> String {
    format!("{run}-{number}.jsonl")
}

/// What a segment is called once it is compressed.
pub fn packed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    PathBuf::from(name)
}

/// Every segment of a state directory, by run and number. None where nothing was recorded.
pub fn files(state_dir: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for day in entries(&state_dir.join(DIRECTORY))? {
        let name = day.file_name().to_string_lossy().into_owned();
        if !day.file_type()?.is_dir() || !is_day(&name) {
            continue;
        }
        for entry in entries(&day.path())? {
            files.extend(file(&name, &entry));
        }
    }
    files.sort_by(|a, b| (a.run, a.number, &a.day).cmp(&(b.run, b.number, &b.day)));
    // Being packed: the plain one goes last.
    files.dedup_by(|later, first| {
        let same = (later.run, later.number, &later.day) == (first.run, first.number, &first.day);
        if same && first.is_packed {
            std::mem::swap(later, first);
        }
        same
    });
    Ok(files)
}

fn entries(directory: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A file that has gone meanwhile is none.
fn file(day: &str, entry: &fs::DirEntry) -> Option<File> {
    let name = entry.file_name().to_string_lossy().into_owned();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let (run, number) = plain.strip_suffix(".jsonl")?.split_once('-')?;
    let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(File {
        day: day.to_owned(),
        run: run.parse().ok()?,
        number: number.parse().ok()?,
        is_packed: plain != name,
        path: entry.path(),
        bytes: metadata.len(),
        at: Timestamp::from_us(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)),
    })
}

/// `2026-02-19`
fn is_day(name: &str) -> bool {
    name.len() == 10 && format!("{name}T00:00:00Z").parse::<Timestamp>().is_ok()
}
