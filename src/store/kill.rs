//! The kill switch, as the ledger tells of it.

use rusqlite::{Connection, OptionalExtension as _};

use super::load;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::time::Timestamp;

/// Events looked at, newest first, for the proof: what a killed agent writes in a year.
const EVENTS_MAX: u32 = 100_000;

/// The kill switch is active.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Latch {
    /// What killed.
    pub code: HoldCode,
    /// Since when, by the engine's clock.
    pub since: Timestamp,
    /// By whom and why, for a person.
    pub reason: String,
    /// When the venue showed, after the switch was last set, that nothing was at work; none so far.
    pub verified_at: Option<Timestamp>,
    /// What is held is being sold.
    pub flattening: bool,
}

/// The active kill switch, the one that was first; none where it is not active.
pub fn latch(ledger: &Connection) -> rusqlite::Result<Option<Latch>> {
    of_holds(ledger, &load::holds(ledger)?)
}

/// The same where the active holds are known.
pub fn of_holds(ledger: &Connection, holds: &[Hold]) -> rusqlite::Result<Option<Latch>> {
    let kills = |hold: &&Hold| hold.scope.is_none() && hold.level == Level::KillSwitch;
    let Some(first) = holds.iter().filter(kills).min_by_key(|hold| hold.set_at) else {
        return Ok(None);
    };
    let said = last_kill(ledger)?.map_or(first.set_at, |said| said.max(first.set_at));
    Ok(Some(Latch {
        code: first.code,
        since: first.set_at,
        reason: first.reason.clone(),
        verified_at: verified_since(ledger, said)?,
        flattening: holds.iter().any(|hold| hold.scope.is_none() && hold.code == HoldCode::Flatten),
    }))
}

/// When an operator last killed, by the engine's clock.
fn last_kill(ledger: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let query = "SELECT at_us FROM operator_commands
                 WHERE outcome = 'done' AND wish LIKE '{\"kill\":%' ORDER BY at_us DESC LIMIT 1";
    let at = ledger.prepare_cached(query)?.query_row([], |row| row.get(0)).optional()?;
    Ok(at.map(Timestamp::from_us))
}

/// When the kill switch was last verified, at an instant or later.
fn verified_since(ledger: &Connection, since: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    let query = "SELECT kind, at_us FROM events ORDER BY seq DESC LIMIT ?1";
    let mut statement = ledger.prepare_cached(query)?;
    let mut rows = statement.query([EVENTS_MAX])?;
    while let Some(row) = rows.next()? {
        let at = Timestamp::from_us(row.get(1)?);
        if at < since {
            return Ok(None);
        }
        if row.get_ref(0)?.as_str()? == "kill_verified" {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LEDGER;

    fn ledger() -> Connection {
        let ledger = Connection::open_in_memory().unwrap();
        LEDGER.migrations.iter().for_each(|sql| ledger.execute_batch(sql).unwrap());
        ledger
    }

    fn event(ledger: &Connection, at_us: i64, kind: &str) {
        let insert =
            "INSERT INTO events (at_us, kind, ref, payload, hash) VALUES (?1, ?2, '', '{}', x'00')";
        ledger.execute(insert, rusqlite::params![at_us, kind]).unwrap();
    }

    #[test]
    fn the_proof_counts_from_the_last_time_it_was_said() {
        let ledger = ledger();
        assert_eq!(latch(&ledger).unwrap(), None);
        let hold = "INSERT INTO holds (scope, code, level, reason, set_at_us)
                    VALUES ('global', ?1, 'kill_switch', 'root: a test', ?2)";
        let stop = hold.replace("'kill_switch'", "'hard_stop'");
        ledger.execute(&stop, rusqlite::params!["integrity", 3]).unwrap();
        let elsewhere = hold.replace("'global'", "'BTC-USDT'");
        ledger.execute(&elsewhere, rusqlite::params!["integrity", 4]).unwrap();
        assert_eq!(latch(&ledger).unwrap(), None, "a stop, and one instrument's");
        ledger.execute(hold, rusqlite::params!["kill_switch", 10]).unwrap();
        event(&ledger, 5, "kill_verified");
        event(&ledger, 10, "hold_set");
        let found = latch(&ledger).unwrap().unwrap();
        assert_eq!((found.since.us(), found.verified_at, found.flattening), (10, None, false));
        event(&ledger, 12, "kill_verified");
        let verified = latch(&ledger).unwrap().unwrap().verified_at;
        assert_eq!(verified.map(Timestamp::us), Some(12));
        let said = "INSERT INTO operator_commands (id, given_at_us, at_us, by, via, reason, wish, outcome)
                    VALUES ('c', 0, 13, 'root', 'cli', 'again', '{\"kill\":{\"flatten\":true}}', 'done')";
        ledger.execute(said, []).unwrap();
        ledger.execute(hold, rusqlite::params!["flatten", 13]).unwrap();
        let found = latch(&ledger).unwrap().unwrap();
        assert_eq!((found.since.us(), found.verified_at, found.flattening), (10, None, true));
        event(&ledger, 13, "kill_verified");
        assert!(latch(&ledger).unwrap().unwrap().verified_at.is_some());
    }
}
