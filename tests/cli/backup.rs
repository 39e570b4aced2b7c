//! Backups: made beside an agent, read back, restored, drilled.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{RUN, db_check_ok, run_before};
use crate::support::home::Home;

/// Makes a backup; returns its file.
#[track_caller]
fn backup(home: &Home) -> PathBuf {
    let report = home.json("db backup");
    assert_eq!((&report["job"], &report["overall"]), (&"backup".into(), &"OK".into()), "{report}");
    home.path(report["file"].as_str().unwrap())
}

/// The manifest of a backup.
fn manifest(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file.with_extension("json")).unwrap()).unwrap()
}

/// Restores; returns what was said.
#[track_caller]
fn restore(home: &Home, file: &Path) -> Value {
    home.json(&format!("db restore {}", file.display()))
}

/// The one check of a report.
#[track_caller]
fn check(report: &Value, id: &str) -> Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("{report}"))["severity"]
        .clone()
}

#[test]
fn a_backup_made_while_the_agent_trades_is_a_past_of_its_ledger() {
    let home = Home::new();
    let mut agent = home.start("agent --speed 600", &[]);
    for _ in 0..20 {
        agent.line("filled:");
    }
    let file = backup(&home);
    for _ in 0..20 {
        agent.line("filled:");
    }
    let drill = home.json("db restore-drill");
    assert_eq!(drill["overall"], "OK", "{drill}");
    assert_eq!(check(&drill, "past_of_this_ledger"), "OK");
    let refused = home.ibis(&format!("db restore {}", file.display()));
    assert!(refused.refused(75).contains("an agent works"), "{refused:?}");
    agent.signal("TERM");
    let before = agent.wait();
    assert_eq!(before.code, Some(0), "{before:?}");
    assert!(!home.path("data/backups/unfinished").exists());
    assert!(!home.path("data/backups/drill").exists());

    let manifest = manifest(&file);
    let said = restore(&home, &file);
    assert_eq!(said["event"], manifest["ledger"]["head"]);
    let restored = home.json("db check");
    assert_eq!(restored["ok"], true, "{restored}");
    assert_eq!(restored["chain_head"], manifest["ledger"]["chain_head"]);
    let state: Value =
        serde_json::from_slice(&fs::read(home.path("data/state.json")).unwrap()).unwrap();
    assert_eq!(state["body"]["sequence"], manifest["ledger"]["head"]);
    let aside = home.path(said["aside"].as_str().unwrap());
    for name in ["ibis.db", "paper.db", "state.json", "emergency.wal"] {
        assert!(aside.join(name).exists(), "{name} is not deleted");
    }
    // It goes on from there, with everything in order.
    let summary = home.json("agent --speed 600 --max-runtime 3s");
    assert_eq!(summary["violations"].as_array().unwrap().len(), 0, "{summary}");
    assert_eq!(summary["surprises"], 0, "{summary}");
    db_check_ok(&home);
    assert_eq!(home.json("exec-integrity")["overall"], "OK");
    // What was there can be had back.
    let newer = home.json("db backup");
    assert_eq!(newer["overall"], "OK", "{newer}");
}

#[test]
fn the_manifest_says_what_is_in_it() {
    let home = run_before();
    let file = backup(&home);
    let manifest = manifest(&file);
    assert_eq!((&manifest["mode"], &manifest["instance"]), (&"paper".into(), &"ibis".into()));
    let head = home.json("db check");
    assert_eq!(manifest["ledger"]["head"], head["events"]);
    assert_eq!(manifest["ledger"]["chain_head"], head["chain_head"]);
    assert_eq!(manifest["ledger"]["rows"]["fills"], head["fills"]);
    assert_eq!(manifest["account"]["rows"]["executions"], head["fills"]);
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("ibis-2") && name.ends_with("Z.db") && name.len() == 24, "{name}");
    let status = home.ibis("status --json").parsed();
    assert_ne!(status["backup_age"], "never ran", "{status}");
    assert_eq!(status["restore_drill_age"], "never ran");
}

