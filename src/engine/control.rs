//! The agent's state: holds appear and go away, and what an operator says about them.
//!
//! Every change is a fact, written before anything is done about it: the hold, the transition it makes,
//! the operator's command and what came of it. What is latched ends by an operator's word only.

use serde::{Deserialize, Serialize};

use super::Engine;
use super::action::Action;
use super::working_order::WorkingOrder;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::operator::{Command, OperatorRecord, Outcome, Wish};
use crate::domain::order::Purpose;
use crate::domain::record::{Record, TransitionRecord};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::risk::standing::{ExitPolicy, Standing};

/// How the agent behaves while it is held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ControlSettings {
    /// What a hard stop does about positions.
    pub exit_policy: ExitPolicy,
    /// The kill switch cannot be released for this long, in microseconds.
    pub kill_cooldown_us: i64,
    /// Open entries are canceled when the agent was paused for this long, in microseconds.
    pub pause_cancel_us: i64,
}

impl Default for ControlSettings {
    /// Seeds 002 (an hour) and 004 (a minute).
    fn default() -> Self {
        Self {
            exit_policy: ExitPolicy::Hold,
            kill_cooldown_us: 3_600_000_000,
            pause_cancel_us: 60_000_000,
        }
    }
}

/// Why a command is not obeyed.
pub(super) struct Refused {
    why: String,
    after: Option<Timestamp>,
}

impl Refused {
    pub(super) fn because(why: &str) -> Self {
        Self { why: why.to_owned(), after: None }
    }
}

/// True for what a plain resume ends: a pause, and an exit that an operator forced.
fn is_taken_back(hold: &Hold) -> bool {
    hold.code == HoldCode::Operator || (hold.code == HoldCode::Flatten && !hold.level.latches())
}

impl Engine {
    /// How things stand for an instrument.
    pub(super) fn standing(&self, symbol: Symbol, known: bool) -> Standing {
        Standing {
            level: self.holds.level_for(symbol),
            flatten: self.is_flattening(symbol),
            exit_policy: self.settings.control.exit_policy,
            known,
        }
    }

    pub(super) fn drain(&mut self, actions: &mut Vec<Action>) {
        self.hold(HoldCode::Draining, Level::SoftPause, "the agent is stopping", actions);
        self.cancel_entries(actions);
    }

    /// Sets a hold on everything, from now on.
    fn hold(&mut self, code: HoldCode, level: Level, reason: &str, actions: &mut Vec<Action>) {
        let (reason, set_at) = (reason.to_owned(), self.now);
        self.set_hold(Hold { scope: None, code, level, reason, set_at, until: None }, actions);
    }

    pub(super) fn set_hold(&mut self, hold: Hold, actions: &mut Vec<Action>) {
        let (before, scope, code) = (self.level(), hold.scope, hold.code);
        let replaced = self.holds.is_set(scope, code);
        if !self.holds.set(hold) {
            return;
        }
        if replaced {
            self.record(Record::HoldCleared { scope, code }, actions);
        }
        if code == HoldCode::InstrumentHalted
            && let Some(id) = scope.and_then(|symbol| self.id_of(symbol))
        {
            self.judged(id, actions);
        }
        // As the book keeps it: a latch has no end.
        let Some(hold) = self.holds.get(scope, code).cloned() else { return };
        let level = hold.level;
        self.record(Record::HoldSet(hold), actions);
        self.note_transition(before, code, actions);
        match level {
            Level::Running | Level::Degraded | Level::SoftPause => {}
            Level::HardStop => self.stop_hard(scope, actions),
            Level::KillSwitch => {
                self.give_up_selling(actions);
                self.cancel_everything(actions);
            }
        }
    }

    pub(super) fn clear_hold(
        &mut self,
        scope: Option<Symbol>,
        code: HoldCode,
        actions: &mut Vec<Action>,
    ) {
        let before = self.level();
        if self.holds.clear(scope, code) {
            self.note_end(scope, code, before, actions);
        }
    }

    /// Ends a hold by an operator's word, or because what it stands for is done.
    pub(super) fn release_hold(
        &mut self,
        scope: Option<Symbol>,
        code: HoldCode,
        actions: &mut Vec<Action>,
    ) {
        let before = self.level();
        if self.holds.release(scope, code) {
            self.note_end(scope, code, before, actions);
        }
    }

