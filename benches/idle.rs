//! A week with nothing to do: `cargo bench --bench idle [DAYS]`. Prints a table; asserts nothing.
//!
//! The agent as it is shipped, every thread there, on the embedded market at [`SPEED`] times real time,
//! paused by its operator: it takes every event in, samples each minute, commits, proves its work, and
//! sends nothing. Memory is what it holds (`VmRSS`), without what it once held; processor time is of all
//! its threads, for the market's day and for the real second. Flat is what both should be.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, runs processes and prints a table"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const IBIS: &str = env!("CARGO_BIN_EXE_ibis");
/// The market's seconds in one of ours: a day takes 24 s.
const SPEED: u64 = 3_600;
/// Where the command line names no other number.
const DAYS: u64 = 7;
/// Ticks of a processor a second, as `/proc/PID/stat` counts them on Linux.
const TICKS_A_SECOND: u64 = 100;

fn main() {
    let days = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(DAYS);
    let directory = std::env::temp_dir().join(format!("ibis-bench-idle-{}", std::process::id()));
    drop(fs::remove_dir_all(&directory));
    fs::create_dir_all(&directory).unwrap();
    let speed = SPEED.to_string();
    let mut agent = start(&directory, &["agent", "--speed", &speed]);
    until_it_answers(&directory);
    let paused = ibis(&directory, &["pause", "--reason", "a bench"]).status().unwrap();
    assert!(paused.success());

    println!(
        "{:<10}{:>14}{:>16}{:>20}{:>14}",
        "day", "memory, KiB", "processor, s", "% of a core", "ledger, KiB"
    );
    let (began, mut before) = (Instant::now(), ticks(&agent));
    for day in 1..=days {
        let due = Duration::from_secs(day * 86_400 / SPEED);
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        let now = ticks(&agent);
        let spent = now - before;
        before = now;
        let share = spent * 100 * SPEED / 86_400 * 100 / TICKS_A_SECOND;
        println!(
            "{day:<10}{:>14}{:>13}.{:02}{:>17}.{:02}{:>14}",
            rss(&agent),
            spent / TICKS_A_SECOND,
            spent % TICKS_A_SECOND,
            share / 100,
            share % 100,
            size(&directory.join("data/ibis.db")) / 1_024,
        );
    }
    let pid = Pid::from_raw(i32::try_from(agent.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(agent.wait().unwrap().success());
    fs::remove_dir_all(&directory).unwrap();
}

fn ibis(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(IBIS);
    command.args(words).current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn start(directory: &Path, words: &[&str]) -> Child {
    ibis(directory, words).spawn().unwrap()
}

/// Waits until the agent trades.
fn until_it_answers(directory: &Path) {
    let ready = || ibis(directory, &["healthcheck"]).status().unwrap().code() == Some(0);
    while !ready() {
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Resident memory in KiB.
fn rss(agent: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", agent.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Processor time of the whole process, in ticks.
fn ticks(agent: &Child) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", agent.id())).unwrap();
    // After the name, which may hold anything: the state is the first field, user and system time the
    // 12th and 13th.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum()
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}
