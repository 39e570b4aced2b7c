//! `ibis exec-integrity`

use clap::Args;

use super::exit::Exit;
use super::{Global, print_text, settings, state_dir};
use crate::clock;
use crate::ops::exec_integrity;
use crate::ops::exec_integrity::snapshot::VenueSnapshot;

/// Compare ledger, state.json and the venue's account, in quantity
#[derive(Debug, Args)]
pub struct ExecIntegrity {
    /// Repair what the ledger proves: state.json with the agent stopped, and the running totals
    #[arg(long)]
    apply: bool,
}

/// Runs it.
pub fn run(global: &Global, arguments: &ExecIntegrity) -> anyhow::Result<Exit> {
    let limits = settings(global)?.health;
    let ask = |_: u64| -> Result<VenueSnapshot, String> { Err("no account to ask".to_owned()) };
    let report =
        exec_integrity::run(&state_dir(global), &limits, &ask, arguments.apply, clock::wall_now)?;
    print_text(&report.render(global.json))?;
    Ok(report.overall().into())
}
