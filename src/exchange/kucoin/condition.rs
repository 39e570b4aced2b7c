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
    active: BTreeMap<(Option<Symbol>, HoldCode), String>,
    changed: Vec<Condition>,
}

impl Conditions {
    /// It is so. Said once, whatever the words.
    pub fn set(&mut self, scope: Option<Symbol>, code: HoldCode, reason: impl Into<String>) {
        if self.active.contains_key(&(scope, code)) {
            return;
        }
        let reason = reason.into();
        self.active.insert((scope, code), reason.clone());
        self.changed.push(Condition { scope, code, level: Level::SoftPause, reason: Some(reason) });
    }

    /// It is so no more.
    pub fn clear(&mut self, scope: Option<Symbol>, code: HoldCode) {
        if self.active.remove(&(scope, code)).is_some() {
            let level = Level::SoftPause;
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
