//! Orders: cancels, refusals, fills.

use super::evidence::Evidence;
use super::kpi::{Doubts, Kpi, number, percent};
use crate::domain::decimal::Round;
use crate::store::validation::COMPARED_MAX;

/// The budget of cancels in a minute (seed 004).
const CANCELS_BELOW: u64 = 50;
/// More than this share of the minutes has to keep to it, in percent (seed 004).
const QUIET_ABOVE_PERCENT: usize = 95;
/// Orders that the venue may refuse after the warm-up (seed 004).
const REJECTED_MAX: u64 = 5;
/// And their share of those sent, in thousandths (seed 004: 0.5 %).
const REJECTED_MAX_THOUSANDTHS: u64 = 5;

/// Cancels sent in each minute; one without any counts, too.
pub(super) fn cancels_per_minute(evidence: &Evidence) -> Kpi {
    let threshold = format!("< {CANCELS_BELOW} in > {QUIET_ABOVE_PERCENT} % of the minutes");
    let all = evidence.minutes.len();
    if all == 0 {
        return Kpi::without_figure("cancels_per_minute", threshold, "the window has no minute");
    }
    let busy = evidence.cancels.values().filter(|count| **count >= CANCELS_BELOW).count();
    let (quiet, most) = (all - busy.min(all), evidence.cancels.iter().max_by_key(|it| *it.1));
    let value = percent(number(quiet).div(number(all), Round::Down));
    let fails = quiet * 100 <= all * QUIET_ABOVE_PERCENT;
    let reason = match most {
        Some((minute, count)) => format!("most in a minute: {count} at {minute}"),
        None => "none was sent".to_owned(),
    };
    Kpi::judged("cancels_per_minute", (value, threshold), Doubts { fails, lacks: None }, reason)
}

/// Orders that the venue refused after the warm-up.
pub(super) fn rejects(evidence: &Evidence) -> Kpi {
    let (sent, rejected) = (evidence.orders.sent, evidence.orders.rejected);
    let threshold =
        format!("<= {REJECTED_MAX} and <= 0.{REJECTED_MAX_THOUSANDTHS} % of those sent");
    let lacks = (sent == 0).then(|| "no order was sent after the first 30 min".to_owned());
    let fails = rejected > REJECTED_MAX || rejected * 1_000 > sent * REJECTED_MAX_THOUSANDTHS;
    let value = format!("{rejected} of {sent}");
    let reason = match rejected {
        0 => "none was refused after the first 30 min".to_owned(),
        _ => "ibis events --kind order has the venue's words".to_owned(),
    };
    Kpi::judged("rejects", (value, threshold), Doubts { fails, lacks }, reason)
}

/// Something was traded, and the ledger agrees with itself about it.
pub(super) fn fills(evidence: &Evidence) -> Kpi {
    let fills = &evidence.fills;
    let mut wrong = Vec::new();
    if fills.count == 0 {
        wrong.push("nothing was traded".to_owned());
    }
    if fills.numbers_missing > 0 {
        wrong.push(format!("{} fills are gone", fills.numbers_missing));
    }
    if fills.unexplained > 0 {
        wrong.push(format!("{} belong to no order of ours", fills.unexplained));
    }
    let mut lacks = None;
    match &fills.differing {
        Some((count, Some(order))) => {
            wrong.push(format!("{count} orders are not the sum of their fills, such as {order}"));
        }
        Some((_, None)) => {}
        None => lacks = Some(format!("more than {COMPARED_MAX}: ask for a shorter --window")),
    }
    let doubts = Doubts { fails: !wrong.is_empty(), lacks };
    let reason = match wrong.is_empty() {
        true => "each order is the sum of its fills".to_owned(),
        false => wrong.join("; "),
    };
    Kpi::judged("fills", (fills.count.to_string(), ">= 1, and the ledger agrees"), doubts, reason)
}
