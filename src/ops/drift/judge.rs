//! The judgement of one signal: a pure function of what it was and what it is.
//!
//! What was not measured is insufficient, and what cannot be judged here is not applicable: neither is ever
//! a pass. A pass on thin evidence is none; a failure on thin evidence is one all the same.

use std::fmt;

use serde::Serialize;

use super::signal::{Budget, GROWTH_FAIL, GROWTH_WARN, LATENCY_FAIL, SlopeLimits, Unit};
use super::statistics::Reading;
use super::theil_sen::Slope;
use crate::ops::report::Severity;

/// What became of a signal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Cannot be judged in this mode: says nothing.
    NotApplicable,
    /// Within its budget.
    Pass,
    /// Too little evidence.
    Insufficient,
    /// Outside of its budget, a little.
    Warn,
    /// Outside of its budget.
    Fail,
}

impl Verdict {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Pass => "PASS",
            Self::Insufficient => "INSUFFICIENT",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }

    /// The verdict of several: the worst. Of none, or of none that applies, there is too little evidence.
    pub fn of_all(verdicts: impl Iterator<Item = Self>) -> Self {
        match verdicts.max() {
            None | Some(Self::NotApplicable) => Self::Insufficient,
            Some(worst) => worst,
        }
    }

    /// As jobs say it, for the exit code.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Pass => Severity::Ok,
            Self::NotApplicable | Self::Insufficient => Severity::Insufficient,
            Self::Warn => Severity::Degraded,
            Self::Fail => Severity::Critical,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Verdict {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A signal then and now.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed {
    /// In what it is told.
    pub unit: Unit,
    /// Then; none where it was not measured.
    pub baseline: Option<Reading>,
    /// Now; none where it was not measured.
    pub current: Option<Reading>,
    /// How it grew meanwhile.
    pub slope: Option<Slope>,
    /// How long it was looked at, in hours.
    pub hours: Reading,
}

/// The judgement, and why, where it is none to be glad of.
pub type Judged = (Verdict, String);

/// Judges a signal.
pub fn judge(budget: Budget, of: &Reviewed) -> Judged {
    let Some(current) = of.current else {
        return (Verdict::Insufficient, "not measured".to_owned());
    };
    if let Budget::Latency { ceiling: Some(limit), .. } = budget
        && current > limit
    {
        return (Verdict::Fail, format!("above {}", shown(of.unit, limit)));
    }
    match budget {
        Budget::Above { warn, fail } => above(of.unit, current, (warn, fail)),
        Budget::PerDay(count) => {
            let allowed = count * (of.hours / 24.0).max(1.0);
            above(of.unit, current, (allowed, None))
        }
        Budget::Never => above(of.unit, current, (0.0, Some(0.0))),
        Budget::Growth { .. }
        | Budget::Latency { .. }
        | Budget::Loss { .. }
        | Budget::More { .. } => match of.baseline {
            Some(baseline) => against(budget, of, (baseline, current)),
            None => (Verdict::Insufficient, "not measured in the baseline".to_owned()),
        },
    }
}

fn against(budget: Budget, of: &Reviewed, (baseline, current): (Reading, Reading)) -> Judged {
    let more = current - baseline;
    match budget {
        Budget::Growth { floor, slope } => {
            let grown = if more > floor { more } else { 0.0 };
            let level = parts(grown, baseline, "above the baseline");
            match slope {
                Some(limits) => worse(level, leak(of, limits, baseline)),
                None => level,
            }
        }
        Budget::Latency { floor, .. } => {
            if current > floor && more > LATENCY_FAIL * baseline {
                return (Verdict::Fail, "more than 50 % above the baseline".to_owned());
            }
            PASSED
        }
        Budget::Loss { warn, fail } => {
            let why = |part: Reading| format!("more than {:.0} % below the baseline", part * 100.0);
            if -more > fail * baseline {
                (Verdict::Fail, why(fail))
            } else if -more > warn * baseline {
                (Verdict::Warn, why(warn))
            } else {
                PASSED
            }
        }
        Budget::More { floor } => {
            if more > floor && more > LATENCY_FAIL * baseline {
                (Verdict::Warn, "more than 50 % above the baseline".to_owned())
            } else {
                PASSED
            }
        }
        Budget::Above { .. } | Budget::PerDay(_) | Budget::Never => PASSED,
    }
}

/// Nothing to say.
const PASSED: Judged = (Verdict::Pass, String::new());

/// The part of the baseline by which something grew.
fn parts(grown: Reading, baseline: Reading, what: &str) -> Judged {
    let why = |part: Reading| format!("more than {:.0} % {what}", part * 100.0);
    if grown > GROWTH_FAIL * baseline {
        (Verdict::Fail, why(GROWTH_FAIL))
    } else if grown > GROWTH_WARN * baseline {
        (Verdict::Warn, why(GROWTH_WARN))
    } else {
        PASSED
    }
}

/// Growth that is certain: by so much an hour, or through the while by such a part of the baseline.
fn leak(of: &Reviewed, limits: SlopeLimits, baseline: Reading) -> Judged {
    let Some(slope) = of.slope else {
        return (Verdict::Insufficient, "too few samples for a slope".to_owned());
    };
    if !slope.is_growth() {
        return PASSED;
    }
    let over = |limit: Option<Reading>| limit.filter(|limit| slope.per_hour > *limit);
    let why = |limit: Reading| format!("grows by more than {} an hour", shown(of.unit, limit));
    let rate = match (over(limits.fail), over(limits.warn)) {
        (Some(limit), _) => (Verdict::Fail, why(limit)),
        (None, Some(limit)) => (Verdict::Warn, why(limit)),
        (None, None) => PASSED,
    };
    worse(rate, parts(slope.per_hour * of.hours, baseline, "of the baseline grown in this while"))
}

fn worse(first: Judged, second: Judged) -> Judged {
    if second.0 > first.0 { second } else { first }
}

fn above(unit: Unit, current: Reading, (warn, fail): (Reading, Option<Reading>)) -> Judged {
    let why = |limit: Reading| match limit > 0.0 {
        true => format!("more than {}", shown(unit, limit)),
        false => "more than none".to_owned(),
    };
    match fail.filter(|limit| current > *limit) {
        Some(limit) => (Verdict::Fail, why(limit)),
        None if current > warn => (Verdict::Warn, why(warn)),
        None => PASSED,
    }
}

/// A budget in words.
pub fn words(budget: Budget, unit: Unit) -> String {
    let percent = |part: Reading| format!("{:.0} %", part * 100.0);
    match budget {
        Budget::Growth { slope, .. } => {
            let rates = slope.and_then(|limits| limits.warn.zip(limits.fail));
            let rates = rates.map(|(warn, fail)| {
                format!(", {}/h warn, {}/h fail", shown(unit, warn), shown(unit, fail))
            });
            format!(
                "+{} warn, +{} fail{}",
                percent(GROWTH_WARN),
                percent(GROWTH_FAIL),
                rates.unwrap_or_default()
            )
        }
        Budget::Latency { floor, ceiling } => {
            let ceiling = ceiling.map(|limit| format!(" or above {}", shown(unit, limit)));
            let floor = (floor > 0.0).then(|| format!(", from {}", shown(unit, floor)));
            format!(
                "+{}{} fail{}",
                percent(LATENCY_FAIL),
                ceiling.unwrap_or_default(),
                floor.unwrap_or_default()
            )
        }
        Budget::Loss { warn, fail } => format!("-{} warn, -{} fail", percent(warn), percent(fail)),
        Budget::More { floor } => {
            format!("+{} and +{} warn", percent(LATENCY_FAIL), shown(unit, floor))
        }
        Budget::Above { warn, fail: Some(fail) } => {
            format!("above {} warn, {} fail", shown(unit, warn), shown(unit, fail))
        }
        Budget::Above { warn, fail: None } => format!("above {} warn", shown(unit, warn)),
        Budget::PerDay(count) => format!("above {count:.0} a day warn"),
        Budget::Never => "any fail".to_owned(),
    }
}

/// A figure for a person.
pub fn shown(unit: Unit, value: Reading) -> String {
    match unit {
        Unit::Bytes => format!("{:.2} MB", value / 1e6),
        Unit::Share => format!("{:.2} %", value * 100.0),
        Unit::Seconds if value.abs() < 1.0 => format!("{:.2} ms", value * 1e3),
        Unit::Seconds => format!("{value:.2} s"),
        Unit::Count => format!("{value:.0}"),
        Unit::PerHour => format!("{value:.1}/h"),
        Unit::PerSecond => format!("{value:.2}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Fail, Insufficient, NotApplicable, Pass, Warn};

    const LEAK: Budget = Budget::Growth {
        floor: 0.0,
        slope: Some(SlopeLimits { warn: Some(20.0), fail: Some(50.0) }),
    };

    fn slope(per_hour: Reading, low: Reading) -> Option<Slope> {
        Some(Slope { per_hour, low, high: per_hour, points: 60 })
    }

    fn of(baseline: Reading, current: Reading, slope: Option<Slope>) -> Reviewed {
        let (baseline, current) = (Some(baseline), Some(current));
        Reviewed { unit: Unit::Count, baseline, current, slope, hours: 1.0 }
    }

    #[track_caller]
    fn verdict(budget: Budget, reviewed: &Reviewed, expected: Verdict) {
        let (verdict, why) = judge(budget, reviewed);
        assert_eq!(verdict, expected, "{reviewed:?}: {why}");
        assert_eq!(why.is_empty(), verdict == Pass, "{why}");
    }

    #[test]
    fn growth_of_the_level_and_a_certain_slope_count_each() {
        let flat = slope(0.0, -1.0);
        for (current, slope, expected) in [
            (1_000.0, flat, Pass),
            (1_050.0, flat, Pass),
            (1_051.0, flat, Warn),
            (1_100.0, flat, Warn),
            (1_101.0, flat, Fail),
            (500.0, flat, Pass),
            (1_000.0, slope(20.0, 1.0), Pass),
            (1_000.0, slope(21.0, 1.0), Warn),
            (1_000.0, slope(51.0, 1.0), Fail),
            // Not certain: as many samples fall as rise.
            (1_000.0, slope(51.0, -0.1), Pass),
            (1_000.0, None, Insufficient),
            (1_200.0, None, Fail),
        ] {
            verdict(LEAK, &of(1_000.0, current, slope), expected);
        }
        // Slow, but for long: 11 % in the while.
        let slow = Reviewed { hours: 48.0, ..of(1_000.0, 1_000.0, slope(2.3, 2.0)) };
        verdict(LEAK, &slow, Fail);
        verdict(LEAK, &Reviewed { hours: 24.0, ..slow }, Warn);
        verdict(LEAK, &Reviewed { hours: 12.0, ..slow }, Pass);
        let floored = Budget::Growth { floor: 5.0, slope: None };
        verdict(floored, &of(1.0, 6.0, None), Pass);
        verdict(floored, &of(1.0, 6.1, None), Fail);
    }

    #[test]
    fn latencies_have_a_floor_a_part_and_a_ceiling() {
        let budget = Budget::Latency { floor: 2.0, ceiling: Some(100.0) };
        for (baseline, current, expected) in [
            (1.0, 2.0, Pass),
            (1.0, 2.1, Fail),
            (10.0, 15.0, Pass),
            (10.0, 15.1, Fail),
            (90.0, 100.0, Pass),
            (90.0, 100.1, Fail),
        ] {
            verdict(budget, &of(baseline, current, None), expected);
        }
    }

    #[test]
    fn losses_excesses_and_limits() {
        let loss = Budget::Loss { warn: 0.25, fail: 0.5 };
        for (current, expected) in [(200.0, Pass), (75.0, Pass), (74.0, Warn), (49.0, Fail)] {
            verdict(loss, &of(100.0, current, None), expected);
        }
        let more = Budget::More { floor: 1.0 };
        for (current, expected) in [(1.0, Pass), (1.1, Warn)] {
            verdict(more, &of(0.0, current, None), expected);
        }
        verdict(more, &of(10.0, 15.0, None), Pass);
        let above = Budget::Above { warn: 0.05, fail: Some(0.15) };
        for (current, expected) in [(0.05, Pass), (0.06, Warn), (0.15, Warn), (0.16, Fail)] {
            verdict(above, &of(0.0, current, None), expected);
        }
        for (count, hours, expected) in
            [(3.0, 1.0, Pass), (4.0, 1.0, Warn), (6.0, 48.0, Pass), (7.0, 48.0, Warn)]
        {
            let reviewed = Reviewed { hours, baseline: None, ..of(0.0, count, None) };
            verdict(Budget::PerDay(3.0), &reviewed, expected);
        }
        verdict(Budget::Never, &of(5.0, 0.0, None), Pass);
        verdict(Budget::Never, &of(5.0, 1.0, None), Fail);
    }

    #[test]
    fn what_was_not_measured_is_insufficient_whatever_the_budget() {
        let more = Budget::More { floor: 1.0 };
        let loss = Budget::Loss { warn: 0.1, fail: 0.2 };
        let latency = Budget::Latency { floor: 0.0, ceiling: None };
        let budgets = [LEAK, more, loss, latency, Budget::Never, Budget::PerDay(3.0)];
        for budget in budgets {
            let unmeasured = Reviewed { current: None, ..of(1.0, 1.0, slope(0.0, 0.0)) };
            verdict(budget, &unmeasured, Insufficient);
            assert!(!words(budget, Unit::Bytes).is_empty());
        }
        let slow = Budget::Latency { floor: 0.0, ceiling: Some(0.5) };
        verdict(slow, &Reviewed { baseline: None, ..of(1.0, 1.0, None) }, Fail);
        for budget in [LEAK, more, loss, latency] {
            let unknown = Reviewed { baseline: None, ..of(1.0, 1.0, slope(0.0, 0.0)) };
            verdict(budget, &unknown, Insufficient);
        }
    }

    #[test]
    fn the_worst_wins_and_nothing_that_applies_is_no_pass() {
        for (verdicts, expected, exit) in [
            (&[][..], Insufficient, 3),
            (&[NotApplicable, NotApplicable], Insufficient, 3),
            (&[NotApplicable, Pass], Pass, 0),
            (&[Pass, Insufficient, NotApplicable], Insufficient, 3),
            (&[Insufficient, Warn], Warn, 1),
            (&[Fail, Insufficient, Warn], Fail, 2),
        ] {
            let overall = Verdict::of_all(verdicts.iter().copied());
            assert_eq!((overall, overall.severity().exit_code()), (expected, exit), "{verdicts:?}");
        }
    }
}
