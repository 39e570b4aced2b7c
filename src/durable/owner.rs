//! What root makes in a service's directory belongs to the service: it has to use it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, chown, fchown};
use std::path::Path;

/// Gives what root made to the owner of `home`.
pub fn give(path: &Path, home: &Path) -> io::Result<()> {
    give_as(&fs::metadata(path)?, home, |uid, gid| chown(path, Some(uid), Some(gid)))
}

/// The same for an open file.
pub fn give_file(file: &File, home: &Path) -> io::Result<()> {
    give_as(&file.metadata()?, home, |uid, gid| fchown(file, Some(uid), Some(gid)))
}

fn give_as(
    made: &fs::Metadata,
    home: &Path,
    chown: impl FnOnce(u32, u32) -> io::Result<()>,
) -> io::Result<()> {
    let owner = fs::metadata(home)?;
    if (made.uid(), made.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    match chown(owner.uid(), owner.gid()) {
        // Not root: whoever may write here shares it already.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        given => given,
    }
}
