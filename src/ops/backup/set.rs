//! The sets that there are, and which of them may go.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::BackupError;
use super::manifest::{self, Manifest};
use super::part::Part;
use super::verify;
use crate::config::settings::BackupSettings;
use crate::domain::time::Timestamp;

/// A finished set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Set {
    /// Its directory.
    pub directory: PathBuf,
    /// When it was made, as in its files' names.
    pub stamp: String,
    /// What it must contain.
    pub manifest: Manifest,
}

impl Set {
    /// The set that one of its files belongs to: `ibis-STAMP.db` or `ibis-STAMP.json`.
    pub fn of(path: &Path) -> Result<Self, BackupError> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stamp = name
            .strip_prefix("ibis-")
            .and_then(|rest| rest.strip_suffix(".db").or_else(|| rest.strip_suffix(".json")));
        let Some(stamp) = stamp else {
            return Err(BackupError::Missing(format!(
                "{}: no backup; name an ibis-STAMP.db that ibis db backup made",
                path.display()
            )));
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or(Path::new(".")).to_owned();
        let manifest = manifest::read(&manifest::path(&directory, stamp))?;
        Ok(Self { directory, stamp: stamp.to_owned(), manifest })
    }

    /// The file of one of its databases.
    pub fn file(&self, part: Part) -> PathBuf {
        part.file(&self.directory, &self.stamp)
    }

    /// What is wrong with it, a line each; empty for a good one.
    pub fn problems(&self) -> Result<Vec<String>, BackupError> {
        let mut problems = Vec::new();
        for (part, expected) in self.manifest.parts() {
            let path = self.file(part);
            let found = verify::file(&path, part, expected)?;
            problems.extend(found.iter().map(|why| format!("{}: {why}", path.display())));
        }
        if self.manifest.mode == "paper" && self.manifest.account.is_none() {
            problems.push("a set of paper mode without its account".to_owned());
        }
        Ok(problems)
    }

    /// Deletes it, the manifest first: what is left of it is no set.
    pub fn delete(&self) -> std::io::Result<()> {
        fs::remove_file(manifest::path(&self.directory, &self.stamp))?;
        for (part, _) in self.manifest.parts() {
            fs::remove_file(self.file(part))?;
        }
        Ok(())
    }
}

/// The finished sets of a directory, newest first. Manifests that cannot be read are left alone.
pub fn list(directory: &Path) -> Result<Vec<Set>, BackupError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| BackupError::io(directory, &error))?,
    };
    let is_manifest = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "json");
    let paths = entries.flatten().map(|entry| entry.path()).filter(is_manifest);
    let mut sets: Vec<Set> = paths.filter_map(|path| Set::of(&path).ok()).collect();
    sets.sort_by(|a, b| (b.manifest.made_at_us, &b.stamp).cmp(&(a.manifest.made_at_us, &a.stamp)));
    Ok(sets)
}

/// Which of `sets` (newest first) may be deleted: those beyond the newest so many that are older than
/// the limit, then the oldest until all fit the budget. The newest is never one of them.
pub fn superfluous<'a>(sets: &'a [Set], limits: &BackupSettings, now: Timestamp) -> Vec<&'a Set> {
    let newest = usize::try_from(limits.keep_newest).unwrap_or(usize::MAX).max(1);
    let is_old = |set: &Set| {
        let age_us = u64::try_from(now.us_since(set.manifest.made_at())).unwrap_or(0);
        Duration::from_micros(age_us) > limits.keep_age
    };
    let mut bytes = 0u64;
    let mut out = Vec::new();
    for (index, set) in sets.iter().enumerate() {
        let with_it = bytes.saturating_add(set.manifest.bytes());
        let has_to_go = (index >= newest && is_old(set)) || with_it > limits.bytes_max;
        if index > 0 && has_to_go {
            out.push(set);
        } else {
            bytes = with_it;
        }
    }
    out
}
