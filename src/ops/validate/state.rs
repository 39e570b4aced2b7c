//! What the agent was allowed to do: its share of running, how often that changed, what stopped it.

use std::collections::BTreeSet;

use super::evidence::Evidence;
use super::kpi::{Doubts, Kpi, number, percent};
use crate::domain::decimal::{Decimal, Round};
use crate::domain::hold::Level;
use crate::domain::time::{HOUR_US, Timestamp};

/// Changes between trading and soft_pause in an hour (seed 004).
const CHANGES_MAX: usize = 6;
/// Minutes in a row of which each has another state than the one before (seed 004).
const ALTERNATING_MINUTES: usize = 4;

/// Share of the minutes in which it was running. One that is not on record was not.
pub(super) fn running_share(evidence: &Evidence, min: Decimal) -> Kpi {
    let (all, threshold) = (evidence.minutes.len(), format!(">= {}", percent(min)));
    if all == 0 {
        return Kpi::without_figure("running_share", threshold, "the window has no minute");
    }
    let of =
        |level| evidence.minutes.iter().flatten().filter(|sample| sample.state == level).count();
    let share = number(of(Level::Running)).div(number(all), Round::Down);
    let counts: Vec<String> = Level::ALL
        .into_iter()
        .map(|level| (of(level), level.as_str()))
        .chain([(all - evidence.recorded(), "not on record")])
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let reason = format!("of {all} minutes {}", counts.join(", "));
    let doubts = Doubts { fails: share < min, lacks: None };
    Kpi::judged("running_share", (percent(share), threshold), doubts, reason)
}

/// Whether it goes back and forth between trading and soft_pause.
pub(super) fn flapping(evidence: &Evidence) -> Kpi {
    let (changes, since) = most_in_an_hour(&flaps(evidence));
    let alternating = longest_alternation(evidence);
    let value = format!("{changes} an hour, {alternating} min alternating");
    let threshold = format!("<= {CHANGES_MAX} an hour, < {ALTERNATING_MINUTES} min");
    let fails = changes > CHANGES_MAX || alternating >= ALTERNATING_MINUTES;
    let reason = match since {
        Some(since) => format!("most changes in the hour from {since}"),
        None => "trading and soft_pause never changed".to_owned(),
    };
    Kpi::judged("flapping", (value, threshold), Doubts { fails, lacks: None }, reason)
}

/// When trading was paused, or went on.
fn flaps(evidence: &Evidence) -> Vec<Timestamp> {
    let is_flap = |from: Level, to: Level| from.permits_entry() && to == Level::SoftPause;
    let changes = evidence.changes.iter();
    let flaps =
        changes.filter(|change| is_flap(change.from, change.to) || is_flap(change.to, change.from));
    flaps.map(|change| change.at).collect()
}

/// The most of these instants within any hour, and the first of them.
fn most_in_an_hour(times: &[Timestamp]) -> (usize, Option<Timestamp>) {
    let (mut most, mut end) = ((0, None), 0);
    for (index, first) in times.iter().enumerate() {
        let later = times.get(end..).unwrap_or_default();
        end += later.iter().take_while(|at| at.us_since(*first) < HOUR_US).count();
        if end - index > most.0 {
            most = (end - index, Some(*first));
        }
    }
    most
}

/// The most minutes in a row of which each traded and the one before was paused, or the other way round. A
/// minute that is not on record, or was stopped, ends the row.
fn longest_alternation(evidence: &Evidence) -> usize {
    let (mut longest, mut length, mut before) = (0, 0, None);
    for minute in &evidence.minutes {
        let trades = minute.as_ref().and_then(|sample| match sample.state {
            Level::Running | Level::Degraded => Some(true),
            Level::SoftPause => Some(false),
            Level::HardStop | Level::KillSwitch => None,
        });
        length = match (before, trades) {
            (Some(before), Some(now)) if before != now => length + 1,
            (_, Some(_)) => 1,
            (_, None) => 0,
        };
        longest = longest.max(length);
        before = trades;
    }
    // A minute alone alternates with nothing.
    if longest > 1 { longest } else { 0 }
}

/// Stops that a limit on money or orders set, or that still stood when the window began.
pub(super) fn hard_stops(evidence: &Evidence) -> Kpi {
    let changes = evidence.changes.iter().filter(|change| change.to.latches());
    let by_change = changes.filter(|change| change.code.is_risk_limit()).count();
    let stops: Vec<_> = evidence.holds.iter().filter(|hold| hold.level.latches()).collect();
    let by_hold = stops.iter().filter(|hold| hold.code.is_risk_limit()).count();
    let count = by_change.max(by_hold);
    let named: BTreeSet<String> =
        stops.iter().map(|hold| format!("{} since {}", hold.code, hold.set_at)).collect();
    let reason = match named.len() {
        0 if count == 0 => "nothing stopped it".to_owned(),
        0 => "see ibis events --kind transition".to_owned(),
        _ => named.into_iter().collect::<Vec<_>>().join(", "),
    };
    let doubts = Doubts { fails: count > 0, lacks: None };
    Kpi::judged("hard_stops", (count.to_string(), "0 of a risk limit"), doubts, reason)
}
