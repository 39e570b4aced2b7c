//! The grid of an instrument whose venue's increments are not known, inferred from its first rows.
//!
//! - tick: `10^-n`, n being the decimal places of the prices seen, but such that the first price
//!   has 5 to 7 significant digits: 46319 gives 1, 61837.63 gives 0.01, 3996.86601745 gives 0.001.
//! - lot: `10^-8`, coarser where tick times lot would need more than 18 places, or where a hundred
//!   times the largest size seen would need more than 18 digits.
//! - Numbers of more than 14 significant digits are another program's float noise
//!   (`5.330000000000001e-05`) and say nothing about places.
//! - quantity_min is a lot and quantity_max 10^15 lots; notional_min is 0.1 of a quote named USD...,
//!   else 0.000001, which are KuCoin's for USDT and BTC; the fee class is A.

use crate::domain::decimal::{Decimal, PLACES};
use crate::domain::instrument::{FeeClass, InstrumentSpec};
use crate::domain::symbol::Symbol;
use crate::market::kucoin::Field;

/// Significant digits of the first price: at least ...
const DIGITS_LEAST: i32 = 5;
/// ... and at most.
const DIGITS_MOST: i32 = 7;
/// More significant digits than this are float noise: venues give up to 14, doubles print 16.
const DIGITS_CLEAN: usize = 14;
/// The finest tick inferred: KuCoin's finest is 10^-12.
const TICK_PLACES_MAX: i32 = 14;
/// KuCoin's finest lot.
const LOT_PLACES_MAX: i32 = 8;
/// Digits that an i64 always holds, less two for sizes a hundred times those seen.
const SIZE_DIGITS_MAX: i32 = 16;
/// quantity_max in lots.
const QUANTITY_MAX_LOTS: i64 = 1_000_000_000_000_000;

/// What was seen of one instrument's numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Observation {
    /// floor(log10) of the first price.
    magnitude: Option<i32>,
    price_places: i32,
    size_digits: i32,
}

impl Observation {
    /// Takes a price in. What is no positive number is passed over: its row will say so.
    pub(super) fn price(&mut self, text: &str) {
        let Ok((price, _)) = Decimal::parse_foreign(text) else { return };
        if !price.is_positive() {
            return;
        }
        self.magnitude.get_or_insert(magnitude(price));
        if significant_digits(text) <= DIGITS_CLEAN {
            self.price_places = self.price_places.max(price.places() as i32);
        }
    }

    /// Takes a size in.
    pub(super) fn size(&mut self, text: &str) {
        let Ok((size, _)) = Decimal::parse_foreign(text) else { return };
        if size.is_positive() {
            self.size_digits = self.size_digits.max(magnitude(size) + 1);
        }
    }

    /// Takes levels `[price, size, ...]` in.
    pub(super) fn levels<'l, 'a: 'l>(
        &mut self,
        levels: impl IntoIterator<Item = &'l Vec<Field<'a>>>,
    ) {
        for level in levels {
            if let [price, size, ..] = level.as_slice() {
                self.price(price);
                self.size(size);
            }
        }
    }

    /// The instrument these numbers suggest; `None` where no price was seen.
    pub(super) fn spec(&self, symbol: Symbol) -> Option<InstrumentSpec> {
        let magnitude = self.magnitude?;
        let (least, most) = (DIGITS_LEAST - 1 - magnitude, DIGITS_MOST - 1 - magnitude);
        let tick_places = self.price_places.clamp(least, most).clamp(0, TICK_PLACES_MAX);
        let lot_places = LOT_PLACES_MAX
            .min(PLACES as i32 - tick_places)
            .min(SIZE_DIGITS_MAX - self.size_digits)
            .max(0);
        let lot = power(lot_places)?;
        let dollars = symbol.quote().as_str().starts_with("USD");
        Some(InstrumentSpec {
            symbol,
            tick: power(tick_places)?,
            lot,
            quantity_min: lot,
            quantity_max: lot.times(QUANTITY_MAX_LOTS),
            notional_min: power(if dollars { 1 } else { 6 })?,
            fee_class: FeeClass::A,
            maker_fee: FeeClass::A.rate(),
            taker_fee: FeeClass::A.rate(),
        })
    }
}

/// `10^-places`.
fn power(places: i32) -> Option<Decimal> {
    Decimal::from_parts(1, u32::try_from(places).ok()?)
}

/// floor(log10) of a positive value.
fn magnitude(value: Decimal) -> i32 {
    value.raw().ilog10() as i32 - PLACES as i32
}

/// Digits from the first that is not zero to the last that is not.
fn significant_digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(prices: &[&str], sizes: &[&str]) -> (String, String) {
        let mut seen = Observation::default();
        prices.iter().for_each(|text| seen.price(text));
        sizes.iter().for_each(|text| seen.size(text));
        let spec = seen.spec(Symbol::new("A-B").unwrap()).unwrap();
        crate::domain::instrument::Instrument::new(spec.clone()).unwrap();
        (spec.tick.to_string(), spec.lot.to_string())
    }

    #[test]
    fn the_stated_rule() {
        let of = |prices: &[&str], sizes: &[&str]| {
            let (tick, lot) = grid(prices, sizes);
            format!("{tick} {lot}")
        };
        assert_eq!(of(&["46319.0"], &["112954256.5475"]), "1 0.0000001");
        assert_eq!(of(&["61837.63"], &["3.78826"]), "0.01 0.00000001");
        assert_eq!(of(&["3996.86601745"], &["0.12096412"]), "0.001 0.00000001");
        assert_eq!(
            of(&["5.330000000000001e-05", "2.696e-05"], &["431401.97869504"]),
            "0.000000001 0.00000001"
        );
        assert_eq!(of(&["4.18e-10"], &["102871013889.0548"]), "0.00000000000001 0.0001");
        assert_eq!(of(&["100"], &["1"]), "0.01 0.00000001");
        assert_eq!(Observation::default().spec(Symbol::new("A-B").unwrap()), None);
    }
}
