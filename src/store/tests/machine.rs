//! Runs of the agent and of jobs, deliveries, and what leaves with age.

use super::*;
use crate::domain::time::HOUR_US;
use crate::store::drift::{self, JobFacts, RunFacts};
use crate::store::kpi;
use crate::store::notification;
use crate::store::retention::{self, FreeSpace};
use crate::store::run::{self, NewRun, Progress, Run, RunEnd, RunUpdate, Unexplained};
use crate::store::run_cause::RunCause;

/// A start at a second, stamped with it.
fn begin(ledger: &mut Connection, second: i64) -> Run {
    let new = NewRun {
        mode: "paper",
        instance: "ibis",
        clock: "wall",
        market: "synthetic",
        config_hash: "abc",
        fee_source: "manual:flag",
        started_at: at(second),
    };
    run::begin(ledger, &new, u64::try_from(second).unwrap()).unwrap()
}

/// Says something of a run.
fn update(ledger: &mut Scratch, update: RunUpdate) {
    ledger.write(vec![Batch { run: Some(update), ..Batch::default() }]).unwrap();
}

fn nothing_of(run: u32) -> RunUpdate {
    RunUpdate { run, ready_at: None, progress: None, ended: None }
}

#[test]
fn a_run_is_what_it_said_last_and_restarts_have_causes() {
    let mut ledger = write("runs", Vec::new());
    assert_eq!(drift::run(&ledger, 1).unwrap(), None);
    assert_eq!(run::newest_config_hash(&ledger).unwrap(), None);
    assert_eq!(begin(&mut ledger, 10).number, 1);
    let mut facts = RunFacts {
        run: 1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        market: "synthetic".to_owned(),
        config_hash: "abc".to_owned(),
        ready_at: None,
        is_wall: true,
    };
    assert_eq!(drift::run(&ledger, 1).unwrap(), Some(facts.clone()));
    update(&mut ledger, RunUpdate { ready_at: Some(at(11)), ..nothing_of(1) });
    let progress = Progress { wall_at: at(12), engine_at: at(112), data_at: at(111) };
    update(&mut ledger, RunUpdate { progress: Some(progress), ..nothing_of(1) });
    facts.ready_at = Some(at(11));
    assert_eq!(
        drift::run(&ledger, 1).unwrap(),
        Some(facts.clone()),
        "nothing unsays what was said"
    );
    ledger.execute("UPDATE runs SET clock = 'virtual'", []).unwrap();
    assert_eq!(drift::run(&ledger, 1).unwrap(), Some(RunFacts { is_wall: false, ..facts }));

    assert_eq!(begin(&mut ledger, 20).number, 2);
    let ended = RunEnd { at: at(29), cause: RunCause::Operator, words: "SIGTERM".to_owned() };
    update(&mut ledger, RunUpdate { ended: Some(ended), ..nothing_of(2) });
    assert_eq!(begin(&mut ledger, 30).number, 3);
    let restarts = |since| drift::restarts(&ledger, since).unwrap();
    let (first, second) = ((at(20), Some(RunCause::Crash)), (at(30), Some(RunCause::Operator)));
    assert_eq!(restarts(1), (2, vec![first, second]));
    assert_eq!(restarts(2), (1, vec![second]));
    assert_eq!(restarts(0), (3, vec![(at(10), None), first, second]));
    assert_eq!(run::newest_config_hash(&ledger).unwrap().as_deref(), Some("abc"));
    let (mode, version) = drift::identity(&ledger).unwrap();
    assert_eq!((mode.as_str(), version as usize), ("paper", LEDGER.migrations.len()));
    ledger.execute("DELETE FROM meta WHERE key = 'mode'", []).unwrap();
    assert_eq!(drift::identity(&ledger).unwrap().0, "unknown");
}

#[test]
fn the_engines_clock_is_the_newest_that_anybody_told() {
    let mut ledger = write("clocks", Vec::new());
    let first = begin(&mut ledger, 5);
    assert_eq!((first.number, first.last_engine_at, first.unclean_cause), (1, None, None));
    assert_eq!(first.stamp(at(0)), 1);
    let progress = Progress { wall_at: at(12), engine_at: at(112), data_at: at(111) };
    update(&mut ledger, RunUpdate { progress: Some(progress), ..nothing_of(1) });
    let told = run::explain(&mut ledger, Unexplained::Newest, RunCause::Watchdog).unwrap();
    assert_eq!(told, Some(1));
    let second = begin(&mut ledger, 6);
    assert_eq!(second.last_engine_at, Some(at(112)));
    assert_eq!((second.unclean_streak, second.unclean_cause), (1, Some(RunCause::Watchdog)));
    assert_eq!(second.stamp(at(0)), 6, "after the last");
    let third = begin(&mut ledger, 7);
    assert_eq!(third.last_engine_at, Some(at(112)), "the second died before it had one");
    assert_eq!((third.unclean_streak, third.unclean_cause), (2, None), "nobody said");
    let ended = RunEnd { at: at(9), cause: RunCause::Finished, words: "over".to_owned() };
    update(&mut ledger, RunUpdate { ended: Some(ended), ..nothing_of(3) });
    let told = run::explain(&mut ledger, Unexplained::Newest, RunCause::Oom).unwrap();
    assert_eq!(told, None, "it said itself how it ended");
    let fourth = begin(&mut ledger, 8);
    assert_eq!((fourth.unclean_streak, fourth.unclean_cause), (0, None));
}

