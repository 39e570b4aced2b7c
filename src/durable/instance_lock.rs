//! One agent per state directory: an advisory lock that the kernel drops when the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Attempts to take the lock: a look ([`is_held`]) may be in the way for microseconds, another agent
/// stays. With a yield after each this spans some milliseconds, a thousand looks.
const ATTEMPTS_MAX: u32 = 10_000;

/// Held for as long as this value lives. There is no stale lock: a dead process holds none.
#[derive(Debug)]
pub struct InstanceLock {
    path: PathBuf,
    file: File,
}

/// Why the lock was not taken.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it.
    Held,
    /// The lock file cannot be opened or locked.
    Io(io::Error),
}

impl InstanceLock {
    /// Takes the lock on `path`, creating the file if there is none.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path)
            .map_err(LockError::Io)?;
        for _ in 0..ATTEMPTS_MAX {
            match file.try_lock() {
                Ok(()) => return Ok(Self { path: path.to_owned(), file }),
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
                Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
            }
        }
        Err(LockError::Held)
    }

    /// Takes the lock anew where its file was deleted or replaced: nobody else would see the old one.
    pub fn renew(&mut self) -> Result<(), LockError> {
        let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let (ours, found) = (self.file.metadata().map(id), std::fs::metadata(&self.path).map(id));
        match (ours, found) {
            (Ok(ours), Ok(found)) if ours == found => Ok(()),
            _ => {
                *self = Self::take(&self.path)?;
                Ok(())
            }
        }
    }
}

/// Whether a process holds the lock on `path`. Looks without creating the file; the look itself is a
/// shared lock for a few microseconds, so that two looks do not see each other.
pub fn is_held(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_lets_go() {
        let path = std::env::temp_dir().join(format!("ibis-lock-{}", std::process::id()));
        drop(std::fs::remove_file(&path));
        assert!(!is_held(&path).unwrap());
        assert!(!path.exists());
        let first = InstanceLock::take(&path).unwrap();
        assert!(is_held(&path).unwrap());
        assert!(matches!(InstanceLock::take(&path), Err(LockError::Held)));
        drop(first);
        assert!(!is_held(&path).unwrap());
        let mut second = InstanceLock::take(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        second.renew().unwrap();
        assert!(is_held(&path).unwrap());
        second.renew().unwrap();
        std::fs::remove_file(&path).unwrap();
        let third = InstanceLock::take(&path).unwrap();
        assert!(matches!(second.renew(), Err(LockError::Held)), "another was quicker");
        drop(third);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_look_does_not_keep_the_lock_from_its_taker() {
        let path = std::env::temp_dir().join(format!("ibis-look-{}", std::process::id()));
        drop(InstanceLock::take(&path).unwrap());
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let looked = path.clone();
        let looker = std::thread::spawn(move || {
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                is_held(&looked).unwrap();
            }
        });
        for attempt in 0..2_000 {
            assert!(InstanceLock::take(&path).is_ok(), "attempt {attempt}");
        }
        drop(stop);
        looker.join().unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}
