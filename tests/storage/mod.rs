//! The disk refuses while the agent trades, and the clock jumps: no entry goes out, what is held can be
//! closed, and afterwards nothing is lost or doubled.

pub mod faulty;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;

use crate::support::home::{Home, Running};
use crate::support::output;
use faulty::{BUSY, Faulty, order_of};

/// What the agent says when it begins and ends.
const REFUSES: &str = "no entries, exits go on";
const RECOVERED: &str = "is written again";

/// Waits until the agent holds something.
fn holding(agent: &mut Running) {
    for _ in 0..3 {
        agent.line("filled: buy");
    }
}

/// An exit is sent while the disk refuses; returns its client order id.
fn exit_in_trouble(agent: &mut Running) -> String {
    agent.line(REFUSES);
    loop {
        let line = agent.line(" sell ");
        if !line.contains("filled") {
            return order_of(&line);
        }
    }
}

/// Waits for a file that holds something.
fn appears(path: &Path, is_there: impl Fn(&[u8]) -> bool) {
    let mut looks = 0;
    while !fs::read(path).is_ok_and(|content| is_there(&content)) {
        looks += 1;
        assert!(looks < 3_000, "{} does not appear", path.display());
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// True for an emergency journal with something in it: what follows its header is no zero.
fn has_frame(journal: &[u8]) -> bool {
    journal.get(512..516).is_some_and(|length| length != [0; 4])
}

/// The agent goes on by itself, stops when asked, and all books agree.
#[track_caller]
fn recovers(home: &Home, mut agent: Running, exit: &str) {
    agent.line(RECOVERED);
    agent.line("filled: buy");
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    books_agree(home);
    protected(home, exit);
}

/// Ledger and account are whole and say the same.
#[track_caller]
fn books_agree(home: &Home) {
    let check = home.json("db check");
    assert_eq!(check["ok"], true, "{check}");
    let integrity = home.json("exec-integrity");
    assert_eq!(integrity["overall"], "OK", "{integrity}");
    let ledger = home.ledger();
    let account = home.path("data/paper.db");
    ledger.execute("ATTACH ?1 AS account", [account.to_str().unwrap()]).unwrap();
    let columns = "venue_sequence, symbol, client_order_id, quantity, price, fee";
    let differences = format!(
        "SELECT count(*) FROM (
           SELECT * FROM (SELECT {columns} FROM fills EXCEPT SELECT {columns} FROM executions)
           UNION ALL
           SELECT * FROM (SELECT {columns} FROM executions EXCEPT SELECT {columns} FROM fills))"
    );
    assert_eq!(count(&ledger, &differences), 0, "a fill is missing on one side");
    assert_eq!(count(&ledger, "SELECT count(*) - count(DISTINCT venue_sequence) FROM fills"), 0);
}

#[track_caller]
fn count(ledger: &Connection, query: &str) -> i64 {
    ledger.query_row(query, [], |row| row.get(0)).unwrap()
}

/// Nothing was entered while the hold was set, and the exit was filled at the venue meanwhile.
#[track_caller]
fn protected(home: &Home, exit: &str) {
    let ledger = home.ledger();
    let entries = "SELECT count(*) FROM events e
         JOIN intents i ON e.kind = 'intent' AND e.ref = i.client_order_id AND i.purpose = 'entry'
         WHERE EXISTS (SELECT 1 FROM events s WHERE s.kind = 'hold_set'
             AND s.ref = 'storage_unavailable' AND s.seq < e.seq
             AND NOT EXISTS (SELECT 1 FROM events c WHERE c.kind = 'hold_cleared'
                 AND c.ref = 'storage_unavailable' AND c.seq > s.seq AND c.seq < e.seq))";
    assert_eq!(count(&ledger, entries), 0, "no entry while held");
    let held = "SELECT count(*) FROM holds h JOIN fills f ON h.code = 'storage_unavailable'
         AND f.at_us BETWEEN h.set_at_us AND h.cleared_at_us WHERE f.client_order_id = ?1";
    let held: i64 = ledger.query_row(held, [exit], |row| row.get(0)).unwrap();
    assert!(held > 0, "{exit} was filled while the ledger could not be written");
    let unsent = "SELECT count(*) FROM orders o JOIN fills f USING (client_order_id)
         WHERE o.reason LIKE 'never sent%'";
    assert_eq!(count(&ledger, unsent), 0);
}

#[test]
fn a_lock_that_another_process_keeps() {
    let Some(stage) = Faulty::new(BUSY) else { return };
    let mut agent = stage.start("--speed 20");
    holding(&mut agent);
    let other = stage.home.ledger();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let exit = exit_in_trouble(&mut agent);
    let health = stage.home.ibis("healthcheck --json");
    assert_eq!(health.code, Some(2), "{health:?}");
    assert!(health.stdout.contains("ledger_writable"), "{health:?}");
    drop(other);
    recovers(&stage.home, agent, &exit);
}

#[test]
fn a_lock_on_the_paper_account() {
    let home = Home::new();
    home.write("ibis.toml", BUSY);
    let mut agent = home.start("agent --config ibis.toml --speed 20", &[]);
    holding(&mut agent);
    let other = Connection::open(home.path("data/paper.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let exit = exit_in_trouble(&mut agent);
    drop(other);
    recovers(&home, agent, &exit);
}

#[test]
fn an_io_error() {
    let Some(stage) = Faulty::new(BUSY) else { return };
    let mut agent = stage.start("--speed 20");
    holding(&mut agent);
    stage.begin("eio", "");
    let exit = exit_in_trouble(&mut agent);
    appears(&stage.home.path("run/emergency.wal"), has_frame);
    // Reports of its own trouble do not need the ledger.
    let health = stage.home.ibis("healthcheck --json").parsed();
    assert_ne!(health["overall"], "INSUFFICIENT", "{health}");
    stage.end("eio");
    recovers(&stage.home, agent, &exit);
}

#[test]
fn a_file_system_that_turns_read_only() {
    let Some(stage) = Faulty::new(BUSY) else { return };
    let mut agent = stage.start("--speed 20");
    holding(&mut agent);
    stage.begin("erofs", "");
    let exit = exit_in_trouble(&mut agent);
    stage.end("erofs");
    recovers(&stage.home, agent, &exit);
}

#[test]
fn killed_while_the_disk_refuses_the_exit_is_known_afterwards() {
    let Some(stage) = Faulty::new(BUSY) else { return };
    let mut agent = stage.start("--speed 20");
    holding(&mut agent);
    stage.begin("eio", "");
    let exit = exit_in_trouble(&mut agent);
    // Written down, so it is on its way. What was written before it may be there sooner.
    let named = |journal: &[u8]| {
        has_frame(journal) && journal.windows(exit.len()).any(|part| part == exit.as_bytes())
    };
    appears(&stage.home.path("run/emergency.wal"), named);
    agent.kill();
    stage.end("eio");
    let intents = "SELECT count(*) FROM intents WHERE client_order_id = ?1";
    let known = |home: &Home| -> i64 {
        home.ledger().query_row(intents, [&exit], |row| row.get(0)).unwrap()
    };
    assert_eq!(known(&stage.home), 0, "the ledger could not be written");
    let mut agent = stage.start("--speed 20");
    agent.line("taken into the ledger from the emergency journal");
    agent.line("ready: run");
    assert_eq!(known(&stage.home), 1);
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    books_agree(&stage.home);
    let mut agent = stage.start("--speed 20");
    agent.line("ready: run");
    agent.signal("TERM");
    let ended = agent.wait();
    assert!(!ended.stderr.contains("emergency journal"), "once: {ended:?}");
    assert_eq!(known(&stage.home), 1);
    books_agree(&stage.home);
}

#[test]
fn a_full_disk() {
    let home = Home::new();
    let data = home.path("data");
    fs::create_dir_all(&data).unwrap();
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=12m", "ibis-test"]).arg(&data);
    if !output(&mut mount).status.success() {
        println!("skipped: a small disk needs the right to mount one");
        return;
    }
    let unmount = Unmount(data.clone());
    // So small a disk is full to begin with, by the usual measure.
    let small = "[health]\ndisk_free_warn = \"1MiB\"\ndisk_free_critical = \"1MiB\"\n";
    home.write("ibis.toml", format!("{BUSY}{small}"));
    let mut agent = home.start("agent --config ibis.toml --speed 20", &[]);
    holding(&mut agent);
    // To the last page, while the agent writes: dd ends where there is no room.
    let ballast = data.join("ballast");
    let mut fill = Command::new("dd");
    fill.args(["if=/dev/zero", "bs=4k"]).arg(format!("of={}", ballast.display()));
    output(&mut fill);
    let exit = exit_in_trouble(&mut agent);
    fs::remove_file(ballast).unwrap();
    recovers(&home, agent, &exit);
    drop(unmount);
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        // Lazily: whatever still has a file open there ends with its test.
        output(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

#[test]
fn files_deleted_under_it_are_put_back() {
    let home = Home::new();
    home.write("ibis.toml", BUSY);
    let mut agent = home.start("agent --config ibis.toml --speed 20", &[]);
    holding(&mut agent);
    let entries = fs::read_dir(home.path("data")).unwrap().flatten().map(|entry| entry.path());
    for file in entries.filter(|path| path.is_file()) {
        fs::remove_file(file).unwrap();
    }
    let told = [agent.line("put back from memory"), agent.line("put back from memory")].concat();
    assert!(
        told.contains("ibis.db: was deleted") && told.contains("paper.db: was deleted"),
        "{told}"
    );
    agent.line("filled: buy");
    appears(&home.path("data/agent.lock"), <[u8]>::is_empty);
    assert!(home.ibis("agent --config ibis.toml").refused(75).contains("agent.lock"));
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    books_agree(&home);
    let runs = "SELECT count(*) FROM runs";
    assert_eq!(count(&home.ledger(), runs), 1, "the very ledger");
}

#[test]
fn a_torn_page_stops_for_good_and_exits_go_on() {
    let home = Home::new();
    home.write("ibis.toml", BUSY);
    let mut agent = home.start("agent --config ibis.toml --speed 20", &[]);
    holding(&mut agent);
    let path = home.path("data/ibis.db");
    let other = Connection::open(&path).unwrap();
    other.busy_timeout(Duration::from_secs(60)).unwrap();
    other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE;").unwrap();
    // Below SQLite, as a disk does it; the pages are read again because another has written.
    let length = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    fs::write(&path, vec![0xA5; length]).unwrap();
    drop(other);
    let line = agent.line(REFUSES);
    assert!(line.contains("ibis db check") && line.contains("ibis db restore"), "{line}");
    assert!(agent.line("hold integrity").contains("hard_stop"));
    agent.line(" sell ");
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    assert_eq!(home.ibis("agent --config ibis.toml").code, Some(65));
}

#[test]
fn a_wall_clock_that_jumps_by_hours_moves_nothing() {
    let Some(stage) = Faulty::new(BUSY) else { return };
    let mut agent = stage.start("");
    agent.line("filled: buy");
    for seconds in ["-7200", "18000", "-36000"] {
        stage.begin("clock", seconds);
        for _ in 0..3 {
            agent.line("filled: buy");
            agent.line("filled: sell");
        }
    }
    stage.end("clock");
    agent.line("filled: buy");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    books_agree(&stage.home);
    let ledger = stage.home.ledger();
    let holds = "SELECT count(*) FROM holds WHERE code NOT IN ('startup', 'draining')";
    assert_eq!(count(&ledger, holds), 0);
    let span = "SELECT max(at_us) - min(at_us) FROM events";
    assert!(count(&ledger, span) < 1_800_000_000, "no event of another hour");
    let backwards = "SELECT count(*) FROM events a JOIN events b ON b.seq = a.seq + 1
         WHERE b.at_us < a.at_us";
    assert_eq!(count(&ledger, backwards), 0);
    let early = "SELECT count(*) FROM fills WHERE purpose = 'time_exit'
         AND at_us - opened_at_us < 60000000";
    assert_eq!(count(&ledger, early), 0, "held for as long as it should be");
}
