//! Enums of the protocol's words. A word of a later version reads as `Unknown`, never as an error.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};

/// A closed set of words with a place for those it does not know.
pub(super) trait Word: Copy {
    /// The word's value, `Unknown` for any other text.
    fn of(text: &str) -> Self;
}

/// Reads a word from a text without copying it.
pub(super) struct WordVisitor<T>(pub(super) PhantomData<T>);

impl<T: Word> Visitor<'_> for WordVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::of(text))
    }
}

/// Reads an optional word; `null` and the empty text are none.
pub(super) fn blank_is_none<'de, T: Word, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<super::wire_text::WireText<'de>>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(|text| T::of(&text)))
}

/// Declares an enum of words with its texts.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A word this version does not know.
            Unknown,
        }

        impl $name {
            /// The word on the wire; `unknown` where it was not known.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Unknown => "unknown",
                }
            }

            /// The word's value.
            pub fn of(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    _ => Self::Unknown,
                }
            }
        }

        impl $crate::exchange::kucoin::protocol::words::Word for $name {
            fn of(text: &str) -> Self {
                Self::of(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use $crate::exchange::kucoin::protocol::words::WordVisitor;
                deserializer.deserialize_str(WordVisitor(std::marker::PhantomData))
            }
        }

        $crate::exchange::kucoin::protocol::wire_text::owned_already!($name);
    };
}
pub(super) use words;

#[cfg(test)]
mod tests {
    use super::*;

    words! {
        /// For the test.
        Answer {
            /// Yes.
            Yes = "yes",
            /// No.
            No = "no",
        }
    }

    #[derive(serde::Deserialize)]
    struct Holder {
        #[serde(default, deserialize_with = "blank_is_none")]
        answer: Option<Answer>,
    }

    #[test]
    fn a_later_word_is_unknown_and_a_blank_is_none() {
        let answer = |json| serde_json::from_str::<Holder>(json).unwrap().answer;
        assert_eq!(answer(r#"{"answer":"yes"}"#), Some(Answer::Yes));
        assert_eq!(answer(r#"{"answer":"n\u006f"}"#), Some(Answer::No));
        assert_eq!(answer(r#"{"answer":"maybe"}"#), Some(Answer::Unknown));
        for json in [r#"{"answer":""}"#, r#"{"answer":null}"#, "{}"] {
            assert_eq!(answer(json), None, "{json}");
        }
        assert_eq!(serde_json::to_string(&Answer::No).unwrap(), r#""no""#);
        assert!(serde_json::from_str::<Answer>("1").is_err());
    }
}
