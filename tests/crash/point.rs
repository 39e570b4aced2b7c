//! Where a process dies, or its disk fails: the n-th call of a kind in a phase of its life, and how.

use std::collections::BTreeMap;
use std::fmt;

use super::dice::Dice;
use super::recording::Call;
use crate::support::variable;

const PHASES: [&str; 3] = ["start", "trading", "drain"];
/// The phase that lasts as long as the life does.
pub const TRADING: usize = 1;
/// Longer than a day's trading needs on a slow machine until it comes to any of the calls that it had on a
/// fast one.
const LONG: &str = "10s";

/// What happens there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum How {
    /// It dies before the call.
    Before,
    /// It dies after the call.
    After,
    /// It dies with half of what it wrote or sent.
    Torn,
    /// The call fails with an I/O error, and so do the next ones of the kind, [`FAILURES`] in all.
    IoError,
    /// As an I/O error, but the disk is full.
    NoSpace,
    /// A sync fails, and what was to be synced is lost.
    SyncFails,
}

/// Calls in a row that fail.
pub const FAILURES: usize = 3;

impl How {
    /// How a process dies.
    pub const DEATHS: [Self; 3] = [Self::Before, Self::After, Self::Torn];
    /// How a disk fails.
    pub const FAULTS: [Self; 3] = [Self::IoError, Self::NoSpace, Self::SyncFails];
    const ALL: [Self; 6] =
        [Self::Before, Self::After, Self::Torn, Self::IoError, Self::NoSpace, Self::SyncFails];

    /// Whether it can happen at this kind of call. After a write another thread sees no more than before
    /// the next call; what is sent has no disk.
    fn fits(self, kind: &str) -> bool {
        let (is_write, is_send) = (kind.starts_with("write:"), kind.starts_with("send:"));
        match self {
            Self::Before => true,
            Self::After => !is_write,
            Self::Torn => is_write || is_send,
            Self::IoError => !is_send,
            Self::NoSpace => is_write || kind.starts_with("create:"),
            Self::SyncFails => kind.starts_with("sync:"),
        }
    }

    /// The shim's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "kill",
            Self::After => "after",
            Self::Torn => "torn",
            Self::IoError => "eio",
            Self::NoSpace => "enospc",
            Self::SyncFails => "syncfail",
        }
    }
}

/// A crash point.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Point {
    /// `None`: any.
    pub phase: Option<usize>,
    /// `any`: any.
    pub kind: String,
    /// From 1.
    pub nth: usize,
    pub how: How,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = self.phase.map_or("any", |phase| PHASES[phase]);
        write!(f, "{phase} {} {} {}", self.kind, self.nth, self.how.word())
    }
}

impl Point {
    /// The n-th call of all.
    pub fn any(nth: usize, how: How) -> Self {
        Self { phase: None, kind: "any".to_owned(), nth, how }
    }

    /// A point as it is printed.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (phase, kind, nth, how) = (words.next()?, words.next()?, words.next()?, words.next()?);
        Some(Self {
            phase: PHASES.iter().position(|known| *known == phase),
            kind: kind.to_owned(),
            nth: nth.parse().ok()?,
            how: How::ALL.into_iter().find(|known| known.word() == how)?,
        })
    }

    /// How long a life is to trade that comes to this point: where it dies while it trades, until it
    /// does; else so long.
    pub fn life<'a>(&self, otherwise: &'a str) -> &'a str {
        if self.phase == Some(TRADING) { LONG } else { otherwise }
    }

    /// The shim's words.
    pub fn at(&self) -> String {
        let phase = self.phase.map_or("any".to_owned(), |phase| phase.to_string());
        format!("{phase} {} {}", self.kind, self.nth)
    }
}

/// The one point that the test run asks for, where it happens so.
pub fn asked_for(hows: &[How]) -> Option<Vec<Point>> {
    let point = Point::parse(&variable("IBIS_CRASH_POINT")?).expect("PHASE KIND N HOW");
    Some(Some(point).into_iter().filter(|point| hows.contains(&point.how)).collect())
}

/// How many calls of each kind a phase has.
pub type Counts = BTreeMap<(usize, String), usize>;

/// Counts the calls of a recording.
pub fn counts(calls: &[Call]) -> Counts {
    let mut counts = Counts::new();
    for call in calls {
        *counts.entry((call.phase, call.kind.clone())).or_default() += 1;
    }
    counts
}

/// Of each kind of call in each phase one, then another, until `budget` is reached or there are no more.
pub fn choose(counts: &Counts, hows: &[How], budget: usize, dice: &mut Dice) -> Vec<Point> {
    let all = counts.iter().map(|(of, count)| points(of, *count, hows));
    let mut left: Vec<Vec<Point>> = all.filter(|points| !points.is_empty()).collect();
    let kinds = left.len();
    let mut chosen = Vec::new();
    while chosen.len() < budget.max(kinds) {
        let before = chosen.len();
        for points in left.iter_mut().filter(|points| !points.is_empty()) {
            chosen.push(points.swap_remove(dice.below(points.len())));
        }
        if chosen.len() == before {
            break;
        }
    }
    // Whole rounds overshoot; the first of them has every kind.
    chosen.truncate(budget.max(kinds));
    chosen
}

/// Every point of a kind.
fn points((phase, kind): &(usize, String), count: usize, hows: &[How]) -> Vec<Point> {
    let of = |how: How| {
        (1..=count).map(move |nth| Point { phase: Some(*phase), kind: kind.clone(), nth, how })
    };
    hows.iter().filter(|how| how.fits(kind)).flat_map(|how| of(*how)).collect()
}
