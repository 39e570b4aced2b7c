//! Death at any moment: the built program, killed at every call that changes what survives it, and the
//! disks that a power cut could leave at any moment. Whatever happens, nothing is lost and nothing is
//! doubled.
//!
//! | variable of the test run | means |
//! |---|---|
//! | `IBIS_CRASH_POINTS=N` or `all` | so many crash points, or each one, instead of a sample |
//! | `IBIS_CRASH_DISKS=N` or `all` | so many disks after power cuts, or all of each cut, instead of a sample |
//! | `IBIS_CRASH_SEED=N` | another sample |
//! | `IBIS_CRASH_POINT="PHASE KIND N HOW"` | this point alone, as a failure prints it |

mod audit;
mod books;
mod controls;
mod day;
mod dice;
mod disk;
mod faults;
mod found;
mod paper;
mod point;
mod power;
mod recording;
mod shim;
mod sweep;

use std::io::Write as _;
use std::sync::Mutex;

use crate::support::variable;

/// Says something on standard error, also where the output of a passing test is not shown.
fn tell(line: &str) {
    // Nobody to tell is no failure.
    writeln!(std::io::stderr(), "{line}").ok();
}

/// The seed of the samples.
fn seed() -> u64 {
    variable("IBIS_CRASH_SEED").map_or(1, |text| text.parse().unwrap())
}

/// How many of something to take: a sample, or another number, or all there are.
fn wanted(name: &str, sample: usize) -> usize {
    match variable(name).as_deref() {
        None => sample,
        Some("all") => usize::MAX,
        Some(text) => text.parse().unwrap(),
    }
}

/// Does `work` on each of `items`, some at a time: the processes mostly wait for each other.
fn spread<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let queue = Mutex::new(items.into_iter());
    let next = || queue.lock().unwrap().next();
    let worker = || std::iter::from_fn(&next).map(&work).collect::<Vec<R>>();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores * 2).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}
