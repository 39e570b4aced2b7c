//! The comparison while running, and what is done about differences.
//!
//! A view is asked for while orders come and go. Assets of which something is on its way are left out of
//! it, and a difference counts when the next view shows the very same; entries wait from its first
//! sight on, for as long as it is there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::difference::Matter;
use super::{Difference, DifferenceKind, Rule, VenueSnapshot};
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::action::Action;

/// What is known of the comparison between views.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AccountWatch {
    /// Differences that the last view showed and no rule resolved.
    pub(in crate::engine) pending: Vec<Difference>,
    /// Ids of the venue's movements that are booked.
    pub(in crate::engine) movements: BTreeSet<String>,
    /// When both last agreed, as far as known.
    pub(in crate::engine) agreed_at: Option<Timestamp>,
}

impl Engine {
    /// Compares with a view of the account.
    pub(in crate::engine) fn on_account(
        &mut self,
        snapshot: &VenueSnapshot,
        actions: &mut Vec<Action>,
    ) {
        let moving = self.moving(snapshot);
        let found = self.compare(snapshot, &moving);
        let before = std::mem::take(&mut self.watch.pending);
        let mut held = self.resolve(found, Some(&before), snapshot, actions);
        self.net_shorts(&moving, &held, actions);
        // Of what could not be compared this time, nothing new is known.
        let kept =
            before.into_iter().filter(|it| it.asset().is_some_and(|it| moving.contains(&it)));
        held.extend(kept);
        if held.is_empty() && moving.is_empty() {
            self.watch.agreed_at = Some(self.now);
        }
        self.watch.pending.clone_from(&held);
        self.hold_for(&held, actions);
        let differs = held.iter().any(|it| it.kind.is_unexplained());
        self.guard_mismatch(differs, actions);
        self.verify_kill((snapshot.asked_at, snapshot.open_orders.len()), actions);
    }

    /// True where the venue should be asked again soon, and what moved the balances with it.
    pub fn doubts_account(&self) -> bool {
        !self.watch.pending.is_empty() || self.is_kill_unverified()
    }

    /// When ledger and venue last agreed, as far as known.
    pub fn agreed_at(&self) -> Option<Timestamp> {
        self.watch.agreed_at
    }

    /// Differences that no rule has resolved yet.
    pub fn differences(&self) -> &[Difference] {
        &self.watch.pending
    }

    /// Does what the rules say about differences that the view `before` showed too, or that are certain
    /// at once; returns what is not resolved by it. At a start there is none before.
    pub(super) fn resolve(
        &mut self,
        found: Vec<Difference>,
        before: Option<&[Difference]>,
        snapshot: &VenueSnapshot,
        actions: &mut Vec<Action>,
    ) -> Vec<Difference> {
        let mut held = Vec::new();
        for difference in found {
            let again = before.is_some_and(|before| before.contains(&difference));
            let confirmed = again || difference.kind.is_certain();
            let rule = difference.kind.rule(&self.settings.reconcile);
            if !again && rule != Rule::Ignore && difference.kind != DifferenceKind::Movement {
                self.name(&difference, rule, actions);
            }
            match (rule, &difference.matter) {
                (Rule::Ignore, _) => {}
                (Rule::Adopt, _) if confirmed => self.adopt(&difference, snapshot, actions),
                (Rule::Cancel, Matter::Order(id)) => {
                    actions.push(Action::Cancel(*id));
                    held.push(difference);
                }
                (Rule::Adopt | Rule::Hold | Rule::Cancel, _) => held.push(difference),
            }
        }
        held
    }

    fn adopt(
        &mut self,
        difference: &Difference,
        snapshot: &VenueSnapshot,
        actions: &mut Vec<Action>,
    ) {
        let Matter::Balance(asset, amount) = difference.matter else { return };
        if difference.kind == DifferenceKind::Movement {
            return self.adopt_movements((asset, amount), snapshot, actions);
        }
        let reason =
            format!("{}: {} here, {} there", difference.kind, difference.ledger, difference.venue);
        self.transfer(asset, amount, ("adjustment", reason), None, actions);
    }

    /// Writes a difference down, once.
    fn name(&self, difference: &Difference, rule: Rule, actions: &mut Vec<Action>) {
        let Difference { kind, subject, ledger, venue, .. } = difference;
        let detail = format!("ledger {ledger}, venue {venue}; {}", rule.as_str());
        self.surprise(kind.as_str(), subject, detail, actions);
    }

    /// Holds entries where something differs, and lets go where nothing does.
    pub(super) fn hold_for(&mut self, held: &[Difference], actions: &mut Vec<Action>) {
        let code = HoldCode::ReconcileMismatch;
        let mut scopes: BTreeMap<Option<Symbol>, usize> = BTreeMap::new();
        for difference in held {
            *scopes.entry(difference.scope).or_default() += 1;
        }
        let over: Vec<Option<Symbol>> = (self.holds.iter())
            .filter(|hold| hold.code == code && !scopes.contains_key(&hold.scope))
            .map(|hold| hold.scope)
            .collect();
        for scope in over {
            self.clear_hold(scope, code, actions);
        }
        for (scope, count) in scopes {
            let reason =
                format!("{count} differences between ledger and venue; see ibis exec-integrity");
            let (level, set_at) = (Level::SoftPause, self.now);
            self.set_hold(Hold { scope, code, level, reason, set_at, until: None }, actions);
        }
    }
}
