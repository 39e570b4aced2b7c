//! Whole processes of the release binary, on an empty ledger and after 1,000,000 fills:
//! `cargo bench --bench jobs`. Prints a table; asserts nothing.
//!
//! The history is made in SQL, in the ledger and in the paper account alike: every fill an order of
//! its own, a buy and then a sell of 1 at 1 without fee, 1,000 an hour up to two hours ago. Wall times
//! are from spawn to exit, the median of some runs; peak memory is the highest `VmHWM` seen.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, runs processes and prints a table"
)]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

const IBIS: &str = env!("CARGO_BIN_EXE_ibis");
/// Fills of the long history, and rows of the import.
const MANY: u64 = 1_000_000;
/// Runs of a job; the median counts.
const RUNS: usize = 11;
/// Between two fills: 1,000 an hour.
const FILL_EVERY_US: i64 = 3_600_000;
const HOUR_US: i64 = 3_600_000_000;
/// A symbol of the synthetic market.
const SYMBOL: &str = "BTC-USDT";

fn main() {
    let directory = std::env::temp_dir().join(format!("ibis-bench-jobs-{}", std::process::id()));
    drop(fs::remove_dir_all(&directory));
    fs::create_dir_all(&directory).unwrap();
    println!("{:<44} {:>10} {:>10} {:>5}", "process", "ms", "peak KiB", "exit");
    let state = directory.join("state");
    fs::create_dir(&state).unwrap();
    agent("empty ledger, first start", &state);
    agent("empty ledger", &state);
    jobs("empty ledger", &state);
    let last_us = fill(&state);
    agent("1,000,000 fills", &state);
    jobs("1,000,000 fills", &state);
    kpi(&state, last_us);
    validate(&state, last_us);
    import(&directory);
    fs::remove_dir_all(&directory).unwrap();
}

/// From exec to READY=1 and from SIGTERM to exit.
fn agent(name: &str, state: &Path) {
    let address = state.join("notify");
    let notify = UnixDatagram::bind(&address).unwrap();
    notify.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let began = Instant::now();
    let mut child = command(state, &["agent"]).env("NOTIFY_SOCKET", &address).spawn().unwrap();
    let mut message = [0; 4096];
    loop {
        let length = notify.recv(&mut message).unwrap();
        if message[..length].starts_with(b"READY=1") {
            break;
        }
    }
    let ready = began.elapsed();
    line(&format!("agent to READY, {name}"), ready, peak_kib(&child), 0);
    // Some of its ordinary life before the end.
    std::thread::sleep(Duration::from_secs(2));
    let peak = peak_kib(&child);
    let began = Instant::now();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let exit = child.wait().unwrap().code().unwrap_or(-1);
    line(&format!("agent from SIGTERM, {name}"), began.elapsed(), peak, exit);
    fs::remove_file(address).unwrap();
}

fn jobs(name: &str, state: &Path) {
    job(&format!("exec-integrity, {name}, first"), state, &["exec-integrity"], 1);
    for subcommand in ["status", "healthcheck", "exec-integrity"] {
        job(&format!("{subcommand}, {name}"), state, &[subcommand], RUNS);
    }
}

/// The last whole hour with fills, after the 23 before it were reported.
fn kpi(state: &Path, last_us: i64) {
    let hour = |back: i64| {
        let us = (last_us / HOUR_US - 1 - back) * HOUR_US;
        ibis::domain::time::Timestamp::from_us(us).to_string()
    };
    for back in (1..24).rev() {
        finish(command(state, &["hourly-kpi", "--hour", &hour(back)]));
    }
    job("hourly-kpi, an hour of 1,000 fills, new", state, &["hourly-kpi", "--hour", &hour(0)], 1);
    job("hourly-kpi, the same again", state, &["hourly-kpi", "--hour", &hour(0)], RUNS);
    job("hourly-kpi, nothing reported before", state, &["hourly-kpi", "--hour", &hour(40)], 1);
}

/// A window of a day, with its minutes and four events a fill.
fn validate(state: &Path, last_us: i64) {
    let (start, every) = (last_us - 24 * HOUR_US, FILL_EVERY_US / 4);
    run(
        &state.join("ibis.db"),
        &[
            format!(
                "INSERT OR IGNORE INTO samples
                 WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1620)
                 SELECT ({start} / 60000000 + i) * 60000000, '10000', '9000', '9000', '1000', '0', 1,
                 0, 0, 'running', 1 FROM n"
            ),
            format!(
                "INSERT OR IGNORE INTO day_ledger
                 WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2)
                 SELECT ({start} / 86400000000 + i) * 86400000000, '10000', '10000', '0', 0 FROM n"
            ),
            format!(
                "INSERT INTO events (at_us, kind, ref, payload, hash)
                 WITH RECURSIVE n (at) AS
                   (SELECT {start} UNION ALL SELECT at + {every} FROM n WHERE at < {last_us})
                 SELECT at, 'order', 'b-1-1', '{{\"client_order_id\":\"b-1-1\",\"status\":\"new\",
                 \"filled\":\"0\",\"notional\":\"0\",\"fee\":\"0\"}}', zeroblob(32) FROM n"
            ),
        ],
    );
    job("validate paper, a day of 22,000 fills", state, &["validate", "paper"], RUNS);
}

fn import(directory: &Path) {
    let file = directory.join("trade_history.json");
    write_history(&file);
    let state = directory.join("import");
    let arguments = ["trades", "import", file.to_str().unwrap()];
    job("trades import, 1,000,000 trades", &state, &arguments, 1);
    job("trades import, the same again", &state, &arguments, 1);
}

