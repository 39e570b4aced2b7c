//! `ibis validate`

use std::time::Duration;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::{Global, agent, job, print_lines, settings, state_dir};
use crate::clock;
use crate::ops::report::Severity;
use crate::ops::validate::{self, Verdict, WINDOW_MAX, WINDOW_MIN};
use crate::store::{self, ledger_path, run::meta};

/// Judge what ran before something dearer follows
#[derive(Debug, Args)]
pub struct Validate {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// May a live run follow this paper run? Twelve KPIs of a window, from the ledger alone
    ///
    /// The window ends now, by the clock of the ledger: the wall's, or with --speed and --replay the
    /// market's own. Minutes that are not on record are never a pass. Exit codes: 0 ok, it passes, 1 it
    /// passes, and that could not be written down, 2 it fails, 3 insufficient evidence, or there is no
    /// ledger, 64 usage, 65 corrupt, foreign or live data, 75 busy or try again, 78 configuration.
    Paper {
        /// How long the window is, from 1h to 90d
        #[arg(long, value_name = "DURATION", value_parser = window, default_value = "24h")]
        window: Duration,
    },
}

fn window(text: &str) -> Result<Duration, String> {
    let length = agent::duration(text)?;
    if (WINDOW_MIN..=WINDOW_MAX).contains(&length) {
        Ok(length)
    } else {
        Err("out of range; write one from 1h to 90d".to_owned())
    }
}

/// Runs it.
pub fn run(global: &Global, arguments: &Validate) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Paper { window } => paper(global, window),
    }
}

fn paper(global: &Global, window: Duration) -> anyhow::Result<Exit> {
    let started_at = clock::wall_now();
    let (settings, directory) = (settings(global)?, state_dir(global));
    let ledger = store::open_reader(&directory)?;
    let path = ledger_path(&directory);
    let unreadable = |error: rusqlite::Error| {
        anyhow::Error::from(error).context(format!("{}: cannot be judged", path.display()))
    };
    if let Some(mode) = meta(&ledger, "mode").map_err(unreadable)?.filter(|mode| mode != "paper") {
        let what = format!(
            "{}: the ledger's mode is {mode}; name the --state-dir of a paper run",
            path.display()
        );
        return Err(Failure::new(Exit::Data, what).into());
    }
    let found = validate::run(&ledger, &settings.validate, window, started_at);
    let mut found = found.map_err(unreadable)?;
    drop(ledger);
    // What is insufficient stays so: degraded would read as a pass with a remark.
    let unrecorded = match found.verdict {
        Verdict::Insufficient => Severity::Insufficient,
        Verdict::Ok | Verdict::Fail | Verdict::NotApplicable => Severity::Degraded,
    };
    job::record_or(unrecorded, &directory, &mut found.report, started_at);
    if global.json {
        return job::show(global, &found.report, None);
    }
    let said = found.report.checks.iter().filter(|check| check.id == job::RUN_RECORDED);
    let said: String =
        said.map(|check| format!("{}: {}: {}\n", check.id, check.value, check.detail)).collect();
    print_lines(&format!("{said}{}", found.text))?;
    Ok(found.report.overall().into())
}
