//! The rules at work: asked for each request, push, connection and token; counts what it does.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::dice::Draw;
use super::kind::{CannedAnswer, Damage, Ending, Kind, PushFault, RequestFault, Transfer, When};
use super::plan::Plan;
use super::rule::{ActiveRule, Rule};

/// What happens instead of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instead {
    /// Nothing; the connection stays open.
    Silence,
    /// The connection ends or becomes half-open.
    End(Ending),
    /// Another answer.
    Answer(CannedAnswer),
}

/// All faults of one request; the default is none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RequestFaults {
    /// The request is late by this.
    pub delay_before: Duration,
    /// The answer is late by this.
    pub delay_after: Duration,
    /// What happens instead of the effect.
    pub before: Option<Instead>,
    /// What happens after the effect, instead of the answer.
    pub after: Option<Instead>,
    /// Damage of the answer.
    pub damage: Option<Damage>,
    /// The cancel takes effect this much later than it is acknowledged.
    pub late_cancel: Option<Duration>,
    /// The order fills before its cancel.
    pub fill_first: bool,
    /// What comes into the account first, or goes.
    pub transfers: Vec<Transfer>,
}

/// All faults of one push.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PushFaults {
    /// It is lost.
    pub lost: bool,
    /// It comes twice.
    pub twice: bool,
    /// It is late by this.
    pub delay: Duration,
    /// It comes after its successor.
    pub reordered: bool,
}

impl PushFaults {
    /// None.
    pub const NONE: Self =
        Self { lost: false, twice: false, delay: Duration::ZERO, reordered: false };
}

/// What one rule did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Injected {
    /// The kind.
    pub fault: &'static str,
    /// Where.
    pub on: String,
    /// How often something was there.
    pub matched: u64,
    /// How often the rule acted.
    pub injected: u64,
}

/// The rules of a plan with their counters, by where they act.
#[derive(Debug, Default)]
pub struct Injector {
    rules: Vec<ActiveRule>,
    requests: Vec<usize>,
    pushes: Vec<usize>,
    connections: Vec<usize>,
    tokens: Vec<usize>,
    conditions: Vec<usize>,
    /// Pushes of a topic still to be lost, after one that was.
    losing: BTreeMap<String, u64>,
}

impl Injector {
    /// The rules of `plan`, none of which has acted.
    pub fn new(plan: &Plan) -> Self {
        let mut injector = Self::default();
        for (index, rule) in plan.rules.iter().enumerate() {
            injector.place(&rule.kind).push(index);
            injector.rules.push(ActiveRule::new(rule.clone(), plan.seed, index));
        }
        injector
    }

    fn place(&mut self, kind: &Kind) -> &mut Vec<usize> {
        match kind {
            Kind::Request(_) => &mut self.requests,
            Kind::Push(_) => &mut self.pushes,
            Kind::Disconnect(..) => &mut self.connections,
            Kind::TokenExpiry(_) => &mut self.tokens,
            Kind::Condition(_) => &mut self.conditions,
        }
    }

    /// True where no request is ever disturbed.
    pub fn spares_requests(&self) -> bool {
        self.requests.is_empty()
    }

    /// The faults of a request, `METHOD /path`, at this time of the run.
    pub fn on_request(&mut self, subject: &str, at: Duration) -> RequestFaults {
        let mut faults = RequestFaults::default();
        for index in &self.requests {
            let Some(rule) = self.rules.get_mut(*index) else { continue };
            let Kind::Request(fault) = rule.rule().kind.clone() else { continue };
            if let Some(draw) = rule.decide(subject, at, faults.has_room(&fault)) {
                faults.add(fault, draw);
            }
        }
        faults
    }

    /// The faults of a push of `topic`.
    pub fn on_push(&mut self, topic: &str, at: Duration) -> PushFaults {
        let mut faults = PushFaults::NONE;
        if self.pushes.is_empty() {
            return faults;
        }
        if let Some(left) = self.losing.get_mut(topic) {
            faults.lost = true;
            *left -= 1;
            if *left == 0 {
                self.losing.remove(topic);
            }
        }
        for index in &self.pushes {
            let Some(rule) = self.rules.get_mut(*index) else { continue };
            let Kind::Push(fault) = rule.rule().kind else { continue };
            if let Some(draw) = rule.decide(topic, at, !faults.lost && faults.has_room(fault)) {
                faults.add(fault, draw);
                if let PushFault::Drop { length: 2.. } = fault {
                    self.losing.insert(topic.to_owned(), length_after_first(fault));
                }
            }
        }
        faults
    }

