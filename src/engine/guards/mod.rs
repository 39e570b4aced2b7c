//! The guards at work: what they measure, and the holds that follow.
//!
//! - here: what is kept, and when it is looked at. Once a second, with whatever event comes then; what an
//!   order or a fill says at once,
//! - `account`: losses, turnover, being degraded for too long, instruments without news,
//! - `orders`: refusals, cancels, slippage, edge,
//! - `trades`: freqtrade's protections.
//!
//! A guard's hold stays a while longer than its cause ([`GuardSettings::dwell_us`]); a hard stop stays
//! until an operator resumes, and everything is measured anew from there.

mod account;
mod orders;
mod trades;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Engine;
use super::action::Action;
use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::record::DayRow;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::risk::guard::account::Reference;
use crate::risk::guard::protection::{ClosedTrade, Trades};
use crate::risk::guard::settings::GuardSettings;
use crate::risk::guard::streak::{Cancels, Streak};

pub use account::Measured;

/// The account is looked at this often, in microseconds.
const LOOK_US: i64 = 1_000_000;

/// What the guards remember.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Guards {
    /// What the account is compared with, once it could be valued.
    reference: Option<Reference>,
    /// As the ledger has it.
    written: Option<DayRow>,
    /// Transfers that are not in the reference yet, and since when: some wait for their first price.
    unpriced: Vec<(Asset, Decimal, Timestamp)>,
    order_errors: Streak,
    cancel_failures: Streak,
    cancels: Cancels,
    slips: BTreeMap<Symbol, Streak>,
    /// Instruments whose last entry could not have paid for itself.
    thin: BTreeMap<Symbol, ()>,
    /// Exits at work: what they earned so far, and what that had cost.
    selling: BTreeMap<ClientOrderId, (Decimal, Decimal)>,
    trades: Trades,
    degraded_since: Option<Timestamp>,
    mismatched_since: Option<Timestamp>,
    due: Timestamp,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            reference: None,
            written: None,
            unpriced: Vec::new(),
            order_errors: Streak::default(),
            cancel_failures: Streak::default(),
            cancels: Cancels::default(),
            slips: BTreeMap::new(),
            thin: BTreeMap::new(),
            selling: BTreeMap::new(),
            trades: Trades::default(),
            degraded_since: None,
            mismatched_since: None,
            due: Timestamp::from_us(i64::MIN),
        }
    }
}

impl Guards {
    /// What the ledger knew.
    pub(super) fn restore(&mut self, day: Option<DayRow>, trades: Vec<ClosedTrade>) {
        self.reference = day.map(Reference::from);
        self.written = day;
        for trade in trades {
            self.trades.push(trade);
        }
    }

    /// An operator looked into it: everything is measured anew, from now on, and what it is compared with
    /// is written down at once.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Engine {
    /// The thresholds in force.
    pub fn guard_settings(&self) -> &GuardSettings {
        &self.settings.guards
    }

    /// Looks at everything that is looked at from time to time, if it is time.
    pub(super) fn watch_guards(&mut self, actions: &mut Vec<Action>) {
        if self.now < self.guards.due {
            return;
        }
        self.guards.due = Timestamp::from_us(self.now.us().saturating_add(LOOK_US));
        self.watch_account(actions);
        self.watch_news(actions);
        self.watch_degraded(actions);
    }

    /// Sets a guard's hold for as long as its cause lasts, or until then.
    fn guard(
        &mut self,
        (scope, code, level): (Option<Symbol>, HoldCode, Level),
        pause_us: Option<i64>,
        reason: String,
        actions: &mut Vec<Action>,
    ) {
        let until = pause_us.map(|us| Timestamp::from_us(self.now.us().saturating_add(us)));
        let hold = Hold { scope, code, level, reason, set_at: self.now, until };
        self.set_hold(hold, actions);
    }

    /// Makes a guard's hold as strict as its cause is now, and says why. A cause that is gone leaves it
    /// for its dwell; what is latched stays, by [`crate::risk::hold_book::HoldBook`].
    fn grade(
        &mut self,
        (scope, code, level): (Option<Symbol>, HoldCode, Level),
        reason: impl FnOnce() -> String,
        actions: &mut Vec<Action>,
    ) {
        let active = self.holds.get(scope, code).map(|hold| hold.until);
        match (active, level) {
            (None, Level::Running) => {}
            (Some(None), Level::Running) => {
                let dwell_us = self.guard_settings().dwell_us;
                match self.holds.get(scope, code).cloned() {
                    Some(hold) if dwell_us > 0 => {
                        let until = Timestamp::from_us(self.now.us().saturating_add(dwell_us));
                        self.set_hold(Hold { until: Some(until), ..hold }, actions);
                    }
                    _ => self.clear_hold(scope, code, actions),
                }
            }
            (Some(Some(_)), Level::Running) => {}
            (_, level) => self.guard((scope, code, level), None, reason(), actions),
        }
    }
}
