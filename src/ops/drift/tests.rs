//! Reviews over ledgers made here, a minute a sample.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, params};

use super::checklist;
use super::comparison::Comparison;
use super::judge::Verdict::{self, Fail, Insufficient, NotApplicable, Pass, Warn};
use super::signal::SIGNALS;
use super::statistics::Stats;
use super::{DriftError, Wanted, compare, freeze, snapshot};
use crate::config::Settings;
use crate::domain::time::{HOUR_US, Timestamp};
use crate::durable::group_commit::Sink as _;
use crate::store::LEDGER;
use crate::store::drift::Baseline;
use crate::store::vitals::VitalsRow;
use crate::store::writer::{Batch, LedgerSink};

const MINUTE_US: i64 = HOUR_US / 60;
const VENUE: [&str; 8] = [
    "push_lag_p95",
    "push_lag_p99",
    "order_ack_p99",
    "order_failures",
    "order_rejects",
    "call_errors",
    "rate_limited",
    "reconnects",
];

/// The instant of a minute; the run is ready at minute 0.
fn minute(minute: i64) -> Timestamp {
    Timestamp::from_us(1_771_532_400_000_000 + minute * MINUTE_US)
}

/// A minute of an agent that is well; memory wavers a little.
fn well(at: i64) -> VitalsRow {
    let waver = u64::try_from((at * 7_919) % 1_000).unwrap();
    VitalsRow {
        at: minute(at),
        run: 1,
        interval_us: 60_000_000,
        rss_bytes: Some(30_000_000 + waver * 100),
        cpu_us: Some(150_000 + waver),
        threads: Some(7),
        descriptors: Some(21),
        ledger_bytes: Some(1_000_000),
        turns: Some(12_000),
        turn_p50_us: Some(40),
        turn_p95_us: Some(90),
        turn_p99_us: Some(200),
        market_events: Some(600),
        market_age_p95_us: Some(300_000),
        orders: Some(0),
        order_failures: Some(0),
        order_rejects: Some(0),
        errors: Some(0),
        logged_errors: Some(0),
        logged_warnings: Some(0),
        ledger_events: Some(10),
        transitions: Some(0),
        running_us: Some(60_000_000),
        ..VitalsRow::default()
    }
}

struct Stage {
    ledger: Connection,
}

impl Stage {
    fn new(mode: &str, market: &str) -> Self {
        let ledger = Connection::open_in_memory().unwrap();
        LEDGER.migrations.iter().for_each(|sql| ledger.execute_batch(sql).unwrap());
        ledger.execute("INSERT INTO meta VALUES ('mode', ?1)", [mode]).unwrap();
        let stage = Self { ledger };
        stage.run(1, market, 0);
        stage
    }

    fn run(&self, run: u32, market: &str, ready: i64) {
        let insert =
            "INSERT INTO runs (run, version, clock, market, config_hash, pid, started_at_us,
                        ready_at_us) VALUES (?1, '0.1.0', 'wall', ?2, ?3, 7, ?4, ?4)";
        let hash = Settings::defaults().hash();
        self.ledger.execute(insert, params![run, market, hash, minute(ready)]).unwrap();
    }

    /// Writes rows as the agent does: a batch for its writer.
    fn write(&mut self, vitals: Vec<VitalsRow>) {
        let transaction = self.ledger.transaction().unwrap();
        let batch = Arc::new(Batch { vitals, ..Batch::default() });
        LedgerSink::new(std::env::temp_dir(), 0).write(&transaction, &[batch]).unwrap();
        transaction.commit().unwrap();
    }

    /// Minutes of an agent that is well, but for what `change` makes of them.
    fn minutes(
        &mut self,
        minutes: std::ops::RangeInclusive<i64>,
        change: impl Fn(i64, &mut VitalsRow),
    ) {
        let row = |at| {
            let mut row = well(at);
            change(at, &mut row);
            row
        };
        self.write(minutes.map(row).collect());
    }

    fn freeze(&mut self, name: &str, until: i64) -> Result<Baseline, DriftError> {
        let (owner, rollback_until) = (None, Some(minute(100_000)));
        let (until_at, span, replace) = (minute(until), Duration::from_secs(3_600), false);
        let wanted = Wanted { name, until: until_at, span, replace, owner, rollback_until };
        freeze(&mut self.ledger, &wanted, (&Settings::defaults(), minute(until)))
    }

    fn compare(&self, now: i64) -> Comparison {
        compare(&self.ledger, None, minute(now)).unwrap()
    }

    /// A stage with a baseline at minute 100, and what comes after it, until minute 340.
    fn reviewed(mode: &str, market: &str, change: impl Fn(i64, &mut VitalsRow)) -> Self {
        let mut stage = Self::new(mode, market);
        stage.minutes(1..=100, |_, _| {});
        stage.freeze("t0", 100).unwrap();
        stage.minutes(101..=340, change);
        stage
    }
}