fn job(name: &str, state: &Path, arguments: &[&str], runs: usize) {
    let mut found: Vec<_> = (0..runs).map(|_| finish(command(state, arguments))).collect();
    found.sort_unstable();
    let peak = found.iter().map(|run| run.1).max().unwrap();
    line(name, found[runs / 2].0, peak, found[0].2);
}

fn command(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(IBIS);
    command.arg("--state-dir").arg(state).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs to the end: wall time, peak memory in KiB, exit code.
fn finish(mut command: Command) -> (Duration, u64, i32) {
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    loop {
        peak = peak.max(peak_kib(&child));
        if let Some(status) = child.try_wait().unwrap() {
            return (began.elapsed(), peak, status.code().unwrap_or(-1));
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn peak_kib(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn line(name: &str, wall: Duration, peak_kib: u64, exit: i32) {
    let us = wall.as_micros();
    println!("{name:<44} {:>6}.{:03} {peak_kib:>10} {exit:>5}", us / 1000, us % 1000);
}

/// Writes the history into the ledger and the account; when its last fill was.
fn fill(state: &Path) -> i64 {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros());
    let last_us = now.unwrap() - 2 * HOUR_US;
    let (n, last, every) = (MANY, last_us, FILL_EVERY_US);
    let rows = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}),
         row (i, id, venue, side, purpose, at) AS (SELECT i, 'b-1-' || i, 'v' || i,
           iif(i % 2 = 1, 'buy', 'sell'), iif(i % 2 = 1, 'entry', 'take_profit'),
           {last} - ({n} - i) * {every} FROM n)"
    );
    let half = n / 2;
    run(
        &state.join("ibis.db"),
        &[
            format!(
                "INSERT INTO intents {rows} SELECT id, '{SYMBOL}', side, purpose, 'limit', 'GTC', 0,
                 '1', '1', '1', at - 1000000, at FROM row"
            ),
            format!(
                "INSERT INTO orders {rows} SELECT id, venue, 'filled', '1', '1', '0', NULL, NULL, at
                 FROM row"
            ),
            format!(
                "INSERT INTO fills {rows} SELECT i, '{SYMBOL}', CAST(i AS TEXT), i, id, venue, side,
                 purpose, '1', '1', '1', '0', 'USDT', 'taker', '1', at,
                 iif(i % 2 = 1, NULL, '1'), iif(i % 2 = 1, NULL, '0'), iif(i % 2 = 1, NULL, '0'),
                 iif(i % 2 = 1, NULL, '0'), iif(i % 2 = 1, NULL, 'known'),
                 iif(i % 2 = 1, NULL, at - {every}) FROM row"
            ),
            format!(
                "INSERT OR REPLACE INTO positions VALUES ('{SYMBOL}', '0', '0', '0', 'known', NULL,
                 NULL, NULL, NULL, NULL, '{half}', '{half}', '0', {last})"
            ),
            format!("INSERT OR REPLACE INTO meta VALUES ('venue_cursor', '{n}')"),
        ],
    );
    run(
        &state.join("paper.db"),
        &[
            format!(
                "INSERT INTO orders (sequence, client_order_id, venue_order_id, symbol, side, price,
                 time_in_force, post_only, quantity, filled, filled_notional, fee, status,
                 queue_ahead, hold, accepted_at_us, updated_at_us) {rows}
                 SELECT i, id, venue, '{SYMBOL}', side, '1', 'GTC', 0, '1',
                 '1', '1', '0', 'filled', NULL, '0', at, at FROM row"
            ),
            format!(
                "INSERT INTO executions {rows} SELECT i, '{SYMBOL}', i, id, venue, side, '1', '1',
                 '1', '0', 'taker', at FROM row"
            ),
            format!("INSERT OR REPLACE INTO symbols VALUES ('{SYMBOL}', {n})"),
        ],
    );
    last_us
}

fn run(path: &Path, statements: &[String]) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    for statement in statements {
        connection.execute_batch(statement).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

/// Rows as the Python IBIS writes them, newest first, of 200 symbols, every second without its size.
fn write_history(path: &PathBuf) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(b"{\n  \"trades\": [").unwrap();
    for i in 0..MANY {
        // A multiplier that scatters the ids.
        let id = u128::from(i.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 32 | u128::from(i);
        let (symbol, ms) = (i / 2 % 200, 1_795_305_600_000 - i * 700);
        let side = if i % 2 == 0 { "sell" } else { "buy" };
        let size = if i % 4 < 2 { "0.0" } else { "1203.4821" };
        let comma = if i == 0 { "" } else { "," };
        write!(
            out,
            "{comma}\n    {{\n      \"order_id\": \"{id:024x}\",\n      \"symbol\": \"SYM{symbol}\",\n      \
             \"side\": \"{side}\",\n      \"price\": 0.00{:04},\n      \"size\": {size},\n      \
             \"funds\": 11.{i:06},\n      \"fee\": 0.01{i:06},\n      \"fee_currency\": \"USDT\",\n      \
             \"timestamp\": {ms},\n      \"executed_at\": \"{ms}\"\n    }}",
            1 + i % 9_999,
        )
        .unwrap();
    }
    out.write_all(b"\n  ],\n  \"matched_trades\": [],\n  \"last_updated\": \"x\"\n}\n").unwrap();
    out.flush().unwrap();
}
