//! Archives: files in a `.tar.gz` with a `.sha256` beside it that `sha256sum -c` understands.
//!
//! The same files give the same bytes (no times, no owners). An archive counts only once its checksum
//! is there, matches, and what it unpacks to was compared.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::durable::atomic_file;

/// Bytes of a tar block.
const BLOCK: usize = 512;
/// Longest name of a plain tar entry.
const NAME_MAX: usize = 100;
/// Unpacked bytes of an archive that are looked at: a day of reports has 0.2 MB.
const UNPACKED_MAX: u64 = 256 * 1024 * 1024;

/// A file in an archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name, without directory.
    pub name: String,
    /// Its contents.
    pub contents: Vec<u8>,
}

/// The archive of some files, in their order.
pub fn pack(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for entry in entries {
        encoder.write_all(&header(&entry.name, entry.contents.len())?)?;
        encoder.write_all(&entry.contents)?;
        let rest = entry.contents.len() % BLOCK;
        if rest > 0 {
            encoder.write_all(&vec![0; BLOCK - rest])?;
        }
    }
    encoder.write_all(&[0; 2 * BLOCK])?;
    encoder.finish()
}

/// The files of an archive.
pub fn unpack(archive: &[u8]) -> io::Result<Vec<Entry>> {
    let mut bytes = Vec::new();
    GzDecoder::new(archive).take(UNPACKED_MAX).read_to_end(&mut bytes)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "not an intact tar archive");
    let mut entries = Vec::new();
    let mut rest = bytes.as_slice();
    loop {
        let (block, behind) = rest.split_at_checked(BLOCK).ok_or_else(damaged)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(entries);
        }
        let text = |range: std::ops::Range<usize>| -> Option<&str> {
            let field = block.get(range)?;
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            std::str::from_utf8(field.get(..end)?).ok()
        };
        let name = text(0..NAME_MAX).ok_or_else(damaged)?.to_owned();
        let size = text(124..135).and_then(|octal| usize::from_str_radix(octal, 8).ok());
        if header(&name, size.ok_or_else(damaged)?)?.as_slice() != block {
            return Err(damaged());
        }
        let size = size.ok_or_else(damaged)?;
        let contents = behind.get(..size).ok_or_else(damaged)?.to_vec();
        rest = behind.get(size.next_multiple_of(BLOCK)..).ok_or_else(damaged)?;
        entries.push(Entry { name, contents });
    }
}

/// A ustar header: mode 0644, no owner, time 0.
fn header(name: &str, size: usize) -> io::Result<[u8; BLOCK]> {
    if name.is_empty() || name.len() > NAME_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name}: name too long")));
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        for (slot, byte) in block.iter_mut().skip(at).zip(bytes) {
            *slot = *byte;
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    for (slot, byte) in block.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
        *slot = byte;
    }
    Ok(block)
}

/// The path of an archive's checksum.
pub fn checksum_path(archive: &Path) -> PathBuf {
    let mut name = archive.file_name().unwrap_or_default().to_owned();
    name.push(".sha256");
    archive.with_file_name(name)
}

/// The checksum file's text for an archive.
pub fn checksum(archive: &[u8], name: &str) -> String {
    let hash: String = Sha256::digest(archive).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hash}  {name}\n")
}

/// Writes the checksum of an archive that is durable.
pub fn write_checksum(path: &Path, archive: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    atomic_file::replace(&checksum_path(path), checksum(archive, &name).as_bytes())
}

/// Reads an archive back: checksum and contents. `None` where either is missing or damaged.
pub fn verified(path: &Path) -> Option<Vec<Entry>> {
    let archive = std::fs::read(path).ok()?;
    let name = path.file_name()?.to_string_lossy();
    let expected = std::fs::read_to_string(checksum_path(path)).ok()?;
    if expected != checksum(&archive, &name) {
        return None;
    }
    unpack(&archive).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_give_back_what_went_in_and_notice_damage() {
        let entry = |name: &str, size: usize| Entry {
            name: name.to_owned(),
            contents: (0..size).map(|byte| (byte % 251) as u8).collect(),
        };
        let entries = vec![entry("a", 0), entry("b.json", 511), entry("c", 512), entry("d", 5000)];
        let packed = pack(&entries).unwrap();
        assert_eq!(packed, pack(&entries).unwrap());
        assert_eq!(unpack(&packed).unwrap(), entries);
        assert!(unpack(&packed[..packed.len() / 2]).is_err());
        assert!(pack(&[entry(&"x".repeat(101), 1)]).is_err());
    }
}
