//! Ledgers that say too little, nothing, or nothing that can be read.

use super::{change, check, day, judged};
use crate::support::home::Home;

/// The minute from which the day's window begins, in microseconds, and one more.
const START_US: i64 = 1_767_225_660_000_000;
const MINUTE_US: i64 = 60_000_000;

/// The minutes of the window with this property, which have no sample any more.
fn without_minutes(property: &str) -> (Home, u64) {
    let home = day();
    let minute = format!("((at_us - {START_US}) / {MINUTE_US})");
    let property = format!("({property}) AND minute BETWEEN 0 AND 1439");
    let property = property.replace("minute", &minute);
    let gone = change(&home, &format!("DELETE FROM samples WHERE {property}"));
    (home, gone)
}

#[test]
fn acceptance_19_missing_minutes_are_never_a_pass() {
    // As many as may be missing, and then one more.
    let (home, gone) = without_minutes("minute % 20 = 7");
    assert_eq!((gone, judged(&home, "")["verdict"].as_str()), (72, Some("ok")));
    let (home, gone) = without_minutes("minute % 20 = 7 OR minute = 701");
    assert_eq!((gone, judged(&home, "")["verdict"].as_str()), (73, Some("insufficient")));
    for (property, verdict) in [
        ("minute >= 1367", "insufficient"),
        ("minute BETWEEN 300 AND 400", "insufficient"),
        ("minute < 100", "insufficient"),
        ("minute % 3 = 0", "insufficient"),
        ("minute % 2 = 0", "fail"),
        ("minute > 600", "fail"),
        ("minute >= 0", "fail"),
    ] {
        let (home, gone) = without_minutes(property);
        assert!(gone > 72, "{property}");
        let found = judged(&home, "");
        assert_eq!(found["verdict"], verdict, "{property}: {found}");
        let (all, recorded) = (&found["minutes"], &found["minutes_recorded"]);
        assert_eq!(all.as_u64().unwrap() - recorded.as_u64().unwrap(), gone, "{property}");
        // No figure hides that: what is missing was not running.
        let running = check(&found, "kpis", "running_share");
        let told = running["reason"].as_str().unwrap();
        assert!(told.contains(&format!("{gone} not on record")), "{property}: {told}");
        let text = home.ibis("validate paper").stdout;
        assert!(!text.contains("PASS"), "{property}: {text}");
    }
    // A longer window than the ledger's life lacks its beginning, however little that is.
    let home = day();
    let found = judged(&home, "--window 1441m");
    assert_eq!(found["verdict"], "insufficient", "{found}");
    assert_eq!(check(&found, "checks", "coverage")["severity"], "OK");
    assert_eq!(check(&found, "checks", "window_start")["severity"], "INSUFFICIENT");
}

#[test]
fn a_column_or_table_that_is_not_there_is_an_error() {
    for (what, named) in [
        ("ALTER TABLE samples DROP COLUMN state", "state"),
        ("ALTER TABLE samples DROP COLUMN equity", "equity"),
        ("ALTER TABLE runs DROP COLUMN fee_source", "fee_source"),
        ("ALTER TABLE day_ledger DROP COLUMN equity_open", "equity_open"),
        ("PRAGMA foreign_keys = OFF; DROP TABLE orders", "orders"),
        ("DROP TABLE transitions", "transitions"),
        ("DROP INDEX holds_cleared", "holds_cleared"),
        ("UPDATE fills SET notional = 'much' WHERE fill = 3", "much"),
    ] {
        let home = day();
        change(&home, what);
        for words in ["validate paper", "validate paper --json", "validate paper --window 1h"] {
            // The third fill is of the first hours.
            if named == "much" && words.ends_with("1h") {
                continue;
            }
            let ended = home.ibis(words);
            let line = ended.refused(65);
            assert!(line.contains("ibis.db") && line.contains(named), "{what}: {line}");
        }
        let runs = "SELECT count(*) FROM job_runs WHERE job = 'validate-paper'";
        let runs: i64 = home.ledger().query_row(runs, [], |row| row.get(0)).unwrap();
        assert_eq!(runs, 0, "{what}: no verdict, no run");
    }
}

#[test]
fn no_ledger_is_no_evidence_a_live_one_is_foreign_and_a_wrong_window_is_usage() {
    let home = Home::new();
    assert!(home.ibis("validate paper").refused(3).contains("no ledger here"));
    let home = day();
    for window in ["59m", "91d", "24", "1.5h", "-1h", "99999999999999d"] {
        let ended = home.ibis(&format!("validate paper --window={window}"));
        assert!(ended.refused(64).contains("--window"), "{window}");
    }
    assert!(home.ibis("validate").code == Some(64) && home.ibis("validate soak").code == Some(64));
    change(&home, "UPDATE meta SET value = 'live' WHERE key = 'mode'");
    assert!(home.ibis("validate paper").refused(65).contains("mode is live"));
}

#[test]
fn a_ledger_of_another_time_has_nothing_of_this_one() {
    let home = day();
    // The same minutes, by the wall's clock: they are long past.
    change(&home, "UPDATE runs SET clock = 'wall'");
    let found = judged(&home, "");
    assert_eq!(found["minutes_recorded"], 0);
    assert_eq!(found["verdict"], "fail", "nothing ran, nothing was traded: {found}");
    assert_eq!(check(&found, "checks", "coverage")["severity"], "INSUFFICIENT");
    assert_eq!(found["window"]["clock"], "wall");
}

#[test]
fn a_verdict_that_cannot_be_written_down_is_said_and_none_gets_better_by_it() {
    let home = day();
    let writer = home.ledger();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (words, code) in [("", 1), ("--window 1441m", 3)] {
        let ended = home.ibis(&format!("validate paper {words}"));
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.stdout.starts_with("run_recorded: no: "), "{ended:?}");
    }
}
