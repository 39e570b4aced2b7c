//! Decimals of a message: written as text, read from text or from a JSON number, exactly.
//!
//! KuCoin sends decimals as text, sometimes padded with zeros (`"50000.00000000000000000000"`); bots
//! send JSON numbers too. Both are read from the message's own characters, never through a float. What
//! needs more than 18 places, or is [`MAGNITUDE_MAX`] or more, is an error that says so; figures that
//! no money is computed from (`statistic`) are cut to 18 places instead.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::decimal::{Decimal, DecimalError};

/// Numbers of this magnitude and above are refused. A hundred smaller ones add up without overflow;
/// the largest bound KuCoin documents is a `baseMaxSize` of 10^10, the largest supply below 10^18.
pub const MAGNITUDE_MAX: Decimal = Decimal::from_int(1_000_000_000_000_000_000);
/// Bytes of a number that are shown in an error.
const SHOWN_BYTES_MAX: usize = 40;

/// A decimal as a message carries it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Number(pub(super) Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        exact(characters(raw)?).map(Self).map_err(|error| refuse(raw, error))
    }
}

/// The characters of the number in a JSON text or number.
fn characters<E: Error>(raw: &RawValue) -> Result<&str, E> {
    let text = raw.get();
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted
        .or_else(|| text.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then_some(text))
        .ok_or_else(|| refuse(raw, DecimalError::Syntax))
}

/// The number in a text, all of it.
pub(super) fn exact(text: &str) -> Result<Decimal, DecimalError> {
    match Decimal::parse(text).or_else(|error| foreign(text, error))? {
        value if value.abs() < MAGNITUDE_MAX => Ok(value),
        _ => Err(DecimalError::TooLarge),
    }
}

/// The spellings that money of ours never has: `-0`, `1E-8`.
#[cold]
fn foreign(text: &str, error: DecimalError) -> Result<Decimal, DecimalError> {
    match error {
        DecimalError::TooLarge | DecimalError::TooPrecise => Err(error),
        DecimalError::Syntax | DecimalError::NegativeZero => match Decimal::parse_foreign(text)? {
            (value, false) => Ok(value),
            (_, true) => Err(DecimalError::TooPrecise),
        },
    }
}

fn refuse<E: Error>(raw: &RawValue, error: impl fmt::Display) -> E {
    let text = raw.get();
    let shown = text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= SHOWN_BYTES_MAX);
    let shown = shown.last().map_or(0, |(at, c)| at + c.len_utf8());
    E::custom(format_args!("{} is {error}", text.get(..shown).unwrap_or_default()))
}

/// Writes a decimal as text.
pub(super) fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    Number(*value).serialize(serializer)
}

/// Reads a decimal that must be there.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    Number::deserialize(deserializer).map(|number| number.0)
}

/// True where a value stands for none: `null` or the empty text.
fn is_blank(raw: &RawValue) -> bool {
    matches!(raw.get(), "null" | "\"\"")
}

/// Decimals that may be absent, `null` or empty.
pub(super) mod optional {
    use super::*;

    /// Writes a decimal as text, or `null`.
    pub fn serialize<S: Serializer>(
        value: &Option<Decimal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Number).serialize(serializer)
    }

    /// Reads a decimal, or none.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Decimal>, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        if is_blank(raw) {
            return Ok(None);
        }
        exact(characters(raw)?).map(Some).map_err(|error| refuse(raw, error))
    }
}

/// Decimals whose absence means zero: the price of a market order, a visible size.
pub(super) mod or_zero {
    use super::*;

    /// Writes a decimal as text.
    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        super::serialize(value, serializer)
    }

    /// Reads a decimal; none is zero.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        optional::deserialize(deserializer).map(Option::unwrap_or_default)
    }
}

/// Figures that no money is computed from: cut to 18 places, `null` for a pair that does not trade.
pub(super) mod statistic {
    use super::*;

    /// Writes a figure as text, or `null`.
    pub fn serialize<S: Serializer>(
        value: &Option<Decimal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        optional::serialize(value, serializer)
    }

    /// Reads a figure, or none.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Decimal>, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        if is_blank(raw) {
            return Ok(None);
        }
        let text = characters(raw)?;
        match Decimal::parse_foreign(text) {
            Ok((value, _)) if value.abs() < MAGNITUDE_MAX => Ok(Some(value)),
            Ok(_) => Err(refuse(raw, DecimalError::TooLarge)),
            Err(error) => Err(refuse(raw, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, PartialEq, Debug)]
    struct Row {
        #[serde(with = "super")]
        exact: Decimal,
        #[serde(default, with = "optional")]
        optional: Option<Decimal>,
        #[serde(default, with = "or_zero")]
        or_zero: Decimal,
        #[serde(default, with = "statistic")]
        statistic: Option<Decimal>,
    }

    fn row(json: &str) -> Result<Row, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn one_value_has_many_spellings() {
        for json in [
            "\"0.00001\"",
            "\"0.0000100000000000000000000\"",
            "0.00001",
            "1e-5",
            "\"1E-5\"",
            "10.0e-6",
        ] {
            assert_eq!(
                row(&format!("{{\"exact\":{json}}}")).unwrap().exact,
                d("0.00001"),
                "{json}"
            );
        }
        for json in ["\"-0\"", "0", "-0", "\"0E-20\"", "\"-0.00\""] {
            assert_eq!(
                row(&format!("{{\"exact\":{json}}}")).unwrap().exact,
                Decimal::ZERO,
                "{json}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        for (json, reason) in [
            ("null", "null is not a plain decimal number"),
            ("\"\"", "\"\" is not a plain decimal number"),
            ("true", "true is not a plain decimal number"),
            ("[1]", "[1] is not a plain decimal number"),
            ("\"1,5\"", "\"1,5\" is not a plain decimal number"),
            ("\"NaN\"", "\"NaN\" is not a plain decimal number"),
            (
                "\"0.0000000000000000001\"",
                "\"0.0000000000000000001\" is more than 18 decimal places",
            ),
            ("1e18", "1e18 is too large"),
            ("\"1000000000000000000\"", "is too large"),
            ("1e400", "1e400 is too large"),
            ("1e-999999999999", "1e-999999999999 is not a plain"),
        ] {
            let error = row(&format!("{{\"exact\":{json}}}")).unwrap_err();
            assert!(error.starts_with(reason) || error.contains(reason), "{json}: {error}");
        }
        assert!(row("{}").unwrap_err().contains("missing field `exact`"));
    }

    #[test]
    fn absent_null_and_empty_are_none() {
        let bare = row(r#"{"exact":"1"}"#).unwrap();
        let blank = row(r#"{"exact":"1","optional":null,"or_zero":"","statistic":null}"#).unwrap();
        assert_eq!((&bare, bare.optional, bare.or_zero), (&blank, None, Decimal::ZERO));
        let noisy = row(r#"{"exact":"1","statistic":0.33333333333333333333}"#).unwrap();
        assert_eq!(noisy.statistic, Some(d("0.333333333333333333")));
    }
}
