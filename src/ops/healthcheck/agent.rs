//! Verdicts on the agent: does it run, does its loop turn, does it see the market?

use crate::config::settings::HealthSettings;
use crate::domain::time::Timestamp;
use crate::ops::age::Age;
use crate::ops::agent_evidence::{AgentEvidence, Clock, Lock, Service};
use crate::ops::report::{Check, Severity};
use crate::store::run_cause::RunCause;

/// Whether an agent works on this directory. A dead agent is critical, and nothing masks it.
pub fn running(agent: &AgentEvidence) -> Check {
    let id = "agent_running";
    match &agent.lock {
        Lock::Held => {
            let pid = agent.newest().map(|run| format!("run {} pid {}", run.run, run.pid));
            Check::new(id, Severity::Ok, pid.unwrap_or_else(|| "starting".to_owned()))
        }
        Lock::Free => Check::new(id, Severity::Critical, "no").because(last_words(agent)),
        Lock::Unknown(why) => Check::new(id, Severity::Insufficient, "unknown")
            .because(format!("the instance lock cannot be tested: {why}")),
    }
}

fn last_words(agent: &AgentEvidence) -> String {
    let Some(run) = agent.newest() else {
        return "no agent ever ran here; start it: systemctl start ibis-agent".to_owned();
    };
    match (&run.ended_at, &run.end_cause) {
        (Some(at), cause) => {
            let cause = cause.as_deref().unwrap_or("no cause given");
            format!("run {} ended at {at}: {cause}", run.run)
        }
        (None, _) => {
            let how = run.cause.map_or("died without a word", |cause| match cause {
                RunCause::Watchdog => "was killed by the watchdog",
                RunCause::Oom => "was killed for its memory",
                RunCause::Error => "ended with an error",
                RunCause::Operator | RunCause::Finished | RunCause::Crash => "died without a word",
            });
            format!("run {} {how}; see: journalctl -u ibis-agent", run.run)
        }
    }
}

/// What systemd thinks of the unit. The lock has the last word on whether the agent runs.
pub fn service(agent: &AgentEvidence) -> Check {
    let id = "agent_service";
    let (held, free) = (agent.lock == Lock::Held, agent.lock == Lock::Free);
    let (active, enabled) = match &agent.service {
        Service::NotInstalled => return Check::new(id, Severity::Ok, "not_installed"),
        Service::Unknown(why) => {
            let severity = if held { Severity::Ok } else { Severity::Insufficient };
            return Check::new(id, severity, "unavailable_to_query").because(why);
        }
        Service::Unit { active, enabled, .. } => (active.as_str(), enabled),
    };
    let (severity, detail) = match (active, free) {
        ("active", false) => (Severity::Ok, ""),
        ("active", true) => {
            (Severity::Degraded, "the service is active, but no agent holds this directory")
        }
        ("failed", _) => (Severity::Critical, "see: systemctl status ibis-agent"),
        ("inactive", _) if held => (Severity::Ok, "the agent runs outside its service"),
        ("inactive", _) => (Severity::Critical, "start it: systemctl start ibis-agent"),
        _ => (Severity::Degraded, "the service is between two states"),
    };
    Check::new(id, severity, format!("{active} {enabled}")).because(detail)
}

/// How long ago the loop last turned with fresh data and a writable ledger.
pub fn progress(agent: &AgentEvidence, limits: &HealthSettings, now: Timestamp) -> Check {
    let id = "agent_progress";
    let Some(run) = agent.newest() else {
        return Check::new(id, Severity::Insufficient, "never");
    };
    let age = Age::of(run.progress_at.unwrap_or(run.started_at), now);
    let value = match run.progress_at {
        Some(_) => format!("{age} ago"),
        None => format!("none in {age}"),
    };
    let (warn, critical) = (limits.progress_age_warn, limits.progress_age_critical);
    let severity = if age.reaches(critical) {
        Severity::Critical
    } else if age.reaches(warn) {
        Severity::Degraded
    } else {
        Severity::Ok
    };
    let hint = "the loop does not turn, or its data is stale; see: journalctl -u ibis-agent";
    let detail = if severity == Severity::Ok { "" } else { hint };
    Check::new(id, severity, value)
        .against(format!("< {} < {}", Age::from(warn), Age::from(critical)))
        .because(detail)
}

/// How old the newest market data is, by the engine's clock.
pub fn data(agent: &AgentEvidence, limits: &HealthSettings, now: Timestamp) -> Check {
    let id = "data_fresh";
    let (warn, critical) = (limits.data_age_warn, limits.data_age_critical);
    let threshold = format!("< {} < {}", Age::from(warn), Age::from(critical));
    let Some(run) = agent.newest().filter(|_| agent.lock != Lock::Free) else {
        let check = Check::new(id, Severity::Insufficient, "unknown").against(threshold);
        return check.because("no agent runs");
    };
    let clock = match run.clock {
        // The engine's clock, as far as it is by now: that of the wall may have been set since.
        Clock::Wall => match (run.engine_at, run.progress_at) {
            (Some(engine_at), Some(progress_at)) => {
                Timestamp::from_us(engine_at.us().saturating_add(now.us_since(progress_at)))
            }
            _ => now,
        },
        Clock::Virtual => run.engine_at.unwrap_or(run.started_at),
    };
    let age = match run.data_at {
        Some(data_at) => Age::of(data_at, clock),
        None => Age::of(run.started_at, now),
    };
    let severity = if age.reaches(critical) {
        Severity::Critical
    } else if age.reaches(warn) {
        Severity::Degraded
    } else {
        Severity::Ok
    };
    let value = match run.data_at {
        Some(_) => format!("{age} old"),
        None => format!("none in {age}"),
    };
    let hint = "the market says nothing; see: journalctl -u ibis-agent";
    let detail = if severity == Severity::Ok { "" } else { hint };
    Check::new(id, severity, value).against(threshold).because(detail)
}

/// Starts in the last hour that ended without a word.
pub fn crash_loop(agent: &AgentEvidence, limits: &HealthSettings, now: Timestamp) -> Check {
    let unclean = agent.unclean_in_hour(now) as u64;
    let (warn, critical) = (limits.unclean_starts_warn, limits.unclean_starts_critical);
    let severity = if unclean >= critical {
        Severity::Critical
    } else if unclean >= warn {
        Severity::Degraded
    } else {
        Severity::Ok
    };
    let detail = if severity == Severity::Ok { "" } else { "see: journalctl -u ibis-agent -p err" };
    Check::new("crash_loop", severity, format!("{unclean} unclean in 1h"))
        .against(format!("< {warn} < {critical}"))
        .because(detail)
}
