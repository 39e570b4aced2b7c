//! The reasons for an order, written down just before its intent.

use super::Engine;
use super::action::Action;
use super::desk::Desk;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::decision::{DecisionRecord, PlanRecord, SignalRecord, SizeRecord};
use crate::domain::instrument::Ticks;
use crate::domain::order::{NewOrder, Purpose};
use crate::domain::record::Record;
use crate::risk::limit::Account;
use crate::risk::sizing::Size;
use crate::strategy::moving_average::MovingSum;

impl Engine {
    /// Writes down why `order` is about to be sent.
    pub(super) fn note_decision(
        &self,
        order: &NewOrder,
        size: Option<SizeRecord>,
        actions: &mut Vec<Action>,
    ) {
        let Some(desk) = self.desks.get(order.instrument().index()) else { return };
        let (symbol, purpose) = (desk.instrument.symbol(), order.purpose());
        let quote = desk.top.quote();
        let by_signal = matches!(purpose, Purpose::Entry | Purpose::SignalExit);
        let decision = DecisionRecord {
            client_order_id: order.client_order_id(),
            symbol,
            purpose,
            bid: quote.map(|quote| desk.instrument.price_of(quote.bid)),
            ask: quote.map(|quote| desk.instrument.price_of(quote.ask)),
            signal: if by_signal { signal(desk) } else { None },
            plan: if purpose.is_exit() { plan(desk) } else { None },
            level: self.holds.level_for(symbol),
            size,
        };
        self.record(Record::Decision(Box::new(decision)), actions);
    }
}

/// What sized an entry, as written down.
pub(super) fn size_record(account: &Account, size: &Size) -> SizeRecord {
    SizeRecord {
        equity: account.equity,
        available: account.available,
        exposure_total: account.exposure_total,
        exposure_instrument: account.exposure_instrument,
        open_positions: account.open_positions,
        notional: size.notional,
        bound: size.bound,
    }
}

fn signal(desk: &Desk) -> Option<SignalRecord> {
    let (fast, slow) = (desk.cross.fast(), desk.cross.slow());
    Some(SignalRecord {
        close: desk.instrument.price_of(Ticks::new(fast.last())),
        fast: average(desk, fast)?,
        fast_candles: fast.length(),
        slow: average(desk, slow)?,
        slow_candles: slow.length(),
    })
}

fn average(desk: &Desk, window: &MovingSum) -> Option<Decimal> {
    let length = Decimal::from_raw(i128::try_from(window.length()).ok()?);
    let sum = Decimal::from_raw(window.sum()?);
    Some(desk.instrument.spec().tick.mul_div(sum, length, Round::Down))
}

fn plan(desk: &Desk) -> Option<PlanRecord> {
    let plan = desk.plan?;
    let price = |ticks| desk.instrument.price_of(ticks);
    Some(PlanRecord {
        average: desk.position.average_price(),
        opened_at: plan.opened_at,
        stop: price(plan.stop),
        take_profit: (plan.take_profit > Ticks::ZERO).then(|| price(plan.take_profit)),
        trailing_stop: plan.trailing_stop().map(price),
        high: price(plan.high),
    })
}
