//! Whole runs over a ledger on disk.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::*;
use crate::exchange::paper::{ACCOUNT, account_path};
use crate::ops::agent_evidence::lock_path;
use crate::ops::exec_integrity::{paper_account, run};
use crate::ops::job_run;
use crate::store::{LEDGER, ledger_path, state_json};

/// A ledger on disk with the content of [`ledger`].
fn on_disk(name: &str) -> (PathBuf, Connection) {
    let directory =
        std::env::temp_dir().join(format!("ibis-integrity-{}-{name}", std::process::id()));
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).unwrap();
    let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
    ledger
        .execute_batch(
            "INSERT INTO meta VALUES ('mode', 'paper'), ('venue_cursor', '2');
             INSERT INTO runs (version, clock, market, config_hash, pid, started_at_us, ended_at_us)
                VALUES ('0', 'wall', 'synthetic', '', 1, 1, 2);
             INSERT INTO intents VALUES
                ('o-1','BTC-USDT','buy','entry','limit','GTC',0,'100','1','100',1,2),
                ('o-2','BTC-USDT','sell','take_profit','limit','GTC',0,'120','0.5','120',3,4),
                ('o-3','BTC-USDT','sell','take_profit','limit','GTC',0,'150','0.2','150',5,NULL);
             INSERT INTO orders VALUES
                ('o-1','v-1','filled','1','100','0.1',NULL,NULL,2),
                ('o-2','v-2','filled','0.5','60','0.1',NULL,NULL,4),
                ('o-3','v-3','new','0','0','0',NULL,NULL,6);
             INSERT INTO fills VALUES
                (1,'BTC-USDT','1',1,'o-1','v-1','buy','entry','100','1','100','0.1','USDT','taker',
                 '100',2,NULL,NULL,NULL,NULL,NULL,NULL),
                (2,'BTC-USDT','2',2,'o-2','v-2','sell','take_profit','120','0.5','60','0.1','USDT',
                 'maker','120',4,'0.5','10','0.15','9.85','known',2);
             INSERT INTO positions VALUES
                ('BTC-USDT','0.5','50','0.05','known','120',NULL,NULL,NULL,2,'1','0.5','0',4);
             INSERT INTO lots VALUES ('BTC-USDT',0,'0.5','50','0.05','known',2);
             INSERT INTO balances VALUES ('USDT','9959.8','0',4), ('BTC','0.5','0.2',6);
             INSERT INTO transfers VALUES (1,'USDT','10000','deposit','',1,NULL);",
        )
        .unwrap();
    add_events(&ledger);
    (directory, ledger)
}

/// The facts behind it.
fn add_events(ledger: &Connection) {
    let fill = |number: i64, side: &str, price: &str, quantity: &str, notional: &str| {
        serde_json::json!({
            "symbol": "BTC-USDT", "execution_id": number.to_string(), "venue_sequence": number,
            "client_order_id": format!("o-{number}"), "venue_order_id": format!("v-{number}"),
            "side": side, "purpose": "entry", "price": price, "quantity": quantity,
            "notional": notional, "fee": "0.1", "fee_asset": "USDT", "liquidity": "taker",
            "reference_price": price, "realized": null,
        })
    };
    let deposit = serde_json::json!({
        "asset": "USDT", "amount": "10000", "kind": "deposit", "reason": "",
    });
    let mut sale = fill(2, "sell", "120", "0.5", "60");
    sale["realized"] = serde_json::json!({
        "matched": "0.5", "gross": "10", "fees": "0.15", "net": "9.85", "basis": "known",
        "opened_at": 2,
    });
    let buy = fill(1, "buy", "100", "1", "100");
    for (kind, payload) in [("transfer", deposit), ("fill", buy), ("fill", sale)] {
        ledger
            .execute(
                "INSERT INTO events (at_us, kind, ref, payload, hash) VALUES (1, ?1, '', ?2, zeroblob(32))",
                (kind, payload.to_string()),
            )
            .unwrap();
    }
}

fn run_on(directory: &Path, apply: bool) -> Report {
    let ask = |_: &LedgerSnapshot| Ok(venue());
    run(directory, &settings(), &ask, apply, || NOW).unwrap()
}

fn overall_but_stale(report: &Report) -> Severity {
    let others = report.checks.iter().filter(|check| check.id != "stale_sells");
    others.map(|check| check.severity).max().unwrap()
}

