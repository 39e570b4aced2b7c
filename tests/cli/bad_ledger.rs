//! Databases that are not this agent's, or no longer whole: refused, and left as they are.

use std::fs;

use rusqlite::Connection;

use super::{CANDLES, RUN, db_check_ok, run_before, unchanged_by};
use crate::support::home::Home;

/// Every command that opens the ledger refuses it with this code, and nothing changes.
#[track_caller]
fn refused_everywhere(home: &Home, code: i32, told: &str) {
    home.write("history.json", "{\"trades\": [], \"matched_trades\": []}");
    unchanged_by(home, || {
        for words in [RUN, "db check", "trades summary", "trades import history.json"] {
            let ended = home.ibis(words);
            let line = ended.refused(code);
            assert!(line.contains("ibis.db") && line.contains(told), "{words}: {line}");
        }
        for words in ["status", "healthcheck", "exec-integrity"] {
            let ended = home.ibis(words);
            assert!(matches!(ended.code, Some(2 | 3 | 65)), "{words} must not pass: {ended:?}");
        }
    });
}

#[test]
fn a_foreign_file_is_65() {
    let home = Home::new();
    home.write("data/ibis.db", "a letter, and not a short one");
    refused_everywhere(&home, 65, "not an intact ibis ledger");
}

#[test]
fn another_programs_database_is_65() {
    let home = Home::new();
    fs::create_dir_all(home.path("data")).unwrap();
    let other = Connection::open(home.path("data/ibis.db")).unwrap();
    other.execute_batch("CREATE TABLE trades (id INTEGER); INSERT INTO trades VALUES (1)").unwrap();
    drop(other);
    refused_everywhere(&home, 65, "another program");
}

#[test]
fn a_truncated_ledger_is_65() {
    let home = run_before();
    let whole = fs::read(home.path("data/ibis.db")).unwrap();
    for length in [8, 100, 4_096, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        home.write("data/ibis.db", &whole[..length]);
        refused_everywhere(&home, 65, "not an intact ibis ledger");
    }
    home.write("data/ibis.db", &whole);
    db_check_ok(&home);
}

#[test]
fn a_newer_ledger_is_65() {
    let home = run_before();
    home.ledger().pragma_update(None, "user_version", 99).unwrap();
    refused_everywhere(&home, 65, "install the newer ibis");
}

#[test]
fn the_ledger_of_another_instance_or_mode_is_65() {
    let home = run_before();
    home.write("other.toml", "[agent]\ninstance = \"other\"\n");
    unchanged_by(&home, || {
        let ended = home.ibis(&format!("{RUN} --config other.toml"));
        let line = ended.refused(65);
        assert!(line.contains("instance is ibis") && line.contains("other"), "{line}");
    });
    home.ledger().execute("UPDATE meta SET value = 'live' WHERE key = 'mode'", []).unwrap();
    unchanged_by(&home, || {
        let ended = home.ibis(RUN);
        let line = ended.refused(65);
        assert!(line.contains("mode is live"), "{line}");
    });
}

#[test]
fn a_foreign_or_truncated_account_is_65() {
    let home = run_before();
    let whole = fs::read(home.path("data/paper.db")).unwrap();
    for content in [&b"a letter, and not a short one"[..], &whole[..whole.len() / 2]] {
        home.write("data/paper.db", content);
        unchanged_by(&home, || {
            let ended = home.ibis(RUN);
            let line = ended.refused(65);
            assert!(line.contains("paper.db") && line.contains("left as it is"), "{line}");
        });
    }
    home.write("data/paper.db", &whole);
    home.json(RUN);
    assert_eq!(home.json("exec-integrity")["overall"], "OK");
}

#[test]
fn a_torn_state_json_is_kept_aside_and_rebuilt() {
    let home = run_before();
    let whole = fs::read(home.path("data/state.json")).unwrap();
    for (number, length) in [(1, whole.len() / 2), (2, 0)] {
        home.write("data/state.json", &whole[..length]);
        let verdict = home.ibis("exec-integrity --json");
        assert_ne!(verdict.code, Some(0), "a torn file does not pass: {verdict:?}");
        home.json(RUN);
        let kept = fs::read(home.path(&format!("data/state.json.torn-{number}"))).unwrap();
        assert_eq!(kept, &whole[..length]);
        assert_eq!(home.json("exec-integrity")["overall"], "OK");
    }
    fs::remove_file(home.path("data/state.json")).unwrap();
    home.json(RUN);
    assert_eq!(home.json("exec-integrity")["overall"], "OK");
    assert!(!home.path("data/state.json.torn-3").exists());
}

#[test]
fn a_second_agent_on_the_same_directory_is_75() {
    let home = Home::new();
    let mut first = home.start("agent --speed 60", &[]);
    first.line("ready:");
    let ended = home.ibis(RUN);
    assert!(ended.refused(75).contains("another agent"));
    first.signal("INT");
    assert_eq!(first.wait().code, Some(0));
    home.json(RUN);
    db_check_ok(&home);
}

#[test]
fn a_clock_behind_the_ledger_is_75() {
    let home = Home::new();
    // The last hour of 2099.
    home.write("late_ABC-USDT.csv", CANDLES.replace("1600000", "4102444"));
    home.json("agent --replay late_ABC-USDT.csv");
    unchanged_by(&home, || {
        let ended = home.ibis("agent --max-runtime 1s");
        let line = ended.refused(75);
        assert!(line.contains("has seen 2099-12-31") && line.contains("set the clock"), "{line}");
    });
}
