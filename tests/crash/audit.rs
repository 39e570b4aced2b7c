//! The promise, as a list of what breaks it: ledger, venue and `state.json` after a recovery.

use std::collections::BTreeMap;
use std::path::Path;

use ibis::ops::db_check;
use ibis::store::state_json;
use rusqlite::Connection;
use serde_json::Value;

use super::books::{Books, texts};
use crate::live::trader::Trader;
use crate::live::venue_view::VenueView;
use crate::support::home::Ended;

/// A recovery's own word: it ended well, no invariant was broken, no order is left at work.
pub fn recovered(ended: &Ended) -> Vec<String> {
    if ended.code != Some(0) {
        return vec![format!("it ended with {:?}: {}", ended.code, last_lines(&ended.stderr))];
    }
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
    let mut findings = Vec::new();
    if summary["violations"] != Value::Array(Vec::new()) {
        let lines = last_lines(&ended.stderr);
        findings.push(format!("violations: {}: {lines}", summary["violations"]));
    }
    if summary["open_orders"] != 0 {
        let lines = last_lines(&ended.stderr);
        findings.push(format!("open orders after the drain: {}: {lines}", summary["open_orders"]));
    }
    findings
}

/// Lines of an agent's story in a finding.
const LINES_TOLD: usize = 24;

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take(LINES_TOLD).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

/// Every order that was sent, over all lives, has an intent, and was sent once.
pub fn sent(orders: &[String], books: &Books) -> Vec<String> {
    let mut findings = Vec::new();
    for (at, id) in orders.iter().enumerate() {
        if !books.intents.contains(id) {
            findings.push(format!("order sent without an intent: {id}"));
        }
        if orders[..at].contains(id) {
            findings.push(format!("order sent twice: {id}"));
        }
    }
    findings
}

/// What is wrong inside the ledger, and between it and `state.json`.
pub fn ledger(state_dir: &Path) -> Vec<String> {
    let mut findings = match db_check::run(state_dir) {
        Ok(check) => check.problems,
        Err(error) => vec![format!("ledger: {error}: {:?}", std::error::Error::source(&error))],
    };
    if !findings.is_empty() {
        return findings;
    }
    let ledger = Connection::open(state_dir.join("ibis.db")).unwrap();
    let twice =
        "SELECT client_order_id || ' ' || quantity FROM intents i WHERE CAST(quantity AS REAL) <
        0.999999 * (SELECT sum(CAST(quantity AS REAL)) FROM fills f
        WHERE f.client_order_id = i.client_order_id)";
    findings
        .extend(texts(&ledger, twice).iter().map(|it| format!("filled for more than asked: {it}")));
    findings.extend(state_file(state_dir, &ledger));
    findings
}

/// `state.json` is whole, and never ahead of the ledger.
fn state_file(state_dir: &Path, ledger: &Connection) -> Vec<String> {
    let head: i64 =
        ledger.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0)).unwrap();
    match state_json::read(state_dir) {
        Err(state_json::StateJsonError::Missing) => Vec::new(),
        Err(error) => vec![format!("state.json: {error}")],
        Ok(state) if state.sequence > head => {
            vec![format!("state.json is at event {}, the ledger at {head}", state.sequence)]
        }
        Ok(_) => Vec::new(),
    }
}

/// Everything after a recovery, the venue's account included.
pub fn all(trader: &Trader, venue: &VenueView) -> Vec<String> {
    let state_dir = trader.home.path("data");
    let mut findings = ledger(&state_dir);
    if !findings.is_empty() {
        return findings;
    }
    findings.extend(orders(trader, venue));
    findings.extend(fills(trader, venue));
    findings.extend(balances(trader, venue));
    findings.extend(integrity(trader));
    findings
}

/// Every order at the venue has one intent and came once; every intent is over.
fn orders(trader: &Trader, venue: &VenueView) -> Vec<String> {
    let ledger = trader.ledger();
    let intents = texts(&ledger, "SELECT client_order_id FROM intents");
    let mut findings: Vec<String> =
        venue.open.iter().map(|id| format!("order at work after the drain: {id}")).collect();
    for (id, count) in &venue.orders {
        if *count != 1 {
            findings.push(format!("order doubled: {id} came {count} times"));
        }
        if !intents.contains(id) {
            findings.push(format!("order without an intent: {id}"));
        }
    }
    let open = texts(&ledger, "SELECT client_order_id FROM intents WHERE ended_at_us IS NULL");
    findings.extend(open.iter().map(|id| format!("intent without an end: {id}")));
    findings
}

/// The ledger's fills are the venue's, each once.
fn fills(trader: &Trader, venue: &VenueView) -> Vec<String> {
    let ours = trader.fills();
    let mut findings = Vec::new();
    for ((symbol, id), (size, fee)) in &venue.fills {
        match ours.get(&(symbol.clone(), id.clone())) {
            None => findings.push(format!("fill lost: {symbol} {id}")),
            Some((size_of_ours, fee_of_ours, _)) if (size_of_ours, fee_of_ours) != (size, fee) => {
                findings.push(format!("fill differs: {symbol} {id}"));
            }
            Some(_) => {}
        }
    }
    let invented = ours.keys().filter(|key| !venue.fills.contains_key(key));
    findings.extend(invented.map(|(symbol, id)| format!("fill invented: {symbol} {id}")));
    let rows = trader.count("SELECT count(*) FROM fills");
    if usize::try_from(rows).ok() != Some(venue.fills.len()) {
        findings.push(format!("fills: {rows} rows, {} at the venue", venue.fills.len()));
    }
    findings
}

/// Total and hold of every asset, at the venue, in the ledger and in `state.json`.
fn balances(trader: &Trader, venue: &VenueView) -> Vec<String> {
    let mut findings = Vec::new();
    let mut ledger = trader.balances();
    ledger.retain(|_, (total, _)| !total.is_zero());
    let mut state = BTreeMap::new();
    match state_json::read(&trader.home.path("data")) {
        Ok(document) => {
            let head = trader.count("SELECT coalesce(max(seq), 0) FROM events");
            if document.sequence != head {
                let at = document.sequence;
                findings.push(format!("state.json is at event {at} of {head} after a clean end"));
            }
            let rows = document.balances.into_iter().filter(|(_, row)| !row.total.is_zero());
            state.extend(rows.map(|(asset, row)| (asset, (row.total, row.hold))));
        }
        Err(error) => findings.push(format!("state.json: {error}")),
    }
    for (name, ours) in [("ledger", ledger), ("state.json", state)] {
        if ours != venue.balances {
            findings
                .push(format!("balances of {name} {ours:?}, of the venue {:?}", venue.balances));
        }
    }
    findings
}

/// What `ibis exec-integrity` calls critical.
fn integrity(trader: &Trader) -> Vec<String> {
    let ended = trader.ibis("exec-integrity --json");
    let Ok(report) = serde_json::from_str::<Value>(&ended.stdout) else {
        return vec![format!("exec-integrity ended with {:?}: {}", ended.code, ended.stderr)];
    };
    let checks = report["checks"].as_array().cloned().unwrap_or_default();
    let bad = checks.iter().filter(|check| check["severity"] == "CRITICAL");
    bad.map(|check| format!("exec-integrity: {check}")).collect()
}
