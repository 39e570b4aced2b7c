//! The account's guards: losses, turnover; being degraded for too long, and instruments without news.

use super::Engine;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::hold::{HoldCode, Level};
use crate::domain::identifier::Asset;
use crate::domain::record::{DayRow, Projection};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::engine::action::Action;
use crate::risk::guard::account::Reference;

/// A transfer waits this long for a price, in microseconds; without one it counts for nothing. Until then
/// nothing is graded: what was sent away is no loss.
const PRICE_WAIT_US: i64 = 300_000_000;
/// The account's guards.
const CODES: [HoldCode; 3] = [HoldCode::DailyLoss, HoldCode::Drawdown, HoldCode::Turnover];
/// More than half of the instruments without news, for twice as long as one may be, is the feed's doing
/// (seed 004: 60 s on more than half).
const STALE_MARKET_FACTOR: i64 = 2;

/// What the account's guards measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measured {
    /// The equity at the beginning of the UTC day, in quote units.
    pub open: Decimal,
    /// Lost since then, as a fraction of it.
    pub daily_loss: Decimal,
    /// Lost since the peak, as a fraction of it.
    pub drawdown: Decimal,
    /// Bought and sold in the day, as a multiple of its first equity.
    pub turnover: Decimal,
}

impl Engine {
    /// What the account's guards measure now; none where the account, or a transfer, has no price, or where
    /// none of them is on.
    pub fn measured(&self) -> Option<Measured> {
        let worth = self.account_asset().map(|asset| self.worth(asset))?;
        let reference =
            self.guards.reference.filter(|_| self.guard_settings().measures_account())?;
        let equity = worth.equity();
        (worth.complete && self.guards.unpriced.is_empty()).then(|| Measured {
            open: reference.open,
            daily_loss: reference.daily_loss(equity),
            drawdown: reference.drawdown(equity),
            turnover: reference.turnover_ratio(),
        })
    }

    /// Measures the account, where all of it has a price.
    pub(super) fn watch_account(&mut self, actions: &mut Vec<Action>) {
        if !self.guard_settings().measures_account() {
            // Switched off since they were set.
            return CODES.into_iter().for_each(|code| self.clear_hold(None, code, actions));
        }
        let Some(worth) = self.account_asset().map(|asset| self.worth(asset)) else { return };
        if !worth.complete || self.holds.is_set(None, HoldCode::Startup) {
            return;
        }
        let equity = worth.equity();
        if !self.price_transfers() {
            return;
        }
        let now = self.now;
        let reference = self.guards.reference.get_or_insert_with(|| Reference::new(now, equity));
        let is_new_day = reference.update(now, equity);
        let reference = *reference;
        if is_new_day && self.guard_settings().daily_loss_auto_resume {
            self.end_days_stop(actions);
        }
        let guards = self.guard_settings();
        let (loss, drawdown) = (reference.daily_loss(equity), reference.drawdown(equity));
        let turnover = reference.turnover_ratio();
        let grades = [
            (HoldCode::DailyLoss, guards.daily_loss.level(loss), loss, reference.open),
            (HoldCode::Drawdown, guards.drawdown.level(drawdown), drawdown, reference.peak),
            (HoldCode::Turnover, guards.turnover.level(turnover), turnover, reference.open),
        ];
        for (code, level, ratio, of) in grades {
            let reason = || arithmetic(code, ratio, of, equity);
            self.grade((None, code, level), reason, actions);
        }
        self.watch_drawdown(equity, actions);
        self.keep_reference(actions);
    }

    /// Writes down what the account is compared with, where that changed.
    fn keep_reference(&mut self, actions: &mut Vec<Action>) {
        let Some(row) = self.guards.reference.map(DayRow::from) else { return };
        // The peak moves with every tick of a good day: once a minute is enough.
        let is_due = self.guards.written.is_none_or(|written| {
            let same = DayRow { at: written.at, ..row } == written;
            !same
                && (written.day != row.day
                    || self.now.us_since(written.at) >= super::super::SAMPLE_US)
        });
        if is_due {
            let row = DayRow { at: self.now, ..row };
            self.guards.written = Some(row);
            actions.push(Action::Project(Projection::Day(row)));
        }
    }

    /// The day is over, and with it the stop for what was lost in it; a pause follows.
    fn end_days_stop(&mut self, actions: &mut Vec<Action>) {
        let code = HoldCode::DailyLoss;
        if self.holds.get(None, code).is_some_and(|hold| hold.level == Level::HardStop) {
            self.release_hold(None, code, actions);
            let pause = self.guard_settings().dwell_us;
            let reason = "a new day after a hard stop".to_owned();
            self.guard((None, code, Level::SoftPause), Some(pause), reason, actions);
        }
    }

    /// What came or went without a trade is neither gain nor loss.
    pub(in crate::engine) fn guard_transfer(&mut self, asset: Asset, amount: Decimal) {
        if self.guard_settings().measures_account() {
            self.guards.unpriced.push((asset, amount, self.now));
        }
    }

