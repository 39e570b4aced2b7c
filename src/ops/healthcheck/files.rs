//! Verdicts on what the agent stands on: disk, clock, `state.json`.

use super::evidence::{Evidence, StateJson};
use crate::config::settings::HealthSettings;
use crate::domain::time::Timestamp;
use crate::ops::age::{Age, bytes_text};
use crate::ops::agent_evidence::Clock;
use crate::ops::report::{Check, Severity};

/// Room for the ledger.
pub fn disk(free: &Result<u64, String>, limits: &HealthSettings) -> Check {
    let id = "disk_free";
    let (warn, critical) = (limits.disk_free_warn, limits.disk_free_critical);
    let threshold = format!(">= {} >= {}", bytes_text(warn), bytes_text(critical));
    let free = match free {
        Ok(free) => *free,
        Err(why) => {
            let check = Check::new(id, Severity::Insufficient, "unknown").against(threshold);
            return check.because(why);
        }
    };
    let (severity, detail) = match free {
        _ if free < critical => (Severity::Critical, "the ledger is at risk; free space now"),
        _ if free < warn => (Severity::Degraded, "free space, or run: ibis log-retention"),
        _ => (Severity::Ok, ""),
    };
    Check::new(id, severity, bytes_text(free)).against(threshold).because(detail)
}

/// Times that were written must not lie in the future: then the clock was set back.
pub fn clock(evidence: &Evidence, limits: &HealthSettings) -> Check {
    let state_at = match &evidence.state_json {
        StateJson::Whole { written_at, .. } => Some(*written_at),
        StateJson::Missing | StateJson::Bad(_) => None,
    };
    let run = evidence.agent.newest();
    let engine_at = run.filter(|run| run.clock == Clock::Wall).and_then(|run| run.engine_at);
    let run_at = run.map(|run| run.started_at.max(run.progress_at.unwrap_or(run.started_at)));
    let Some(newest) = [state_at, engine_at, run_at].into_iter().flatten().max() else {
        return Check::new("clock", Severity::Ok, "nothing written yet");
    };
    let ahead = Age::of(evidence.now, newest);
    let (warn, critical) = (limits.clock_skew_warn, limits.clock_skew_critical);
    let severity = if ahead.reaches(critical) {
        Severity::Critical
    } else if ahead.reaches(warn) {
        Severity::Degraded
    } else {
        Severity::Ok
    };
    let (value, detail) = match severity {
        Severity::Ok => ("runs forward".to_owned(), ""),
        Severity::Insufficient | Severity::Degraded | Severity::Critical => {
            (format!("{ahead} behind what was written"), "the clock was set back; see: timedatectl")
        }
    };
    let threshold = format!("< {} < {}", Age::from(warn), Age::from(critical));
    Check::new("clock", severity, value).against(threshold).because(detail)
}

/// Whether the clock follows the network's. Only systemd-timesyncd says so; others are not asked.
pub fn synchronized(synchronized: bool) -> Check {
    let check = |value| Check::new("clock_synchronized", Severity::Ok, value);
    if synchronized { check("yes") } else { check("not known").because("see: timedatectl") }
}

/// `state.json`: whole, as new as the agent's interval, and of this ledger.
pub fn state_json(evidence: &Evidence, limits: &HealthSettings) -> Check {
    let id = "state_json";
    let (warn, critical) = (limits.state_json_age_warn, limits.state_json_age_critical);
    let threshold = format!("< {} < {}", Age::from(warn), Age::from(critical));
    let running = evidence.agent.is_running();
    let rebuild = match running {
        true => "the agent replaces it at its next interval",
        false => "rebuild it: ibis exec-integrity --apply",
    };
    let (severity, value, detail) = match &evidence.state_json {
        StateJson::Missing if is_young(evidence, limits) => {
            (Severity::Ok, "missing".to_owned(), "the agent has just started".to_owned())
        }
        StateJson::Missing => (Severity::Degraded, "missing".to_owned(), rebuild.to_owned()),
        StateJson::Bad(why) => {
            (Severity::Degraded, "unusable".to_owned(), format!("{why}; {rebuild}"))
        }
        StateJson::Whole { sequence, written_at } => {
            let age = Age::of(*written_at, evidence.now);
            let value = format!("{age} old, event {sequence}");
            let head = evidence.ledger.as_ref().ok().map(|ledger| ledger.head);
            let (severity, detail) = match head {
                Some(head) if *sequence > head => (
                    Severity::Critical,
                    format!("the ledger ends at event {head}: not its projection"),
                ),
                Some(head) if !running && *sequence < head => {
                    (Severity::Degraded, format!("the ledger ends at event {head}; {rebuild}"))
                }
                _ if running && age.reaches(critical) => {
                    (Severity::Critical, "its readers are misled".to_owned())
                }
                _ if running && age.reaches(warn) => (Severity::Degraded, "it is late".to_owned()),
                _ => (Severity::Ok, String::new()),
            };
            (severity, value, detail)
        }
    };
    Check::new(id, severity, value).against(threshold).because(detail)
}

/// True where an agent runs, and began too recently to have written anything.
fn is_young(evidence: &Evidence, limits: &HealthSettings) -> bool {
    let age = |started_at: Timestamp| Age::of(started_at, evidence.now);
    let run = evidence.agent.newest().filter(|_| evidence.agent.is_running());
    run.is_some_and(|run| !age(run.started_at).reaches(limits.state_json_age_warn))
}
