//! Killed in the middle of its work: no fill lost, none doubled, trading held for a while.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::db_check_ok;
use crate::support::home::Home;

/// A fill by what must agree on both sides: symbol, order, quantity, price, fee.
type Fill = [String; 5];

fn fills(database: &Connection, table: &str) -> BTreeMap<i64, Fill> {
    let query = format!(
        "SELECT venue_sequence, symbol, client_order_id, quantity, price, fee FROM {table}"
    );
    let mut statement = database.prepare(&query).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let fill = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
        Ok((row.get(0)?, fill))
    };
    let rows: Vec<(i64, Fill)> =
        statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap();
    let count = rows.len();
    let fills: BTreeMap<_, _> = rows.into_iter().collect();
    assert_eq!(fills.len(), count, "{table} has a fill twice");
    fills
}

/// Runs an agent, kills it after so many fills were told, and lets another one go on.
#[track_caller]
fn kill_after(home: &Home, told: usize, crashes: i64) {
    let mut agent = home.start("agent --speed max --seed 7 --max-runtime 30d", &[]);
    for _ in 0..told {
        agent.line("filled:");
    }
    agent.kill();
    let known = fills(&home.ledger(), "fills").len();
    assert!(known > 0, "the ledger lags by at most a group of commits");
    db_check_ok(home);

    let summary = home.json("agent --speed max --seed 7 --max-runtime 2h");
    assert_eq!(summary["violations"].as_array().unwrap().len(), 0, "{summary}");
    let ours = fills(&home.ledger(), "fills");
    let venue = Connection::open(home.path("data/paper.db")).unwrap();
    assert_eq!(ours, fills(&venue, "executions"));
    assert!(ours.len() >= known, "a fill was lost");
    db_check_ok(home);
    assert_eq!(home.json("exec-integrity")["differences"].as_array().unwrap().len(), 0);

    let query = "SELECT count(*), sum(cleared_at_us IS NULL), max(until_us - set_at_us), \
         sum(cleared_at_us < until_us) FROM holds WHERE code = 'crash_loop'";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let (set, open, longest_us, early): (i64, i64, i64, i64) =
        home.ledger().query_row(query, [], row).unwrap();
    assert_eq!(
        (set, open, early),
        (crashes, 0, 0),
        "held once a crash, and let go when it is time"
    );
    assert_eq!(longest_us, 30_000_000, "each is the first crash in a row");
    // A run begins at the very instant of the last event of the one before, so an intent of that
    // instant is the dead run's.
    let trades = "SELECT count(*) FROM intents i JOIN holds h ON h.code = 'crash_loop' \
         AND i.purpose = 'entry' AND i.created_at_us > h.set_at_us \
         AND i.created_at_us < h.cleared_at_us";
    let trades: i64 = home.ledger().query_row(trades, [], |row| row.get(0)).unwrap();
    assert_eq!(trades, 0, "no entry while held");
}

#[test]
fn a_killed_agent_loses_no_fill_and_doubles_none() {
    let home = Home::new();
    for (crashes, told) in [(1, 50), (2, 200), (3, 500)] {
        kill_after(&home, told, crashes);
    }
}

#[test]
fn a_crash_right_after_the_start_is_survived_again_and_again() {
    let home = Home::new();
    let mut agent = home.start("agent --speed max --seed 7 --max-runtime 30d", &[]);
    agent.line("filled:");
    agent.kill();
    for _ in 0..3 {
        let mut agent = home.start("agent --speed max --seed 7 --max-runtime 30d", &[]);
        agent.line("ready:");
        agent.kill();
    }
    home.json("agent --speed max --seed 7 --max-runtime 2h");
    // The fourth crash in a row: 30 s doubled three times.
    let query = "SELECT max(until_us - set_at_us) FROM holds WHERE code = 'crash_loop'";
    let longest_us: i64 = home.ledger().query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(longest_us, 240_000_000);
    db_check_ok(&home);
    assert_eq!(home.json("exec-integrity")["differences"].as_array().unwrap().len(), 0);
}
