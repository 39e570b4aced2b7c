//! `state.json`: the ledger's last state for other programs.
//!
//! A projection, never a source: it is rebuilt from the ledger whenever it is missing, torn or
//! behind. The file is replaced atomically and carries a format version and a SHA-256 checksum of the
//! body's exact text, so that a reader can tell a torn file from a short one.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, Level};
use crate::domain::order::Purpose;
use crate::domain::order_status::OrderStatus;
use crate::domain::position::Basis;
use crate::domain::side::Side;
use crate::durable::atomic_file;

/// The format's version: raised when a key changes its meaning.
pub const VERSION: u32 = 1;

/// Torn files kept: more of them say nothing new.
const TORN_KEPT_MAX: u32 = 16;

/// The body of `state.json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StateDocument {
    /// The last event it reflects.
    pub sequence: i64,
    /// Wall-clock microseconds when it was written.
    pub written_at_us: i64,
    /// The engine's clock then.
    pub engine_at_us: i64,
    /// `paper` or `live`.
    pub mode: String,
    /// Which start of the agent wrote it.
    pub run: u32,
    /// What the agent may do.
    pub state: Level,
    /// Why it may not do more.
    pub holds: Vec<Hold>,
    /// What is held, by symbol.
    pub positions: BTreeMap<String, PositionDocument>,
    /// By asset.
    pub balances: BTreeMap<String, BalanceDocument>,
    /// By client order id.
    pub open_orders: BTreeMap<String, OrderDocument>,
    /// Cash plus positions at the bid, in quote units.
    pub equity: Decimal,
    /// Quote asset, all of it.
    pub cash: Decimal,
    /// The venue's dead-man's switch; none in paper mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_man: Option<DeadManDocument>,
    /// How the agent is, by its own errors; none where it ran faster than anyone could look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthDocument>,
}

/// How the agent is in `state.json`, by the errors of the last while.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HealthDocument {
    /// `healthy`, `degraded` or `critical`.
    pub level: String,
    /// Errors in the while.
    pub errors: u64,
    /// The while, in seconds.
    pub window_s: u64,
}

/// The venue's dead-man's switch in `state.json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeadManDocument {
    /// `armed`, `off`, or `failing`: the last renewal failed.
    pub state: String,
    /// When it would cancel the open orders, by the venue's clock, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fires_at_us: Option<i64>,
}

/// A position in `state.json`. Prices and amounts in quote units.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the ledger's column names, documented in the schema")]
pub struct PositionDocument {
    pub quantity: Decimal,
    pub cost: Decimal,
    pub fee: Decimal,
    pub basis: Basis,
    pub average_price: Option<Decimal>,
    pub mark_price: Option<Decimal>,
    pub stop_price: Option<Decimal>,
    pub take_profit_price: Option<Decimal>,
    pub high_price: Option<Decimal>,
    pub opened_at_us: Option<i64>,
}

/// A balance in `state.json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the ledger's column names, documented in the schema")]
pub struct BalanceDocument {
    pub total: Decimal,
    pub hold: Decimal,
}

/// An open order in `state.json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the ledger's column names, documented in the schema")]
pub struct OrderDocument {
    pub symbol: String,
    pub side: Side,
    pub status: OrderStatus,
    pub price: Option<Decimal>,
    pub quantity: Decimal,
    pub filled: Decimal,
    pub purpose: Purpose,
}

/// Why `state.json` cannot be used.
#[derive(Debug)]
pub enum StateJsonError {
    /// There is none.
    Missing,
    /// It cannot be read.
    Io(io::Error),
    /// It is torn, or not of this version; says how.
    Torn(String),
}

impl fmt::Display for StateJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Torn(why) => write!(f, "torn: {why}"),
        }
    }
}

impl std::error::Error for StateJsonError {}

/// Where it is in a state directory.
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("state.json")
}

/// Replaces `state.json`, durably.
pub fn write(state_dir: &Path, document: &StateDocument) -> io::Result<()> {
    let body = serde_json::to_string(document)?;
    let text =
        format!("{{\"version\":{VERSION},\"checksum\":\"{}\",\"body\":{body}}}\n", checksum(&body));
    atomic_file::replace(&path(state_dir), text.as_bytes())
}

