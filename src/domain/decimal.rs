//! The one exact decimal of the ledger: a signed fixed-point number with 18 decimal places.
//!
//! Text in and out is canonical (`1`, `0.0000004`, `-12.5`): no exponent, no `+`, no `_`, no
//! negative zero, no trailing zeros on output. What does not fit exactly is refused, never
//! rounded; where rounding is wanted it is named by a [`Round`] at the call.
//!
//! | operation | result |
//! |---|---|
//! | `a + b`, `a - b`, `-a` | exact; overflow aborts (a wrong number is worse than a stop) |
//! | `a.mul(b, round)` | product rounded to 18 places in the named direction |
//! | `a.mul_exact(b)` | product, or `None` where it needs more than 18 places |
//! | `a.mul_div(b, c, round)` | `a*b/c` through a 256-bit intermediate |
//! | `a.floor_to(step)`, `a.ceil_to(step)` | multiple of a positive step |
//!
//! **Limits**: magnitude below 1.7e20 (i128 / 10^18). The largest quantity in the recorded fills of
//! the Python IBIS is 1.03e11, the smallest price 4.18e-10.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::digits;
use super::wide::mul_div_u128;

/// Decimal places carried by every [`Decimal`].
pub const PLACES: u32 = 18;
/// 10^18: one unit.
const ONE: i128 = 1_000_000_000_000_000_000;

/// An exact decimal number, 18 places. See the module for its arithmetic table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i128);

/// The direction a result is rounded in when it does not fit 18 places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Round {
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
}

/// Why a text is not a [`Decimal`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecimalError {
    /// Not `-?digits[.digits]`: empty, exponent, `+`, `_`, `.5`, `5.`, other characters.
    Syntax,
    /// `-0` in any spelling.
    NegativeZero,
    /// More than 18 significant decimal places.
    TooPrecise,
    /// Magnitude of 1.7e20 or more.
    TooLarge,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not a plain decimal number such as 12.5",
            Self::NegativeZero => "negative zero",
            Self::TooPrecise => "more than 18 decimal places",
            Self::TooLarge => "too large",
        })
    }
}

