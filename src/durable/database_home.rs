//! A database's place in the file system, and what to do when the file is no longer there.
//!
//! SQLite goes on writing to a file that was deleted or replaced under it: everything succeeds, and is
//! gone with the process. The open connection still has all of it, so it is copied out, synced and
//! renamed into place. What stands there instead is moved aside, never deleted.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;

use super::atomic_file;

/// Pages copied at once: nobody else waits for this connection.
const PAGES: i32 = 4_096;
/// Names tried for what is moved aside.
const ASIDE_MAX: u32 = 1_000;

/// Where a database is, and which file that was when it was opened.
#[derive(Debug)]
pub struct DatabaseHome {
    path: PathBuf,
    file: (u64, u64),
}

impl DatabaseHome {
    /// The home of a database that is open at `path`.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: identity(path)? })
    }

    /// Where the file belongs.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file back from its open connection where it is gone or another stands in its place;
    /// true where that was necessary. The connection is then to be dropped and the file opened again.
    pub fn put_back(&mut self, connection: &Connection) -> Result<bool, String> {
        let what = match identity(&self.path) {
            Ok(found) if found == self.file => return Ok(false),
            Ok(_) => "was replaced",
            Err(error) if error.kind() == io::ErrorKind::NotFound => "was deleted",
            Err(error) => return Err(error.to_string()),
        };
        let failed = |error: String| format!("the file {what} and cannot be put back: {error}");
        self.restore(connection).map_err(failed)?;
        let path = self.path.display();
        log::warn!("{path}: {what} while in use; put back from memory, nothing is lost");
        Ok(true)
    }

    fn restore(&mut self, connection: &Connection) -> Result<(), String> {
        let io = |error: io::Error| error.to_string();
        let sqlite = |error: rusqlite::Error| error.to_string();
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory).map_err(io)?;
        let copy = with_suffix(&self.path, ".putback");
        atomic_file::remove_if_there(&copy).map_err(io)?;
        copy_to(connection, &copy).map_err(sqlite)?;
        // Closed again before anybody opens the copy: a close takes the locks of its file along.
        File::open(&copy).and_then(|file| file.sync_all()).map_err(io)?;
        for suffix in ["", "-wal", "-shm"] {
            move_aside(&with_suffix(&self.path, suffix)).map_err(io)?;
        }
        // The old connection must not remove the log of the file that takes its place.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(sqlite)?;
        fs::rename(&copy, &self.path).map_err(io)?;
        self.file = identity(&self.path).map_err(io)?;
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(io)
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

fn copy_to(connection: &Connection, path: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open(path)?;
    // One fsync of the whole afterwards; a crash before it leaves a copy that nobody looks at.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    Backup::new(connection, &mut target)?.run_to_completion(PAGES, Duration::ZERO, None)
}

/// Moves a file to the first free name with `.found-N` behind it; nothing where there is none.
pub fn move_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    if !path.try_exists()? {
        return Ok(None);
    }
    for number in 1..=ASIDE_MAX {
        let aside = with_suffix(path, &format!(".found-{number}"));
        if !aside.try_exists()? {
            fs::rename(path, &aside)?;
            return Ok(Some(aside));
        }
    }
    Err(io::Error::other(format!("{}.found-1 to -{ASIDE_MAX} are all taken", path.display())))
}

/// A path with something behind its name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