fn verdict(comparison: &Comparison, signal: &str) -> Verdict {
    comparison.finding(signal).unwrap().verdict
}

/// All signals but these have the verdict.
#[track_caller]
fn others(comparison: &Comparison, but: &[&str], expected: Verdict) {
    let text = comparison.to_text();
    for finding in &comparison.findings {
        let known = but.contains(&finding.signal)
            || VENUE.contains(&finding.signal)
            || finding.signal == "backup_duration";
        assert!(known || finding.verdict == expected, "{} in {text}", finding.signal);
    }
}

#[test]
fn an_agent_that_is_well_passes_and_paper_says_nothing_of_a_venue() {
    let comparison = Stage::reviewed("paper", "synthetic", |_, _| {}).compare(340);
    others(&comparison, &[], Pass);
    for signal in VENUE {
        assert_eq!(verdict(&comparison, signal), NotApplicable, "{signal}");
    }
    assert_eq!(verdict(&comparison, "backup_duration"), NotApplicable);
    let json = comparison.to_json();
    assert_eq!((&json["overall"], &json["exit_code"]), (&"PASS".into(), &0.into()));
    assert_eq!(
        (&json["window"]["samples"], &json["window"]["decides"]),
        (&240.into(), &false.into())
    );
    assert_eq!(json["baseline"]["signals"]["threads"]["median"], 7.0);
    assert_eq!(json["baseline"]["signals"]["rss"]["n"], 60, "the last hour");
}

#[test]
fn memory_that_grows_is_a_leak_by_its_slope_and_by_its_level() {
    // A megabyte a minute: 60 MB an hour, and 240 MB in all.
    let grow = |at: i64, row: &mut VitalsRow| {
        row.rss_bytes = row.rss_bytes.map(|rss| rss + u64::try_from(at - 100).unwrap() * 1_000_000);
    };
    let comparison = Stage::reviewed("paper", "synthetic", grow).compare(340);
    let rss = comparison.finding("rss").unwrap();
    let slope = rss.slope.unwrap();
    assert!((slope.per_hour - 60e6).abs() < 0.1e6, "{slope:?}");
    assert!(slope.low <= 60e6 && slope.high >= 60e6 && slope.high - slope.low < 1e6, "{slope:?}");
    assert_eq!(rss.verdict, Fail);
    others(&comparison, &["rss"], Pass);
    assert_eq!(comparison.overall().severity().exit_code(), 2);

    // A large agent that leaks 30 MB an hour is within its 5 %, and warned of for the rate alone.
    let large = |at: i64, row: &mut VitalsRow| {
        let leaked = u64::try_from((at - 100).max(0)).unwrap() * 500_000;
        row.rss_bytes = row.rss_bytes.map(|rss| rss + 20_000_000_000 + leaked);
    };
    let mut stage = Stage::new("paper", "synthetic");
    stage.minutes(1..=100, large);
    stage.freeze("t0", 100).unwrap();
    stage.minutes(101..=340, large);
    let rss = stage.compare(340).finding("rss").unwrap().clone();
    assert_eq!(rss.verdict, Warn, "{rss:?}");
    assert!(rss.why.contains("20.00 MB an hour"), "{}", rss.why);
}

#[test]
fn memory_that_jumped_once_and_stays_is_no_leak_but_a_higher_level() {
    for (jump, expected) in [(1_000_000, Pass), (2_000_000, Warn), (4_000_000, Fail)] {
        let higher = |_: i64, row: &mut VitalsRow| {
            row.rss_bytes = row.rss_bytes.map(|rss| rss + jump);
        };
        let comparison = Stage::reviewed("paper", "synthetic", higher).compare(340);
        assert_eq!(verdict(&comparison, "rss"), expected, "{}", comparison.to_text());
    }
}

