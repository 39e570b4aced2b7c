//! A short text kept inline: identifiers and symbols are copied a lot and never long.

use std::fmt;

/// Up to `N` bytes of printable ASCII without spaces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

/// Why a text cannot be an identifier or a symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextError {
    /// Nothing in it.
    Empty,
    /// Longer than the type holds; carries that limit in bytes.
    TooLong(usize),
    /// A space, control or non-ASCII character.
    Character,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::TooLong(limit) => write!(f, "longer than {limit} characters"),
            Self::Character => f.write_str("has a character outside printable ASCII"),
        }
    }
}

impl std::error::Error for TextError {}

impl<const N: usize> Text<N> {
    /// Takes a non-empty printable text of at most `N` bytes.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.len() > N {
            return Err(TextError::TooLong(N));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TextError::Character);
        }
        let mut bytes = [0; N];
        for (slot, byte) in bytes.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        Ok(Self { bytes, length: u8::try_from(text.len()).or(Err(TextError::TooLong(N)))? })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.bytes
            .get(..usize::from(self.length))
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or("")
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> std::str::FromStr for Text<N> {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl<const N: usize> serde::Serialize for Text<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const N: usize> serde::Deserialize<'de> for Text<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_was_given_or_refuses() {
        assert_eq!(Text::<4>::new("BTC").unwrap().as_str(), "BTC");
        assert_eq!(Text::<4>::new("").unwrap_err(), TextError::Empty);
        assert_eq!(Text::<4>::new("BTCUS").unwrap_err(), TextError::TooLong(4));
        assert_eq!(Text::<4>::new("B C").unwrap_err(), TextError::Character);
        assert_eq!(Text::<4>::new("\u{e9}").unwrap_err(), TextError::Character);
        assert!(Text::<4>::new("A").unwrap() < Text::<4>::new("AA").unwrap());
    }
}
