//! Numbers of market files and pushes, straight to ticks and lots.
//!
//! Plain digits and exponents such as `2.696e-05` take an exact integer path without allocation.
//! Anything else (very long numbers) goes through [`Decimal::parse_foreign`]. What is off the grid is
//! rounded, prices to the nearest tick (half up) and sizes down to the lot, and reported as such.

use crate::domain::decimal::{Decimal, DecimalError, PLACES};

/// Why a row is malformed, in words; built only when it is.
pub type Reason = String;

/// An increment: `step * 10^-places`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Grid {
    places: u32,
    step: i64,
}

/// How a number off the grid is brought onto it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rounding {
    Nearest,
    Down,
}

/// Digits of an i64 that never overflow.
const DIGITS_MAX: usize = 18;
/// What has more digits than [`DIGITS_MAX`]: no number of units gets there.
const WHOLE_END: i64 = POWERS[DIGITS_MAX];
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
    pub(crate) const MICROSECONDS: Self = Self { places: 6, step: 1 };

    /// The grid of a positive increment, where an i64 holds its digits.
    pub(crate) fn new(increment: Decimal) -> Option<Self> {
        let places = increment.places();
        let step = i64::try_from(increment.raw() / 10i128.pow(PLACES - places)).ok()?;
        (step > 0).then_some(Self { places, step })
    }

    /// The number of increments in `text`, and whether it was rounded to get there.
    pub(crate) fn count(self, text: &[u8], rounding: Rounding) -> Result<(i64, bool), Reason> {
        match self.scale_plain(text).or_else(|| self.scale_exponent(text)) {
            Some(scaled) => Ok(self.round(scaled, rounding)),
            None => Ok(self.round(self.scale_foreign(text)?, rounding)),
        }
    }

    /// The number of increments in `value`, and whether it was rounded to get there.
    pub(crate) fn count_decimal(
        self,
        value: Decimal,
        rounding: Rounding,
    ) -> Result<(i64, bool), Reason> {
        let scaled = self.scale_decimal(value).map_err(|why| format!("{value} is {why}"))?;
        Ok(self.round(scaled, rounding))
    }

    /// As [`Grid::count`] of the plain number up to the first comma of `row`, with its length; `None`
    /// where that is no plain number. One pass, for rows by the million.
    #[inline]
    pub(crate) fn count_field(
        self,
        row: &[u8],
        rounding: Rounding,
    ) -> Option<((i64, bool), usize)> {
        let (scaled, length) = self.scale_prefix(row)?;
        let ends = matches!(row.get(length), None | Some(b','));
        ends.then(|| (self.round(scaled, rounding), length))
    }

    #[inline]
    fn round(self, scaled: Scaled, rounding: Rounding) -> (i64, bool) {
        if self.step == 1 {
            let up = scaled.half && rounding == Rounding::Nearest;
            return (scaled.whole + i64::from(up), scaled.cut);
        }
        let (count, rest) = (scaled.whole / self.step, scaled.whole % self.step);
        let up = rounding == Rounding::Nearest
            && i128::from(rest) * 2 + i128::from(scaled.half) >= i128::from(self.step);
        (count + i64::from(up), rest != 0 || scaled.cut)
    }

    /// Digits with at most one dot between them; `None` for anything else.
    fn scale_plain(self, text: &[u8]) -> Option<Scaled> {
        self.scale_prefix(text)
            .filter(|(_, length)| *length == text.len())
            .map(|(scaled, _)| scaled)
    }

    /// The longest plain number that `text` begins with, and its length.
    #[inline]
    fn scale_prefix(self, text: &[u8]) -> Option<(Scaled, usize)> {
        let places = self.places as usize;
        let (mut whole, mut length) = (0, 0);
        while let Some(digit) = digit_at(text, length) {
            if length == DIGITS_MAX {
                return None;
            }
            whole = whole * 10 + digit;
            length += 1;
        }
        if length == 0 || length + places > DIGITS_MAX {
            return None;
        }
        if text.get(length) != Some(&b'.') {
            return Some((
                Scaled { whole: whole * POWERS[places], cut: false, half: false },
                length,
            ));
        }
        let point = length + 1;
        length = point;
        let (mut cut, mut half) = (false, false);
        while let Some(digit) = digit_at(text, length) {
            let place = length - point;
            if place < places {
                whole = whole * 10 + digit;
            } else {
                half |= place == places && digit >= 5;
                cut |= digit != 0;
            }
            length += 1;
        }
        let shown = length - point;
        if shown < places {
            whole *= POWERS[places - shown];
        }
        (shown > 0).then_some((Scaled { whole, cut, half }, length))
    }

    /// `d.ddde-dd` of at most 18 digits, as programs print small floats; `None` for anything else.
    fn scale_exponent(self, text: &[u8]) -> Option<Scaled> {
        let mark = text.iter().position(|byte| byte.eq_ignore_ascii_case(&b'e'))?;
        let (mantissa, exponent) = (&text[..mark], &text[mark + 1..]);
        let (negative, exponent) = match exponent.strip_prefix(b"-") {
            Some(digits) => (true, digits),
            None => (false, exponent.strip_prefix(b"+").unwrap_or(exponent)),
        };
        let exponent = integer(exponent).filter(|exponent| *exponent < 100)?;
        let exponent = if negative { -exponent } else { exponent };
        let dot = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(mantissa.len());
        let whole = integer(&mantissa[..dot])?;
        let fraction = mantissa.get(dot + 1..).unwrap_or_default();
        if dot + fraction.len() > DIGITS_MAX {
            return None;
        }
        let digits = if fraction.is_empty() {
            whole
        } else {
            whole * POWERS[fraction.len()] + integer(fraction)?
        };
        let shift = i64::from(self.places) + exponent - fraction.len() as i64;
        let power = *POWERS.get(usize::try_from(shift.abs()).ok()?)?;
        if shift >= 0 {
            let whole = digits.checked_mul(power).filter(|whole| *whole < WHOLE_END)?;
            return Some(Scaled { whole, cut: false, half: false });
        }
        let rest = digits % power;
        Some(Scaled { whole: digits / power, cut: rest != 0, half: rest >= power - rest })
    }

    /// Any number that another program prints.
    #[cold]
    fn scale_foreign(self, text: &[u8]) -> Result<Scaled, Reason> {
        let shown = || String::from_utf8_lossy(text);
        let (value, lossy) = std::str::from_utf8(text)
            .or(Err(DecimalError::Syntax))
            .and_then(Decimal::parse_foreign)
            .map_err(|error| format!("{:?} is {error}", shown()))?;
        let scaled = self.scale_decimal(value).map_err(|why| format!("{:?} is {why}", shown()))?;
        Ok(Scaled { cut: scaled.cut || lossy, ..scaled })
    }

    fn scale_decimal(self, value: Decimal) -> Result<Scaled, &'static str> {
        if value.is_negative() {
            return Err("negative");
        }
        let unit = 10i128.pow(PLACES - self.places);
        let (whole, rest) = (value.raw() / unit, value.raw() % unit);
        let whole = i64::try_from(whole).ok().filter(|whole| *whole < WHOLE_END);
        let whole = whole.ok_or("too large")?;
        Ok(Scaled { whole, cut: rest != 0, half: rest * 2 >= unit && unit > 1 })
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

