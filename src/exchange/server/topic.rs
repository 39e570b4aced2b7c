//! Topics of the websocket: what they are called, what is pushed on them and how often.

use std::fmt;

use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::protocol::candle::CandleType;
use crate::exchange::kucoin::protocol::frame::ErrorCode;
use crate::exchange::kucoin::protocol::{balance_push, order_push, stop_push};

/// What is pushed about one pair.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Feed {
    /// Best prices and the last trade.
    Ticker,
    /// Best prices.
    Level1,
    /// Five levels of a side.
    Depth5,
    /// Fifty levels of a side.
    Depth50,
    /// Changes of the book.
    Level2,
    /// Trades.
    Match,
    /// 24 hours in figures.
    Snapshot,
    /// The book of an opening auction: there is none, so nothing is ever pushed.
    AuctionBook,
    /// The indication of an opening auction: there is none.
    AuctionData,
}

impl Feed {
    /// Every feed.
    pub const ALL: [Self; 9] = [
        Self::Ticker,
        Self::Level1,
        Self::Depth5,
        Self::Depth50,
        Self::Level2,
        Self::Match,
        Self::Snapshot,
        Self::AuctionBook,
        Self::AuctionData,
    ];

    /// The topic before its symbol.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Ticker => "/market/ticker:",
            Self::Level1 => "/spotMarket/level1:",
            Self::Depth5 => "/spotMarket/level2Depth5:",
            Self::Depth50 => "/spotMarket/level2Depth50:",
            Self::Level2 => "/market/level2:",
            Self::Match => "/market/match:",
            Self::Snapshot => "/market/snapshot:",
            Self::AuctionBook => "/callauction/level2Depth50:",
            Self::AuctionData => "/callauction/callauctionData:",
        }
    }

    /// Microseconds of the market's time between two pushes of a pair; `None` where every change is
    /// pushed at once.
    pub const fn period_us(self) -> Option<i64> {
        match self {
            Self::Level1 => Some(10_000),
            Self::Ticker | Self::Depth5 | Self::Depth50 => Some(100_000),
            Self::Snapshot => Some(2_000_000),
            Self::Level2 | Self::Match | Self::AuctionBook | Self::AuctionData => None,
        }
    }
}

/// A topic as it is pushed on: of one pair at most.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Topic {
    /// A feed of a pair.
    Pair(Feed, Symbol),
    /// Candles of a pair.
    Candles(Symbol, CandleType),
    /// The ticker of every pair.
    AllTickers,
    /// The snapshots of a group of pairs.
    Group(String),
    /// Own orders.
    Orders,
    /// Own orders, with their first event.
    OrdersV2,
    /// Balances.
    Balance,
    /// Own stop orders.
    StopOrders,
}

/// The topic of every pair's ticker.
const ALL_TICKERS: &str = "/market/ticker:all";
/// Candles before their symbol and length.
const CANDLES: &str = "/market/candles:";

impl Topic {
    /// True where only the account itself may watch it.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Orders | Self::OrdersV2 | Self::Balance | Self::StopOrders)
    }

    /// Reads a topic as a client writes it: one, or a comma list of pairs.
    pub fn parse(text: &str) -> Result<Vec<Self>, TopicError> {
        match text {
            "" => return Err(TopicError::Required),
            ALL_TICKERS => return Ok(vec![Self::AllTickers]),
            order_push::TOPIC_V1 => return Ok(vec![Self::Orders]),
            order_push::TOPIC => return Ok(vec![Self::OrdersV2]),
            balance_push::TOPIC => return Ok(vec![Self::Balance]),
            stop_push::TOPIC => return Ok(vec![Self::StopOrders]),
            _ => {}
        }
        if let Some(list) = text.strip_prefix(CANDLES) {
            return list.split(',').map(Self::candles).collect();
        }
        let feed = Feed::ALL.into_iter().find(|feed| text.starts_with(feed.prefix()));
        let Some(feed) = feed else { return Err(TopicError::Unknown) };
        let list = text.get(feed.prefix().len()..).unwrap_or_default();
        list.split(',').map(|name| Self::pair(feed, name)).collect()
    }

    fn pair(feed: Feed, name: &str) -> Result<Self, TopicError> {
        let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match Symbol::new(name) {
            Ok(symbol) => Ok(Self::Pair(feed, symbol)),
            Err(_) if feed == Feed::Snapshot && is_word => Ok(Self::Group(name.to_owned())),
            Err(_) => Err(TopicError::Invalid),
        }
    }

    fn candles(name: &str) -> Result<Self, TopicError> {
        let (symbol, length) = name.rsplit_once('_').ok_or(TopicError::Invalid)?;
        let symbol = Symbol::new(symbol).or(Err(TopicError::Invalid))?;
        let length = CandleType::of(length);
        if length == CandleType::Unknown {
            return Err(TopicError::Invalid);
        }
        Ok(Self::Candles(symbol, length))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair(feed, symbol) => write!(f, "{}{symbol}", feed.prefix()),
            Self::Candles(symbol, length) => write!(f, "{CANDLES}{symbol}_{length}"),
            Self::AllTickers => f.write_str(ALL_TICKERS),
            Self::Group(name) => write!(f, "{}{name}", Feed::Snapshot.prefix()),
            Self::Orders => f.write_str(order_push::TOPIC_V1),
            Self::OrdersV2 => f.write_str(order_push::TOPIC),
            Self::Balance => f.write_str(balance_push::TOPIC),
            Self::StopOrders => f.write_str(stop_push::TOPIC),
        }
    }
}

