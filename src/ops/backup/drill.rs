//! Proves that the newest set can be restored: into a directory of its own, opened as an agent would.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::directory;
use super::failure::BackupError;
use super::part::Part;
use super::restore;
use super::room;
use super::set::{self, Set};
use crate::config::settings::HealthSettings;
use crate::domain::time::Timestamp;
use crate::ops::age::Age;
use crate::ops::report::{Check, Report, Severity};
use crate::store::load;
use crate::store::{self, chain, state_json};

/// The job's name.
pub const JOB: &str = "restore-drill";
/// Where the set is restored to, in the directory of the sets.
const SCRATCH: &str = "drill";

/// Restores the newest set of `state_dir` into a scratch directory and looks at it from every side.
pub fn run(state_dir: &Path, limits: &HealthSettings, now: Timestamp) -> anyhow::Result<Report> {
    let directory = directory(state_dir);
    let Some(set) = set::list(&directory)?.into_iter().next() else {
        let check = Check::new("backup", Severity::Insufficient, "none");
        let checks = vec![check.because("make one: ibis db backup")];
        return Ok(Report::new(JOB, now, checks));
    };
    let mut checks = vec![age(&set, limits, now)];
    match restore::good(&set) {
        Ok(()) => {
            checks.push(Check::new("verified", Severity::Ok, "whole"));
            let scratch = directory.join(SCRATCH);
            room(&directory, set.manifest.bytes(), limits.disk_free_critical)?;
            restore::copy(&set, &scratch, now)?;
            checks.extend(open(&set, &scratch));
            fs::remove_dir_all(&scratch).map_err(|error| BackupError::io(&scratch, &error))?;
            checks.push(prefix(&set, state_dir));
        }
        Err(BackupError::Bad(why)) => {
            let check = Check::new("verified", Severity::Critical, "not good");
            checks.push(check.because(format!("{why}; make a new one: ibis db backup")));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Report::new(JOB, now, checks))
}

fn age(set: &Set, limits: &HealthSettings, now: Timestamp) -> Check {
    let age = Age::of(set.manifest.made_at(), now);
    let overdue = age.reaches(limits.backup_age_max);
    let severity = if overdue { Severity::Degraded } else { Severity::Ok };
    let value = format!("{}, {age} old", set.file(Part::Ledger).display());
    let hint = if overdue { "see: systemctl status ibis-backup.timer" } else { "" };
    Check::new("backup", severity, value)
        .against(format!("< {}", Age::from(limits.backup_age_max)))
        .because(hint)
}

/// Opens everything for writing, as the agent does, and reads the state it would go on from.
fn open(set: &Set, scratch: &Path) -> Vec<Check> {
    let opened = |part: Part| {
        let open = || -> anyhow::Result<String> {
            let database = part.format().open_writer(&scratch.join(part.name()))?;
            let head = part.head(&database)?;
            if part == Part::Ledger {
                let state = load::load(&database)?;
                let document = state_json::read(scratch)?;
                anyhow::ensure!(document.sequence == head, "state.json is of another event");
                let (held, orders) = (state.positions.len(), state.open_orders.len());
                return Ok(format!("event {head}, {held} instruments, {orders} open orders"));
            }
            Ok(format!("fill {head}"))
        };
        let id = match part {
            Part::Ledger => "ledger_opens",
            Part::Account => "account_opens",
        };
        match open() {
            Ok(value) => Check::new(id, Severity::Ok, value),
            Err(error) => Check::new(id, Severity::Critical, "no").because(format!("{error:#}")),
        }
    };
    set.manifest.parts().map(|(part, _)| opened(part)).collect()
}

/// Whether the set is a past of the ledger in use: its last event has the same hash there.
fn prefix(set: &Set, state_dir: &Path) -> Check {
    let id = "past_of_this_ledger";
    let expected = &set.manifest.ledger;
    let hash = |ledger: &Connection| -> rusqlite::Result<Option<chain::Hash>> {
        let query = "SELECT hash FROM events WHERE seq = ?1";
        ledger.query_row(query, [expected.head], |row| row.get(0)).optional()
    };
    let ledger = match store::open_reader(state_dir) {
        Ok(ledger) => ledger,
        Err(error) => {
            return Check::new(id, Severity::Insufficient, "unknown").because(error.to_string());
        }
    };
    match hash(&ledger) {
        Ok(Some(hash)) if chain::Head { seq: expected.head, hash }.hex() == expected.chain_head => {
            Check::new(id, Severity::Ok, format!("at event {}", expected.head))
        }
        Ok(None) if expected.head == 0 => Check::new(id, Severity::Ok, "of its beginning"),
        Ok(_) => Check::new(id, Severity::Degraded, "no").because(
            "the ledger in use has another history: it was restored, or begun anew; make a new \
             backup: ibis db backup",
        ),
        Err(error) => Check::new(id, Severity::Insufficient, "unknown").because(error.to_string()),
    }
}
