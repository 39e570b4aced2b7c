//! What is compared: each signal, how it is read from the samples, and what it may change by.
//!
//! Origins: "seed 000" is the review of 48 hours this replaces; where its documents had several limits for
//! one signal, the one of its success criteria counts. What has no such origin says why it was chosen.

use super::statistics::{Reading, reading};
use crate::store::vitals::VitalsRow;

/// In what a signal is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// A part of one, told in percent.
    Share,
    /// Seconds, told in milliseconds where they are less than one.
    Seconds,
    /// A number of things.
    Count,
    /// So many an hour.
    PerHour,
    /// So many a second.
    PerSecond,
}

impl Unit {
    /// The word in JSON, whose figures are in it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Share => "ratio",
            Self::Seconds => "seconds",
            Self::Count => "count",
            Self::PerHour => "per_hour",
            Self::PerSecond => "per_second",
        }
    }
}

impl serde::Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Whom a signal is about, and so where it can be judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// This process and its ledger: everywhere.
    Process,
    /// The market's data: not in a replay, whose data is as old as it is, nor by a clock of its own.
    Market,
    /// The venue: in live mode alone, and in real time. What paper has instead is simulated.
    Venue,
}

/// A figure of one interval.
type Figure = fn(&VitalsRow) -> Option<u64>;

/// How a signal is read.
#[derive(Clone, Copy, Debug)]
pub enum Take {
    /// A level: the median of the last hour against the baseline's median.
    Level(fn(&VitalsRow) -> Option<Reading>),
    /// A level that is seldom measured: the median of the whole while against the baseline's.
    Seldom(fn(&VitalsRow) -> Option<Reading>),
    /// Things an hour, over the whole while, against the baseline's mean.
    Rate(Figure),
    /// Things in the whole while.
    Total(Figure),
    /// A part of a whole that is at least so much, over the whole while.
    Share(Figure, Figure, u64),
}

/// What a signal may be.
#[derive(Clone, Copy, Debug)]
pub enum Budget {
    /// Above the baseline by 5 %: warn; by 10 %: fail (seed 000). By less than `floor`: neither. Where
    /// `slope` is set, it may not grow through the whole while by that much either, nor by so much an hour.
    Growth {
        /// What is too little to be a drift.
        floor: Reading,
        /// How the whole while is looked at.
        slope: Option<SlopeLimits>,
    },
    /// Above the baseline by 50 %, or above `ceiling`: fail (seed 000). Up to `floor` nothing is slow.
    Latency {
        /// What is not slow.
        floor: Reading,
        /// What is slow whatever the baseline was.
        ceiling: Option<Reading>,
    },
    /// Below the baseline by such a part of it.
    Loss {
        /// Warn.
        warn: Reading,
        /// Fail.
        fail: Reading,
    },
    /// Above the baseline by 50 % and by `floor`: warn.
    More {
        /// What is too little to be a drift.
        floor: Reading,
    },
    /// Above a fixed limit.
    Above {
        /// Warn.
        warn: Reading,
        /// Fail; none where it never does.
        fail: Option<Reading>,
    },
    /// More than so many a day, or in less than a day: warn.
    PerDay(Reading),
    /// Any at all: fail.
    Never,
}

/// How fast a level may grow, an hour: none where only the part of the baseline counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct SlopeLimits {
    /// Warn.
    pub warn: Option<Reading>,
    /// Fail.
    pub fail: Option<Reading>,
}

/// One signal.
#[derive(Clone, Copy, Debug)]
pub struct Signal {
    /// Its name.
    pub name: &'static str,
    /// In what it is told.
    pub unit: Unit,
    /// Whom it is about.
    pub scope: Scope,
    /// How it is read.
    pub take: Take,
    /// What it may be.
    pub budget: Budget,
}

