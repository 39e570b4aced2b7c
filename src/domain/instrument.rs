//! Instruments and their grids: prices are whole ticks, quantities whole lots.
//!
//! [`Ticks`] and [`Lots`] come only from an [`Instrument`], exactly ([`Instrument::price`]) or
//! with a named rounding ([`Instrument::price_floor`]), so that an off-grid number cannot be built.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::decimal::{Decimal, PLACES, Round};
use super::identifier::Asset;
use super::side::Side;
use super::symbol::Symbol;

/// A price as a whole number of the instrument's tick size (MinPriceIncrement, FIX 969).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Ticks(i64);

/// A quantity as a whole number of the instrument's lot size (RoundLot, FIX 561).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Lots(i64);

impl Ticks {
    /// No price.
    pub const ZERO: Self = Self(0);

    /// `count` ticks: for generators and books, which work on the grid already.
    pub const fn new(count: i64) -> Self {
        Self(count)
    }

    /// The number of ticks.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// This price moved by `ticks`, never below zero.
    pub const fn offset(self, ticks: i64) -> Self {
        let moved = self.0.saturating_add(ticks);
        Self(if moved < 0 { 0 } else { moved })
    }
}

impl Lots {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `count` lots: for generators and books, which work on the grid already.
    pub const fn new(count: i64) -> Self {
        Self(count)
    }

    /// The number of lots.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// True for no lots.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl std::ops::Add for Lots {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Lots {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::ops::AddAssign for Lots {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::ops::SubAssign for Lots {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

/// KuCoin's `feeCategory`: the recorded fills of the Python IBIS pay exactly 0.1, 0.2 or 0.3 %,
/// constant for a symbol, the same for maker and taker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum FeeClass {
    /// 0.1 %.
    A,
    /// 0.2 %.
    B,
    /// 0.3 %.
    C,
}

impl FeeClass {
    /// The class's base rate: a ratio of notional.
    pub fn rate(self) -> Decimal {
        let thousandths = match self {
            Self::A => 1,
            Self::B => 2,
            Self::C => 3,
        };
        Decimal::from_raw(thousandths * 10i128.pow(PLACES - 3))
    }
}

/// What a venue says about an instrument, before it is checked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstrumentSpec {
    /// `BASE-QUOTE`.
    pub symbol: Symbol,
    /// Tick size in quote units, above zero.
    pub tick: Decimal,
    /// Lot size in base units, above zero.
    pub lot: Decimal,
    /// Smallest order quantity in base units (MinTradeVol, FIX 562); a whole number of lots.
    pub quantity_min: Decimal,
    /// Largest order quantity in base units; a whole number of lots.
    pub quantity_max: Decimal,
    /// Smallest order notional in quote units (KuCoin `minFunds`).
    pub notional_min: Decimal,
    /// Fee category.
    pub fee_class: FeeClass,
    /// Ratio of notional paid for adding liquidity.
    pub maker_fee: Decimal,
    /// Ratio of notional paid for taking liquidity.
    pub taker_fee: Decimal,
}

/// An instrument with consistent grids and limits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "InstrumentSpec", into = "InstrumentSpec")]
pub struct Instrument {
    spec: InstrumentSpec,
    quantity_min: Lots,
    quantity_max: Lots,
    notional_unit: Decimal,
}

/// Why an [`InstrumentSpec`] is refused, or a number is off an instrument's grid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InstrumentError {
    /// Tick or lot is not above zero.
    NotPositive(&'static str),
    /// A limit is no whole number of lots, is negative, or the limits are crossed.
    Limits(&'static str),
    /// One tick of one lot needs more than 18 decimal places.
    TooFine,
    /// The number is not a whole multiple of the increment.
    OffGrid {
        /// The number.
        value: Decimal,
        /// The tick or lot size.
        increment: Decimal,
    },
    /// More than 2^63 increments.
    TooLarge(Decimal),
}

impl fmt::Display for InstrumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPositive(what) => write!(f, "{what} must be above zero"),
            Self::Limits(what) => write!(f, "{what}"),
            Self::TooFine => write!(f, "tick times lot needs more than {PLACES} decimal places"),
            Self::OffGrid { value, increment } => {
                write!(f, "{value} is not a multiple of the increment {increment}")
            }
            Self::TooLarge(value) => write!(f, "{value} is too large for the instrument's grid"),
        }
    }
}

impl std::error::Error for InstrumentError {}

