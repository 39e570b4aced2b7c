//! Running, flapping, stopped.

use super::{HOUR, Paper};
use crate::ops::validate::kpi::Verdict::{Fail, Ok};

#[test]
fn a_minute_that_is_not_on_record_was_not_running() {
    let paper = Paper::new();
    paper.expect("running_share", Ok, "100.00 %");
    paper.sql("DELETE FROM samples WHERE at_us % 120000000 = 0");
    paper.expect("running_share", Fail, "50.00 %");
    let reason = paper.kpi_of("running_share", HOUR).reason;
    assert_eq!(reason, "of 60 minutes 30 running, 30 not on record");
}

#[test]
fn degraded_is_not_running_and_65_percent_are_enough() {
    let paper = Paper::new();
    for minute in 0..21 {
        paper.sample(minute, "degraded");
    }
    paper.expect("running_share", Ok, "65.00 %");
    paper.sample(21, "soft_pause");
    paper.expect("running_share", Fail, "63.33 %");
}

#[test]
fn more_than_six_changes_within_an_hour_flap_whichever_way() {
    let paper = Paper::new();
    for (minute, from, to) in [
        (1, "running", "soft_pause"),
        (11, "soft_pause", "running"),
        (21, "degraded", "soft_pause"),
        (31, "soft_pause", "degraded"),
        (41, "running", "soft_pause"),
        (51, "soft_pause", "running"),
    ] {
        paper.change(&format!("10:{minute:02}"), from, to, "stale_market");
    }
    paper.change("10:55", "running", "degraded", "stale_market");
    paper.change("10:56", "soft_pause", "hard_stop", "stale_market");
    paper.change("11:00:10", "running", "soft_pause", "stale_market");
    paper.expect("flapping", Ok, "6 an hour, 0 min alternating");
    paper.change("10:58", "running", "soft_pause", "stale_market");
    paper.expect("flapping", Fail, "7 an hour, 0 min alternating");
}

#[test]
fn an_hour_is_any_hour_and_not_the_windows() {
    let paper = Paper::new();
    for minute in [20, 25, 30, 35, 40, 45, 50, 55] {
        let (from, to) = [("running", "soft_pause"), ("soft_pause", "running")][minute / 5 % 2];
        paper.change(&format!("09:{minute}"), from, to, "stale_market");
    }
    let found = paper.kpi_of("flapping", 2 * HOUR);
    assert_eq!((found.verdict, found.value.as_str()), (Fail, "8 an hour, 0 min alternating"));
    assert!(found.reason.ends_with("2026-03-01T09:20:00Z"), "{}", found.reason);
    paper.expect("flapping", Ok, "0 an hour, 0 min alternating");
}

#[test]
fn four_minutes_in_a_row_of_another_state_each_flap() {
    let paper = Paper::new();
    paper.sample(10, "soft_pause");
    paper.expect("flapping", Ok, "0 an hour, 3 min alternating");
    paper.sample(12, "soft_pause");
    paper.expect("flapping", Fail, "0 an hour, 5 min alternating");
    paper.sample(11, "soft_pause");
    paper.expect("flapping", Ok, "0 an hour, 2 min alternating");
}

#[test]
fn a_minute_that_is_missing_or_stopped_ends_an_alternation() {
    let paper = Paper::new();
    for minute in [10, 12, 14] {
        paper.sample(minute, "soft_pause");
    }
    paper.expect("flapping", Fail, "0 an hour, 7 min alternating");
    paper.sample(11, "hard_stop");
    paper.sample(13, "degraded");
    paper.expect("flapping", Fail, "0 an hour, 4 min alternating");
    paper.sql(&format!("DELETE FROM samples WHERE at_us = {}", super::at("10:13").us()));
    paper.expect("flapping", Ok, "0 an hour, 2 min alternating");
}

#[test]
fn a_stop_by_a_risk_limit_fails_and_another_is_named() {
    let paper = Paper::new();
    paper.expect("hard_stops", Ok, "0");
    paper.hold("config_changed", "hard_stop", "10:05", None);
    paper.change("10:05", "running", "hard_stop", "config_changed");
    paper.hold("turnover", "degraded", "10:06", None);
    paper.expect("hard_stops", Ok, "0");
    let reason = paper.kpi_of("hard_stops", HOUR).reason;
    assert_eq!(reason, "config_changed since 2026-03-01T10:05:00Z");
    // Under a stop that stands, the state does not change: the hold says it alone.
    paper.hold("daily_loss", "hard_stop", "10:20", Some("10:30"));
    paper.expect("hard_stops", Fail, "1");
    paper.hold("drawdown", "kill_switch", "10:21", None);
    paper.expect("hard_stops", Fail, "2");
}

#[test]
fn a_stop_that_stood_when_the_window_began_counts_and_one_that_had_ended_does_not() {
    let paper = Paper::new();
    paper.hold("turnover", "hard_stop", "08:00", Some("09:59"));
    paper.hold("turnover", "hard_stop", "11:00", None);
    paper.expect("hard_stops", Ok, "0");
    paper.hold("daily_loss", "hard_stop", "09:00", Some("10:00"));
    paper.expect("hard_stops", Fail, "1");
}

#[test]
fn a_transition_without_its_hold_counts_all_the_same() {
    let paper = Paper::new();
    paper.change("10:05", "soft_pause", "hard_stop", "cancel_failures");
    paper.expect("hard_stops", Fail, "1");
}