#[test]
fn a_missing_hour_is_insufficient_and_nothing_passes_on_the_rest() {
    let mut stage = Stage::new("paper", "synthetic");
    stage.minutes(1..=100, |_, _| {});
    stage.freeze("t0", 100).unwrap();
    stage.minutes(101..=200, |_, _| {});
    stage.minutes(261..=340, |_, _| {});
    let comparison = stage.compare(340);
    assert_eq!(comparison.overall(), Insufficient);
    assert_eq!(comparison.finding("coverage").unwrap().why, "samples of 1.00 h are missing");
    // What the ledger itself knows it knows.
    others(&comparison, &["restarts", "notifications_given_up"], Insufficient);
    assert_eq!(verdict(&comparison, "restarts"), Pass);
    // An agent that is gone leaves a gap, too; and too little after a baseline is no evidence.
    let gone = Stage::reviewed("paper", "synthetic", |_, _| {});
    assert_eq!(gone.compare(400).overall(), Insufficient);
    assert_eq!(gone.compare(120).overall(), Insufficient);
    assert_eq!(gone.compare(100).overall(), Insufficient, "a while of no length");
}

#[test]
fn a_failure_on_thin_evidence_is_a_failure() {
    let mut stage = Stage::new("paper", "synthetic");
    stage.minutes(1..=100, |_, _| {});
    stage.freeze("t0", 100).unwrap();
    stage.minutes(200..=340, |_, row| row.threads = Some(70));
    let comparison = stage.compare(340);
    assert_eq!((verdict(&comparison, "threads"), comparison.overall()), (Fail, Fail));
    assert_eq!(verdict(&comparison, "coverage"), Insufficient);
}

#[test]
fn each_signal_has_its_budget() {
    let change = |signal: &str, row: &mut VitalsRow, at: i64| match signal {
        "cpu" => row.cpu_us = Some(600_000),
        "threads" => row.threads = Some(8),
        "descriptors" => row.descriptors = Some(23),
        "loop_p99" => row.turn_p99_us = Some(2_100),
        "mark_rate" => row.market_events = Some(400),
        "market_age_p95" => row.market_age_p95_us = Some(1_100_000),
        "logged_errors" => row.logged_errors = Some(u64::from(at == 150)),
        "logged_warnings" => row.logged_warnings = Some(1),
        "running_share" => row.running_us = Some(56_000_000),
        "state_changes" => row.transitions = Some(u64::from(at % 8 == 0)),
        other => panic!("{other}"),
    };
    for (signal, expected) in [
        ("cpu", Fail),
        ("threads", Fail),
        ("descriptors", Warn),
        ("loop_p99", Fail),
        ("mark_rate", Warn),
        ("market_age_p95", Fail),
        ("logged_errors", Fail),
        ("logged_warnings", Warn),
        ("running_share", Warn),
        ("state_changes", Warn),
    ] {
        let comparison =
            Stage::reviewed("paper", "synthetic", |at, row| change(signal, row, at)).compare(340);
        assert_eq!(verdict(&comparison, signal), expected, "{}", comparison.to_text());
        others(&comparison, &[signal], Pass);
    }
}

#[test]
fn a_restart_fails_the_review_and_its_warm_up_is_not_compared() {
    let mut stage = Stage::reviewed("paper", "synthetic", |_, _| {});
    stage.ledger.execute("UPDATE runs SET cause = 'watchdog' WHERE run = 1", []).unwrap();
    stage.run(2, "synthetic", 341);
    // A process that settles is larger for a while.
    let warm = |at: i64, row: &mut VitalsRow| {
        (row.run, row.threads) = (2, if at < 371 { Some(30) } else { Some(7) });
    };
    stage.minutes(342..=420, warm);
    let comparison = stage.compare(420);
    assert_eq!((verdict(&comparison, "restarts"), comparison.overall()), (Fail, Fail));
    assert_eq!(comparison.facts.starts, [(minute(341), "watchdog")]);
    others(&comparison, &["restarts"], Pass);
    let early = stage.compare(390);
    assert_eq!(verdict(&early, "threads"), Insufficient, "twenty minutes after the warm-up");
}

