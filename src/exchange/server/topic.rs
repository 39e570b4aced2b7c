//! Topics (stand-in until the core brings its own).

/// A topic of one symbol.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Topic(pub String);

impl Topic {
    /// Parses.
    pub fn parse(text: &str, known: impl Fn(&str) -> bool) -> Result<Vec<Self>, TopicError> {
        let (kind, list) = text.split_once(':').unwrap_or((text, ""));
        if list.is_empty() {
            return Ok(vec![Self(text.to_owned())]);
        }
        if !["/market/match", "/market/level2"].contains(&kind) {
            return Err(TopicError::Unknown);
        }
        let one = |symbol: &str| {
            if known(symbol) {
                Ok(Self(format!("{kind}:{symbol}")))
            } else {
                Err(TopicError::Unknown)
            }
        };
        list.split(',').map(one).collect()
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Private.
    pub fn is_private(&self) -> bool {
        self.0.starts_with("/spotMarket/tradeOrders") || self.0.starts_with("/account")
    }
}

/// Why a topic cannot be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TopicError {
    /// 404.
    Unknown,
    /// 400.
    Invalid,
}

impl TopicError {
    /// Its code.
    pub fn code(&self) -> crate::exchange::kucoin::protocol::frame::ErrorCode {
        use crate::exchange::kucoin::protocol::frame::ErrorCode;
        match self {
            Self::Unknown => ErrorCode::TOPIC_NOT_FOUND,
            Self::Invalid => ErrorCode::BAD_REQUEST,
        }
    }
}

impl std::fmt::Display for TopicError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("topic does not exist")
    }
}