impl TryFrom<InstrumentSpec> for Instrument {
    type Error = InstrumentError;
    fn try_from(spec: InstrumentSpec) -> Result<Self, InstrumentError> {
        Self::new(spec)
    }
}

impl From<Instrument> for InstrumentSpec {
    fn from(instrument: Instrument) -> Self {
        instrument.spec
    }
}

impl Instrument {
    /// Checks a specification.
    pub fn new(spec: InstrumentSpec) -> Result<Self, InstrumentError> {
        if !spec.tick.is_positive() {
            return Err(InstrumentError::NotPositive("tick"));
        }
        if !spec.lot.is_positive() {
            return Err(InstrumentError::NotPositive("lot"));
        }
        let notional_unit = spec.tick.mul_exact(spec.lot).ok_or(InstrumentError::TooFine)?;
        let quantity_min = Lots(count(spec.quantity_min, spec.lot)?);
        let quantity_max = Lots(count(spec.quantity_max, spec.lot)?);
        if quantity_min.0 < 1 || quantity_max < quantity_min {
            return Err(InstrumentError::Limits(
                "quantity_min must be 1 lot or more, and not above quantity_max",
            ));
        }
        let rate_ok = |rate: Decimal| !rate.is_negative() && rate < Decimal::ONE;
        if spec.notional_min.is_negative() || !rate_ok(spec.maker_fee) || !rate_ok(spec.taker_fee) {
            return Err(InstrumentError::Limits(
                "notional_min must not be negative, fee rates must be 0 to below 1",
            ));
        }
        Ok(Self { spec, quantity_min, quantity_max, notional_unit })
    }

    /// The symbol.
    pub fn symbol(&self) -> Symbol {
        self.spec.symbol
    }

    /// The base asset.
    pub fn base(&self) -> Asset {
        self.spec.symbol.base()
    }

    /// The quote asset.
    pub fn quote(&self) -> Asset {
        self.spec.symbol.quote()
    }

    /// The specification it was built from.
    pub fn spec(&self) -> &InstrumentSpec {
        &self.spec
    }

    /// Smallest order quantity.
    pub fn quantity_min(&self) -> Lots {
        self.quantity_min
    }

    /// Largest order quantity.
    pub fn quantity_max(&self) -> Lots {
        self.quantity_max
    }

    /// The price of `ticks` in quote units.
    pub fn price_of(&self, ticks: Ticks) -> Decimal {
        self.spec.tick.times(ticks.0)
    }

    /// The quantity of `lots` in base units.
    pub fn quantity_of(&self, lots: Lots) -> Decimal {
        self.spec.lot.times(lots.0)
    }

    /// The exact notional of `lots` at `ticks`, in quote units.
    pub fn notional(&self, ticks: Ticks, lots: Lots) -> Decimal {
        let units = i128::from(ticks.0) * i128::from(lots.0);
        match units.checked_mul(self.notional_unit.raw()) {
            Some(raw) => Decimal::from_raw(raw),
            None => self.price_of(ticks).mul(self.quantity_of(lots), Round::Down),
        }
    }

    /// The price as ticks, exactly.
    pub fn price(&self, price: Decimal) -> Result<Ticks, InstrumentError> {
        count(price, self.spec.tick).map(Ticks)
    }

    /// The price rounded down to the tick.
    pub fn price_floor(&self, price: Decimal) -> Result<Ticks, InstrumentError> {
        count(price.floor_to(self.spec.tick), self.spec.tick).map(Ticks)
    }

    /// The price rounded up to the tick.
    pub fn price_ceil(&self, price: Decimal) -> Result<Ticks, InstrumentError> {
        count(price.ceil_to(self.spec.tick), self.spec.tick).map(Ticks)
    }

    /// The quantity as lots, exactly.
    pub fn quantity(&self, quantity: Decimal) -> Result<Lots, InstrumentError> {
        count(quantity, self.spec.lot).map(Lots)
    }

    /// The quantity rounded down to the lot.
    pub fn quantity_floor(&self, quantity: Decimal) -> Result<Lots, InstrumentError> {
        count(quantity.floor_to(self.spec.lot), self.spec.lot).map(Lots)
    }

    /// The fee on a fill's notional, rounded up at 18 places.
    pub fn fee(&self, notional: Decimal, liquidity: Liquidity) -> Decimal {
        let rate = match liquidity {
            Liquidity::Maker => self.spec.maker_fee,
            Liquidity::Taker => self.spec.taker_fee,
        };
        notional.mul(rate, Round::Up)
    }