    fn note_end(
        &self,
        scope: Option<Symbol>,
        code: HoldCode,
        before: Level,
        actions: &mut Vec<Action>,
    ) {
        self.record(Record::HoldCleared { scope, code }, actions);
        self.note_transition(before, code, actions);
    }

    fn note_transition(&self, from: Level, code: HoldCode, actions: &mut Vec<Action>) {
        let to = self.level();
        if from != to {
            self.record(Record::Transition(TransitionRecord { from, to, code }), actions);
        }
    }

    fn stop_hard(&mut self, scope: Option<Symbol>, actions: &mut Vec<Action>) {
        self.cancel_entries_in(scope, actions);
        let wanted = self.settings.control.exit_policy == ExitPolicy::Flatten;
        if scope.is_none() && wanted && self.level() != Level::KillSwitch {
            let reason = "exit policy of the hard stop";
            self.hold(HoldCode::Flatten, Level::HardStop, reason, actions);
        }
    }

    /// The kill switch: every order of ours is asked back one by one, so that the ledger knows of it, and
    /// the account as a whole, whoever sent what is at work there. What it sells by its own word stays.
    fn cancel_everything(&mut self, actions: &mut Vec<Action>) {
        self.kill_verified = None;
        for index in 0..self.desks.len() {
            let Some(desk) = self.desks.get(index) else { continue };
            let sells = self.is_flattening(desk.instrument.symbol());
            let stays = |order: &WorkingOrder| sells && order.purpose == Purpose::ForceExit;
            if desk.order.as_ref().is_some_and(|order| !stays(order)) {
                self.cancel_order(index, actions);
            }
        }
        actions.push(Action::CancelAll);
    }

    /// True while the venue has not shown that nothing is at work any more.
    pub fn is_kill_unverified(&self) -> bool {
        self.level() == Level::KillSwitch && self.kill_verified.is_none()
    }

    /// When the venue showed that nothing was at work after the kill switch was set.
    pub fn kill_verified_at(&self) -> Option<Timestamp> {
        self.kill_verified
    }

    /// When the first of what kills was set.
    fn killed_at(&self) -> Option<Timestamp> {
        let kills = self.holds.iter().filter(|hold| hold.level == Level::KillSwitch);
        kills.map(|hold| hold.set_at).min()
    }

    /// Looks at the venue's word about what is at work, asked for at an instant: nothing is, or it is
    /// asked back again.
    pub(super) fn verify_kill(
        &mut self,
        (asked_at, at_work): (Timestamp, usize),
        actions: &mut Vec<Action>,
    ) {
        let Some(since) = self.killed_at().filter(|_| self.is_kill_unverified()) else { return };
        if asked_at < since {
            return;
        }
        if at_work == 0 && self.open.is_empty() {
            self.kill_verified = Some(self.now);
            self.record(Record::KillVerified { since }, actions);
        } else if at_work > 0 {
            actions.push(Action::CancelAll);
        }
    }

    /// Writes down what an operator wants and what comes of it, and does it.
    pub(super) fn on_operator(&mut self, command: &Command, actions: &mut Vec<Action>) {
        let judged = self.judge(command);
        let outcome = match &judged {
            Ok(()) => Outcome::Done,
            Err(Refused { why, after }) => Outcome::Refused { why: why.clone(), after: *after },
        };
        let record = OperatorRecord { command: command.clone(), outcome };
        self.record(Record::Operator(Box::new(record)), actions);
        if judged.is_ok() {
            self.obey(command, actions);
        }
    }

    fn judge(&self, command: &Command) -> Result<(), Refused> {
        let knows = |scope: Option<Symbol>| {
            let known = scope.is_none_or(|symbol| self.id_of(symbol).is_some());
            if known { Ok(()) } else { Err(Refused::because("no such instrument is traded here")) }
        };
        match &command.wish {
            Wish::Pause { scope, .. } => knows(*scope),
            Wish::Kill { .. } => Ok(()),
            Wish::Resume { scope, from } => {
                knows(*scope)?;
                self.judge_resume(*scope, *from)
            }
            Wish::ForceExit { scope } => {
                knows(*scope)?;
                self.judge_force_exit(*scope)
            }
            Wish::Release => self.judge_release(),
            Wish::Hold { code: HoldCode::Integrity, .. } => Ok(()),
            Wish::Hold { .. } => Err(Refused::because("a job has a say in `integrity` only")),
        }
    }

