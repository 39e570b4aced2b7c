//! Operators' commands on their way to the agent: a file each, in `operator/` of the state directory.
//!
//! A file is written whole or not at all, and is gone only once the ledger has the command and what came
//! of it. So a command reaches an agent that runs, one that hangs, once it goes on, and one that is dead,
//! at its start; while the ledger cannot be written the file itself is the latch. Where the state
//! directory refuses the file, the runtime directory takes it, which lasts until the agent stops.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::load::text;
use super::row::json;
use crate::domain::operator::{Command, CommandId, OperatorRecord, Outcome};
use crate::domain::time::Timestamp;
use crate::durable::{atomic_file, owner};

/// The directory's name, in the state directory and in the runtime directory.
const NAME: &str = "operator";
/// The end of a command's name.
const EXTENSION: &str = "json";
/// Commands that wait at once; further ones are refused.
const WAITING_MAX: usize = 100;
/// A command is a few hundred bytes; more is none.
const BYTES_MAX: u64 = 16 * 1024;
/// Two changes of a directory within this may leave the same time on it: a few ticks of the kernel.
const MTIME_DOUBT: Duration = Duration::from_secs(1);

/// Gives a command to the agent of a state directory, durably; returns where it waits.
pub fn submit(
    state_dir: &Path,
    runtime_dir: Option<&Path>,
    command: &Command,
) -> io::Result<PathBuf> {
    let state = put(state_dir, command);
    match (state, runtime_dir) {
        (Err(error), Some(runtime_dir)) if error.kind() != io::ErrorKind::QuotaExceeded => {
            put(runtime_dir, command).map_err(|_also| error)
        }
        (state, _) => state,
    }
}

fn put(home: &Path, command: &Command) -> io::Result<PathBuf> {
    let directory = home.join(NAME);
    match fs::create_dir(&directory) {
        Ok(()) => owner::give(&directory, home)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    if fs::read_dir(&directory)?.count() >= WAITING_MAX {
        let why = format!("{}: {WAITING_MAX} commands wait already", directory.display());
        return Err(io::Error::new(io::ErrorKind::QuotaExceeded, why));
    }
    let path = directory.join(format!("{:020}-{}.{EXTENSION}", command.at.us(), command.id));
    let contents = serde_json::to_vec_pretty(command)?;
    // Before its name says that it is whole, it belongs to who has to read it.
    atomic_file::replace_with(&path, |file| {
        io::Write::write_all(file, &contents)?;
        owner::give_file(file, home)
    })?;
    Ok(path)
}

/// Commands that wait, oldest first. What cannot be read is set aside and said.
#[derive(Debug)]
pub struct Spool {
    directories: Vec<(PathBuf, Option<Timestamp>)>,
    /// Taken in, and not known to be in the ledger.
    taken: BTreeMap<CommandId, PathBuf>,
}

impl Spool {
    /// The spool of an agent's directories.
    pub fn new(state_dir: &Path, runtime_dir: Option<&Path>) -> Self {
        let homes = [Some(state_dir), runtime_dir].into_iter().flatten();
        let directories = homes.map(|home| (home.join(NAME), None)).collect();
        Self { directories, taken: BTreeMap::new() }
    }

    /// Commands that came since the last call, `now` by the wall clock. Costs a look at each directory's time, where nothing did.
    pub fn take(&mut self, now: Timestamp) -> Vec<Command> {
        let mut commands: Vec<Command> = Vec::new();
        for (directory, seen) in &mut self.directories {
            let Some(changed) = changed_at(directory) else { continue };
            if *seen == Some(changed) && now > changed + MTIME_DOUBT {
                continue;
            }
            *seen = Some(changed);
            for path in files(directory) {
                let known = self.taken.values().any(|taken| *taken == path);
                if let Some(command) = (!known).then(|| read(&path)).flatten() {
                    self.taken.insert(command.id, path);
                    commands.push(command);
                }
            }
        }
        commands.sort_by_key(|command| (command.at, command.id));
        commands
    }

    /// The ledger has a command: its file goes.
    pub fn done(&mut self, id: &CommandId) {
        if let Some(path) = self.taken.remove(id)
            && let Err(error) = atomic_file::remove_if_there(&path)
        {
            log::error!("{}: cannot be removed: {error}; a restart reads it again", path.display());
        }
    }
}

/// The commands that wait in a state directory, for who looks at an agent.
pub fn waiting(state_dir: &Path) -> Vec<Command> {
    files(&state_dir.join(NAME)).iter().filter_map(|path| parse(path).ok()).collect()
}

/// When something in a directory came or went, by the wall clock.
fn changed_at(directory: &Path) -> Option<Timestamp> {
    let modified = fs::metadata(directory).and_then(|found| found.modified()).ok()?;
    let since = modified.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_us(i64::try_from(since.as_micros()).ok()?))
}

