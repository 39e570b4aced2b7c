//! The hash chain of events: each row's hash covers the one before it, so that history cannot be
//! changed without changing everything after it.

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

/// The hash of an event, and of everything before it.
pub type Hash = [u8; 32];

/// Events at the end of a chain that a quick look checks: some milliseconds.
pub const TAIL_EVENTS: i64 = 1_000;

/// The chain before its first event.
pub const GENESIS: Hash = [0; 32];

/// The newest event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Its sequence number; 0 for an empty chain.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// The hash as hexadecimal text.
    pub fn hex(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// An event's content, as hashed.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// Sequence number.
    pub seq: i64,
    /// Microseconds UTC.
    pub at_us: i64,
    /// Kind.
    pub kind: &'a str,
    /// What it is about.
    pub reference: &'a str,
    /// JSON.
    pub payload: &'a str,
    /// The engine's input that caused it.
    pub input: Option<i64>,
}

/// The hash of an event after `previous`. Texts are length-prefixed: no two contents collide.
pub fn link(previous: &Hash, content: &Content<'_>) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(content.seq.to_le_bytes());
    hasher.update(content.at_us.to_le_bytes());
    for text in [content.kind, content.reference, content.payload] {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    // At the end, where there is none in older events.
    if let Some(input) = content.input {
        hasher.update(input.to_le_bytes());
    }
    hasher.finalize().into()
}

/// The newest event of a ledger.
pub fn head(connection: &Connection) -> rusqlite::Result<Head> {
    let query = "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1";
    let found = connection
        .prepare_cached(query)?
        .query_row([], |row| Ok(Head { seq: row.get(0)?, hash: row.get(1)? }))
        .optional()?;
    Ok(found.unwrap_or(Head { seq: 0, hash: GENESIS }))
}

/// The first place where the chain does not hold, if any: checks the newest `limit` events, or all.
pub fn first_break(connection: &Connection, limit: Option<i64>) -> rusqlite::Result<Option<i64>> {
    let start = match limit {
        Some(limit) => (head(connection)?.seq - limit).max(0),
        None => 0,
    };
    let mut previous = match start {
        0 => Head { seq: 0, hash: GENESIS },
        seq => {
            let query = "SELECT hash FROM events WHERE seq = ?1";
            match connection.query_row(query, [seq], |row| row.get(0)).optional()? {
                Some(hash) => Head { seq, hash },
                None => return Ok(Some(seq)),
            }
        }
    };
    let mut statement = connection.prepare(
        "SELECT seq, at_us, kind, ref, payload, hash, input FROM events WHERE seq > ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([start])?;
    while let Some(row) = rows.next()? {
        let content = Content {
            seq: row.get(0)?,
            at_us: row.get(1)?,
            kind: row.get_ref(2)?.as_str()?,
            reference: row.get_ref(3)?.as_str()?,
            payload: row.get_ref(4)?.as_str()?,
            input: row.get(6)?,
        };
        let hash: Hash = row.get(5)?;
        if content.seq != previous.seq + 1 || link(&previous.hash, &content) != hash {
            return Ok(Some(content.seq));
        }
        previous = Head { seq: content.seq, hash };
    }
    Ok(None)
}
