//! Makes a set, beside a running agent.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use rusqlite::Transaction;
use serde_json::json;

use super::failure::BackupError;
use super::manifest::{self, FileRecord, Manifest, VERSION};
use super::part::{Part, rows};
use super::set::{self, Set};
use super::{directory, room, verify};
use crate::config::settings::BackupSettings;
use crate::domain::time::Timestamp;
use crate::durable::atomic_file;
use crate::durable::database_home::with_suffix;
use crate::durable::instance_lock::{InstanceLock, LockError};
use crate::durable::online_copy::{self, CopyError};
use crate::durable::owner::give;
use crate::exchange::paper::ACCOUNT;
use crate::ops::age::bytes_text;
use crate::ops::report::{Check, Report, Severity};
use crate::store::run::meta;
use crate::store::{self, chain};

/// The job's name.
pub const JOB: &str = "backup";
/// Where a set grows until it is known to be good.
const UNFINISHED: &str = "unfinished";

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Whose files.
    pub state_dir: &'a Path,
    /// How many sets stay.
    pub limits: &'a BackupSettings,
    /// Free bytes that a backup must leave to the agent.
    pub reserve: u64,
    /// The wall clock.
    pub now: Timestamp,
}

/// Makes a set, reads it back, deletes what the limits say.
pub fn run(run: &Run<'_>) -> anyhow::Result<Report> {
    let directory = directory(run.state_dir);
    let unfinished = directory.join(UNFINISHED);
    let io = |error| BackupError::io(&directory, &error);
    fs::create_dir_all(&directory).and_then(|()| give(&directory, run.state_dir)).map_err(io)?;
    let _alone = alone(&directory)?;
    empty(&unfinished).map_err(io)?;
    let set = make(run, &unfinished)?;
    let problems = set.problems()?;
    let (event, bytes) = (set.manifest.ledger.head, bytes_text(set.manifest.bytes()));
    let file = Part::Ledger.file(&directory, &set.stamp);
    let value = format!("{}, event {event}, {bytes}", file.display());
    let mut report = Report::new(JOB, run.now, Vec::new());
    if problems.is_empty() {
        finish(&set, &directory).map_err(io)?;
        report.checks.push(Check::new("backup_verified", Severity::Ok, value));
        report.checks.push(tidy(run, &directory)?);
    } else {
        // What does not read back is no backup; the earlier sets stay as they are.
        let why = format!("{}; the earlier sets stay; run: ibis db check", problems.join("; "));
        report.checks.push(Check::new("backup_verified", Severity::Critical, value).because(why));
    }
    fs::remove_dir_all(&unfinished).map_err(io)?;
    report.facts.insert("file".to_owned(), json!(file));
    report.facts.insert("manifest".to_owned(), json!(set.manifest));
    Ok(report)
}

/// One backup at a time: two would count and delete the same sets.
fn alone(directory: &Path) -> Result<InstanceLock, BackupError> {
    let path = directory.join("backup.lock");
    let lock = InstanceLock::take(&path).map_err(|error| match error {
        LockError::Held => {
            BackupError::Busy(format!("{}: another backup is being made", path.display()))
        }
        LockError::Io(error) => BackupError::io(&path, &error),
    })?;
    give(&path, directory).map_err(|error| BackupError::io(&path, &error))?;
    Ok(lock)
}

/// An empty directory, whatever a backup that was cut short left in it.
fn empty(directory: &Path) -> std::io::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir(directory)
}

