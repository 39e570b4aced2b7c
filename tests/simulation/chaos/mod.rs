//! Exactly once, by brute force: thousands of seeded worlds of agent, venue, network and disk in which
//! everything goes wrong that can, and an audit of everything in each.
//!
//! `IBIS_SIMULATION_SEEDS=100000` runs that many worlds, from `IBIS_SIMULATION_FROM` on;
//! `IBIS_SIMULATION_SEED=17` runs the one world of that seed and prints what happened in it.

#![expect(
    clippy::large_enum_variant,
    clippy::result_large_err,
    reason = "messages are moved a few times each, and read more easily whole"
)]

mod agent_side;
mod ask;
mod bug;
mod death;
mod dice;
mod disk;
mod engine_side;
mod fault;
mod judge;
mod ledger;
mod mirror;
mod network;
mod pairs;
mod process;
mod rest;
mod shell;
mod site;
mod start;
mod trouble;
mod universe;
mod watch;
mod weather;

use std::sync::atomic::{AtomicU64, Ordering};

use ibis::clock;
use ibis::domain::order::Purpose;
use ibis::domain::order_status::next;

use bug::Bug;
use fault::{Coverage, Fault};
use judge::{Outcome, run};
use universe::{Plan, SECOND};

/// Worlds of the test command.
const SEEDS: u64 = 2_000;
/// Worlds more, at most, where a rare pair of states was in none of those.
const SEEDS_MORE: u64 = 4_000;
/// So many at a time.
const SEEDS_STEP: u64 = 250;
/// How long things go wrong in each.
const CHAOS_US: i64 = 120 * SECOND;
/// One world in so many also writes its ledger to a file.
const ON_DISK_EVERY: u64 = 50;
/// Worlds in which a planted bug has to show.
const PLANTED_SEEDS: u64 = 200;

fn plan(seed: u64, bug: Bug) -> Plan {
    let on_disk = seed.is_multiple_of(ON_DISK_EVERY);
    Plan { seed, bug, chaos_us: CHAOS_US, on_disk, calm: false, verbose: false }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how much is run is for whoever runs the tests to say"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What a failing world says, and how to see it again.
fn report(outcome: &Outcome) -> String {
    let seed = outcome.seed;
    format!(
        "seed {seed}: {}\n{}\nagain: IBIS_SIMULATION_SEED={seed} cargo test --test main chaos::every_world\n",
        outcome.wrong.join("\n  "),
        outcome.log.join("\n"),
    )
}

/// Runs a world; a panic in it is one of its failures.
fn run_one(plan: Plan) -> Outcome {
    std::panic::catch_unwind(|| run(plan)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let wrong = vec![format!("a panic: {}", said.unwrap_or_default())];
        Outcome { seed: plan.seed, wrong, ..Outcome::default() }
    })
}

/// Runs worlds on every processor; all of their coverage, and those that failed.
fn run_all(seeds: std::ops::Range<u64>) -> (Coverage, Vec<Outcome>) {
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let worker = || {
        let (mut coverage, mut failed) = (Coverage::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || failed.len() > 9 {
                return (coverage, failed);
            }
            let outcome = run_one(plan(seed, Bug::None));
            coverage.add(&outcome.coverage);
            if !outcome.wrong.is_empty() {
                failed.push(outcome);
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let (mut coverage, mut failed) = (Coverage::default(), Vec::new());
        for worker in workers {
            let (its, failures) = worker.join().unwrap();
            coverage.add(&its);
            failed.extend(failures);
        }
        failed.sort_by_key(|outcome| outcome.seed);
        (coverage, failed)
    })
}

#[test]
fn every_world_ends_with_equal_books() {
    if let Some(seed) = number("IBIS_SIMULATION_SEED") {
        let outcome = run(Plan { verbose: true, ..plan(seed, Bug::None) });
        println!("{}\n{}", report(&outcome), outcome.digest);
        assert!(outcome.wrong.is_empty());
        return;
    }
    let from = number("IBIS_SIMULATION_FROM").unwrap_or(1);
    let count = number("IBIS_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let began = clock::monotonic();
    let (mut coverage, mut failed) = run_all(from..from + count);
    let took_ms = (clock::monotonic() - began).as_millis().max(1);
    let simulated_s = u128::try_from(coverage.simulated_us / SECOND).unwrap();
    // Thousandths of an hour.
    let speed = simulated_s * 1_000_000 / 3_600 / took_ms;
    println!(
        "{count} worlds, {} simulated hours in {} s: {}.{:03} simulated hours a second",
        simulated_s / 3_600,
        took_ms / 1_000,
        speed / 1_000,
        speed % 1_000
    );
    println!("{} starts, {} intents, {} fills", coverage.starts, coverage.intents, coverage.fills);
    for fault in Fault::ALL {
        println!("{:>9} {fault:?}", coverage.count(*fault));
    }
    for ((status, event), count) in &coverage.pairs {
        let word = if next(*status, *event).is_ok() { "" } else { " ILLEGAL" };
        println!("{count:>9} {status} {event:?}{word}");
    }
    // What happens in one world of a thousand may be in the next worlds only.
    let mut next = from + count;
    while count >= SEEDS
        && next < from + count + SEEDS_MORE
        && !pairs::missing(&coverage).is_empty()
    {
        let (more, failures) = run_all(next..next + SEEDS_STEP);
        println!("{SEEDS_STEP} worlds more for {:?}", pairs::missing(&coverage));
        coverage.add(&more);
        failed.extend(failures);
        next += SEEDS_STEP;
    }
    let reports: Vec<String> = failed.iter().map(report).collect();
    assert!(failed.is_empty(), "{} worlds failed\n{}", failed.len(), reports.join("\n"));
    let never: Vec<_> = Fault::ALL.iter().filter(|fault| coverage.count(**fault) == 0).collect();
    assert!(never.is_empty(), "never happened: {never:?}");
    if count >= SEEDS {
        pairs::check(&coverage);
    }
}

#[test]
fn every_planted_bug_is_found() {
    for bug in Bug::PLANTED {
        let found = (1..=PLANTED_SEEDS).find_map(|seed| {
            let outcome = run_one(plan(seed, bug));
            let law = outcome.wrong.first()?.clone();
            Some((seed, law))
        });
        let (seed, law) = found.unwrap_or_else(|| panic!("{bug:?} went unnoticed"));
        println!("{bug:?}: seed {seed}: {}", law.lines().next().unwrap_or_default());
    }
}

#[test]
fn a_calm_world_has_no_surprises_and_every_kind_of_exit() {
    let mut purposes = std::collections::BTreeSet::new();
    for seed in 1..=8 {
        let calm = Plan { calm: true, ..plan(seed, Bug::None) };
        let outcome = run(calm);
        assert_eq!(outcome.wrong, Vec::<String>::new(), "seed {seed}");
        assert_eq!(outcome.surprises, Vec::<String>::new(), "seed {seed}");
        purposes.extend(outcome.purposes);
    }
    for purpose in [
        Purpose::Entry,
        Purpose::StopLoss,
        Purpose::TakeProfit,
        Purpose::TrailingStop,
        Purpose::TimeExit,
        Purpose::SignalExit,
    ] {
        assert!(purposes.contains(&purpose), "{purpose:?} never happened");
    }
}

#[test]
fn the_same_world_twice_is_the_same() {
    for seed in 1..=8 {
        let (once, again) = (run(plan(seed, Bug::None)), run(plan(seed, Bug::None)));
        assert_eq!(once.digest, again.digest);
        assert_eq!((once.wrong, once.log), (again.wrong, again.log));
    }
}