/// The files of commands, oldest first.
fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension() == Some(OsStr::new(EXTENSION))).collect();
    paths.sort_unstable();
    paths
}

fn read(path: &Path) -> Option<Command> {
    parse(path)
        .inspect_err(|why| {
            let aside = path.with_extension("refused");
            log::error!("{}: no command ({why}); moved to {}", path.display(), aside.display());
            drop(fs::rename(path, aside));
        })
        .ok()
}

fn parse(path: &Path) -> Result<Command, String> {
    let found = fs::metadata(path).map_err(|error| error.to_string())?;
    // A pipe would be waited for, a device read without an end.
    if !found.is_file() {
        return Err("not a regular file".to_owned());
    }
    if found.len() > BYTES_MAX {
        return Err(format!("{} bytes", found.len()));
    }
    let contents = fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&contents).map_err(|error| error.to_string())
}

/// Writes a command down with what came of it, once.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    at: Timestamp,
    said: &OperatorRecord,
) -> rusqlite::Result<()> {
    let (outcome, why, after) = match &said.outcome {
        Outcome::Done => ("done", None, None),
        Outcome::Refused { why, after } => ("refused", Some(why), *after),
    };
    let command = &said.command;
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO operator_commands (id, given_at_us, at_us, by, via, reason, wish, outcome, why,
                after_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            command.id.as_str(),
            command.at,
            at,
            command.by,
            command.via.as_str(),
            command.reason,
            json(&command.wish),
            outcome,
            why,
            after,
        ])?;
    Ok(())
}

/// What came of a command, by the engine's clock; none where the agent has not taken it in.
pub fn outcome(
    ledger: &Connection,
    id: &CommandId,
) -> rusqlite::Result<Option<(Timestamp, Outcome)>> {
    let query = "SELECT at_us, outcome, why, after_us FROM operator_commands WHERE id = ?1";
    ledger
        .prepare_cached(query)?
        .query_row([id.as_str()], |row| {
            let outcome = match row.get_ref(1)?.as_str()? {
                "done" => Outcome::Done,
                _ => Outcome::Refused {
                    why: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                    after: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_us),
                },
            };
            Ok((Timestamp::from_us(row.get(0)?), outcome))
        })
        .optional()
}

/// A command that the ledger has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Its name.
    pub id: CommandId,
    /// When it was taken in, by the engine's clock.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// JSON of what was wanted.
    pub wish: String,
    /// `done` or `refused`.
    pub outcome: String,
}

