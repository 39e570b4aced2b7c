//! What must be caught, planted: a check that never fails proves nothing.

use std::fs;

use ibis::domain::decimal::Decimal;
use ibis::store::state_json;
use rusqlite::Connection;

use super::books::{Books, copy_directory};
use super::day::{Day, busy_day};
use super::dice::Dice;
use super::point::{How, Point};
use super::power::{cuts, look};
use super::recording::{self, Call};
use super::{audit, shim};

/// Disks looked at for each lie.
const DISKS: usize = 60;

fn change(day: &Day, statement: &str) {
    let ledger = Connection::open(day.trader.home.path("data/ibis.db")).unwrap();
    ledger.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    assert!(ledger.execute(statement, []).unwrap() > 0, "{statement} changes nothing");
}

#[track_caller]
fn assert_named(findings: &[String], named: &str) {
    assert!(findings.iter().any(|it| it.contains(named)), "no {named:?} in {findings:?}");
}

/// A day that was well; its ledger is changed behind the agent's back.
#[test]
fn a_changed_ledger_is_named() {
    if !shim::is_there() {
        return;
    }
    let (day, _) = busy_day(3, "1500ms");
    let venue = day.venue();
    assert_eq!(audit::all(&day.trader, &venue), Vec::<String>::new());
    let (data, kept) = (day.trader.home.path("data"), day.trader.home.path("kept"));
    let books = Books::read(&data);
    copy_directory(&data, &kept);
    let last = "(SELECT max(fill) FROM fills)";
    for (statement, named) in [
        (format!("DELETE FROM fills WHERE fill = {last}"), "no row"),
        (
            format!(
                "INSERT INTO fills SELECT fill + 1, symbol, execution_id || '9', venue_sequence,
                 client_order_id, venue_order_id, side, purpose, price, '0.0000000001', notional, fee,
                 fee_asset, liquidity, reference_price, at_us, matched, gross, fees, net, basis,
                 opened_at_us FROM fills WHERE fill = {last}"
            ),
            "no event",
        ),
        (
            format!("UPDATE fills SET quantity = quantity * 2 WHERE fill = {last}"),
            "a_fill_is_its_event",
        ),
        (
            format!("UPDATE fills SET fee = fee || '1' WHERE fill = {last}"),
            "a_fill_is_its_event",
        ),
        ("UPDATE events SET payload = payload || ' ' WHERE seq = 9".to_owned(), "hash chain"),
        (
            "UPDATE balances SET total = '1' WHERE asset = 'USDT'".to_owned(),
            "a_balance_is_its_flows",
        ),
        ("UPDATE intents SET ended_at_us = NULL WHERE client_order_id = (SELECT max(client_order_id)
          FROM intents)".to_owned(), "intent without an end"),
        ("UPDATE positions SET bought = '7'".to_owned(), "a_position_is_its_fills"),
        ("DELETE FROM intents WHERE client_order_id = (SELECT client_order_id FROM fills LIMIT 1)"
            .to_owned(), "row of orders refers to no row of intents"),
    ] {
        change(&day, &statement);
        assert_named(&audit::all(&day.trader, &venue), named);
        fs::remove_dir_all(&data).unwrap();
        copy_directory(&kept, &data);
    }
    change(&day, &format!("DELETE FROM fills WHERE fill = {last}"));
    assert_named(&books.lost_in(&Books::read(&data)), "fill lost");
}

#[test]
fn a_changed_state_file_and_an_order_behind_the_agents_back_are_named() {
    if !shim::is_there() {
        return;
    }
    let day = Day::new(4);
    day.trade("1s", None).0.ok();
    let data = day.trader.home.path("data");
    let path = state_json::path(&data);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"total\":\"", "\"total\":\"1", 1)).unwrap();
    assert_named(&audit::all(&day.trader, &day.venue()), "state.json: torn");
    fs::write(&path, &text).unwrap();
    let mut document = state_json::read(&data).unwrap();
    document.balances.get_mut("USDT").unwrap().total += Decimal::ONE;
    state_json::write(&data, &document).unwrap();
    assert_named(&audit::all(&day.trader, &day.venue()), "balances of state.json");
    document.sequence += 1;
    state_json::write(&data, &document).unwrap();
    assert_named(&audit::ledger(&data), "state.json is at event");
    fs::write(&path, text).unwrap();
    let order = r#"{"clientOid":"ibis-1-999999","symbol":"BTC-USDT","side":"buy","type":"limit",
        "price":"1000","size":"0.01"}"#;
    day.exchange.http().post("/api/v1/hf/orders", order).data();
    let findings = audit::all(&day.trader, &day.venue());
    assert_named(&findings, "order without an intent: ibis-1-999999");
    assert_named(&findings, "order at work");
    assert_named(&findings, "balances of ledger");
}

/// As if an order had been sent and then written down: a crash between the two.
#[test]
fn an_order_whose_intent_is_gone_before_the_restart_is_named() {
    if !shim::is_there() {
        return;
    }
    let day = Day::new(5);
    let point = Point { phase: Some(1), kind: "send:POST".to_owned(), nth: 4, how: How::After };
    let (ended, calls) = day.trade("3s", Some(&point));
    assert_eq!(ended.code, None, "{ended:?}");
    let id = recording::orders(&calls).pop().unwrap();
    assert!(Books::of_copy(&day.trader.home).open.contains(&id));
    for table in ["orders", "intents"] {
        let ledger = Connection::open(day.trader.home.path("data/ibis.db")).unwrap();
        ledger.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        let statement = format!("DELETE FROM {table} WHERE client_order_id = '{id}'");
        ledger.execute_batch(&statement).unwrap();
    }
    // The agent cancels what no intent explains; its holds may well be wrong then, which it says.
    assert_eq!(day.recover().0.code, Some(0));
    let books = Books::read(&day.trader.home.path("data"));
    let named = format!("order sent without an intent: {id}");
    assert_named(&audit::sent(&recording::orders(&calls), &books), &named);
    assert_named(&audit::all(&day.trader, &day.venue()), "balances of ledger");
    assert_named(&audit::sent(&[id.clone(), id.clone()], &books), "order sent twice");
}

/// A recorded day under a lie is told from the day as it was.
#[test]
fn a_disk_that_lies_and_an_order_sent_too_early_are_caught() {
    if !shim::is_there() {
        return;
    }
    let (_, calls) = busy_day(6, "1200ms");
    let judge = |calls: &[Call]| {
        let mut dice = Dice::new(1);
        let cuts = cuts(calls, DISKS, &mut dice);
        look(calls, &cuts, &mut dice)
    };
    assert_eq!(judge(&calls), Vec::<String>::new());
    let without = |kind: &str| -> Vec<Call> {
        calls.iter().filter(|call| call.kind != kind).cloned().collect()
    };
    assert_named(&judge(&without("sync:ibis.db-wal")), "its intent is lost");
    let names = without("sync:dir");
    assert!(!judge(&names).is_empty(), "names that are never synced are lost");
    // Each order before the sync that made its intent durable.
    let mut early = calls.clone();
    for at in 1..early.len() {
        if early[at].order().is_some() {
            let sync = (0..at).rev().find(|before| early[*before].is_sync()).unwrap();
            early[sync..=at].rotate_right(1);
        }
    }
    assert_named(&judge(&early), "its intent is lost");
}