#[test]
fn live_mode_judges_the_venue_and_what_was_not_measured_is_insufficient() {
    let live = |_: i64, row: &mut VitalsRow| {
        (row.calls, row.call_errors, row.rate_limited) = (Some(100), Some(0), Some(0));
        (row.reconnects, row.orders) = (Some(0), Some(1));
        (row.lag_p95_us, row.lag_p99_us) = (Some(20_000), Some(40_000));
        row.ack_p99_us = Some(90_000);
    };
    let mut stage = Stage::new("live", "kucoin");
    stage.minutes(1..=100, live);
    stage.freeze("t0", 100).unwrap();
    stage.minutes(101..=340, |at, row| {
        live(at, row);
        (row.lag_p95_us, row.ack_p99_us) = (Some(101_000), Some(151_000));
        (row.call_errors, row.rate_limited) = (Some(21), Some(1));
        (row.order_rejects, row.reconnects) = (Some(u64::from(at % 10 == 0)), Some(1));
    });
    let comparison = stage.compare(340);
    for (signal, expected) in [
        ("push_lag_p95", Fail),
        ("push_lag_p99", Pass),
        ("order_ack_p99", Fail),
        ("order_failures", Pass),
        ("order_rejects", Warn),
        ("call_errors", Warn),
        ("rate_limited", Warn),
        ("reconnects", Warn),
    ] {
        assert_eq!(verdict(&comparison, signal), expected, "{}", comparison.to_text());
    }
    let blind = Stage::reviewed("live", "kucoin", |_, _| {}).compare(340);
    for signal in VENUE {
        assert_eq!(verdict(&blind, signal), Insufficient, "{signal}");
    }
    assert_eq!(blind.overall(), Insufficient);
}

#[test]
fn a_signal_that_is_seldom_needs_its_samples_in_a_baseline_too() {
    // An answer every fifth minute: twelve in an hour, and 48 since.
    let seldom = |at: i64, row: &mut VitalsRow| {
        row.ack_p99_us = (at % 5 == 0).then_some(90_000);
    };
    let mut stage = Stage::new("live", "kucoin");
    stage.minutes(1..=100, seldom);
    stage.freeze("t0", 100).unwrap();
    stage.minutes(101..=340, seldom);
    let found = stage.compare(340).finding("order_ack_p99").unwrap().clone();
    assert_eq!((found.verdict, found.current), (Insufficient, Some(0.09)));
    assert_eq!(found.why, "12 samples in the baseline, 30 needed");
    let span = Duration::from_secs(24 * 3_600);
    let (until, owner, rollback_until) = (minute(340), None, None);
    let wanted = Wanted { name: "t1", until, span, replace: false, owner, rollback_until };
    freeze(&mut stage.ledger, &wanted, (&Settings::defaults(), minute(340))).unwrap();
    stage.minutes(341..=640, seldom);
    assert_eq!(verdict(&stage.compare(640), "order_ack_p99"), Pass);
}

#[test]
fn a_replay_has_neither_a_fresh_market_nor_a_venue() {
    let comparison = Stage::reviewed("paper", "replay", |_, row| row.market_events = Some(0));
    let comparison = comparison.compare(340);
    for signal in ["mark_rate", "market_age_p95"].iter().chain(&VENUE) {
        assert_eq!(verdict(&comparison, signal), NotApplicable, "{signal}");
    }
    assert_eq!(comparison.overall(), Pass);
}

#[test]
fn by_a_clock_of_its_own_the_market_is_not_judged() {
    let stage = Stage::reviewed("paper", "synthetic", |_, row| row.market_age_p95_us = None);
    assert_eq!(stage.compare(340).overall(), Insufficient);
    stage.ledger.execute("UPDATE runs SET clock = 'virtual'", []).unwrap();
    let comparison = stage.compare(340);
    assert_eq!(verdict(&comparison, "market_age_p95"), NotApplicable);
    assert_eq!((comparison.overall(), &comparison.facts.stops), (Pass, &None));
}

