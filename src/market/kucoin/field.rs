//! A JSON string as it stands in a frame: borrowed unless an escape forces a copy.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::market::number::integer;

/// A string of a frame, or a whole number written without quotes: the venue does both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::market) struct Field<'a>(Cow<'a, str>);

impl Deref for Field<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor).map(Self)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a whole number")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }
}

/// A sequence number: an integer in level-2 pushes, a string everywhere else. At most 18 digits, so
/// that the number after it is one too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::market) struct Sequence(pub(in crate::market) i64);

impl<'de> Deserialize<'de> for Sequence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Field::deserialize(deserializer)?;
        let refused = || D::Error::invalid_value(Unexpected::Str(&text), &"a sequence number");
        integer(text.as_bytes()).map(Self).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_borrow_where_it_can() {
        let of = |json: &'static str| serde_json::from_str::<Field<'_>>(json).unwrap();
        assert!(matches!(of(r#""0.1""#).0, Cow::Borrowed("0.1")));
        assert!(matches!(&of(r#""\/market""#).0, Cow::Owned(text) if text == "/market"));
        assert_eq!(&*of("12"), "12");
        for json in ["-1", "1.5", "null", "[]", "true"] {
            assert!(serde_json::from_str::<Field<'_>>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn sequences_are_strings_or_integers_within_bounds() {
        let of = |json: &str| serde_json::from_str::<Sequence>(json).ok().map(|number| number.0);
        assert_eq!((of("16"), of(r#""16""#), of("0")), (Some(16), Some(16), Some(0)));
        assert_eq!(of("999999999999999999"), Some(999_999_999_999_999_999));
        for json in ["1000000000000000000", "-1", r#""x""#, r#""""#, "1.0", r#""-0""#, "1e3"] {
            assert_eq!(of(json), None, "{json}");
        }
    }
}
