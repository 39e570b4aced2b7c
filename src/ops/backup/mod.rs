//! `db backup`, `db restore`, `db restore-drill`: copies of the ledger that are known to be good.
//!
//! A **set** is made beside a running agent, in the state directory's `backups`: `ibis-STAMP.db`, in
//! paper mode `paper-STAMP.db`, and a [`manifest`], written last, that says what they must contain. Each is
//! read back whole before the set counts. The paper account is copied after the ledger: it can then only
//! be ahead of it, as the venue is, and the next start books the difference.

pub mod drill;
pub mod failure;
pub mod make;
pub mod manifest;
pub mod part;
pub mod restore;
pub mod set;
pub mod verify;

use std::path::{Path, PathBuf};

use crate::ops::age::bytes_text;
use failure::BackupError;

/// Where the sets of a state directory are.
pub fn directory(state_dir: &Path) -> PathBuf {
    state_dir.join("backups")
}

/// A full disk would take the agent's ledger down: what has no room is not begun. `reserve` bytes are
/// left to the agent.
fn room(directory: &Path, bytes: u64, reserve: u64) -> Result<(), BackupError> {
    let found = rustix::fs::statvfs(directory)
        .map_err(|error| BackupError::io(directory, &error.into()))?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if free >= bytes.saturating_add(reserve) {
        return Ok(());
    }
    Err(BackupError::Busy(format!(
        "{}: {} free; this needs {} and must leave {} to the agent; free space, or lower \
         backup.keep_newest",
        directory.display(),
        bytes_text(free),
        bytes_text(bytes),
        bytes_text(reserve),
    )))
}
