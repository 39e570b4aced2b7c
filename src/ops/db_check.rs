//! `db check`: the whole ledger is read and verified: SQLite's structure, references, the hash chain
//! from the first event, the count of fills, and the books: that orders, positions, realized profit and
//! balances follow from the events. Costs the length of the history.

use std::path::Path;

use rusqlite::Connection;
use serde::Serialize;

use crate::durable::sqlite::{OpenError, OpenErrorKind, classify};
use crate::store::{self, chain};

/// Problems listed; more of the same help nobody.
const PROBLEMS_MAX: usize = 50;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DbCheck {
    /// True where nothing is wrong.
    pub ok: bool,
    /// Hash of the newest event: equal heads mean equal histories. Empty where it cannot be read.
    pub chain_head: String,
    /// Events in the chain.
    pub events: i64,
    /// Fills ever.
    pub fills: i64,
    /// What is wrong, a line each.
    pub problems: Vec<String>,
}

/// Why the check could not be made. Damage is no error but a finding.
#[derive(Debug)]
pub enum CheckError {
    /// The ledger cannot be opened.
    Open(OpenError),
    /// It cannot be read now.
    Read(rusqlite::Error),
}

impl std::fmt::Display for CheckError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(_) => f.write_str("db check"),
            Self::Read(error) => write!(f, "ledger cannot be read now: {error}; try again"),
        }
    }
}

impl std::error::Error for CheckError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open(error) => Some(error),
            Self::Read(_) => None,
        }
    }
}

/// Verifies the ledger of `state_dir`, in one snapshot beside a running agent.
pub fn run(state_dir: &Path) -> Result<DbCheck, CheckError> {
    let ledger = store::open_reader(state_dir).map_err(CheckError::Open)?;
    let snapshot = ledger.unchecked_transaction().map_err(CheckError::Read)?;
    check(&snapshot).map_err(CheckError::Read)
}

/// Verifies an open ledger.
pub fn check(ledger: &Connection) -> rusqlite::Result<DbCheck> {
    let mut check =
        DbCheck { ok: false, chain_head: String::new(), events: 0, fills: 0, problems: Vec::new() };
    for part in [structure, references, events, fills, books] {
        match part(ledger, &mut check) {
            Ok(()) => {}
            Err(error) if matches!(classify(&error), OpenErrorKind::Foreign(_)) => {
                check.problems.push(error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    check.problems.truncate(PROBLEMS_MAX);
    check.ok = check.problems.is_empty();
    Ok(check)
}

fn structure(ledger: &Connection, check: &mut DbCheck) -> rusqlite::Result<()> {
    check.problems.extend(structure_problems(ledger)?);
    Ok(())
}

/// What SQLite's own check finds in any database.
pub fn structure_problems(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare("PRAGMA integrity_check(50)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let is_problem = |line: &rusqlite::Result<String>| line.as_deref() != Ok("ok");
    lines.filter(is_problem).map(|line| line.map(|line| line.replace('\n', " "))).collect()
}

fn references(ledger: &Connection, check: &mut DbCheck) -> rusqlite::Result<()> {
    let mut statement = ledger.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        check.problems.push(format!("a row of {table} refers to no row of {parent}"));
        if check.problems.len() > PROBLEMS_MAX {
            break;
        }
    }
    Ok(())
}

fn events(ledger: &Connection, check: &mut DbCheck) -> rusqlite::Result<()> {
    let head = chain::head(ledger)?;
    check.chain_head = head.hex();
    check.events = head.seq;
    if let Some(event) = chain::first_break(ledger, None)? {
        check.problems.push(format!("the hash chain breaks at event {event}"));
    }
    Ok(())
}

/// State against events: orders, positions, what was realized, balances.
fn books(ledger: &Connection, check: &mut DbCheck) -> rusqlite::Result<()> {
    let violations = store::books::audit(ledger)?;
    check.problems.extend(violations.iter().map(ToString::to_string));
    Ok(())
}

fn fills(ledger: &Connection, check: &mut DbCheck) -> rusqlite::Result<()> {
    let query = "SELECT coalesce(max(fill), 0), count(*) FROM fills";
    let (last, count): (i64, i64) =
        ledger.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    check.fills = last;
    if last != count {
        check.problems.push(format!("the last fill is {last}, but there are {count}"));
    }
    Ok(())
}