#[test]
fn a_run_adds_up_what_is_new_and_apply_rebuilds_state_json_once() {
    let (directory, ledger) = on_disk("apply");
    let report = run_on(&directory, false);
    assert!(report.to_text().contains("state_json_unusable"), "{}", report.to_text());
    assert_eq!(overall_but_stale(&report), Degraded);
    let stored: (i64, String) = ledger
        .query_row("SELECT fill, flow FROM audit_totals", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(stored, (2, "-40.2".to_owned()));
    assert!(!state_json::path(&directory).exists(), "without --apply nothing is written");

    std::fs::write(state_json::path(&directory), "{\"version\":1,\"che").unwrap();
    let repaired = run_on(&directory, true);
    assert_eq!(overall_but_stale(&repaired), Fine, "{}", repaired.to_text());
    let rebuilt = state_json::read(&directory).unwrap();
    assert_eq!((rebuilt.equity, rebuilt.cash), (dec("10019.8"), dec("9959.8")));
    let kept = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().starts_with("state.json.torn-")
    };
    assert_eq!(std::fs::read_dir(&directory).unwrap().map(kept).filter(|it| *it).count(), 1);
    let again = run_on(&directory, true);
    assert_eq!(again.to_json()["repaired"], serde_json::json!([]));
    assert_eq!(job_run::last(&ledger, "exec-integrity").unwrap().unwrap().ended_at, NOW);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_fill_too_much_is_found_from_the_stored_totals_and_foreign_totals_are_rebuilt() {
    let (directory, ledger) = on_disk("totals");
    run_on(&directory, true);
    ledger
        .execute_batch(
            "INSERT INTO fills SELECT 3, symbol, '3', 3, client_order_id, venue_order_id, side, purpose,
                price, quantity, notional, fee, fee_asset, liquidity, reference_price, at_us, matched,
                gross, fees, net, basis, opened_at_us FROM fills WHERE fill = 1",
        )
        .unwrap();
    let text = run_on(&directory, false).to_text();
    let names = [
        "bought_differs_from_fills",
        "cash_not_conserved",
        "fill_unknown_to_venue",
        "a_fill_is_its_event",
    ];
    for name in names {
        assert!(text.contains(name), "{name}: {text}");
    }
    ledger.execute("DELETE FROM fills WHERE fill = 3", []).unwrap();
    let foreign = run_on(&directory, false).to_text();
    assert!(foreign.contains("audit_totals_foreign"), "{foreign}");
    let repaired = run_on(&directory, true);
    assert_eq!(overall_but_stale(&repaired), Fine, "{}", repaired.to_text());
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn the_paper_account_is_asked_for_fills_from_a_sequence_on() {
    let (directory, _ledger) = on_disk("account");
    let from = |first: usize| {
        let mut ledger = ledger();
        ledger.state.venue_cursor = 2;
        ledger.recent_fills.drain(..first - 1);
        paper_account::ask(&directory, &ledger)
    };
    assert!(from(1).unwrap_err().contains("paper.db"));
    let account = ACCOUNT.open_writer(&account_path(&directory)).unwrap();
    let at = ago(60_000).us();
    account
        .execute_batch(&format!(
            "INSERT INTO balances VALUES ('USDT','10000','9959.8','0'), ('BTC','0','0.5','0.2');
             INSERT INTO orders (sequence, client_order_id, venue_order_id, symbol, side, price,
                time_in_force, post_only, quantity, filled, filled_notional, fee, status,
                queue_ahead, hold, accepted_at_us, updated_at_us)
                VALUES (3,'o-3','v-3','BTC-USDT','sell','150','GTC',0,'0.2','0','0',
                '0','new',NULL,'0.2',{at},{at});
             INSERT INTO executions VALUES
                (1,'BTC-USDT',1,'o-1','v-1','buy','100','1','100','0.1','taker',{at}),
                (2,'BTC-USDT',2,'o-2','v-2','sell','120','0.5','60','0.1','maker',{at});"
        ))
        .unwrap();
    assert_eq!(from(1), Ok(venue()));
    let later = VenueSnapshot { executions: vec![executions().remove(1)], ..venue() };
    assert_eq!(from(2), Ok(later));
    assert_eq!(from(3).map(|it| it.executions), Ok(Vec::new()));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn apply_leaves_state_json_to_an_agent_that_runs() {
    let (directory, _ledger) = on_disk("running");
    let lock = crate::durable::instance_lock::InstanceLock::take(&lock_path(&directory)).unwrap();
    let report = run_on(&directory, true);
    assert!(report.to_text().contains("state_json_unusable"));
    assert!(!state_json::path(&directory).exists());
    drop(lock);
    std::fs::remove_dir_all(&directory).unwrap();
}