#[test]
fn a_later_word_of_a_run_adds_to_the_earlier_ones() {
    let progress = |second| Progress { wall_at: at(second), engine_at: at(1), data_at: at(1) };
    let end = |second| RunEnd { at: at(second), cause: RunCause::Error, words: String::new() };
    let told = |second| RunUpdate {
        run: 7,
        ready_at: Some(at(second)),
        progress: Some(progress(second)),
        ended: Some(end(second)),
    };
    let of = |update: RunUpdate| {
        let progress = update.progress.map(|progress| progress.wall_at);
        (update.run, update.ready_at, progress, update.ended.map(|end| end.at))
    };
    let at_ = |second| Some(at(second));
    assert_eq!(of(told(1).then(told(2))), (7, at_(2), at_(2), at_(2)));
    assert_eq!(of(told(1).then(nothing_of(7))), (7, at_(1), at_(1), at_(1)));
    assert_eq!(of(nothing_of(7).then(told(2))), (7, at_(2), at_(2), at_(2)));
}

#[test]
fn deliveries_jobs_and_stops_of_a_while() {
    let change = |second, to| {
        let code = HoldCode::DailyLoss;
        fact(second, Record::Transition(TransitionRecord { from: Level::Running, to, code }))
    };
    let entries = vec![
        change(9, Level::HardStop),
        change(10, Level::HardStop),
        change(11, Level::SoftPause),
        change(20, Level::KillSwitch),
        change(21, Level::HardStop),
    ];
    let ledger = write("deliveries", entries);
    let stop = |second, to: &str| (at(second), to.to_owned(), "daily_loss".to_owned());
    let stops = drift::stops(&ledger, at(9), at(20)).unwrap();
    assert_eq!(stops, [stop(20, "kill_switch"), stop(10, "hard_stop")]);

    let add = "INSERT INTO notifications
                 SELECT value, 'k', 's', 'note', 't', 'b', '{}', 1, NULL, 1, 1
                 FROM json_each('[1, 2, 3, 4]');
               INSERT INTO notification_deliveries
                 SELECT value ->> 0, value ->> 1, value ->> 2, 1, 1, 1, value ->> 3, NULL
                 FROM json_each('[[\"a\", 1, \"delivered\", 9], [\"a\", 2, \"delivered\", 10],
                   [\"b\", 1, \"dead\", 20], [\"b\", 2, \"delivered\", 20], [\"c\", 1, \"dead\", 21],
                   [\"a\", 3, \"pending\", null], [\"b\", 3, \"pending\", null],
                   [\"b\", 4, \"pending\", null]]');
               UPDATE notification_deliveries SET settled_at_us = settled_at_us * 1000000;
               INSERT INTO job_runs (job, started_at_us, ended_at_us, severity, exit_code, report)
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 0, '{}'
                 FROM json_each('[[\"kpi\", 1000000, 9000000, \"OK\"], [\"kpi\", 9000000, 9000010, \"OK\"],
                   [\"kpi\", 9000000, 20000000, \"CRITICAL\"], [\"audit\", 19999993, 20000000, \"WARNING\"],
                   [\"audit\", 1, 20000001, \"OK\"]]');";
    ledger.execute_batch(add).unwrap();
    assert_eq!(drift::deliveries(&ledger, at(9), at(20)).unwrap(), (2, 1));
    assert_eq!(notification::pending(&ledger).unwrap(), 2, "alerts, not their channels");
    let job = |job: &str, runs, critical, took_us| JobFacts {
        job: job.to_owned(),
        runs,
        critical,
        took_us,
    };
    let jobs = drift::jobs(&ledger, at(9), at(20)).unwrap();
    assert_eq!(jobs, [job("audit", 1, 0, 7), job("kpi", 2, 1, 11_000_010)]);

    let old = |before: i64| {
        let before = Timestamp::from_us(before);
        let counted = retention::old_job_runs(&ledger, before).unwrap();
        ledger.execute_batch("SAVEPOINT whole").unwrap();
        let deleted = retention::delete_job_runs(&ledger, before).unwrap();
        let left = "SELECT count(*) FROM job_runs";
        let left: i64 = ledger.query_row(left, [], |row| row.get(0)).unwrap();
        ledger.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
        (counted, deleted, left)
    };
    assert_eq!(old(9_000_010), (1, 1, 4));
    assert_eq!(old(i64::MAX), (3, 3, 2), "the newest of each job stay");
    assert_eq!(old(0), (0, 0, 5));
}

#[test]
fn a_day_of_samples_goes_once_each_of_its_hours_is_reported() {
    let ledger = write("retention", Vec::new());
    let hour = |number: i64| Timestamp::from_us(number * HOUR_US);
    let covered = |before| retention::covered_days(&ledger, hour(before)).unwrap();
    assert_eq!(covered(1_000), []);
    let rows = "WITH RECURSIVE minute (at) AS
                  (SELECT ?1 UNION ALL SELECT at + 60000000 FROM minute WHERE at + 60000000 < ?2)
                INSERT INTO samples SELECT at, '1', '2', '3', '4', '-5', 6, 7, 8, 'running', 1 FROM minute";
    ledger.execute(rows, [hour(25).us(), hour(73).us()]).unwrap();
    let report = |number| kpi::put(&ledger, hour(number), "{}", hour(number)).unwrap();
    assert_eq!(covered(96), []);
    (25..48).for_each(report);
    assert_eq!(covered(96), [hour(24)], "an hour without samples needs no report");
    assert_eq!((covered(48), covered(47)), (vec![hour(24)], Vec::new()));
    (48..71).for_each(report);
    assert_eq!(covered(96), [hour(24)], "one hour is missing");
    report(71);
    assert_eq!(covered(96), [hour(24), hour(48)], "the third has an hour without one");
    report(72);
    assert_eq!(covered(96), [24, 48, 72].map(hour));

    let count = || {
        let query = "SELECT count(*), min(at_us), max(at_us) FROM samples";
        ledger
            .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .map(|(count, min, max): (i64, i64, i64)| (count, min, max))
            .unwrap()
    };
    assert_eq!(retention::delete_samples(&ledger, hour(48)).unwrap(), 24 * 60);
    let minute = HOUR_US / 60;
    assert_eq!(count(), (24 * 60, hour(25).us(), hour(73).us() - minute));
    assert_eq!(retention::delete_samples(&ledger, hour(72)).unwrap(), 60);
    assert_eq!(count(), (23 * 60, hour(25).us(), hour(48).us() - minute));
}

#[test]
fn an_archive_of_samples_is_a_table_with_names() {
    let sample = |is_complete| SampleRow { is_complete, ..sample_row(60) };
    let header = "at,equity,cash_available,exposure,unrealized,positions,open_buy_orders,\
                  open_sell_orders,complete\n";
    let line = "1970-01-01T00:01:00Z,10000.5,9800,100,-1,2,3,4";
    let csv = retention::samples_csv(&[sample(true), sample(false)]);
    assert_eq!(csv, format!("{header}{line},1\n{line},0\n"));
    assert_eq!(retention::samples_csv(&[]), header);
}

#[test]
fn free_pages_are_counted_and_given_back() {
    let ledger = write("space", Vec::new());
    let page = 4_096;
    let before = retention::free_space(&ledger).unwrap();
    assert_eq!((before.free, before.total % page), (0, 0));
    let fill = "WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < 100)
                INSERT INTO kpi_hourly SELECT n, hex(zeroblob(2000)), 1 FROM row";
    ledger.execute(fill, []).unwrap();
    ledger.execute("DELETE FROM kpi_hourly", []).unwrap();
    let emptied = retention::free_space(&ledger).unwrap();
    assert!(emptied.free >= 90 * page && emptied.free < emptied.total, "{emptied:?}");
    let wal = ledger.path().map(|path| format!("{path}-wal")).unwrap();
    let length = || std::fs::metadata(&wal).unwrap().len();
    assert!(length() > 0);
    retention::truncate_wal(&ledger).unwrap();
    assert_eq!((length(), retention::free_space(&ledger).unwrap()), (0, emptied));
    retention::vacuum(&ledger).unwrap();
    let FreeSpace { total, free } = retention::free_space(&ledger).unwrap();
    assert_eq!((free, length()), (0, 0));
    assert!(total <= before.total, "{total}");
}