    /// How and when a new connection ends; `kind` is `public` or `private`.
    pub fn on_connection(&mut self, kind: &str, at: Duration) -> Option<(Ending, Duration)> {
        let mut found = None;
        for index in &self.connections {
            let Some(rule) = self.rules.get_mut(*index) else { continue };
            let Kind::Disconnect(ending, span) = rule.rule().kind else { continue };
            if let Some(draw) = rule.decide(kind, at, found.is_none()) {
                found = Some((ending, span.length(draw)));
            }
        }
        found
    }

    /// How long a new token is valid, where that is not as usual.
    pub fn on_token(&mut self, kind: &str, at: Duration) -> Option<Duration> {
        let mut found = None;
        for index in &self.tokens {
            let Some(rule) = self.rules.get_mut(*index) else { continue };
            let Kind::TokenExpiry(after_ms) = rule.rule().kind else { continue };
            if rule.decide(kind, at, found.is_none()).is_some() {
                found = Some(Duration::from_millis(after_ms));
            }
        }
        found
    }

    /// The rules that are conditions, by their index.
    pub fn condition_rules(&self) -> impl Iterator<Item = (usize, &Rule)> {
        let rules = self.conditions.iter();
        rules.filter_map(|index| Some((*index, self.rules.get(*index)?.rule())))
    }

    /// Counts that a condition began.
    pub fn condition_began(&mut self, index: usize) {
        if let Some(rule) = self.rules.get_mut(index) {
            rule.begin();
        }
    }

    /// What each rule did so far.
    pub fn report(&self) -> Vec<Injected> {
        let injected = |rule: &ActiveRule| Injected {
            fault: rule.rule().name,
            on: rule.rule().on_text.clone(),
            matched: rule.matched(),
            injected: rule.injected(),
        };
        self.rules.iter().map(injected).collect()
    }
}

fn length_after_first(fault: PushFault) -> u64 {
    match fault {
        PushFault::Drop { length } => length.saturating_sub(1),
        PushFault::Duplicate | PushFault::Delay(_) | PushFault::Reorder => 0,
    }
}

impl RequestFaults {
    fn has_room(&self, fault: &RequestFault) -> bool {
        match fault {
            RequestFault::Delay(When::Before, _) => self.delay_before.is_zero(),
            RequestFault::Delay(When::After, _) => self.delay_after.is_zero(),
            // One end for a request, whenever it comes.
            RequestFault::Timeout(_)
            | RequestFault::End(..)
            | RequestFault::Answer(..)
            | RequestFault::Damage(_) => {
                self.damage.is_none() && self.before.is_none() && self.after.is_none()
            }
            RequestFault::LateCancel(_) | RequestFault::FillFirst => {
                self.before.is_none() && self.late_cancel.is_none() && !self.fill_first
            }
            RequestFault::Transfer(_) => true,
        }
    }

    fn add(&mut self, fault: RequestFault, draw: Draw) {
        match fault {
            RequestFault::Delay(When::Before, span) => self.delay_before = span.length(draw),
            RequestFault::Delay(When::After, span) => self.delay_after = span.length(draw),
            RequestFault::Timeout(when) => self.instead(when, Instead::Silence),
            RequestFault::End(when, ending) => self.instead(when, Instead::End(ending)),
            RequestFault::Answer(when, answer) => self.instead(when, Instead::Answer(answer)),
            RequestFault::Damage(damage) => self.damage = Some(damage),
            RequestFault::LateCancel(span) => self.late_cancel = Some(span.length(draw)),
            RequestFault::FillFirst => self.fill_first = true,
            RequestFault::Transfer(transfer) => self.transfers.push(transfer),
        }
    }

    fn instead(&mut self, when: When, instead: Instead) {
        match when {
            When::Before => self.before = Some(instead),
            When::After => self.after = Some(instead),
        }
    }
}

impl PushFaults {
    fn has_room(self, fault: PushFault) -> bool {
        match fault {
            PushFault::Drop { .. } => true,
            PushFault::Duplicate => !self.twice,
            PushFault::Delay(_) => self.delay.is_zero(),
            PushFault::Reorder => !self.reordered,
        }
    }

    fn add(&mut self, fault: PushFault, draw: Draw) {
        match fault {
            PushFault::Drop { .. } => self.lost = true,
            PushFault::Duplicate => self.twice = true,
            PushFault::Delay(span) => self.delay = span.length(draw),
            PushFault::Reorder => self.reordered = true,
        }
    }
}

#[cfg(test)]
mod tests;
