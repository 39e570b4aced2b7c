//! `ibis exec-integrity`

use clap::Args;

use super::exit::Exit;
use super::{Global, job, settings, state_dir, venue};
use crate::clock;
use crate::config::settings::Mode;
use crate::ops::exec_integrity::snapshot::LedgerSnapshot;
use crate::ops::exec_integrity::{self, live_account, paper_account};

/// Compare ledger, state.json and the venue's account, in quantity
///
/// Exit codes: 0 ok, 1 degraded, 2 critical, 3 insufficient evidence, 64 usage, 78 configuration.
#[derive(Debug, Args)]
pub struct ExecIntegrity {
    /// Repair what the ledger proves: state.json with the agent stopped, and the running totals
    #[arg(long)]
    apply: bool,
}

/// Runs it.
pub fn run(global: &Global, arguments: &ExecIntegrity) -> anyhow::Result<Exit> {
    let (settings, directory) = (settings(global)?, state_dir(global));
    let ask = |ledger: &LedgerSnapshot| match settings.agent.mode {
        Mode::Paper => paper_account::ask(&directory, ledger),
        Mode::Live => venue::visit(&settings, true, async |rest| {
            let newest = ledger.changed_at.values().copied().max();
            let newest = newest.unwrap_or_else(clock::wall_now);
            live_account::ask(&rest, ledger, &settings.market.symbols, newest).await
        })
        .map_err(|error| format!("{error:#}"))
        .and_then(|asked| asked.map_err(|failure| failure.to_string())),
    };
    let report =
        exec_integrity::run(&directory, &settings, &ask, arguments.apply, clock::wall_now)?;
    job::show(global, &report, None)
}
