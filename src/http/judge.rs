//! Whether what is seen is well: pure. The same limits and the same severities as `ibis healthcheck`,
//! from what the process knows of itself.

use std::time::Duration;

use super::board::Phase;
use super::sight::Sight;
use crate::config::settings::HealthSettings;
use crate::ops::age::Age;
use crate::ops::healthcheck::hold_severity;
use crate::ops::report::Severity;

/// A loop that did not turn for this long is not alive: three times `WatchdogSec=` of the unit.
pub const LOOP_AGE_MAX: Duration = Duration::from_secs(180);

/// One check of `/health`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// The judgement.
    pub severity: Severity,
    /// What was found.
    pub details: String,
}

/// `ok`, `degraded` or `critical`: too little evidence is not ok.
pub const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok => "ok",
        Severity::Insufficient | Severity::Degraded => "degraded",
        Severity::Critical => "critical",
    }
}

/// Why the process counts as hung; `Ok` where it is alive.
pub fn livez(sight: &Sight) -> Result<(), String> {
    if sight.loop_age < LOOP_AGE_MAX {
        return Ok(());
    }
    let (age, limit) = (Age::from(sight.loop_age), Age::from(LOOP_AGE_MAX));
    Err(format!("the loop did not turn for {age}, {limit} are the limit"))
}

/// What keeps the agent from opening positions; empty where nothing does.
pub fn unready(sight: &Sight) -> Vec<String> {
    let mut reasons = Vec::new();
    if sight.phase != Phase::Ready {
        reasons.push(format!("the agent is {}", sight.phase.as_str()));
    }
    if let Err(why) = livez(sight) {
        reasons.push(why);
    }
    if sight.view().is_none() {
        return reasons;
    }
    if !sight.is_reconciled() {
        reasons.push("ledger and venue are not reconciled".to_owned());
    }
    if !sight.is_fresh() {
        reasons.push(stale(sight));
    }
    if !sight.state().permits_entry() {
        reasons.push(format!("the state is {}", sight.state()));
    }
    reasons
}

/// Everything `/health` looks at.
pub fn checks(sight: &Sight, limits: &HealthSettings) -> Vec<Check> {
    let mut checks = vec![lifecycle(sight), turning(sight, limits)];
    let Some(view) = sight.view() else { return checks };
    checks.push(data(sight, limits));
    let (severity, details) = match (view.ledger.held, view.ledger.lag) {
        (true, _) => (Severity::Critical, "it cannot be written".to_owned()),
        (false, lag) => (aged(lag, limits), format!("{} behind", Age::from(lag))),
    };
    checks.push(Check { name: "ledger", severity, details });
    checks.push(holds(sight));
    let (severity, details) = match (sight.is_reconciled(), view.mismatches.len()) {
        (true, 0) => (Severity::Ok, "ledger and venue agree".to_owned()),
        (_, count) => (Severity::Degraded, format!("{count} kinds of differences")),
    };
    checks.push(Check { name: "reconcile", severity, details });
    checks
}

/// The worst of the checks.
pub fn overall(checks: &[Check]) -> Severity {
    checks.iter().map(|check| check.severity).max().unwrap_or(Severity::Insufficient)
}

fn lifecycle(sight: &Sight) -> Check {
    let severity = match sight.phase {
        Phase::Ready => Severity::Ok,
        Phase::Starting | Phase::Reconciling | Phase::Draining | Phase::Stopped => {
            Severity::Degraded
        }
    };
    Check { name: "lifecycle", severity, details: sight.phase.as_str().to_owned() }
}

fn turning(sight: &Sight, limits: &HealthSettings) -> Check {
    let severity = match livez(sight) {
        Err(_) => Severity::Critical,
        Ok(()) => aged(sight.loop_age, limits),
    };
    Check { name: "loop", severity, details: format!("turned {} ago", Age::from(sight.loop_age)) }
}

fn aged(age: Duration, limits: &HealthSettings) -> Severity {
    graded(age, limits.progress_age_warn, limits.progress_age_critical)
}

fn graded(age: Duration, warn: Duration, critical: Duration) -> Severity {
    match (age >= critical, age >= warn) {
        (true, _) => Severity::Critical,
        (false, true) => Severity::Degraded,
        (false, false) => Severity::Ok,
    }
}

fn data(sight: &Sight, limits: &HealthSettings) -> Check {
    let name = "market_data";
    let Some(age) = sight.data_age() else {
        return Check { name, severity: Severity::Ok, details: "a market of its own".to_owned() };
    };
    let severity = graded(age, limits.data_age_warn, limits.data_age_critical);
    Check { name, severity, details: format!("{} old", Age::from(age)) }
}

fn stale(sight: &Sight) -> String {
    let age = sight.data_age().unwrap_or_default();
    format!("the market's data is {} old", Age::from(age))
}

fn holds(sight: &Sight) -> Check {
    let holds = sight.view().map(|view| view.holds.as_slice()).unwrap_or_default();
    let severity = holds.iter().map(hold_severity).max().unwrap_or(Severity::Ok);
    let names: Vec<String> = holds
        .iter()
        .map(|hold| format!("{} {} {}", hold.scope_str(), hold.level, hold.code))
        .collect();
    let details = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Check { name: "holds", severity, details }
}

#[cfg(test)]
mod tests;
