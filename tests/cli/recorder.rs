//! The black box of the real agent: killed, short of disk, bounded.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{RUN, db_check_ok};
use crate::support::home::Home;
use crate::support::output;

/// Small segments, so that a short run has many.
pub const SMALL: (&str, &str) = ("IBIS__RECORDER__SEGMENT_BYTES_MAX", "256KiB");

/// Everything on record is what the ledger says, and what the engine does again.
#[track_caller]
pub fn reproduces(home: &Home) -> Value {
    let report = home.json("replay --from-ledger");
    assert_eq!(report["reproduced"], true, "{report}");
    assert_eq!(report["violations"], 0, "{report}");
    assert_eq!(report["events_not_recorded"], 0, "{report}");
    report
}

#[test]
fn two_killed_runs_and_one_that_ended_reproduce_every_action() {
    let home = Home::new();
    for told in [20, 60] {
        let mut agent = home.start("agent --speed 3000 --seed 7", &[SMALL]);
        for _ in 0..told {
            agent.line("filled:");
        }
        agent.kill();
        reproduces(&home);
    }
    let mut agent = home.start("agent --speed 3000 --seed 7", &[SMALL]);
    agent.line("filled:");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    let report = reproduces(&home);
    assert_eq!(report["runs"], 3, "{report}");
    assert!(report["segments"].as_u64().unwrap() > 4, "{report}");
    let events: i64 = home
        .ledger()
        .query_row("SELECT count(*) FROM events WHERE input IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(report["events"], events, "every event of the engine is compared");
    db_check_ok(&home);

    let second = home.json("replay --from-ledger --run 2");
    assert_eq!((second["reproduced"].clone(), second["runs"].clone()), (true.into(), 1.into()));
    assert!(second["inputs"].as_u64() < report["inputs"].as_u64());
    let day = home.json("replay --from-ledger --date 2026-01-01");
    assert_eq!(day["inputs"], report["inputs"]);
    for other in ["--date 2025-12-31", "--run 9", "--to 2025-06-01T00:00:00Z"] {
        let ended = home.ibis(&format!("replay --from-ledger {other}"));
        assert!(ended.refused(3).contains("recorded"), "{other}");
    }
}

#[test]
fn a_replay_beside_the_running_agent_changes_nothing() {
    let home = Home::new();
    let mut agent = home.start("agent --speed 3000 --seed 7", &[SMALL]);
    for _ in 0..30 {
        agent.line("filled:");
    }
    let report = home.ibis("replay --from-ledger --json");
    assert!([Some(0), Some(3)].contains(&report.code), "{report:?}");
    assert_eq!(report.parsed()["reproduced"], true, "{report:?}");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    reproduces(&home);
}

#[test]
fn what_can_be_run_again_is_recorded_when_asked_only() {
    let home = Home::new();
    home.json(RUN);
    assert!(!home.path("data/recorder").exists());
    assert!(home.ibis("replay --from-ledger").refused(3).contains("recorder.record"));
    home.write("etc/ibis.toml", "[recorder]\nrecord = \"always\"\n");
    home.json(RUN);
    reproduces(&home);
    home.write("etc/ibis.toml", "[recorder]\nrecord = \"never\"\n");
    let mut agent = home.start("agent --speed 3000 --seed 7", &[]);
    agent.line("filled:");
    agent.kill();
    assert_eq!(reproduces(&home)["runs"], 1);
}

/// A small file system of its own over the recordings; false where mounting is not allowed.
fn mount_small(home: &Home, size: &str) -> bool {
    let recorder = home.path("data/recorder");
    fs::create_dir_all(&recorder).unwrap();
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "ibis-test"]).arg(&recorder);
    let mounted = output(&mut mount).status.success();
    if !mounted {
        println!("skipped: a small disk needs the right to mount one");
    }
    mounted
}

fn unmount(home: &Home) {
    output(Command::new("umount").arg("--lazy").arg(home.path("data/recorder")));
}

#[test]
fn a_full_disk_stops_the_recording_and_not_the_trading() {
    for (free_min, why) in [("0B", "No space left"), ("1MiB", "recorder.disk_free_min")] {
        let home = Home::new();
        if !mount_small(&home, "400k") {
            return;
        }
        let asked = format!("[recorder]\nrecord = \"always\"\ndisk_free_min = \"{free_min}\"\n");
        home.write("etc/ibis.toml", asked);
        let ended = home.ibis("agent --speed max --seed 7 --max-runtime 3h --json");
        let warned: Vec<_> =
            ended.stderr.lines().filter(|line| line.contains("recording stops")).collect();
        unmount(&home);
        assert_eq!(warned.len(), 1, "said once: {ended:?}");
        assert!(warned[0].contains(why), "{warned:?}");
        assert!(ended.stderr.contains("inputs are on no record"), "{ended:?}");
        let summary = ended.ok();
        let alone = Home::new();
        let other = alone.json("agent --speed max --seed 7 --max-runtime 3h");
        assert_eq!(summary["chain_head"], other["chain_head"], "it traded as if there were none");
        db_check_ok(&home);
    }
}

#[test]
fn recordings_stay_within_their_budget() {
    let home = Home::new();
    home.write(
        "etc/ibis.toml",
        "[recorder]\nrecord = \"always\"\nsegment_bytes_max = \"64KiB\"\nbytes_max = \"1MiB\"\n",
    );
    home.json("agent --speed max --seed 7 --max-runtime 12h");
    let dry = home.json("log-retention --dry-run");
    let before = bytes(&home);
    let report = home.json("log-retention");
    assert!(report["recordings_deleted"].as_u64().unwrap() > 0 || before.1 <= 1 << 20, "{dry}");
    let (segments, total) = bytes(&home);
    assert!(total <= 1 << 20, "{segments} segments of {total} bytes");
    assert!(segments > 3, "{segments} segments of {total} bytes");
    let plain = files(&home).iter().filter(|name| name.ends_with(".jsonl")).count();
    assert_eq!(plain, 0, "all are compressed once the agent is gone");
    // What is left is whole: it begins later, and each segment begins with itself.
    let report = reproduces(&home);
    assert_eq!(report["segments"], segments, "{report}");
}

/// The names of the recordings' files.
fn files(home: &Home) -> Vec<String> {
    let mut names = Vec::new();
    for day in fs::read_dir(home.path("data/recorder")).unwrap() {
        for entry in fs::read_dir(day.unwrap().path()).unwrap() {
            names.push(entry.unwrap().path().to_str().unwrap().to_owned());
        }
    }
    names.sort();
    names
}

fn bytes(home: &Home) -> (usize, u64) {
    let files = files(home);
    let total = files.iter().map(|name| fs::metadata(name).unwrap().len()).sum();
    (files.len(), total)
}
