//! Puts other files in the place of a state directory's own: all of them or none, whatever happens in
//! between.
//!
//! The new files stand complete and synced in a directory beside; a plan is written, atomically: from
//! then on the new ones count. What is there is moved aside, never deleted, and the new ones are renamed
//! into place. After a crash whoever comes next ([`finish`]) goes on where the plan stands.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::durable::atomic_file;

/// The plan's file.
const PLAN: &str = "restore.json";
/// What an agent keeps in its state directory and what belongs together: a database before its log, so
/// that nobody makes a new log for it.
const OWN: [&str; 8] = [
    "ibis.db",
    "ibis.db-wal",
    "ibis.db-shm",
    "paper.db",
    "paper.db-wal",
    "paper.db-shm",
    "state.json",
    "emergency.wal",
];

/// What is to be done. Names within the state directory.
#[derive(Serialize, Deserialize)]
struct Plan {
    /// Holds the new files.
    from: String,
    /// Takes the old ones.
    aside: String,
    /// The new files' names.
    names: Vec<String>,
}

/// Replaces the agent's files in `state_dir` by those in its directory `from`; the old ones go to its
/// directory `aside`, or where that is taken to `aside-2`, ..., whose path is returned. The caller holds
/// the instance lock.
pub fn install(state_dir: &Path, from: &str, aside: &str) -> io::Result<PathBuf> {
    prepare(state_dir, from, aside)?;
    let finished = finish(state_dir)?;
    finished.ok_or_else(|| io::Error::other(format!("{PLAN} is gone")))
}

/// Everything up to the plan: from then on the new files count.
fn prepare(state_dir: &Path, from: &str, aside: &str) -> io::Result<()> {
    let new = state_dir.join(from);
    let is_new = |name: &&str| new.join(name).exists();
    let names: Vec<String> = OWN.into_iter().filter(is_new).map(str::to_owned).collect();
    for name in &names {
        File::open(new.join(name))?.sync_all()?;
    }
    File::open(&new)?.sync_all()?;
    let plan = Plan { from: from.to_owned(), aside: free_name(state_dir, aside)?, names };
    atomic_file::replace(&state_dir.join(PLAN), &serde_json::to_vec(&plan)?)
}

/// The first name that nothing has: two restores within a second must not share a place.
fn free_name(state_dir: &Path, name: &str) -> io::Result<String> {
    let mut free = name.to_owned();
    let mut number = 1;
    while state_dir.join(&free).try_exists()? {
        number += 1;
        free = format!("{name}-{number}");
    }
    Ok(free)
}

/// Goes on with an installation that was cut short; returns where the old files are. Nothing happens
/// where there is none. The caller holds the instance lock.
pub fn finish(state_dir: &Path) -> io::Result<Option<PathBuf>> {
    let path = state_dir.join(PLAN);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let plan: Plan = serde_json::from_slice(&text)?;
    let (from, aside) = (state_dir.join(&plan.from), state_dir.join(&plan.aside));
    fs::create_dir_all(&aside)?;
    for name in OWN {
        let place = state_dir.join(name);
        let is_new = plan.names.iter().any(|new| new == name) && !from.join(name).exists();
        if !is_new && place.exists() {
            fs::rename(&place, aside.join(name))?;
        }
    }
    File::open(&aside)?.sync_all()?;
    for name in plan.names.iter().filter(|name| from.join(name).exists()) {
        fs::rename(from.join(name), state_dir.join(name))?;
    }
    File::open(state_dir)?.sync_all()?;
    fs::remove_file(&path)?;
    File::open(state_dir)?.sync_all()?;
    if from.exists() {
        fs::remove_dir_all(&from)?;
    }
    Ok(Some(aside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(name: &str) -> PathBuf {
        let directory =
            std::env::temp_dir().join(format!("ibis-install-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(directory.join("new")).unwrap();
        for (name, text) in [
            ("ibis.db", "old ledger"),
            ("ibis.db-wal", "old log"),
            ("emergency.wal", "old journal"),
            ("ibis.toml", "not its own"),
            ("new/ibis.db", "new ledger"),
            ("new/state.json", "new state"),
        ] {
            fs::write(directory.join(name), text).unwrap();
        }
        directory
    }

    fn content(directory: &Path, names: &[&str]) -> Vec<Option<String>> {
        names.iter().map(|name| fs::read_to_string(directory.join(name)).ok()).collect()
    }

    #[test]
    fn what_was_moved_aside_before_is_not_overwritten() {
        let directory = stage("twice");
        assert_eq!(install(&directory, "new", "old").unwrap(), directory.join("old"));
        fs::create_dir_all(directory.join("new")).unwrap();
        fs::write(directory.join("new/ibis.db"), "newest ledger").unwrap();
        assert_eq!(install(&directory, "new", "old").unwrap(), directory.join("old-2"));
        let names = ["ibis.db", "old/ibis.db", "old-2/ibis.db"];
        let expected = ["newest ledger", "old ledger", "new ledger"];
        assert_eq!(content(&directory, &names), expected.map(|it| Some(it.to_owned())));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_plan_that_cannot_be_read_is_an_error_and_not_none() {
        let directory = stage("unreadable");
        fs::create_dir(directory.join(PLAN)).unwrap();
        assert!(finish(&directory).is_err());
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn whatever_was_done_when_it_was_cut_short_the_end_is_the_same() {
        let text = |text: &str| Some(text.to_owned());
        // What a crash may have left done, one after the other.
        let steps: [(&str, &str); 5] = [
            ("ibis.db", "old/ibis.db"),
            ("ibis.db-wal", "old/ibis.db-wal"),
            ("emergency.wal", "old/emergency.wal"),
            ("new/ibis.db", "ibis.db"),
            ("new/state.json", "state.json"),
        ];
        for done in 0..=steps.len() {
            let directory = stage(&done.to_string());
            assert_eq!(finish(&directory).unwrap(), None, "nothing is planned");
            prepare(&directory, "new", "old").unwrap();
            fs::create_dir_all(directory.join("old")).unwrap();
            for (from, to) in steps.iter().take(done) {
                fs::rename(directory.join(from), directory.join(to)).unwrap();
            }
            assert_eq!(finish(&directory).unwrap(), Some(directory.join("old")), "{done}");
            let names =
                ["ibis.db", "ibis.db-wal", "emergency.wal", "state.json", "ibis.toml", PLAN];
            assert_eq!(
                content(&directory, &names),
                [text("new ledger"), None, None, text("new state"), text("not its own"), None],
                "{done}"
            );
            let old = ["old/ibis.db", "old/ibis.db-wal", "old/emergency.wal"];
            let expected = [text("old ledger"), text("old log"), text("old journal")];
            assert_eq!(content(&directory, &old), expected, "{done}");
            assert!(!directory.join("new").exists());
            assert_eq!(finish(&directory).unwrap(), None);
            fs::remove_dir_all(&directory).unwrap();
        }
    }
}
