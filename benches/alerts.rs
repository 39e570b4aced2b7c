//! How soon a person hears of it: `cargo bench --bench alerts [EVENTS]`. Prints a table; asserts nothing.
//!
//! A fact is committed to a ledger as an agent commits it, each about another thing, so that no floor
//! holds it back; the agent's notifier finds it, writes it to the outbox and posts it to a server on
//! loopback. Counted is from before the commit until the server has read the request. The notifier looks
//! each second, so half a second is what chance gives: facts come at random instants. The last line is a
//! burst, all in one commit.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints a table"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use ibis::alerts::notifier::Notifier;
use ibis::config::{Sources, load};
use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::record::{Fact, Record};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::durable::group_commit::Sink as _;
use ibis::store::writer::{Batch, Entry, LedgerSink};
use ibis::store::{LEDGER, chain, ledger_path};
use rusqlite::TransactionBehavior;

/// Events where the command line names no other number: as many as there are things to tell of.
const EVENTS: usize = 300;
/// Between two events lies up to this much.
const PAUSE_MAX_MS: u64 = 900;
/// Longer than any message takes.
const WAIT: Duration = Duration::from_secs(30);

fn main() {
    let events = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(EVENTS);
    let directory = std::env::temp_dir().join(format!("ibis-bench-alerts-{}", std::process::id()));
    drop(fs::remove_dir_all(&directory));
    fs::create_dir_all(&directory).unwrap();
    drop(LEDGER.open_writer(&ledger_path(&directory)).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (told, heard) = channel();
    std::thread::spawn(move || serve(&listener, &told));
    let notifier = notifier(&directory, &url);

    let things = things();
    let (single, burst) = things.split_at(events.min(things.len() / 2));
    println!(
        "{:<46}{:>8}{:>9}{:>9}{:>9}",
        "from the commit, milliseconds", "events", "p50", "p99", "longest"
    );
    let mut took: Vec<Duration> =
        single.iter().map(|thing| one(&directory, thing, &heard)).collect();
    line("one event, to the webhook's server", &mut took);
    let mut took = all(&directory, burst, &heard);
    line("a burst in one commit", &mut took);
    drop(notifier);
    fs::remove_dir_all(&directory).unwrap();
}

fn line(name: &str, took: &mut [Duration]) {
    took.sort_unstable();
    let at = |percent: usize| {
        let at = (took.len() * percent / 100).min(took.len().saturating_sub(1));
        took.get(at).map_or(0, Duration::as_millis)
    };
    println!("{name:<46}{:>8}{:>9}{:>9}{:>9}", took.len(), at(50), at(99), at(100));
}

fn notifier(directory: &Path, url: &str) -> Notifier {
    let file: PathBuf = directory.join("ibis.toml");
    let text = format!("[alerts]\nwebhook_url = \"{url}\"\nwebhook_severity = \"info\"\n");
    fs::write(&file, text).unwrap();
    let settings = load(&Sources { files: vec![file], ..Sources::default() }).unwrap().settings;
    Notifier::start(directory, &settings, None).unwrap()
}

/// Holds that are alerts of their own.
fn things() -> Vec<Hold> {
    let symbols: Vec<Symbol> =
        (0..20).map(|number| Symbol::new(&format!("COIN{number}-USDT")).unwrap()).collect();
    // Those of every start and every stop are no news.
    let told = |code: &HoldCode| !matches!(code, HoldCode::Startup | HoldCode::Draining);
    let codes = HoldCode::ALL.into_iter().filter(told);
    let all = codes.flat_map(|code| {
        symbols.iter().map(move |symbol| Hold {
            scope: Some(*symbol),
            code,
            level: Level::SoftPause,
            reason: "a bench".to_owned(),
            set_at: Timestamp::default(),
            until: None,
        })
    });
    all.collect()
}

/// The alert's key, by which its message is known.
fn key(hold: &Hold) -> String {
    format!("hold/{}/{}", hold.scope.unwrap(), hold.code.as_str())
}

/// One event, after a pause as long as its key makes it.
fn one(directory: &Path, hold: &Hold, heard: &Receiver<(String, Instant)>) -> Duration {
    let key = key(hold);
    let dice = key.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    std::thread::sleep(Duration::from_millis(dice % PAUSE_MAX_MS));
    let began = Instant::now();
    happen(directory, std::slice::from_ref(hold));
    loop {
        let (told, at) = heard.recv_timeout(WAIT).unwrap();
        if told == key {
            return at - began;
        }
    }
}

fn all(directory: &Path, holds: &[Hold], heard: &Receiver<(String, Instant)>) -> Vec<Duration> {
    let began = Instant::now();
    happen(directory, holds);
    let mut at = BTreeMap::new();
    while at.len() < holds.len() {
        let (told, when) = heard.recv_timeout(WAIT).unwrap();
        at.insert(told, when - began);
    }
    at.into_values().collect()
}

/// Commits facts as an agent does.
fn happen(directory: &Path, holds: &[Hold]) {
    let mut ledger = LEDGER.open_writer(&ledger_path(directory)).unwrap();
    let record = |hold: &Hold| Record::HoldSet(hold.clone());
    let fact =
        |hold| Entry::Fact(Fact { at: Timestamp::from_us(1), input: None, record: record(hold) });
    let entries = holds.iter().map(fact).collect();
    let transaction = ledger.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let head = chain::head(&transaction).unwrap().seq;
    let mut sink = LedgerSink::new(directory.to_owned(), head);
    sink.write(&transaction, &[Arc::new(Batch { entries, ..Batch::default() })]).unwrap();
    transaction.commit().unwrap();
}

/// Takes every message, and says which and when.
fn serve(listener: &TcpListener, told: &Sender<(String, Instant)>) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let Some(key) = read(&stream) else { continue };
        if told.send((key, Instant::now())).is_err() {
            return;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    }
}

/// The key in a request's body.
fn read(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
    Some(body["key"].as_str()?.to_owned())
}
