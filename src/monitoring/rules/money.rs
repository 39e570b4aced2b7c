//! Losses, turnover, orders.
//!
//! What the guards act on is compared with the limits that the agent itself shows.

use std::time::Duration;

use super::{AT_ONCE, TARGET};
use crate::domain::hold::Level;
use crate::http::metrics::family::{
    AGENT_STATE, DAILY_LOSS, DRAWDOWN, FILLS, LIMIT, START_TIME, SUBMISSIONS, TURNOVER,
};
use crate::monitoring::rule::{Rule, Urgency, select};
use Urgency::{Critical, Info, Warning};

/// The share of the day's loss at which the stop is near (seed 000).
const NEAR: &str = "0.8";
/// Refused orders in 15 min that are too many (seed 004).
const REJECTED_MAX: u32 = 10;
/// The share of refused orders that is too large, and of how many orders at least (seed 000, whose idle bot
/// had a share of nothing, which was below every limit).
const REJECTED_RATIO: (&str, u32) = ("0.15", 20);
/// Hours without a fill that are worth knowing of: an average that crosses does so some times a day.
const QUIET_HOURS: u64 = 6;

/// So many minutes.
const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub(super) fn rules() -> Vec<Rule> {
    let limit = |limit, level: Level| select(LIMIT, &[("limit", limit), ("level", level.as_str())]);
    let reaches = |family, name, level| {
        let limit = limit(name, level);
        format!("{family} >= on ({TARGET}) {limit}")
    };
    let stop = limit("daily_loss", Level::HardStop);
    let guards = "ibis status; ibis trades summary";
    let mut rules = vec![
        Rule::new(
            "IbisDailyLossNear",
            (Warning, minutes(2)),
            format!("{DAILY_LOSS} / on ({TARGET}) {stop} > {NEAR}"),
            "The day's loss is near the one that stops trading.",
            guards,
        ),
        Rule::new(
            "IbisDailyLossBreach",
            (Critical, AT_ONCE),
            reaches(DAILY_LOSS, "daily_loss", Level::HardStop),
            "The day's loss has reached the one that stops trading.",
            guards,
        ),
        Rule::new(
            "IbisDrawdown",
            (Warning, minutes(5)),
            reaches(DRAWDOWN, "drawdown", Level::Degraded),
            "The equity has fallen so far from its peak that less is traded.",
            guards,
        ),
        Rule::new(
            "IbisDrawdownBreach",
            (Critical, AT_ONCE),
            reaches(DRAWDOWN, "drawdown", Level::HardStop),
            "The equity has fallen so far from its peak that trading stops.",
            guards,
        ),
        Rule::new(
            "IbisTurnoverHigh",
            (Warning, minutes(5)),
            reaches(TURNOVER, "turnover", Level::Degraded),
            "The day's turnover is so high that less is traded.",
            guards,
        ),
    ];
    rules.extend(orders());
    rules
}

fn orders() -> [Rule; 3] {
    let grown = |results: &str| {
        format!("sum by ({TARGET}) (increase({SUBMISSIONS}{{result=~\"{results}\"}}[15m]))")
    };
    let (rejected, sent) = (grown("rejected"), grown("accepted|rejected"));
    let (ratio, least) = REJECTED_RATIO;
    let running = select(AGENT_STATE, &[("state", Level::Running.as_str())]);
    let quiet_s = QUIET_HOURS * 3_600;
    let refused = "ibis events --kind order -n 50; one of them: ibis events --why ORDER_ID";
    [
        Rule::new(
            "IbisOrderFailures",
            (Critical, AT_ONCE),
            format!("{rejected} > {REJECTED_MAX}"),
            format!("The venue refused more than {REJECTED_MAX} orders within 15 min."),
            refused,
        ),
        Rule::new(
            "IbisOrderFailureRatio",
            (Warning, minutes(2)),
            format!("{rejected} / {sent} > {ratio} and {sent} >= {least}"),
            "The venue refuses more than 15 % of the orders.",
            refused,
        ),
        Rule::new(
            "IbisNoFills",
            (Info, minutes(30)),
            format!(
                "({running} == 1 and on ({TARGET}) time() - {START_TIME} > {quiet_s}) \
                 unless on ({TARGET}) sum by ({TARGET}) (increase({FILLS}[{QUIET_HOURS}h])) > 0"
            ),
            format!("Nothing was bought or sold for {QUIET_HOURS} h, and nothing forbids it."),
            "ibis status; ibis events -n 50",
        ),
    ]
}
