//! Opening a SQLite file of ours: who made it, which version it is, how it is written.
//!
//! A file is ours when its `application_id` says so. A foreign, truncated or damaged file is refused
//! and left as it is; so is one from a newer version. Writers use WAL with `synchronous=FULL`: WAL
//! with NORMAL lost acknowledged fills in 56 of 192 simulated power cuts, FULL in none of 620.
//!
//! **Migrations** are an append-only list; the index of the next one is `user_version`. Never remove
//! or change an entry that was released.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

/// How long a connection waits for another's write lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages of a writer's WAL (4 KiB each) from which on a commit itself checkpoints: bounds the WAL near
/// 64 MiB where the thread that does it beside the writer cannot keep up.
const WAL_PAGES_MAX: u32 = 16_384;
/// Page cache of one connection in KiB: bounds memory.
const CACHE_KIB: i32 = 2_048;

/// The smallest page that a SQLite file can have, and so the smallest file, in bytes.
const PAGE_BYTES_MIN: u64 = 512;

/// What identifies one kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What to call it in errors: `ledger`.
    pub name: &'static str,
    /// SQLite `application_id`.
    pub application_id: i32,
    /// The migrations, oldest first.
    pub migrations: &'static [&'static str],
}

/// Why a file could not be opened.
#[derive(Debug)]
pub struct OpenError {
    path: PathBuf,
    name: &'static str,
    /// What is wrong.
    pub kind: OpenErrorKind,
}

/// The kinds of [`OpenError`], by what can be done about them.
#[derive(Debug)]
pub enum OpenErrorKind {
    /// There is no such file.
    Missing,
    /// Not a file of this kind: another program's, truncated or damaged.
    Foreign(String),
    /// From a newer version of ibis.
    Newer {
        /// The file's version.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// The disk is full, read-only, or the file is locked or not accessible.
    Unavailable(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, name) = (self.path.display(), self.name);
        match &self.kind {
            OpenErrorKind::Missing => {
                write!(f, "{path}: no {name} here; start the agent once, or name its --state-dir")
            }
            OpenErrorKind::Foreign(why) => {
                write!(
                    f,
                    "{path}: not an intact ibis {name} ({why}); it was left as it is, restore a backup or move it aside"
                )
            }
            OpenErrorKind::Newer { found, known } => write!(
                f,
                "{path}: {name} has version {found}, this ibis knows up to {known}; install the newer ibis again"
            ),
            OpenErrorKind::Unavailable(why) => {
                write!(
                    f,
                    "{path}: {name} cannot be used now ({why}); check the disk and its permissions"
                )
            }
        }
    }
}

impl std::error::Error for OpenError {}

