//! What a ledger says, as rows to be compared: before a crash and after it, here and at the venue.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ibis::store::LEDGER;
use ibis::store::emergency::take_in;
use rusqlite::Connection;

use crate::support::home::Home;

/// A ledger's history.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Books {
    /// Hash of each event, by its number.
    pub events: BTreeMap<i64, Vec<u8>>,
    /// Every fill, whole.
    pub fills: BTreeSet<String>,
    /// Every client order id that was ever intended.
    pub intents: BTreeSet<String>,
    /// Those whose order is not over.
    pub open: BTreeSet<String>,
}

const FILL: &str =
    "SELECT symbol || ' ' || execution_id || ' ' || client_order_id || ' ' || side || ' ' ||
    price || ' ' || quantity || ' ' || fee || ' ' || coalesce(net, '') FROM fills";

impl Books {
    /// What the next start will find in a state directory, which stays as it is: even a reader would tidy
    /// up after a crash, so that a copy is opened.
    pub fn of_copy(home: &Home) -> Self {
        let copy = home.path("copy");
        copy_directory(&home.path("data"), &copy);
        open_as_a_start(&copy).unwrap();
        let books = Self::read(&copy);
        fs::remove_dir_all(&copy).unwrap();
        books
    }

    /// Reads a ledger nobody else has open.
    pub fn read(state_dir: &Path) -> Self {
        let path = state_dir.join("ibis.db");
        if !path.exists() {
            return Self::default();
        }
        let ledger = Connection::open(path).unwrap();
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'intents'";
        if ledger.query_row(tables, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
            return Self::default();
        }
        let mut events = ledger.prepare("SELECT seq, hash FROM events").unwrap();
        let events = events.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        Self {
            events: events.map(Result::unwrap).collect(),
            fills: texts(&ledger, FILL).into_iter().collect(),
            intents: texts(&ledger, "SELECT client_order_id FROM intents").into_iter().collect(),
            open: texts(&ledger, "SELECT client_order_id FROM intents WHERE ended_at_us IS NULL")
                .into_iter()
                .collect(),
        }
    }

    /// What was here and is not in `later`, or is otherwise there: history only grows.
    pub fn lost_in(&self, later: &Self) -> Vec<String> {
        let mut lost = Vec::new();
        for (seq, hash) in &self.events {
            if later.events.get(seq) != Some(hash) {
                lost.push(format!("event {seq} was lost or changed"));
            }
        }
        lost.extend(self.fills.difference(&later.fills).map(|it| format!("fill lost: {it}")));
        lost.extend(self.intents.difference(&later.intents).map(|it| format!("intent lost: {it}")));
        lost
    }
}

/// Opens a ledger as the agent's start does: with what was written beside it while it could not be.
pub fn open_as_a_start(state_dir: &Path) -> Result<(), String> {
    let path = state_dir.join("ibis.db");
    let mut ledger = LEDGER.open_writer(&path).map_err(|error| error.to_string())?;
    take_in(&mut ledger, state_dir, None).map(drop).map_err(|error| format!("{error:?}"))
}

/// The first column of every row, as text.
pub fn texts(ledger: &Connection, query: &str) -> Vec<String> {
    let mut statement = ledger.prepare(query).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Copies a directory; nothing where there is none yet.
pub fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let Ok(entries) = fs::read_dir(from) else { return };
    for entry in entries.map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
