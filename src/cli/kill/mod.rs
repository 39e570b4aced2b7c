//! `ibis kill`

mod activate;
mod drill;
mod release;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::exit::Exit;
use super::{Global, agent, operator, print_json, print_lines, settings};
use crate::clock;
use crate::ops::kill::state::KillState;

/// Stop everything: cancel what is at work, send nothing any more
#[derive(Debug, Args)]
pub struct Kill {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set the kill switch and cancel everything, until the venue shows that nothing is at work
    ///
    /// Works while the agent runs, hangs or is dead, and outlives restarts; in live mode it cancels with a
    /// client of its own. Exit codes: 0 ok, verified, 1 verified but the agent hangs, or not all is sold,
    /// 2 not verified: orders may be at work, 64 usage, 78 configuration.
    Activate {
        /// Why, in one line
        #[arg(long, value_name = "TEXT", value_parser = operator::reason)]
        reason: String,
        /// Sell everything that is held, too
        #[arg(long)]
        flatten: bool,
        /// Try for this long
        #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = agent::duration)]
        timeout: Duration,
    },
    /// End the kill switch, after its cooldown; lands in hard_stop, which `ibis resume` leaves
    ///
    /// Exit codes: 0 ok, 1 refused, or it waits for the agent, 64 usage, 75 in its cooldown, 77 no token,
    /// or the wrong one, 78 configuration.
    Release {
        /// Why, in one line
        #[arg(long, value_name = "TEXT", value_parser = operator::reason)]
        reason: String,
        /// The file with the token of http.token_file
        #[arg(long, value_name = "FILE")]
        token_file: PathBuf,
    },
    /// Is it active, since when, by whom, verified? When was the last drill?
    ///
    /// Exit codes: 0 ok, not active, 1 active, or about to be, 2 active and not verified, 64 usage, 65
    /// corrupt or foreign data, 78 configuration.
    Status,
    /// Rehearse all of it on paper, in a directory of its own, and record when that was
    ///
    /// Exit codes: 0 ok, 1 not recorded, 2 critical: the switch does not work, 64 usage.
    Drill,
}

/// Runs it.
pub fn run(global: &Global, arguments: &Kill) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Activate { reason, flatten, timeout } => {
            activate::run(global, reason, *flatten, *timeout)
        }
        Command::Release { reason, token_file } => release::run(global, reason, token_file),
        Command::Status => status(global),
        Command::Drill => drill::run(global),
    }
}

fn status(global: &Global) -> anyhow::Result<Exit> {
    let cooldown = settings(global)?.control.kill_cooldown;
    let state = KillState::gather(&operator::line(global), cooldown, clock::wall_now())?;
    if global.json {
        print_json(&state.to_json())?;
    } else {
        print_lines(&state.to_text())?;
    }
    Ok(state.severity().into())
}
