//! `ibis replay` on recordings that were changed, cut, or that an incident is cut out of.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use super::{RUN, unchanged_by};
use crate::support::home::Home;

/// A short recorded run in one segment.
fn recorded() -> Home {
    let home = Home::new();
    home.write("etc/ibis.toml", "[recorder]\nrecord = \"always\"\n");
    home.json(RUN);
    home
}

fn segment(home: &Home) -> PathBuf {
    home.path("data/recorder/2026-01-01/1-1.jsonl")
}

fn lines(home: &Home) -> Vec<String> {
    fs::read_to_string(segment(home)).unwrap().lines().map(str::to_owned).collect()
}

fn rewrite(home: &Home, lines: &[String]) {
    fs::write(segment(home), lines.join("\n") + "\n").unwrap();
}

/// Something done to the lines of a segment.
type Change<'a> = &'a dyn Fn(&mut Vec<String>);

/// The ledger as a forger opens it.
fn forged(home: &Home, change: &str) {
    let ledger = Connection::open(home.path("data/ibis.db")).unwrap();
    assert_eq!(ledger.execute(change, []).unwrap(), 1, "{change}");
}

#[test]
fn a_changed_lost_or_repeated_line_is_named() {
    let home = recorded();
    let whole = lines(&home);
    let at = whole.iter().rposition(|line| line.starts_with("[\"t\"")).unwrap() - 100;
    let digit = whole[at].rfind(|c: char| c.is_ascii_digit()).unwrap() - 8;
    let changes: [Change<'_>; 4] = [
        &|lines| {
            let other = if &lines[at][digit..=digit] == "1" { "2" } else { "1" };
            lines[at].replace_range(digit..=digit, other);
        },
        &|lines| drop(lines.remove(at)),
        &|lines| lines.insert(at, lines[at].clone()),
        &|lines| lines.swap(at, at + 1),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut lines = whole.clone();
        change(&mut lines);
        rewrite(&home, &lines);
        let ended = home.ibis("replay --from-ledger");
        let complaint = ended.refused(65);
        let named = [at + 1, at + 2].map(|line| complaint.contains(&format!("line {line}:")));
        assert!(named.contains(&true), "change {number} at line {}: {complaint}", at + 1);
    }
    rewrite(&home, &whole);
    assert_eq!(home.json("replay --from-ledger")["reproduced"], true);
}

#[test]
fn a_changed_event_of_the_ledger_is_named() {
    for (change, seq) in [
        (
            "UPDATE events SET payload = replace(payload, '\"fee\":\"0.', '\"fee\":\"9.') WHERE seq = ?",
            0,
        ),
        ("UPDATE events SET at_us = at_us + 1 WHERE seq = ?", 0),
        ("UPDATE events SET input = input + 1 WHERE seq = ?", 0),
        ("DELETE FROM events WHERE seq = ?", 1),
    ] {
        let home = recorded();
        let query = "SELECT seq FROM events WHERE kind = 'fill' ORDER BY seq LIMIT 1 OFFSET 2";
        let fill: i64 = home.ledger().query_row(query, [], |row| row.get(0)).unwrap();
        forged(&home, &change.replace('?', &fill.to_string()));
        let ended = home.ibis("replay --from-ledger");
        assert_eq!(ended.code, Some(2), "{change}: {ended:?}");
        let named = format!("the ledger's event {}", fill + seq);
        assert!(ended.stdout.contains(&named), "{change}: {named}: {ended:?}");
        assert!(ended.stdout.starts_with("differs: run 1 input "), "{ended:?}");
        assert!(ended.stdout.contains("on record: ") && ended.stdout.contains("now: "));
    }
}

#[test]
fn a_segment_cut_in_a_line_is_replayed_up_to_there() {
    let home = recorded();
    let whole = fs::read(segment(&home)).unwrap();
    let near = whole.len() * 2 / 3;
    let end = near + whole[near..].iter().position(|byte| *byte == b'\n').unwrap();
    fs::write(segment(&home), &whole[..end - 3]).unwrap();
    let ended = home.ibis("replay --from-ledger --json");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let report = ended.parsed();
    assert_eq!(report["reproduced"], true, "{report}");
    assert!(report["events_not_recorded"].as_u64().unwrap() > 0, "{report}");
    assert!(report["notes"][0].as_str().unwrap().contains("middle of a line"), "{report}");
    fs::write(segment(&home), b"").unwrap();
    assert!(home.ibis("replay --from-ledger").refused(3).contains("nothing is recorded"));
    fs::write(segment(&home), b"{\"not\": \"ours\"}\n").unwrap();
    assert!(home.ibis("replay --from-ledger").refused(65).contains("line 1"));
}

#[test]
fn a_ledger_that_does_not_know_the_run_is_too_little_evidence() {
    let home = recorded();
    for file in ["ibis.db", "ibis.db-wal", "ibis.db-shm"] {
        fs::remove_file(home.path("data").join(file)).ok();
    }
    assert!(home.ibis("replay --from-ledger").refused(3).contains("ibis.db"));
    home.write("history.json", super::HISTORY);
    home.ibis("trades import history.json");
    let ended = home.ibis("replay --from-ledger --json");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let report = ended.parsed();
    assert_eq!(
        (report["reproduced"].clone(), report["runs_not_in_ledger"].clone()),
        (true.into(), 1.into())
    );
    assert!(report["notes"][0].as_str().unwrap().contains("not in this ledger"), "{report}");
}

#[test]
fn an_incident_becomes_a_case_with_one_command() {
    let home = recorded();
    let (order, venue, seq): (String, String, i64) = home
        .ledger()
        .query_row(
            "SELECT f.client_order_id, f.venue_order_id, e.seq FROM fills f, events e
             WHERE e.ref = f.client_order_id AND e.kind = 'fill' AND f.side = 'sell' LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    for about in [
        format!("--order {order}"),
        format!("--order {venue} --before 0s --after 0s"),
        format!("--event {seq}"),
        format!("--order {order} --whole"),
        "--around 2026-01-01T00:20:00Z --before 10s --after 2s".to_owned(),
        format!("--event {seq} --expect invariants"),
    ] {
        let words = format!("replay --extract {about} --output case.jsonl");
        unchanged_by(&home, || drop(home.json(&words)));
        let extracted = home.json(&words);
        let report = home.json("replay case.jsonl");
        assert_eq!(report["reproduced"], true, "{about}: {report}");
        assert_eq!(report["inputs"], extracted["inputs"], "{about}");
        let whole = about.contains("--whole");
        assert_eq!(extracted["first_input"] == 1, whole, "{about}: {extracted}");
        assert!(whole || extracted["inputs"].as_u64().unwrap() < 1_000, "{about}: {extracted}");
        let case = fs::read_to_string(home.path("case.jsonl")).unwrap();
        assert!(case.contains(&order) || about.contains("--around"), "{about}");
    }
    let nothing = home.ibis("replay --extract --order ibis-9-9 --output case.jsonl");
    assert!(nothing.refused(3).contains("no order"));
    for usage in ["replay", "replay --extract", "replay --from-ledger x", "replay no.jsonl"] {
        assert_eq!(home.ibis(usage).code, Some(64), "{usage}");
    }
}
