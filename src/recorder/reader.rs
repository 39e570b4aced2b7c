//! Reads a segment or a case, line by line.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::header::{Begin, FORMAT, Header};
use super::line::{self, Check, Line};
use super::listing::packed;
use crate::domain::time::Timestamp;

/// Longest line: a whole engine of thousands of instruments has room, a hostile file has not.
const LINE_BYTES_MAX: u64 = 256 << 20;

/// Why a recording cannot be read on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// Which file.
    pub path: PathBuf,
    /// Which line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}: {}", self.path.display(), self.line, self.what)
    }
}

impl std::error::Error for Damage {}

/// An open recording, after its header.
pub struct Reader {
    source: Box<dyn BufRead>,
    path: PathBuf,
    line: u64,
    check: Option<Check>,
    now: Timestamp,
    is_torn: bool,
    bytes: Vec<u8>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).field("line", &self.line).finish()
    }
}

/// The part of a header that says whether it can be read, and where the recording is from.
#[derive(Clone, Debug, serde::Deserialize)]
struct Preface {
    ibis_recording: u32,
    version: String,
    #[serde(default)]
    check: Option<u16>,
}

/// Opens a recording. `Ok(None)` for one that was cut within its first line: there is nothing in it.
pub fn open(path: &Path) -> Result<Option<(Header<Begin>, Reader)>, Damage> {
    let Some((mut reader, preface)) = preface(path)? else { return Ok(None) };
    let header: Header<Begin> = serde_json::from_slice(&reader.bytes).map_err(|error| {
        let ours = env!("CARGO_PKG_VERSION");
        let written = &preface.version;
        reader.damage(format!("written by ibis {written}, not understood by {ours}: {error}"))
    })?;
    reader.now = header.at;
    Ok(Some((header, reader)))
}

/// The header alone, without its engine: what a listing needs.
pub fn header(path: &Path) -> Result<Option<Header<serde::de::IgnoredAny>>, Damage> {
    let Some((reader, _)) = preface(path)? else { return Ok(None) };
    let header = serde_json::from_slice(&reader.bytes);
    header.map(Some).map_err(|error| reader.damage(error.to_string()))
}

fn preface(path: &Path) -> Result<Option<(Reader, Preface)>, Damage> {
    let cannot = |error: std::io::Error| {
        let what = format!("cannot be read: {error}");
        Damage { path: path.to_owned(), line: 0, what }
    };
    let packed = packed(path);
    let (path, file) = match File::open(path) {
        // Compressed in the meantime.
        Err(error) if error.kind() == ErrorKind::NotFound && packed.exists() => {
            (packed.as_path(), File::open(&packed).map_err(cannot)?)
        }
        opened => (path, opened.map_err(cannot)?),
    };
    let source: Box<dyn BufRead> = if path.extension().is_some_and(|extension| extension == "gz") {
        Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))))
    } else {
        Box::new(BufReader::with_capacity(1 << 16, file))
    };
    let mut reader = Reader {
        source,
        path: path.to_owned(),
        line: 0,
        check: None,
        now: Timestamp::default(),
        is_torn: false,
        bytes: Vec::new(),
    };
    if !reader.read_line()? {
        return Ok(None);
    }
    let preface: Preface = serde_json::from_slice(&reader.bytes)
        .map_err(|error| reader.damage(format!("is no header of a recording: {error}")))?;
    if preface.ibis_recording != FORMAT {
        let format = preface.ibis_recording;
        return Err(reader.damage(format!("format {format}, this ibis reads {FORMAT}")));
    }
    if preface.check.is_some() {
        let mut check = Check::default();
        if !check.holds(&reader.bytes) {
            return Err(reader.damage(CHANGED.to_owned()));
        }
        reader.check = Some(check);
    }
    Ok(Some((reader, preface)))
}

const CHANGED: &str = "is not what was written: its check does not match";

impl Reader {
    /// The next line; none at the end, or where the last line is cut.
    pub fn next_line(&mut self) -> Result<Option<Line>, Damage> {
        if !self.read_line()? {
            return Ok(None);
        }
        if let Some(check) = &mut self.check
            && !check.holds(&self.bytes)
        {
            return Err(self.damage(CHANGED.to_owned()));
        }
        let line = line::decode(&self.bytes, self.now).map_err(|what| self.damage(what))?;
        if let Line::Input(now, _) = &line {
            self.now = *now;
        }
        Ok(Some(line))
    }

    /// True where the last line was cut.
    pub fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// The number of the line read last.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Which file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with the line read last.
    pub fn damage(&self, what: String) -> Damage {
        Damage { path: self.path.clone(), line: self.line, what }
    }

    /// True where there was a whole one.
    fn read_line(&mut self) -> Result<bool, Damage> {
        self.bytes.clear();
        self.line += 1;
        let mut limited = (&mut self.source).take(LINE_BYTES_MAX);
        if let Err(error) = limited.read_until(b'\n', &mut self.bytes) {
            return Err(self.damage(format!("cannot be read: {error}")));
        }
        if self.bytes.pop() == Some(b'\n') {
            return Ok(true);
        }
        self.is_torn = !self.bytes.is_empty();
        Ok(false)
    }
}
