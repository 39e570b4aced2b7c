//! Orders per second of `ibis exchange` over loopback HTTP: `cargo bench --bench exchange`. Prints a
//! table; asserts nothing.
//!
//! The exchange is the built program in a process of its own; this process signs and sends over a few
//! keep-alive connections, one request on the way on each, from one thread. Every answer is checked.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod http;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use ibis::exchange::kucoin::credentials::Credentials;
use ibis::exchange::kucoin::protocol::sign::Signer;

use http::{Connection, Request};

/// Requests of each line of the table.
const REQUESTS: usize = 200_000;
const SYMBOL: &str = "BTC-USDT";

fn main() {
    let exchange = Exchange::start();
    println!(
        "{:<30}{:>6}{:>12}{:>9}{:>9}{:>17}",
        "case", "conns", "per second", "p50 us", "p99 us", "its CPU us each"
    );
    for connections in [1, 4, 16] {
        exchange.report("server time", connections, &mut |_| get("/api/v1/timestamp"));
    }
    let price = exchange.far_price();
    for connections in [1, 4, 16] {
        exchange.report("limit IOC, no fill", connections, &mut |count| {
            place(&format!(
                "{{\"clientOid\":\"i{connections}-{count}\",\"side\":\"buy\",\"symbol\":\"{SYMBOL}\",\
                 \"type\":\"limit\",\"timeInForce\":\"IOC\",\"price\":\"{price}\",\"size\":\"0.001\"}}"
            ))
        });
    }
    for connections in [1, 4, 16] {
        exchange.report("market orders, each a fill", connections, &mut |count| {
            let side = if count % 2 == 0 { "buy" } else { "sell" };
            place(&format!(
                "{{\"clientOid\":\"m{connections}-{count}\",\"side\":\"{side}\",\
                 \"symbol\":\"{SYMBOL}\",\"type\":\"market\",\"size\":\"0.0001\"}}"
            ))
        });
    }
}

fn get(target: &str) -> Request {
    Request::new("GET", target, "")
}

fn place(body: &str) -> Request {
    Request::new("POST", "/api/v1/hf/orders", body)
}

/// The program, stopped when dropped.
struct Exchange {
    process: Child,
    directory: PathBuf,
    address: String,
    signer: Signer,
}

impl Exchange {
    fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("ibis-exchange-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a temporary directory");
        let account = directory.join("account.toml");
        make_account(&account);
        let mut process = Command::new(env!("CARGO_BIN_EXE_ibis"))
            .args(["exchange", "--quota", "4294967295", "--credentials"])
            .arg(&account)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program was built");
        let stdout = process.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
        let address = ready["listening"].as_str().expect("an address").to_owned();
        let credentials = Credentials::load(&account, None).expect("the account");
        let signer = Signer::new(
            credentials.key(),
            credentials.secret().as_bytes(),
            credentials.passphrase(),
        );
        Self { process, directory, address, signer }
    }

    fn connect(&self) -> Connection {
        Connection::new(&self.address)
    }

    /// A price that no order of others reaches: half the best bid, on the grid of whole units.
    fn far_price(&self) -> String {
        let mut connection = self.connect();
        let request = get(&format!("/api/v1/market/orderbook/level1?symbol={SYMBOL}"));
        connection.send(&self.signer, &request);
        let body: serde_json::Value = serde_json::from_str(connection.receive()).expect("JSON");
        let bid = body["data"]["bestBid"].as_str().unwrap_or("40000");
        let whole: u64 = bid.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(2);
        (whole / 2).max(1).to_string()
    }

    /// Sends the requests and prints a line.
    fn report(&self, name: &str, connections: usize, request: &mut dyn FnMut(usize) -> Request) {
        let mut open: Vec<Connection> = (0..connections).map(|_| self.connect()).collect();
        let mut waits: Vec<u128> = Vec::with_capacity(REQUESTS);
        let (began, busy) = (Instant::now(), self.cpu_us());
        let mut count = 0;
        while count < REQUESTS {
            let sent = Instant::now();
            for connection in &mut open {
                connection.send(&self.signer, &request(count));
                count += 1;
            }
            for connection in &mut open {
                let body = connection.receive();
                assert!(body.starts_with("{\"code\":\"200000\""), "{name}: {body}");
                waits.push(sent.elapsed().as_nanos());
            }
        }
        let nanos = began.elapsed().as_nanos();
        waits.sort_unstable();
        let at = |share: usize| waits[(waits.len() - 1) * share / 100] / 1_000;
        let rate = count as u128 * 1_000_000_000 / nanos;
        let cpu = (self.cpu_us() - busy) * 10 / count as u64;
        println!(
            "{name:<30}{connections:>6}{rate:>12}{:>9}{:>9}{:>15}.{}",
            at(50),
            at(99),
            cpu / 10,
            cpu % 10
        );
    }

    /// Processor time of the exchange so far, in microseconds: what it takes whatever else runs.
    fn cpu_us(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.expect("it runs");
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks = |at: usize| -> u64 {
            fields.split_whitespace().nth(at).and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
        };
        // utime and stime, 14 and 15 of proc(5), in hundredths of a second.
        (ticks(11) + ticks(12)) * 10_000
    }
}

/// An account with plenty to trade with.
fn make_account(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(path).expect("a new file");
    file.write_all(
        b"key = \"bench\"\nsecret = \"bench-secret\"\npassphrase = \"bench-phrase\"\n\
          [balances]\nUSDT = \"1000000000\"\nBTC = \"100000\"\n",
    )
    .expect("room on the disk");
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
        std::fs::remove_dir_all(&self.directory).ok();
    }
}
