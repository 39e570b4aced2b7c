//! `ibis db`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::{Global, job, print_json, print_lines, settings, state_dir};
use crate::clock;
use crate::config::Settings;
use crate::domain::time::Timestamp;
use crate::ops::backup::restore::Restored;
use crate::ops::backup::{drill, make, restore};
use crate::ops::db_check::{self, DbCheck};
use crate::store::ledger_path;

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
    /// Copy it into backups/ beside a running agent, and read the copy back whole
    ///
    /// Exit codes: 0 ok, 1 degraded: an old backup is not deleted, 2 critical: the copy is not good,
    /// 3 there is no ledger, 64 usage, 65 corrupt or foreign data, 75 busy or no room, 78
    /// configuration.
    Backup,
    /// Put a backup in the place of the ledger; what was there is moved aside
    ///
    /// Exit codes: 0 ok, 64 usage or no such backup, 65 the backup is not good, 75 an agent runs, busy,
    /// or no room.
    Restore {
        /// A backup: backups/ibis-STAMP.db, its manifest beside it
        file: PathBuf,
    },
    /// Restore the newest backup into a directory of its own and open it as an agent would
    ///
    /// Exit codes: 0 ok, 1 degraded: it is old, or of another history, 2 critical: it cannot be
    /// restored, 3 there is none, 64 usage, 75 busy or no room, 78 configuration.
    RestoreDrill,
}

/// Runs it.
pub fn run(global: &Global, arguments: &Db) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Check => check(global),
        Command::Backup => backup(global),
        Command::Restore { file } => put_back(global, file),
        Command::RestoreDrill => restore_drill(global),
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
    let damaged = "damaged; stop the agent and restore the newest backup: ibis db restore FILE\n";
    text.push_str(if *ok { "ok\n" } else { damaged });
    text
}

fn configured(global: &Global) -> anyhow::Result<Settings> {
    Ok(settings(global).map_err(|error| Failure::new(Exit::Config, error.to_string()))?)
}

fn backup(global: &Global) -> anyhow::Result<Exit> {
    let (directory, now) = (state_dir(global), clock::wall_now());
    let settings = configured(global)?;
    let run = make::Run {
        state_dir: &directory,
        limits: &settings.backup,
        reserve: settings.health.disk_free_critical,
        now,
    };
    let mut report = make::run(&run)?;
    job::record(&directory, &mut report, now);
    job::show(global, &report, None)
}

fn restore_drill(global: &Global) -> anyhow::Result<Exit> {
    let (directory, now) = (state_dir(global), clock::wall_now());
    let mut report = drill::run(&directory, &configured(global)?.health, now)?;
    if ledger_path(&directory).exists() {
        job::record(&directory, &mut report, now);
    }
    job::show(global, &report, None)
}

fn put_back(global: &Global, file: &Path) -> anyhow::Result<Exit> {
    let restored = restore::run(&state_dir(global), file, clock::wall_now())?;
    if global.json {
        print_json(&restored)?;
    } else {
        print_lines(&told(&restored))?;
    }
    Ok(Exit::Ok)
}

fn told(restored: &Restored) -> String {
    let Restored { event, chain_head, made_at_us, mode, aside } = restored;
    let made_at = Timestamp::from_us(*made_at_us);
    let asked = match mode.as_str() {
        "live" => "it asks KuCoin for the orders and fills since then, a week back at most",
        _ => "it books the fills that the paper account has since then",
    };
    format!(
        "restored: event {event} of {made_at}\nchain_head: {chain_head}\naside: {}\n\
         next: start the agent (systemctl start ibis-agent); {asked}. Then: ibis exec-integrity\n",
        aside.display()
    )
}
