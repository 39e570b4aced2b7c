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
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct ExitPlan {
    /// Sell when the bid is at or below this.
    pub stop: Ticks,
    /// Sell when the bid is at or above this; zero is off.
    pub take_profit: Ticks,
    /// The highest bid since the entry.
    pub high: Ticks,
    /// The high from which the trailing stop works; zero is off.
    trailing_from: Ticks,
    /// Where the trailing stop is; zero while it does not work.
    trailing_stop: Ticks,
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
        let high = instrument.price_floor(average).ok()?;
        let plan = Self {
            stop: instrument
                .price_floor(scaled(Decimal::ONE - settings.stop_loss, Round::Down))
                .ok()?,
            take_profit: above(settings.take_profit)?,
            high,
            trailing_from: above(settings.trailing_activation)?,
            trailing_stop: Ticks::ZERO,
            opened_at,
        };
        Some(plan.with_high(settings, high))
    }

    /// Takes a bid in; says why to sell, if there is a reason. The stop comes first.
    pub fn judge(
        &mut self,
        settings: &StrategySettings,
        bid: Ticks,
        now: Timestamp,
    ) -> Option<Purpose> {
        if bid > self.high {
            *self = self.with_high(settings, bid);
        }
        if bid <= self.stop {
            return Some(Purpose::StopLoss);
        }
        if self.take_profit > Ticks::ZERO && bid >= self.take_profit {
            return Some(Purpose::TakeProfit);
        }
        if bid <= self.trailing_stop {
            return Some(Purpose::TrailingStop);
        }
        (now.us_since(self.opened_at) >= settings.hold_max_us).then_some(Purpose::TimeExit)
    }

    /// This plan with at least this highest bid, and the trailing stop that follows from it.
    pub fn with_high(self, settings: &StrategySettings, high: Ticks) -> Self {
        let high = self.high.max(high);
        let works = self.trailing_from > Ticks::ZERO && high >= self.trailing_from;
        let trailing_stop = if works { trail(settings, high) } else { Ticks::ZERO };
        Self { high, trailing_stop: self.trailing_stop.max(trailing_stop), ..self }
    }

    /// Where the trailing stop is, if it works.
    pub fn trailing_stop(&self) -> Option<Ticks> {
        (self.trailing_stop > Ticks::ZERO).then_some(self.trailing_stop)
    }
}

/// The trailing distance below the high, in whole ticks, rounded down.
fn trail(settings: &StrategySettings, high: Ticks) -> Ticks {
    let stop =
        Decimal::from_int(high.get()).mul(Decimal::ONE - settings.trailing_distance, Round::Down);
    Ticks::new(i64::try_from(stop.raw() / Decimal::ONE.raw()).unwrap_or(0))
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
        assert_eq!(plan.trailing_stop(), None, "0.83 % is below the activation of 1 %");
        assert_eq!(plan.judge(&settings, Ticks::new(630_000), at(2)), None);
        assert_eq!(plan.trailing_stop(), Some(Ticks::new(617_400)));
        assert_eq!(plan.judge(&settings, Ticks::new(620_000), at(3)), None);
        assert_eq!(plan.trailing_stop(), Some(Ticks::new(617_400)));
        assert_eq!(plan.judge(&settings, Ticks::new(617_400), at(4)), Some(Purpose::TrailingStop));
    }
}
