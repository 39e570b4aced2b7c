//! Numbers of market files, straight to ticks and lots.
//!
//! Plain digits take an exact integer path without allocation. Anything else (exponents such as
//! `2.696e-05`, very long numbers) goes through [`Decimal::parse_foreign`]. What is off the grid is
//! rounded, prices to the nearest tick (half up) and sizes down to the lot, and reported as such.

use crate::domain::decimal::{Decimal, DecimalError, PLACES};

/// Why a row is malformed, in words; built only when it is.
pub(super) type Reason = String;

/// An increment: `step * 10^-places`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Grid {
    places: u32,
    step: i64,
}

/// How a number off the grid is brought onto it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rounding {
    Nearest,
    Down,
}

/// Digits of an i64 that never overflow.
const DIGITS_MAX: usize = 18;
const POWERS: [i64; DIGITS_MAX + 1] = {
    let mut powers = [1; DIGITS_MAX + 1];
    let mut place = 1;
    while place <= DIGITS_MAX {
        powers[place] = powers[place - 1] * 10;
        place += 1;
    }
    powers
};

impl Grid {
    /// The grid of microseconds, in seconds.
    pub(super) const MICROSECONDS: Self = Self { places: 6, step: 1 };

    /// The grid of a positive increment, where an i64 holds its digits.
    pub(super) fn new(increment: Decimal) -> Option<Self> {
        let places = increment.places();
        let step = i64::try_from(increment.raw() / 10i128.pow(PLACES - places)).ok()?;
        (step > 0).then_some(Self { places, step })
    }

    /// The number of increments in `text`, and whether it was rounded to get there.
    pub(super) fn count(self, text: &[u8], rounding: Rounding) -> Result<(i64, bool), Reason> {
        let scaled = match self.scale_plain(text) {
            Some(scaled) => scaled,
            None => self.scale_foreign(text)?,
        };
        if self.step == 1 && !scaled.cut {
            return Ok((scaled.whole, false));
        }
        let (count, rest) = (scaled.whole / self.step, scaled.whole % self.step);
        let up = rounding == Rounding::Nearest
            && i128::from(rest) * 2 + i128::from(scaled.half) >= i128::from(self.step);
        Ok((count + i64::from(up), rest != 0 || scaled.cut))
    }

    /// Digits with at most one dot between them; `None` for anything else.
    fn scale_plain(self, text: &[u8]) -> Option<Scaled> {
        let places = self.places as usize;
        let mut whole: i64 = 0;
        let mut length = 0;
        for &byte in text.iter().take(DIGITS_MAX) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            whole = whole * 10 + i64::from(digit);
            length += 1;
        }
        if length == 0 || length + places > DIGITS_MAX {
            return None;
        }
        let fraction = match text.get(length) {
            None => return Some(Scaled { whole: whole * POWERS[places], cut: false, half: false }),
            Some(b'.') => text.get(length + 1..).filter(|fraction| !fraction.is_empty())?,
            Some(_) => return None,
        };
        let (mut cut, mut half) = (false, false);
        for (place, &byte) in fraction.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            if place < places {
                whole = whole * 10 + i64::from(digit);
            } else {
                half |= place == places && digit >= 5;
                cut |= digit != 0;
            }
        }
        whole *= POWERS[places.saturating_sub(fraction.len())];
        Some(Scaled { whole, cut, half })
    }

    /// Any number that another program prints.
    #[cold]
    fn scale_foreign(self, text: &[u8]) -> Result<Scaled, Reason> {
        let shown = || String::from_utf8_lossy(text);
        let (value, lossy) = std::str::from_utf8(text)
            .or(Err(DecimalError::Syntax))
            .and_then(Decimal::parse_foreign)
            .map_err(|error| format!("{:?} is {error}", shown()))?;
        if value.is_negative() {
            return Err(format!("{:?} is negative", shown()));
        }
        let unit = 10i128.pow(PLACES - self.places);
        let (whole, rest) = (value.raw() / unit, value.raw() % unit);
        let whole = i64::try_from(whole).or(Err(format!("{:?} is too large", shown())))?;
        Ok(Scaled { whole, cut: rest != 0 || lossy, half: rest * 2 >= unit && unit > 1 })
    }
}

/// A number in units of `10^-places`.
#[derive(Clone, Copy, Debug)]
struct Scaled {
    whole: i64,
    /// Something below the unit was cut off ...
    cut: bool,
    /// ... and it was half a unit or more.
    half: bool,
}

/// A plain non-negative integer of at most 18 digits.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > DIGITS_MAX {
        return None;
    }
    let mut value = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(increment: &str) -> Grid {
        Grid::new(Decimal::parse(increment).unwrap()).unwrap()
    }

    #[test]
    fn reads_plain_and_foreign_numbers() {
        let nearest =
            |increment, text: &str| grid(increment).count(text.as_bytes(), Rounding::Nearest);
        assert_eq!(nearest("0.01", "61837.63"), Ok((6_183_763, false)));
        assert_eq!(nearest("0.01", "61837.6"), Ok((6_183_760, false)));
        assert_eq!(nearest("0.01", "61837"), Ok((6_183_700, false)));
        assert_eq!(nearest("0.01", "61837.6350"), Ok((6_183_764, true)));
        assert_eq!(nearest("0.01", "61837.6349999"), Ok((6_183_763, true)));
        assert_eq!(nearest("0.05", "1.07"), Ok((21, true)));
        assert_eq!(nearest("0.05", "1.075"), Ok((22, true)));
        assert_eq!(nearest("0.05", "1.1000"), Ok((22, false)));
        assert_eq!(nearest("0.00000001", "2.696e-05"), Ok((2_696, false)));
        assert_eq!(nearest("0.00000001", "5.330000000000001e-05"), Ok((5_330, true)));
        assert_eq!(grid("0.1").count(b"1.19", Rounding::Down), Ok((11, true)));
        for text in ["", "-1", "1,5", "x", "1.2.3", "nan", "1e400", "1 ", "99999999999999999999"] {
            assert!(nearest("0.01", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn integers_are_plain_digits() {
        assert_eq!(integer(b"1723161254087891"), Some(1_723_161_254_087_891));
        for text in ["", "-1", "1.0", "1234567890123456789"] {
            assert_eq!(integer(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_plain_path_agrees_with_the_decimal(
            mantissa in 0i64..1_000_000_000_000, places in 0u32..12, tick_places in 0u32..7, step in 1i64..30,
        ) {
            let value = Decimal::from_parts(mantissa.into(), places).unwrap();
            let increment = Decimal::from_parts(step.into(), tick_places).unwrap();
            let grid = Grid::new(increment).unwrap();
            let text = value.to_string();
            let (down, off) = grid.count(text.as_bytes(), Rounding::Down).unwrap();
            prop_assert_eq!(increment.times(down), value.floor_to(increment));
            prop_assert_eq!(off, !value.is_multiple_of(increment));
            let (near, _) = grid.count(text.as_bytes(), Rounding::Nearest).unwrap();
            prop_assert!((increment.times(near) - value).abs().times(2) <= increment);
            let foreign = grid.scale_foreign(text.as_bytes()).unwrap();
            if let Some(plain) = grid.scale_plain(text.as_bytes()) {
                prop_assert_eq!((plain.whole, plain.cut, plain.half), (foreign.whole, foreign.cut, foreign.half));
            }
        }
    }
}
