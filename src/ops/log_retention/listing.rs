//! What lies in `kpi_reports/` and `archive/`. Names that are not ours are listed and never touched.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::domain::time::Timestamp;

/// The archives' directory in the state directory.
pub const ARCHIVE_DIRECTORY: &str = "archive";

/// An archive of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Archive {
    /// File name.
    pub name: String,
    /// Bytes, with its checksum's.
    pub bytes: u64,
    /// When it was written.
    pub at: Timestamp,
}

/// Both directories.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing {
    /// Reports by the start of their UTC day: file names in order, with sizes.
    pub reports: BTreeMap<Timestamp, Vec<(String, u64)>>,
    /// Archives by name.
    pub archives: Vec<Archive>,
    /// Checksums whose archive is gone: a deletion was interrupted.
    pub stray_checksums: Vec<String>,
    /// Names that are not ours.
    pub unknown: Vec<String>,
}

impl Listing {
    /// Lists both. A missing directory is an empty one.
    pub fn of(state_dir: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        for (name, bytes, _) in files(&state_dir.join(crate::ops::hourly_kpi::DIRECTORY))? {
            match report_day(&name) {
                Some(day) => listing.reports.entry(day).or_default().push((name, bytes)),
                None => listing.unknown.push(format!("kpi_reports/{name}")),
            }
        }
        let archived = files(&state_dir.join(ARCHIVE_DIRECTORY))?;
        let bytes_of = |wanted: &str| {
            archived.iter().find(|(name, ..)| name == wanted).map(|(_, bytes, _)| *bytes)
        };
        for (name, bytes, at) in &archived {
            if is_archive(name) {
                let bytes = bytes + bytes_of(&format!("{name}.sha256")).unwrap_or(0);
                listing.archives.push(Archive { name: name.clone(), bytes, at: *at });
            } else if let Some(archive) = name.strip_suffix(".sha256").filter(|it| is_archive(it)) {
                if bytes_of(archive).is_none() {
                    listing.stray_checksums.push(name.clone());
                }
            } else {
                listing.unknown.push(format!("{ARCHIVE_DIRECTORY}/{name}"));
            }
        }
        Ok(listing)
    }
}

/// Names, sizes and times of a directory's entries, by name.
fn files(directory: &Path) -> io::Result<Vec<(String, u64, Timestamp)>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let mut name = entry.file_name().to_string_lossy().into_owned();
        if !metadata.is_file() {
            // A slash is in no name of ours: neither links nor directories are followed or removed.
            name.push('/');
        }
        let since = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = Timestamp::from_us(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        files.push((name, metadata.len(), at));
    }
    files.sort();
    Ok(files)
}

/// The day of `kpi-20260219T20.json` or `.md`.
fn report_day(name: &str) -> Option<Timestamp> {
    let stem = name.strip_suffix(".json").or_else(|| name.strip_suffix(".md"))?;
    let (day, hour) = stem.strip_prefix("kpi-")?.split_once('T')?;
    let is_hour = hour.len() == 2 && hour.parse::<u8>().is_ok_and(|hour| hour < 24);
    if is_hour { day_of(day) } else { None }
}

/// The instant of `20260219`.
fn day_of(text: &str) -> Option<Timestamp> {
    let is_digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (year, rest) = is_digits.then(|| text.split_at_checked(4))??;
    let (month, day) = rest.split_at_checked(2)?;
    format!("{year}-{month}-{day}T00:00:00Z").parse().ok()
}

/// `20260219` for an instant.
pub fn day_text(day: Timestamp) -> String {
    day.to_string().chars().take(10).filter(|character| *character != '-').collect()
}

/// `kpi-20260219.tar.gz`, `samples-20260219-2.tar.gz`.
fn is_archive(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".tar.gz") else { return false };
    let Some((kind, rest)) = stem.split_once('-') else { return false };
    let (day, number) = rest.split_once('-').unwrap_or((rest, "2"));
    ["kpi", "samples"].contains(&kind)
        && day_of(day).is_some()
        && number.parse::<u32>().is_ok_and(|number| number > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_ours() {
        let day = "2026-02-19T00:00:00Z".parse().unwrap();
        assert_eq!(report_day("kpi-20260219T20.json"), Some(day));
        assert_eq!(day_text(day), "20260219");
        for name in ["kpi-20260219T24.md", "kpi-20261319T20.md", "kpi-20260219T20.md.7.tmp", "x"] {
            assert_eq!(report_day(name), None, "{name}");
        }
        assert!(is_archive("kpi-20260219.tar.gz") && is_archive("samples-20260219-2.tar.gz"));
        for name in ["backup-20260219.tar.gz", "kpi-2026.tar.gz", "kpi-20260219-x.tar.gz"] {
            assert!(!is_archive(name), "{name}");
        }
    }
}
