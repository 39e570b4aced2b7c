//! Puts a set in the place of what is there: verified first, whole or not at all, nothing deleted.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::BackupError;
use super::make::stamp;
use super::room;
use super::set::Set;
use crate::domain::time::Timestamp;
use crate::durable::instance_lock::{InstanceLock, LockError};
use crate::durable::owner::give;
use crate::ops::agent_evidence::lock_path;
use crate::ops::exec_integrity::state_document;
use crate::store::{install, state_json};

/// Where the new files stand until they are complete.
const FROM: &str = "restore-new";

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Restored {
    /// The last event of the ledger now.
    pub event: i64,
    /// Its hash.
    pub chain_head: String,
    /// When the set was made, in microseconds UTC.
    pub made_at_us: i64,
    /// `paper` or `live`.
    pub mode: String,
    /// Where the files that were there are now.
    pub aside: PathBuf,
}

/// Restores the set that `file` belongs to into `state_dir`.
pub fn run(state_dir: &Path, file: &Path, now: Timestamp) -> anyhow::Result<Restored> {
    let io = |error| BackupError::io(state_dir, &error);
    fs::create_dir_all(state_dir).map_err(io)?;
    let _lock = lock(state_dir)?;
    install::finish(state_dir).map_err(io)?;
    let set = Set::of(file)?;
    good(&set)?;
    room(state_dir, set.manifest.bytes(), 0)?;
    let new = state_dir.join(FROM);
    copy(&set, &new, now)?;
    for entry in fs::read_dir(&new).map_err(io)?.flatten() {
        give(&entry.path(), state_dir).map_err(io)?;
    }
    let aside = install::install(state_dir, FROM, &format!("replaced-{}", stamp(now)));
    let aside = aside.map_err(io)?;
    give(&aside, state_dir).map_err(io)?;
    let ledger = &set.manifest.ledger;
    Ok(Restored {
        event: ledger.head,
        chain_head: ledger.chain_head.clone(),
        made_at_us: set.manifest.made_at_us,
        mode: set.manifest.mode.clone(),
        aside,
    })
}

/// No agent, and no other restore.
fn lock(state_dir: &Path) -> Result<InstanceLock, BackupError> {
    let path = lock_path(state_dir);
    InstanceLock::take(&path).map_err(|error| match error {
        LockError::Held => BackupError::Busy(format!(
            "{}: an agent works in this directory; stop it first: systemctl stop ibis-agent",
            path.display()
        )),
        LockError::Io(error) => BackupError::io(&path, &error),
    })
}

/// Refuses a set that is not what its manifest says.
pub(super) fn good(set: &Set) -> Result<(), BackupError> {
    match set.problems()? {
        problems if problems.is_empty() => Ok(()),
        problems => Err(BackupError::Bad(format!(
            "{}; it was not restored, try an earlier one",
            problems.join("; ")
        ))),
    }
}

/// Lays the set's files out in `directory` as in a state directory, with their `state.json`.
pub(super) fn copy(set: &Set, directory: &Path, now: Timestamp) -> anyhow::Result<()> {
    let io = |error| BackupError::io(directory, &error);
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(io)?;
    }
    fs::create_dir_all(directory).map_err(io)?;
    for (part, _) in set.manifest.parts() {
        fs::copy(set.file(part), directory.join(part.name())).map_err(io)?;
    }
    state_json::write(directory, &state_document(directory, now)?).map_err(io)?;
    Ok(())
}
