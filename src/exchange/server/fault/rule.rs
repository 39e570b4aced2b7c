//! One rule of a plan: what, where, how often, when, how many times.

use std::time::Duration;

use super::dice::{Dice, Draw, PARTS};
use super::glob::Glob;
use super::kind::Kind;

/// How often a rule that matches acts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frequency {
    /// With a chance of so many in [`PARTS`].
    Chance(u32),
    /// Every so manieth time, 1 or more: the first time at that count.
    Every(u64),
}

impl Frequency {
    /// Every time.
    pub const ALWAYS: Self = Self::Chance(PARTS);
}

/// A part of the run: from its start on, in time since the exchange was ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// From here on.
    pub from: Duration,
    /// Up to here, excluded; without end where `None`.
    pub until: Option<Duration>,
}

impl Window {
    /// True within the window.
    pub fn holds(&self, at: Duration) -> bool {
        at >= self.from && self.until.is_none_or(|until| at < until)
    }
}

/// A rule as the plan has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The word of the plan's `fault`.
    pub name: &'static str,
    /// What happens.
    pub kind: Kind,
    /// Where: see the plan's documentation.
    pub on: Glob,
    /// The text of `on`, for the report.
    pub on_text: String,
    /// How often.
    pub frequency: Frequency,
    /// When.
    pub window: Window,
    /// At most this many times.
    pub limit: Option<u64>,
}

/// A rule with its history.
#[derive(Clone, Debug)]
pub struct ActiveRule {
    rule: Rule,
    dice: Dice,
    matched: u64,
    injected: u64,
}

impl ActiveRule {
    /// The `index`-th rule of a plan with `seed`, which has done nothing yet.
    pub fn new(rule: Rule, seed: u64, index: usize) -> Self {
        Self { rule, dice: Dice::new(seed, index), matched: 0, injected: 0 }
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// How often something was where the rule looks, within its window.
    pub fn matched(&self) -> u64 {
        self.matched
    }

    /// How often the rule acted.
    pub fn injected(&self) -> u64 {
        self.injected
    }

    /// Counts a match and decides: the draw for the fault's lengths where the rule acts. Where its
    /// place is not `free`, as another rule acts there, it counts the match alone.
    pub fn decide(&mut self, subject: &str, at: Duration, free: bool) -> Option<Draw> {
        if !self.rule.window.holds(at) || !self.rule.on.matches(subject) {
            return None;
        }
        self.matched += 1;
        if !free || self.rule.limit.is_some_and(|limit| self.injected >= limit) {
            return None;
        }
        let draw = self.dice.draw(self.matched);
        let acts = match self.rule.frequency {
            Frequency::Chance(parts) => draw.hits(parts),
            Frequency::Every(count) => self.matched.is_multiple_of(count),
        };
        acts.then(|| self.inject(draw))
    }

    fn inject(&mut self, draw: Draw) -> Draw {
        self.injected += 1;
        draw
    }

    /// Counts a condition that began.
    pub fn begin(&mut self) {
        self.matched += 1;
        self.injected += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::PushFault;
    use super::*;

    fn rule(frequency: Frequency, limit: Option<u64>) -> ActiveRule {
        let on = "/market/match:*".to_owned();
        let rule = Rule {
            name: "duplicate_push",
            kind: Kind::Push(PushFault::Duplicate),
            on: Glob::new(&on),
            on_text: on,
            frequency,
            window: Window { from: Duration::from_secs(10), until: Some(Duration::from_secs(20)) },
            limit,
        };
        ActiveRule::new(rule, 1, 0)
    }

    const WITHIN: Duration = Duration::from_secs(15);
    const TOPIC: &str = "/market/match:BTC-USDT";

    #[test]
    fn every_nth_match_within_the_window_up_to_the_limit() {
        let mut rule = rule(Frequency::Every(3), Some(2));
        let acts: Vec<bool> = (0..12).map(|_| rule.decide(TOPIC, WITHIN, true).is_some()).collect();
        let third_and_sixth: Vec<bool> = (1..=12).map(|n| n == 3 || n == 6).collect();
        assert_eq!(acts, third_and_sixth);
        assert_eq!((rule.matched(), rule.injected()), (12, 2));
    }

    #[test]
    fn outside_the_window_or_elsewhere_nothing_is_counted() {
        let mut rule = rule(Frequency::ALWAYS, None);
        for (subject, second) in
            [(TOPIC, 9), (TOPIC, 20), (TOPIC, 21), ("/market/level2:BTC-USDT", 15)]
        {
            assert_eq!(rule.decide(subject, Duration::from_secs(second), true), None);
        }
        assert_eq!((rule.matched(), rule.injected()), (0, 0));
        assert!(rule.decide(TOPIC, Duration::from_secs(10), true).is_some());
    }
}
