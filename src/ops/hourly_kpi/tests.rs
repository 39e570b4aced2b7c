//! Reports by hand, on the recorded history, and what a second run does.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use super::flow::{self, Flow};
use super::kpi::{Gathered, Kpi, Moment};
use super::{Outcome, Wanted, report_path, run};
use crate::domain::decimal::Decimal;
use crate::domain::time::{DAY_US, HOUR_US, Timestamp};
use crate::ops::report::Severity;
use crate::ops::trades::import;
use crate::store::{LEDGER, imported_trade, kpi as rows, ledger_path};

struct Place {
    directory: PathBuf,
    ledger: Connection,
}

impl Place {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("ibis-kpi-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(&directory).unwrap();
        let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        ledger.pragma_update(None, "synchronous", "OFF").unwrap();
        Self { directory, ledger }
    }

    fn run(&self, wanted: &Wanted, now: Timestamp) -> Outcome {
        run(&self.directory, &self.ledger, wanted, now).unwrap()
    }

    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let directory = self.directory.join(super::DIRECTORY);
        let mut files: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// 10:00 to 11:00: a buy decided at 2.00 and filled at 2.02 in two parts, sold at 2.10 where 2.12
/// was seen; a buy canceled unfilled. One sample at 10:10, one at 10:50.
fn trade(ledger: &Connection) {
    let base = time("2026-03-01T10:00:00Z").us();
    let at = |minutes: i64| base + minutes * 60_000_000;
    ledger
        .execute_batch(&format!(
            "INSERT INTO intents VALUES
               ('c1','AB-USDT','buy','entry','limit','GTC',0,'2.02','10','2',{t0},{t2}),
               ('c2','AB-USDT','sell','take_profit','limit','GTC',0,'2.1','10','2.12',{t20},{t21}),
               ('c3','AB-USDT','buy','entry','limit','GTC',0,'1','11','1',{t30},{t31});
             INSERT INTO orders VALUES
               ('c1','v1','filled','10','20.2','0.02',NULL,NULL,{t2}),
               ('c2','v2','filled','10','21','0.03',NULL,NULL,{t21}),
               ('c3','v3','canceled','0','0','0',NULL,NULL,{t31});
             INSERT INTO fills VALUES
               (1,'AB-USDT','e1',1,'c1','v1','buy','entry','2.02','4','8.08','0.008','USDT','maker','2',
                {t1},NULL,NULL,NULL,NULL,NULL,NULL),
               (2,'AB-USDT','e2',2,'c1','v1','buy','entry','2.02','6','12.12','0.012','USDT','maker','2',
                {t2},NULL,NULL,NULL,NULL,NULL,NULL),
               (3,'AB-USDT','e3',3,'c2','v2','sell','take_profit','2.1','10','21','0.03','USDT','maker',
                '2.12',{t21},'10','0.8','0.05','0.75','known',{t1});
             INSERT INTO samples VALUES
               ({t10},'100','79','60','20.4','0.2',1,2,1,'running',1),
               ({t50},'90','90','75','0','0',3,1,0,'running',0),
               ({t55},'95','95','76','0','0.5',3,1,0,'running',1);",
            t0 = at(0),
            t1 = at(1),
            t2 = at(2),
            t10 = at(10),
            t20 = at(20),
            t21 = at(21),
            t30 = at(30),
            t31 = at(31),
            t50 = at(50),
            t55 = at(55),
        ))
        .unwrap();
}

#[test]
fn an_hour_by_hand() {
    let place = Place::new("hand");
    trade(&place.ledger);
    let outcome = place.run(&Wanted::default(), time("2026-03-01T11:05:00Z"));
    assert_eq!(outcome.report.overall(), Severity::Ok);
    let (json, markdown) = outcome.last.unwrap();
    let kpi: serde_json::Value = serde_json::from_str(&json).unwrap();
    for (field, expected) in [
        ("hour_orders", "2"),
        ("hour_buy_funds", "20.2"),
        ("hour_sell_funds", "21.0"),
        ("hour_fees", "0.05"),
        ("hour_fee_pct_notional", "0.121359"),
        ("day_orders", "2"),
        ("velocity_per_slot_per_day", "0.1273"),
        ("single_bill_cycles_per_day", "1.9091"),
        ("avg_buy_fill_latency_seconds_today", "60.0"),
        ("buy_fill_samples_today", "1"),
        ("orders_cancelled_today", "1"),
        ("stale_buy_cancels_today", "1"),
        ("positions", "3"),
        ("occupied_slots", "4"),
        ("slot_fill_rate", "0.2667"),
        ("queue_pressure_ratio", "0.125"),
        ("deployable_usdt", "76.0"),
        ("capital_utilization_pct", "20.0"),
        ("zombie_count", "0"),
        ("realized_pnl", "0.75"),
        ("win_rate", "1.0"),
        ("expectancy", "0.75"),
        ("unrealized_pnl", "0.5"),
        ("max_drawdown", "5.0"),
        ("max_drawdown_pct", "5.0"),
        ("turnover", "0.4337"),
        ("slippage_buy_bps", "100.0"),
        ("slippage_sell_bps", "94.3396"),
        ("samples", "3"),
        ("samples_incomplete", "1"),
    ] {
        assert_eq!(kpi[field].as_f64(), expected.parse().ok(), "{field}");
    }
    assert!(kpi["profit_factor"].is_null(), "nothing was lost: no quotient");
    assert_eq!(kpi["per_symbol"][0]["realized_pnl"], 0.75);
    assert!(markdown.contains("| realized, net | 0.7500 | 0.7500 |"));
}

#[test]
fn missed_hours_are_filled_and_a_second_run_changes_nothing() {
    let place = Place::new("fill");
    trade(&place.ledger);
    let now = time("2026-03-01T14:30:00Z");
    let limited = place.run(&Wanted { backfill_max: 3, ..Wanted::default() }, now);
    assert_eq!(limited.report.overall(), Severity::Degraded);
    assert_eq!(limited.report.facts["hours_left"], 1);
    assert_eq!(
        place.run(&Wanted::default(), now).report.facts["hours"].as_array().unwrap().len(),
        1
    );
    let files = place.files();
    assert_eq!(files.len(), 8);
    let stored = rows::body(&place.ledger, time("2026-03-01T10:00:00Z")).unwrap().unwrap();
    assert!(place.run(&Wanted::default(), now).last.is_none());
    let hour = Some(time("2026-03-01T10:17:00Z"));
    let again = place.run(&Wanted { hour, ..Wanted::default() }, now);
    assert_eq!(again.report.overall(), Severity::Ok);
    assert_eq!(place.files(), files);
    assert_eq!(rows::body(&place.ledger, time("2026-03-01T10:00:00Z")).unwrap().unwrap(), stored);
    // The last of the hours sees the first in its day.
    let last = rows::body(&place.ledger, time("2026-03-01T13:00:00Z")).unwrap().unwrap();
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!((&last["hour_orders"], &last["day_orders"]), (&0.into(), &2.into()));
    assert!(last["equity"].is_null(), "no sample, no figure");
}

#[test]
fn a_report_that_would_differ_is_a_finding_until_it_is_asked_for() {
    let place = Place::new("differs");
    trade(&place.ledger);
    let now = time("2026-03-01T11:30:00Z");
    place.run(&Wanted::default(), now);
    let files = place.files();
    place.ledger.execute("UPDATE fills SET fee = '1' WHERE fill = 1", []).unwrap();
    let hour = Some(time("2026-03-01T10:00:00Z"));
    let found = place.run(&Wanted { hour, ..Wanted::default() }, now);
    assert_eq!(found.report.overall(), Severity::Degraded);
    assert_eq!(place.files(), files);
    let replaced = place.run(&Wanted { hour, recompute: true, ..Wanted::default() }, now);
    assert_eq!(replaced.report.overall(), Severity::Ok);
    assert_ne!(place.files(), files);
    let open = Wanted { hour: Some(now), ..Wanted::default() };
    assert_eq!(place.run(&open, now).report.overall(), Severity::Insufficient);
}

#[test]
fn a_lost_file_comes_back_and_an_empty_ledger_is_well() {
    let place = Place::new("lost");
    let now = time("2026-03-01T11:30:00Z");
    assert_eq!(place.run(&Wanted::default(), now).report.overall(), Severity::Ok);
    trade(&place.ledger);
    place.run(&Wanted::default(), now);
    let hour = time("2026-03-01T10:00:00Z");
    let files = place.files();
    assert_eq!(files[0].0, "kpi-20260301T10.json");
    fs::remove_file(report_path(&place.directory, hour).with_extension("json")).unwrap();
    place.run(&Wanted { hour: Some(hour), ..Wanted::default() }, now);
    assert_eq!(place.files(), files);
}

#[test]
fn a_virtual_clock_decides_which_hours_are_over() {
    let place = Place::new("virtual");
    trade(&place.ledger);
    let engine = time("2026-03-01T12:10:00Z");
    place
        .ledger
        .execute(
            "INSERT INTO runs (run, version, clock, market, config_hash, pid, started_at_us, engine_at_us)
             VALUES (1, '0', 'virtual', 'm', 'h', 1, 0, ?1)",
            [engine.us()],
        )
        .unwrap();
    let outcome = place.run(&Wanted::default(), time("2030-01-01T00:00:00Z"));
    assert_eq!(outcome.report.facts["hours"].as_array().unwrap().len(), 2);
}

#[test]
fn the_recorded_history_gives_the_known_report() {
    let Some(path) = crate::ops::trades::tests::recorded() else { return };
    let mut place = Place::new("recorded");
    import::import(&mut place.ledger, &path).unwrap();
    // The original counted the hour and the 24 hours before "now", both ends included.
    let now = time("2026-02-19T20:30:00Z");
    let after = Timestamp::from_us(now.us() + 1);
    let day_start = Timestamp::from_us(now.us() - DAY_US);
    let hour_start = Timestamp::from_us(now.us() - HOUR_US);
    let fills: Vec<_> = imported_trade::between(&place.ledger, day_start, after)
        .unwrap()
        .iter()
        .map(flow::of_imported)
        .collect();
    let kpi = Kpi::of(&Gathered {
        hour: hour_start,
        hour_flow: Flow::over(&fills, hour_start, after),
        day_flow: Flow::over(&fills, day_start, after),
        by_symbol: flow::by_symbol(&fills, hour_start, after),
        samples: Vec::new(),
        moment: Moment::default(),
    });
    let d = |text: &str| Decimal::parse(text).unwrap();
    assert_eq!((kpi.hour_orders, kpi.hour_buys, kpi.hour_sells), (9, 6, 3));
    assert_eq!(kpi.hour_buy_funds.0, d("66.030947"));
    assert_eq!(kpi.hour_sell_funds.0, d("44.368245"));
    assert_eq!(kpi.hour_fees.0, d("0.143202"));
    assert_eq!(kpi.hour_fee_pct_notional.0, d("0.129713"));
    assert_eq!(kpi.day_orders, 141);
    assert_eq!(kpi.day_buy_funds.0, d("819.40782"));
    assert_eq!(kpi.day_sell_funds.0, d("834.281728"));
    assert_eq!(kpi.day_fees.0, d("3.727236"));
    assert_eq!(kpi.day_fee_pct_notional.0, d("0.225389"));
    assert_eq!(kpi.velocity_per_slot_per_day.0, d("5.0563"));
    assert_eq!(kpi.single_bill_cycles_per_day.0, d("75.8438"));
}

#[test]
fn every_field_of_the_original_is_there() {
    let place = Place::new("fields");
    trade(&place.ledger);
    let (json, _) = place.run(&Wanted::default(), time("2026-03-01T11:05:00Z")).last.unwrap();
    let kpi: serde_json::Value = serde_json::from_str(&json).unwrap();
    let fields = "avg_buy_fill_latency_seconds_today buy_fill_samples_today capital_utilization_pct \
        day_buy_funds day_fee_pct_notional day_fees day_orders day_sell_funds deployable_usdt \
        hour_buy_funds hour_buys hour_fee_pct_notional hour_fees hour_orders hour_sell_funds \
        hour_sells occupied_slots open_buy_orders open_sell_orders orders_cancelled_today \
        pending_buy_limit positions queue_pressure_ratio single_bill_cycles_per_day slot_fill_rate \
        stale_buy_cancels_today ts velocity_per_slot_per_day zombie_count zombie_rate";
    assert_eq!(fields.split_whitespace().count(), 30);
    for field in fields.split_whitespace() {
        assert!(kpi.get(field).is_some_and(|value| !value.is_null()), "{field}");
    }
}
