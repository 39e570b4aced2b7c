//! Reads a set's database back, whole: checksum, structure, references, hash chain, counts.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::failure::BackupError;
use super::manifest::FileRecord;
use super::part::{Part, rows};
use crate::durable::sqlite::{OpenErrorKind, classify};
use crate::ops::db_check;

/// Read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// SHA-256 of a file in hexadecimal, and its length.
pub fn digest(path: &Path) -> io::Result<(String, u64)> {
    let (mut file, mut hasher, mut bytes) = (File::open(path)?, Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = file.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        hasher.update(chunk.get(..length).unwrap_or_default());
        bytes += length as u64;
    }
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    Ok((text, bytes))
}

/// What differs between a file and what it must contain; empty for a good one.
pub fn file(path: &Path, part: Part, expected: &FileRecord) -> Result<Vec<String>, BackupError> {
    let (sha256, bytes) = match digest(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(vec!["it is missing".to_owned()]);
        }
        digest => digest.map_err(|error| BackupError::io(path, &error))?,
    };
    if (&sha256, bytes) != (&expected.sha256, expected.bytes) {
        return Ok(vec![format!("its checksum differs from the manifest's ({bytes} bytes)")]);
    }
    let mut problems = Vec::new();
    let found = content(path, part)?;
    problems.extend(found.problems);
    if found.head != expected.head || found.chain_head != expected.chain_head {
        problems.push(format!("it ends at {}, the manifest says {}", found.head, expected.head));
    }
    if found.rows != expected.rows {
        problems.push("its tables have other rows than the manifest says".to_owned());
    }
    Ok(problems)
}

/// What is in a database, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Content {
    /// The last event, or fill.
    pub head: i64,
    /// Hash of the last event; empty for the account.
    pub chain_head: String,
    /// Rows by table.
    pub rows: std::collections::BTreeMap<String, i64>,
    /// A line each.
    pub problems: Vec<String>,
}

/// Reads all of a database. Damage is a finding.
pub fn content(path: &Path, part: Part) -> Result<Content, BackupError> {
    let problem = |why: String| Content { problems: vec![why], ..Content::default() };
    let database = match part.format().open_reader(path) {
        Err(error) if matches!(error.kind, OpenErrorKind::Unavailable(_)) => {
            return Err(BackupError::Busy(error.to_string()));
        }
        Err(error) => return Ok(problem(error.to_string())),
        Ok(database) => database,
    };
    let read = || -> rusqlite::Result<Content> {
        let mut found = Content { head: part.head(&database)?, ..Content::default() };
        match part {
            Part::Ledger => {
                let check = db_check::check(&database)?;
                (found.chain_head, found.problems) = (check.chain_head, check.problems);
            }
            Part::Account => found.problems = db_check::structure_problems(&database)?,
        }
        found.rows = rows(&database)?;
        Ok(found)
    };
    match read() {
        Ok(found) => Ok(found),
        Err(error) if matches!(classify(&error), OpenErrorKind::Foreign(_)) => {
            Ok(problem(error.to_string()))
        }
        Err(error) => Err(BackupError::Busy(format!("{}: {error}; try again", path.display()))),
    }
}
