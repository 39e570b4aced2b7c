//! What becomes of closed segments: compressed, and deleted when they are too old or too many.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::listing::{self, File};
use crate::domain::time::Timestamp;

/// How much is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Segments written longer ago are deleted.
    pub age_max: Duration,
    /// Bytes of all of them; the oldest go first.
    pub bytes_max: u64,
}

/// What was deleted, or would be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Deleted {
    /// Segments.
    pub segments: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Compresses every closed segment, then deletes what is beyond the limits. One that cannot be
/// compressed stays as it is: readers take both.
pub fn tidy(
    state_dir: &Path,
    open: Option<(u32, u32)>,
    limits: &Limits,
    now: Timestamp,
) -> io::Result<Deleted> {
    let packed = pack_all(state_dir, open);
    let deleted = delete(state_dir, limits, now, false)?;
    packed.map(|()| deleted)
}

/// Compresses every closed segment; all that it can, and the first error. Where an agent writes,
/// `open` is the run and number of a segment it has opened: that one and later ones are left alone.
pub fn pack_all(state_dir: &Path, open: Option<(u32, u32)>) -> io::Result<()> {
    let mut done = Ok(());
    for file in listing::files(state_dir)? {
        let is_closed = open.is_none_or(|(run, number)| file.run != run || file.number < number);
        if !file.is_packed && is_closed {
            done = done.and(pack(&file.path));
        }
    }
    done
}

/// Deletes what is beyond the limits; in a dry run only counts it. The newest segment stays: an agent
/// may be writing it.
pub fn delete(
    state_dir: &Path,
    limits: &Limits,
    now: Timestamp,
    dry_run: bool,
) -> io::Result<Deleted> {
    let mut deleted = Deleted::default();
    for file in beyond(listing::files(state_dir)?, limits, now) {
        if !dry_run {
            match fs::remove_file(&file.path) {
                // Somebody else tidies at the same time.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            if let Some(day) = file.path.parent() {
                // Only an empty day goes with its last segment.
                drop(fs::remove_dir(day));
            }
        }
        deleted.segments += 1;
        deleted.bytes += file.bytes;
    }
    Ok(deleted)
}

/// The segments to delete, oldest first; never the newest.
fn beyond(mut files: Vec<File>, limits: &Limits, now: Timestamp) -> Vec<File> {
    files.sort_by_key(|file| (file.at, file.run, file.number));
    let age_us = i64::try_from(limits.age_max.as_micros()).unwrap_or(i64::MAX);
    let mut total: u64 = files.iter().map(|file| file.bytes).sum();
    files.pop();
    files
        .into_iter()
        .take_while(|file| {
            let goes = now.us_since(file.at) > age_us || total > limits.bytes_max;
            total -= file.bytes;
            goes
        })
        .collect()
}

/// Replaces a segment by its compressed form. Whole and synced before the plain one goes.
fn pack(path: &Path) -> io::Result<()> {
    let packed = listing::packed(path);
    let temporary = packed.with_extension("gz.tmp");
    let written = (|| {
        let mut plain = fs::File::open(path)?;
        // A fifth larger than the default, for a fifth of the work.
        let mut encoder = GzEncoder::new(fs::File::create(&temporary)?, Compression::fast());
        io::copy(&mut plain, &mut encoder)?;
        let mut file = encoder.finish()?;
        file.flush()?;
        file.set_modified(plain.metadata()?.modified()?)?;
        file.sync_all()?;
        fs::rename(&temporary, &packed)
    })();
    if let Err(error) = written {
        // The error is what matters; a leftover is overwritten next time.
        drop(fs::remove_file(&temporary));
        return Err(error);
    }
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn file(number: u32, bytes: u64, hours_ago: i64) -> File {
        let at = Timestamp::from_us(-hours_ago * 3_600_000_000);
        let (day, path) = ("2026-02-19".to_owned(), PathBuf::from(number.to_string()));
        File { day, run: 1, number, is_packed: true, path, bytes, at }
    }

    #[test]
    fn the_oldest_go_until_the_rest_is_young_and_small_enough() {
        let gone = |age_hours: u64, bytes_max: u64| -> Vec<u32> {
            let age_max = Duration::from_secs(age_hours * 3_600);
            let limits = Limits { age_max, bytes_max };
            let files = vec![file(3, 50, 1), file(1, 10, 30), file(2, 60, 20)];
            let gone = beyond(files, &limits, Timestamp::default());
            gone.into_iter().map(|file| file.number).collect()
        };
        assert_eq!(gone(24, 1_000), [1]);
        assert_eq!(gone(100, 119), [1]);
        assert_eq!(gone(100, 109), [1, 2]);
        assert_eq!(gone(100, 120), [0; 0]);
        assert_eq!(gone(0, 0), [1, 2]);
    }
}
