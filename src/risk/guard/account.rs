//! What the account lost and turned over: since the beginning of the UTC day, and since its peak.
//!
//! Deposits and withdrawals are neither gain nor loss: they move what is compared with. So does an
//! operator who resumes after a stop: from there on it is measured anew.

use serde::{Deserialize, Serialize};

use crate::domain::decimal::{Decimal, Round};
use crate::domain::record::DayRow;
use crate::domain::time::Timestamp;

/// What the account is compared with. It outlives the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reference {
    /// The beginning of the UTC day.
    pub day: Timestamp,
    /// The equity then, in quote units.
    pub open: Decimal,
    /// The highest equity, in quote units.
    pub peak: Decimal,
    /// Bought and sold in the day, in quote units.
    pub turnover: Decimal,
}

impl From<DayRow> for Reference {
    fn from(DayRow { day, open, peak, turnover, .. }: DayRow) -> Self {
        Self { day, open, peak, turnover }
    }
}

impl From<Reference> for DayRow {
    /// Written at the beginning of its day, until somebody says when.
    fn from(Reference { day, open, peak, turnover }: Reference) -> Self {
        Self { day, open, peak, turnover, at: day }
    }
}

impl Reference {
    /// Begins with the account as it stands.
    pub fn new(now: Timestamp, equity: Decimal) -> Self {
        Self { day: now.day(), open: equity, peak: equity, turnover: Decimal::ZERO }
    }

    /// Takes the equity of now in. True where a new day began.
    pub fn update(&mut self, now: Timestamp, equity: Decimal) -> bool {
        self.peak = self.peak.max(equity);
        let is_new_day = now.day() > self.day;
        if is_new_day {
            *self = Self { peak: self.peak, ..Self::new(now, equity) };
        }
        is_new_day
    }

    /// Something came or went that was neither earned nor lost, worth so much.
    pub fn transfer(&mut self, value: Decimal) {
        self.open += value;
        self.peak += value;
    }

    /// A fill bought or sold for so much.
    pub fn trade(&mut self, now: Timestamp, notional: Decimal) {
        if now.day() == self.day {
            self.turnover += notional;
        }
    }

    /// Lost since the beginning of the day, as a fraction of the equity then; zero for a gain.
    pub fn daily_loss(&self, equity: Decimal) -> Decimal {
        fraction(self.open - equity, self.open)
    }

    /// Lost since the peak, as a fraction of it.
    pub fn drawdown(&self, equity: Decimal) -> Decimal {
        fraction(self.peak - equity, self.peak)
    }

    /// The day's turnover, as a multiple of the equity at its beginning.
    pub fn turnover_ratio(&self) -> Decimal {
        fraction(self.turnover, self.open)
    }
}

/// A part of a whole, never negative, rounded to the strict side; nothing of nothing.
fn fraction(part: Decimal, whole: Decimal) -> Decimal {
    if !whole.is_positive() || !part.is_positive() {
        return Decimal::ZERO;
    }
    part.div(whole, Round::Up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY_US;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn at(days: i64, us: i64) -> Timestamp {
        Timestamp::from_us(days * DAY_US + us)
    }

    #[test]
    fn a_day_ends_at_midnight_utc_to_the_microsecond_and_the_peak_outlives_it() {
        let mut reference = Reference::new(at(1, 5), d("1000"));
        assert!(!reference.update(at(1, DAY_US - 1), d("1100")));
        reference.trade(at(1, DAY_US - 1), d("500"));
        assert_eq!(reference.daily_loss(d("970")), d("0.03"));
        assert_eq!(reference.turnover_ratio(), d("0.5"));
        assert!(reference.update(at(2, 0), d("990")));
        assert_eq!((reference.open, reference.turnover), (d("990"), Decimal::ZERO));
        assert_eq!(reference.drawdown(d("990")), d("0.1"));
        assert!(!reference.update(at(1, 0), d("990")), "a clock that goes back ends no day");
    }

    #[test]
    fn a_deposit_is_no_gain_and_a_withdrawal_no_loss() {
        let mut reference = Reference::new(at(1, 0), d("1000"));
        reference.transfer(d("-500"));
        assert_eq!(reference.daily_loss(d("500")), Decimal::ZERO);
        assert_eq!(reference.drawdown(d("500")), Decimal::ZERO);
        reference.transfer(d("500"));
        assert_eq!(reference.daily_loss(d("950")), d("0.05"));
        let empty = Reference::new(at(1, 0), Decimal::ZERO);
        assert_eq!((empty.daily_loss(d("-1")), empty.turnover_ratio()), (d("0"), d("0")));
    }
}
