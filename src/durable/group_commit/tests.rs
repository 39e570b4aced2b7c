//! The writer against a real file: waits, refusals, locks, deletions, damage, and its log.

use super::*;
use crate::durable::database_home::with_suffix;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// What the tests see of the sink, and how they hold it up.
#[derive(Default)]
struct Gate {
    shut: Mutex<bool>,
    changed: Condvar,
    /// Hand-overs committed.
    items: AtomicUsize,
}

impl Gate {
    fn set_shut(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.changed.notify_all();
    }
}

struct Rows(Arc<Gate>);

/// NULL is refused by the table.
type Row = Vec<Option<i64>>;

impl Handover for Row {
    fn absorb(&mut self, later: Self) {
        self.extend(later);
    }
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Sink for Rows {
    type Item = Row;
    fn write(&mut self, transaction: &Transaction<'_>, items: &[Arc<Row>]) -> rusqlite::Result<()> {
        drop(self.0.changed.wait_while(self.0.shut.lock().unwrap(), |shut| *shut).unwrap());
        for value in items.iter().flat_map(|item| item.iter()) {
            transaction.execute("INSERT INTO a VALUES (?1)", [value])?;
        }
        Ok(())
    }
    fn committed(&mut self, items: &[Arc<Row>]) {
        self.0.items.fetch_add(items.len(), Ordering::Relaxed);
    }
    fn reopen(&self, path: &Path) -> Result<Connection, OpenError> {
        Ok(open(path))
    }
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_millis(10)).unwrap();
    // Nobody but the thread beside the writer copies the log back.
    connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    let create = "PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS a(x INTEGER NOT NULL)";
    connection.execute_batch(create).unwrap();
    connection
}

fn rows(path: &Path) -> Vec<i64> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT x FROM a ORDER BY rowid").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

struct Stage {
    directory: PathBuf,
    gate: Arc<Gate>,
    writer: GroupCommit<Row>,
}

