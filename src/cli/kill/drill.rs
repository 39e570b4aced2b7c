//! `ibis kill drill`

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::agent::{self, Options, Until, pace::Pace};
use crate::cli::exit::Exit;
use crate::cli::{Global, job, state_dir};
use crate::clock;
use crate::config::{Directories, Sources};
use crate::ops::kill::drill::{self, Rehearsal};

/// How much faster than the wall the market runs: a minute in 50 ms.
const SPEED: u32 = 1_200;
/// Entries that wait at the bid for as long as it takes, signals as often as can be, and a short cooldown.
const SCENE: [(&str, &str); 10] = [
    ("agent.mode", "paper"),
    ("market.source", "synthetic"),
    ("strategy.entry_price", "bid"),
    ("strategy.entry_ttl", "1d"),
    ("strategy.entry_soft_ttl", "1d"),
    ("strategy.candle_interval", "15s"),
    ("control.kill_cooldown", "75m"),
    ("agent.state_json_interval", "1m"),
    ("http.enabled", "false"),
    ("recorder.record", "never"),
];

/// Runs it.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    let started_at = clock::wall_now();
    let mut report = drill::run(&Stage, started_at);
    job::record(&state_dir(global), &mut report, started_at);
    job::show(global, &report, None)
}

/// An agent in this process, which knows nothing of this machine's configuration.
struct Stage;

impl Rehearsal for Stage {
    fn session(&self, state_dir: &Path, until: &Arc<AtomicBool>) -> Result<(), String> {
        let options = SCENE
            .into_iter()
            .map(|(key, value)| ("ibis kill drill".to_owned(), key, value.to_owned()))
            .collect();
        let sources = Sources { root: state_dir.to_owned(), options, ..Sources::default() };
        let options = Options {
            sources,
            directories: Directories::resolve(Some(state_dir), |_| None),
            replay: Vec::new(),
            pace: Pace::Times(SPEED),
            max_runtime: None,
            terminal: false,
            until: Until::Flagged(Arc::clone(until)),
        };
        agent::run(&options).map(drop).map_err(|error| error.to_string())
    }
}
