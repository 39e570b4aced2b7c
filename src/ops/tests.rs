//! The jobs end to end over a small ledger on disk: an agent that works, then one that died.

use std::path::PathBuf;

use rusqlite::{Connection, params};
use serde_json::json;

use super::agent_evidence::{Service, lock_path};
use super::healthcheck;
use super::report::{Report, Severity};
use super::status::Status;
use super::{db_check, job_run};
use crate::config::Settings;
use crate::domain::time::Timestamp;
use crate::durable::instance_lock::InstanceLock;
use crate::store::chain::{self, Content, GENESIS};
use crate::store::{LEDGER, ledger_path, state_json};

const NOW: Timestamp = Timestamp::from_ms(1_771_532_639_000);

fn ago(seconds: i64) -> i64 {
    NOW.us() - seconds * 1_000_000
}

/// One run that works, two chained events, a position, a fill of today.
fn on_disk(name: &str) -> (PathBuf, Connection) {
    let directory = std::env::temp_dir().join(format!("ibis-ops-{}-{name}", std::process::id()));
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).unwrap();
    let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
    ledger
        .execute_batch(
            "INSERT INTO meta VALUES ('mode', 'paper'), ('venue_cursor', '2');
             INSERT INTO intents VALUES
                ('o-1','BTC-USDT','buy','entry','limit','GTC',0,'100','1','100',1,2);
             INSERT INTO orders VALUES ('o-1','v-1','filled','1','100','0.1',NULL,NULL,2);
             INSERT INTO positions VALUES
                ('BTC-USDT','1','100','0.1','known','120',NULL,NULL,NULL,2,'1','0','0',4);
             INSERT INTO lots VALUES ('BTC-USDT',0,'1','100','0.1','known',2);
             INSERT INTO balances VALUES ('USDT','9899.9','0',4), ('BTC','1','0',6);
             INSERT INTO exports VALUES ('trade_history', 1, 100, 1);",
        )
        .unwrap();
    ledger
        .execute(
            "INSERT INTO fills VALUES (1,'BTC-USDT','1',1,'o-1','v-1','sell','entry','100','1','100',
                '0.1','USDT','taker','100',?1,'1','5','0.2','4.8','known',2)",
            [ago(60)],
        )
        .unwrap();
    ledger
        .execute(
            "INSERT INTO runs (version, clock, market, config_hash, pid, started_at_us, ready_at_us,
                progress_at_us, engine_at_us, data_at_us)
             VALUES ('0', 'wall', 'synthetic', '', 4711, ?1, ?1, ?2, ?2, ?2)",
            [ago(600), ago(2)],
        )
        .unwrap();
    let mut hash = GENESIS;
    for seq in 1..=2 {
        let content =
            Content { seq, at_us: seq, kind: "run", reference: "1", payload: "{}", input: None };
        hash = chain::link(&hash, &content);
        let values = params![seq, seq, content.kind, content.reference, content.payload, hash];
        ledger.execute("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)", values).unwrap();
    }
    let document = json!({
        "sequence": 2, "written_at_us": ago(1), "engine_at_us": ago(1), "mode": "paper", "run": 1,
        "state": "running", "holds": [], "open_orders": {}, "equity": "10019.9", "cash": "9899.9",
        "balances": {}, "positions": {"BTC-USDT": {"quantity": "1", "cost": "100", "fee": "0.1",
            "basis": "known", "average_price": "100", "mark_price": "120", "stop_price": null,
            "take_profit_price": null, "high_price": null, "opened_at_us": 2}},
    });
    state_json::write(&directory, &serde_json::from_value(document).unwrap()).unwrap();
    (directory, ledger)
}

fn check_health(directory: &std::path::Path) -> Report {
    let limits = Settings::defaults().health;
    healthcheck::run(directory, &limits, Service::NotInstalled, || NOW)
}

#[test]
fn an_agent_that_works_is_ok_and_one_that_died_is_critical() {
    let (directory, ledger) = on_disk("health");
    let lock = InstanceLock::take(&lock_path(&directory)).unwrap();
    let alive = check_health(&directory);
    assert_eq!(alive.overall(), Severity::Ok, "{}", alive.to_text());
    assert_eq!(job_run::last(&ledger, "healthcheck").unwrap().unwrap().exit_code, 0);
    drop(lock);
    let dead = check_health(&directory);
    assert_eq!(dead.overall(), Severity::Critical, "fresh progress does not hide the death");
    assert_eq!(job_run::last(&ledger, "healthcheck").unwrap().unwrap().exit_code, 2);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn status_has_the_runbooks_names_in_its_order_and_the_health_checks_verdict() {
    let (directory, _ledger) = on_disk("status");
    let _lock = InstanceLock::take(&lock_path(&directory)).unwrap();
    let limits = Settings::defaults().health;
    let status = Status::gather(&directory, &limits, Service::NotInstalled, NOW);
    let text = status.render(false);
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    let expected = [
        "time",
        "base_dir",
        "service_active",
        "service_enabled",
        "agent_pid",
        "agent_uptime",
        "state_file_age_min",
        "db_file_age_min",
        "state_positions",
        "db_positions",
        "db_trades",
        "trade_history_records",
        "mode",
        "state",
        "kill_switch",
        "health",
        "open_orders",
        "equity",
        "cash",
        "realized_today",
    ];
    assert_eq!(names[..expected.len()], expected, "{text}");
    assert!(text.ends_with("overall: OK\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&status.render(true)).unwrap();
    for (name, value) in [
        ("service_active", json!("not_installed")),
        ("agent_pid", json!(4711)),
        ("state_positions", json!(1)),
        ("db_positions", json!(1)),
        ("db_trades", json!(1)),
        ("trade_history_records", json!(1)),
        ("state", json!("running")),
        ("open_orders", json!(0)),
        ("equity", json!("10019.9")),
        ("realized_today", json!("4.8")),
        ("overall", json!("OK")),
    ] {
        assert_eq!(json[name], value, "{name}");
    }
    assert_eq!(json["positions"][0]["unrealized"], "20");
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn db_check_gives_the_chain_head_and_finds_a_changed_event() {
    let (directory, ledger) = on_disk("check");
    let rows_without_events = db_check::run(&directory).unwrap();
    assert!(!rows_without_events.ok && rows_without_events.fills == 1, "{rows_without_events:?}");
    for table in ["fills", "lots", "positions", "balances", "orders", "intents", "transfers"] {
        ledger.execute(&format!("DELETE FROM {table}"), []).unwrap();
    }
    let whole = db_check::run(&directory).unwrap();
    assert!(whole.ok, "{whole:?}");
    assert_eq!((whole.events, whole.fills), (2, 0));
    assert_eq!(whole.chain_head, chain::head(&ledger).unwrap().hex());
    ledger.execute("UPDATE events SET payload = '{ }' WHERE seq = 1", []).unwrap();
    let changed = db_check::run(&directory).unwrap();
    assert!(!changed.ok);
    assert_eq!(changed.problems, ["the hash chain breaks at event 1"]);
    std::fs::remove_dir_all(&directory).unwrap();
}
