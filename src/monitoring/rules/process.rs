//! The process: there, turning, not restarting, not growing.

use std::time::Duration;

use super::{AT_ONCE, MINUTE, TARGET};
use crate::config::Settings;
use crate::http::metrics::family::{CRASH_LOOP, LOOP_LAST_SUCCESS, RESIDENT, RESTARTS, START_TIME};
use crate::monitoring::rule::{Rule, Urgency, seconds};
use crate::store::run::CRASH_STREAK_MAX;
use crate::store::run_cause::RunCause;
use Urgency::{Critical, Info, Warning};

/// Bytes an hour that a process may grow (seed 000: 50 MB an hour warned of, 100 critical; an agent of some
/// 13 MB is looked at earlier).
const GROWTH_WARN: &str = "20e6";
/// Bytes an hour that it must not grow by.
const GROWTH_CRITICAL: &str = "50e6";
/// It must go on for this long: what a start takes is no growth.
const GROWTH_LASTS: Duration = Duration::from_secs(3_600);
/// An agent that does not answer for this long is down (seeds 000 and 004).
const DOWN_LASTS: Duration = Duration::from_secs(120);

/// What shows more of it.
const LOOK: &str = "ibis status; journalctl -u ibis-agent -p warning";
/// The same of how it ended.
const LOOK_AT_ENDS: &str = "ibis status; journalctl -u ibis-agent -p err";

pub(super) fn rules(settings: &Settings) -> Vec<Rule> {
    [turning(settings), starting(settings), growing()].concat()
}

fn turning(settings: &Settings) -> Vec<Rule> {
    let (slow, stalled) =
        (settings.health.progress_age_warn, settings.health.progress_age_critical);
    let turned = |age| format!("time() - {LOOP_LAST_SUCCESS} > {}", seconds(age));
    vec![
        Rule::new(
            "IbisDown",
            (Critical, DOWN_LASTS),
            "up{job=\"ibis\"} == 0 or absent(up{job=\"ibis\"})".to_owned(),
            "The agent does not answer, or Prometheus does not ask it.",
            "ibis status; systemctl status ibis-agent; orders at work: ibis kill activate",
        ),
        Rule::new(
            "IbisLoopSlow",
            (Warning, MINUTE),
            turned(slow),
            format!("The agent's loop did not turn for {} s.", seconds(slow)),
            LOOK,
        ),
        Rule::new(
            "IbisLoopStalled",
            (Critical, MINUTE),
            turned(stalled),
            format!(
                "The agent's loop did not turn for {} s; the watchdog should have ended it.",
                seconds(stalled)
            ),
            "systemctl restart ibis-agent; what it holds: ibis exec-integrity",
        ),
    ]
}

fn starting(settings: &Settings) -> Vec<Rule> {
    let unmeant = [RunCause::Operator, RunCause::Finished].map(RunCause::as_str).join("|");
    let storm = settings.health.unclean_starts_warn;
    vec![
        Rule::new(
            "IbisRestarted",
            (Info, AT_ONCE),
            format!("changes({START_TIME}[10m]) > 0"),
            "The agent was started anew within the last 10 min.",
            "ibis status",
        ),
        Rule::new(
            "IbisRestartStorm",
            (Critical, AT_ONCE),
            format!(
                "sum by ({TARGET}) (increase({RESTARTS}{{cause!~\"{unmeant}\"}}[1h])) > {storm}"
            ),
            format!("The agent ended more than {storm} times within an hour, and nobody meant it."),
            LOOK_AT_ENDS,
        ),
        Rule::new(
            "IbisCrashLoop",
            (Warning, AT_ONCE),
            format!("{CRASH_LOOP} > {}", CRASH_STREAK_MAX / 2),
            "Run after run ended uncleanly; trading waits longer each time.",
            LOOK_AT_ENDS,
        ),
        Rule::new(
            "IbisCrashLoopLatched",
            (Critical, AT_ONCE),
            format!("{CRASH_LOOP} > {CRASH_STREAK_MAX}"),
            "Too many runs ended uncleanly in a row: trading stops until an operator resumes.",
            "journalctl -u ibis-agent -p err; then ibis resume --from hard_stop --reason ...",
        ),
    ]
}

fn growing() -> Vec<Rule> {
    // deriv, not rate: memory is no counter, and shrinks (seed 000 took each decrease for a reset).
    let grows = |bytes: &str| format!("deriv({RESIDENT}[1h]) * 3600 > {bytes}");
    vec![
        Rule::new(
            "IbisMemoryGrowth",
            (Warning, GROWTH_LASTS),
            grows(GROWTH_WARN),
            "The agent's memory grows by more than 20 MB an hour.",
            LOOK,
        ),
        Rule::new(
            "IbisMemoryLeak",
            (Critical, GROWTH_LASTS),
            grows(GROWTH_CRITICAL),
            "The agent's memory grows by more than 50 MB an hour.",
            "systemctl restart ibis-agent, at a calm moment; it reconciles before it trades",
        ),
    ]
}
