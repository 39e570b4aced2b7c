//! The agent's state: stopped, paused, degraded, or changing all the time.

use std::time::Duration;

use super::{AT_ONCE, MINUTE, TARGET};
use crate::config::Settings;
use crate::domain::hold::Level;
use crate::http::metrics::family::{
    AGENT_STATE, KILL_ACTIVE, KILL_VERIFIED, STATE_SINCE, STATE_TRANSITIONS,
};
use crate::monitoring::rule::{Rule, Urgency, seconds, select};
use Urgency::{Critical, Warning};

/// A pause of this length is worth a look (seed 004: 20 minutes).
const PAUSE_LONG: Duration = Duration::from_secs(1_200);
/// The same for being degraded, where no guard pauses for it (seed 003: 15 minutes).
const DEGRADED_LONG: Duration = Duration::from_secs(900);
/// Pauses in an hour that are too many (seed 004's checklist).
const PAUSES_MAX: u32 = 6;

pub(super) fn rules(settings: &Settings) -> Vec<Rule> {
    let is = |level: Level| {
        let state = select(AGENT_STATE, &[("state", level.as_str())]);
        format!("{state} == 1")
    };
    let since = |level, age| {
        let (age, is) = (seconds(age), is(level));
        format!("time() - {STATE_SINCE} > {age} and on ({TARGET}) {is}")
    };
    // The guard pauses at the end of its time: to be told of it before, half of that.
    let degraded = match settings.guards.degraded_max {
        Duration::ZERO => DEGRADED_LONG,
        guarded => guarded / 2,
    };
    let paused = select(STATE_TRANSITIONS, &[("to", Level::SoftPause.as_str())]);
    vec![
        Rule::new(
            "IbisHardStop",
            (Critical, AT_ONCE),
            is(Level::HardStop),
            "The agent is in hard_stop: no entries until an operator resumes.",
            "ibis status; when its cause is understood: ibis resume --from hard_stop --reason ...",
        ),
        Rule::new(
            "IbisKillSwitch",
            (Critical, AT_ONCE),
            format!("{KILL_ACTIVE} == 1"),
            "The kill switch is set: nothing is sent.",
            "ibis kill status",
        ),
        // Not by counting our own open orders, as seed 004 would have: the venue may have others.
        Rule::new(
            "IbisKillUnverified",
            (Critical, MINUTE),
            format!("{KILL_VERIFIED} == 0"),
            "The kill switch is set, and the venue has not shown that nothing is at work.",
            "ibis kill status; again: ibis kill activate --reason ...; else cancel at the venue's own page",
        ),
        // Two series, so that another reason for the pause does not begin it anew (seed 004's did).
        Rule::new(
            "IbisSoftPauseLong",
            (Warning, AT_ONCE),
            since(Level::SoftPause, PAUSE_LONG),
            format!("No entries for more than {} min.", PAUSE_LONG.as_secs() / 60),
            "ibis status; a pause of an operator's: ibis resume --reason ...",
        ),
        Rule::new(
            "IbisDegradedLong",
            (Warning, AT_ONCE),
            since(Level::Degraded, degraded),
            format!("Degraded for more than {} s.", seconds(degraded)),
            "ibis status",
        ),
        Rule::new(
            "IbisFlapping",
            (Warning, AT_ONCE),
            format!("sum by ({TARGET}) (increase({paused}[1h])) > {PAUSES_MAX}"),
            format!("Entries paused more than {PAUSES_MAX} times within an hour."),
            "ibis events --kind transition -n 50",
        ),
    ]
}
