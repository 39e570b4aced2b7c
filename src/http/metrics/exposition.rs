//! The text format: `# HELP`, `# TYPE`, then the family's series. No series and no family twice.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write as _};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// What a family counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Only grows, from the start of the process or of the ledger.
    Counter,
    /// Goes both ways.
    Gauge,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

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
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Family<'_> {
        let is_new = self.families.insert(name);
        Family { exposition: self, name, kind, help, is_new, series: BTreeSet::new() }
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
pub struct Family<'a> {
    exposition: &'a mut Exposition,
    name: &'static str,
    kind: Kind,
    help: &'static str,
    is_new: bool,
    series: BTreeSet<String>,
}

impl Family<'_> {
    /// A series; one that was there already is left out.
    pub fn series(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", Label(value))).collect();
        let labels = labels.join(",");
        if self.is_new && self.series.insert(labels.clone()) {
            let name = self.name;
            if self.series.len() == 1 {
                let (help, kind) = (Help(self.help), self.kind.as_str());
                self.exposition.push(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
            }
            match labels.is_empty() {
                true => self.exposition.push(format_args!("{name} {value}\n")),
                false => self.exposition.push(format_args!("{name}{{{labels}}} {value}\n")),
            }
        }
        self
    }

    /// The only series of a family without labels.
    pub fn value(&mut self, value: impl Display) {
        self.series(&[], value);
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
    use super::*;

    #[test]
    fn what_is_special_is_escaped_and_nothing_is_there_twice() {
        let mut text = Exposition::default();
        text.family("a_total", Kind::Counter, "A \\ help\ntext")
            .series(&[("x", "q\"b\\n\n")], 1)
            .series(&[("x", "q\"b\\n\n")], 2)
            .series(&[("x", "other"), ("y", "")], Seconds(Duration::from_millis(1_500)));
        text.family("a_total", Kind::Gauge, "again").value(3);
        drop(text.family("none", Kind::Gauge, "no series"));
        text.family("b_seconds", Kind::Gauge, "").value(Instant(Timestamp::from_us(-1_500_000)));
        assert_eq!(
            text.finish(),
            "# HELP a_total A \\\\ help\\ntext\n# TYPE a_total counter\n\
             a_total{x=\"q\\\"b\\\\n\\n\"} 1\na_total{x=\"other\",y=\"\"} 1.500000\n\
             # HELP b_seconds \n# TYPE b_seconds gauge\nb_seconds -1.500000\n"
        );
    }
}
