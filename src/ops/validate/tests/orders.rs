//! Canceled, refused, filled, and at which rates.

use super::{HOUR, Paper, at};
use crate::config::Settings;
use crate::ops::validate::kpi::Verdict::{Fail, Insufficient, Ok};
use crate::ops::validate::{Evidence, judge};

/// So many cancels in a minute.
fn cancel(paper: &Paper, when: &str, count: i64) {
    let at_us = at(when).us();
    paper.sql(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO events (at_us, kind, ref, payload, hash)
         SELECT {at_us} + i * 1000000, 'order', 'o', '{{\"status\":\"pending_cancel\"}}', zeroblob(32) FROM n"
    ));
}

#[test]
fn minutes_without_a_cancel_count_and_more_than_95_percent_have_to_be_below_50() {
    let paper = Paper::new();
    paper.expect("cancels_per_minute", Ok, "100.00 %");
    cancel(&paper, "09:58", 55);
    cancel(&paper, "10:10", 50);
    cancel(&paper, "10:20", 50);
    cancel(&paper, "10:30", 49);
    paper.expect("cancels_per_minute", Ok, "96.67 %");
    let reason = paper.kpi_of("cancels_per_minute", HOUR).reason;
    assert_eq!(reason, "most in a minute: 50 at 2026-03-01T10:20:00Z");
    cancel(&paper, "10:59", 50);
    paper.expect("cancels_per_minute", Fail, "95.00 %");
}

#[test]
fn only_a_cancel_that_is_sent_counts_and_each_in_its_own_minute() {
    let paper = Paper::new();
    cancel(&paper, "10:10", 25);
    paper.sql("UPDATE events SET payload = '{\"status\":\"canceled\"}'");
    cancel(&paper, "10:10:35", 49);
    let cancels = paper.evidence(HOUR).cancels;
    let counts: Vec<_> = cancels.into_iter().collect();
    assert_eq!(counts, [(at("10:10"), 24), (at("10:11"), 25)]);
}

#[test]
fn orders_of_the_first_half_hour_are_warm_up() {
    let paper = Paper::new();
    paper.order("r1", "10:29:59", "rejected", "0");
    paper.order("r2", "11:00", "rejected", "0");
    paper.expect("rejects", Ok, "0 of 2");
    paper.order("r3", "10:30", "rejected", "0");
    paper.expect("rejects", Fail, "1 of 3");
    paper.sql("DELETE FROM orders; DELETE FROM intents;");
    paper.order("r4", "10:31", "created", "0");
    paper.expect("rejects", Insufficient, "0 of 0");
}

#[test]
fn half_a_percent_may_be_refused_and_never_more_than_five() {
    let paper = Paper::new();
    for order in 0..197 {
        paper.order(&format!("n{order}"), "10:50", "canceled", "0");
    }
    paper.order("r", "10:50", "rejected", "0");
    paper.expect("rejects", Ok, "1 of 200");
    paper.sql("DELETE FROM orders WHERE client_order_id = 'n0'");
    paper.expect("rejects", Fail, "1 of 199");
    let mut evidence = paper.evidence(HOUR);
    let limits = Settings::defaults().validate;
    for (rejected, verdict) in [(5, Ok), (6, Fail)] {
        evidence.orders.sent = 10_000;
        evidence.orders.rejected = rejected;
        let found = judge::kpis(&evidence, &limits);
        let found = found.iter().find(|kpi| kpi.id == "rejects").unwrap();
        assert_eq!(found.verdict, verdict, "{rejected}");
    }
}

#[test]
fn nothing_traded_fails() {
    let paper = Paper::new();
    paper.expect("fills", Ok, "2");
    paper.sql("DELETE FROM fills; DELETE FROM orders; DELETE FROM intents;");
    paper.expect("fills", Fail, "0");
}

