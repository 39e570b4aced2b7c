//! One KPI and its verdict.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::decimal::Decimal;
use crate::ops::report::Severity;

/// What a KPI says. The order is the one in which the worst wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Nothing here has what it measures: neither good nor bad.
    NotApplicable,
    /// Within its limit.
    Ok,
    /// The ledger does not have what it needs.
    Insufficient,
    /// Beyond its limit.
    Fail,
}

impl Verdict {
    /// The word of reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Ok => "ok",
            Self::Insufficient => "insufficient",
            Self::Fail => "fail",
        }
    }

    /// What it says of a check; none where nothing was judged.
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::NotApplicable => None,
            Self::Ok => Some(Severity::Ok),
            Self::Insufficient => Some(Severity::Insufficient),
            Self::Fail => Some(Severity::Critical),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One figure of the window, and what it was judged against.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Kpi {
    /// Its name in `snake_case`, stable between releases.
    pub id: &'static str,
    /// The judgement.
    pub verdict: Verdict,
    /// What was found, with its unit; `-` for nothing.
    pub value: String,
    /// What is ok.
    pub threshold: String,
    /// Why, in one line.
    pub reason: String,
}

/// What speaks against a KPI.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Doubts {
    /// It is beyond its limit.
    pub(super) fails: bool,
    /// Why the figure may be better than the truth.
    pub(super) lacks: Option<String>,
}

impl Kpi {
    /// Judges a figure: what is beyond the limit fails, whatever is lacking; what lacks is never ok. The
    /// reason is what lacks, else `reason`.
    pub(super) fn judged(
        id: &'static str,
        (value, threshold): (impl Into<String>, impl Into<String>),
        doubts: Doubts,
        reason: impl Into<String>,
    ) -> Self {
        let (verdict, reason) = match doubts {
            Doubts { fails: true, .. } => (Verdict::Fail, reason.into()),
            Doubts { fails: false, lacks: Some(why) } => (Verdict::Insufficient, why),
            Doubts { fails: false, lacks: None } => (Verdict::Ok, reason.into()),
        };
        Self { id, verdict, value: value.into(), threshold: threshold.into(), reason }
    }

    /// Nothing was found to judge.
    pub(super) fn without_figure(
        id: &'static str,
        threshold: impl Into<String>,
        why: impl Into<String>,
    ) -> Self {
        let doubts = Doubts { fails: false, lacks: Some(why.into()) };
        Self::judged(id, ("-", threshold), doubts, "")
    }
}

/// A count as a number to compute with.
pub(super) fn number(count: impl TryInto<i64>) -> Decimal {
    Decimal::from_int(count.try_into().unwrap_or(i64::MAX))
}

/// A fraction as a person reads it: `3.50 %`.
pub(super) fn percent(fraction: Decimal) -> String {
    format!("{} %", fraction.times(100).to_fixed(2))
}
