//! `ibis log-retention`: bounds what reports, archives and the ledger's history use of the disk.

use clap::Args;

use super::exit::{Exit, Failure};
use super::{Global, job, state_dir};
use crate::clock;
use crate::config::{self, Sources};
use crate::durable::instance_lock;
use crate::ops::agent_evidence::lock_path;
use crate::ops::log_retention::plan::Limits;
use crate::ops::log_retention::{self, Run};
use crate::recorder::pack;
use crate::store::{self, kpi};

/// Pack old reports and samples, delete old archives, refresh trade_history.json
///
/// Exit codes: 0 ok, 1 degraded, 2 critical, 3 insufficient evidence, 64 usage, 65 corrupt or foreign
/// data, 75 busy or try again, 78 configuration.
#[derive(Debug, Args)]
pub struct LogRetention {
    /// Say what would be done and touch nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs it.
pub fn run(global: &Global, arguments: &LogRetention) -> anyhow::Result<Exit> {
    let wall_now = clock::wall_now();
    let directory = state_dir(global);
    let settings = config::load(&Sources::of_process(global.config.clone()))
        .map_err(|error| Failure::new(Exit::Config, error.to_string()))?
        .settings;
    let connection = if arguments.dry_run {
        store::open_reader(&directory)?
    } else {
        store::open_existing(&directory)?
    };
    let run = Run {
        state_dir: &directory,
        limits: Limits::of(&settings.retention, &settings.drift),
        recordings: pack::Limits {
            age_max: settings.recorder.age_max,
            bytes_max: settings.recorder.bytes_max,
        },
        dry_run: arguments.dry_run,
        wall_now,
        engine_now: kpi::virtual_now(&connection)?.unwrap_or(wall_now),
        // Where it cannot be told, an agent is taken to run.
        is_idle: instance_lock::is_held(&lock_path(&directory)).is_ok_and(|is_held| !is_held),
    };
    let mut report = log_retention::run(&run, &connection, &mut |_| Ok(()));
    drop(connection);
    if !arguments.dry_run {
        job::record(&directory, &mut report, wall_now);
    }
    job::show(global, &report, None)
}
