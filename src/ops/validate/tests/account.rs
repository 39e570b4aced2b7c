//! Turned over, lost since midnight, fallen from the peak.

use super::{HOUR, Paper, at};
use crate::ops::validate::kpi::Verdict::{Fail, Insufficient, Ok};

#[test]
fn a_day_counts_from_midnight_and_three_times_its_equity_are_allowed() {
    let paper = Paper::new();
    paper.expect("turnover_day", Ok, "0.20");
    paper.fill(3, "o1", "00:00", "280");
    paper.fill(4, "o1", "11:00", "1000");
    paper.expect("turnover_day", Ok, "3.00");
    paper.fill(5, "o1", "10:59:59", "0.1");
    paper.expect("turnover_day", Fail, "3.00");
}

#[test]
fn each_day_of_a_window_is_measured_by_itself() {
    let paper = Paper::new();
    let before = at("00:00").us() - 1;
    paper.fill(3, "o1", "00:01", "250");
    paper.fill(4, "o1", "00:01", "400");
    paper.sql(&format!("UPDATE fills SET at_us = {before} WHERE fill = 4"));
    paper.expect("turnover_day", Ok, "2.70");
    let found = paper.kpi_of("turnover_day", 12 * HOUR);
    assert_eq!((found.verdict, found.value.as_str()), (Insufficient, "2.70"));
    assert_eq!(found.reason, "the equity at the beginning of 2026-02-28 is not on record");
    let yesterday = at("00:00").us() - 86_400_000_000;
    paper.sql(&format!("INSERT INTO day_ledger VALUES ({yesterday}, '1600', '1600', '0', 0)"));
    let found = paper.kpi_of("turnover_day", 12 * HOUR);
    assert_eq!((found.verdict, found.value.as_str()), (Ok, "2.70"));
    paper.sql(&format!("UPDATE day_ledger SET equity_open = '1000' WHERE day_us = {yesterday}"));
    let found = paper.kpi_of("turnover_day", 12 * HOUR);
    assert_eq!((found.verdict, found.value.as_str()), (Fail, "4.00"));
    assert_eq!(found.reason, "most on 2026-02-28");
}

#[test]
fn a_loss_counts_at_its_deepest_minute_against_what_the_day_opened_with() {
    let paper = Paper::new();
    paper.expect("daily_loss", Ok, "0.00 %");
    paper.equity("10:20", "985.01");
    paper.expect("daily_loss", Ok, "1.50 %");
    paper.equity("10:21", "985");
    paper.expect("daily_loss", Fail, "1.50 %");
    let reason = paper.kpi_of("daily_loss", HOUR).reason;
    assert_eq!(reason, "equity 985.00 at 2026-03-01T10:21:00Z, opened the day with 1000.00");
    paper.sql("UPDATE day_ledger SET equity_open = '900'");
    paper.expect("daily_loss", Ok, "0.00 %");
}

#[test]
fn without_an_opening_equity_neither_loss_nor_turnover_is_known() {
    for change in ["DELETE FROM day_ledger", "UPDATE day_ledger SET equity_open = '0'"] {
        let paper = Paper::new();
        paper.sql(change);
        paper.expect("daily_loss", Insufficient, "-");
        paper.expect("turnover_day", Insufficient, "-");
    }
}

#[test]
fn a_fall_counts_from_the_windows_own_peak() {
    let paper = Paper::new();
    paper.expect("drawdown", Ok, "0.00 %");
    paper.equity("09:59", "9000");
    paper.equity("10:11", "975.01");
    paper.expect("drawdown", Ok, "2.50 %");
    paper.equity("10:12", "975");
    paper.expect("drawdown", Fail, "2.50 %");
    let reason = paper.kpi_of("drawdown", HOUR).reason;
    assert_eq!(reason, "fell by 25.00 from a peak of 1000.00");
    // A fall is from a peak before it, not after.
    paper.equity("10:12", "1000");
    paper.equity("10:58", "1010");
    paper.equity("10:59", "1020");
    paper.expect("drawdown", Ok, "2.50 %");
    paper.equity("10:10", "1005");
    paper.expect("drawdown", Fail, "2.98 %");
}

#[test]
fn a_sample_without_all_prices_is_no_loss_and_too_many_of_them_are_no_evidence() {
    let paper = Paper::new();
    paper.equity("10:10", "500");
    paper.sql("UPDATE samples SET complete = 0 WHERE equity = '500'");
    paper.expect("daily_loss", Ok, "0.00 %");
    paper.expect("drawdown", Ok, "0.00 %");
    paper.sql(&format!("UPDATE samples SET complete = 0 WHERE at_us < {}", at("10:04").us()));
    paper.expect("daily_loss", Insufficient, "0.00 %");
    paper.expect("drawdown", Insufficient, "0.00 %");
    paper.equity("10:30", "900");
    paper.expect("daily_loss", Fail, "10.00 %");
    paper.expect("drawdown", Fail, "10.00 %");
    paper.sql("UPDATE samples SET complete = 0");
    paper.expect("daily_loss", Insufficient, "-");
    paper.expect("drawdown", Insufficient, "-");
}

#[test]
fn what_came_without_a_trade_hides_a_loss() {
    let paper = Paper::new();
    let transfer = |when: &str| {
        let at_us = at(when).us();
        paper.sql(&format!(
            "INSERT INTO transfers (asset, amount, kind, reason, at_us)
             VALUES ('USDT', '500', 'deposit', '', {at_us})"
        ));
    };
    transfer("09:30");
    transfer("10:00");
    paper.expect("daily_loss", Ok, "0.00 %");
    transfer("10:30");
    paper.expect("daily_loss", Insufficient, "0.00 %");
    paper.expect("drawdown", Insufficient, "0.00 %");
    transfer("11:00");
    let reason = paper.kpi_of("drawdown", HOUR).reason;
    assert!(reason.contains("2026-03-01T10:30:00Z"), "{reason}");
    paper.equity("10:40", "900");
    paper.expect("daily_loss", Fail, "10.00 %");
}

#[test]
fn a_day_measured_anew_after_a_stop_says_too_little() {
    let paper = Paper::new();
    paper.hold("operator", "hard_stop", "10:05", Some("10:10"));
    paper.expect("daily_loss", Insufficient, "0.00 %");
    paper.expect("turnover_day", Insufficient, "0.20");
    paper.expect("drawdown", Ok, "0.00 %");
    paper.equity("10:40", "900");
    paper.expect("daily_loss", Fail, "10.00 %");
}