/// Reads and verifies `state.json`.
pub fn read(state_dir: &Path) -> Result<StateDocument, StateJsonError> {
    let text = match std::fs::read_to_string(path(state_dir)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StateJsonError::Missing);
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(StateJsonError::Torn("not UTF-8".to_owned()));
        }
        Err(error) => return Err(StateJsonError::Io(error)),
    };
    parse(&text).map_err(StateJsonError::Torn)
}

/// Moves a torn `state.json` aside, to the first free of `state.json.torn-1` to `-16`; returns what
/// is wrong with it and where it is now. Nothing happens to a whole one, or where all are taken: the
/// oldest evidence is the best.
pub fn keep_torn(state_dir: &Path) -> io::Result<Option<(StateJsonError, PathBuf)>> {
    let torn = match read(state_dir) {
        Err(torn @ StateJsonError::Torn(_)) => torn,
        Err(StateJsonError::Io(error)) => return Err(error),
        Ok(_) | Err(StateJsonError::Missing) => return Ok(None),
    };
    for number in 1..=TORN_KEPT_MAX {
        let aside = state_dir.join(format!("state.json.torn-{number}"));
        if !aside.try_exists()? {
            std::fs::rename(path(state_dir), &aside)?;
            return Ok(Some((torn, aside)));
        }
    }
    Ok(None)
}

fn parse(text: &str) -> Result<StateDocument, String> {
    let rest = text
        .strip_prefix(&format!("{{\"version\":{VERSION},\"checksum\":\""))
        .ok_or("no version 1 header")?;
    let (stated, rest) = rest.split_once("\",\"body\":").ok_or("no body")?;
    let body = rest.strip_suffix("}\n").ok_or("it ends early")?;
    if checksum(body) != stated {
        return Err("the checksum does not match".to_owned());
    }
    serde_json::from_str(body).map_err(|error| error.to_string())
}

fn checksum(body: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> StateDocument {
        StateDocument {
            sequence: 7,
            written_at_us: 1,
            engine_at_us: 2,
            mode: "paper".to_owned(),
            run: 1,
            state: Level::Running,
            holds: Vec::new(),
            positions: BTreeMap::new(),
            balances: BTreeMap::new(),
            open_orders: BTreeMap::new(),
            equity: Decimal::from_int(10_000),
            cash: Decimal::from_int(10_000),
            dead_man: None,
            health: None,
        }
    }

    #[test]
    fn every_truncation_and_every_changed_byte_is_noticed() {
        let directory =
            std::env::temp_dir().join(format!("ibis-state-json-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        assert!(matches!(read(&directory), Err(StateJsonError::Missing)));
        write(&directory, &document()).unwrap();
        assert_eq!(read(&directory).unwrap(), document());
        let text = std::fs::read_to_string(path(&directory)).unwrap();
        for cut in 0..text.len() {
            assert!(parse(&text[..cut]).is_err(), "cut at {cut}");
        }
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(parse(&changed).is_err(), "changed at {place}");
            }
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_told_from_what_is_torn() {
        let directory =
            std::env::temp_dir().join(format!("ibis-state-unread-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(path(&directory)).unwrap();
        let why = || read(&directory).unwrap_err().to_string();
        assert!(why().starts_with("cannot be read: "), "{}", why());
        assert!(keep_torn(&directory).is_err());
        std::fs::remove_dir(path(&directory)).unwrap();
        assert_eq!(why(), "missing");
        std::fs::write(path(&directory), b"\xff").unwrap();
        assert_eq!(why(), "torn: not UTF-8");
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn torn_files_are_kept_up_to_a_bound_and_whole_ones_stay() {
        let directory =
            std::env::temp_dir().join(format!("ibis-state-torn-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        assert!(keep_torn(&directory).unwrap().is_none());
        write(&directory, &document()).unwrap();
        assert!(keep_torn(&directory).unwrap().is_none());
        for number in 1..=TORN_KEPT_MAX + 1 {
            std::fs::write(path(&directory), format!("torn {number}")).unwrap();
            assert_eq!(keep_torn(&directory).unwrap().is_some(), number <= TORN_KEPT_MAX);
        }
        let first = std::fs::read_to_string(directory.join("state.json.torn-1")).unwrap();
        assert_eq!(first, "torn 1");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
