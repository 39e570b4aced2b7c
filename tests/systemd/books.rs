//! What the ledger and the paper venue each wrote down, read from outside the machine.

use std::collections::BTreeSet;

use rusqlite::{Connection, OpenFlags};

use crate::support::machine::Machine;

/// How often the ledger is asked before a machine counts as not trading, and how long between.
const ASKED_MAX: u32 = 600;
const PAUSE: &str = "sleep 0.1";

/// One execution: venue sequence, symbol, client order id, price, quantity.
pub type Fill = (i64, String, String, String, String);

const LEDGER: &str = "/var/lib/ibis/ibis.db";
const VENUE: &str = "/var/lib/ibis/paper.db";
const COLUMNS: &str = "venue_sequence, symbol, client_order_id, price, quantity";

fn open(machine: &Machine, path: &str) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(machine.path(path), flags).unwrap()
}

fn fills_of(connection: &Connection, query: &str) -> Vec<Fill> {
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn column(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map([], |row| row.get(0));
    rows.unwrap().map(Result::unwrap).collect()
}

/// The ledger's fills, in the order it learnt of them.
pub fn fills(machine: &Machine) -> Vec<Fill> {
    let query = format!("SELECT {COLUMNS} FROM fills ORDER BY fill");
    fills_of(&open(machine, LEDGER), &query)
}

/// Waits until the ledger holds more fills than `count`; returns them.
pub fn fills_beyond(machine: &Machine, count: usize) -> Vec<Fill> {
    for _ in 0..ASKED_MAX {
        let fills = fills(machine);
        if fills.len() > count {
            return fills;
        }
        machine.succeed(PAUSE);
    }
    panic!("no fill beyond {count}:\n{}", machine.succeed("journalctl -n 40 --no-pager"))
}

/// Asserts, while the agent is stopped, that the ledger holds every execution of the venue once,
/// and that the venue got every order once and none that the ledger did not intend.
pub fn assert_agree(machine: &Machine) {
    let (ledger, venue) = (open(machine, LEDGER), open(machine, VENUE));
    let mut known = fills(machine);
    known.sort();
    let query = format!("SELECT {COLUMNS} FROM executions ORDER BY venue_sequence");
    assert_eq!(known, fills_of(&venue, &query), "a fill was lost, doubled or made up");
    let sent = column(&venue, "SELECT client_order_id FROM orders");
    let distinct: BTreeSet<&String> = sent.iter().collect();
    assert_eq!(distinct.len(), sent.len(), "an order was sent twice");
    let intended: BTreeSet<String> =
        column(&ledger, "SELECT client_order_id FROM intents").into_iter().collect();
    assert!(sent.iter().all(|order| intended.contains(order)), "an order nobody intended");
}
