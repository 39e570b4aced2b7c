//! What a set must contain. Its file is written last: a set without one was not finished.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::failure::BackupError;
use super::part::Part;
use crate::domain::time::Timestamp;

/// The format's version: raised when a key changes its meaning.
pub const VERSION: u32 = 1;

/// A set's manifest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`].
    pub version: u32,
    /// When its snapshot was taken, by the wall clock, in microseconds UTC.
    pub made_at_us: i64,
    /// By which ibis.
    pub ibis: String,
    /// `paper` or `live`.
    pub mode: String,
    /// The agent's name.
    pub instance: String,
    /// The ledger.
    pub ledger: FileRecord,
    /// The paper account; none in live mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<FileRecord>,
}

/// What one database of a set must contain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its file, beside the manifest.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// The last event, or the account's last fill.
    pub head: i64,
    /// Hash of the last event; empty for the account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chain_head: String,
    /// Rows by table.
    pub rows: BTreeMap<String, i64>,
}

impl Manifest {
    /// The databases and what each must contain.
    pub fn parts(&self) -> impl Iterator<Item = (Part, &FileRecord)> {
        let ledger = std::iter::once((Part::Ledger, &self.ledger));
        ledger.chain(self.account.as_ref().map(|account| (Part::Account, account)))
    }

    /// When its snapshot was taken.
    pub fn made_at(&self) -> Timestamp {
        Timestamp::from_us(self.made_at_us)
    }

    /// The bytes of all its databases.
    pub fn bytes(&self) -> u64 {
        self.parts().map(|(_, part)| part.bytes).sum()
    }
}

/// Where the manifest of a set is.
pub fn path(directory: &Path, stamp: &str) -> PathBuf {
    directory.join(format!("ibis-{stamp}.json"))
}

/// Reads a manifest.
pub fn read(path: &Path) -> Result<Manifest, BackupError> {
    let bad = |why: String| BackupError::Bad(format!("{}: {why}", path.display()));
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let what = format!("{}: no such manifest; name a file that exists", path.display());
            return Err(BackupError::Missing(what));
        }
        text => text.map_err(|error| BackupError::io(path, &error))?,
    };
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    if manifest.version != VERSION {
        return Err(bad(format!("version {} is not {VERSION}", manifest.version)));
    }
    Ok(manifest)
}