    fn judge_resume(&self, scope: Option<Symbol>, from: Option<Level>) -> Result<(), Refused> {
        let strictest =
            self.holds.iter().filter(|hold| hold.scope == scope).map(|it| it.level).max();
        match (strictest, from) {
            (_, Some(level)) if level != Level::HardStop => {
                Err(Refused::because("only hard_stop can be resumed from; the rest ends by itself"))
            }
            (Some(Level::KillSwitch), _) => {
                Err(Refused::because("the kill switch is active; release it first"))
            }
            (Some(Level::HardStop), None) => {
                let why =
                    "latched in hard_stop; say --from hard_stop once its causes are looked into";
                Err(Refused::because(why))
            }
            (Some(Level::HardStop), Some(Level::HardStop)) => Ok(()),
            _ if self.holds.iter().any(|hold| hold.scope == scope && is_taken_back(hold)) => Ok(()),
            _ => Err(Refused::because("nothing is paused there")),
        }
    }

    fn judge_release(&self) -> Result<(), Refused> {
        let Some(since) = self.killed_at() else {
            return Err(Refused::because("the kill switch is not active"));
        };
        let after = since.us().saturating_add(self.settings.control.kill_cooldown_us);
        if self.now.us() < after {
            let after = Timestamp::from_us(after);
            let why = format!("in its cooldown until {after}");
            return Err(Refused { why, after: Some(after) });
        }
        if self.is_kill_unverified() {
            let why = "orders may be at work still; wait until the venue has shown none";
            return Err(Refused::because(why));
        }
        Ok(())
    }

    fn obey(&mut self, command: &Command, actions: &mut Vec<Action>) {
        let said = format!("{}: {}", command.by, command.reason);
        match &command.wish {
            Wish::Pause { scope, for_us } => {
                let until = for_us.map(|us| Timestamp::from_us(self.now.us().saturating_add(us)));
                let (code, level) = (HoldCode::Operator, Level::SoftPause);
                let hold =
                    Hold { scope: *scope, code, level, reason: said, set_at: self.now, until };
                self.set_hold(hold, actions);
            }
            Wish::Resume { scope, from } => self.resume(*scope, *from, actions),
            Wish::ForceExit { scope } => self.force_exit(*scope, &said, actions),
            Wish::Kill { flatten } => {
                if self.level() == Level::KillSwitch {
                    // Said again: asked back again.
                    self.cancel_everything(actions);
                }
                self.hold(HoldCode::KillSwitch, Level::KillSwitch, &said, actions);
                if *flatten {
                    self.hold(HoldCode::Flatten, Level::KillSwitch, &said, actions);
                }
            }
            Wish::Release => self.release_kill(&said, actions),
            Wish::Hold { code, level: Some(level) } => self.hold(*code, *level, &said, actions),
            Wish::Hold { code, level: None } => self.clear_hold(None, *code, actions),
        }
    }

    /// Ends what an operator may end in a scope.
    fn resume(&mut self, scope: Option<Symbol>, from: Option<Level>, actions: &mut Vec<Action>) {
        let ends =
            |hold: &&Hold| hold.scope == scope && (is_taken_back(hold) || Some(hold.level) == from);
        let codes: Vec<HoldCode> = self.holds.iter().filter(ends).map(|hold| hold.code).collect();
        for code in codes {
            self.release_hold(scope, code, actions);
        }
        if from == Some(Level::HardStop) && scope.is_none() {
            self.guards.forget();
        }
    }

    /// What killed becomes a hard stop: the next step is an operator's, too.
    fn release_kill(&mut self, said: &str, actions: &mut Vec<Action>) {
        let (set_at, code, level) = (self.now, HoldCode::KillSwitch, Level::HardStop);
        let before = self.level();
        let kills = self.holds.iter().filter(|hold| hold.level == Level::KillSwitch);
        let kills: Vec<_> = kills.map(|hold| (hold.scope, hold.code)).collect();
        for (scope, code) in kills {
            self.holds.release(scope, code);
            self.record(Record::HoldCleared { scope, code }, actions);
        }
        let reason = format!("released by {said}");
        let hold = Hold { scope: None, code, level, reason, set_at, until: None };
        self.holds.set(hold.clone());
        self.record(Record::HoldSet(hold), actions);
        self.note_transition(before, code, actions);
    }
}
