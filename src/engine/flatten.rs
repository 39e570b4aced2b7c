//! Selling what is held whatever its plan says: all of it, by the kill switch's word or a hard stop's
//! policy; or what is held of one instrument, by an operator's.
//!
//! What is to be sold is a hold, so that a restart goes on with it and nothing is entered there meanwhile.
//! It ends when nothing is left that could be sold.

use super::Engine;
use super::action::Action;
use super::control::Refused;
use super::desk::Desk;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::order::Purpose;
use crate::domain::symbol::Symbol;

impl Engine {
    /// True while what is held of an instrument is to be sold. Under the kill switch its own word counts,
    /// and no other.
    pub(super) fn is_flattening(&self, symbol: Symbol) -> bool {
        let killed = self.holds.level_for(symbol) == Level::KillSwitch;
        let holds = [None, Some(symbol)].map(|scope| self.holds.get(scope, HoldCode::Flatten));
        holds.iter().flatten().any(|hold| !killed || hold.level == Level::KillSwitch)
    }

    /// Sells what is held of an instrument, while that is wanted; says when it is sold.
    pub(super) fn flatten(&mut self, index: usize, actions: &mut Vec<Action>) {
        let Some(desk) = self.desks.get(index) else { return };
        let symbol = desk.instrument.symbol();
        if !self.is_flattening(symbol) {
            return;
        }
        self.consider_exit(index, Purpose::ForceExit, actions);
        if self.desks.get(index).is_some_and(is_sold) {
            self.release_hold(Some(symbol), HoldCode::Flatten, actions);
        }
        if self.is_flat() {
            self.release_hold(None, HoldCode::Flatten, actions);
        }
    }

    /// True where nothing is held that could be sold, and nothing is at work.
    pub fn is_flat(&self) -> bool {
        self.desks.iter().all(is_sold)
    }

    /// An operator sells what is there, and nothing else: where nothing is, nothing is done.
    pub(super) fn judge_force_exit(&self, scope: Option<Symbol>) -> Result<(), Refused> {
        let level = scope.map_or(self.level(), |symbol| self.holds.level_for(symbol));
        if level == Level::KillSwitch {
            let why = "the kill switch is active; ibis kill activate --flatten sells what is held";
            return Err(Refused::because(why));
        }
        if self.to_be_sold(scope).next().is_none() {
            return Err(Refused::because("nothing is held there that could be sold"));
        }
        Ok(())
    }

    /// Begins to sell at once; [`Engine::flatten`] goes on with it at every new price.
    pub(super) fn force_exit(
        &mut self,
        scope: Option<Symbol>,
        said: &str,
        actions: &mut Vec<Action>,
    ) {
        let sold: Vec<_> = self.to_be_sold(scope).collect();
        for (index, symbol) in sold {
            let (scope, code, level) = (Some(symbol), HoldCode::Flatten, Level::SoftPause);
            let (reason, set_at) = (said.to_owned(), self.now);
            self.set_hold(Hold { scope, code, level, reason, set_at, until: None }, actions);
            self.cancel_entries_in(scope, actions);
            self.consider_exit(index, Purpose::ForceExit, actions);
        }
    }

    /// The kill switch voids what was to be sold before it: what is sold under it is its own word.
    pub(super) fn give_up_selling(&mut self, actions: &mut Vec<Action>) {
        let milder =
            |hold: &&Hold| hold.code == HoldCode::Flatten && hold.level != Level::KillSwitch;
        let scopes: Vec<_> = self.holds.iter().filter(milder).map(|hold| hold.scope).collect();
        for scope in scopes {
            self.release_hold(scope, HoldCode::Flatten, actions);
        }
    }

    /// Where something is held, or may come to be by an order that is at work.
    fn to_be_sold(&self, scope: Option<Symbol>) -> impl Iterator<Item = (usize, Symbol)> {
        let desks = self.desks.iter().enumerate().filter(|(_, desk)| !is_sold(desk));
        desks
            .map(|(index, desk)| (index, desk.instrument.symbol()))
            .filter(move |(_, symbol)| scope.is_none_or(|wanted| wanted == *symbol))
    }
}

/// True where nothing is held that could be sold, and nothing is at work.
fn is_sold(desk: &Desk) -> bool {
    desk.order.is_none() && (desk.position.is_flat() || desk.is_dust() || desk.dust)
}
