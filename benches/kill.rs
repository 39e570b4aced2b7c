//! How long the kill switch takes: `cargo bench --bench kill [RUNS]`. Prints a table; asserts nothing.
//!
//! At an exchange in a process of its own another client has 200 orders at work, on the same account. Each
//! run places them anew and kills, as `ibis kill activate` does with no agent alive: the latch, durable,
//! then a new connection, the clock, the cancels, the looks. First in this process, then as the whole
//! program. The floor is what the venue's quota makes of it.
//!
//! The other table is what every order pays: whether the holds permit it.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, runs processes and prints a table"
)]

mod http;

use std::fs;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ibis::clock;
use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::operator::{Via, Wish};
use ibis::domain::order::Purpose;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::exchange::kucoin::credentials::Credentials;
use ibis::exchange::kucoin::protocol::endpoint::Endpoint;
use ibis::exchange::kucoin::protocol::sign::Signer;
use ibis::exchange::kucoin::rest::{Rest, RestSettings};
use ibis::ops::command::{Line, Saying};
use ibis::ops::kill::sweep::sweep;
use ibis::risk::hold_book::HoldBook;
use ibis::risk::standing::{ExitPolicy, Standing};

use http::{Connection, Request};

const IBIS: &str = env!("CARGO_BIN_EXE_ibis");
/// Runs of each line where the command line names no other number.
const RUNS: usize = 50;
/// Another client's orders at the venue, over two pairs.
const OPEN_ORDERS: usize = 200;
/// What the venue allows a base-level account in a window (KuCoin's documentation).
const QUOTA: i64 = 4_000;
const WINDOW_S: i64 = 30;
/// Longer than any kill takes.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Permission checks of each line.
const CHECKS: u32 = 5_000_000;
const ACCOUNT: &str = "key = \"bench\"\nsecret = \"bench-secret\"\npassphrase = \"bench-phrase\"\n\
    [balances]\nUSDT = \"1000000\"\n";

fn main() {
    let runs = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(RUNS);
    let stage = Stage::new();
    let title = format!("{OPEN_ORDERS} open orders, milliseconds");
    println!("{title:<46}{:>7}{:>10}{:>10}{:>10}", "runs", "p50", "p99", "longest");
    let (mut latched, mut asked, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let (to_latch, to_asked, to_empty) = stage.kill();
        latched.push(to_latch);
        asked.push(to_asked);
        empty.push(to_empty);
    }
    line("kill to the latch, durable", latched);
    line("kill to the last cancel taken by the venue", asked);
    line("kill to two empty lists, 100 ms apart", empty);
    line("the whole program, exec to exit", (0..runs).map(|_| stage.program()).collect());
    floor();
    println!("{:<46}{:>17}", "may this order go?", "nanoseconds");
    for holds in [0, 1, 20] {
        checks(holds);
    }
}

fn line(name: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |percent: usize| {
        let at = (took.len() * percent / 100).min(took.len().saturating_sub(1));
        let us = took.get(at).map_or(0, Duration::as_micros);
        format!("{}.{:02}", us / 1_000, us % 1_000 / 10)
    };
    println!("{name:<46}{:>7}{:>10}{:>10}{:>10}", took.len(), at(50), at(99), at(100));
}

/// What the venue's quota allows, whatever the client does.
fn floor() {
    let all = Endpoint::CancelEverything.weight() + Endpoint::StopCancelSeveral.weight();
    let look = Endpoint::OpenSymbols.weight();
    let singly = Endpoint::CancelByClientId.weight() * OPEN_ORDERS as i64;
    println!(
        "the venue's floor: {QUOTA} of weight in {WINDOW_S} s; the cancels weigh {all}, an empty list \
         {look}: no wait, and {} kills in a window; one by one the cancels would weigh {singly}",
        QUOTA / (2 * all + 2 * look)
    );
}

