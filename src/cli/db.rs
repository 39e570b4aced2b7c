//! `ibis db`

use clap::{Args, Subcommand};

use super::exit::Exit;
use super::{Global, print_json, print_lines, state_dir};
use crate::ops::db_check::{self, DbCheck};

/// Look after the ledger
#[derive(Debug, Args)]
pub struct Db {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify all of it: structure, references, the hash chain from the first event
    ///
    /// Exit codes: 0 ok, 3 there is no ledger, 64 usage, 65 corrupt or foreign data, 75 busy or try
    /// again.
    Check,
}

/// Runs it.
pub fn run(global: &Global, arguments: &Db) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Check => check(global),
    }
}

fn check(global: &Global) -> anyhow::Result<Exit> {
    let check = db_check::run(&state_dir(global))?;
    if global.json {
        print_json(&check)?;
    } else {
        print_lines(&text(&check))?;
    }
    Ok(if check.ok { Exit::Ok } else { Exit::Data })
}

fn text(check: &DbCheck) -> String {
    let DbCheck { ok, chain_head, events, fills, problems } = check;
    let mut text = format!("events: {events}\nfills: {fills}\nchain_head: {chain_head}\n");
    for problem in problems {
        text.push_str(&format!("problem: {problem}\n"));
    }
    text.push_str(if *ok { "ok\n" } else { "damaged; restore a backup, and keep this file\n" });
    text
}