impl std::error::Error for DecimalError {}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(ONE);
    /// The smallest positive value, 10^-18.
    pub const EPSILON: Self = Self(1);

    /// The value of `units` whole units.
    pub const fn from_int(units: i64) -> Self {
        Self(units as i128 * ONE)
    }

    /// The value `raw * 10^-18`.
    pub const fn from_raw(raw: i128) -> Self {
        Self(raw)
    }

    /// The number of 10^-18 in this value.
    pub const fn raw(self) -> i128 {
        self.0
    }

    /// `mantissa * 10^-places`, or `None` where that needs more than 18 places or overflows.
    pub fn from_parts(mantissa: i128, places: u32) -> Option<Self> {
        let up = 10i128.checked_pow(PLACES.checked_sub(places)?)?;
        mantissa.checked_mul(up).map(Self)
    }

    /// Parses the strict grammar `-?digits[.digits]`.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        if let Some(raw) = digits::short(text) {
            return Ok(Self(raw));
        }
        let (negative, body) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match body.split_once('.') {
            Some((_, "")) => return Err(DecimalError::Syntax),
            Some((whole, fraction)) => (whole, fraction),
            None => (body, ""),
        };
        if whole.is_empty() {
            return Err(DecimalError::Syntax);
        }
        let mut raw: i128 = 0;
        for byte in whole.bytes() {
            raw = push_digit(raw, byte)?;
        }
        let mut places = 0;
        for byte in fraction.bytes() {
            if places < PLACES {
                raw = push_digit(raw, byte)?;
                places += 1;
            } else if !byte.is_ascii_digit() {
                return Err(DecimalError::Syntax);
            } else if byte != b'0' {
                return Err(DecimalError::TooPrecise);
            }
        }
        let raw = raw.checked_mul(10i128.pow(PLACES - places)).ok_or(DecimalError::TooLarge)?;
        match (negative, raw) {
            (true, 0) => Err(DecimalError::NegativeZero),
            (true, raw) => Ok(Self(-raw)),
            (false, raw) => Ok(Self(raw)),
        }
    }

    /// Parses a number as other programs print floats: also `2.5e-05` and more than 18 places.
    ///
    /// Returns the value rounded toward zero at 18 places and whether that lost anything. For market
    /// files and imports only; money that ibis sends or books goes through [`Decimal::parse`].
    pub fn parse_foreign(text: &str) -> Result<(Self, bool), DecimalError> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().or(Err(DecimalError::Syntax))?)
            }
            None => (text, 0),
        };
        let negative = mantissa.starts_with('-');
        let body = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(DecimalError::Syntax);
        }
        let mut raw: i128 = 0;
        let mut lossy = false;
        let mut place = i32::try_from(whole.len()).or(Err(DecimalError::TooLarge))?;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return Err(DecimalError::Syntax);
            }
            place -= 1;
            let power = place.saturating_add(exponent).saturating_add(PLACES as i32);
            let digit = i128::from(byte - b'0');
            if digit == 0 {
                continue;
            }
            match u32::try_from(power) {
                Err(_) => lossy = true,
                Ok(power) => {
                    let scale = 10i128.checked_pow(power).ok_or(DecimalError::TooLarge)?;
                    let add = digit.checked_mul(scale).ok_or(DecimalError::TooLarge)?;
                    raw = raw.checked_add(add).ok_or(DecimalError::TooLarge)?;
                }
            }
        }
        Ok((Self(if negative { -raw } else { raw }), lossy))
    }

    /// True for 0.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// True above 0.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// True below 0.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The magnitude.
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// The sum, or `None` on overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The product rounded to 18 places.
    pub fn mul(self, other: Self, round: Round) -> Self {
        self.mul_div(other, Self::ONE, round)
    }

    /// The product where 18 places hold it exactly.
    pub fn mul_exact(self, other: Self) -> Option<Self> {
        let (down, up) = (self.mul(other, Round::Down), self.mul(other, Round::Up));
        (down == up).then_some(down)
    }

    /// This value times a whole number, exactly.
    pub fn times(self, count: i64) -> Self {
        Self(self.0.checked_mul(i128::from(count)).expect("a decimal product within 1.7e20"))
    }

    /// The quotient rounded to 18 places. The divisor must not be zero.
    pub fn div(self, other: Self, round: Round) -> Self {
        self.mul_div(Self::ONE, other, round)
    }

    /// `self * b / c` rounded to 18 places; the intermediate never overflows. `c` must not be zero.
    pub fn mul_div(self, b: Self, c: Self, round: Round) -> Self {
        let negative = (self.0 < 0) ^ (b.0 < 0) ^ (c.0 < 0);
        let (quotient, remainder) =
            mul_div_u128(self.0.unsigned_abs(), b.0.unsigned_abs(), c.0.unsigned_abs());
        let quotient = match round {
            Round::Down => quotient,
            Round::Up => quotient + u128::from(remainder != 0),
        };
        let magnitude = i128::try_from(quotient).expect("a decimal product within 1.7e20");
        Self(if negative { -magnitude } else { magnitude })
    }

    /// The largest multiple of the positive `step` that is not above this value.
    pub fn floor_to(self, step: Self) -> Self {
        Self(self.0 - self.0.rem_euclid(step.0))
    }

    /// The smallest multiple of the positive `step` that is not below this value.
    pub fn ceil_to(self, step: Self) -> Self {
        -(-self).floor_to(step)
    }

    /// True where this value is a whole multiple of the positive `step`.
    pub fn is_multiple_of(self, step: Self) -> bool {
        self.0 % step.0 == 0
    }

    /// How many decimal places the value needs: 0 to 18.
    pub fn places(self) -> u32 {
        let mut raw = self.0;
        let mut places = PLACES;
        while places > 0 && raw % 10 == 0 {
            raw /= 10;
            places -= 1;
        }
        places
    }

    /// Text with exactly `places` decimals, rounded half away from zero: for reports, not for money
    /// that is booked or sent.
    pub fn to_fixed(self, places: u32) -> String {
        let step = 10i128.pow(PLACES - places.min(PLACES));
        let magnitude = self.0.abs();
        let rounded = (magnitude + step / 2) / step;
        let sign = if self.0 < 0 && rounded != 0 { "-" } else { "" };
        if places == 0 {
            return format!("{sign}{rounded}");
        }
        let unit = 10i128.pow(places.min(PLACES));
        let width = places as usize;
        format!("{sign}{}.{:0width$}", rounded / unit, rounded % unit)
    }

    /// The nearest float, for JSON documents whose readers expect numbers. Never used to compute.
    #[expect(clippy::disallowed_types, reason = "an export shape of other programs, one way")]
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

/// Appends a decimal digit.
fn push_digit(raw: i128, byte: u8) -> Result<i128, DecimalError> {
    if !byte.is_ascii_digit() {
        return Err(DecimalError::Syntax);
    }
    raw.checked_mul(10)
        .and_then(|raw| raw.checked_add(i128::from(byte - b'0')))
        .ok_or(DecimalError::TooLarge)
}

impl Add for Decimal {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("a decimal sum within 1.7e20")
    }
}

