//! What the account turned over and lost.

use std::collections::BTreeSet;

use super::evidence::Evidence;
use super::kpi::{Doubts, Kpi, percent};
use crate::domain::decimal::{Decimal, Round};
use crate::domain::time::{DAY_US, Timestamp};
use crate::ops::hourly_kpi::kpi::Drawdown;
use crate::store::kpi::SampleRow;

/// Share of the minutes, in percent, in which everything held needs a price: as for the minutes themselves.
const PRICED_MIN_PERCENT: usize = 95;

/// What the busiest UTC day bought and sold, as a multiple of its opening equity: all of the day up to the
/// window's end, not only what of it is in the window.
pub(super) fn turnover_day(evidence: &Evidence, max: Decimal) -> Kpi {
    let threshold = format!("<= {max} times the equity");
    let mut most: Option<(Decimal, Timestamp)> = None;
    for day in evidence.window.days() {
        let Some(open) = open_of(evidence, day) else { continue };
        let turnover = evidence.day_turnover.get(&day).copied().unwrap_or_default();
        let ratio = turnover.div(open, Round::Up);
        if most.is_none_or(|(highest, _)| ratio > highest) {
            most = Some((ratio, day));
        }
    }
    let lacks = without_open(evidence, evidence.window.days());
    let Some((ratio, day)) = most else {
        let why = lacks.unwrap_or_else(|| "no UTC day".to_owned());
        return Kpi::without_figure("turnover_day", threshold, why);
    };
    let doubts = Doubts { fails: ratio > max, lacks: lacks.or_else(|| begun_anew(evidence)) };
    let reason = format!("most on {}", date(day));
    Kpi::judged("turnover_day", (ratio.to_fixed(2), threshold), doubts, reason)
}

/// The deepest loss of any minute against the opening equity of its UTC day.
pub(super) fn daily_loss(evidence: &Evidence, max: Decimal) -> Kpi {
    let threshold = format!("< {}", percent(max));
    let mut deepest: Option<(Decimal, &SampleRow, Decimal)> = None;
    let mut days = BTreeSet::new();
    for sample in evidence.complete() {
        let day = sample.at.day();
        days.insert(day);
        let Some(open) = open_of(evidence, day) else { continue };
        let loss = (open - sample.equity).max(Decimal::ZERO).div(open, Round::Up);
        if deepest.is_none_or(|(most, ..)| loss > most) {
            deepest = Some((loss, sample, open));
        }
    }
    let lacks = unpriced(evidence).or_else(|| without_open(evidence, days.into_iter()));
    let Some((loss, sample, open)) = deepest else {
        let why = lacks.unwrap_or_else(|| "no minute had a price for all that is held".to_owned());
        return Kpi::without_figure("daily_loss", threshold, why);
    };
    let lacks = lacks.or_else(|| moved(evidence)).or_else(|| begun_anew(evidence));
    let (equity, open) = (sample.equity.to_fixed(2), open.to_fixed(2));
    let reason = format!("equity {equity} at {}, opened the day with {open}", sample.at);
    Kpi::judged(
        "daily_loss",
        (percent(loss), threshold),
        Doubts { fails: loss >= max, lacks },
        reason,
    )
}

/// The deepest fall of the equity from its peak within the window.
pub(super) fn drawdown(evidence: &Evidence, max: Decimal) -> Kpi {
    let threshold = format!("< {}", percent(max));
    let Some(fall) = Drawdown::of(evidence.complete()) else {
        let why = "no minute had a price for all that is held";
        return Kpi::without_figure("drawdown", threshold, why);
    };
    let lacks = unpriced(evidence).or_else(|| moved(evidence));
    let fails = fall.share() >= max;
    let (amount, peak) = (fall.amount.to_fixed(2), fall.peak.to_fixed(2));
    let reason = format!("fell by {amount} from a peak of {peak}");
    let doubts = Doubts { fails, lacks };
    Kpi::judged("drawdown", (percent(fall.share()), threshold), doubts, reason)
}

/// Samples in which something held had no price show a loss that is none, or hide one.
fn unpriced(evidence: &Evidence) -> Option<String> {
    let (priced, recorded) = (evidence.complete().count(), evidence.recorded());
    let is_short = priced * 100 < recorded * PRICED_MIN_PERCENT;
    is_short.then(|| format!("{priced} of {recorded} minutes had a price for all that is held"))
}

/// What a day began with, where there is something to compare with.
fn open_of(evidence: &Evidence, day: Timestamp) -> Option<Decimal> {
    evidence.day_opens.get(&day).copied().filter(|open| open.is_positive())
}

/// The days of which nobody wrote down what they began with.
fn without_open(evidence: &Evidence, days: impl Iterator<Item = Timestamp>) -> Option<String> {
    let mut unknown = days.filter(|day| open_of(evidence, *day).is_none());
    let day = unknown.next()?;
    Some(format!("the equity at the beginning of {} is not on record", date(day)))
}

/// What came or went without a trade looks like a gain or a loss in the samples that follow each other
/// around it.
fn moved(evidence: &Evidence) -> Option<String> {
    let first = evidence.complete().next()?;
    let at = evidence.transfers.iter().find(|at| **at > first.at)?;
    Some(format!("assets came or went without a trade at {at}: judge a window without that"))
}

/// After a stop that an operator ended, the day's opening equity is taken anew: what was lost before is not
/// in it any more.
fn begun_anew(evidence: &Evidence) -> Option<String> {
    let mut stops = evidence.holds.iter().filter(|hold| hold.level.latches());
    let at = stops.find_map(|hold| hold.cleared_at)?;
    Some(format!("a stop ended at {at}, and the day was measured anew from there"))
}

/// The date alone.
fn date(day: Timestamp) -> String {
    debug_assert_eq!(day.us().rem_euclid(DAY_US), 0, "a day begins at 00:00");
    day.to_string().chars().take(10).collect()
}
