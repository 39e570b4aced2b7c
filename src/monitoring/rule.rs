//! A rule, and the file that Prometheus reads.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::http::metrics::family::Family;

/// How much a rule matters, in the words that routes of Alertmanager usually match.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Good to know.
    Info,
    /// Works, but a person should look today.
    Warning,
    /// Does not work, or money is at risk: look now.
    Critical,
}

impl Urgency {
    /// The value of the label `severity`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// One rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Rule {
    /// The alert's name.
    pub alert: &'static str,
    /// What is so, in PromQL.
    pub expr: String,
    /// For how long, before it fires; in Prometheus' words.
    #[serde(rename = "for")]
    pub lasts: String,
    /// How much it matters.
    pub severity: Urgency,
    /// One sentence; may name labels, as templates do.
    pub summary: String,
    /// The command that shows more, or does something about it.
    pub runbook: &'static str,
}

/// Rules that are evaluated one after another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// Its rules.
    pub rules: Vec<Rule>,
}

impl Rule {
    pub(super) fn new(
        alert: &'static str,
        (severity, lasts): (Urgency, Duration),
        expr: String,
        summary: impl Into<String>,
        runbook: &'static str,
    ) -> Self {
        Self { alert, expr, lasts: span(lasts), severity, summary: summary.into(), runbook }
    }
}

/// The series of a family with these labels.
pub(super) fn select(family: &Family, labels: &[(&str, &str)]) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            debug_assert!(family.labels.contains(name), "{family} has no label {name}");
            format!("{name}=\"{value}\"")
        })
        .collect();
    format!("{family}{{{}}}", labels.join(","))
}

/// A time in Prometheus' words: `90s`, `2m`, `6h`, `30d`.
pub(super) fn span(time: Duration) -> String {
    let s = time.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    match units.into_iter().find(|(length, _)| s >= *length && s.is_multiple_of(*length)) {
        Some((length, unit)) => format!("{}{unit}", s / length),
        None => format!("{s}s"),
    }
}

/// A time in seconds, as a number.
pub(super) fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => time.as_secs().to_string(),
        ms => format!("{}.{ms:03}", time.as_secs()),
    }
}

/// The rule file.
pub fn render(groups: &[Group]) -> String {
    let mut text = String::from(
        "# Alert rules for Prometheus, made by `ibis alerts rules`: do not edit, print them again.\n\
         # They expect job_name: ibis, whose targets are the agents' http.listen.\n\
         groups:\n",
    );
    for group in groups {
        write(&mut text, format_args!("  - name: {}\n    rules:\n", group.name));
        for rule in &group.rules {
            let Rule { alert, expr, lasts, severity, summary, runbook } = rule;
            let (expr, summary, runbook) = (quoted(expr), quoted(summary), quoted(runbook));
            let lasts = match lasts.as_str() {
                "0s" => String::new(),
                lasts => format!("        for: {lasts}\n"),
            };
            write(
                &mut text,
                format_args!(
                    "      - alert: {alert}\n        expr: {expr}\n{lasts}        labels:\n          \
                     severity: {}\n        annotations:\n          summary: {summary}\n          \
                     runbook: {runbook}\n",
                    severity.as_str()
                ),
            );
        }
    }
    text
}

/// A YAML scalar in which nothing but the quote itself is special.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn write(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_prometheus_writes_them() {
        let spans = [0, 90, 120, 3_600, 2_592_000].map(|s| span(Duration::from_secs(s)));
        assert_eq!(spans, ["0s", "90s", "2m", "1h", "30d"]);
        assert_eq!(seconds(Duration::from_millis(1_050)), "1.050");
        assert_eq!(quoted("it's"), "'it''s'");
    }
}
