//! A small file whose blocks are allocated ahead: frames are written into it where a full disk takes
//! nothing new.
//!
//! `header | frame | frame | ... | whatever was there`. A frame is its length, a SHA-256 and its payload;
//! the hash covers the file's epoch and the frame's offset, so that emptying the file is raising the
//! epoch in its header, and a torn frame or one from before ends the reading. A file system that never
//! writes in place (btrfs, ZFS) needs free blocks all the same.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Bytes of the file: room for some hundred orders with what led to them.
const FILE_BYTES: usize = 512 << 10;
/// How the file begins.
const MAGIC: &[u8; 8] = b"ibisfrm1";
/// Magic and epoch, alone in their sector: a torn frame leaves them whole.
const HEADER_BYTES: usize = 512;
/// Length and hash.
const FRAME_HEAD_BYTES: usize = 4 + 32;

/// The file, open for appending.
#[derive(Debug)]
pub struct FrameFile {
    path: PathBuf,
    file: File,
    epoch: u64,
    end: usize,
}

impl FrameFile {
    /// Opens the file at `path`, where it is whole; otherwise makes it, with every block allocated and
    /// synced. What it holds stays.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let mut content = content(&file)?;
        if content.len() != FILE_BYTES || epoch(&content).is_none() {
            content = vec![0; FILE_BYTES];
            content.splice(..16, header(1));
            file.set_len(0)?;
            file.write_all_at(&content, 0)?;
            file.sync_all()?;
            if let Some(directory) = path.parent() {
                File::open(directory)?.sync_all()?;
            }
        }
        let epoch = epoch(&content).unwrap_or(1);
        let end = frames(&content, epoch).last().map_or(HEADER_BYTES, |frame| frame.end);
        Ok(Self { path: path.to_owned(), file, epoch, end })
    }

    /// Writes a frame behind the others, durably. It is there whole or not at all.
    pub fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        if !self.is_in_place() {
            *self = Self::open(&self.path)?;
        }
        let length = u32::try_from(payload.len()).map_err(|_range| no_room())?;
        let frame =
            [&length.to_le_bytes(), &hash(self.epoch, self.end, payload)[..], payload].concat();
        let end = self.end + frame.len();
        if end > FILE_BYTES {
            return Err(no_room());
        }
        self.file.write_all_at(&frame, self.end as u64)?;
        self.file.sync_data()?;
        self.end = end;
        Ok(())
    }

    /// Empties the file, durably.
    pub fn clear(&mut self) -> io::Result<()> {
        if self.end == HEADER_BYTES {
            return Ok(());
        }
        self.file.write_all_at(&header(self.epoch + 1), 0)?;
        self.file.sync_data()?;
        (self.epoch, self.end) = (self.epoch + 1, HEADER_BYTES);
        Ok(())
    }

    /// True where the file was neither deleted nor replaced since it was opened.
    fn is_in_place(&self) -> bool {
        let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let (ours, found) = (self.file.metadata().map(id), std::fs::metadata(&self.path).map(id));
        matches!((ours, found), (Ok(ours), Ok(found)) if ours == found)
    }
}

/// The frames of the file at `path`, oldest first; none where there is no such file.
pub fn read(path: &Path) -> io::Result<Vec<Vec<u8>>> {
    let content = match File::open(path).and_then(|file| content(&file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        content => content?,
    };
    let Some(epoch) = epoch(&content) else { return Ok(Vec::new()) };
    Ok(frames(&content, epoch).map(|frame| frame.payload.to_vec()).collect())
}

struct Frame<'a> {
    payload: &'a [u8],
    end: usize,
}

fn frames(content: &[u8], epoch: u64) -> impl Iterator<Item = Frame<'_>> {
    let mut at = HEADER_BYTES;
    std::iter::from_fn(move || {
        let length = content.get(at..at + 4)?.try_into().map(u32::from_le_bytes).ok()?;
        let start = at + FRAME_HEAD_BYTES;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        let payload = content.get(start..end)?;
        if length == 0 || content.get(at + 4..start)? != hash(epoch, at, payload) {
            return None;
        }
        at = end;
        Some(Frame { payload, end })
    })
}

fn hash(epoch: u64, at: usize, payload: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(epoch.to_le_bytes());
    hasher.update((at as u64).to_le_bytes());
    hasher.update(payload);
    hasher.finalize().into()
}

fn header(epoch: u64) -> [u8; 16] {
    let mut header = [0; 16];
    header[..8].copy_from_slice(MAGIC);
    header[8..].copy_from_slice(&epoch.to_le_bytes());
    header
}

fn epoch(content: &[u8]) -> Option<u64> {
    let rest = content.strip_prefix(MAGIC)?;
    rest.get(..8)?.try_into().map(u64::from_le_bytes).ok()
}

/// At most a byte more than the file should have.
fn content(file: &File) -> io::Result<Vec<u8>> {
    let mut content = vec![0; FILE_BYTES + 1];
    let mut length = 0;
    while let Some(rest) = content.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    content.truncate(length);
    Ok(content)
}

fn no_room() -> io::Error {
    io::Error::new(ErrorKind::StorageFull, "no room for another frame")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("ibis-frame-{}-{name}", std::process::id()));
        drop(std::fs::remove_file(&path));
        path
    }

    #[test]
    fn frames_come_back_in_order_until_they_are_cleared() {
        let path = temporary("order");
        assert_eq!(read(&path).unwrap(), Vec::<Vec<u8>>::new());
        let mut file = FrameFile::open(&path).unwrap();
        file.append(b"first").unwrap();
        file.append(b"second").unwrap();
        drop(file);
        let mut file = FrameFile::open(&path).unwrap();
        file.append(b"third").unwrap();
        assert_eq!(
            read(&path).unwrap(),
            [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]
        );
        file.clear().unwrap();
        assert_eq!(read(&path).unwrap(), Vec::<Vec<u8>>::new());
        // As long as the first: what stands behind it is of another epoch.
        file.append(b"fifth").unwrap();
        assert_eq!(read(&path).unwrap(), [b"fifth".to_vec()]);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_torn_frame_ends_the_reading_and_is_written_over() {
        let path = temporary("torn");
        let mut file = FrameFile::open(&path).unwrap();
        file.append(b"whole").unwrap();
        let end = file.end as u64;
        file.append(b"torn, and longer").unwrap();
        file.file.write_all_at(b"?", end + FRAME_HEAD_BYTES as u64 + 3).unwrap();
        drop(file);
        assert_eq!(read(&path).unwrap(), [b"whole".to_vec()]);
        FrameFile::open(&path).unwrap().append(b"next").unwrap();
        assert_eq!(read(&path).unwrap(), [b"whole".to_vec(), b"next".to_vec()]);
        std::fs::write(&path, b"something else").unwrap();
        assert_eq!(read(&path).unwrap(), Vec::<Vec<u8>>::new());
        FrameFile::open(&path).unwrap().append(b"new").unwrap();
        assert_eq!(read(&path).unwrap(), [b"new".to_vec()]);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn it_has_a_bound_and_survives_its_own_deletion() {
        let path = temporary("bound");
        let mut file = FrameFile::open(&path).unwrap();
        let large = vec![b'x'; FILE_BYTES / 2];
        file.append(&large).unwrap();
        assert_eq!(file.append(&large).unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), FILE_BYTES as u64);
        std::fs::remove_file(&path).unwrap();
        file.append(b"again").unwrap();
        assert_eq!(read(&path).unwrap(), [b"again".to_vec()]);
        std::fs::remove_file(&path).unwrap();
    }
}
