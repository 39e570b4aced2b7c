//! Why a backup cannot be made or restored, by what can be done about it.

use std::fmt;
use std::io;
use std::path::Path;

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BackupError {
    /// There is no such set.
    Missing(String),
    /// The set is not good.
    Bad(String),
    /// Another process is in the way, or the disk refuses.
    Busy(String),
}

impl BackupError {
    /// An error of the file system at a path.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Self::Busy(format!("{}: {error}; check the disk and its permissions", path.display()))
    }
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(text) | Self::Bad(text) | Self::Busy(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for BackupError {}