/// Above the baseline: warn (seed 000).
pub const GROWTH_WARN: Reading = 0.05;
/// Above the baseline: fail (seed 000: "less than 10 % growth over 48 h").
pub const GROWTH_FAIL: Reading = 0.10;
/// Above the baseline: fail, of a latency, and warn, of what is [`Budget::More`] (seed 000).
pub const LATENCY_FAIL: Reading = 0.50;
/// Memory: 20 MB an hour warn, 50 fail (seed 000: its alerts of growth and of a leak).
const LEAK: SlopeLimits = SlopeLimits { warn: Some(20e6), fail: Some(50e6) };
/// Half a percent of a processor: what an idle agent needs, of which any share is noise.
const CPU_FLOOR: Reading = 0.005;
/// The loop rests this long between turns: a shorter turn delays nothing.
const TURN_FLOOR: Reading = 0.002;
/// Ages are looked at once a second.
const AGE_FLOOR: Reading = 1.0;
/// Of fewer orders, or calls, a share says little (seed 000).
const SHARE_MIN: u64 = 20;
/// An answer to an order may take this long (seed 000: alert above 150 ms).
const ACK_CEILING: Reading = 0.150;
/// A push may take this long (seed 000: alert above 100 ms).
const LAG_CEILING: Reading = 0.100;
/// The share of orders that fail (seed 000's thresholds: 5 % warn, 15 % critical).
const ORDERS: Budget = Budget::Above { warn: 0.05, fail: Some(0.15) };
/// The share of calls that fail (seed 004: 0.2 degrades, 0.5 pauses).
const CALLS: Budget = Budget::Above { warn: 0.2, fail: Some(0.5) };
/// Memory, threads and the like grow by nothing that is too little.
const PROCESS: Budget =
    Budget::Growth { floor: 0.0, slope: Some(SlopeLimits { warn: None, fail: None }) };
const TURN: Budget = Budget::Latency { floor: TURN_FLOOR, ceiling: None };

/// Every signal of the samples.
pub const SIGNALS: &[Signal] = &[
    level("rss", Unit::Bytes, |row| Some(reading(row.rss_bytes?)))
        .judged(Budget::Growth { floor: 0.0, slope: Some(LEAK) }),
    level("cpu", Unit::Share, |row| share(row.cpu_us?, row.interval_us))
        .judged(Budget::Growth { floor: CPU_FLOOR, slope: None }),
    level("threads", Unit::Count, |row| Some(reading(row.threads?))).judged(PROCESS),
    level("descriptors", Unit::Count, |row| Some(reading(row.descriptors?))).judged(PROCESS),
    level("loop_p50", Unit::Seconds, |row| Some(seconds(row.turn_p50_us?))).judged(TURN),
    level("loop_p95", Unit::Seconds, |row| Some(seconds(row.turn_p95_us?))).judged(TURN),
    level("loop_p99", Unit::Seconds, |row| Some(seconds(row.turn_p99_us?))).judged(TURN),
    level("mark_rate", Unit::PerSecond, |row| per_second(row.market_events?, row.interval_us))
        .about(Scope::Market)
        .judged(Budget::Loss { warn: 0.25, fail: 0.5 }),
    level("market_age_p95", Unit::Seconds, |row| Some(seconds(row.market_age_p95_us?)))
        .about(Scope::Market)
        .judged(Budget::Latency { floor: AGE_FLOOR, ceiling: None }),
    level("push_lag_p95", Unit::Seconds, |row| Some(seconds(row.lag_p95_us?)))
        .about(Scope::Venue)
        .judged(Budget::Latency { floor: 0.0, ceiling: Some(LAG_CEILING) }),
    level("push_lag_p99", Unit::Seconds, |row| Some(seconds(row.lag_p99_us?)))
        .about(Scope::Venue)
        .judged(Budget::Latency { floor: 0.0, ceiling: None }),
    Signal {
        take: Take::Seldom(|row| Some(seconds(row.ack_p99_us?))),
        ..level("order_ack_p99", Unit::Seconds, |_| None)
    }
    .about(Scope::Venue)
    .judged(Budget::Latency { floor: 0.0, ceiling: Some(ACK_CEILING) }),
    ratio("order_failures", |row| row.order_failures, |row| row.orders).judged(ORDERS),
    ratio("order_rejects", |row| row.order_rejects, |row| row.orders).judged(ORDERS),
    ratio("call_errors", |row| row.call_errors, |row| row.calls).judged(CALLS),
    rate("rate_limited", |row| row.rate_limited)
        .about(Scope::Venue)
        .judged(Budget::More { floor: 1.0 }),
    // Seed 000's gate: at most 3 in 24 hours.
    total("reconnects", |row| row.reconnects).about(Scope::Venue).judged(Budget::PerDay(3.0)),
    total("logged_errors", |row| row.logged_errors).judged(Budget::Never),
    rate("logged_warnings", |row| row.logged_warnings).judged(Budget::More { floor: 1.0 }),
    Signal {
        take: Take::Share(|row| row.running_us, |row| row.running_us.map(|_| row.interval_us), 1),
        ..level("running_share", Unit::Share, |_| None)
    }
    .judged(Budget::Loss { warn: GROWTH_WARN, fail: GROWTH_FAIL }),
    // Seed 004: more than 6 an hour are a flutter.
    rate("state_changes", |row| row.transitions).judged(Budget::Above { warn: 6.0, fail: None }),
];

