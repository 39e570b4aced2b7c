//! A signal, judged: what it was, what it is, and the verdict with its reason.

use serde::Serialize;

use super::judge::{Reviewed, Verdict, judge, shown, words};
use super::signal::{Budget, Unit};
use super::statistics::Reading;
use super::theil_sen::Slope;

/// A signal, judged.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Finding {
    /// Its name.
    pub signal: &'static str,
    /// In what it is told.
    pub unit: Unit,
    /// The judgement.
    pub verdict: Verdict,
    /// What it was, in its unit.
    pub baseline: Option<Reading>,
    /// What it is.
    pub current: Option<Reading>,
    /// How much more that is, as a part of the baseline.
    pub delta_ratio: Option<Reading>,
    /// How it grew, an hour; none of what is no level.
    pub slope: Option<Slope>,
    /// What it was judged against.
    pub budget: String,
    /// Why it is no pass; empty where it is one.
    pub why: String,
}

impl Finding {
    /// Judges what is, against what was.
    pub fn of(
        (signal, unit, budget): (&'static str, Unit, Budget),
        (baseline, current): (Option<Reading>, Option<Reading>),
        hours: Reading,
    ) -> Self {
        let reviewed = Reviewed { unit, baseline, current, slope: None, hours };
        Self::reviewed(signal, budget, &reviewed)
    }

    /// The same of what has a slope, too.
    pub fn reviewed(signal: &'static str, budget: Budget, reviewed: &Reviewed) -> Self {
        let (verdict, why) = judge(budget, reviewed);
        let Reviewed { unit, baseline, current, slope, .. } = *reviewed;
        let both = baseline.zip(current).filter(|(baseline, _)| *baseline > 0.0);
        Self {
            signal,
            unit,
            verdict,
            baseline,
            current,
            delta_ratio: both.map(|(baseline, current)| current / baseline - 1.0),
            slope,
            budget: words(budget, unit),
            why,
        }
    }

    /// Overrules the judgement.
    pub fn say(&mut self, verdict: Verdict, why: impl Into<String>) {
        (self.verdict, self.why) = (verdict, why.into());
    }

    /// What it was, what it is and by how much that is more, for a person; `-` for what is not known.
    pub fn figures(&self) -> [String; 3] {
        let dash = || "-".to_owned();
        let value = |value: Option<Reading>| value.map_or_else(dash, |it| shown(self.unit, it));
        let delta = self.delta_ratio.map_or_else(dash, |part| format!("{:+.1} %", part * 100.0));
        [value(self.baseline), value(self.current), delta]
    }

    /// The slope with its interval, for a person; empty of what has none.
    pub fn slope_text(&self) -> String {
        let shown = |value: Reading| shown(self.unit, value);
        let text = |slope: Slope| {
            let Slope { per_hour, low, high, .. } = slope;
            format!("{}/h [{}, {}]", shown(per_hour), shown(low), shown(high))
        };
        self.slope.map(text).unwrap_or_default()
    }
}
