//! Lines of a file, gzip or plain, through one bounded buffer.
//!
//! Gzip is known by its magic bytes, not by the name. A file is never loaded whole: the buffer is
//! [`BUFFER_BYTES`] and grows only for a longer line, up to [`LINE_BYTES_MAX`].

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// Initial buffer: some thousand rows, and what grids are inferred from.
const BUFFER_BYTES: usize = 1 << 17;
/// The longest line taken: a recorded full order book is some hundred kilobytes.
const LINE_BYTES_MAX: usize = 16 << 20;
/// First bytes of a gzip member (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

#[derive(Debug)]
enum Input {
    Plain(File),
    Gzip(Box<MultiGzDecoder<BufReader<File>>>),
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(into),
            Self::Gzip(decoder) => decoder.read(into),
        }
    }
}

/// A reader of lines that knows their numbers.
pub(super) struct LineReader {
    input: Input,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    number: u64,
}

impl std::fmt::Debug for LineReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineReader").field("line", &self.number).finish_non_exhaustive()
    }
}

impl LineReader {
    /// Opens a file at its first line.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut magic = Vec::with_capacity(GZIP_MAGIC.len());
        (&mut file).take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
        file.rewind()?;
        let input = if magic == GZIP_MAGIC {
            Input::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 15, file))))
        } else {
            Input::Plain(file)
        };
        let buffer = vec![0; BUFFER_BYTES];
        Ok(Self { input, buffer, start: 0, end: 0, ended: false, number: 0 })
    }

    /// The next line without its end, or `None` after the last.
    pub(super) fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        let mut scanned = 0;
        let length = loop {
            let fresh = &self.buffer[self.start + scanned..self.end];
            if let Some(at) = newline(fresh) {
                break scanned + at;
            }
            scanned = self.end - self.start;
            if self.ended {
                if scanned == 0 {
                    return Ok(None);
                }
                break scanned;
            }
            self.fill()?;
        };
        let line = self.start..self.start + length;
        self.start = (line.end + 1).min(self.end);
        self.number += 1;
        let line = &self.buffer[line];
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// The number of the line given last, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The lines ahead that fit the buffer, not consumed; a line cut by its end is left out.
    pub(super) fn lines_ahead(&mut self) -> io::Result<impl Iterator<Item = &[u8]>> {
        while !self.ended && (self.start > 0 || self.end < self.buffer.len()) {
            self.fill()?;
        }
        let ahead = &self.buffer[self.start..self.end];
        let whole = match ahead.iter().rposition(|&byte| byte == b'\n') {
            Some(last) if !self.ended => &ahead[..last],
            Some(_) | None => ahead,
        };
        Ok(whole.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()))
    }

    /// Reads more behind what is buffered.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.end >= LINE_BYTES_MAX {
                let reason = format!("a line longer than {LINE_BYTES_MAX} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            self.buffer.resize(self.end * 2, 0);
        }
        match self.input.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(read) => self.end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Where the first line feed is: eight bytes at a time, by the zero-byte test of the exclusive or.
fn newline(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let difference = u64::from_le_bytes(*word) ^ (LOW * b'\n' as u64);
        // The lowest flag set is exact: borrows only go upward from a zero byte.
        let zeros = difference.wrapping_sub(LOW) & !difference & HIGH;
        if zeros != 0 {
            return Some(index * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|&byte| byte == b'\n')?;
    Some(words.len() * 8 + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_the_first_line_feed(bytes in prop::collection::vec(8u8..13, 0..40)) {
            prop_assert_eq!(newline(&bytes), bytes.iter().position(|&byte| byte == 10));
        }
    }

    fn lines_of(name: &str, content: &[u8]) -> Vec<String> {
        let directory = std::env::temp_dir().join(format!("ibis-lines-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(name);
        std::fs::write(&path, content).unwrap();
        let mut reader = LineReader::open(&path).unwrap();
        let ahead = reader.lines_ahead().unwrap().count();
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
        }
        assert!(ahead <= lines.len());
        std::fs::remove_file(&path).unwrap();
        lines
    }

    #[test]
    fn gives_each_line_once_whatever_the_buffer() {
        assert_eq!(lines_of("plain", b"a\r\nb\n\nc"), ["a", "b", "", "c"]);
        assert_eq!(lines_of("empty", b""), Vec::<String>::new());
        let long = "x".repeat(3 * BUFFER_BYTES);
        let text = format!("1\n{long}\n2\n");
        assert_eq!(lines_of("long", text.as_bytes()), ["1", &long, "2"]);
        let many: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(many.join("\n").as_bytes()).unwrap();
        assert_eq!(lines_of("gzip", &gzip.finish().unwrap()), many);
    }
}
