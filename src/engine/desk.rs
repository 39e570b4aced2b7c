//! Everything the engine knows about one instrument.

use crate::domain::decimal::{Decimal, Round};
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::market_data::TopOfBook;
use crate::domain::position::Position;
use crate::domain::record::PositionRow;
use crate::domain::time::Timestamp;
use crate::strategy::StrategySettings;
use crate::strategy::candle_builder::CandleBuilder;
use crate::strategy::cross::Cross;
use crate::strategy::exit_plan::ExitPlan;

use super::working_order::WorkingOrder;

/// One instrument's market, opinion, position and order.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Desk {
    /// Its grid and limits.
    pub instrument: Instrument,
    /// Entries are wanted; exits always are.
    pub traded: bool,
    /// Best bid and offer.
    pub top: TopOfBook,
    /// Prints to candles; unused once the source gives candles.
    pub builder: CandleBuilder,
    /// The source gives candles itself.
    pub candles_given: bool,
    /// The averages.
    pub cross: Cross,
    /// What is held.
    pub position: Position,
    /// When that ends; none while flat, or while the basis is unknown.
    pub plan: Option<ExitPlan>,
    /// The order at work: never more than one.
    pub order: Option<WorkingOrder>,
    /// No entry before this.
    pub entry_after: Timestamp,
    /// No exit order before this: set when the venue refused one.
    pub exit_after: Timestamp,
    /// Orders the venue refused in a row.
    pub rejections: u32,
    /// What is held cannot be sold for being too small; said once.
    pub dust: bool,
    /// All buys ever, in base units.
    pub bought: Decimal,
    /// All sells ever.
    pub sold: Decimal,
    /// Declared transfers, in less out.
    pub transferred: Decimal,
    /// Sold or sent away beyond the lots there were: its arrival is not declared yet.
    pub short: Decimal,
    /// Last market data.
    pub market_at: Timestamp,
}

impl Desk {
    /// A desk that knows nothing yet.
    pub fn new(instrument: Instrument, settings: &StrategySettings) -> Self {
        Self {
            instrument,
            traded: true,
            top: TopOfBook::default(),
            builder: CandleBuilder::new(settings.candle_interval_us),
            candles_given: false,
            cross: Cross::new(settings.fast_candles, settings.slow_candles),
            position: Position::default(),
            plan: None,
            order: None,
            entry_after: Timestamp::from_us(i64::MIN),
            exit_after: Timestamp::from_us(i64::MIN),
            rejections: 0,
            dust: false,
            bought: Decimal::ZERO,
            sold: Decimal::ZERO,
            transferred: Decimal::ZERO,
            short: Decimal::ZERO,
            market_at: Timestamp::from_us(i64::MIN),
        }
    }

    /// Held quantity in whole lots: what an exit can sell.
    pub fn held(&self) -> Lots {
        self.instrument.quantity_floor(self.position.quantity()).unwrap_or(Lots::ZERO)
    }

    /// True where what is held is too small to be sold at the bid: it waits for the next entry.
    pub fn is_dust(&self) -> bool {
        let Some(quote) = self.top.quote() else { return false };
        !self.position.is_flat() && self.is_too_small(self.held(), quote.bid)
    }

    fn is_too_small(&self, quantity: Lots, price: Ticks) -> bool {
        quantity < self.instrument.quantity_min()
            || self.instrument.notional(price, quantity) < self.instrument.spec().notional_min
    }

    /// When what is held became more than dust: the age that ends a position counts from here.
    fn began_at(&self) -> Option<Timestamp> {
        let price = self.instrument.price_floor(self.position.average_price()?).ok()?;
        let mut sum = Decimal::ZERO;
        let enough = self.position.lots().find(|lot| {
            sum += lot.quantity;
            let lots = self.instrument.quantity_floor(sum).unwrap_or(Lots::ZERO);
            !self.is_too_small(lots, price)
        });
        enough.map(|lot| lot.opened_at).or_else(|| self.position.opened_at())
    }

    /// What the position would bring at the bid, before fees; none without a price.
    pub fn value(&self) -> Option<Decimal> {
        if self.position.is_flat() {
            return Some(Decimal::ZERO);
        }
        let quote = self.top.quote()?;
        let bid = self.instrument.price_of(quote.bid);
        Some(bid.mul(self.position.quantity(), Round::Down))
    }

    /// The part of `value` that belongs to lots of known basis.
    pub fn known_value(&self, value: Decimal) -> Decimal {
        let (known, all) = (self.position.known_quantity(), self.position.quantity());
        if known == all { value } else { value.mul_div(known, all, Round::Down) }
    }

