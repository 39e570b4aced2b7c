//! The orders' guards: refusals in a row, cancels, fills worse than the decision, entries that do not pay.

use super::Engine;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::execution::{Execution, ReportKind};
use crate::domain::hold::{HoldCode, Level};
use crate::domain::instrument::Ticks;
use crate::domain::market_data::Quote;
use crate::domain::side::Side;
use crate::engine::action::Action;
use crate::engine::desk::Desk;
use crate::risk::guard::streak::Storm;
use crate::risk::refusal::Refusal;

impl Engine {
    /// What the venue's word about an open order says of the orders before it.
    pub(in crate::engine) fn guard_report(&mut self, kind: &ReportKind, actions: &mut Vec<Action>) {
        match kind {
            ReportKind::Accepted { .. } => self.guards.order_errors.succeed(),
            ReportKind::Rejected(_) => {
                let burst = self.guard_settings().order_errors;
                if self.guards.order_errors.fail(burst.count) {
                    let hold = (None, HoldCode::OrderErrors, Level::SoftPause);
                    let reason = format!("{} orders refused in a row", burst.count);
                    self.guard(hold, Some(burst.pause_us), reason, actions);
                }
            }
            ReportKind::Canceled(_) => self.guards.cancel_failures.succeed(),
            ReportKind::CancelRejected(_) => {
                let max = self.guard_settings().cancel_failures_max;
                if self.guards.cancel_failures.fail(max) {
                    let hold = (None, HoldCode::CancelFailures, Level::HardStop);
                    let reason = format!("{max} cancels refused in a row");
                    self.guard(hold, None, reason, actions);
                }
            }
            ReportKind::Expired | ReportKind::AnswerLost | ReportKind::Fill(_) => {}
        }
    }

    /// A cancel is sent. What a stop cancels is no storm.
    pub(in crate::engine) fn guard_cancel(&mut self, actions: &mut Vec<Action>) {
        if self.level().latches() || self.holds.is_set(None, HoldCode::Draining) {
            return;
        }
        let guards = &self.settings.guards;
        let (burst, storms_max) = (guards.cancels, guards.cancel_storms_max);
        let count = burst.count;
        match self.guards.cancels.push(self.now, count, storms_max) {
            Storm::None => {}
            Storm::Minute => {
                let hold = (None, HoldCode::CancelStorm, Level::SoftPause);
                let reason = format!("more than {count} cancels in a minute");
                self.guard(hold, Some(burst.pause_us), reason, actions);
            }
            Storm::Hour => {
                let hold = (None, HoldCode::CancelStorm, Level::HardStop);
                let reason = format!("{storms_max} times more than {count} cancels in a minute");
                self.guard(hold, None, reason, actions);
            }
        }
    }

    /// A fill of ours, and the price its decision saw.
    pub(in crate::engine) fn guard_fill(
        &mut self,
        execution: &Execution,
        reference: Ticks,
        actions: &mut Vec<Action>,
    ) {
        self.guards.order_errors.succeed();
        self.guards.cancel_failures.succeed();
        if let Some(day) = &mut self.guards.reference {
            day.trade(self.now, execution.notional);
        }
        let burst = self.guard_settings().slippage;
        let Some(desk) = self.desks.get(execution.instrument.index()) else { return };
        let symbol = desk.instrument.symbol();
        let slipped = slippage(desk, execution, reference) > self.guard_settings().slippage_max;
        let streak = self.guards.slips.entry(symbol).or_default();
        if !slipped {
            streak.succeed();
        } else if streak.fail(burst.count) {
            let hold = (Some(symbol), HoldCode::Slippage, Level::SoftPause);
            let reason = format!("{} fills in a row worse than decided", burst.count);
            self.guard(hold, Some(burst.pause_us), reason, actions);
        }
    }

    /// Whether an entry at this quote can pay for itself: its target, less both fees and the spread.
    pub(in crate::engine) fn check_edge(&self, desk: &Desk, quote: &Quote) -> Result<(), Refusal> {
        let guards = &self.settings.guards;
        let Some(min) = guards.edge_min else { return Ok(()) };
        let is_thin = self.guards.thin.contains_key(&desk.instrument.symbol());
        let needed = if is_thin { guards.edge_resume } else { min };
        if self.edge(desk, quote) < needed { Err(Refusal::Edge) } else { Ok(()) }
    }

    /// An entry was refused, or not, for what it can earn.
    pub(in crate::engine) fn guard_edge(
        &mut self,
        index: usize,
        is_thin: bool,
        actions: &mut Vec<Action>,
    ) {
        let Some(symbol) = self.desks.get(index).map(|desk| desk.instrument.symbol()) else {
            return;
        };
        if !is_thin {
            self.guards.thin.remove(&symbol);
            return;
        }
        self.guards.thin.insert(symbol, ());
        let pause = self.guard_settings().edge_pause_us;
        let hold = (Some(symbol), HoldCode::Edge, Level::SoftPause);
        let reason = "the target does not pay for fees and spread".to_owned();
        self.guard(hold, Some(pause), reason, actions);
    }

    fn edge(&self, desk: &Desk, quote: &Quote) -> Decimal {
        let strategy = &self.settings.strategy;
        let spec = desk.instrument.spec();
        let entry_fee = if strategy.entry_takes { spec.taker_fee } else { spec.maker_fee };
        let (bid, ask) = (desk.instrument.price_of(quote.bid), desk.instrument.price_of(quote.ask));
        let spread = if bid.is_positive() { (ask - bid).div(bid, Round::Up) } else { Decimal::ONE };
        strategy.take_profit - entry_fee - spec.taker_fee - spread
    }
}

/// How much worse a fill was than what its decision saw, as a fraction of that.
fn slippage(desk: &Desk, execution: &Execution, reference: Ticks) -> Decimal {
    let seen = desk.instrument.price_of(reference);
    let got = desk.instrument.price_of(execution.price);
    let worse = match execution.side {
        Side::Buy => got - seen,
        Side::Sell => seen - got,
    };
    if seen.is_positive() { worse.div(seen, Round::Up) } else { Decimal::ZERO }
}
