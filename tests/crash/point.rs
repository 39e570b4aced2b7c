//! Where a process dies: the n-th call of a kind in a phase of its life, and how.

use std::collections::BTreeMap;
use std::fmt;

use super::dice::Dice;
use super::recording::Call;

const PHASES: [&str; 3] = ["start", "trading", "drain"];

/// How it dies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum How {
    /// Before the call.
    Before,
    /// After the call.
    After,
    /// With half of what it wrote or sent.
    Torn,
}

impl How {
    const ALL: [Self; 3] = [Self::Before, Self::After, Self::Torn];

    /// The shim's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "kill",
            Self::After => "after",
            Self::Torn => "torn",
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

    /// The shim's words.
    pub fn at(&self) -> String {
        let phase = self.phase.map_or("any".to_owned(), |phase| phase.to_string());
        format!("{phase} {} {}", self.kind, self.nth)
    }
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
pub fn choose(counts: &Counts, budget: usize, dice: &mut Dice) -> Vec<Point> {
    let mut left: Vec<Vec<Point>> = counts.iter().map(|(of, count)| points(of, *count)).collect();
    let mut chosen = Vec::new();
    while chosen.len() < budget.max(left.len()) {
        let before = chosen.len();
        for points in left.iter_mut().filter(|points| !points.is_empty()) {
            chosen.push(points.swap_remove(dice.below(points.len())));
        }
        if chosen.len() == before {
            break;
        }
    }
    // Whole rounds overshoot; the first of them has every kind.
    chosen.truncate(budget.max(counts.len()));
    chosen
}

/// Every point of a kind: before each call, in the middle of each that has one, after those whose
/// effect another thread may see before the next call.
fn points((phase, kind): &(usize, String), count: usize) -> Vec<Point> {
    let has_bytes = kind.starts_with("write:") || kind.starts_with("send:");
    let how = How::ALL.into_iter().filter(|how| match how {
        How::Before => true,
        How::After => !kind.starts_with("write:"),
        How::Torn => has_bytes,
    });
    let of = |how| {
        (1..=count).map(move |nth| Point { phase: Some(*phase), kind: kind.clone(), nth, how })
    };
    how.flat_map(of).collect()
}