    /// Takes transfers into the reference; false while one of them waits for its price.
    fn price_transfers(&mut self) -> bool {
        let Some(quote) = self.account_asset() else { return true };
        let mut waiting = Vec::new();
        for (asset, amount, since) in std::mem::take(&mut self.guards.unpriced) {
            let trades = self.desks.iter().any(|desk| desk.instrument.base() == asset);
            let value =
                if asset == quote { Some(amount) } else { self.value_of(asset, quote, amount) };
            match (value, &mut self.guards.reference) {
                (Some(value), Some(reference)) => reference.transfer(value),
                (None, Some(_)) if trades && self.now.us_since(since) < PRICE_WAIT_US => {
                    waiting.push((asset, amount, since));
                }
                // Nothing is compared yet, or the account does not count it.
                (Some(_) | None, None | Some(_)) => {}
            }
        }
        self.guards.unpriced = waiting;
        self.guards.unpriced.is_empty()
    }

    /// What an amount of an asset brings in `quote`; none where it is not counted there.
    fn value_of(&self, asset: Asset, quote: Asset, amount: Decimal) -> Option<Decimal> {
        let trades = |desk: &&crate::engine::desk::Desk| {
            desk.instrument.base() == asset && desk.instrument.quote() == quote
        };
        let desk = self.desks.iter().find(trades)?;
        let bid = desk.instrument.price_of(desk.top.quote()?.bid);
        Some(bid.mul(amount, Round::Down))
    }

    /// Degraded for too long is no passing trouble.
    pub(super) fn watch_degraded(&mut self, actions: &mut Vec<Action>) {
        let max_us = self.guard_settings().degraded_max_us;
        let code = HoldCode::DegradedTooLong;
        let others = self.holds.iter().filter(|hold| hold.scope.is_none() && hold.code != code);
        let level = others.map(|hold| hold.level).max().unwrap_or(Level::Running);
        let is_degraded = level == Level::Degraded;
        let since = self.guards.degraded_since.filter(|_| is_degraded);
        self.guards.degraded_since = is_degraded.then(|| since.unwrap_or(self.now));
        let long = since.is_some_and(|at| max_us > 0 && self.now.us_since(at) >= max_us);
        let level = if long { Level::SoftPause } else { Level::Running };
        let reason = || format!("degraded for {} min", max_us / 60_000_000);
        self.grade((None, code, level), reason, actions);
    }

    /// Instruments without news get no entries.
    pub(super) fn watch_news(&mut self, actions: &mut Vec<Action>) {
        let max_us = self.guard_settings().stale_after_us;
        if max_us == 0 {
            return;
        }
        let (mut traded, mut silent) = (0usize, 0usize);
        for index in 0..self.desks.len() {
            let Some(desk) = self.desks.get(index).filter(|desk| desk.traded) else { continue };
            let Some(age) = age(desk.market_at, self.now) else { continue };
            let symbol: Symbol = desk.instrument.symbol();
            traded += 1;
            silent += usize::from(age > max_us.saturating_mul(STALE_MARKET_FACTOR));
            let level = if age > max_us { Level::SoftPause } else { Level::Running };
            let reason = || format!("no news for {} s", max_us / 1_000_000);
            self.grade((Some(symbol), HoldCode::StaleData, level), reason, actions);
        }
        let level = if silent * 2 > traded { Level::Degraded } else { Level::Running };
        let reason = || format!("no news of {silent} of {traded} instruments");
        self.grade((None, HoldCode::StaleMarket, level), reason, actions);
    }

    /// A difference between ledger and venue that stays is no delay.
    pub(in crate::engine) fn guard_mismatch(&mut self, differs: bool, actions: &mut Vec<Action>) {
        let max_us = self.guard_settings().mismatch_max_us;
        let since = self.guards.mismatched_since.filter(|_| differs);
        self.guards.mismatched_since = differs.then(|| since.unwrap_or(self.now));
        if since.is_some_and(|at| max_us > 0 && self.now.us_since(at) >= max_us) {
            let reason = format!("ledger and venue differ for {} s", max_us / 1_000_000);
            let hold = (None, HoldCode::ReconcileMismatch, Level::HardStop);
            self.guard(hold, None, reason, actions);
        }
    }
}

/// How old news is; none before the first.
fn age(at: Timestamp, now: Timestamp) -> Option<i64> {
    (at.us() != i64::MIN).then(|| now.us_since(at))
}

/// The arithmetic, so that nobody has to trust it.
fn arithmetic(code: HoldCode, ratio: Decimal, of: Decimal, equity: Decimal) -> String {
    let percent = ratio.mul(Decimal::from_int(100), Round::Up).to_fixed(2);
    let (of, equity) = (of.to_fixed(2), equity.to_fixed(2));
    if code == HoldCode::Turnover {
        return format!("turned over {} times the day's {of}", ratio.to_fixed(2));
    }
    let since = if code == HoldCode::Drawdown { "peak of" } else { "day's" };
    format!("equity {equity}, {percent} % below the {since} {of}")
}
