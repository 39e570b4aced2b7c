//! Market data: moves the best bid and offer, closes candles, triggers exits and entries.

use super::Engine;
use super::action::Action;
use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::{Candle, MarketData, MarketEvent};
use crate::domain::order::Purpose;
use crate::strategy::cross::{Cross, Signal};

impl Engine {
    pub(super) fn on_market(&mut self, event: &MarketEvent, actions: &mut Vec<Action>) {
        let index = event.instrument.index();
        let Some(desk) = self.desks.get_mut(index) else { return };
        desk.market_at = event.at;
        let moved = desk.top.apply(&event.data);
        let closed = if desk.candles_given { None } else { desk.builder.close_by(event.at) };
        match &event.data {
            MarketData::Trade(trade) if !desk.candles_given => desk.builder.push(event.at, trade),
            MarketData::Trade(_)
            | MarketData::Quote(_)
            | MarketData::Candle(_)
            | MarketData::Depth(_)
            | MarketData::DepthReset => {}
        }
        if desk.plan.is_none() {
            self.judged(event.instrument, actions);
        }
        let Some(desk) = self.desks.get_mut(index) else { return };
        // Exits before entries: what is at stake comes first.
        if moved && (desk.plan.is_some() || desk.order.is_some()) {
            self.watch_position(index, actions);
        }
        if moved {
            self.flatten(index, actions);
        }
        if let MarketData::Candle(candle) = &event.data {
            self.take_given_candle(index, candle, actions);
        } else if let Some(candle) = closed {
            self.on_candle(index, &candle, actions);
        }
    }

    /// A candle of the source's own. The first one voids what was built from its prints.
    fn take_given_candle(&mut self, index: usize, candle: &Candle, actions: &mut Vec<Action>) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        if !desk.candles_given {
            desk.candles_given = true;
            let strategy = &self.settings.strategy;
            desk.cross = Cross::new(strategy.fast_candles, strategy.slow_candles);
        }
        self.on_candle(index, candle, actions);
    }

    fn on_candle(&mut self, index: usize, candle: &Candle, actions: &mut Vec<Action>) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(signal) = desk.cross.push(candle.close) else { return };
        let Ok(id) = u16::try_from(index) else { return };
        match signal {
            Signal::CrossUp if desk.traded => self.consider_entry(InstrumentId(id), actions),
            Signal::CrossUp => {}
            Signal::CrossDown if self.settings.strategy.exit_on_cross => {
                self.consider_exit(index, Purpose::SignalExit, actions);
            }
            Signal::CrossDown => {}
        }
    }

    /// Judges the position's plan at the new bid, and the age of an open entry.
    fn watch_position(&mut self, index: usize, actions: &mut Vec<Action>) {
        self.cancel_stale_entry(index, actions);
        let (strategy, now) = (&self.settings.strategy, self.now);
        let Some(desk) = self.desks.get_mut(index) else { return };
        let (Some(plan), Some(quote)) = (desk.plan.as_mut(), desk.top.quote()) else { return };
        if let Some(purpose) = plan.judge(strategy, quote.bid, now) {
            self.consider_exit(index, purpose, actions);
        }
        if let Ok(id) = u16::try_from(index) {
            self.judged(InstrumentId(id), actions);
        }
    }
}
