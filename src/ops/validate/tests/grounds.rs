//! The window and its minutes, the whole verdict, a ledger that cannot be read.

use serde_json::Value;

use super::{Paper, at};
use crate::ops::report::Severity;
use crate::ops::validate::kpi::Verdict::{self, Fail, Insufficient, NotApplicable, Ok};

#[test]
fn an_hour_in_which_all_is_well_passes_with_what_is_not_applicable_said() {
    let paper = Paper::new();
    let found = paper.validate().unwrap();
    assert_eq!(found.verdict, Ok, "{}", found.text);
    assert_eq!(found.report.overall(), Severity::Ok);
    let kpis = found.report.facts["kpis"].as_array().unwrap();
    assert_eq!(kpis.len(), 12);
    let of = |verdict: Verdict| -> Vec<&str> {
        let those = kpis.iter().filter(|kpi| kpi["verdict"] == verdict.as_str());
        those.map(|kpi| kpi["id"].as_str().unwrap()).collect()
    };
    assert_eq!(of(Ok).len(), 10);
    assert_eq!(of(NotApplicable), ["base_ratio", "tracking_error"]);
    let text = |kpi: &Value, name: &str| kpi[name].as_str().unwrap().to_owned();
    for kpi in kpis {
        for name in ["value", "threshold", "reason"] {
            assert!(!text(kpi, name).is_empty(), "{kpi}");
        }
        let line = found.text.lines().find(|line| line.contains(&text(kpi, "id"))).unwrap();
        assert!(line.starts_with(&text(kpi, "verdict")), "{line}");
    }
    assert!(found.report.checks.iter().all(|check| check.id != "base_ratio"), "no check");
    assert!(found.text.ends_with("verdict: PASS\n"), "{}", found.text);
    assert_eq!(found.report.facts["window"]["start"], at("10:00").to_string());
    assert_eq!(found.report.facts["window"]["clock"], "wall");
}

#[test]
fn below_95_percent_of_the_minutes_nothing_passes() {
    let paper = Paper::new();
    let delete = |when: &str| {
        let gone = paper.sql(&format!("DELETE FROM samples WHERE at_us = {}", at(when).us()));
        assert_eq!(gone, 1);
    };
    ["10:07", "10:08", "10:09"].iter().for_each(|when| delete(when));
    paper.expect("coverage", Ok, "95.00 %");
    assert_eq!(paper.validate().unwrap().verdict, Ok);
    delete("10:59");
    paper.expect("coverage", Insufficient, "93.33 %");
    let found = paper.validate().unwrap();
    assert_eq!((found.verdict, found.report.overall()), (Insufficient, Severity::Insufficient));
    assert!(found.text.ends_with("verdict: INSUFFICIENT\n"), "{}", found.text);
    paper.equity("10:30", "900");
    let found = paper.validate().unwrap();
    assert_eq!((found.verdict, found.report.overall()), (Fail, Severity::Critical));
    assert!(found.text.contains("FAIL            daily_loss"), "{}", found.text);
}

#[test]
fn a_window_that_begins_before_the_ledger_is_no_evidence() {
    let paper = Paper::new();
    paper.sql(&format!("DELETE FROM samples WHERE at_us < {}", at("10:00").us()));
    assert_eq!(paper.validate().unwrap().verdict, Ok);
    paper.sql(&format!("DELETE FROM samples WHERE at_us < {}", at("10:01").us()));
    paper.expect("coverage", Ok, "98.33 %");
    let value = at("10:00").to_string();
    paper.expect("window_start", Insufficient, &value);
    assert_eq!(paper.validate().unwrap().verdict, Insufficient);
    paper.sql("DELETE FROM samples");
    paper.expect("window_start", Insufficient, &value);
}

#[test]
fn the_window_ends_with_the_ledgers_own_clock_where_it_has_one() {
    let paper = Paper::new();
    let window = || paper.evidence(super::HOUR).window;
    assert_eq!((window().start, window().end), (at("10:00"), at("11:00")));
    let engine_at = at("10:50:59").us();
    paper.sql(&format!("UPDATE runs SET clock = 'virtual', engine_at_us = {engine_at}"));
    assert_eq!(window().end, at("11:00"), "the newest sample is newer");
    paper.sql(&format!("DELETE FROM samples WHERE at_us > {}", at("10:40").us()));
    assert_eq!((window().start, window().end), (at("09:50"), at("10:50")));
    paper.expect("coverage", Insufficient, "70.00 %");
}

#[test]
fn what_the_ledger_lacks_is_an_error_and_no_check_that_is_left_out() {
    for table in [
        "runs",
        "samples",
        "transitions",
        "holds",
        "day_ledger",
        "transfers",
        "events",
        "intents",
        "orders",
        "fills",
    ] {
        let paper = Paper::new();
        paper.sql("PRAGMA foreign_keys = OFF");
        paper.sql(&format!("ALTER TABLE {table} RENAME TO gone"));
        paper.validate().expect_err(table);
    }
    for (table, column) in [
        ("samples", "state"),
        ("samples", "complete"),
        ("runs", "fee_source"),
        ("transitions", "code"),
        ("holds", "level"),
        ("day_ledger", "equity_open"),
        ("orders", "status"),
        ("fills", "notional"),
    ] {
        let paper = Paper::new();
        paper.sql(&format!("ALTER TABLE {table} DROP COLUMN {column}"));
        paper.validate().expect_err(column);
    }
    for damage in [
        "UPDATE samples SET equity = 'much'",
        "UPDATE samples SET state = 'asleep'",
        "UPDATE day_ledger SET equity_open = ''",
        "UPDATE fills SET notional = '1e3'",
        "INSERT INTO events (at_us, kind, ref, payload, hash)
         VALUES (1772361600000000, 'order', 'o', '{', zeroblob(32))",
    ] {
        let paper = Paper::new();
        assert!(paper.sql(damage) > 0);
        paper.validate().expect_err(damage);
    }
}
