//! `ibis healthcheck`

use super::exit::Exit;
use super::{Global, job, settings, state_dir};
use crate::clock;
use crate::ops::agent_evidence::Service;
use crate::ops::healthcheck;

/// Runs it.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    let limits = settings(global)?.health;
    let report = healthcheck::run(&state_dir(global), &limits, Service::ask(), clock::wall_now);
    job::show(global, &report, None)
}
