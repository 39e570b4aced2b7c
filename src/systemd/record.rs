//! A log record of our own: a bounded copy that can wait in a queue, and its plain text line.
//!
//! **Limits**: 4 KiB of message, 24 fields of 512 bytes each; the rest is cut.

use std::fmt::Write as _;

use log::kv::{Error, Key, Value, VisitSource};

use crate::domain::time::Timestamp;

/// Bytes of message kept.
const MESSAGE_BYTES_MAX: usize = 4096;
/// Fields kept.
const FIELDS_MAX: usize = 24;
/// Bytes of a field's value kept.
const FIELD_BYTES_MAX: usize = 512;
/// Microseconds in a second.
const SECOND_US: i64 = 1_000_000;

/// An owned copy of a [`log::Record`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// When it was logged.
    pub time: Timestamp,
    /// How severe it is.
    pub level: log::Level,
    /// The module that logged it, or what it chose to be called.
    pub target: String,
    /// The message.
    pub message: String,
    /// The module's path.
    pub module: Option<&'static str>,
    /// The source file.
    pub file: Option<&'static str>,
    /// The line in the source file.
    pub line: Option<u32>,
    /// Key-values, in the order they were written.
    pub fields: Vec<(String, String)>,
}

impl Record {
    /// Copies `record`.
    pub fn copy(record: &log::Record<'_>, time: Timestamp) -> Self {
        let mut fields = Fields(Vec::new());
        // The only error is our own sign to stop at the limit.
        let _ = record.key_values().visit(&mut fields);
        Self {
            time,
            level: record.level(),
            target: record.target().to_owned(),
            message: bounded(record.args(), MESSAGE_BYTES_MAX),
            module: record.module_path_static(),
            file: record.file_static(),
            line: record.line(),
            fields: fields.0,
        }
    }

    /// A record that this module's users make themselves.
    pub fn own(level: log::Level, time: Timestamp, message: String) -> Self {
        let target = "ibis".to_owned();
        let fields = Vec::new();
        Self { time, level, target, message, module: None, file: None, line: None, fields }
    }

    /// `08:00:00 message`, with the level where it is worth a look: the fields are in the journal.
    pub fn short_line(&self) -> String {
        let time = self.time.floor_to_us(SECOND_US).to_string();
        let clock = time.get(11..19).unwrap_or("");
        let level = if self.level <= log::Level::Warn { self.level.as_str() } else { "" };
        let space = if level.is_empty() { "" } else { " " };
        let line = format!("{clock} {level}{space}{}", self.message);
        line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }

    /// `2026-11-22T08:00:00Z INFO message key=value`, without a newline. The message id is left out:
    /// it means something to the journal only.
    pub fn line(&self) -> String {
        let time = self.time.floor_to_us(SECOND_US);
        let mut line = format!("{time} {} {}", self.level, self.message);
        for (key, value) in self.fields.iter().filter(|(key, _)| key != "MESSAGE_ID") {
            let quoted = value.is_empty() || value.contains([' ', '"', '=']);
            let written = if quoted {
                write!(line, " {key}={value:?}")
            } else {
                write!(line, " {key}={value}")
            };
            written.expect("writing to a String cannot fail");
        }
        line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }
}

/// Collects key-values up to the limit.
struct Fields(Vec<(String, String)>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        if self.0.len() >= FIELDS_MAX {
            return Err(Error::msg("more fields than a record keeps"));
        }
        self.0.push((key.as_str().to_owned(), bounded(&value, FIELD_BYTES_MAX)));
        Ok(())
    }
}

/// Formats `value` and keeps the first `max` bytes of it, whole characters.
fn bounded(value: &dyn std::fmt::Display, max: usize) -> String {
    let mut text = Bounded { text: String::new(), max };
    // An error means the limit was reached, or the value failed to print; what came before is kept.
    let _ = write!(text, "{value}");
    text.text
}

/// Stops taking text at its limit, so that a huge value costs no more than a small one.
struct Bounded {
    text: String,
    max: usize,
}

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let kept = head(part, self.max - self.text.len());
        self.text.push_str(kept);
        if kept.len() == part.len() { Ok(()) } else { Err(std::fmt::Error) }
    }
}

/// The first characters of `text` that fit into `max` bytes.
pub(super) fn head(text: &str, max: usize) -> &str {
    let fits = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=max.min(text.len())).rev().find(fits).unwrap_or(0);
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_the_message_and_the_level_where_it_matters() {
        let time = Timestamp::from_ms(1_771_532_639_123);
        let record = |level| Record::own(level, time, "text\nmore".to_owned());
        assert_eq!(record(log::Level::Info).short_line(), "20:23:59 text more");
        assert_eq!(record(log::Level::Warn).short_line(), "20:23:59 WARN text more");
    }

    fn copied(args: std::fmt::Arguments<'_>, fields: &[(&str, &str)]) -> Record {
        let record =
            log::Record::builder().level(log::Level::Info).args(args).key_values(&fields).build();
        Record::copy(&record, Timestamp::from_us(1_771_532_639_999_999))
    }

    #[test]
    fn a_line_has_the_fields_but_not_the_message_id() {
        let fields = [("MESSAGE_ID", "f"), ("symbol", "BTC-USDT"), ("reason", "too small")];
        let record = copied(format_args!("order\nrefused"), &fields);
        assert_eq!(
            record.line(),
            "2026-02-19T20:23:59Z INFO order refused symbol=BTC-USDT reason=\"too small\""
        );
        assert_eq!(record.fields.len(), 3);
    }

    #[test]
    fn a_huge_record_is_cut_at_its_limits() {
        let long = "\u{e9}".repeat(MESSAGE_BYTES_MAX);
        let record = copied(format_args!("x{long}"), &[("key", long.as_str()); FIELDS_MAX + 1]);
        assert_eq!(record.message.len(), MESSAGE_BYTES_MAX - 1);
        assert_eq!(record.fields.len(), FIELDS_MAX);
        assert!(record.fields.iter().all(|(_, value)| value.len() == FIELD_BYTES_MAX));
    }
}
