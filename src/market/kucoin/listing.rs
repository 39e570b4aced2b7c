//! What KuCoin lists about a symbol, as an instrument's specification.

use crate::domain::decimal::Decimal;
use crate::domain::instrument::{FeeClass, InstrumentSpec};
use crate::domain::symbol::Symbol;
use crate::market::number::Reason;

/// Largest quantity in lots: 15 digits, so that sums stay far from an i64's end.
const QUANTITY_LOTS_MAX: i64 = 1_000_000_000_000_000;

/// The fields of a listed symbol that bind orders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// `symbol`.
    pub symbol: Symbol,
    /// `priceIncrement`: the tick.
    pub price_increment: Decimal,
    /// `baseIncrement`: the lot.
    pub base_increment: Decimal,
    /// `baseMinSize`.
    pub base_min_size: Decimal,
    /// `baseMaxSize`.
    pub base_max_size: Decimal,
    /// `minFunds`, or `quoteMinSize` where the venue does not say.
    pub min_funds: Decimal,
    /// `feeCategory`: 1, 2 or 3 for class A, B or C.
    pub fee_category: Option<i64>,
}

impl Listing {
    /// The venue's increments and limits, the limits brought onto the lot: the venue lists some that
    /// are not (`baseMinSize` up, `baseMaxSize` down).
    pub fn spec(&self) -> Result<InstrumentSpec, Reason> {
        let (tick, lot) = (self.price_increment, self.base_increment);
        if !tick.is_positive() || !lot.is_positive() {
            return Err("an increment is not above zero".to_owned());
        }
        let fee_class = match self.fee_category {
            Some(2) => FeeClass::B,
            Some(3) => FeeClass::C,
            Some(_) | None => FeeClass::A,
        };
        Ok(InstrumentSpec {
            symbol: self.symbol,
            tick,
            lot,
            quantity_min: self.base_min_size.ceil_to(lot).max(lot),
            quantity_max: self.base_max_size.floor_to(lot).min(lot.times(QUANTITY_LOTS_MAX)),
            notional_min: self.min_funds,
            fee_class,
            maker_fee: fee_class.rate(),
            taker_fee: fee_class.rate(),
        })
    }
}