    /// What a buy may cost at most, or a sell delivers: the asset and amount an order holds.
    pub fn hold(&self, side: Side, ticks: Ticks, lots: Lots) -> (Asset, Decimal) {
        match side {
            Side::Buy => {
                let notional = self.notional(ticks, lots);
                let rate = self.spec.maker_fee.max(self.spec.taker_fee);
                (self.quote(), notional + notional.mul(rate, Round::Up))
            }
            Side::Sell => (self.base(), self.quantity_of(lots)),
        }
    }
}

/// LastLiquidityInd (FIX 851).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Liquidity {
    /// Added liquidity.
    Maker,
    /// Took liquidity.
    Taker,
}

impl Liquidity {
    /// `maker` or `taker`, as in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Taker => "taker",
        }
    }
}

/// `value / increment` where it is whole, not negative and fits.
fn count(value: Decimal, increment: Decimal) -> Result<i64, InstrumentError> {
    if value.is_negative() || !value.is_multiple_of(increment) {
        return Err(InstrumentError::OffGrid { value, increment });
    }
    i64::try_from(value.raw() / increment.raw()).or(Err(InstrumentError::TooLarge(value)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn spec(symbol: &str, tick: &str, lot: &str) -> InstrumentSpec {
        let d = |text: &str| Decimal::parse(text).unwrap();
        InstrumentSpec {
            symbol: Symbol::new(symbol).unwrap(),
            tick: d(tick),
            lot: d(lot),
            quantity_min: d(lot),
            quantity_max: d(lot).times(1_000_000_000_000),
            notional_min: d("0.1"),
            fee_class: FeeClass::A,
            maker_fee: FeeClass::A.rate(),
            taker_fee: FeeClass::A.rate(),
        }
    }

    pub(crate) fn btc() -> Instrument {
        Instrument::new(spec("BTC-USDT", "0.1", "0.00001")).unwrap()
    }

    #[test]
    fn off_grid_numbers_cannot_be_built() {
        let btc = btc();
        assert!(btc.price(Decimal::parse("60000.05").unwrap()).is_err());
        assert!(btc.price(Decimal::parse("-1").unwrap()).is_err());
        assert_eq!(btc.price(Decimal::parse("60000.1").unwrap()).unwrap(), Ticks(600_001));
        assert_eq!(btc.price_floor(Decimal::parse("60000.19").unwrap()).unwrap(), Ticks(600_001));
        assert_eq!(btc.price_ceil(Decimal::parse("60000.11").unwrap()).unwrap(), Ticks(600_002));
        assert_eq!(btc.quantity_floor(Decimal::parse("0.000019").unwrap()).unwrap(), Lots(1));
    }

    #[test]
    fn refuses_inconsistent_specifications() {
        let with = |change: fn(&mut InstrumentSpec)| {
            let mut spec = spec("BTC-USDT", "0.1", "0.00001");
            change(&mut spec);
            Instrument::new(spec)
        };
        assert!(with(|s| s.tick = Decimal::ZERO).is_err());
        assert!(with(|s| s.lot = -s.lot).is_err());
        assert!(with(|s| s.quantity_min = Decimal::EPSILON).is_err());
        assert!(with(|s| s.quantity_max = Decimal::ZERO).is_err());
        assert!(with(|s| s.taker_fee = Decimal::ONE).is_err());
        assert!(with(|s| s.tick = Decimal::EPSILON).is_err());
        assert!(with(|_| ()).is_ok());
    }

    proptest! {
        #[test]
        fn notional_is_price_times_quantity(ticks in 0i64..10_000_000, lots in 0i64..10_000_000_000) {
            let btc = btc();
            let (ticks, lots) = (Ticks(ticks), Lots(lots));
            prop_assert_eq!(Some(btc.notional(ticks, lots)), btc.price_of(ticks).mul_exact(btc.quantity_of(lots)));
        }

        #[test]
        fn rounding_stays_within_one_increment(raw in 0i128..1_000_000_000_000_000_000_000_000) {
            let btc = btc();
            let value = Decimal::from_raw(raw);
            let (floor, ceil) = (btc.price_floor(value).unwrap(), btc.price_ceil(value).unwrap());
            prop_assert!(btc.price_of(floor) <= value && value <= btc.price_of(ceil));
            prop_assert!(ceil.get() - floor.get() <= 1);
        }
    }
}
