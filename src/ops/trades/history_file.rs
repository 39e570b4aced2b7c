//! The rows of a `trade_history.json`, one at a time: `{"trades":[{...},...], ...}` or `[{...},...]`.
//!
//! Only the document's frame is read here (brackets, commas, strings); a row's bytes go to
//! [`super::history_row`]. Memory is one row, at most [`ROW_BYTES_MAX`].
//!
//! **Failure**: [`Malformed`] names line and row. Members other than `trades` are skipped, whatever
//! they hold.

use std::fmt;
use std::io::BufRead;

/// Longest row accepted. The Python IBIS's rows have 300 bytes.
pub const ROW_BYTES_MAX: usize = 64 * 1024;

/// Why a document cannot be read any further.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// Line, from 1.
    pub line: u64,
    /// Row of the trades array, from 1; 0 before the first.
    pub row: u64,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, row {}: {}", self.line, self.row, self.reason)
    }
}

impl std::error::Error for Malformed {}

/// A document being read.
#[derive(Debug)]
pub struct HistoryFile<R> {
    reader: R,
    line: u64,
    row: u64,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Start,
    Rows { wrapped: bool, first: bool },
    End,
}

impl<R: BufRead> HistoryFile<R> {
    /// Starts at the beginning of `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader, line: 1, row: 0, place: Place::Start }
    }

    /// The number of the row last read, from 1.
    pub fn row(&self) -> u64 {
        self.row
    }

    /// The line on which the row last read ends, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next row into `row`; false after the document's proper end.
    pub fn next_row(&mut self, row: &mut Vec<u8>) -> Result<bool, Malformed> {
        if self.place == Place::Start {
            let wrapped = self.enter()?;
            self.place = Place::Rows { wrapped, first: true };
        }
        let Place::Rows { wrapped, first } = self.place else { return Ok(false) };
        let mut next = self.token("a row or the end of the trades array")?;
        if next == b',' && !first {
            next = self.token("a row after the comma")?;
            if next == b']' {
                return Err(self.malformed("a comma before the end of the trades array"));
            }
        } else if next == b']' {
            self.leave(wrapped)?;
            self.place = Place::End;
            return Ok(false);
        } else if !first {
            return Err(self.malformed("no comma between two rows"));
        }
        self.row += 1;
        if next != b'{' {
            return Err(self.malformed("not an object: a row begins with {"));
        }
        row.clear();
        self.value(next, Some(row))?;
        self.place = Place::Rows { wrapped, first: false };
        Ok(true)
    }

    /// An error at the current place.
    pub fn malformed(&self, reason: impl Into<String>) -> Malformed {
        Malformed { line: self.line, row: self.row, reason: reason.into() }
    }

    /// Up to and including the bracket of the trades array; true where an object is around it.
    fn enter(&mut self) -> Result<bool, Malformed> {
        match self.token("a JSON document")? {
            b'[' => return Ok(false),
            b'{' => {}
            _ => return Err(self.malformed("neither an object with `trades` nor an array")),
        }
        let mut next = self.token("a member")?;
        while next != b'}' {
            if self.member(next)? == b"\"trades\"" {
                return match self.token("the trades array")? {
                    b'[' => Ok(true),
                    _ => Err(self.malformed("`trades` is not an array")),
                };
            }
            let start = self.token("a value")?;
            self.value(start, None)?;
            next = self.next_member()?;
        }
        Err(self.malformed("no `trades` array in the document"))
    }

    /// From behind the trades array's bracket to the end of the document.
    fn leave(&mut self, wrapped: bool) -> Result<(), Malformed> {
        loop {
            let next = if wrapped { self.next_member()? } else { b'}' };
            if next == b'}' {
                break;
            }
            if self.member(next)? == b"\"trades\"" {
                return Err(self.malformed("a second `trades`"));
            }
            let start = self.token("a value")?;
            self.value(start, None)?;
        }
        match self.peek_token()? {
            None => Ok(()),
            Some(_) => Err(self.malformed("something follows the document's end")),
        }
    }

    /// Behind a member: the closing brace, or the first byte of the next member.
    fn next_member(&mut self) -> Result<u8, Malformed> {
        match self.token("a comma or the closing brace")? {
            b',' => match self.token("a member")? {
                b'}' => Err(self.malformed("a comma before the closing brace")),
                next => Ok(next),
            },
            b'}' => Ok(b'}'),
            _ => Err(self.malformed("no comma between two members")),
        }
    }

    /// A member's name with its quotes, and the colon behind it.
    fn member(&mut self, first: u8) -> Result<Vec<u8>, Malformed> {
        if first != b'"' {
            return Err(self.malformed("a member's name is not a string"));
        }
        let mut name = Vec::new();
        self.value(first, Some(&mut name))?;
        match self.token("a colon")? {
            b':' => Ok(name),
            _ => Err(self.malformed("no colon after a member's name")),
        }
    }

    /// The next byte that is not white space, consumed.
    fn token(&mut self, expected: &str) -> Result<u8, Malformed> {
        let Some(byte) = self.peek_token()? else {
            return Err(self.malformed(format!("the file ends where {expected} should be")));
        };
        self.reader.consume(1);
        Ok(byte)
    }

    fn peek_token(&mut self) -> Result<Option<u8>, Malformed> {
        loop {
            let (line, row) = (self.line, self.row);
            let chunk = fill(&mut self.reader, line, row)?;
            let blank = chunk.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
            let (spaces, rest) = chunk.split_at(blank);
            self.line += spaces.iter().map(|&byte| u64::from(byte == b'\n')).sum::<u64>();
            let (found, is_end) = (rest.first().copied(), chunk.is_empty());
            self.reader.consume(blank);
            if found.is_some() || is_end {
                return Ok(found);
            }
        }
    }

    /// Consumes the value whose `first` byte was consumed, copying it where it is wanted.
    fn value(&mut self, first: u8, mut copy: Option<&mut Vec<u8>>) -> Result<(), Malformed> {
        let mut frame = Frame::begin(first);
        if let Some(copy) = &mut copy {
            copy.push(first);
        }
        while !frame.is_complete() {
            let (line, row) = (self.line, self.row);
            let chunk = fill(&mut self.reader, line, row)?;
            if chunk.is_empty() {
                return Err(self.malformed("the file ends in the middle of a value"));
            }
            let used = frame.advance(chunk, &mut self.line);
            if let (Some(copy), Some(part)) = (&mut copy, chunk.get(..used)) {
                copy.extend_from_slice(part);
                if copy.len() > ROW_BYTES_MAX {
                    let reason = format!("a row of more than {ROW_BYTES_MAX} bytes");
                    return Err(Malformed { line: self.line, row: self.row, reason });
                }
            }
            self.reader.consume(used);
        }
        Ok(())
    }
}