/// The decimal digit at a place, where there is one.
#[inline]
fn digit_at(text: &[u8], at: usize) -> Option<i64> {
    let digit = text.get(at)?.wrapping_sub(b'0');
    (digit <= 9).then_some(i64::from(digit))
}

/// True for what [`integer`] can give: a number whose successor an i64 holds too.
pub(crate) fn is_integer(number: i64) -> bool {
    (0..WHOLE_END).contains(&number)
}

/// A plain non-negative integer of at most 18 digits.
pub(crate) fn integer(text: &[u8]) -> Option<i64> {
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
        let large = ["99999999999999999999", "9223372036854775807.9", "9e18", "1e99"];
        for text in ["", "-1", "1,5", "x", "1.2.3", "nan", "1e400", "1 "].iter().chain(&large) {
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

        #[test]
        fn the_exponent_path_agrees_with_the_decimal(
            mantissa in 0i64..10_000_000_000_000_000, dot in 1usize..5, exponent in -18i32..4, places in 0u32..9,
        ) {
            let digits = format!("{mantissa:05}");
            let text = format!("{}.{}e{exponent:+03}", &digits[..dot], &digits[dot..]);
            let grid = Grid { places, step: 1 };
            let Ok(foreign) = grid.scale_foreign(text.as_bytes()) else { return Ok(()) };
            if let Some(fast) = grid.scale_exponent(text.as_bytes()) {
                prop_assert_eq!((fast.whole, fast.cut, fast.half), (foreign.whole, foreign.cut, foreign.half), "{}", text);
            }
        }
    }
}
