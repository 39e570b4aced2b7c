//! Exact decimals as JSON numbers: `-78.1495`, never `-78.14949999999999`.
//!
//! Only for documents written with `serde_json::to_string` and the like; a `serde_json::Value` would
//! make floats of them again.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::decimal::Decimal;

/// An exact decimal that serializes as a JSON number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Number(pub Decimal);

impl From<Decimal> for Number {
    fn from(value: Decimal) -> Self {
        Self(value)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// A decimal rounded half away from zero at `places`.
pub fn rounded(value: Decimal, places: u32) -> Number {
    // What `to_fixed` prints has at most 18 places and parses; it may print -0, which is 0.
    Number(Decimal::parse(&value.to_fixed(places)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let value = Decimal::parse("-78.149500000000000001").unwrap();
        let text = serde_json::to_string(&[Number(value), rounded(value, 2)]).unwrap();
        assert_eq!(text, "[-78.149500000000000001,-78.15]");
    }
}
