//! What is kept: the ledger and its agreement with the venue, the jobs, the alerts, the drill.

use std::time::Duration;

use super::{AT_ONCE, TARGET};
use crate::alerts::outbox::DEPTH_WARN;
use crate::config::Settings;
use crate::http::metrics::family::{
    CHAIN_OK, CONFIG_INFO, KILL_DRILL, MISMATCHES, OUTBOX_DEPTH, RECONCILED, START_TIME,
    TIMER_LAST, TIMER_MAX_AGE,
};
use crate::monitoring::rule::{Rule, Urgency, seconds, select};
use crate::ops::kill::state::DRILL_AGE;
use Urgency::{Critical, Info, Warning};

/// A difference of this age is no delay (seeds 003 and 004).
const MISMATCH_LASTS: Duration = Duration::from_secs(300);
/// A timer may be this late: its job takes a moment, too.
const TIMER_LASTS: Duration = Duration::from_secs(300);
/// Alerts that wait for this long are not on their way (seed 001).
const OUTBOX_LASTS: Duration = Duration::from_secs(900);

pub(super) fn rules(settings: &Settings) -> Vec<Rule> {
    let stale = settings.health.exec_integrity_age_max;
    // On paper nobody but the agent moves the account: it is compared when it moved.
    let live = select(CONFIG_INFO, &[("mode", "live")]);
    let timer = format!("on ({TARGET}, timer)");
    let drill_days = DRILL_AGE.as_secs() / 86_400;
    vec![
        Rule::new(
            "IbisReconcileMismatch",
            (Critical, MISMATCH_LASTS),
            format!("sum by ({TARGET}) ({MISMATCHES}) > 0"),
            "Ledger and venue differ, and no rule explains it.",
            "ibis exec-integrity",
        ),
        Rule::new(
            "IbisReconcileStale",
            (Warning, AT_ONCE),
            format!("time() - {RECONCILED} > {} and on ({TARGET}) {live}", seconds(stale)),
            format!("Ledger and venue did not agree for {} min.", stale.as_secs() / 60),
            "ibis exec-integrity",
        ),
        // While the machine was off no timer ran: the time begins with the agent.
        Rule::new(
            "IbisTimerMissed",
            (Warning, TIMER_LASTS),
            format!(
                "time() - {TIMER_LAST} > {timer} {TIMER_MAX_AGE} \
                 and {timer} {TIMER_MAX_AGE} < on ({TARGET}) group_left () (time() - {START_TIME})"
            ),
            "The job {{ $labels.timer }} did not end well for too long.",
            "ibis healthcheck; systemctl list-timers 'ibis-*'",
        ),
        Rule::new(
            "IbisLedgerBroken",
            (Critical, AT_ONCE),
            format!("{CHAIN_OK} == 0"),
            "The ledger's hash chain does not hold: it was changed, or the disk lies.",
            "systemctl stop ibis-agent; ibis db check",
        ),
        Rule::new(
            "IbisNotifierFailing",
            (Warning, OUTBOX_LASTS),
            format!("{OUTBOX_DEPTH} > {DEPTH_WARN}"),
            format!("More than {DEPTH_WARN} alerts of the agent's own wait to be told."),
            "ibis alerts outbox; ibis alerts test",
        ),
        Rule::new(
            "IbisKillDrillOverdue",
            (Info, AT_ONCE),
            format!("time() - {KILL_DRILL} > {}", seconds(DRILL_AGE)),
            format!("The kill switch was last rehearsed more than {drill_days} days ago."),
            "ibis kill drill",
        ),
    ]
}