#[test]
fn a_backup_that_is_not_what_it_was_is_refused_and_nothing_changes() {
    let home = run_before();
    let file = backup(&home);
    let whole = fs::read(&file).unwrap();
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[middle] ^= 1;
    for content in [&torn[..], &whole[..whole.len() - 4_096], b"SQLite format 3\0"] {
        fs::write(&file, content).unwrap();
        let before = home.files("data");
        let refused = home.ibis(&format!("db restore {}", file.display()));
        assert!(refused.refused(65).contains("not restored"), "{refused:?}");
        assert_eq!(home.files("data"), before);
        let drill = home.ibis("db restore-drill --json");
        assert_eq!(drill.code, Some(2), "{drill:?}");
    }
    fs::remove_file(&file).unwrap();
    assert!(home.ibis(&format!("db restore {}", file.display())).refused(65).contains("missing"));
    fs::write(&file, &whole).unwrap();
    let account =
        file.with_file_name(file.file_name().unwrap().to_str().unwrap().replace("ibis", "paper"));
    fs::remove_file(account).unwrap();
    assert!(home.ibis(&format!("db restore {}", file.display())).refused(65).contains("paper-"));
    for name in ["nowhere/ibis-20260101T000000Z.db", "data/ibis.db", "data/state.json"] {
        home.ibis(&format!("db restore {name}")).refused(64);
    }
}

#[test]
fn a_damaged_ledger_is_told_by_the_backup_and_replaced_by_the_one_before() {
    let home = run_before();
    let good = backup(&home);
    // A row that the chain does not know: SQLite finds nothing wrong with it.
    home.ledger().execute("UPDATE events SET payload = '{}' WHERE seq = 2", []).unwrap();
    let told = home.ibis("db backup --json");
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.stdout.contains("hash chain breaks at event 2"), "{told:?}");
    let kept: Vec<_> = fs::read_dir(home.path("data/backups")).unwrap().flatten().collect();
    assert_eq!(
        kept.iter().filter(|file| file.path().extension().is_some_and(|e| e == "db")).count(),
        2
    );
    restore(&home, &good);
    db_check_ok(&home);
    home.json(RUN);
    assert_eq!(home.json("exec-integrity")["differences"].as_array().unwrap().len(), 0);
}

#[test]
fn the_drill_says_when_there_is_none_and_when_the_history_is_another() {
    let home = run_before();
    assert_eq!(home.ibis("db restore-drill").code, Some(3));
    backup(&home);
    assert_eq!(home.ibis("db restore-drill").code, Some(0));
    for name in ["ibis.db", "paper.db", "state.json"] {
        fs::remove_file(home.path("data").join(name)).unwrap();
    }
    home.json("agent --speed max --seed 8 --max-runtime 1h");
    let other = home.ibis("db restore-drill --json");
    assert_eq!(
        (other.code, check(&other.parsed(), "past_of_this_ledger")),
        (Some(1), "DEGRADED".into())
    );
}

#[test]
fn old_backups_go_the_newest_stays() {
    let home = run_before();
    let configuration = home.write("ibis.toml", "[backup]\nkeep_newest = 2\nkeep_age = \"1h\"\n");
    let words = format!("db backup --config {}", configuration.display());
    let mut files = Vec::new();
    for _ in 0..4 {
        files.push(home.path(home.json(&words)["file"].as_str().unwrap()));
    }
    assert!(files.iter().all(|file| file.exists()), "all are young");
    for (file, hours) in files.iter().zip([5, 4, 3, 2]) {
        let mut manifest = manifest(file);
        let made_at = manifest["made_at_us"].as_i64().unwrap() - hours * 3_600_000_000;
        manifest["made_at_us"] = made_at.into();
        fs::write(file.with_extension("json"), manifest.to_string()).unwrap();
    }
    files.push(home.path(home.json(&words)["file"].as_str().unwrap()));
    let there: Vec<bool> = files.iter().map(|file| file.exists()).collect();
    assert_eq!(there, [false, false, false, true, true]);
    for _ in 0..4 {
        backup(&home);
    }
    let budget = home.write("small.toml", "[backup]\nbytes_max = \"1MB\"\n");
    let last = home.json(&format!("db backup --config {}", budget.display()));
    assert!(home.path(last["file"].as_str().unwrap()).exists());
    let left = fs::read_dir(home.path("data/backups")).unwrap().flatten();
    let left = left.filter(|file| file.path().extension().is_some_and(|kind| kind == "db"));
    let left: u64 = left.map(|file| file.metadata().unwrap().len()).sum();
    assert!((1..=1_000_000).contains(&left), "{left} bytes are left");
}

#[test]
fn without_a_ledger_there_is_nothing_to_copy() {
    let home = Home::new();
    home.ibis("db backup").refused(3);
    assert_eq!(home.ibis("db restore-drill").code, Some(3));
}
