//! What a oneshot job found: checks with severity, value and threshold, and one verdict.
//!
//! The verdict is the worst check. Insufficient evidence is its own answer: it never counts as ok and
//! never hides something worse. A report without checks is insufficient: nothing was looked at.

use std::fmt::{self, Write as _};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::time::Timestamp;

/// How bad a finding is. The order is the one in which the worst wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// The check could not be made, or there is nothing to judge yet.
    Insufficient,
    /// Works, but a person should look.
    Degraded,
    /// Does not work, or money is at risk.
    Critical,
}

impl Severity {
    /// The word of reports, of `overall` and of the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Insufficient => "INSUFFICIENT",
            Self::Degraded => "DEGRADED",
            Self::Critical => "CRITICAL",
        }
    }

    /// The exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Degraded => 1,
            Self::Critical => 2,
            Self::Insufficient => 3,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Severity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Ok, Self::Insufficient, Self::Degraded, Self::Critical]
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no severity"))
    }
}

impl Serialize for Severity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// Its name in `snake_case`, stable between releases.
    pub id: &'static str,
    /// The judgement.
    pub severity: Severity,
    /// What was found, with its unit.
    pub value: String,
    /// What it was judged against; empty where there is no number.
    pub threshold: String,
    /// Why, and what to do; empty where all is well.
    pub detail: String,
}

impl Check {
    /// A check with a value; see [`Check::against`] and [`Check::because`] for the rest.
    pub fn new(id: &'static str, severity: Severity, value: impl Into<String>) -> Self {
        let (threshold, detail) = (String::new(), String::new());
        Self { id, severity, value: value.into(), threshold, detail }
    }

    /// Says what the value was judged against.
    #[must_use]
    pub fn against(mut self, threshold: impl Into<String>) -> Self {
        self.threshold = threshold.into();
        self
    }

    /// Says why, and what to do.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// What one run of a job found.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The subcommand's name.
    pub job: &'static str,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Figures for programs that are no judgement, by name; members of the JSON object.
    pub facts: Map<String, Value>,
}

impl Report {
    /// A report without facts.
    pub fn new(job: &'static str, at: Timestamp, checks: Vec<Check>) -> Self {
        Self { job, at, checks, facts: Map::new() }
    }

    /// The worst check.
    pub fn overall(&self) -> Severity {
        let worst = self.checks.iter().map(|check| check.severity).max();
        worst.unwrap_or(Severity::Insufficient)
    }

    /// For people: a line per check, worst first, aligned.
    pub fn to_text(&self) -> String {
        let mut checks: Vec<&Check> = self.checks.iter().collect();
        checks.sort_by_key(|check| std::cmp::Reverse(check.severity));
        let width = |text: fn(&Check) -> &str| {
            checks.iter().map(|check| text(check).len()).max().unwrap_or(0)
        };
        let (ids, values, limits) =
            (width(|check| check.id), width(|check| &check.value), width(|check| &check.threshold));
        let mut text = format!("{} {}\n", self.job, self.at);
        for check in checks {
            let Check { id, severity, value, threshold, detail } = check;
            let line = format!(
                "{severity:<12}  {id:<ids$}  {value:<values$}  {threshold:<limits$}  {detail}"
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let written = writeln!(text, "overall: {}", self.overall());
        written.expect("writing to a String cannot fail");
        text
    }

    /// For programs: one JSON object. A fact never replaces a member of the report itself.
    pub fn to_json(&self) -> Value {
        let mut object = self.facts.clone();
        let overall = self.overall();
        let own = [
            ("job", json!(self.job)),
            ("at", json!(self.at.to_string())),
            ("overall", json!(overall)),
            ("exit_code", json!(overall.exit_code())),
            ("checks", json!(self.checks)),
        ];
        for (key, value) in own {
            object.insert(key.to_owned(), value);
        }
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Severity::{Critical, Degraded, Insufficient, Ok};

    fn report(severities: &[Severity]) -> Report {
        let checks = severities.iter().map(|severity| Check::new("a", *severity, "1")).collect();
        Report::new("healthcheck", Timestamp::from_ms(0), checks)
    }

    #[test]
    fn the_worst_wins_and_insufficient_never_counts_as_ok_nor_hides_worse() {
        for (severities, overall, exit) in [
            (&[Ok, Ok][..], Ok, 0),
            (&[Ok, Insufficient], Insufficient, 3),
            (&[Degraded, Insufficient, Ok], Degraded, 1),
            (&[Insufficient, Critical, Degraded], Critical, 2),
            (&[], Insufficient, 3),
        ] {
            assert_eq!(report(severities).overall(), overall, "{severities:?}");
            assert_eq!(report(severities).overall().exit_code(), exit, "{severities:?}");
        }
    }

    #[test]
    fn text_is_aligned_worst_first_and_ends_with_the_verdict() {
        let mut report = report(&[Ok]);
        let bad = Check::new("disk_free", Critical, "12 MiB").against("< 256 MiB").because("full");
        report.checks.push(bad);
        assert_eq!(
            report.to_text(),
            "healthcheck 1970-01-01T00:00:00Z\n\
             CRITICAL      disk_free  12 MiB  < 256 MiB  full\n\
             OK            a          1\n\
             overall: CRITICAL\n"
        );
    }

    #[test]
    fn json_keeps_the_verdict_whatever_the_facts_say() {
        let mut report = report(&[Degraded]);
        report.facts.insert("overall".to_owned(), json!("OK"));
        report.facts.insert("positions".to_owned(), json!(3));
        let json = report.to_json();
        assert_eq!(json["overall"], "DEGRADED");
        assert_eq!(json["exit_code"], 1);
        assert_eq!(json["positions"], 3);
        assert_eq!(json["checks"][0]["severity"], "DEGRADED");
    }
}
