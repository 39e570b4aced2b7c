//! `ibis validate paper` on ledgers that an agent wrote: a day that passes, and what keeps one from it.

mod days;
mod ledgers;

use std::fs;
use std::sync::OnceLock;

use ibis::ops::validate::Verdict;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::home::{Ended, Home};

/// Two instruments under the built-in limits: what the strategy turns over in ten is above the checklist's.
const QUIET: &str = "[market]\nsymbols = [\"BTC-USDT\", \"ETH-USDT\"]\n";
/// A day, and the minutes at both its ends.
const DAY: &str = "agent --speed max --seed 7 --max-runtime 1442m";

/// A directory with the ledger of a quiet day, which an agent wrote once for all tests.
fn day() -> Home {
    static LEDGER: OnceLock<Vec<u8>> = OnceLock::new();
    let ledger = LEDGER.get_or_init(|| {
        let home = Home::new();
        home.write("etc/ibis.toml", QUIET);
        home.json(DAY);
        fs::read(home.path("data/ibis.db")).unwrap()
    });
    let home = Home::new();
    home.write("data/ibis.db", ledger);
    home
}

/// Changes the ledger; how many rows the last statement changed.
fn change(home: &Home, statements: &str) -> u64 {
    let ledger: Connection = home.ledger();
    ledger.execute_batch(statements).unwrap();
    ledger.changes()
}

/// A KPI of a validation, or one of the grounds it stands on.
#[track_caller]
fn check<'a>(found: &'a Value, list: &str, id: &str) -> &'a Value {
    let all = found[list].as_array().unwrap();
    all.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id} in {found}"))
}

/// What a validation says, which its exit code says too, and its run in the ledger.
#[track_caller]
fn judged(home: &Home, words: &str) -> Value {
    let ended: Ended = home.ibis(&format!("validate paper --json {words}"));
    let found = ended.parsed();
    let known = [Verdict::Ok, Verdict::Fail, Verdict::Insufficient];
    let verdict = known.into_iter().find(|verdict| found["verdict"] == verdict.as_str());
    let code = i32::from(verdict.unwrap().severity().unwrap().exit_code());
    assert_eq!((ended.code, &found["exit_code"]), (Some(code), &code.into()), "{found}");
    let query = "SELECT exit_code, report FROM job_runs WHERE job = 'validate-paper'
                 ORDER BY job_run DESC LIMIT 1";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i32>(0)?, row.get::<_, String>(1)?));
    let (stored, report) = home.ledger().query_row(query, [], row).unwrap();
    assert_eq!(stored, code);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["kpis"], found["kpis"]);
    found
}
