//! `ibis drift`: what a real agent measures of itself, and what its review says of it.
//!
//! A test does not wait for hours: those before it are written into the ledger in the shape of the rows that
//! the agent wrote itself.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use ibis::domain::time::Timestamp;
use rusqlite::params;
use serde_json::Value;

use crate::support::home::{Ended, Home, Running};

/// Bytes that the neighbour of the agent takes.
const HOG_BYTES: usize = 200_000_000;
/// A row a second, as far as that key goes; nothing else that a machine under test might disturb.
const CONFIGURATION: &str = "[http]\nenabled = false\n[drift]\nsample_interval = \"1s\"\n";
/// Minutes of the past that are written.
const PAST: i64 = 200;
/// Of those, the minutes after the baseline.
const SINCE: i64 = 61;
const MINUTE_US: i64 = 60_000_000;

struct Stage {
    home: Home,
    agent: Running,
}

impl Stage {
    /// An agent that wrote a few rows of its own.
    fn start() -> Self {
        let home = Home::new();
        home.write("ibis.toml", CONFIGURATION);
        let mut agent = home.start("agent --config ibis.toml", &[]);
        agent.line("ready: run 1");
        home.until("SELECT count(*) FROM vitals", 3);
        Self { home, agent }
    }

    /// Writes hours that were like the newest row; the agent is ready since before them.
    fn with_past(self) -> Self {
        let ledger = self.home.ledger();
        ledger
            .execute(
                "WITH RECURSIVE back (minute) AS
                   (SELECT 1 UNION ALL SELECT minute + 1 FROM back WHERE minute < ?1)
                 INSERT INTO vitals
                 SELECT at_us - minute * ?2, run, ?2, rss_bytes, 60 * cpu_us, threads, descriptors,
                        ledger_bytes, 60 * turns, turn_p50_us, turn_p95_us, turn_p99_us,
                        60 * market_events, market_age_p95_us, lag_p95_us, lag_p99_us, calls, call_errors,
                        rate_limited, reconnects, 0, 0, 0, ack_p99_us, 0, 0, 0, 0, 0, ?2
                 FROM back, (SELECT * FROM vitals ORDER BY at_us DESC LIMIT 1)",
                params![PAST, MINUTE_US],
            )
            .unwrap();
        let ready =
            "UPDATE runs SET ready_at_us = ready_at_us - ?1, started_at_us = started_at_us - ?1";
        ledger.execute(ready, [(PAST + 60) * MINUTE_US]).unwrap();
        self
    }

    /// The baseline `t0`, of the hour before [`SINCE`].
    #[track_caller]
    fn with_baseline(self) -> Self {
        let until = Timestamp::from_us(self.newest() - SINCE * MINUTE_US);
        let frozen = self.drift(&format!("baseline t0 --owner me --until {until} --json")).ok();
        assert_eq!(frozen["signals"]["rss"]["n"], 60, "{frozen}");
        self
    }

    fn drift(&self, words: &str) -> Ended {
        self.home.ibis(&format!("drift {words} --config ibis.toml"))
    }

    /// The verdict of a signal, and the whole comparison.
    #[track_caller]
    fn compared(&self, signal: &str) -> (String, Ended, Value) {
        let ended = self.drift("compare --json");
        let whole = ended.parsed();
        let found = whole["signals"].as_array().unwrap();
        let found = found.iter().find(|found| found["signal"] == signal).unwrap();
        (found["verdict"].as_str().unwrap().to_owned(), ended, whole)
    }

