//! An instrument as decoders need it: numbers of text in, ticks and lots out.

use super::number::{Grid, Reason, Rounding};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::{Instrument, Lots, Ticks};

/// The share of a [`Decimal`]'s range that the largest order's
/// notional may take, as a divisor: fees and sums need the rest.
const NOTIONAL_SHARE: i128 = 4;

/// An instrument's grids, and which instrument it is.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    pub(crate) id: InstrumentId,
    price: Grid,
    size: Grid,
    /// The last price at which an order of the instrument's largest quantity can be reckoned.
    price_max: Ticks,
}

impl Lane {
    /// The lane of an instrument whose tick and lot an i64 holds.
    pub fn new(id: InstrumentId, instrument: &Instrument) -> Option<Self> {
        let spec = instrument.spec();
        let unit = instrument.notional(Ticks::new(1), Lots::new(1)).raw();
        let per_tick = unit.checked_mul(i128::from(instrument.quantity_max().get()))?;
        let price_max = i128::MAX / NOTIONAL_SHARE / per_tick;
        let price_max = Ticks::new(i64::try_from(price_max).unwrap_or(i64::MAX));
        Some(Self { id, price: Grid::new(spec.tick)?, size: Grid::new(spec.lot)?, price_max })
    }

    /// Which instrument this is.
    pub fn instrument(&self) -> InstrumentId {
        self.id
    }

    pub(super) fn price_grid(&self) -> Grid {
        self.price
    }

    pub(super) fn size_grid(&self) -> Grid {
        self.size
    }

    /// A price above zero, to the nearest tick and at least one; `off` is set where it was rounded.
    pub(crate) fn price(&self, what: &str, text: &[u8], off: &mut bool) -> Result<Ticks, Reason> {
        let counted = self.price.count(text, Rounding::Nearest);
        self.price_of(what, counted.map_err(|reason| format!("{what} {reason}"))?, off)
    }

    /// A level's price; `None` for zero, which marks a change that touched no level.
    pub(crate) fn level_price(&self, text: &[u8], off: &mut bool) -> Result<Option<Ticks>, Reason> {
        if text == b"0" {
            return Ok(None);
        }
        let counted = self.price.count(text, Rounding::Nearest);
        match counted.map_err(|reason| format!("price {reason}"))? {
            (0, false) => Ok(None),
            counted => self.price_of("price", counted, off).map(Some),
        }
    }

    /// A size down to the lot, zero included; `off` is set where it was rounded.
    pub(crate) fn size(&self, what: &str, text: &[u8], off: &mut bool) -> Result<Lots, Reason> {
        let counted = self.size.count(text, Rounding::Down);
        let (lots, rounded) = counted.map_err(|reason| format!("{what} {reason}"))?;
        *off |= rounded;
        Ok(Lots::new(lots))
    }

    /// A price in quote units, to the nearest tick and at least one; `off` is set where it was rounded.
    pub fn price_of_decimal(
        &self,
        what: &str,
        price: Decimal,
        off: &mut bool,
    ) -> Result<Ticks, Reason> {
        let counted = self.price.count_decimal(price, Rounding::Nearest);
        self.price_of(what, counted.map_err(|reason| format!("{what} {reason}"))?, off)
    }

    /// A size in base units, down to the lot, zero included; `off` is set where it was rounded.
    pub fn size_of_decimal(
        &self,
        what: &str,
        size: Decimal,
        off: &mut bool,
    ) -> Result<Lots, Reason> {
        let counted = self.size.count_decimal(size, Rounding::Down);
        let (lots, rounded) = counted.map_err(|reason| format!("{what} {reason}"))?;
        *off |= rounded;
        Ok(Lots::new(lots))
    }

    /// The price of a count of ticks and whether it was rounded.
    #[inline]
    pub(super) fn price_of(
        &self,
        what: &str,
        (ticks, rounded): (i64, bool),
        off: &mut bool,
    ) -> Result<Ticks, Reason> {
        *off |= rounded;
        if ticks > self.price_max.get() {
            Err(format!("{what} of {ticks} ticks is above any that an order could be reckoned at"))
        } else if ticks > 0 {
            Ok(Ticks::new(ticks))
        } else if rounded {
            Ok(Ticks::new(1))
        } else {
            Err(format!("{what} is zero"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::tests::spec;

    #[test]
    fn prices_that_no_order_could_be_reckoned_at_are_refused() {
        let instrument = Instrument::new(spec("A-B", "0.01", "0.001")).unwrap();
        let lane = Lane::new(InstrumentId(3), &instrument).unwrap();
        let mut off = false;
        let mut price = |text: &str| lane.price("price", text.as_bytes(), &mut off);
        assert_eq!(price("12.34"), Ok(Ticks::new(1_234)));
        assert!(price("0").unwrap_err().contains("zero"));
        let most = lane.price_max;
        assert!(instrument.notional(most, instrument.quantity_max()).is_positive());
        assert!(price("9999999999999999").unwrap_err().contains("above any"), "{most:?}");
        assert!(!off);
        assert_eq!(lane.price("price", b"0.001", &mut off), Ok(Ticks::new(1)));
        assert!(off);
    }
}
