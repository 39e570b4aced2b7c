//! `ibis hourly-kpi`: one report per closed UTC hour.

use clap::Args;

use super::exit::{Exit, Failure};
use super::{Global, job, state_dir};
use crate::clock;
use crate::domain::time::Timestamp;
use crate::ops::hourly_kpi::{self, BACKFILL_MAX, Wanted};
use crate::store;

/// Report each closed hour that was not reported yet, in kpi_reports/ and the ledger
///
/// Exit codes: 0 ok, 1 degraded, 2 critical, 3 insufficient evidence, 64 usage, 65 corrupt or foreign
/// data, 75 busy or try again, 78 configuration.
#[derive(Debug, Args)]
pub struct HourlyKpi {
    /// Only the hour that holds this instant, such as 2026-02-19T20:00:00Z
    #[arg(long, value_name = "RFC3339")]
    hour: Option<Timestamp>,
    /// Replace that hour's report where it would be different now
    #[arg(long, requires = "hour")]
    recompute: bool,
    /// Count imported trades too; such a report is shown and not stored
    #[arg(long, requires = "hour", conflicts_with = "recompute")]
    include_imported: bool,
    /// Report at most this many missed hours
    #[arg(long, value_name = "N", default_value_t = BACKFILL_MAX)]
    backfill_max: u32,
}

/// Runs it.
pub fn run(global: &Global, arguments: &HourlyKpi) -> anyhow::Result<Exit> {
    let started_at = clock::wall_now();
    let directory = state_dir(global);
    let connection = store::open_existing(&directory)?;
    let wanted = Wanted {
        hour: arguments.hour,
        recompute: arguments.recompute,
        include_imported: arguments.include_imported,
        backfill_max: arguments.backfill_max,
    };
    let mut outcome = hourly_kpi::run(&directory, &connection, &wanted, started_at)
        .map_err(|error| Failure::new(Exit::TryAgain, error.to_string()))?;
    drop(connection);
    if !wanted.include_imported {
        job::record(&directory, &mut outcome.report, started_at);
    }
    let document = outcome.last.as_ref().map(|(json, text)| (json.as_str(), text.as_str()));
    job::show(global, &outcome.report, document)
}
