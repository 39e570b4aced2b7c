//! Text of a message, borrowed from it where the JSON needs no unescaping.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::domain::decimal::Decimal;
use crate::domain::side::Side;

/// A text of a message. An integer in its place is taken as its digits: some ids come both ways.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WireText<'a>(Cow<'a, str>);

impl WireText<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> WireText<'a> {
    /// The text as it is held.
    pub fn into_cow(self) -> Cow<'a, str> {
        self.0
    }
}

impl Deref for WireText<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for WireText<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for WireText<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for WireText<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for WireText<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(text)
    }
}

impl PartialEq<str> for WireText<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for WireText<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for WireText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for WireText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for WireText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WireText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = WireText<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(text.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.to_owned().into())
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(text.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(number.to_string().into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(number.to_string().into())
    }
}

/// What a message's object becomes when it must outlive the message.
pub trait IntoOwned {
    /// The same object with texts of its own.
    type Owned;

    /// Copies what is borrowed.
    fn into_owned(self) -> Self::Owned;
}

impl IntoOwned for WireText<'_> {
    type Owned = WireText<'static>;
    fn into_owned(self) -> Self::Owned {
        WireText(Cow::Owned(self.0.into_owned()))
    }
}

impl<T: IntoOwned> IntoOwned for Option<T> {
    type Owned = Option<T::Owned>;
    fn into_owned(self) -> Self::Owned {
        self.map(T::into_owned)
    }
}

impl<T: IntoOwned> IntoOwned for Vec<T> {
    type Owned = Vec<T::Owned>;
    fn into_owned(self) -> Self::Owned {
        self.into_iter().map(T::into_owned).collect()
    }
}

/// Implements [`IntoOwned`] for types that borrow nothing.
macro_rules! owned_already {
    ($($type:ty),* $(,)?) => {
        $(impl $crate::exchange::kucoin::protocol::wire_text::IntoOwned for $type {
            type Owned = Self;
            fn into_owned(self) -> Self {
                self
            }
        })*
    };
}
/// Implements [`IntoOwned`] field by field for a struct that borrows from its message.
macro_rules! owned_by_field {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::exchange::kucoin::protocol::wire_text::IntoOwned for $type<'_> {
            type Owned = $type<'static>;
            fn into_owned(self) -> Self::Owned {
                $type { $($field: self.$field.into_owned()),* }
            }
        }
    };
}
pub(super) use {owned_already, owned_by_field};

owned_already!(bool, i64, Decimal, Side);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> WireText<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn borrows_where_it_can_and_takes_numbers_as_digits() {
        assert!(matches!(read(r#""abc""#).into_cow(), Cow::Borrowed("abc")));
        assert!(matches!(read(r#""a\u0062c""#).into_cow(), Cow::Owned(text) if text == "abc"));
        assert_eq!(read("11029373945659392"), "11029373945659392");
        assert_eq!(read("-1"), "-1");
        for json in ["null", "1.5", "true", "[]", "{}", "\"a", ""] {
            assert!(serde_json::from_str::<WireText<'_>>(json).is_err(), "{json}");
        }
    }
}