impl Format {
    /// Opens for writing, creating and migrating as needed.
    pub fn open_writer(&self, path: &Path) -> Result<Connection, OpenError> {
        let fresh = self.check_size(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection =
            Connection::open_with_flags(path, flags).map_err(|error| self.error(path, &error))?;
        self.prepare_writer(path, &mut connection, fresh).map_err(|kind| self.kind(path, kind))?;
        Ok(connection)
    }

    /// Opens an existing, fully migrated file for writing a few rows in short transactions.
    pub fn open_existing(&self, path: &Path) -> Result<Connection, OpenError> {
        self.open_migrated(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens an existing, fully migrated file for reading only.
    pub fn open_reader(&self, path: &Path) -> Result<Connection, OpenError> {
        self.open_migrated(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn open_migrated(&self, path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
        if self.check_size(path)? {
            return Err(self.kind(path, OpenErrorKind::Missing));
        }
        let connection =
            Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                .map_err(|error| self.error(path, &error))?;
        let version = connection
            .busy_timeout(BUSY_TIMEOUT)
            .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"))
            .and_then(|()| connection.pragma_update(None, "cache_size", -CACHE_KIB))
            .map_err(|error| self.error(path, &error))
            .and_then(|()| self.version(path, &connection).map_err(|kind| self.kind(path, kind)))?;
        if version < self.latest() {
            let why =
                format!("version {version} awaits migration to {} by the agent", self.latest());
            return Err(self.kind(path, OpenErrorKind::Unavailable(why)));
        }
        Ok(connection)
    }

    fn prepare_writer(
        &self,
        path: &Path,
        connection: &mut Connection,
        fresh: bool,
    ) -> Result<(), OpenErrorKind> {
        connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| classify(&error))?;
        let found = if fresh { 0 } else { self.version(path, connection)? };
        let pragmas = || {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
            connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES_MAX)
        };
        pragmas().map_err(|error| classify(&error))?;
        if found < self.latest() {
            self.migrate(connection, found).map_err(|error| classify(&error))?;
        }
        Ok(())
    }

    fn migrate(&self, connection: &mut Connection, found: u32) -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        for migration in self.migrations.iter().skip(found as usize) {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", self.application_id)?;
        transaction.pragma_update(None, "user_version", self.latest())?;
        transaction.commit()
    }

    fn latest(&self) -> u32 {
        u32::try_from(self.migrations.len()).unwrap_or(u32::MAX)
    }

    /// The schema version, after making sure that the file is of this kind, and whole.
    fn version(&self, path: &Path, connection: &Connection) -> Result<u32, OpenErrorKind> {
        let read =
            |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let application_id = read("application_id").map_err(|error| classify(&error))?;
        self.check_end(path, connection)?;
        if application_id == 0 && is_blank(connection).map_err(|error| classify(&error))? {
            return Ok(0);
        }
        if application_id != i64::from(self.application_id) {
            return Err(OpenErrorKind::Foreign("it belongs to another program".to_owned()));
        }
        let found = read("user_version").map_err(|error| classify(&error))?;
        let (found, known) = (u32::try_from(found).unwrap_or(u32::MAX), self.latest());
        if found > known { Err(OpenErrorKind::Newer { found, known }) } else { Ok(found) }
    }

    /// Looks at the file's size before SQLite may touch it; true where there is nothing yet.
    ///
    /// It is not opened here. POSIX drops every lock that a process has on a file as soon as the
    /// process closes any descriptor of it: a look at the first bytes would take the locks of the
    /// connections that other threads have, and another process could then delete the log under them
    /// (SQLite, "How To Corrupt An SQLite Database File", 2.2). SQLite itself refuses what has no header.
    fn check_size(&self, path: &Path) -> Result<bool, OpenError> {
        // A creation that was cut short: SQLite undoes it from the journal, and then looks itself.
        if has_beside(path, "-journal") {
            return Ok(false);
        }
        let foreign = |why: &str| Err(self.kind(path, OpenErrorKind::Foreign(why.to_owned())));
        let unavailable = |why| Err(self.kind(path, OpenErrorKind::Unavailable(why)));
        let file = match std::fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            Err(error) => return unavailable(error.to_string()),
            Ok(file) if !file.is_file() => return unavailable("it is no file".to_owned()),
            Ok(file) => file,
        };
        match file.len() {
            // SQLite itself creates the file empty; a crash right then leaves it so. With a WAL beside
            // it, it held something.
            0 if has_wal(path) => foreign("it is empty"),
            0 => Ok(true),
            length if length < PAGE_BYTES_MIN => foreign("it is too short for a database"),
            _ => Ok(false),
        }
    }

    /// SQLite notices missing pages, but not the missing end of the last one. With a log beside it the
    /// file may still be written.
    fn check_end(&self, path: &Path, connection: &Connection) -> Result<(), OpenErrorKind> {
        let pages = connection.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0));
        let page_bytes = pages.map_err(|error| classify(&error))?.unsigned_abs();
        let file = std::fs::metadata(path)
            .map_err(|error| OpenErrorKind::Unavailable(error.to_string()))?;
        match file.len().checked_rem(page_bytes) {
            Some(1..) if !has_wal(path) => {
                Err(OpenErrorKind::Foreign("it is truncated".to_owned()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What a failed statement says about the file at `path`.
    pub fn error(&self, path: &Path, error: &rusqlite::Error) -> OpenError {
        self.kind(path, classify(error))
    }

    fn kind(&self, path: &Path, kind: OpenErrorKind) -> OpenError {
        OpenError { path: path.to_owned(), name: self.name, kind }
    }
}

/// Opens a database that a writer of this process has open, to checkpoint its WAL beside it.
pub fn open_checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Where the file was replaced meanwhile it must not remove the log of the one in its place.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Now, and not at the first copy: the log that is beside the file at this moment.
    connection.pragma_query_value(None, "schema_version", |_| Ok(()))?;
    Ok(connection)
}

fn has_wal(path: &Path) -> bool {
    has_beside(path, "-wal")
}

/// True where a file of this name's end is beside it, and something in it.
fn has_beside(path: &Path, end: &str) -> bool {
    let mut beside = path.as_os_str().to_owned();
    beside.push(end);
    std::fs::metadata(beside).is_ok_and(|file| file.len() > 0)
}

/// True where SQLite has a header and nothing else: a creation that a crash or a full disk cut short.
fn is_blank(connection: &Connection) -> rusqlite::Result<bool> {
    let query = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(query, [], |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(tables == 0 && version == 0)
}

/// Damage is for a person, everything else may pass.
pub fn classify(error: &rusqlite::Error) -> OpenErrorKind {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenErrorKind::Foreign(error.to_string())
        }
        _ => OpenErrorKind::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const FORMAT: Format = Format {
        name: "ledger",
        application_id: 7,
        migrations: &["CREATE TABLE a(x INTEGER) STRICT;", "ALTER TABLE a ADD COLUMN y INTEGER;"],
    };

    /// How every SQLite file begins.
    const MAGIC: &[u8] = b"SQLite format 3\0";

    fn temporary(name: &str) -> PathBuf {
        let directory =
            std::env::temp_dir().join(format!("ibis-sqlite-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(&directory).unwrap();
        directory.join("x.db")
    }

    #[test]
    fn migrates_from_every_version_and_refuses_the_future() {
        let path = temporary("versions");
        let old = Format { migrations: &FORMAT.migrations[..1], ..FORMAT };
        old.open_writer(&path).unwrap().execute("INSERT INTO a VALUES (1)", []).unwrap();
        assert!(matches!(
            FORMAT.open_reader(&path).unwrap_err().kind,
            OpenErrorKind::Unavailable(_)
        ));
        let new = FORMAT.open_writer(&path).unwrap();
        let row: (i64, Option<i64>) =
            new.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(row, (1, None));
        drop(new);
        let refused = old.open_writer(&path).unwrap_err();
        assert!(matches!(refused.kind, OpenErrorKind::Newer { found: 2, known: 1 }));
        assert!(FORMAT.open_reader(&path).is_ok());
    }

    #[test]
    fn foreign_and_truncated_files_are_left_as_they_are() {
        let path = temporary("foreign");
        fs::write(&path, b"not a database at all, but long enough").unwrap();
        assert!(matches!(FORMAT.open_writer(&path).unwrap_err().kind, OpenErrorKind::Foreign(_)));
        assert_eq!(fs::read(&path).unwrap(), b"not a database at all, but long enough");
        fs::write(&path, b"SQLite format 3\0").unwrap();
        assert!(matches!(FORMAT.open_writer(&path).unwrap_err().kind, OpenErrorKind::Foreign(_)));
        assert_eq!(fs::read(&path).unwrap(), b"SQLite format 3\0");
        let text = [b'x'; 4_096];
        fs::write(&path, text).unwrap();
        assert!(matches!(FORMAT.open_writer(&path).unwrap_err().kind, OpenErrorKind::Foreign(_)));
        assert_eq!(fs::read(&path).unwrap(), text);
        fs::remove_file(&path).unwrap();
        drop(FORMAT.open_writer(&path).unwrap());
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        for refused in [FORMAT.open_writer(&path), FORMAT.open_reader(&path)] {
            let refused = refused.unwrap_err();
            assert!(matches!(refused.kind, OpenErrorKind::Foreign(_)), "{refused}");
        }
        assert_eq!(fs::read(&path).unwrap(), &whole[..whole.len() - 1]);
        fs::remove_file(&path).unwrap();
        let other = Format { application_id: 8, ..FORMAT };
        drop(other.open_writer(&path).unwrap());
        assert!(matches!(FORMAT.open_writer(&path).unwrap_err().kind, OpenErrorKind::Foreign(_)));
        assert!(matches!(FORMAT.open_reader(&path).unwrap_err().kind, OpenErrorKind::Foreign(_)));
    }

    #[test]
    fn a_creation_cut_short_is_finished_by_the_next_writer() {
        let path = temporary("blank");
        Connection::open(&path).unwrap().pragma_update(None, "journal_mode", "WAL").unwrap();
        assert!(fs::metadata(&path).unwrap().len() > 0);
        let refused = FORMAT.open_reader(&path).unwrap_err();
        assert!(matches!(refused.kind, OpenErrorKind::Unavailable(_)));
        drop(FORMAT.open_writer(&path).unwrap());
        assert!(FORMAT.open_reader(&path).is_ok());
    }

    #[test]
    fn a_creation_that_died_inside_its_first_page_is_undone_and_made_again() {
        let path = temporary("torn");
        // The header of a rollback journal: no pages in it, and the file had none.
        let mut journal = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7".to_vec();
        for number in [0u32, 1, 0, 512, 4096] {
            journal.extend(number.to_be_bytes());
        }
        journal.resize(512, 0);
        for first_page in [[MAGIC, &[0; 2032]].concat(), vec![0; 4096]] {
            fs::write(&path, first_page).unwrap();
            fs::write(path.with_file_name("x.db-journal"), &journal).unwrap();
            drop(FORMAT.open_writer(&path).unwrap());
            assert!(FORMAT.open_reader(&path).is_ok());
            fs::remove_file(&path).unwrap();
        }
    }

    /// Whether this process has a lock on a file, by the kernel's word (proc_locks(5)).
    fn is_locked(path: &Path) -> bool {
        let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
        let (owner, file) = (std::process::id().to_string(), format!(":{inode}"));
        let locks = fs::read_to_string("/proc/locks").unwrap();
        let ours = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields.contains(&"POSIX")
                && fields.contains(&owner.as_str())
                && fields.iter().any(|field| field.ends_with(&file))
        };
        locks.lines().any(ours)
    }

    /// A found bug: whoever opened the file a second time in one process took the locks of the first
    /// connection away, and older SQLite libraries that looked at the file then deleted its log.
    #[test]
    fn opening_again_takes_no_lock_away() {
        let path = temporary("locks");
        let writer = FORMAT.open_writer(&path).unwrap();
        writer.execute("INSERT INTO a VALUES (1, 1)", []).unwrap();
        assert!(is_locked(&path));
        drop(FORMAT.open_existing(&path).unwrap());
        assert!(is_locked(&path), "by a second writer");
        drop(FORMAT.open_reader(&path).unwrap());
        assert!(is_locked(&path), "by a reader");
        drop(FORMAT.open_writer(&path).unwrap());
        assert!(is_locked(&path), "by the agent's own way to open it");
        drop(writer);
        assert!(!is_locked(&path));
    }

    #[test]
    fn a_reader_does_not_create_the_file() {
        let path = temporary("missing");
        assert!(matches!(FORMAT.open_reader(&path).unwrap_err().kind, OpenErrorKind::Missing));
        assert!(!path.exists());
    }
}
