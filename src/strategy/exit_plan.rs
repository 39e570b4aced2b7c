//! When a position ends: stop-loss, take-profit, trailing stop, age.
//!
//! Prices are ticks, set once from what was paid and rounded against us: the stop down, the target
//! up. The trailing stop never moves down.

use super::StrategySettings;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::instrument::{Instrument, Ticks};
use crate::domain::order::Purpose;
use crate::domain::time::Timestamp;

/// The prices and the age at which a position ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExitPlan {
    /// Sell when the bid is at or below this.
    pub stop: Ticks,
    /// Sell when the bid is at or above this; zero is off.
    pub take_profit: Ticks,
    /// The highest bid since the entry.
    pub high: Ticks,
    /// The high from which the trailing stop works; zero is off.
    trailing_from: Ticks,
    /// When the position was opened.
    pub opened_at: Timestamp,
}

impl ExitPlan {
    /// The plan for a position whose average price is `average`, or `None` off the grid's range.
    pub fn new(
        settings: &StrategySettings,
        instrument: &Instrument,
        average: Decimal,
        opened_at: Timestamp,
    ) -> Option<Self> {
        let scaled = |ratio: Decimal, round| average.mul(ratio, round);
        let above = |gain: Decimal| match gain.is_zero() {
            true => Some(Ticks::ZERO),
            false => instrument.price_ceil(scaled(Decimal::ONE + gain, Round::Up)).ok(),
        };
        Some(Self {
            stop: instrument
                .price_floor(scaled(Decimal::ONE - settings.stop_loss, Round::Down))
                .ok()?,
            take_profit: above(settings.take_profit)?,
            high: instrument.price_floor(average).ok()?,
            trailing_from: above(settings.trailing_activation)?,
            opened_at,
        })
    }

    /// Takes a bid in; says why to sell, if there is a reason. The stop comes first.
    pub fn judge(
        &mut self,
        settings: &StrategySettings,
        bid: Ticks,
        now: Timestamp,
    ) -> Option<Purpose> {
        self.high = self.high.max(bid);
        if bid <= self.stop {
            return Some(Purpose::StopLoss);
        }
        if self.take_profit > Ticks::ZERO && bid >= self.take_profit {
            return Some(Purpose::TakeProfit);
        }
        if self.trailing_stop(settings).is_some_and(|stop| bid <= stop) {
            return Some(Purpose::TrailingStop);
        }
        (now.us_since(self.opened_at) >= settings.hold_max_us).then_some(Purpose::TimeExit)
    }

    /// Where the trailing stop is now, if it works.
    pub fn trailing_stop(&self, settings: &StrategySettings) -> Option<Ticks> {
        if self.trailing_from == Ticks::ZERO || self.high < self.trailing_from {
            return None;
        }
        let high = Decimal::from_int(self.high.get());
        let stop = high.mul(Decimal::ONE - settings.trailing_distance, Round::Down);
        i64::try_from(stop.floor_to(Decimal::ONE).raw() / Decimal::ONE.raw()).ok().map(Ticks::new)
    }

    /// This plan with the highest bid seen before a restart.
    pub fn with_high(self, high: Ticks) -> Self {
        Self { high: self.high.max(high), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::tests::btc;
    use crate::strategy::tests::settings;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_us(seconds * 1_000_000)
    }

    fn plan() -> ExitPlan {
        ExitPlan::new(&settings(), &btc(), Decimal::from_int(60_000), at(0)).unwrap()
    }

    #[test]
    fn prices_round_against_us() {
        let plan =
            ExitPlan::new(&settings(), &btc(), Decimal::parse("60000.13").unwrap(), at(0)).unwrap();
        assert_eq!(plan.stop, Ticks::new(579_001)); // 57900.12545 down
        assert_eq!(plan.take_profit, Ticks::new(612_002)); // 61200.1326 up
    }

    #[test]
    fn the_stop_comes_first_then_the_target_then_age() {
        let settings = settings();
        assert_eq!(plan().judge(&settings, Ticks::new(579_001), at(1)), None);
        assert_eq!(plan().judge(&settings, Ticks::new(579_000), at(1)), Some(Purpose::StopLoss));
        assert_eq!(plan().judge(&settings, Ticks::new(612_000), at(1)), Some(Purpose::TakeProfit));
        assert_eq!(
            plan().judge(&settings, Ticks::new(600_000), at(1_800)),
            Some(Purpose::TimeExit)
        );
    }

    #[test]
    fn the_trailing_stop_works_from_its_activation_and_never_loosens() {
        let settings = StrategySettings { take_profit: Decimal::ZERO, ..settings() };
        let mut plan = ExitPlan::new(&settings, &btc(), Decimal::from_int(60_000), at(0)).unwrap();
        assert_eq!(plan.judge(&settings, Ticks::new(605_000), at(1)), None);
        assert_eq!(plan.trailing_stop(&settings), None, "0.83 % is below the activation of 1 %");
        assert_eq!(plan.judge(&settings, Ticks::new(630_000), at(2)), None);
        assert_eq!(plan.trailing_stop(&settings), Some(Ticks::new(617_400)));
        assert_eq!(plan.judge(&settings, Ticks::new(620_000), at(3)), None);
        assert_eq!(plan.trailing_stop(&settings), Some(Ticks::new(617_400)));
        assert_eq!(plan.judge(&settings, Ticks::new(617_400), at(4)), Some(Purpose::TrailingStop));
    }
}
