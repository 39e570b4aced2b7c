//! Days as an agent lives them.

use std::fmt::Write as _;
use std::time::Duration;

use ibis::config::Settings;
use ibis::domain::time::Timestamp;
use ibis::ops::validate;
use ibis::store;

use super::{change, check, day, judged};
use crate::support::home::Home;

#[test]
fn a_quiet_day_passes() {
    let home = day();
    let found = judged(&home, "");
    assert_eq!(found["verdict"], "ok", "{found}");
    assert_eq!((&found["minutes"], &found["minutes_recorded"]), (&1440.into(), &1440.into()));
    assert_eq!(found["window"]["clock"], "virtual");
    assert_eq!(found["window"]["end"], "2026-01-02T00:01:00Z");
    assert_eq!(found["markets"][0], "synthetic");
    let kpis = found["kpis"].as_array().unwrap();
    assert_eq!(kpis.len(), 12);
    for kpi in kpis {
        let inventory = ["base_ratio", "tracking_error"].contains(&kpi["id"].as_str().unwrap());
        assert_eq!(kpi["verdict"], if inventory { "not_applicable" } else { "ok" }, "{kpi}");
    }
    assert_eq!(check(&found, "kpis", "fee_source")["value"], "project:fee_classes");
    let text = home.ibis("validate paper");
    assert!(text.stdout.ends_with("verdict: PASS\n"), "{text:?}");
    assert_eq!((text.code, text.stderr.as_str()), (Some(0), ""));
}

#[test]
fn acceptance_28_what_the_tests_judge_by_is_what_is_shipped() {
    let home = day();
    let found = judged(&home, "");
    let ledger = store::open_reader(&home.path("data")).unwrap();
    let limits = Settings::defaults().validate;
    let length = Duration::from_secs(24 * 3_600);
    let shipped = validate::run(&ledger, &limits, length, Timestamp::default()).unwrap();
    assert_eq!(shipped.report.to_json()["kpis"], found["kpis"]);
    assert_eq!(shipped.report.to_json()["checks"], found["checks"]);
    assert_eq!(found["verdict"], shipped.verdict.as_str());
}

#[test]
fn its_limits_are_the_configurations() {
    let home = day();
    for (key, value, id) in [
        ("running_min", "\"100%\"", None),
        ("turnover_max", "1", Some("turnover_day")),
        ("daily_loss_max", "\"0.1%\"", Some("daily_loss")),
        ("drawdown_max", "\"0.1%\"", Some("drawdown")),
    ] {
        home.write("limits.toml", format!("[validate]\n{key} = {value}\n"));
        let found = judged(&home, "--config limits.toml");
        let kpis = found["kpis"].as_array().unwrap();
        let failed: Vec<_> = kpis.iter().filter(|kpi| kpi["verdict"] == "fail").collect();
        let failed: Vec<_> = failed.iter().map(|kpi| kpi["id"].as_str().unwrap()).collect();
        assert_eq!(failed, Vec::from_iter(id), "{found}");
    }
}

#[test]
fn rates_typed_by_hand_fail_and_cancels_are_counted_as_they_were_sent() {
    let home = Home::new();
    home.write(
        "etc/ibis.toml",
        "[strategy]\nentry_price = \"bid\"\nentry_ttl = \"1s\"\nentry_soft_ttl = \"1s\"\n\
         [paper]\nfee_class_b = \"0%\"\n",
    );
    home.json("agent --speed max --seed 7 --max-runtime 182m");
    let found = judged(&home, "--window 3h");
    assert_eq!(found["verdict"], "fail");
    let fees = check(&found, "kpis", "fee_source");
    assert_eq!(fees["verdict"], "fail");
    assert_eq!(fees["value"], "manual:paper.fee_class_b");
    // Most in a minute: each of them is a cancel that the ledger has an event of.
    let cancels = "SELECT max(count) FROM (SELECT count(*) AS count FROM events
                   WHERE kind = 'order' AND payload LIKE '%\"pending_cancel\"%'
                   GROUP BY at_us / 60000000)";
    let most: i64 = home.ledger().query_row(cancels, [], |row| row.get(0)).unwrap();
    assert!(most > 0);
    let reason = check(&found, "kpis", "cancels_per_minute")["reason"].as_str().unwrap();
    assert!(reason.starts_with(&format!("most in a minute: {most} at ")), "{reason}");
}

