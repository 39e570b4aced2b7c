//! What recorded KuCoin messages are wrapped in, one JSON object a line.
//!
//! Both recordings begin `{"recv":SECONDS,`: the instant of reception as a decimal number. It is read
//! from the text, exactly to the microsecond, never through a float.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::time::Timestamp;
use crate::market::kucoin::shape::parse;
use crate::market::number::{Grid, Reason, Rounding};

/// A line of a recorded session.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    /// The message, as it came.
    #[serde(borrow)]
    pub(super) msg: &'a RawValue,
}

/// A line of recorded answers.
#[derive(Debug, Deserialize)]
pub(super) struct Answered<'a> {
    /// What was asked for.
    pub(super) path: &'a str,
    /// The answer's envelope.
    #[serde(borrow)]
    pub(super) msg: Envelope<'a>,
}

/// What KuCoin wraps an answer in.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
}

impl Answered<'_> {
    /// The answer's content.
    pub(super) fn data(&self) -> Result<&str, Reason> {
        Ok(self.msg.data.ok_or("an answer without data")?.get())
    }
}

/// When a line was received.
pub(super) fn received_at(line: &str) -> Result<Timestamp, Reason> {
    let missing = || "does not begin with {\"recv\":SECONDS,".to_owned();
    let rest = line.strip_prefix("{\"recv\":").ok_or_else(missing)?;
    let (seconds, _) = rest.split_once(',').ok_or_else(missing)?;
    let (us, _) = Grid::MICROSECONDS
        .count(seconds.trim_ascii().as_bytes(), Rounding::Down)
        .map_err(|reason| format!("recv {reason}"))?;
    Ok(Timestamp::from_us(us))
}

/// A line as text.
pub(super) fn text(line: &[u8]) -> Result<&str, Reason> {
    std::str::from_utf8(line).map_err(|error| format!("not UTF-8: {error}"))
}

/// Parses a line.
pub(super) fn line<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Reason> {
    parse(line).map_err(|reason| format!("not a recorded line: {reason}"))
}
