//! freqtrade's protections at work: CooldownPeriod, StoplossGuard, MaxDrawdown, LowProfitPairs.

use super::Engine;
use crate::domain::decimal::Decimal;
use crate::domain::hold::{HoldCode, Level};
use crate::domain::identifier::ClientOrderId;
use crate::domain::order::Purpose;
use crate::domain::position::Realized;
use crate::domain::symbol::Symbol;
use crate::engine::action::Action;
use crate::risk::guard::protection::ClosedTrade;

impl Engine {
    /// A part of an exit is sold.
    pub(in crate::engine) fn guard_sale(&mut self, id: ClientOrderId, realized: &Realized) {
        let (net, cost) = self.guards.selling.entry(id).or_default();
        *net += realized.net();
        *cost += realized.cost;
    }

    /// An order is over: where it sold something, that is a closed trade.
    pub(in crate::engine) fn guard_end(
        &mut self,
        (id, purpose, symbol): (ClientOrderId, Purpose, Symbol),
        actions: &mut Vec<Action>,
    ) {
        let Some((net, cost)) = self.guards.selling.remove(&id) else { return };
        let stopped = matches!(purpose, Purpose::StopLoss | Purpose::TrailingStop);
        self.guards.trades.push(ClosedTrade { at: self.now, symbol, net, cost, stopped });
        let guards = self.settings.guards.clone();
        let pair = Some(symbol);
        let cooldown = guards.cooldown_period;
        if cooldown.is_on() {
            let reason = "a pause after an exit".to_owned();
            let pause = cooldown.stop_duration_us;
            self.protect((pair, HoldCode::CooldownPeriod), pause, reason, actions);
        }
        let stops = guards.stoploss_guard;
        let scope = pair.filter(|_| stops.only_per_pair);
        if stops.is_on() && stopped && self.guards.trades.stops(&stops, scope, self.now) {
            let reason = format!(
                "{} stops within {} min",
                stops.trade_limit,
                minutes(stops.lookback_period_us)
            );
            self.protect((scope, HoldCode::StoplossGuard), stops.stop_duration_us, reason, actions);
        }
        let low = guards.low_profit_pairs;
        if low.is_on() && self.guards.trades.earns_too_little(&low, symbol, self.now) {
            let reason =
                format!("too little earned within {} min", minutes(low.lookback_period_us));
            self.protect((pair, HoldCode::LowProfitPairs), low.stop_duration_us, reason, actions);
        }
    }

    /// MaxDrawdown, open positions included, whether or not anything was sold.
    pub(super) fn watch_drawdown(&mut self, equity: Decimal, actions: &mut Vec<Action>) {
        let guard = self.settings.guards.max_drawdown;
        if !guard.is_on() {
            return;
        }
        self.guards.trades.measure(&guard, self.now, equity);
        let code = HoldCode::MaxDrawdown;
        if !self.holds.is_set(None, code) && self.guards.trades.drawdown(&guard, self.now, equity) {
            let reason = format!("lost too much within {} min", minutes(guard.lookback_period_us));
            self.protect((None, code), guard.stop_duration_us, reason, actions);
        }
    }

    fn protect(
        &mut self,
        (scope, code): (Option<Symbol>, HoldCode),
        pause_us: i64,
        reason: String,
        actions: &mut Vec<Action>,
    ) {
        self.guard((scope, code, Level::SoftPause), Some(pause_us), reason, actions);
    }
}

const fn minutes(us: i64) -> i64 {
    us / 60_000_000
}