#[test]
fn a_stop_by_a_risk_limit_fails_until_it_is_out_of_the_window() {
    let home = Home::new();
    home.write(
        "etc/ibis.toml",
        "[guards]\ndaily_loss_degraded = \"0%\"\ndaily_loss_stop = \"0.1%\"\n",
    );
    home.json("agent --speed max --seed 7 --max-runtime 6h");
    let found = judged(&home, "--window 5h");
    assert_eq!(found["verdict"], "fail");
    let stops = check(&found, "kpis", "hard_stops");
    assert_eq!((&stops["verdict"], &stops["value"]), (&"fail".into(), &"1".into()), "{found}");
    assert!(stops["reason"].as_str().unwrap().starts_with("daily_loss since 2026-01-01T"));
    // It stands still, whenever it was set.
    let last = judged(&home, "--window 1h");
    assert_eq!(check(&last, "kpis", "hard_stops")["verdict"], "fail");
    assert_eq!(check(&last, "kpis", "running_share")["value"], "0.00 %");
    assert_eq!(check(&last, "kpis", "fills")["verdict"], "fail");
}

#[test]
fn a_failed_validation_is_an_alert_until_one_passes() {
    let home = day();
    home.write("limits.toml", "[validate]\nturnover_max = 1\n");
    let fires = |words: &str| {
        judged(&home, words);
        home.json("alerts deliver");
        let outbox = home.json("alerts outbox");
        outbox.to_string().contains("job/validate-paper")
    };
    assert!(!fires(""));
    assert!(fires("--config limits.toml"));
    // Every other minute of the first sixteen hours.
    let gone = "DELETE FROM samples WHERE at_us % 120000000 = 0 AND at_us < 1767283200000000";
    assert_eq!(change(&home, gone), 479);
    assert!(fires(""), "what cannot be judged ends nothing");
    assert_eq!(judged(&home, "")["verdict"], "insufficient");
    assert!(!fires("--window 7h"));
}

/// Candles of an invented pair, up and down again every forty minutes, with a hole of so many minutes.
fn candles(minutes: i64, hole: std::ops::Range<i64>) -> String {
    let mut rows = "ts_ms,open,high,low,close,volume\n".to_owned();
    for minute in (0..minutes).filter(|minute| !hole.contains(minute)) {
        let price = |minute: i64| 10_000 + (20 - (minute % 40 - 20).abs()) * 5;
        let (open, close) = (price(minute), price(minute + 1));
        let (high, low) = (open.max(close) + 1, open.min(close) - 1);
        let ts_ms = 1_600_000_020_000 + minute * 60_000;
        writeln!(rows, "{ts_ms},{open},{high},{low},{close},1000").unwrap();
    }
    rows
}

#[test]
fn a_market_that_said_nothing_for_hours_is_no_pass() {
    for (hole, verdict) in [(0..0, "ok"), (600..720, "insufficient"), (300..1_000, "fail")] {
        let home = Home::new();
        home.write("one_ABC-USDT.csv", candles(1_450, hole.clone()));
        home.json("agent --replay one_ABC-USDT.csv");
        home.write(
            "limits.toml",
            "[validate]\nturnover_max = 100\ndaily_loss_max = \"50%\"\n\
            drawdown_max = \"50%\"\n",
        );
        let found = judged(&home, "--config limits.toml");
        assert_eq!(found["verdict"], verdict, "{hole:?}: {found}");
        let coverage = check(&found, "checks", "coverage");
        let expected = if hole.is_empty() { "OK" } else { "INSUFFICIENT" };
        assert_eq!(coverage["severity"], expected, "{hole:?}: {found}");
    }
}
