//! What an agent's `/metrics` said, taken apart, and how it goes on while nothing happens.

use std::collections::BTreeMap;

use ibis::clock;
use ibis::domain::decimal::Decimal;
use ibis::domain::time::Timestamp;
use ibis::http::metrics::family::{self, Family, Kind};

use crate::support::http::Door;

/// What Prometheus adds to the series of an agent.
pub const TARGET: &str = "job=\"ibis\",instance=\"127.0.0.1:9000\"";

/// One answer.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// When, by the wall.
    pub at: Timestamp,
    /// Each series with its value.
    pub samples: BTreeMap<Series, Decimal>,
}

/// A series: its name and its labels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Series {
    pub name: String,
    pub labels: BTreeMap<String, String>,
}

impl Scrape {
    /// Asks an agent.
    #[track_caller]
    pub fn of(door: &Door) -> Self {
        let at = clock::wall_now();
        let reply = door.get("/metrics");
        assert_eq!(reply.status, 200, "{reply:?}");
        let lines = reply.body.lines().filter(|line| !line.starts_with('#'));
        Self { at, samples: lines.map(sample).collect() }
    }

    /// Asks until an answer is as wanted.
    #[track_caller]
    pub fn until(door: &Door, wanted: impl Fn(&Self) -> bool) -> Self {
        let mut scrapes = (0..20_000).map(|_| Self::of(door));
        scrapes.find(|scrape| wanted(scrape)).expect("it never says so")
    }

    /// The value of the series that has these labels, among others.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<Decimal> {
        let has = |series: &Series| labels.iter().all(|(name, value)| series.label(name) == *value);
        let mut found =
            self.samples.iter().filter(|(series, _)| series.name == name && has(series));
        found.next().map(|(_, value)| *value)
    }

    /// What goes on for these minutes after `earlier` and this: an instant that moved goes on with the time,
    /// what counts grows by as much each minute, everything else stays. By promtool's notation, in a time
    /// that begins now.
    pub fn goes_on(&self, earlier: &Self, minutes: u32) -> Vec<(String, String)> {
        let now = Decimal::from_parts(i128::from(self.at.us()), 6).unwrap();
        let of = |(series, value): (&Series, &Decimal)| {
            let family = series.family();
            let before = earlier.samples.get(series).copied().unwrap_or_default();
            let is_instant = family.name.contains("_time");
            let (first, step) = match (family.kind, is_instant) {
                (Kind::Gauge, true) if has_moved(before, *value) => {
                    (*value - now, Decimal::from_int(60))
                }
                (Kind::Gauge, true) => (*value - now, Decimal::ZERO),
                (Kind::Gauge, false) => (*value, Decimal::ZERO),
                (Kind::Counter | Kind::Histogram, _) => (*value, *value - before),
            };
            (series.scraped(), format!("{first}+{step}x{minutes}"))
        };
        self.samples.iter().map(of).collect()
    }
}

/// Whether an instant moved. By less than that the two clocks differ that it is reckoned from.
pub fn has_moved(before: Decimal, now: Decimal) -> bool {
    (now - before).times(2) > Decimal::from_int(1)
}

impl Series {
    /// A label's value; empty without it, as for Prometheus.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// The family it is of.
    #[track_caller]
    pub fn family(&self) -> &'static Family {
        family_of(&self.name).unwrap_or_else(|| panic!("{self:?} is of no family"))
    }

    /// As Prometheus keeps it.
    fn scraped(&self) -> String {
        let labels = self.labels.iter().map(|(name, value)| format!("{name}=\"{value}\","));
        format!("{}{{{}{TARGET}}}", self.name, labels.collect::<String>())
    }
}

/// The family of a series' name, parts of histograms included.
pub fn family_of(name: &str) -> Option<&'static Family> {
    let ends = ["_bucket", "_sum", "_count"];
    family::ALL.iter().copied().find(|family| match family.kind {
        Kind::Histogram => ends.iter().any(|end| name.strip_suffix(end) == Some(family.name)),
        Kind::Counter | Kind::Gauge => family.name == name,
    })
}

fn sample(line: &str) -> (Series, Decimal) {
    let (id, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = id.split_once('{').unwrap_or((id, "}"));
    let labels = labels.strip_suffix('}').unwrap();
    let labels = labels.split("\",").filter(|label| !label.is_empty()).map(|label| {
        let (name, value) = label.split_once("=\"").unwrap();
        (name.to_owned(), value.trim_end_matches('"').to_owned())
    });
    let value = Decimal::parse_foreign(value).unwrap().0;
    (Series { name: name.to_owned(), labels: labels.collect() }, value)
}