    fn number(&self, query: &str) -> i64 {
        self.home.ledger().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// The instant of the newest row.
    fn newest(&self) -> i64 {
        self.number("SELECT max(at_us) FROM vitals")
    }

    /// Whatever else wrote to its ledger, the agent finds it whole.
    #[track_caller]
    fn assert_well(&self) {
        let holds = "SELECT count(*) FROM holds WHERE code IN ('integrity', 'storage_unavailable')";
        assert_eq!(self.number(holds), 0);
    }

    fn change(&self, sql: &str) {
        self.home.ledger().execute(sql, []).unwrap();
    }
}

/// A number in a process's status, by the kernel's name of it.
fn status(pid: u32, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').split_whitespace().next().unwrap().parse().unwrap()
}

/// A process that keeps as much memory as it is given: `tail` holds a line until it ends.
struct Hog(Child);

impl Hog {
    fn start() -> Self {
        let mut tail = Command::new("tail");
        tail.args(["-n", "1"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut hog = Self(tail.spawn().unwrap());
        let megabyte = vec![b'x'; 1_000_000];
        for _ in 0..HOG_BYTES / megabyte.len() {
            hog.0.stdin.as_mut().unwrap().write_all(&megabyte).unwrap();
        }
        hog
    }

    fn bytes(&self) -> u64 {
        status(self.0.id(), "VmRSS") * 1_024
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn acceptance_27_a_memory_hog_beside_the_agent_is_no_drift() {
    let stage = Stage::start().with_past().with_baseline();
    let before = stage.number("SELECT max(rss_bytes) FROM vitals");
    let hog = Hog::start();
    // A pipe holds some of it back.
    assert!(hog.bytes() > 190_000_000, "{}", hog.bytes());
    let newest = stage.newest();
    let beside = format!("FROM vitals WHERE at_us > {newest}");
    stage.home.until(&format!("SELECT count(*) {beside}"), 5);
    let most = stage.number(&format!("SELECT max(rss_bytes) {beside}"));
    assert!(most * 10 < before * 11, "{most} after {before}: the agent measured its neighbour");
    let (verdict, ended, _) = stage.compared("rss");
    assert_eq!(verdict, "PASS", "{ended:?}");
    assert!(hog.bytes() > 190_000_000, "it was there to the end");
    stage.assert_well();

    // The same memory in the agent itself is a drift.
    let grown = format!("UPDATE vitals SET rss_bytes = rss_bytes + {HOG_BYTES}");
    let from = newest - SINCE * MINUTE_US;
    stage.change(&format!("{grown} WHERE at_us > {from}"));
    let (verdict, ended, _) = stage.compared("rss");
    assert_eq!((verdict.as_str(), ended.code), ("FAIL", Some(2)), "{ended:?}");
}

#[test]
fn a_row_is_what_the_kernel_says_of_the_agent_alone() {
    let stage = Stage::start();
    let agent = stage.agent.pid();
    let newest = stage.newest();
    stage.home.until(&format!("SELECT count(*) FROM vitals WHERE at_us > {newest}"), 2);
    let of = |column: &str| {
        let query = format!("SELECT {column} FROM vitals ORDER BY at_us DESC LIMIT 1");
        u64::try_from(stage.number(&query)).unwrap()
    };
    let resident = status(agent, "VmRSS") * 1_024;
    assert!(of("rss_bytes").abs_diff(resident) * 10 < resident, "{resident}");
    assert_eq!(of("threads"), status(agent, "Threads"));
    let descriptors = fs::read_dir(format!("/proc/{agent}/fd")).unwrap().count();
    assert!(of("descriptors").abs_diff(descriptors as u64) <= 2, "{descriptors}");
    assert!(of("turns") > 0 && of("turn_p50_us") <= of("turn_p99_us"));
    assert!(of("market_events") > 0 && of("ledger_bytes") > 0 && of("interval_us") >= 1_000_000);
    for nothing in ["calls", "reconnects", "lag_p99_us"] {
        let query = format!("SELECT count({nothing}) FROM vitals");
        assert_eq!(stage.number(&query), 0, "{nothing}: there is no venue");
    }
    // A row is no action of the engine, and no event of the chain.
    let rows = stage.number("SELECT count(*) FROM events WHERE kind = 'vitals'");
    assert_eq!(rows, 0);
    stage.agent.signal("TERM");
    assert_eq!(stage.agent.wait().code, Some(0));
    assert_eq!(stage.home.json("db check")["ok"], true);
    assert_eq!(stage.home.ibis("replay --from-ledger").code, Some(0));
}

#[test]
fn growth_fails_a_missing_hour_is_no_evidence_and_all_else_passes() {
    let stage = Stage::start().with_past().with_baseline();
    let end = stage.newest();
    let (_, ended, whole) = stage.compared("rss");
    assert_eq!((ended.code, &whole["overall"]), (Some(0), &"PASS".into()), "{ended:?}");
    for signal in ["order_ack_p99", "call_errors", "reconnects", "rate_limited", "push_lag_p95"] {
        assert_eq!(stage.compared(signal).0, "NOT_APPLICABLE", "{signal}: paper has no venue");
    }
    let frozen = stage.drift("snapshot");
    assert_eq!(frozen.code, Some(0), "{frozen:?}");
    // It goes on writing beside the snapshot's transaction.
    let newest = stage.newest();
    stage.home.until(&format!("SELECT count(*) FROM vitals WHERE at_us > {newest}"), 2);
    stage.assert_well();
    assert!(frozen.stdout.ends_with("overall: PASS\n"), "{frozen:?}");

    // A megabyte a minute.
    let from = end - SINCE * MINUTE_US;
    let after = format!("at_us > {from} AND at_us < {end}");
    let grown = format!("rss_bytes + (at_us - {from}) / {MINUTE_US} * 1000000");
    stage.change(&format!("UPDATE vitals SET rss_bytes = {grown} WHERE {after}"));
    let (verdict, ended, whole) = stage.compared("rss");
    assert_eq!((verdict.as_str(), ended.code), ("FAIL", Some(2)), "{ended:?}");
    let rss = whole["signals"].as_array().unwrap().iter().find(|it| it["signal"] == "rss").unwrap();
    let slope = rss["slope"]["low"].as_f64().unwrap();
    assert!(slope > 50e6 && slope <= 60e6, "{rss}");
    let frozen = stage.drift("snapshot --json");
    assert_eq!(frozen.code, Some(2));
    let verdicts = "SELECT group_concat(verdict) FROM drift_snapshots";
    let verdicts: String = stage.home.ledger().query_row(verdicts, [], |row| row.get(0)).unwrap();
    assert_eq!(verdicts, "PASS,FAIL");

    stage.change(&format!("DELETE FROM vitals WHERE {after}"));
    let (verdict, ended, whole) = stage.compared("coverage");
    assert_eq!((verdict.as_str(), ended.code), ("INSUFFICIENT", Some(3)), "{ended:?}");
    let passed = whole["signals"].as_array().unwrap().iter().filter(|it| it["verdict"] == "PASS");
    let passed: Vec<_> = passed.map(|it| it["signal"].as_str().unwrap()).collect();
    assert_eq!(passed, ["restarts", "notifications_given_up"], "what needs no samples");
}

#[test]
fn the_report_is_the_check_list_filled_in() {
    let stage = Stage::start().with_past().with_baseline();
    let page = stage.drift("report");
    assert_eq!(page.code, Some(0), "{page:?}");
    assert!(page.stdout.starts_with("# Drift review against t0: PASS\n"), "{page:?}");
    for number in 1..=7 {
        assert!(page.stdout.contains(&format!("\n## {number}. ")), "{page:?}");
    }
    assert!(page.stdout.contains("| owner | me | - | - |"), "{page:?}");
    let whole = stage.drift("report t0 --json").ok();
    let sections = whole["sections"].as_array().unwrap();
    assert_eq!(sections.len(), 7);
    assert_eq!(sections[5]["recorded"], false, "no venue on paper: {whole}");
    assert_eq!(whole["baseline"]["profile"], "dev");
}

#[test]
fn what_cannot_be_answered_is_one_line_and_its_code() {
    let empty = Home::new();
    assert!(empty.ibis("drift compare").refused(3).contains("ibis.db"));
    for bad in ["baseline T0", "baseline", "compare a/b", "baseline -- -x"] {
        empty.ibis(&format!("drift {bad}")).refused(64);
    }
    let stage = Stage::start();
    let early = stage.drift("baseline t0");
    assert!(early.refused(3).contains("run 1 is warm since"), "{early:?}");
    let none = stage.drift("compare");
    assert!(none.refused(3).contains("ibis drift baseline NAME"), "{none:?}");
    let stage = stage.with_past().with_baseline();
    let taken = stage.drift("baseline t0");
    assert!(taken.refused(64).contains("--replace"), "{taken:?}");
    let unknown = stage.drift("report t1");
    assert!(unknown.refused(64).contains("there are: t0"), "{unknown:?}");
    let replaced = stage.drift("baseline t0 --replace");
    assert_eq!(replaced.code, Some(0), "{replaced:?}");
    let few = stage.drift("compare");
    assert_eq!(few.code, Some(3), "nothing since: {few:?}");
    assert!(few.stdout.contains("overall: INSUFFICIENT"), "{few:?}");
}

#[test]
fn old_rows_leave_the_ledger_and_what_is_frozen_stays() {
    let stage = Stage::start().with_past().with_baseline();
    stage.agent.signal("TERM");
    assert_eq!(stage.agent.wait().code, Some(0));
    let home = stage.home;
    // Five days ago, all but the newest ten.
    let aged = "UPDATE vitals SET at_us = at_us - 432000000000 WHERE at_us NOT IN
                  (SELECT at_us FROM vitals ORDER BY at_us DESC LIMIT 10)";
    let moved = home.ledger().execute(aged, []).unwrap();
    home.write("ibis.toml", "[drift]\nage_max = \"4d\"\n");
    let said = home.json("log-retention --config ibis.toml --dry-run");
    assert_eq!(said["vitals_deleted"], moved, "{said}");
    let count = |table: &str| -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        home.ledger().query_row(&query, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count("vitals"), 10 + i64::try_from(moved).unwrap(), "a dry run");
    home.json("log-retention --config ibis.toml");
    assert_eq!((count("vitals"), count("drift_baselines")), (10, 1));
}