fn fill<R: BufRead>(reader: &mut R, line: u64, row: u64) -> Result<&[u8], Malformed> {
    reader.fill_buf().map_err(|error| Malformed { line, row, reason: error.to_string() })
}

/// Where a value ends: behind its string, its outermost bracket, or its last scalar byte.
#[derive(Debug)]
enum Frame {
    Brackets { depth: u32, in_string: bool, escaped: bool },
    String { escaped: bool },
    Scalar,
    Complete,
}

impl Frame {
    fn begin(first: u8) -> Self {
        match first {
            b'{' | b'[' => Self::Brackets { depth: 1, in_string: false, escaped: false },
            b'"' => Self::String { escaped: false },
            _ => Self::Scalar,
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }

    /// How many bytes of `chunk` belong to the value; counts line ends.
    fn advance(&mut self, chunk: &[u8], line: &mut u64) -> usize {
        match *self {
            Self::Complete => 0,
            Self::Scalar => {
                let ends = |byte: &u8| b",]} \t\r\n".contains(byte);
                chunk.iter().position(ends).map_or(chunk.len(), |at| {
                    *self = Self::Complete;
                    at
                })
            }
            Self::String { mut escaped } => {
                for (at, &byte) in chunk.iter().enumerate() {
                    if !escaped && byte == b'"' {
                        *self = Self::Complete;
                        return at + 1;
                    }
                    escaped = !escaped && byte == b'\\';
                }
                *self = Self::String { escaped };
                chunk.len()
            }
            Self::Brackets { .. } => self.advance_brackets(chunk, line),
        }
    }

    fn advance_brackets(&mut self, chunk: &[u8], line: &mut u64) -> usize {
        let Self::Brackets { mut depth, mut in_string, mut escaped } = *self else { return 0 };
        let mut bytes = chunk.iter();
        loop {
            if in_string && !escaped {
                // Most bytes are inside of strings, and nothing in them matters but these two.
                match bytes.find(|&&byte| byte == b'"' || byte == b'\\') {
                    None => break,
                    Some(byte) => (in_string, escaped) = (*byte != b'"', *byte != b'"'),
                }
                continue;
            }
            let Some(&byte) = bytes.next() else { break };
            if in_string {
                escaped = false;
                continue;
            }
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'\n' => *line += 1,
                _ => {}
            }
            if depth == 0 {
                *self = Self::Complete;
                return chunk.len() - bytes.len();
            }
        }
        *self = Self::Brackets { depth, in_string, escaped };
        chunk.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn rows(text: &str, capacity: usize) -> Result<Vec<String>, Malformed> {
        let mut file = HistoryFile::new(BufReader::with_capacity(capacity, text.as_bytes()));
        let (mut row, mut found) = (Vec::new(), Vec::new());
        while file.next_row(&mut row)? {
            found.push(String::from_utf8(row.clone()).unwrap());
        }
        assert!(!file.next_row(&mut row)?, "the end stays the end");
        Ok(found)
    }

    #[test]
    fn both_shapes_give_their_rows_however_they_are_buffered() {
        let wanted = vec![r#"{"a":"}]\""}"#.to_owned(), r#"{"b":[1,{"c":2}]}"#.to_owned()];
        let array = r#" [ {"a":"}]\""} , {"b":[1,{"c":2}]} ] "#;
        let object = format!(
            r#"{{"last_updated":"x]","n":1.5,"m":{{"trades":[]}},"trades":{array},"matched_trades":[{{}}]}}"#
        );
        for capacity in [1, 2, 3, 7, 8192] {
            assert_eq!(rows(array, capacity).unwrap(), wanted);
            assert_eq!(rows(&object, capacity).unwrap(), wanted);
        }
        assert_eq!(rows(r#"{"trades":[]}"#, 4).unwrap(), Vec::<String>::new());
        assert_eq!(rows("[]", 4).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_such_a_document_is_refused_with_its_place() {
        for (text, line, row, reason) in [
            ("", 1, 0, "the file ends where a JSON document should be"),
            ("7", 1, 0, "neither an object with `trades` nor an array"),
            ("{}", 1, 0, "no `trades` array"),
            ("{\"trades\":{}}", 1, 0, "`trades` is not an array"),
            ("[{},\n{}\n,{\"a\":\n1", 4, 3, "the file ends in the middle of a value"),
            ("[{}", 1, 1, "the file ends where a row or the end"),
            ("[{},]", 1, 1, "a comma before the end"),
            ("[{} {}]", 1, 1, "no comma between two rows"),
            ("[1]", 1, 1, "not an object"),
            ("[{}]x", 1, 1, "something follows"),
            ("{\"trades\":[{}]", 1, 1, "the file ends where a comma or the closing brace"),
            ("{\"trades\":[],\"trades\":[]}", 1, 0, "a second `trades`"),
        ] {
            let found = rows(text, 5).unwrap_err();
            assert_eq!((found.line, found.row), (line, row), "{text:?}: {found}");
            assert!(found.reason.contains(reason), "{text:?}: {found}");
        }
        let long = format!("[{{\"a\":\"{}\"}}]", "x".repeat(ROW_BYTES_MAX));
        assert!(rows(&long, 8192).unwrap_err().reason.contains("more than"));
    }
}
