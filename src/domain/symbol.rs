//! Symbol (FIX 55): `BASE-QUOTE`, as KuCoin writes it.

use std::fmt;

use super::identifier::Asset;
use super::text::{Text, TextError};

/// A traded symbol such as `BTC-USDT`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    text: Text<33>,
    base: Asset,
    quote: Asset,
}

/// Why a text is not a [`Symbol`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolError {
    /// No `-` between base and quote.
    NoQuote,
    /// Base or quote is not an asset name.
    Asset(TextError),
}

impl fmt::Display for SymbolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoQuote => f.write_str("not BASE-QUOTE"),
            Self::Asset(error) => write!(f, "asset name {error}"),
        }
    }
}

impl std::error::Error for SymbolError {}

impl Symbol {
    /// Parses `BASE-QUOTE`. The last `-` separates, so that a base may carry one.
    pub fn new(text: &str) -> Result<Self, SymbolError> {
        let (base, quote) = text.rsplit_once('-').ok_or(SymbolError::NoQuote)?;
        Ok(Self {
            text: Text::new(text).map_err(SymbolError::Asset)?,
            base: Asset::new(base).map_err(SymbolError::Asset)?,
            quote: Asset::new(quote).map_err(SymbolError::Asset)?,
        })
    }

    /// The asset bought and sold.
    pub fn base(&self) -> Asset {
        self.base
    }

    /// The asset paid with.
    pub fn quote(&self) -> Asset {
        self.quote
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl std::str::FromStr for Symbol {
    type Err = SymbolError;
    fn from_str(text: &str) -> Result<Self, SymbolError> {
        Self::new(text)
    }
}

impl serde::Serialize for Symbol {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Symbol {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_base_and_quote() {
        let symbol = Symbol::new("BTC-USDT").unwrap();
        assert_eq!((symbol.base().as_str(), symbol.quote().as_str()), ("BTC", "USDT"));
        assert_eq!(Symbol::new("BTC"), Err(SymbolError::NoQuote));
        assert!(Symbol::new("-USDT").is_err());
    }
}
