//! Each KPI on a ledger written by hand: an hour in which all is well, and one thing that is not.

mod account;
mod grounds;
mod orders;
mod state;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::evidence::Evidence;
use super::kpi::{Kpi, Verdict};
use super::window::Window;
use super::{Validation, judge};
use crate::config::Settings;
use crate::domain::time::Timestamp;
use crate::store::{LEDGER, ledger_path};

/// The window of most tests: 10:00 to 11:00.
const HOUR: Duration = Duration::from_secs(3_600);
/// Its limits are the defaults but for the fills of the day, of which 2 times the equity are healthy here.
const NOW: &str = "2026-03-01T11:00:30Z";

/// A paper ledger. From 9:59 on it ran each minute with an equity of 1000; an order bought for 100 at
/// 10:40, another sold it at 10:45.
struct Paper {
    directory: PathBuf,
    ledger: Connection,
}

impl Paper {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ibis-validate-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(&directory).unwrap();
        let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        ledger.pragma_update(None, "synchronous", "OFF").unwrap();
        let paper = Self { directory, ledger };
        paper.sql("INSERT INTO meta VALUES ('mode', 'paper')");
        paper.run(1, "09:00", "'project:fee_classes'");
        for minute in -1..=60 {
            paper.sample(minute, "running");
        }
        paper.sql(&format!(
            "INSERT INTO day_ledger VALUES ({}, '1000', '1000', '200', 0)",
            at("00:00").us()
        ));
        paper.order("o1", "10:40", "filled", "10");
        paper.order("o2", "10:45", "filled", "10");
        paper.fill(1, "o1", "10:40", "10");
        paper.fill(2, "o2", "10:45", "10");
        paper
    }

    /// Executes statements; how many rows the last one changed.
    fn sql(&self, statements: &str) -> u64 {
        self.ledger.execute_batch(statements).unwrap();
        self.ledger.changes()
    }

    /// A start of the agent.
    fn run(&self, number: u32, began: &str, fee_source: &str) {
        let began = at(began).us();
        self.sql(&format!(
            "INSERT INTO runs (run, version, clock, market, config_hash, pid, started_at_us, stamp,
                fee_source)
             VALUES ({number}, '0', 'wall', 'synthetic', 'h', 1, {began}, {}, {fee_source})",
            began / 1_000_000
        ));
    }

    /// The sample of a minute of the hour, an equity of 1000.
    fn sample(&self, minute: i64, state: &str) {
        let at_us = at("10:00").us() + minute * 60_000_000;
        self.sql(&format!(
            "INSERT OR REPLACE INTO samples VALUES
               ({at_us}, '1000', '900', '900', '100', '0', 1, 0, 0, '{state}', 1)"
        ));
    }

    fn equity(&self, when: &str, equity: &str) {
        let at_us = at(when).us();
        let update = format!("UPDATE samples SET equity = '{equity}' WHERE at_us = {at_us}");
        assert_eq!(self.sql(&update), 1);
    }

    /// An order of 10 at 10, decided then.
    fn order(&self, id: &str, when: &str, status: &str, filled: &str) {
        let at_us = at(when).us();
        self.sql(&format!(
            "INSERT INTO intents VALUES
               ('{id}','AB-USDT','buy','entry','limit','GTC',0,'10','10','10',{at_us},{at_us});
             INSERT INTO orders VALUES
               ('{id}','v','{status}','{filled}',CAST({filled} * 10 AS TEXT),'0',NULL,NULL,{at_us});"
        ));
    }

    /// A fill at 10.
    fn fill(&self, number: i64, order: &str, when: &str, quantity: &str) {
        let at_us = at(when).us();
        self.sql(&format!(
            "INSERT INTO fills VALUES ({number},'AB-USDT','e{number}',{number},'{order}','v','buy',
               'entry','10','{quantity}',CAST({quantity} * 10 AS TEXT),'0','USDT','taker','10',
               {at_us},NULL,NULL,NULL,NULL,NULL,NULL)"
        ));
    }

    /// A change of state.
    fn change(&self, when: &str, from: &str, to: &str, code: &str) {
        self.sql(&format!(
            "INSERT INTO transitions (from_state, to_state, code, at_us)
             VALUES ('{from}', '{to}', '{code}', {})",
            at(when).us()
        ));
    }

    /// A hold that stood from then to then.
    fn hold(&self, code: &str, level: &str, from: &str, to: Option<&str>) {
        let to = to.map_or_else(|| "NULL".to_owned(), |to| at(to).us().to_string());
        self.sql(&format!(
            "INSERT INTO holds (scope, code, level, reason, set_at_us, cleared_at_us)
             VALUES ('global', '{code}', '{level}', '', {}, {to})",
            at(from).us()
        ));
    }

    fn evidence(&self, length: Duration) -> Evidence {
        let now: Timestamp = NOW.parse().unwrap();
        let window = Window::ending_now(&self.ledger, length, now).unwrap();
        Evidence::gather(&self.ledger, window).unwrap()
    }

    fn kpi_of(&self, id: &str, length: Duration) -> Kpi {
        let evidence = self.evidence(length);
        let kpis = judge::kpis(&evidence, &Settings::defaults().validate);
        let all = judge::grounds(&evidence).into_iter().chain(kpis);
        all.into_iter().find(|kpi| kpi.id == id).unwrap()
    }

    /// What a KPI says of the hour.
    fn says(&self, id: &str) -> (Verdict, String) {
        let kpi = self.kpi_of(id, HOUR);
        assert!(!kpi.reason.is_empty() && !kpi.reason.contains('\n'), "{kpi:?}");
        (kpi.verdict, kpi.value)
    }

    #[track_caller]
    fn expect(&self, id: &str, verdict: Verdict, value: &str) {
        assert_eq!(self.says(id), (verdict, value.to_owned()), "{:?}", self.kpi_of(id, HOUR));
    }

    /// The whole of the hour.
    fn validate(&self) -> rusqlite::Result<Validation> {
        let limits = Settings::defaults().validate;
        super::run(&self.ledger, &limits, HOUR, NOW.parse().unwrap())
    }
}

impl Drop for Paper {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// A time of the day, such as `10:40` or `10:40:07`.
fn at(time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-03-01T{time}{seconds}Z").parse().unwrap()
}