#[test]
fn a_fill_that_is_gone_leaves_its_number_and_its_order() {
    let paper = Paper::new();
    paper.fill(3, "o1", "10:50", "1");
    paper.fill(4, "o1", "11:00:20", "1");
    paper.sql("UPDATE orders SET filled = '12', notional = '120' WHERE client_order_id = 'o1'");
    paper.expect("fills", Ok, "3");
    paper.sql("DELETE FROM fills WHERE fill = 2");
    paper.expect("fills", Fail, "2");
    let reason = paper.kpi_of("fills", HOUR).reason;
    let expected = "1 fills are gone; 1 orders are not the sum of their fills, such as o2";
    assert_eq!(reason, expected);
}

#[test]
fn an_order_says_what_its_fills_add_up_to_in_quantity_and_in_money() {
    let paper = Paper::new();
    paper.sql("UPDATE orders SET notional = '100.5' WHERE client_order_id = 'o2'");
    paper.expect("fills", Fail, "2");
    paper.sql("UPDATE orders SET notional = '100', filled = '9' WHERE client_order_id = 'o2'");
    paper.expect("fills", Fail, "2");
    paper.sql("UPDATE orders SET filled = '10' WHERE client_order_id = 'o2'");
    paper.expect("fills", Ok, "2");
    paper.sql("DELETE FROM orders WHERE client_order_id = 'o2'");
    paper.expect("fills", Fail, "2");
}

#[test]
fn a_fill_of_an_order_that_was_never_decided_fails_and_of_an_older_one_is_fine() {
    let paper = Paper::new();
    paper.order("old", "09:50", "filled", "2");
    paper.fill(3, "old", "09:55", "1");
    paper.fill(4, "old", "10:50", "1");
    // Numbers go with the time.
    paper.sql("UPDATE fills SET fill = fill + 10; UPDATE fills SET fill = 10 WHERE fill = 13;");
    paper.sql("UPDATE fills SET fill = 13 WHERE fill = 14");
    paper.expect("fills", Ok, "3");
    paper.fill(14, "stranger", "10:51", "1");
    paper.expect("fills", Fail, "4");
}

#[test]
fn more_fills_than_can_be_compared_are_no_evidence() {
    let paper = Paper::new();
    let mut evidence = paper.evidence(HOUR);
    evidence.fills.differing = None;
    let limits = Settings::defaults().validate;
    let found = |evidence: &Evidence| {
        let kpis = judge::kpis(evidence, &limits);
        kpis.into_iter().find(|kpi| kpi.id == "fills").unwrap().verdict
    };
    assert_eq!(found(&evidence), Insufficient);
    evidence.fills.numbers_missing = 1;
    assert_eq!(found(&evidence), Fail);
}

#[test]
fn each_minute_has_the_rates_of_its_own_run() {
    let paper = Paper::new();
    paper.expect("fee_source", Ok, "project:fee_classes");
    paper.run(2, "10:30:10", "'api:kucoin:trade-fees'");
    paper.expect("fee_source", Ok, "api:kucoin:trade-fees, project:fee_classes");
    paper.run(3, "10:59", "'manual:paper.fee_class_a'");
    paper.expect(
        "fee_source",
        Fail,
        "api:kucoin:trade-fees, manual:paper.fee_class_a, project:fee_classes",
    );
    let reason = paper.kpi_of("fee_source", HOUR).reason;
    assert_eq!(reason, "1 minutes with rates that are not the venue's");
    // What begins after the window, or ended before it, is of another time.
    paper.sql("DELETE FROM runs WHERE run = 3");
    paper.run(4, "11:00", "'manual:paper.fee_class_a'");
    paper.sql("UPDATE runs SET fee_source = 'guess' WHERE run = 1");
    paper.expect("fee_source", Fail, "api:kucoin:trade-fees, guess");
}

#[test]
fn a_run_that_did_not_say_where_its_rates_came_from_is_no_evidence() {
    let paper = Paper::new();
    paper.sql("UPDATE runs SET fee_source = NULL");
    paper.expect("fee_source", Insufficient, "unknown");
    paper.sql("UPDATE runs SET fee_source = 'project:fee_classes', stamp = NULL");
    paper.expect("fee_source", Ok, "project:fee_classes");
    paper.sql("DELETE FROM runs");
    paper.expect("fee_source", Insufficient, "unknown");
    paper.sql("DELETE FROM samples");
    paper.expect("fee_source", Insufficient, "-");
}
