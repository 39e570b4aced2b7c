//! Acceptance test 14, and how runs ended.

use rusqlite::Connection;

use crate::support::home::Home;

/// Pauses after so many crashes in a row, in seconds (seed 001).
const PAUSES_S: [i64; 10] = [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600];
const CONFIGURATION: &str = "[http]\nenabled = false\n";

/// Starts an agent, and kills it once it works; what the start held for earlier crashes.
fn crash(home: &Home, run: usize) -> Option<(String, Option<i64>)> {
    let mut agent = home.start("agent --config ibis.toml", &[]);
    agent.line(&format!("ready: run {run},"));
    agent.kill();
    held(&home.ledger())
}

/// The level, and how long it is to last in seconds, of the active hold for crashes.
fn held(ledger: &Connection) -> Option<(String, Option<i64>)> {
    let query = "SELECT level, (until_us - set_at_us) / 1000000 FROM holds
                 WHERE code = 'crash_loop' AND cleared_at_us IS NULL";
    ledger.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).ok()
}

/// Acceptance test 14.
#[test]
fn crashes_in_a_row_hold_trading_for_longer_each_time_and_the_eleventh_latches() {
    let home = Home::new();
    home.write("ibis.toml", CONFIGURATION);
    assert_eq!(crash(&home, 1), None);
    for (pause_s, run) in PAUSES_S.into_iter().zip(2..) {
        assert_eq!(crash(&home, run), Some(("soft_pause".to_owned(), Some(pause_s))), "run {run}");
    }
    let latched = Some(("hard_stop".to_owned(), None));
    assert_eq!(crash(&home, 12), latched);
    // A latch outlives a good end: only an operator takes it back.
    let mut agent = home.start("agent --config ibis.toml", &[]);
    agent.line("ready: run 13,");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    assert_eq!(crash(&home, 14), latched);
    let ledger = home.ledger();
    let causes = "SELECT cause, count(*) FROM runs GROUP BY cause ORDER BY 1";
    let mut causes = ledger.prepare(causes).unwrap();
    let causes = causes.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let causes: Vec<(Option<String>, i64)> = causes.map(Result::unwrap).collect();
    let crash = ("crash".to_owned(), 12);
    assert_eq!(
        causes,
        [(None, 1), (Some(crash.0), crash.1), (Some("operator".to_owned()), 1)],
        "of the newest nobody knows yet"
    );
    assert_eq!(
        home.ibis("status --json").parsed()["ends_24h"],
        serde_json::json!({"crash": 12, "operator": 1})
    );
}

/// Acceptance test 14.
#[test]
fn fifteen_stable_minutes_end_the_streak() {
    let home = Home::new();
    home.write("ibis.toml", CONFIGURATION);
    crash(&home, 1);
    assert_eq!(crash(&home, 2), Some(("soft_pause".to_owned(), Some(30))));
    let worked = |seconds: i64| {
        let worked = "UPDATE runs SET progress_at_us = ready_at_us + ?1
                      WHERE run = (SELECT max(run) FROM runs)";
        home.ledger().execute(worked, [seconds * 1_000_000]).unwrap();
    };
    worked(15 * 60 - 1);
    assert_eq!(crash(&home, 3), Some(("soft_pause".to_owned(), Some(60))));
    worked(15 * 60);
    assert_eq!(crash(&home, 4), None);
    assert_eq!(crash(&home, 5), Some(("soft_pause".to_owned(), Some(30))));
}

#[test]
fn what_systemd_says_of_an_end_is_kept() {
    let home = Home::new();
    home.write("ibis.toml", CONFIGURATION);
    for (result, cause, run) in [
        ("watchdog", "watchdog", 1),
        ("oom-kill", "oom", 2),
        ("signal", "crash", 3),
        ("exit-code", "error", 4),
    ] {
        crash(&home, run);
        let report = home.own_process("end-report").env("SERVICE_RESULT", result).output().unwrap();
        let said = String::from_utf8(report.stdout).unwrap();
        assert_eq!(said, format!("run {run} ended: {cause}\n"));
    }
    let mut agent = home.start("agent --config ibis.toml", &[]);
    agent.line("4 unclean ends in a row, the last one: error");
    agent.line("ready: run 5,");
    let report = home.ibis("end-report");
    assert_eq!(report.stdout, "nothing to report\n", "it runs");
    agent.signal("INT");
    assert_eq!(agent.wait().code, Some(0));
    assert_eq!(home.ibis("end-report").stdout, "nothing to report\n", "it said so itself");
    assert_eq!(
        home.ibis("status --json").parsed()["ends_24h"],
        serde_json::json!({"operator": 1, "error": 1, "watchdog": 1, "oom": 1, "crash": 1})
    );
}