const fn level(name: &'static str, unit: Unit, value: fn(&VitalsRow) -> Option<Reading>) -> Signal {
    Signal { name, unit, scope: Scope::Process, take: Take::Level(value), budget: Budget::Never }
}

const fn ratio(name: &'static str, part: Figure, whole: Figure) -> Signal {
    let take = Take::Share(part, whole, SHARE_MIN);
    Signal { name, unit: Unit::Share, scope: Scope::Venue, take, budget: Budget::Never }
}

const fn rate(name: &'static str, count: Figure) -> Signal {
    let (scope, take) = (Scope::Process, Take::Rate(count));
    Signal { name, unit: Unit::PerHour, scope, take, budget: Budget::Never }
}

const fn total(name: &'static str, count: Figure) -> Signal {
    let (scope, take) = (Scope::Process, Take::Total(count));
    Signal { name, unit: Unit::Count, scope, take, budget: Budget::Never }
}

impl Signal {
    const fn about(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    const fn judged(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// The signal in one interval; none where it was not measured.
    pub fn in_interval(&self, row: &VitalsRow) -> Option<Reading> {
        match self.take {
            Take::Level(value) | Take::Seldom(value) => value(row),
            Take::Rate(count) => Some(per_second(count(row)?, row.interval_us)? * 3_600.0),
            Take::Total(count) => Some(reading(count(row)?)),
            Take::Share(part, whole, _) => share(part(row)?, whole(row)?),
        }
    }

    /// The signal in every interval where it was measured.
    pub fn series(&self, rows: &[VitalsRow]) -> Vec<Reading> {
        rows.iter().filter_map(|row| self.in_interval(row)).collect()
    }
}

/// A part of a whole; none of nothing.
pub fn share(part: u64, whole: u64) -> Option<Reading> {
    (whole > 0).then(|| reading(part) / reading(whole))
}

fn per_second(count: u64, interval_us: u64) -> Option<Reading> {
    share(count, interval_us).map(|it| it * 1e6)
}

fn seconds(us: u64) -> Reading {
    reading(us) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_said_once_and_what_was_not_measured_has_no_figure() {
        let mut names: Vec<_> = SIGNALS.iter().map(|signal| signal.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SIGNALS.len());
        let nothing = VitalsRow { interval_us: 60_000_000, ..VitalsRow::default() };
        for signal in SIGNALS {
            assert_eq!(signal.in_interval(&nothing), None, "{}", signal.name);
        }
    }

    #[test]
    fn an_interval_is_read_in_base_units() {
        let row = VitalsRow {
            interval_us: 30_000_000,
            rss_bytes: Some(31_000_000),
            cpu_us: Some(3_000_000),
            turn_p99_us: Some(2_500),
            market_events: Some(60),
            logged_warnings: Some(2),
            running_us: Some(15_000_000),
            orders: Some(10),
            order_rejects: Some(1),
            ..VitalsRow::default()
        };
        let of = |name: &str| {
            let signal = SIGNALS.iter().find(|signal| signal.name == name).unwrap();
            signal.in_interval(&row).map(|value| format!("{value:.4}"))
        };
        for (name, expected) in [
            ("rss", "31000000.0000"),
            ("cpu", "0.1000"),
            ("loop_p99", "0.0025"),
            ("mark_rate", "2.0000"),
            ("logged_warnings", "240.0000"),
            ("running_share", "0.5000"),
            ("order_rejects", "0.1000"),
        ] {
            assert_eq!(of(name).as_deref(), Some(expected), "{name}");
        }
    }
}