/// The newest commands, newest first.
pub fn newest(ledger: &Connection, limit: u32) -> rusqlite::Result<Vec<Said>> {
    let query = "SELECT id, at_us, by, reason, wish, outcome FROM operator_commands
                 ORDER BY at_us DESC, id DESC LIMIT ?1";
    let mut statement = ledger.prepare_cached(query)?;
    let rows = statement.query_map([limit], |row| {
        Ok(Said {
            id: text(row, 0)?,
            at: Timestamp::from_us(row.get(1)?),
            by: row.get(2)?,
            reason: row.get(3)?,
            wish: row.get(4)?,
            outcome: row.get(5)?,
        })
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operator::{Via, Wish};

    fn command(number: i64) -> Command {
        Command {
            id: CommandId::new(&format!("c{number}")).unwrap(),
            at: Timestamp::from_ms(number),
            by: "root".to_owned(),
            via: Via::Cli,
            reason: "a test".to_owned(),
            wish: Wish::Kill { flatten: false },
        }
    }

    /// A new directory of this test.
    fn directory(name: &str) -> PathBuf {
        let home =
            std::env::temp_dir().join(format!("ibis-operator-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&home));
        fs::create_dir_all(&home).unwrap();
        home
    }

    #[test]
    fn a_command_is_taken_once_and_goes_when_the_ledger_has_it() {
        let home = directory("once");
        let now = Timestamp::from_us(i64::MAX / 2);
        let mut spool = Spool::new(&home, None);
        assert_eq!(spool.take(now), []);
        let path = submit(&home, None, &command(2)).unwrap();
        submit(&home, None, &command(1)).unwrap();
        assert_eq!(spool.take(now), [command(1), command(2)]);
        assert_eq!(spool.take(now), [], "not twice");
        assert!(path.exists(), "until the ledger has it");
        assert_eq!(Spool::new(&home, None).take(now).len(), 2, "after a crash, too");
        spool.done(&command(2).id);
        assert!(!path.exists());
        assert_eq!(waiting(&home), [command(1)]);
        fs::write(home.join("operator/00-bad.json"), "{}").unwrap();
        assert_eq!(spool.take(now), []);
        assert!(home.join("operator/00-bad.refused").exists());
        fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn a_directory_that_changed_a_moment_ago_is_looked_at_again() {
        let home = directory("doubt");
        let changed = Timestamp::from_ms(1_767_225_600_000);
        let submit_then = |number| {
            submit(&home, None, &command(number)).unwrap();
            let at = UNIX_EPOCH + Duration::from_micros(changed.us().unsigned_abs());
            fs::File::open(home.join(NAME)).unwrap().set_modified(at).unwrap();
        };
        let mut spool = Spool::new(&home, None);
        submit_then(1);
        assert_eq!(spool.take(changed), [command(1)]);
        submit_then(2);
        assert_eq!(spool.take(changed + MTIME_DOUBT), [command(2)], "it may have changed since");
        submit_then(3);
        let later = changed + MTIME_DOUBT + Duration::from_micros(1);
        assert_eq!(spool.take(later), [], "its time says that nothing did");
        fs::write(home.join(NAME).join("x"), "").unwrap();
        assert_eq!(spool.take(later), [command(3)], "another time");
        fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn what_cannot_be_a_command_is_set_aside_and_other_files_are_left_alone() {
        let home = directory("long");
        fs::create_dir(home.join(NAME)).unwrap();
        let write = |name: &str, number, length: u64| {
            let mut text = serde_json::to_string(&command(number)).unwrap();
            text.push_str(&" ".repeat(usize::try_from(length).unwrap() - text.len()));
            fs::write(home.join(NAME).join(name), text).unwrap();
        };
        write("1.json", 1, 16_384);
        write("2.json", 2, 16_385);
        write("3.json.tmp", 3, 1_000);
        let pipe = home.join(NAME).join("0.json");
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        std::os::unix::fs::symlink("/dev/zero", home.join(NAME).join("4.json")).unwrap();
        let mut spool = Spool::new(&home, None);
        assert_eq!(spool.take(Timestamp::default()), [command(1)]);
        let there = |name: &str| home.join(NAME).join(name).exists();
        assert!(there("2.refused") && !there("2.json") && there("3.json.tmp"));
        assert!(there("0.refused") && there("4.refused"), "what would never end to be read");
        fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn where_the_state_directory_refuses_the_runtime_directory_takes_it() {
        let home = directory("refuses");
        let missing = home.join("missing");
        assert!(submit(&missing, None, &command(1)).is_err());
        // What cannot be made is told as that, not as what is not there then.
        let refused = submit(Path::new("/sys"), None, &command(1)).unwrap_err();
        assert_ne!(refused.kind(), io::ErrorKind::NotFound);
        submit(&missing, Some(&home), &command(1)).unwrap();
        let now = Timestamp::default();
        let mut spool = Spool::new(&missing, Some(&home));
        assert_eq!(spool.take(now), [command(1)]);
        for number in 2..=100 {
            submit(&home, None, &command(number)).unwrap();
        }
        let runtime = directory("runtime");
        let full = submit(&home, Some(&runtime), &command(101)).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::QuotaExceeded);
        assert_eq!(waiting(&runtime), [], "enough wait as it is");
        fs::remove_dir_all(&runtime).unwrap();
        fs::remove_dir_all(&home).unwrap();
    }
}