#[test]
fn a_baseline_needs_half_an_hour_of_a_warm_run_without_a_gap() {
    let why = |stage: &mut Stage, until| match stage.freeze("t0", until) {
        Err(DriftError::Insufficient(why)) => why,
        other => panic!("{other:?}"),
    };
    let mut stage = Stage::new("paper", "synthetic");
    assert!(why(&mut stage, 10).contains("no samples"));
    stage.minutes(1..=59, |_, _| {});
    assert!(why(&mut stage, 29).contains("no sample of it since"));
    assert!(why(&mut stage, 59).contains("29 samples of 29 min; a baseline needs 30"));
    stage.minutes(60..=60, |_, _| {});
    let baseline = stage.freeze("t0", 60).unwrap();
    assert_eq!((baseline.frozen.from, baseline.frozen.to), (minute(30), minute(60)));
    assert_eq!((baseline.frozen.schema_version, baseline.frozen.profile.as_str()), (0, "dev"));
    assert!(
        matches!(stage.freeze("t0", 60), Err(DriftError::Refused(why)) if why.contains("--replace"))
    );
    // A run that is just begun is the newest.
    stage.run(2, "synthetic", 61);
    stage.minutes(62..=100, |_, row| row.run = 2);
    assert!(why(&mut stage, 100).contains("run 2 is warm since"));
    let mut gap = Stage::new("paper", "synthetic");
    gap.minutes(30..=60, |_, _| {});
    gap.minutes(70..=90, |_, _| {});
    assert!(why(&mut gap, 90).contains("samples cover"));
}

#[test]
fn a_snapshot_is_frozen_with_its_verdict_and_told_later() {
    let mut stage = Stage::reviewed("paper", "synthetic", |_, _| {});
    let taken = snapshot(&mut stage.ledger, Some("t0"), (&Settings::defaults(), minute(340)));
    let taken = taken.unwrap();
    let query = "SELECT verdict, comparison, run, profile, signals FROM drift_snapshots";
    let (verdict, json, run, profile, signals): (String, String, u32, String, String) = stage
        .ledger
        .query_row(query, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .unwrap();
    assert_eq!((verdict.as_str(), run, profile.as_str()), ("PASS", 1, "dev"));
    assert_eq!(json, taken.to_json().to_string());
    let signals: serde_json::Value = serde_json::from_str(&signals).unwrap();
    assert_eq!(signals["rss"]["n"], 240);
    stage.minutes(341..=400, |_, _| {});
    assert_eq!(stage.compare(400).snapshots, [(minute(340), "PASS".to_owned())]);
    let unknown = compare(&stage.ledger, Some("t1"), minute(400));
    assert!(matches!(unknown, Err(DriftError::Refused(why)) if why.contains("there are: t0")));
    let none = compare(&Stage::new("paper", "synthetic").ledger, Some("t1"), minute(1));
    assert!(matches!(none, Err(DriftError::Insufficient(_))));
}

#[test]
fn the_check_list_has_seven_sections_and_says_of_which_nothing_is_recorded() {
    let comparison = Stage::reviewed("paper", "synthetic", |_, _| {}).compare(340);
    let settings = Settings::defaults();
    let sections = checklist::sections(&comparison, &settings);
    let recorded: Vec<bool> = sections.iter().map(|section| section.recorded).collect();
    assert_eq!(recorded, [true, true, true, true, true, false, true], "no venue on paper");
    let page = checklist::render(&comparison, &sections);
    for (number, title) in (1..).zip([
        "Deployment context",
        "Drift summary",
        "Performance baseline",
        "Feature flags",
        "Telemetry and alerting",
        "Integration points",
        "Incident review",
    ]) {
        assert!(page.contains(&format!("\n## {number}. {title}\n")), "{page}");
    }
    let (_, integration) = page.split_once("## 6.").unwrap();
    assert!(integration.starts_with(" Integration points\n\nNothing is recorded.\n"), "{page}");
    for part in ["| rss | 30", "PASS", "| owner | - | - | - | not recorded |", "open |", "| same |"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Every signal is in some section.
    for signal in SIGNALS {
        assert!(page.contains(&format!("| {} |", signal.name)), "{}", signal.name);
    }
}

#[test]
fn the_figures_of_a_signal_are_those_of_its_samples() {
    let comparison = Stage::reviewed("paper", "synthetic", |_, _| {}).compare(340);
    let since = comparison.since.get("mark_rate").unwrap();
    let (mean, median, mad, p95, p99) = (10.0, 10.0, 0.0, 10.0, 10.0);
    assert_eq!(since, &Stats { n: 240, mean, median, mad, p95, p99 });
}
