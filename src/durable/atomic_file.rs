//! A file that is either the old one or the new one, whatever happens in between.
//!
//! Write to a temporary name in the same directory, sync it, rename it over the target, sync the
//! directory. Without the first sync a power cut leaves an empty file, without the second the old
//! one may return.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Replaces `path` with `contents`, durably. On an error the old file is untouched.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    replace_with(path, |file| file.write_all(contents))
}

/// Replaces `path` with what `write` writes, durably. On an error the old file is untouched.
pub fn replace_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = File::create(&temporary).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        // The error is what matters; a leftover temporary file is overwritten next time.
        drop(fs::remove_file(&temporary));
        return Err(error);
    }
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Removes a file, whether it is there or not: two may tidy at the same time.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let directory = std::env::temp_dir().join(format!("ibis-atomic-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("state.json");
        replace(&path, b"old").unwrap();
        let failed = replace_with(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("no space"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "no temporary file is left");
        remove_if_there(&path).unwrap();
        assert!(!path.exists());
        remove_if_there(&path).unwrap();
        assert!(remove_if_there(&directory).is_err(), "a directory is no file");
        fs::remove_dir_all(&directory).unwrap();
    }
}
