//! `/logs`: the ledger's newest events, a line each, as `ibis events` prints them.

use rusqlite::Connection;

use crate::ops::events::select::{self, Wanted};
use crate::ops::events::summary::summary;
use crate::store::event::EventRow;

/// Characters of a line: what an event says may be a whole document.
const LINE_CHARS_MAX: usize = 160;

/// The last `count` events, the newest last.
pub fn text(ledger: &Connection, count: u16) -> rusqlite::Result<String> {
    let rows = select::tail(ledger, &Wanted::default(), usize::from(count))?;
    let lines: Vec<String> = rows.iter().map(line).collect();
    Ok(if lines.is_empty() { "nothing happened yet".to_owned() } else { lines.join("\n") })
}

fn line(row: &EventRow) -> String {
    let EventRow { at, kind, reference, .. } = row;
    let line = format!("{at} {kind} {reference} {}", summary(row));
    line.chars().take(LINE_CHARS_MAX).collect()
}