/// Why a topic cannot be watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TopicError {
    /// There is none in the frame.
    Required,
    /// No topic begins like this, or no such pair is listed.
    Unknown,
    /// It cannot be read.
    Invalid,
}

impl TopicError {
    /// The number of the websocket's error.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Required => ErrorCode::TOPIC_REQUIRED,
            Self::Unknown => ErrorCode::TOPIC_NOT_FOUND,
            Self::Invalid => ErrorCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "topic is required",
            Self::Unknown => "topic does not exist",
            Self::Invalid => "topic is invalid",
        })
    }
}

impl std::error::Error for TopicError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_read_what_they_write() {
        for text in [
            "/market/ticker:BTC-USDT",
            "/spotMarket/level1:BTC-USDT",
            "/spotMarket/level2Depth5:BTC-USDT",
            "/spotMarket/level2Depth50:BTC-USDT",
            "/market/level2:BTC-USDT",
            "/market/match:BTC-USDT",
            "/market/snapshot:BTC-USDT",
            "/market/snapshot:USDS",
            "/market/candles:BTC-USDT_1hour",
            "/market/ticker:all",
            "/callauction/level2Depth50:BTC-USDT",
            "/callauction/callauctionData:BTC-USDT",
            "/spotMarket/tradeOrders",
            "/spotMarket/tradeOrdersV2",
            "/account/balance",
            "/spotMarket/advancedOrders",
        ] {
            let topics = Topic::parse(text).unwrap();
            assert_eq!(topics.iter().map(Topic::to_string).collect::<Vec<_>>(), [text]);
            let private = topics.iter().all(Topic::is_private);
            assert_eq!(private, !text.contains(':'), "{text}");
        }
    }

    #[test]
    fn comma_lists_are_one_topic_a_pair() {
        let topics = Topic::parse("/market/match:BTC-USDT,ETH-USDT").unwrap();
        let texts: Vec<_> = topics.iter().map(Topic::to_string).collect();
        assert_eq!(texts, ["/market/match:BTC-USDT", "/market/match:ETH-USDT"]);
        assert_eq!(
            Topic::parse("/market/candles:BTC-USDT_1min,ETH-USDT_1week").map(|list| list.len()),
            Ok(2)
        );
    }

    #[test]
    fn what_is_no_topic_is_refused_by_what_is_wrong() {
        for (text, error) in [
            ("", TopicError::Required),
            ("/market/unknown:BTC-USDT", TopicError::Unknown),
            ("BTC-USDT", TopicError::Unknown),
            ("/market/ticker:", TopicError::Invalid),
            ("/market/ticker:BTC", TopicError::Invalid),
            ("/market/ticker:BTC-USDT,", TopicError::Invalid),
            ("/market/snapshot:-", TopicError::Invalid),
            ("/market/candles:BTC-USDT", TopicError::Invalid),
            ("/market/candles:BTC-USDT_2min", TopicError::Invalid),
        ] {
            assert_eq!(Topic::parse(text), Err(error), "{text}");
        }
    }
}
