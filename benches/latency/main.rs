//! From a market push to the order it causes: `cargo bench --bench latency`. Prints a histogram; asserts
//! nothing.
//!
//! The agent, in live mode, and the exchange are the built program in processes of their own; between
//! them stands a tap that passes bytes on. It reads the clock before it hands a market push to the agent
//! and after it has the first bytes of an order from it: websocket, decoding, engine, risk, the durable
//! intent, signature and HTTP are all inside. The limits are measured on the same machine in the same
//! run: what a push, a commit and a round trip cost at least.
//!
//! "Without durability" is the same with the ledger in memory (`/dev/shm`), where a sync costs nothing.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on says so by stopping")]

mod tap;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tap::Tap;

/// Orders of each line of the table.
const ORDERS: usize = 1_000;
/// Rounds of each limit.
const ROUNDS: usize = 2_000;
/// The market's speed: a signal every few ten milliseconds, far apart from each other.
const SPEED: &str = "20";
/// Longer than any run takes.
const RUN_MAX: Duration = Duration::from_secs(120);

fn main() {
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR")).join("latency");
    let memory = PathBuf::from(format!("/dev/shm/ibis-latency-{}", std::process::id()));
    let limits = limits(&disk);
    let durable = trade(&disk);
    let volatile = trade(&memory);
    println!("{:<52}{:>10}{:>10}", "microseconds", "p50", "p99");
    for (name, samples) in &limits {
        line(name, samples);
    }
    let floor: u128 = limits.iter().map(|(_, samples)| quantile(samples, 50)).sum();
    println!("{:<52}{floor:>10}", "sum of the limits");
    line("market push in to order bytes out", &durable);
    line("the same without durability", &volatile);
    let ratio = quantile(&durable, 50) * 100 / floor.max(1);
    println!("{:<52}{:>7}.{:02}", "ratio of p50 to the sum", ratio / 100, ratio % 100);
    histogram(&durable);
    for directory in [&disk, &memory] {
        fs::remove_dir_all(directory).ok();
    }
}

fn line(name: &str, samples: &[Duration]) {
    println!("{name:<52}{:>10}{:>10}", quantile(samples, 50), quantile(samples, 99));
}

/// The quantile in microseconds, of sorted samples.
fn quantile(samples: &[Duration], percent: usize) -> u128 {
    let at = (samples.len() * percent / 100).min(samples.len().saturating_sub(1));
    samples.get(at).map_or(0, Duration::as_micros)
}

/// How many samples fell between powers of the square root of two.
fn histogram(samples: &[Duration]) {
    println!("\n{:>18}  orders", "microseconds up to");
    let mut bound = 16;
    let mut rest = samples;
    while !rest.is_empty() {
        let within = rest.partition_point(|sample| sample.as_micros() <= bound);
        if within > 0 {
            println!("{bound:>18}  {within:>5} {}", "#".repeat(within * 60 / samples.len()));
        }
        rest = &rest[within..];
        bound = bound * 141 / 100;
    }
}

/// What an order must pay whatever the program does.
fn limits(directory: &Path) -> Vec<(&'static str, Vec<Duration>)> {
    fs::create_dir_all(directory).unwrap();
    let exchange = Program::exchange(directory);
    vec![
        ("limit: 300 bytes one way over loopback", one_way()),
        ("limit: one row into SQLite, WAL and full sync", commit(directory)),
        ("limit: HTTP round trip to the exchange", round_trip(&exchange.address)),
    ]
}

fn one_way() -> Vec<Duration> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    let echo = std::thread::spawn(move || {
        let mut bytes = [0; 300];
        while far.read_exact(&mut bytes).is_ok() && far.write_all(&bytes).is_ok() {}
    });
    let mut bytes = [7; 300];
    let samples = sample(|| {
        near.write_all(&bytes).unwrap();
        near.read_exact(&mut bytes).unwrap();
    });
    drop(near);
    echo.join().unwrap();
    samples.into_iter().map(|both| both / 2).collect()
}

fn commit(directory: &Path) -> Vec<Duration> {
    let path = directory.join("limit.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS intents (id INTEGER PRIMARY KEY, body TEXT);",
        )
        .unwrap();
    let body = "x".repeat(300);
    sample(|| {
        connection.execute("INSERT INTO intents (body) VALUES (?1)", [&body]).unwrap();
    })
}

fn round_trip(address: &str) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("GET /api/v1/timestamp HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let mut answer = [0; 4_096];
    sample(|| {
        stream.write_all(request.as_bytes()).unwrap();
        let length = stream.read(&mut answer).unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    })
}

fn sample(mut act: impl FnMut()) -> Vec<Duration> {
    let mut samples: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            act();
            start.elapsed()
        })
        .collect();
    samples.sort_unstable();
    samples
}

/// Lets a live agent trade through the tap until it has sent enough orders.
fn trade(directory: &Path) -> Vec<Duration> {
    fs::create_dir_all(directory).unwrap();
    let exchange = Program::exchange(directory);
    let tap = Tap::start(&exchange.address);
    let configuration = directory.join("ibis.toml");
    fs::write(
        &configuration,
        format!(
            "mode = \"live\"\narmed = true\nprofile = \"prod\"\n\
             [market]\nsymbols = [\"BTC-USDT\", \"ETH-USDT\", \"SOL-USDT\", \"AVAX-USDT\", \"ARB-USDT\"]\n\
             [strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"5s\"\n\
             reentry_cooldown = \"0s\"\n\
             [exchange]\nbase_url = \"http://{}\"\ncredentials_file = {:?}\n",
            tap.address, exchange.credentials,
        ),
    )
    .unwrap();
    let agent = Command::new(env!("CARGO_BIN_EXE_ibis"))
        .args(["agent", "--speed", SPEED, "--config"])
        .arg(&configuration)
        .arg("--state-dir")
        .arg(directory.join("data"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let agent = Program { child: agent, address: String::new(), credentials: String::new() };
    let mut samples = tap.samples(ORDERS, RUN_MAX);
    drop(agent);
    samples.sort_unstable();
    samples
}

/// A process of the built program, ended when dropped.
struct Program {
    child: Child,
    address: String,
    credentials: String,
}

impl Program {
    fn exchange(directory: &Path) -> Self {
        let credentials = directory.join("account.toml");
        let mut child = Command::new(env!("CARGO_BIN_EXE_ibis"))
            .args(["exchange", "--seed", "1", "--speed", SPEED, "--quota", "1000000"])
            .arg("--credentials")
            .arg(&credentials)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { child, address: text("listening"), credentials: text("credentials_file") }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
