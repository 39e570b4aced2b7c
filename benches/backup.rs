//! A backup beside a writer: how long the loop waits for its commits, with and without one.
//!
//! Fills a ledger (1 GB, or as many MiB as the argument says), then commits twenty events every ten
//! milliseconds, as a busy agent does, while `ibis db backup` runs in a process of its own at the
//! priority its unit gives it.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark reads the clock and prints rates"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ibis::domain::record::{Fact, Record, SurpriseRecord};
use ibis::domain::time::Timestamp;
use ibis::durable::group_commit::GroupCommit;
use ibis::store::run::{NewRun, begin};
use ibis::store::writer::{Batch, Entry, LedgerSink};
use ibis::store::{LEDGER, chain, ledger_path};

/// The ledger's size where no argument names one.
const MIB: u64 = 1_024;
/// A row's payload.
const PAYLOAD_BYTES: usize = 900;
/// Events of one hand-over while measuring.
const EVENTS: usize = 20;
/// Between two hand-overs.
const EVERY: Duration = Duration::from_millis(10);
/// Measured without a backup.
const QUIET: Duration = Duration::from_secs(10);

fn main() {
    let mib = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(MIB);
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-backup");
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).unwrap();
    let mut writer = fill(&directory, mib << 20);
    println!(
        "{:28} {:>9} {:>9} {:>9} {:>9}",
        "commit of 20 events", "count", "p50 us", "p99 us", "max us"
    );
    show("no backup", commits(&mut writer, |began| began.elapsed() >= QUIET));
    let began = Instant::now();
    let mut backup = start(&directory);
    show("beside a backup", commits(&mut writer, |_| backup.try_wait().unwrap().is_some()));
    let (seconds, status) = (began.elapsed().as_secs_f64(), backup.wait().unwrap());
    let length = std::fs::metadata(ledger_path(&directory)).unwrap().len() as f64;
    println!(
        "backup of {:.0} MB, read back, in {seconds:.1} s: {:.0} MB/s, exit {}",
        length / 1e6,
        length / 1e6 / seconds,
        status.code().unwrap_or(-1)
    );
    writer.close().unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
}

/// A ledger of at least so many bytes, and its writer.
fn fill(directory: &Path, bytes: u64) -> GroupCommit<Batch> {
    let path = ledger_path(directory);
    let mut connection = LEDGER.open_writer(&path).unwrap();
    let run = NewRun {
        // A live ledger stands alone.
        mode: "live",
        instance: "bench",
        clock: "wall",
        market: "bench",
        config_hash: "",
        fee_source: "api:bench",
        started_at: Timestamp::from_us(1),
    };
    begin(&mut connection, &run, 1).unwrap();
    let head = chain::head(&connection).unwrap().seq;
    let sink = LedgerSink::new(directory.to_owned(), head);
    let mut writer = GroupCommit::start("ledger", connection, sink).unwrap();
    while std::fs::metadata(&path).unwrap().len() < bytes {
        for _ in 0..20 {
            writer.send(batch(500));
        }
        writer.wait(writer.last()).unwrap();
    }
    writer
}

fn batch(events: usize) -> Batch {
    let record = |detail| {
        let (code, subject) = ("bench".to_owned(), "bench".to_owned());
        Record::Surprise(SurpriseRecord { code, subject, detail })
    };
    let record = || record("x".repeat(PAYLOAD_BYTES));
    let fact = || Fact { at: Timestamp::from_us(1), input: None, record: record() };
    let entries = std::iter::repeat_with(|| Entry::Fact(fact())).take(events).collect();
    Batch { entries, ..Batch::default() }
}

/// How long each commit took, until it is over.
fn commits(
    writer: &mut GroupCommit<Batch>,
    mut is_over: impl FnMut(Instant) -> bool,
) -> Vec<Duration> {
    let (began, mut took) = (Instant::now(), Vec::new());
    while !is_over(began) {
        let batch = batch(EVENTS);
        let sent = Instant::now();
        let ticket = writer.send(batch);
        writer.wait(ticket).unwrap();
        took.push(sent.elapsed());
        std::thread::sleep(EVERY.saturating_sub(sent.elapsed()));
    }
    took
}

fn start(directory: &Path) -> Child {
    let mut command = Command::new("nice");
    command.args(["-n", "10", env!("CARGO_BIN_EXE_ibis"), "db", "backup", "--state-dir"]);
    command.arg(directory).stdout(Stdio::null()).spawn().unwrap()
}

fn show(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_micros();
    println!("{what:28} {:>9} {:>9} {:>9} {:>9}", took.len(), at(0.5), at(0.99), at(1.0));
}
