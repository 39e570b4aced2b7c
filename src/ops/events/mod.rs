//! `events`: the ledger's events for a reader, and the chain of reasons behind one order.

pub mod select;
pub mod summary;
pub mod why;

use serde_json::value::RawValue;

use crate::domain::time::Timestamp;
use crate::store::event::EventRow;

/// One event for a program.
#[derive(Debug, serde::Serialize)]
pub struct EventLine<'a> {
    /// Its number in the chain.
    pub seq: i64,
    /// When, by the engine's clock, in RFC 3339.
    pub at: String,
    /// The same in microseconds UTC.
    pub at_us: i64,
    /// What kind.
    pub kind: &'a str,
    /// What it is about: the correlation id.
    #[serde(rename = "ref")]
    pub reference: &'a str,
    /// The engine's input that caused it.
    pub input: Option<u64>,
    /// As it is in the ledger.
    pub payload: &'a RawValue,
}

impl<'a> EventLine<'a> {
    /// Of a row; none where its payload is no JSON: a damaged ledger.
    pub fn of(row: &'a EventRow) -> Option<Self> {
        let EventRow { seq, at, kind, reference, payload, input } = row;
        Some(Self {
            seq: *seq,
            at: at.to_string(),
            at_us: at.us(),
            kind,
            reference,
            input: *input,
            payload: serde_json::from_str(payload).ok()?,
        })
    }
}

/// An instant in a column: always six digits of the second.
pub fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    let text = text.trim_end_matches('Z');
    let (second, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{second}.{fraction:0<6}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_their_column() {
        assert_eq!(clock(Timestamp::from_us(0)), "1970-01-01T00:00:00.000000Z");
        assert_eq!(clock(Timestamp::from_us(1_500_000)), "1970-01-01T00:00:01.500000Z");
    }
}
