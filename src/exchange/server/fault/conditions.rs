//! The states of the exchange that a plan puts in force for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::injector::Injector;
use super::kind::{Condition, Increments, Kind, Maintenance};

/// What is in force; the default is nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conditions {
    /// How far the exchange's clock is ahead of the wall's, in milliseconds.
    pub skew_ms: i64,
    /// Trading is restricted; the first rule of several wins, as with every state below.
    pub maintenance: Option<Maintenance>,
    /// The account is of the unified kind.
    pub unified_account: bool,
    /// Permissions the key lacks.
    pub revoked: BTreeSet<String>,
    /// Places fees are rounded up to.
    pub fee_places: Option<u32>,
    /// Symbols that cannot be traded.
    pub halted: BTreeSet<String>,
    /// Symbols that are gone.
    pub delisted: BTreeSet<String>,
    /// Symbols with another grid.
    pub increments: BTreeMap<String, Increments>,
}

/// Follows the conditions of a plan through both clocks.
#[derive(Debug, Default)]
pub struct ConditionWatch {
    /// The rules in force, by their index, with the market's clock or without.
    in_force: BTreeSet<usize>,
    current: Conditions,
    /// Nothing changes before both.
    next_run: Duration,
    next_market: Duration,
}

impl ConditionWatch {
    /// What is in force.
    pub fn current(&self) -> &Conditions {
        &self.current
    }

    /// The time of the run and of the market at which something changes next; `MAX` where nothing.
    pub fn next_change(&self) -> (Duration, Duration) {
        (self.next_run, self.next_market)
    }

    /// Goes to these times since the start; what was in force before, where anything changed.
    pub fn advance(
        &mut self,
        injector: &mut Injector,
        run: Duration,
        market: Duration,
    ) -> Option<Conditions> {
        if run < self.next_run && market < self.next_market {
            return None;
        }
        let (mut in_force, mut current) = (BTreeSet::new(), Conditions::default());
        (self.next_run, self.next_market) = (Duration::MAX, Duration::MAX);
        for (index, rule) in injector.condition_rules() {
            let Kind::Condition(condition) = &rule.kind else { continue };
            let (now, next) = if condition.on_market_clock() {
                (market, &mut self.next_market)
            } else {
                (run, &mut self.next_run)
            };
            let edges = [Some(rule.window.from), rule.window.until];
            let later = edges.into_iter().flatten().filter(|edge| *edge > now).min();
            *next = later.map_or(*next, |edge| edge.min(*next));
            if rule.window.holds(now) {
                in_force.insert(index);
                current.add(condition);
            }
        }
        for index in in_force.difference(&self.in_force) {
            injector.condition_began(*index);
        }
        self.in_force = in_force;
        let before = std::mem::replace(&mut self.current, current);
        (before != self.current).then_some(before)
    }
}

impl Conditions {
    fn add(&mut self, condition: &Condition) {
        match condition {
            Condition::ClockSkew(offset) if self.skew_ms == 0 => self.skew_ms = *offset,
            Condition::ClockSkew(_) => {}
            Condition::Maintenance(mode) => {
                self.maintenance.get_or_insert(*mode);
            }
            Condition::UnifiedAccount => self.unified_account = true,
            Condition::Revoke(permission) => {
                self.revoked.insert(permission.clone());
            }
            Condition::FeeRounding(places) => {
                self.fee_places.get_or_insert(*places);
            }
            Condition::Halt(symbol) => {
                self.halted.insert(symbol.clone());
            }
            Condition::Delist(symbol) => {
                self.delisted.insert(symbol.clone());
            }
            Condition::Increments(symbol, increments) => {
                self.increments.entry(symbol.clone()).or_insert(*increments);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Plan;
    use super::*;

    const PLAN: &str = r#"
        [[rule]]
        fault = "clock_skew"
        from_s = 10
        until_s = 20
        offset_ms = 7000
        [[rule]]
        fault = "halt"
        from_s = 100
        symbol = "BTC-USDT"
        [[rule]]
        fault = "fee_rounding"
        places = 4
    "#;

    #[test]
    fn each_condition_follows_its_own_clock_and_is_counted_when_it_begins() {
        let mut injector = Injector::new(&Plan::parse(PLAN).unwrap());
        let mut watch = ConditionWatch::default();
        let mut go = |injector: &mut Injector, run, market| {
            let changed =
                watch.advance(injector, Duration::from_secs(run), Duration::from_secs(market));
            (changed.is_some(), watch.current().clone())
        };
        let (changed, current) = go(&mut injector, 0, 0);
        assert!(changed && current.fee_places == Some(4) && current.skew_ms == 0);
        assert!(!go(&mut injector, 9, 99).0);
        let (changed, current) = go(&mut injector, 10, 99);
        assert!(changed && current.skew_ms == 7_000 && current.halted.is_empty());
        let (changed, current) = go(&mut injector, 11, 100);
        assert!(changed && current.halted.contains("BTC-USDT"));
        let (changed, current) = go(&mut injector, 20, 101);
        assert!(changed && current.skew_ms == 0 && current.halted.contains("BTC-USDT"));
        assert!(!go(&mut injector, 1_000, 10_000).0);
        let began: Vec<u64> = injector.report().iter().map(|rule| rule.injected).collect();
        assert_eq!(began, [1, 1, 1]);
    }
}