impl Stage {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("ibis-group-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let connection = open(&directory.join("a.db"));
        let gate = Arc::new(Gate::default());
        let sink = Rows(Arc::clone(&gate));
        Self { directory, gate, writer: GroupCommit::start("test", connection, sink).unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.join("a.db")
    }

    fn rows(&self) -> Vec<i64> {
        rows(&self.path())
    }

    /// Waits until there is trouble, or none any more.
    fn until(&mut self, troubled: bool) {
        while self.writer.trouble().is_some() != troubled {
            std::thread::yield_now();
        }
    }

    fn until_durable(&self, ticket: Ticket) {
        while !self.writer.is_durable(ticket).unwrap() {
            std::thread::yield_now();
        }
    }

    /// How often the log began anew (SQLite's file format, 4.1: the header's fourth number); none
    /// where there is no log.
    fn log_begins(&self) -> Option<u32> {
        let log = std::fs::read(self.directory.join("a.db-wal")).ok()?;
        Some(u32::from_be_bytes(log.get(12..16)?.try_into().unwrap()))
    }

    /// Writes on until the log begins anew.
    fn until_log_begins(&mut self) {
        let before = self.log_begins().unwrap();
        while self.log_begins() == Some(before) {
            let ticket = self.writer.send(vec![Some(1)]);
            self.writer.wait(ticket).unwrap();
            std::thread::yield_now();
        }
    }

    fn close(self) {
        self.writer.close().unwrap();
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

#[test]
fn what_was_waited_for_is_there_in_full() {
    let mut stage = Stage::new("wait");
    for value in 1..=500 {
        stage.writer.send(vec![Some(value)]);
    }
    let ticket = stage.writer.send(vec![Some(1)]);
    stage.writer.wait(ticket).unwrap();
    assert_eq!(stage.rows().iter().sum::<i64>(), 125_251);
    assert_eq!(stage.writer.is_durable(ticket), Ok(true));
    // More than the queue holds: the sender waits, and nothing is absorbed.
    assert_eq!(stage.gate.items.load(Ordering::Relaxed), 501);
    stage.close();
}

#[test]
fn a_writer_that_is_dropped_ends_by_itself() {
    let mut stage = Stage::new("dropped");
    let ticket = stage.writer.send(vec![Some(1)]);
    stage.writer.wait(ticket).unwrap();
    let path = stage.path();
    let log = with_suffix(&path, "-wal");
    assert!(log.exists());
    stage.gate.set_shut(true);
    for value in 2..=QUEUE_ITEMS_MAX as i64 {
        stage.writer.send(vec![Some(value)]);
    }
    drop(stage.writer);
    stage.gate.set_shut(false);
    while log.exists() {
        std::thread::yield_now();
    }
    assert!(rows(&path).into_iter().eq(1..=QUEUE_ITEMS_MAX as i64), "what was queued is written");
    std::fs::remove_dir_all(&stage.directory).unwrap();
}

#[test]
fn a_disk_that_hangs_is_waited_for_once_and_the_queue_keeps_its_length() {
    let mut stage = Stage::new("hangs");
    stage.gate.set_shut(true);
    let first = stage.writer.send(vec![Some(0)]);
    assert_eq!(stage.writer.trouble(), None, "it may just be slow");
    stage.writer.give_up_waiting();
    let why = stage.writer.trouble().unwrap().to_string();
    assert!(why.contains("more than 2 s"), "{why}");
    stage.gate.set_shut(false);
    stage.until_durable(first);
    assert_eq!(stage.writer.trouble(), None);

    stage.gate.set_shut(true);
    // The writer holds the first; the queue counts it.
    for value in 1..=QUEUE_ITEMS_MAX as i64 {
        stage.writer.send(vec![Some(value)]);
    }
    assert_eq!(stage.writer.trouble(), None);
    // This one waits for room, the others no more.
    let mut last = stage.writer.last();
    for value in 1..=300 {
        last = stage.writer.send(vec![Some(QUEUE_ITEMS_MAX as i64 + value)]);
    }
    assert!(stage.writer.trouble().unwrap().to_string().contains("more than 2 s"));
    assert_eq!(stage.writer.wait_patiently(last), Ok(false));
    assert!(stage.writer.trouble().is_some());
    let pending = stage.writer.pending();
    assert_eq!((pending.items.len(), pending.mark), (QUEUE_ITEMS_MAX, 0));
    drop(pending);
    stage.gate.set_shut(false);
    stage.until_durable(last);
    assert_eq!(stage.writer.trouble(), None);
    assert_eq!(stage.writer.wait_patiently(last), Ok(true));
    assert_eq!(stage.writer.trouble(), None);
    assert!(stage.rows().into_iter().eq(0..=QUEUE_ITEMS_MAX as i64 + 300));
    stage.close();
}

#[test]
fn a_full_backlog_of_a_writer_without_trouble_is_waited_for() {
    let mut stage = Stage::new("full");
    stage.gate.set_shut(true);
    for _ in 1..QUEUE_ITEMS_MAX {
        stage.writer.send(vec![Some(1)]);
    }
    stage.writer.send(vec![Some(1); BACKLOG_MAX + 1 - QUEUE_ITEMS_MAX]);
    stage.writer.give_up_waiting();
    let gate = Arc::clone(&stage.gate);
    let opens = std::thread::spawn(move || {
        // Late enough for the sender to stand before the full queue; sooner, it finds room.
        std::thread::park_timeout(Duration::from_millis(200));
        gate.set_shut(false);
    });
    let last = stage.writer.send(vec![Some(1)]);
    opens.join().unwrap();
    stage.until_durable(last);
    assert_eq!(stage.rows().len(), BACKLOG_MAX + 1);
    stage.close();
}

#[test]
fn trouble_ends_every_wait_at_once() {
    let mut stage = Stage::new("at-once");
    let other = open(&stage.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // No trouble yet: the sender comes to a full queue first.
    let mut last = stage.writer.last();
    for value in 0..2 * QUEUE_ITEMS_MAX as i64 {
        last = stage.writer.send(vec![Some(value)]);
    }
    assert!(!stage.writer.late, "the wait for room went on in trouble");
    stage.until(true);
    let (tell, told) = mpsc::channel();
    let passes = std::thread::spawn(move || {
        // Passes only after the wait is over, or where it goes on for too long.
        told.recv_timeout(Duration::from_secs(1)).ok();
        other.execute_batch("COMMIT").unwrap();
    });
    assert_eq!(stage.writer.wait_patiently(last), Ok(false), "trouble is not waited out");
    tell.send(()).ok();
    passes.join().unwrap();
    stage.until_durable(last);
    assert!(stage.rows().into_iter().eq(0..2 * QUEUE_ITEMS_MAX as i64));
    stage.close();
}

#[test]
fn what_the_database_refuses_reaches_every_later_wait_and_is_rolled_back() {
    let mut stage = Stage::new("fail");
    let first = stage.writer.send(vec![Some(1)]);
    stage.writer.wait(first).unwrap();
    let bad = stage.writer.send(vec![Some(7), None]);
    assert!(stage.writer.wait(bad).is_err());
    // Dropped, all of them: nobody would make room for them.
    for value in 0..=QUEUE_ITEMS_MAX as i64 {
        stage.writer.send(vec![Some(value)]);
    }
    let later = stage.writer.last();
    assert!(stage.writer.wait_patiently(later).is_err());
    assert_eq!(stage.writer.wait(first), Ok(()));
    assert_eq!(stage.rows(), [1]);
    assert!(stage.writer.close().is_err());
    std::fs::remove_dir_all(&stage.directory).unwrap();
}

#[test]
fn a_lock_that_passes_costs_nothing_but_time_and_order_is_kept() {
    let mut stage = Stage::new("lock");
    let other = open(&stage.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut last = stage.writer.send(vec![Some(0)]);
    stage.until(true);
    assert_eq!(stage.writer.wait_patiently(last), Ok(false), "trouble is not waited out");
    assert!(stage.writer.wait(last).is_err());
    for value in 1..=3 * QUEUE_ITEMS_MAX as i64 {
        last = stage.writer.send(vec![Some(value)]);
    }
    let why = stage.writer.trouble().unwrap().to_string();
    assert!(why.contains("a.db") && why.contains("locked"), "{why}");
    assert_eq!(stage.writer.pending().items.len(), QUEUE_ITEMS_MAX);
    other.execute_batch("COMMIT").unwrap();
    stage.until_durable(last);
    assert_eq!(stage.writer.trouble(), None);
    assert!(stage.rows().into_iter().eq(0..=3 * QUEUE_ITEMS_MAX as i64));
    stage.close();
}

#[test]
fn a_backlog_has_a_bound() {
    let mut stage = Stage::new("bound");
    let other = open(&stage.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut last = stage.writer.send(vec![Some(0)]);
    stage.until(true);
    for value in 1..BACKLOG_MAX as i64 {
        last = stage.writer.send(vec![Some(value)]);
    }
    assert_eq!(stage.writer.is_durable(last), Ok(false), "it is full, and no more");
    last = stage.writer.send(vec![Some(0)]);
    let failed = stage.writer.is_durable(last).unwrap_err();
    assert!(failed.to_string().contains("entries wait"), "{failed}");
    std::fs::remove_dir_all(&stage.directory).unwrap();
}

#[test]
fn what_was_taken_from_the_queue_absorbs_nothing_more() {
    let mut stage = Stage::new("pending");
    let other = open(&stage.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    stage.writer.send(vec![Some(0)]);
    stage.until(true);
    for value in 1..=QUEUE_ITEMS_MAX as i64 {
        stage.writer.send(vec![Some(value)]);
    }
    let taken = stage.writer.pending();
    let values = |pending: &Pending<Row>| -> Vec<i64> {
        pending.items.iter().flat_map(|(_, item)| item.iter().flatten().copied()).collect()
    };
    let expected: Vec<i64> = (0..=QUEUE_ITEMS_MAX as i64).collect();
    assert_eq!(values(&taken), expected);
    let upto = taken.items.last().unwrap().0;
    assert_eq!((upto, taken.mark), (stage.writer.last(), 0));
    drop(taken);
    stage.writer.send(vec![Some(-1)]);
    let last = stage.writer.send(vec![Some(-2)]);
    let again = stage.writer.pending();
    let later = again.items.iter().filter(|(ticket, _)| *ticket > upto);
    let later: Vec<_> = later.flat_map(|(_, item)| item.iter().flatten().copied()).collect();
    assert_eq!(later, [-1, -2]);
    drop(again);
    other.execute_batch("COMMIT").unwrap();
    stage.until_durable(last);
    assert_eq!(stage.rows().len(), QUEUE_ITEMS_MAX + 3);
    stage.close();
}

#[test]
fn the_log_is_copied_back_beside_the_writer_and_a_reader_only_postpones_it() {
    let mut stage = Stage::new("log");
    let first = stage.writer.send(vec![Some(1)]);
    stage.writer.wait(first).unwrap();
    stage.until_log_begins();
    let reader = open(&stage.path());
    let rows = "SELECT count(*) FROM a";
    let count = |connection: &Connection| -> i64 {
        connection.query_row(rows, [], |row| row.get(0)).unwrap()
    };
    let snapshot = reader.unchecked_transaction().unwrap();
    let seen = count(&snapshot);
    let begun = stage.log_begins();
    for _ in 0..100 {
        let ticket = stage.writer.send(vec![Some(1)]);
        stage.writer.wait(ticket).unwrap();
    }
    assert_eq!(stage.log_begins(), begun, "what a reader may still need stays");
    assert_eq!(count(&snapshot), seen);
    drop(snapshot);
    stage.until_log_begins();
    drop(reader);
    let last = stage.writer.send(vec![Some(1)]);
    stage.writer.wait(last).unwrap();
    let (directory, path) = (stage.directory.clone(), stage.path());
    stage.writer.close().unwrap();
    assert!(!with_suffix(&path, "-wal").exists(), "the writer's connection was not the last one");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn the_log_of_a_file_that_was_put_back_is_copied_back_too() {
    let mut stage = Stage::new("put-back-log");
    for _ in 0..2 {
        let ticket = stage.writer.send(vec![Some(1)]);
        stage.writer.wait(ticket).unwrap();
        std::fs::remove_file(stage.path()).unwrap();
        let ticket = stage.writer.send(vec![Some(1)]);
        stage.until_durable(ticket);
        stage.until_log_begins();
    }
    let path = stage.path();
    let directory = stage.directory.clone();
    stage.writer.close().unwrap();
    assert!(!with_suffix(&path, "-wal").exists());
    let left = Connection::open(&path).unwrap();
    let intact: String =
        left.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(intact, "ok");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_deleted_file_is_put_back_with_everything_in_it() {
    let mut stage = Stage::new("deleted");
    let first = stage.writer.send(vec![Some(1)]);
    stage.writer.wait(first).unwrap();
    for name in ["a.db", "a.db-wal", "a.db-shm"] {
        std::fs::remove_file(stage.directory.join(name)).unwrap();
    }
    let second = stage.writer.send(vec![Some(2)]);
    stage.until_durable(second);
    assert_eq!(stage.rows(), [1, 2]);
    // Only the file itself: its old log must not be taken for the new one's.
    std::fs::remove_file(stage.path()).unwrap();
    let third = stage.writer.send(vec![Some(3)]);
    stage.until_durable(third);
    assert_eq!(stage.rows(), [1, 2, 3]);
    stage.close();
}

#[test]
fn a_file_put_in_the_databases_place_is_moved_aside() {
    let mut stage = Stage::new("replaced");
    let first = stage.writer.send(vec![Some(1)]);
    stage.writer.wait(first).unwrap();
    std::fs::write(stage.directory.join("other"), "another").unwrap();
    std::fs::rename(stage.directory.join("other"), stage.path()).unwrap();
    let second = stage.writer.send(vec![Some(2)]);
    stage.until_durable(second);
    assert_eq!(stage.rows(), [1, 2]);
    let aside = stage.directory.join("a.db.found-1");
    assert_eq!(std::fs::read(aside).unwrap(), b"another");
    stage.close();
}

#[test]
fn damage_is_told_as_such_and_not_tried_again() {
    let mut stage = Stage::new("damaged");
    let connection = Connection::open(stage.path()).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(connection);
    let length = std::fs::metadata(stage.path()).unwrap().len();
    std::fs::write(stage.path(), vec![0xA5; usize::try_from(length).unwrap()]).unwrap();
    let ticket = stage.writer.send(vec![Some(1)]);
    stage.until(true);
    let trouble = stage.writer.trouble().unwrap();
    assert!(trouble.damaged, "{trouble}");
    let text = trouble.to_string();
    assert!(text.contains("ibis db check") && text.contains("ibis db restore"), "{text}");
    assert_eq!(stage.writer.is_durable(ticket), Ok(false));
    let thread = stage.writer.thread.take().unwrap();
    drop(stage.writer);
    thread.join().unwrap();
    std::fs::remove_dir_all(&stage.directory).unwrap();
}

#[test]
fn a_writer_in_trouble_ends_once_nobody_waits_for_it() {
    let mut stage = Stage::new("left");
    let other = open(&stage.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    stage.writer.send(vec![Some(0)]);
    stage.until(true);
    let thread = stage.writer.thread.take().unwrap();
    drop(stage.writer);
    thread.join().unwrap();
    assert_eq!(stage.gate.items.load(Ordering::Relaxed), 0);
    std::fs::remove_dir_all(&stage.directory).unwrap();
}
