//! The text format: `# HELP`, `# TYPE`, then the family's series. No series and no family twice.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write as _};
use std::time::Duration;

use super::family::Family;
use crate::domain::time::Timestamp;
use crate::histogram::Histogram;

/// A duration as a value: seconds.
#[derive(Clone, Copy, Debug)]
pub struct Seconds(pub Duration);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0.as_secs(), self.0.subsec_micros())
    }
}

/// An instant as a value: seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Instant(pub Timestamp);

impl Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.us();
        let sign = if us < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:06}", us.unsigned_abs() / 1_000_000, us.unsigned_abs() % 1_000_000)
    }
}

/// The text that is being written.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
    families: BTreeSet<&'static str>,
}

impl Exposition {
    /// Begins a family; one that was there already, or that has no series, is left out.
    pub fn family(&mut self, family: &'static Family) -> Writing<'_> {
        let is_new = self.families.insert(family.name);
        Writing { exposition: self, family, is_new, series: BTreeSet::new() }
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.text
    }

    fn push(&mut self, text: fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("writing to a String cannot fail");
    }
}

/// A family that is being written.
#[derive(Debug)]
pub struct Writing<'a> {
    exposition: &'a mut Exposition,
    family: &'static Family,
    is_new: bool,
    series: BTreeSet<String>,
}

impl Writing<'_> {
    /// A series with these values of the family's labels; one that was there already is left out.
    pub fn series(&mut self, values: &[&str], value: impl Display) -> &mut Self {
        if let Some(labels) = self.begin(values) {
            self.sample("", &labels, value);
        }
        self
    }

    /// The only series of a family without labels.
    pub fn value(&mut self, value: impl Display) {
        self.series(&[], value);
    }

    /// Buckets, sum and count, with these values of the family's labels.
    pub fn histogram(&mut self, values: &[&str], histogram: &Histogram) -> &mut Self {
        let Some(labels) = self.begin(values) else { return self };
        let join = if labels.is_empty() { "" } else { "," };
        for (bound, count) in histogram.buckets() {
            let bound = Seconds(bound);
            self.sample("_bucket", &format!("{labels}{join}le=\"{bound}\""), count);
        }
        self.sample("_bucket", &format!("{labels}{join}le=\"+Inf\""), histogram.count());
        self.sample("_sum", &labels, Seconds(histogram.sum()));
        self.sample("_count", &labels, histogram.count());
        self
    }

    /// The labels of a series that is new, once the head of its family is written.
    fn begin(&mut self, values: &[&str]) -> Option<String> {
        let names = self.family.labels;
        debug_assert_eq!(names.len(), values.len(), "{}: {values:?}", self.family);
        let labels: Vec<String> = std::iter::zip(names, values)
            .map(|(name, value)| format!("{name}=\"{}\"", Label(value)))
            .collect();
        let labels = labels.join(",");
        if !self.is_new || !self.series.insert(labels.clone()) {
            return None;
        }
        if self.series.len() == 1 {
            let (name, kind) = (self.family, self.family.kind.as_str());
            let help = Help(name.help);
            self.exposition.push(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        }
        Some(labels)
    }

    fn sample(&mut self, end: &str, labels: &str, value: impl Display) {
        let name = self.family;
        match labels.is_empty() {
            true => self.exposition.push(format_args!("{name}{end} {value}\n")),
            false => self.exposition.push(format_args!("{name}{end}{{{labels}}} {value}\n")),
        }
    }
}

/// A help text, escaped.
struct Help<'a>(&'a str);

impl Display for Help<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('\\', "\\\\").replace('\n', "\\n"))
    }
}

/// A label's value, escaped.
struct Label<'a>(&'a str);

impl Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::super::family::Kind;
    use super::*;

    static A: Family =
        Family { name: "a_total", kind: Kind::Counter, labels: &["x"], help: "A \\ help\ntext" };
    static AGAIN: Family =
        Family { name: "a_total", kind: Kind::Gauge, labels: &[], help: "again" };
    static B: Family = Family { name: "b_seconds", kind: Kind::Gauge, labels: &[], help: "" };
    static C: Family =
        Family { name: "c_seconds", kind: Kind::Histogram, labels: &["op"], help: "" };

    #[test]
    fn what_is_special_is_escaped_and_nothing_is_there_twice() {
        let mut text = Exposition::default();
        text.family(&A)
            .series(&["q\"b\\n\n"], 1)
            .series(&["q\"b\\n\n"], 2)
            .series(&["other"], Seconds(Duration::from_millis(1_500)));
        text.family(&AGAIN).value(3);
        drop(text.family(&C));
        text.family(&B).value(Instant(Timestamp::from_us(-1_500_000)));
        assert_eq!(
            text.finish(),
            "# HELP a_total A \\\\ help\\ntext\n# TYPE a_total counter\n\
             a_total{x=\"q\\\"b\\\\n\\n\"} 1\na_total{x=\"other\"} 1.500000\n\
             # HELP b_seconds \n# TYPE b_seconds gauge\nb_seconds -1.500000\n"
        );
    }

    #[test]
    fn a_histogram_has_every_bucket_and_what_is_beyond() {
        let mut text = Exposition::default();
        let mut histogram = Histogram::default();
        histogram.observe(Duration::from_micros(700));
        histogram.observe(Duration::from_secs(61));
        text.family(&C).histogram(&["place"], &histogram);
        let text = text.finish();
        for line in [
            "# TYPE c_seconds histogram",
            "c_seconds_bucket{op=\"place\",le=\"0.000500\"} 0",
            "c_seconds_bucket{op=\"place\",le=\"0.001000\"} 1",
            "c_seconds_bucket{op=\"place\",le=\"60.000000\"} 1",
            "c_seconds_bucket{op=\"place\",le=\"+Inf\"} 2",
            "c_seconds_sum{op=\"place\"} 61.000700",
            "c_seconds_count{op=\"place\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