/// The cost of the check that every order passes twice.
fn checks(count: usize) {
    let symbol = Symbol::new("BTC-USDT").unwrap();
    let holds = HoldCode::ALL.into_iter().take(count).map(|code| Hold {
        scope: (code != HoldCode::Startup).then_some(symbol),
        code,
        level: Level::SoftPause,
        reason: String::new(),
        set_at: Timestamp::default(),
        until: None,
    });
    let book = HoldBook::new(holds);
    let began = Instant::now();
    for _ in 0..CHECKS {
        let level = black_box(&book).level_for(black_box(symbol));
        let exit_policy = ExitPolicy::Hold;
        let standing = Standing { level, flatten: false, exit_policy, known: true };
        let _ = black_box(standing.permits(black_box(Purpose::Entry)));
    }
    let tenths = began.elapsed().as_nanos() * 10 / u128::from(CHECKS);
    println!("{:<46}{:>15}.{}", format!("{count} holds"), tenths / 10, tenths % 10);
}

/// An exchange with another client, and an agent's directory.
struct Stage {
    directory: PathBuf,
    account: PathBuf,
    address: String,
    exchange: Child,
    line: Line,
}

impl Stage {
    fn new() -> Self {
        let name = format!("ibis-bench-kill-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(directory.join("data")).unwrap();
        let account = directory.join("account.toml");
        fs::write(&account, ACCOUNT).unwrap();
        fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).unwrap();
        let mut exchange = Command::new(IBIS)
            .args(["exchange", "--quota", "4294967295", "--credentials"])
            .arg(&account)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(exchange.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = ready["listening"].as_str().unwrap().to_owned();
        let configuration = format!(
            "mode = \"live\"\narmed = true\nprofile = \"prod\"\n[market]\nsymbols = [\"BTC-USDT\"]\n\
             [exchange]\nbase_url = \"http://{address}\"\ncredentials_file = {account:?}\n"
        );
        fs::write(directory.join("ibis.toml"), configuration).unwrap();
        let line = Line { state_dir: directory.join("data"), runtime_dir: None };
        Self { directory, account, address, exchange, line }
    }

    /// Until the latch was durable, until the cancels were taken, until nothing was listed.
    fn kill(&self) -> (Duration, Duration, Duration) {
        self.prepare();
        let credentials = Credentials::load(&self.account, None).unwrap();
        let settings = RestSettings::new(&format!("http://{}", self.address)).unwrap();
        let (by, reason) = ("bench".to_owned(), "a bench".to_owned());
        let saying = Saying { by, via: Via::Cli, reason };
        let began = Instant::now();
        self.line.give(Wish::Kill { flatten: false }, &saying).unwrap();
        let latched = began.elapsed();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let rest = Rest::new(settings, Some(&credentials));
        let (called, deadline) = (began.elapsed(), clock::monotonic() + TIMEOUT);
        let swept =
            tokio::task::LocalSet::new().block_on(&runtime, async { sweep(&rest, deadline).await });
        assert!(swept.empty, "{swept:?}");
        let asked = called + Duration::from_micros(swept.asked_us.unwrap());
        (latched, asked, began.elapsed())
    }

    /// From exec to exit.
    fn program(&self) -> Duration {
        self.prepare();
        let began = Instant::now();
        let ended = Command::new(IBIS)
            .args(["kill", "activate", "--reason", "a bench", "--config", "ibis.toml"])
            .current_dir(&self.directory)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(ended.success());
        began.elapsed()
    }

    /// Empties the spool and places the other client's orders, far below the market.
    fn prepare(&self) {
        drop(fs::remove_dir_all(self.line.state_dir.join("operator")));
        let account = Credentials::load(Path::new(&self.account), None).unwrap();
        let signer = Signer::new(account.key(), account.secret().as_bytes(), account.passphrase());
        let mut connection = Connection::new(&self.address);
        let stamp = clock::wall_now().us();
        for order in 0..OPEN_ORDERS {
            let symbol = if order % 2 == 0 { "BTC-USDT" } else { "ETH-USDT" };
            let body = format!(
                "{{\"clientOid\":\"o{stamp}-{order}\",\"side\":\"buy\",\"symbol\":\"{symbol}\",\
                 \"type\":\"limit\",\"price\":\"100\",\"size\":\"0.01\"}}"
            );
            connection.send(&signer, &Request::new("POST", "/api/v1/hf/orders", &body));
            let answer = connection.receive();
            assert!(answer.starts_with("{\"code\":\"200000\""), "{answer}");
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.exchange.kill().ok();
        self.exchange.wait().ok();
        fs::remove_dir_all(&self.directory).ok();
    }
}