    /// Sets the plan that follows from what was paid; keeps the highest bid seen.
    pub fn replan(&mut self, settings: &StrategySettings) {
        let high = self.plan.map(|plan| plan.high);
        let plan = match (self.position.average_price(), self.began_at()) {
            (Some(average), Some(opened_at)) => {
                ExitPlan::new(settings, &self.instrument, average, opened_at)
            }
            (None, _) | (_, None) => None,
        };
        self.plan = match (plan, high) {
            (Some(plan), Some(high)) => Some(plan.with_high(settings, high)),
            (plan, _) => plan,
        };
    }

    /// As stored.
    pub fn row(&self) -> PositionRow {
        let price = |ticks| self.instrument.price_of(ticks);
        PositionRow {
            symbol: self.instrument.symbol(),
            lots: self.position.lots().copied().collect(),
            mark_price: self.top.quote().map(|quote| price(quote.bid)),
            stop_price: self.plan.map(|plan| price(plan.stop)),
            take_profit_price: self.plan.map(|plan| price(plan.take_profit)),
            high_price: self.plan.map(|plan| price(plan.high)),
            bought: self.bought,
            sold: self.sold,
            transferred: self.transferred,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::tests::spec;
    use crate::domain::market_data::{MarketData, Quote};
    use crate::domain::position::{Basis, Lot};
    use crate::strategy::tests::settings;

    /// Sold are at least ten lots of 0.00001, for at least 9.
    fn desk(lots: &[(i64, Basis)]) -> Desk {
        let mut spec = spec("BTC-USDT", "0.1", "0.00001");
        spec.quantity_min = Decimal::parse("0.0001").unwrap();
        spec.notional_min = Decimal::from_int(9);
        let mut desk = Desk::new(Instrument::new(spec).unwrap(), &settings());
        let lot = |(index, (count, basis)): (usize, &(i64, Basis))| {
            let quantity = desk.instrument.quantity_of(Lots::new(*count));
            let cost = quantity.mul(Decimal::from_int(60_000), Round::Down);
            let opened_at = Timestamp::from_ms(i64::try_from(index).unwrap());
            Lot { quantity, cost, fee: Decimal::ZERO, basis: *basis, opened_at }
        };
        desk.position = Position::new(lots.iter().enumerate().map(lot).collect::<Vec<_>>());
        desk
    }

    fn bid(desk: &mut Desk, whole: i64) {
        let (bid, ask) = (Ticks::new(whole * 10), Ticks::new(whole * 10 + 1));
        let size = Lots::new(1);
        desk.top.apply(&MarketData::Quote(Quote { bid, bid_size: size, ask, ask_size: size }));
    }

    #[test]
    fn dust_is_what_either_minimum_keeps_from_being_sold() {
        let is_dust = |lots: i64, whole: i64| {
            let mut desk = desk(&[(lots, Basis::Known)]);
            assert!(!desk.is_dust(), "nobody knows without a price");
            bid(&mut desk, whole);
            desk.is_dust()
        };
        assert!(is_dust(9, 60_000), "too few, for too little");
        assert!(is_dust(14, 60_000), "for too little");
        assert!(!is_dust(15, 60_000), "for just enough");
        assert!(is_dust(9, 120_000), "too few");
        assert!(!is_dust(10, 120_000), "just enough of them");
        let mut nothing = desk(&[]);
        bid(&mut nothing, 60_000);
        assert!(!nothing.is_dust());
    }

    #[test]
    fn a_position_is_as_old_as_what_made_it_more_than_dust() {
        let began_at = |lots: &[i64]| {
            let lots: Vec<_> = lots.iter().map(|count| (*count, Basis::Known)).collect();
            let mut desk = desk(&lots);
            desk.replan(&settings());
            desk.plan.map(|plan| plan.opened_at.ms())
        };
        assert_eq!(began_at(&[15, 100]), Some(0));
        assert_eq!(began_at(&[14, 100]), Some(1), "the rest of an old one is no position");
        assert_eq!(began_at(&[7, 7, 1]), Some(2), "together they are");
        assert_eq!(began_at(&[7, 7]), Some(0), "dust alone is as old as it is");
        assert_eq!(began_at(&[]), None);
    }

    #[test]
    fn of_a_value_the_part_of_known_basis_is_known() {
        let known = |lots: &[(i64, Basis)]| desk(lots).known_value(Decimal::from_int(100));
        assert_eq!(known(&[(30, Basis::Known)]), Decimal::from_int(100));
        assert_eq!(known(&[(30, Basis::Known), (10, Basis::Unknown)]), Decimal::from_int(75));
        assert_eq!(known(&[(10, Basis::Unknown)]), Decimal::ZERO);
    }

    #[test]
    fn what_is_held_is_worth_its_bid() {
        let mut some = desk(&[(100, Basis::Known)]);
        assert_eq!(some.value(), None);
        bid(&mut some, 50_000);
        assert_eq!(some.value(), Some(Decimal::from_int(50)));
        assert_eq!(desk(&[]).value(), Some(Decimal::ZERO), "nothing needs no price");
    }
}
