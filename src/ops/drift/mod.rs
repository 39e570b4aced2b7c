//! `drift`: what the agent's process costs and what goes wrong in it, now against what it was when somebody
//! called it good. The review of 48 hours of seed 000 as a command.
//!
//! gather ([`window`], [`facts`]) -> judge ([`judge`](mod@judge), pure, by the budgets of [`signal`]) ->
//! [`comparison`] and [`checklist`]. The samples are of the agent's own process
//! ([`crate::store::vitals`]), never of the machine.
//!
//! **Evidence**: a baseline needs [`window::SAMPLES_MIN`] samples and half an hour after a warm-up of
//! [`window::WARM_UP_US`], all of one run; a comparison needs as many, and samples of
//! [`facts::COVERAGE_MIN`] of its while. Less is insufficient, never a pass.

pub mod checklist;
pub mod comparison;
pub mod facts;
pub mod finding;
pub mod judge;
pub mod signal;
pub mod statistics;
pub mod theil_sen;
pub mod window;

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use rusqlite::Connection;

use crate::config::Settings;
use crate::domain::time::{HOUR_US, Timestamp};
use crate::store::drift::{
    self, BASELINES_MAX, Baseline, Frozen, KeepError, RunFacts, Snapshot, keep_baseline,
};
use crate::store::vitals;
use comparison::Comparison;
use facts::{COVERAGE_MIN, Place};
use window::{SAMPLES_MIN, WARM_UP_US, Window};

/// And of no less than this (seed 000).
const BASELINE_US_MIN: i64 = HOUR_US / 2;
/// What is not known.
const UNKNOWN: &str = "unknown";

/// What a person wants frozen as good.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Its name.
    pub name: &'a str,
    /// The last sample that may be in it.
    pub until: Timestamp,
    /// How much before that may be in it.
    pub span: Duration,
    /// Instead of one that has the name.
    pub replace: bool,
    /// Who answers for what was deployed.
    pub owner: Option<String>,
    /// Until when that can be rolled back.
    pub rollback_until: Option<Timestamp>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum DriftError {
    /// Too little evidence: what is missing.
    Insufficient(String),
    /// What was asked for makes no sense: why, and what to do.
    Refused(String),
    /// The ledger refused.
    Ledger(rusqlite::Error),
}

impl fmt::Display for DriftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insufficient(why) | Self::Refused(why) => f.write_str(why),
            Self::Ledger(error) => write!(f, "ledger: {error}"),
        }
    }
}

impl std::error::Error for DriftError {}

impl From<rusqlite::Error> for DriftError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error)
    }
}

/// Freezes what the newest run was like up to an instant, under a name.
pub fn freeze(
    ledger: &mut Connection,
    wanted: &Wanted<'_>,
    (settings, now): (&Settings, Timestamp),
) -> Result<Baseline, DriftError> {
    let window = of_newest_run(ledger, wanted.until, wanted.span)?;
    let Some((run, _)) = &window.run else {
        return Err(DriftError::Insufficient("the run of the samples is in no ledger".to_owned()));
    };
    let baseline = Baseline {
        name: wanted.name.to_owned(),
        frozen: frozen(ledger, &window, run, (settings, now))?,
        owner: wanted.owner.clone(),
        rollback_until: wanted.rollback_until,
    };
    keep_baseline(ledger, &baseline, wanted.replace).map_err(|error| match error {
        KeepError::Taken(at) => DriftError::Refused(format!(
            "the baseline {} is frozen since {at}; name another, or replace it: --replace",
            wanted.name
        )),
        KeepError::Full => DriftError::Refused(format!(
            "{BASELINES_MAX} baselines are kept, and no more; replace one: --replace"
        )),
        KeepError::Sqlite(error) => error.into(),
    })?;
    Ok(baseline)
}

