//! Why a market source cannot go on: always a file, where possible a line, always a reason.

use std::fmt;
use std::path::{Path, PathBuf};

/// A market file that cannot be read, or a row of it that makes no sense.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarketError {
    path: PathBuf,
    line: Option<u64>,
    reason: String,
}

impl MarketError {
    /// The file as a whole: missing, unreadable, truncated, of an unknown format.
    pub(super) fn file(path: &Path, reason: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), line: None, reason: reason.to_string() }
    }

    /// One row of the file; lines count from 1, the header included.
    pub(super) fn row(path: &Path, line: u64, reason: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), line: Some(line), reason: reason.to_string() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line, counted from 1, where the error is one row's.
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// What is wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for MarketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "market file {}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for MarketError {}
