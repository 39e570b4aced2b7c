//! Books: what is written down, and who may change it.

use ibis::domain::balance::Balance;
use ibis::domain::decimal::Decimal;
use ibis::domain::identifier::ClientOrderId;
use ibis::domain::position::Basis;
use ibis::domain::record::Record;
use ibis::domain::side::Side;
use ibis::engine::reconcile::Known;
use rusqlite::types::Value as Sql;

use super::rig::{BTC, Rig, asset, d};
use crate::cli::{HISTORY, RUN};
use crate::support::home::Home;
use crate::support::shared_data;

/// A directory in which an agent has run.
fn run_before() -> Home {
    let home = Home::new();
    home.json(RUN);
    home
}

/// Every row of what was traded.
fn rows(home: &Home) -> Vec<Vec<Sql>> {
    let ledger = home.ledger();
    let mut all = Vec::new();
    for table in ["intents", "orders", "fills", "lots", "transfers", "events"] {
        let mut query = ledger.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = query.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
        all.extend(query.query_map([], row).unwrap().map(Result::unwrap));
    }
    all
}

/// The names of the differences that count.
fn differences(home: &Home, words: &str) -> Vec<String> {
    let report = home.ibis(&format!("{words} --json")).parsed();
    let all = report["differences"].as_array().unwrap();
    let counts = all.iter().filter(|it| it["severity"] != "OK");
    counts.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

/// What was found in the account got the price of the moment as its cost: 7 of 10 were wrong.
#[test]
fn i_06_invented_cost_basis() {
    let mut rig = Rig::new();
    let mut balances = rig.known.balances.clone();
    balances.insert(asset("BTC"), Balance::new(d("0.5"), Decimal::ZERO).unwrap());
    // A ledger that has never seen an account, at one that holds something.
    rig.known = Known::default();
    let mut rig = rig.start_at(balances);
    rig.quote(600_000);
    let position = &rig.engine.desks()[BTC.index()].position;
    assert_eq!((position.quantity(), position.average_price()), (d("0.5"), None));
    rig.fill(ClientOrderId::new("manual").unwrap(), Side::Sell, 610_000, 10_000);
    let sold = rig.records().find_map(|record| match record {
        Record::Fill(fill) => fill.realized.clone(),
        _ => None,
    });
    let sold = sold.unwrap();
    assert_eq!(
        (sold.basis, sold.matched, sold.net),
        (Basis::Unknown, Decimal::ZERO, Decimal::ZERO)
    );
}

/// A state file that could not be read was an empty one, and was written over.
#[test]
fn i_08_state_file_corrupt_or_missing() {
    let home = run_before();
    let facts = |home: &Home| -> String {
        let query =
            "SELECT group_concat(hex(hash), '') FROM (SELECT hash FROM events ORDER BY seq)";
        home.ledger().query_row(query, [], |row| row.get(0)).unwrap()
    };
    let before = facts(&home);
    for damage in [&b"{}"[..], b"", b"{\"body\": {\"positions\": {}}}"] {
        home.write("data/state.json", damage);
        home.json(RUN);
        assert!(facts(&home).starts_with(&before), "nothing known is forgotten");
        assert_eq!(differences(&home, "exec-integrity"), Vec::<String>::new());
    }
    assert_eq!(std::fs::read(home.path("data/state.json.torn-1")).unwrap(), b"{}", "kept aside");
    std::fs::remove_file(home.path("data/state.json")).unwrap();
    home.json(RUN);
    assert_eq!(differences(&home, "exec-integrity"), Vec::<String>::new());
}

/// Positions closed in one and open in the other, trades in neither.
#[test]
fn i_09_state_and_database_drift() {
    let home = run_before();
    let old = std::fs::read(home.path("data/state.json")).unwrap();
    home.json(RUN);
    home.write("data/state.json", old);
    assert_eq!(differences(&home, "exec-integrity"), ["state_json_behind"]);
    let before = rows(&home);
    home.ibis("exec-integrity --apply");
    let repaired = std::fs::read(home.path("data/state.json")).unwrap();
    assert_eq!(differences(&home, "exec-integrity --apply"), Vec::<String>::new());
    assert_eq!(std::fs::read(home.path("data/state.json")).unwrap(), repaired, "once is enough");
    assert_eq!(rows(&home), before, "the ledger is the truth");
}

/// UP was sold once and logged twice: once without an order id, once by the sync.
#[test]
fn i_10_double_logged_trade() {
    let home = run_before();
    let twice = home.ledger().execute_batch(
        "CREATE TEMP TABLE again AS SELECT * FROM fills LIMIT 1;
         UPDATE again SET fill = 1000000, client_order_id = '', venue_sequence = 1000000;
         INSERT INTO fills SELECT * FROM again;",
    );
    assert!(twice.unwrap_err().to_string().contains("UNIQUE"));
    home.write("history.json", HISTORY);
    assert_eq!(home.json("trades import history.json")["imported"], 3);
    assert_eq!(home.json("trades import history.json")["imported"], 0);
}

/// The reconciler wrote trades of its own to make the sums fit.
#[test]
fn i_11_fabricated_trades() {
    let home = run_before();
    let (cash, coins) = ("asset = 'USDT'", "asset = 'BTC'");
    let change = |set: &str, which: &str| {
        home.ledger().execute(&format!("UPDATE balances SET {set} WHERE {which}"), []).unwrap();
    };
    change("total = '1'", cash);
    change("total = '77'", coins);
    let before = rows(&home);
    for words in ["exec-integrity", "exec-integrity --apply", "exec-integrity --apply"] {
        let found = differences(&home, words);
        assert!(found.contains(&"balance_total".to_owned()), "{found:?}");
        assert!(found.contains(&"cash_not_conserved".to_owned()), "{found:?}");
    }
    assert_eq!(rows(&home), before);
}

/// The profit's matcher set the size of 679 stored buys to 0.
#[test]
fn i_12_changed_fills_change_the_profit() {
    let home = run_before();
    assert_eq!(differences(&home, "exec-integrity"), Vec::<String>::new());
    let newest = "fill = (SELECT max(fill) FROM fills)";
    home.ledger().execute(&format!("UPDATE fills SET quantity = '0' WHERE {newest}"), []).unwrap();
    let found = differences(&home, "exec-integrity");
    assert!(found.contains(&"fill_differs".to_owned()), "{found:?}");
    // A summary reads and changes nothing: twice is the same.
    home.write("history.json", HISTORY);
    home.json("trades import history.json");
    let before = rows(&home);
    let summary = home.json("trades summary");
    assert_eq!((home.json("trades summary"), rows(&home)), (summary, before));
    let Some(data) = shared_data() else { return };
    let file = data.join("ibis/trade_history.json");
    let home = Home::new();
    let imported = home.json(&format!("trades import {}", file.display()));
    assert_eq!(imported["repaired"], 679);
    assert_eq!(home.json("trades summary")["matched_sells"], 556);
}