impl Sub for Decimal {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Decimal {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Decimal {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Decimal {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(digits::write(self.0, &mut [0; digits::TEXT_BYTES_MAX]))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Decimal {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn refuses_what_is_not_a_plain_decimal() {
        for text in [
            "", "-", ".5", "5.", "+1", "1_000", "1e3", "1E3", " 1", "1 ", "1,5", "0x1", "NaN",
            "1.2.3",
        ] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Syntax), "{text:?}");
        }
        for text in ["-0", "-0.0", "-00"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::NegativeZero), "{text:?}");
        }
        assert_eq!(Decimal::parse("0.0000000000000000001"), Err(DecimalError::TooPrecise));
        assert_eq!(Decimal::parse("1000000000000000000000"), Err(DecimalError::TooLarge));
    }

    #[test]
    fn formats_canonically() {
        for (text, canonical) in
            [("1.00", "1"), ("0.10", "0.1"), ("007", "7"), ("-1.50", "-1.5"), ("0.0", "0")]
        {
            assert_eq!(d(text).to_string(), canonical);
        }
        assert_eq!(d("0.0000004").to_string(), "0.0000004");
        assert_eq!(d("102871013889.0548").to_string(), "102871013889.0548");
    }

    #[test]
    fn reads_foreign_floats_and_says_when_it_lost_digits() {
        assert_eq!(Decimal::parse_foreign("2.696e-05"), Ok((d("0.00002696"), false)));
        assert_eq!(Decimal::parse_foreign("4.18e-10"), Ok((d("0.000000000418"), false)));
        assert_eq!(
            Decimal::parse_foreign("5.330000000000001e-05"),
            Ok((d("0.00005330000000000"), true))
        );
        assert_eq!(Decimal::parse_foreign("1.5E3"), Ok((d("1500"), false)));
        assert_eq!(Decimal::parse_foreign("-0.0"), Ok((Decimal::ZERO, false)));
        assert_eq!(Decimal::parse_foreign("nan"), Err(DecimalError::Syntax));
        assert_eq!(Decimal::parse_foreign("1e400"), Err(DecimalError::TooLarge));
    }

    #[test]
    fn rounds_only_where_named() {
        // The increment vectors that the Python IBIS verified.
        assert_eq!(d("0.123456789").floor_to(d("0.0001")), d("0.1234"));
        assert_eq!(d("202018348.62391").floor_to(d("0.0001")), d("202018348.6239"));
        assert_eq!(d("0.3").floor_to(d("0.1")), d("0.3"));
        assert_eq!(d("1").div(d("3"), Round::Down).to_string(), "0.333333333333333333");
        assert_eq!(d("-1").div(d("3"), Round::Up).to_string(), "-0.333333333333333334");
        assert_eq!(d("0.5").to_fixed(0), "1");
        assert_eq!(d("-108.7351").to_fixed(2), "-108.74");
        assert_eq!(d("-0.0001").to_fixed(2), "0.00");
    }

    proptest! {
        #[test]
        fn text_round_trips(raw in any::<i128>()) {
            let value = Decimal::from_raw(raw / 2);
            prop_assert_eq!(Decimal::parse(&value.to_string()), Ok(value));
        }

        #[test]
        fn mul_div_agrees_with_wide_arithmetic(a in any::<i64>(), b in any::<i64>(), c in 1i64..) {
            let (down, exact) = (i128::from(a) * i128::from(b) / i128::from(c), i128::from(a) * i128::from(b));
            let got = Decimal::from_raw(a.into()).mul_div(Decimal::from_raw(b.into()), Decimal::from_raw(c.into()), Round::Down);
            prop_assert_eq!(got.raw(), down);
            let up = Decimal::from_raw(a.into()).mul_div(Decimal::from_raw(b.into()), Decimal::from_raw(c.into()), Round::Up);
            prop_assert_eq!(up.raw() - got.raw(), if exact % i128::from(c) == 0 { 0 } else { exact.signum() });
        }

        #[test]
        fn wide_quotients_invert_products(a in 1u128..(1 << 120), b in 1u128..(1 << 120), r in any::<u128>()) {
            // (a*b) / b through 256 bits is a, whatever the size of the product.
            prop_assert_eq!(mul_div_u128(a, b, b), (a, 0));
            let c = b.max(r % (1 << 120)).max(1);
            let (q, rem) = mul_div_u128(a, b, c);
            prop_assert!(rem < c);
            prop_assert!(q <= a);
        }

        #[test]
        fn foreign_and_strict_agree_on_plain_numbers(raw in any::<i128>()) {
            let value = Decimal::from_raw(raw / 2);
            prop_assert_eq!(Decimal::parse_foreign(&value.to_string()), Ok((value, false)));
        }
    }
}
