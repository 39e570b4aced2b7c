//! What the ledger and the paper venue each wrote down, copied while the agent holds still.

use std::collections::BTreeSet;
use std::fs;

use rusqlite::Connection;

use super::AGENT;
use crate::support::machine::Machine;

/// How often the ledger is asked before a machine counts as not trading, and how long between.
const ASKED_MAX: u32 = 100;
const PAUSE: &str = "sleep 0.3";
const COLUMNS: &str = "venue_sequence, symbol, client_order_id, price, quantity";

/// One execution: venue sequence, symbol, client order id, price, quantity.
pub type Fill = (i64, String, String, String, String);

/// Both databases as they stood at one moment; a copy, for SQLite follows no `/proc/PID/root`.
#[derive(Debug)]
pub struct Books {
    pub ledger: Connection,
    venue: Connection,
}

impl Books {
    /// Copies the books while the agent, if it runs, is stopped; it goes on afterwards.
    pub fn copy(machine: &Machine) -> Books {
        let stopped = format!(
            "pid=$(systemctl show {AGENT} -p MainPID --value); [ $pid = 0 ] || \
             {{ kill -STOP $pid; while grep -L '^State:.T' /proc/$pid/task/*/status | grep -q .; \
             do sleep 0.01; done; }}"
        );
        let continued = "[ $pid = 0 ] || kill -CONT $pid";
        let copied = "rm -rf /opt/books; cp -a /var/lib/ibis /opt/books";
        machine.succeed(&format!("{stopped}; {copied}; {continued}"));
        let directory = machine.scratch("books");
        for entry in fs::read_dir(machine.path("/opt/books")).unwrap().map(Result::unwrap) {
            if entry.file_name().to_string_lossy().contains(".db") {
                fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
            }
        }
        let open = |name: &str| Connection::open(directory.join(name)).unwrap();
        Books { ledger: open("ibis.db"), venue: open("paper.db") }
    }

    /// Waits until the ledger holds more fills than `count`.
    pub fn with_more_fills_than(machine: &Machine, count: usize) -> Books {
        for _ in 0..ASKED_MAX {
            let books = Books::copy(machine);
            if books.fills().len() > count {
                return books;
            }
            machine.succeed(PAUSE);
        }
        panic!("no fill beyond {count}:\n{}", machine.succeed("journalctl -n 40 --no-pager"))
    }

    /// The ledger's fills, in the order it learnt of them.
    pub fn fills(&self) -> Vec<Fill> {
        fills_of(&self.ledger, &format!("SELECT {COLUMNS} FROM fills ORDER BY fill"))
    }

    /// Asserts, once the agent has ended, that the ledger holds every execution of the venue once,
    /// and that the venue got every order once and none that the ledger did not intend.
    pub fn assert_agree(&self) {
        let mut known = self.fills();
        known.sort();
        let query = format!("SELECT {COLUMNS} FROM executions ORDER BY venue_sequence");
        let executed = fills_of(&self.venue, &query);
        assert_eq!(known, executed, "a fill was lost, doubled or made up");
        let sent = column(&self.venue, "SELECT client_order_id FROM orders");
        let distinct: BTreeSet<&String> = sent.iter().collect();
        assert_eq!(distinct.len(), sent.len(), "an order was sent twice");
        let intended = column(&self.ledger, "SELECT client_order_id FROM intents");
        let intended: BTreeSet<&String> = intended.iter().collect();
        assert!(sent.iter().all(|order| intended.contains(order)), "an order nobody intended");
    }
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