/// The while of the newest run that a baseline may be made of.
fn of_newest_run(
    ledger: &Connection,
    until: Timestamp,
    span: Duration,
) -> Result<Window, DriftError> {
    let insufficient = |why: String| Err(DriftError::Insufficient(why));
    let Some(run) = vitals::newest_run(ledger, until)? else {
        return insufficient("no samples; the agent writes one a minute, in real time".to_owned());
    };
    let Some(ready_at) = drift::run(ledger, run)?.and_then(|run| run.ready_at) else {
        return insufficient(format!("run {run} was never ready"));
    };
    let warm_at = Timestamp::from_us(ready_at.us().saturating_add(WARM_UP_US));
    let from = (until - span).max(warm_at);
    let mut window = Window::gather(ledger, from, until)?;
    let warm = format!("run {run} is warm since {warm_at}");
    let Some(last) = window.settled().last() else {
        return insufficient(format!("{warm}: no sample of it since"));
    };
    window.to = last.at;
    let begun = window.settled().first().map(|row| row.at.us() - us(row.interval_us));
    let length = window.to.us() - begun.unwrap_or(window.to.us()).max(warm_at.us());
    let (samples, minutes) = (window.settled().len(), length / 60_000_000);
    if samples < SAMPLES_MIN || length < BASELINE_US_MIN {
        return insufficient(format!(
            "{warm}: {samples} samples of {minutes} min; a baseline needs {SAMPLES_MIN} of 30 min"
        ));
    }
    let covered = window.coverage();
    if covered < COVERAGE_MIN {
        return insufficient(format!(
            "{warm}: samples cover {:.1} % of {minutes} min; a baseline needs {:.0} %",
            covered * 100.0,
            COVERAGE_MIN * 100.0
        ));
    }
    Ok(window)
}

/// A while as it is frozen.
fn frozen(
    ledger: &Connection,
    window: &Window,
    run: &RunFacts,
    (settings, now): (&Settings, Timestamp),
) -> rusqlite::Result<Frozen> {
    let Place { mode, schema_version, host, boot_id } = Place::look(ledger)?;
    let is_same = settings.hash() == run.config_hash;
    Ok(Frozen {
        taken_at: now,
        from: window.from,
        to: window.to,
        run: run.run,
        version: run.version.clone(),
        config_hash: run.config_hash.clone(),
        profile: if is_same { settings.agent.profile.as_str() } else { UNKNOWN }.to_owned(),
        mode,
        market: run.market.clone(),
        host,
        boot_id,
        schema_version,
        signals: serde_json::to_string(&window.statistics()).unwrap_or_default(),
    })
}

/// Compares what there is since a baseline with it; without a name, with the one that was frozen last.
pub fn compare(
    ledger: &Connection,
    name: Option<&str>,
    now: Timestamp,
) -> Result<Comparison, DriftError> {
    let Some(baseline) = drift::baseline(ledger, name)? else {
        let names = drift::names(ledger)?;
        return Err(match (name, names.is_empty()) {
            (Some(name), false) => {
                let known = names.join(", ");
                DriftError::Refused(format!("there is no baseline {name}; there are: {known}"))
            }
            _ => DriftError::Insufficient(
                "there is no baseline; freeze one: ibis drift baseline NAME".to_owned(),
            ),
        });
    };
    let window = Window::gather(ledger, baseline.frozen.to, now)?;
    Ok(Comparison::of(ledger, baseline, window, now)?)
}

/// Compares, and freezes what there is with the judgement.
pub fn snapshot(
    ledger: &mut Connection,
    name: Option<&str>,
    (settings, now): (&Settings, Timestamp),
) -> Result<Comparison, DriftError> {
    let comparison = compare(ledger, name, now)?;
    let Some((run, _)) = &comparison.window.run else {
        let since = comparison.window.from;
        return Err(DriftError::Insufficient(format!(
            "no samples since {since}: nothing to freeze"
        )));
    };
    let snapshot = Snapshot {
        baseline: comparison.baseline.name.clone(),
        frozen: frozen(ledger, &comparison.window, run, (settings, now))?,
        verdict: comparison.overall().as_str().to_owned(),
        comparison: comparison.to_json().to_string(),
    };
    drift::keep_snapshot(ledger, &snapshot)?;
    Ok(comparison)
}

fn us(interval: u64) -> i64 {
    i64::try_from(interval).unwrap_or(i64::MAX)
}
