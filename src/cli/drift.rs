//! `ibis drift`

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Exit, Failure};
use super::{Global, agent, print_json, print_lines, settings, state_dir};
use crate::clock;
use crate::domain::time::Timestamp;
use crate::ops::drift::comparison::Comparison;
use crate::ops::drift::{self, DriftError, Wanted, checklist};
use crate::store;

/// Letters of a baseline's name, at most: a word for a person.
const NAME_MAX: usize = 32;

/// What it costs and what goes wrong, against what that was when somebody called it good
#[derive(Debug, Args)]
pub struct Drift {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Freeze the last hour of the agent's samples as good, under a name
    ///
    /// A signal of less than 30 samples is in no baseline: where orders are few, a longer one has them. Needs
    /// 30 samples of 30 min of one run, its first half hour aside. Exit codes: 0 ok, 3 insufficient
    /// evidence, or there is no ledger, 64 usage, or the name is taken, 65 corrupt or foreign data, 75 busy
    /// or try again, 78 configuration.
    Baseline {
        /// Its name: small letters, digits, - and _
        #[arg(value_parser = name)]
        name: String,
        /// Instead of the one that has the name
        #[arg(long)]
        replace: bool,
        /// Freeze what there was until then: 2026-02-19T20:00:00Z [default: now]
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
        /// Freeze so much of it (90m, 24h); no more than its run has
        #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = agent::duration)]
        span: Duration,
        /// Who answers for what was deployed
        #[arg(long, value_name = "TEXT")]
        owner: Option<String>,
        /// Until when that can be rolled back: 2026-02-21T20:00:00Z
        #[arg(long, value_name = "TIME")]
        rollback_until: Option<Timestamp>,
    },
    /// Compare as compare does, and freeze what there is since the baseline with the verdict
    ///
    /// Exit codes: 0 ok, 1 warn, 2 fail, 3 insufficient evidence, or there is no ledger, 64 usage, 65 corrupt
    /// or foreign data, 75 busy or try again, 78 configuration.
    Snapshot {
        /// The baseline [default: the one that was frozen last]
        #[arg(value_parser = name)]
        name: Option<String>,
    },
    /// Judge what there is since a baseline, signal by signal
    ///
    /// What is not measured is never a pass, and what paper or a replay cannot show is not applicable. Exit
    /// codes: 0 ok, 1 warn, 2 fail, 3 insufficient evidence, or there is no ledger, 64 usage, 65 corrupt or
    /// foreign data, 75 busy or try again.
    Compare {
        /// The baseline [default: the one that was frozen last]
        #[arg(value_parser = name)]
        name: Option<String>,
    },
    /// The check list of a review of 48 hours, filled in: Markdown
    ///
    /// Exit codes: 0 ok, 1 warn, 2 fail, 3 insufficient evidence, or there is no ledger, 64 usage, 65 corrupt
    /// or foreign data, 75 busy or try again, 78 configuration.
    Report {
        /// The baseline [default: the one that was frozen last]
        #[arg(value_parser = name)]
        name: Option<String>,
    },
}

/// A baseline's name.
fn name(text: &str) -> Result<String, String> {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if begins && text.len() <= NAME_MAX && text.chars().all(known) {
        return Ok(text.to_owned());
    }
    Err(format!("a name is at most {NAME_MAX} small letters, digits, - and _: before-0-2"))
}

/// Runs it.
pub fn run(global: &Global, arguments: &Drift) -> anyhow::Result<Exit> {
    let (directory, now) = (state_dir(global), clock::wall_now());
    match &arguments.command {
        Command::Baseline { name, replace, until, span, owner, rollback_until } => {
            let wanted = Wanted {
                name,
                until: until.unwrap_or(now),
                span: *span,
                replace: *replace,
                owner: owner.clone(),
                rollback_until: *rollback_until,
            };
            baseline(global, &wanted, now)
        }
        Command::Snapshot { name } => {
            let settings = settings(global)?;
            let mut ledger = store::open_existing(&directory)?;
            let name = name.as_deref();
            let comparison =
                drift::snapshot(&mut ledger, name, (&settings, now)).map_err(failed)?;
            show(global, &comparison)
        }
        Command::Compare { name } => {
            let ledger = store::open_reader(&directory)?;
            show(global, &drift::compare(&ledger, name.as_deref(), now).map_err(failed)?)
        }
        Command::Report { name } => {
            let settings = settings(global)?;
            let ledger = store::open_reader(&directory)?;
            let comparison = drift::compare(&ledger, name.as_deref(), now).map_err(failed)?;
            let sections = checklist::sections(&comparison, &settings);
            if global.json {
                let mut whole = comparison.to_json();
                if let Some(object) = whole.as_object_mut() {
                    object.insert("sections".to_owned(), json!(sections));
                }
                print_json(&whole)?;
            } else {
                print_lines(&checklist::render(&comparison, &sections))?;
            }
            Ok(comparison.overall().severity().into())
        }
    }
}

fn baseline(global: &Global, wanted: &Wanted<'_>, now: Timestamp) -> anyhow::Result<Exit> {
    let settings = settings(global)?;
    let mut ledger = store::open_existing(&state_dir(global))?;
    let frozen = drift::freeze(&mut ledger, wanted, (&settings, now)).map_err(failed)?.frozen;
    let (from, to) = (frozen.from.to_string(), frozen.to.to_string());
    if global.json {
        print_json(&json!({
            "name": wanted.name, "run": frozen.run, "from": from, "to": to,
            "config_hash": frozen.config_hash,
            "signals": serde_json::from_str::<serde_json::Value>(&frozen.signals)?,
        }))?;
    } else {
        let text = format!("baseline {}: run {} from {from} to {to}\n", wanted.name, frozen.run);
        print_lines(&text)?;
    }
    Ok(Exit::Ok)
}

fn show(global: &Global, comparison: &Comparison) -> anyhow::Result<Exit> {
    if global.json {
        print_json(&comparison.to_json())?;
    } else {
        print_lines(&comparison.to_text())?;
    }
    Ok(comparison.overall().severity().into())
}

/// A refusal with its exit code; what the ledger says keeps its own.
fn failed(error: DriftError) -> anyhow::Error {
    match error {
        DriftError::Insufficient(why) => Failure::new(Exit::Insufficient, why).into(),
        DriftError::Refused(why) => Failure::new(Exit::Usage, why).into(),
        DriftError::Ledger(error) => error.into(),
    }
}