/// Copies and counts everything, into `directory`.
fn make(run: &Run<'_>, directory: &Path) -> anyhow::Result<Set> {
    let stamp = free_stamp(run);
    let ledger = store::open_reader(run.state_dir)?;
    let snapshot = ledger.unchecked_transaction()?;
    let word = |key| meta(&snapshot, key).map(Option::unwrap_or_default);
    let (mode, instance) = (word("mode")?, word("instance")?);
    let mut parts = vec![Part::Ledger];
    if mode == "paper" {
        parts.push(Part::Account);
    }
    room(run.state_dir, bytes(run.state_dir, &parts), run.reserve)?;
    let mut manifest = Manifest {
        version: VERSION,
        made_at_us: run.now.us(),
        ibis: env!("CARGO_PKG_VERSION").to_owned(),
        mode,
        instance,
        ledger: part(snapshot, Part::Ledger, directory, &stamp)?,
        account: None,
    };
    if parts.contains(&Part::Account) {
        let account = ACCOUNT.open_reader(&run.state_dir.join(Part::Account.name()))?;
        let snapshot = account.unchecked_transaction()?;
        manifest.account = Some(part(snapshot, Part::Account, directory, &stamp)?);
    }
    let text = format!("{}\n", serde_json::to_string_pretty(&manifest)?);
    atomic_file::replace(&manifest::path(directory, &stamp), text.as_bytes())?;
    Ok(Set { directory: directory.to_owned(), stamp, manifest })
}

/// The wall clock's second, or the first after it without a set.
fn free_stamp(run: &Run<'_>) -> String {
    let directory = directory(run.state_dir);
    let mut at = run.now;
    loop {
        let stamp = stamp(at);
        if !Part::Ledger.file(&directory, &stamp).exists() {
            return stamp;
        }
        at = at + Duration::from_secs(1);
    }
}

/// `20261126T094500Z`.
pub fn stamp(at: Timestamp) -> String {
    let text = at.floor_to_us(1_000_000).to_string();
    let seconds = text.split('.').next().unwrap_or_default().trim_end_matches('Z');
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

/// The bytes of a state directory's databases, their logs included.
fn bytes(state_dir: &Path, parts: &[Part]) -> u64 {
    let paths = parts.iter().flat_map(|part| {
        let path = state_dir.join(part.name());
        [with_suffix(&path, "-wal"), path]
    });
    paths.filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).sum()
}

/// Copies one database, and counts what the copy must contain in the original. The snapshot holds up the
/// writer's log: it goes as soon as it is copied.
fn part(
    snapshot: Transaction<'_>,
    part: Part,
    directory: &Path,
    stamp: &str,
) -> anyhow::Result<FileRecord> {
    let (head, rows) = (part.head(&snapshot)?, rows(&snapshot)?);
    let chain_head = match part {
        Part::Ledger => chain::head(&snapshot)?.hex(),
        Part::Account => String::new(),
    };
    let path = part.file(directory, stamp);
    online_copy::copy(&snapshot, &path).map_err(|error| match error {
        CopyError::Sqlite(error) => {
            anyhow::Error::from(error).context(format!("{}", path.display()))
        }
        CopyError::Io(error) => BackupError::io(&path, &error).into(),
        CopyError::Busy => BackupError::Busy(format!("{}: {error}", part.name())).into(),
    })?;
    drop(snapshot);
    let (sha256, bytes) = verify::digest(&path)?;
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    Ok(FileRecord { file, bytes, sha256, head, chain_head, rows })
}

/// Renames a set into place, its manifest last.
fn finish(set: &Set, directory: &Path) -> std::io::Result<()> {
    let parts = set.manifest.parts().map(|(part, _)| set.file(part));
    let manifest = manifest::path(&set.directory, &set.stamp);
    for from in parts.chain([manifest]) {
        let name = from.file_name().unwrap_or_default().to_owned();
        give(&from, directory)?;
        fs::rename(&from, directory.join(name))?;
    }
    File::open(directory)?.sync_all()
}

/// Deletes what the limits say, once the newest set is known to be good.
fn tidy(run: &Run<'_>, directory: &Path) -> Result<Check, BackupError> {
    let sets = set::list(directory)?;
    let superfluous = set::superfluous(&sets, run.limits, run.now);
    let kept = sets.len() - superfluous.len();
    let failed: Vec<String> = superfluous
        .iter()
        .filter_map(|set| set.delete().err().map(|error| format!("{}: {error}", set.stamp)))
        .collect();
    let severity = if failed.is_empty() { Severity::Ok } else { Severity::Degraded };
    let value = format!("{kept} kept, {} deleted", superfluous.len() - failed.len());
    Ok(Check::new("backups", severity, value).because(failed.join("; ")))
}
