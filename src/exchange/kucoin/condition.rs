//! Why the venue cannot be traded at, in whole or one instrument of it, while it lasts.

use std::collections::BTreeMap;

use crate::domain::hold::{HoldCode, Level};
use crate::domain::symbol::Symbol;

/// A reason not to trade that appeared, or went away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// The instrument; none for the venue.
    pub scope: Option<Symbol>,
    /// Which reason.
    pub code: HoldCode,
    /// What it forbids.
    pub level: Level,
    /// In words; none where it went away.
    pub reason: Option<String>,
}

/// The reasons there are, and which of them the session has not heard of.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    active: BTreeMap<(Option<Symbol>, HoldCode), Level>,
    changed: Vec<Condition>,
}

impl Conditions {
    /// It is so, and entries pause. Said once, whatever the words.
    pub fn set(&mut self, scope: Option<Symbol>, code: HoldCode, reason: impl Into<String>) {
        self.set_at(Level::SoftPause, scope, code, reason);
    }

    /// It is so, at this level. Said once for each level, whatever the words; what latches is said each
    /// time, for an operator may have taken it back too early.
    pub fn set_at(
        &mut self,
        level: Level,
        scope: Option<Symbol>,
        code: HoldCode,
        reason: impl Into<String>,
    ) {
        let before = self.active.insert((scope, code), level);
        if before != Some(level) || level.latches() {
            self.changed.push(Condition { scope, code, level, reason: Some(reason.into()) });
        }
    }

    /// It is so no more.
    pub fn clear(&mut self, scope: Option<Symbol>, code: HoldCode) {
        if let Some(level) = self.active.remove(&(scope, code)) {
            self.changed.push(Condition { scope, code, level, reason: None });
        }
    }

    /// True while it is so.
    pub fn is_set(&self, scope: Option<Symbol>, code: HoldCode) -> bool {
        self.active.contains_key(&(scope, code))
    }

    /// The instruments it is so for.
    pub fn scopes(&self, code: HoldCode) -> Vec<Symbol> {
        let of_code = self.active.keys().filter(|(_, active)| *active == code);
        of_code.filter_map(|(scope, _)| *scope).collect()
    }

    /// What appeared or went away since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<Condition> {
        std::mem::take(&mut self.changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_said_once_for_each_level_and_a_latch_each_time() {
        let mut conditions = Conditions::default();
        let levels = |conditions: &mut Conditions| -> Vec<(Level, bool)> {
            let changes = conditions.take_changes().into_iter();
            changes.map(|change| (change.level, change.reason.is_some())).collect()
        };
        let code = HoldCode::ClockSkew;
        conditions.set_at(Level::Degraded, None, code, "1100 ms");
        conditions.set_at(Level::Degraded, None, code, "1200 ms");
        assert_eq!(levels(&mut conditions), [(Level::Degraded, true)]);
        conditions.set(None, code, "6000 ms");
        conditions.set(None, code, "6100 ms");
        conditions.clear(None, code);
        conditions.clear(None, code);
        assert_eq!(levels(&mut conditions), [(Level::SoftPause, true), (Level::SoftPause, false)]);
        for _ in 0..2 {
            conditions.set_at(Level::HardStop, None, HoldCode::VenueUnauthorized, "no");
        }
        assert_eq!(levels(&mut conditions), [(Level::HardStop, true); 2]);
    }
}
