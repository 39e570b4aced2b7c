//! From `kill -9` to READY: `cargo bench --bench recovery [ROUNDS]`. Prints a table; asserts nothing.
//!
//! Agent and exchange are the built program. In each round the agent trades, is killed at a moment of its
//! own, and is started again at once; the time runs from the signal to READY=1, which is sent when the
//! ledger is open, every intent is settled and the account agrees. The second life drains, so that no
//! crash follows a crash. Beside the agent's own orders another client's rest at the venue, on the same
//! account, far below the market.
//!
//! A killed agent may have left an intent that never reached the venue: whether it still can is known only
//! when the order's window and a request's deadline have passed (`exchange.order_window`,
//! `exchange.request_timeout`). Those rounds are a line of their own.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, runs processes and prints a table"
)]

mod http;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ibis::exchange::kucoin::credentials::Credentials;
use ibis::exchange::kucoin::protocol::sign::Signer;
use rustix::process::{Pid, Signal, kill_process};

use http::{Connection, Request};

const IBIS: &str = env!("CARGO_BIN_EXE_ibis");
/// Rounds of each line where the command line names no other number.
const ROUNDS: usize = 100;
/// Another client's orders at the venue.
const OPEN_ORDERS: [usize; 3] = [0, 100, 10_000];
/// The market's speed: orders every few ten milliseconds.
const SPEED: &str = "60";
/// The agent trades at least so long, and up to the same again.
const TRADES_MS: u64 = 300;
/// Longer than any start takes.
const START_MAX: Duration = Duration::from_secs(120);
const ACCOUNT: &str = "key = \"bench\"\nsecret = \"bench-secret\"\npassphrase = \"bench-phrase\"\n\
    [balances]\nUSDT = \"1000000\"\n";

/// More orders at work than the venue allows, and more connections than its thirty a minute, which some
/// seconds of rounds use up.
const PLAN: &str = "[websocket]\nconnects_per_minute = 100000\n\
    [orders]\nopen_max = 100000\nopen_per_symbol_max = 100000\n";

fn main() {
    let rounds = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(ROUNDS);
    println!(
        "{:<36}{:>8}{:>8}{:>9}{:>9}{:>9}",
        "kill -9 to READY, milliseconds", "fills", "rounds", "p50", "p99", "longest"
    );
    for orders in OPEN_ORDERS {
        let name = format!("{orders} open orders");
        let stage = Stage::new(orders);
        let (mut settled, mut waited) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let (took, never_arrived) = stage.round(round as u64);
            if never_arrived { waited.push(took) } else { settled.push(took) }
        }
        let fills = stage.count("SELECT count(*) FROM fills");
        line(&name, fills, settled);
        line(&format!("{name}, an intent never arrived"), fills, waited);
    }
}

fn line(name: &str, fills: i64, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |percent: usize| {
        let at = (took.len() * percent / 100).min(took.len().saturating_sub(1));
        took.get(at).map_or("-".to_owned(), |it| format!("{}", it.as_millis()))
    };
    println!("{name:<36}{fills:>8}{:>8}{:>9}{:>9}{:>9}", took.len(), at(50), at(99), at(100));
}

/// An exchange with open orders, and an agent's directory.
struct Stage {
    directory: PathBuf,
    exchange: Child,
    notify: UnixDatagram,
}

impl Stage {
    fn new(orders: usize) -> Self {
        let name = format!("ibis-bench-recovery-{}-{orders}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(&directory).unwrap();
        let account = directory.join("account.toml");
        fs::write(&account, ACCOUNT).unwrap();
        fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).unwrap();
        // More of everything than the venue allows.
        let plan = directory.join("plan.toml");
        fs::write(&plan, PLAN).unwrap();
        let mut exchange = Command::new(IBIS)
            .args(["exchange", "--speed", SPEED, "--quota", "4294967295", "--credentials"])
            .arg(&account)
            .arg("--faults")
            .arg(&plan)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(exchange.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = ready["listening"].as_str().unwrap();
        place(address, &account, orders);
        let configuration = format!(
            "mode = \"live\"\narmed = true\nprofile = \"prod\"\n[market]\nsymbols = [\"BTC-USDT\", \"ETH-USDT\", \"SOL-USDT\"]\n\
             [strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"5s\"\n\
             entry_price = \"bid\"\nentry_ttl = \"10s\"\nreentry_cooldown = \"0s\"\n\
             [exchange]\nbase_url = \"http://{address}\"\ncredentials_file = {account:?}\n"
        );
        fs::write(directory.join("ibis.toml"), configuration).unwrap();
        let notify = UnixDatagram::bind(directory.join("notify")).unwrap();
        notify.set_read_timeout(Some(START_MAX)).unwrap();
        Self { directory, exchange, notify }
    }

    /// One crash: how long until READY, and whether an intent had never reached the venue.
    fn round(&self, seed: u64) -> (Duration, bool) {
        let mut first = self.agent();
        self.wait_ready();
        // Another moment in every round, the same in every run.
        let moment = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % TRADES_MS;
        std::thread::sleep(Duration::from_millis(TRADES_MS + moment));
        let never_arrived = self.never_arrived();
        let began = Instant::now();
        first.kill().unwrap();
        first.wait().unwrap();
        let mut second = self.agent();
        self.wait_ready();
        let took = began.elapsed();
        let never_arrived = self.never_arrived() > never_arrived;
        kill_process(Pid::from_child(&second), Signal::TERM).unwrap();
        second.wait().unwrap();
        (took, never_arrived)
    }

    fn agent(&self) -> Child {
        let mut command = Command::new(IBIS);
        command.args(["agent", "--speed", SPEED, "--config", "ibis.toml", "--state-dir", "data"]);
        command.current_dir(&self.directory).env("NOTIFY_SOCKET", self.directory.join("notify"));
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn wait_ready(&self) {
        let mut message = [0; 4_096];
        loop {
            let length = self.notify.recv(&mut message).unwrap();
            let mut lines = message[..length].split(|byte| *byte == b'\n');
            if lines.any(|line| line == b"READY=1") {
                return;
            }
        }
    }

    fn never_arrived(&self) -> i64 {
        self.count("SELECT count(*) FROM orders WHERE reason LIKE '%never reached the venue%'")
    }

    fn count(&self, query: &str) -> i64 {
        let ledger = rusqlite::Connection::open(self.directory.join("data/ibis.db")).unwrap();
        ledger.query_row(query, [], |row| row.get(0)).unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.exchange.kill().ok();
        self.exchange.wait().ok();
        fs::remove_dir_all(&self.directory).ok();
    }
}

/// Places another client's orders, far below the market.
fn place(address: &str, account: &Path, orders: usize) {
    let account = Credentials::load(account, None).unwrap();
    let signer = Signer::new(account.key(), account.secret().as_bytes(), account.passphrase());
    let mut connection = Connection::new(address);
    for order in 0..orders {
        let body = format!(
            "{{\"clientOid\":\"other{order}\",\"side\":\"buy\",\"symbol\":\"BTC-USDT\",\
             \"type\":\"limit\",\"price\":\"100\",\"size\":\"0.01\"}}"
        );
        connection.send(&signer, &Request::new("POST", "/api/v1/hf/orders", &body));
        let answer = connection.receive();
        assert!(answer.starts_with("{\"code\":\"200000\""), "{answer}");
    }
}
