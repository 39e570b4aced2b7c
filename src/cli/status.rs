//! `ibis status`

use super::exit::Exit;
use super::{Global, print_text, settings, state_dir};
use crate::clock;
use crate::ops::agent_evidence::Service;
use crate::ops::status::Status;

/// Runs it.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    let limits = settings(global)?.health;
    let status = Status::gather(&state_dir(global), &limits, Service::ask(), clock::wall_now());
    print_text(&status.render(global.json))?;
    Ok(status.overall().into())
}
