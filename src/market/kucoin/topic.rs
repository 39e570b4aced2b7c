//! Public topics: what can be subscribed to, and what a push is about.

/// A kind of public topic that ibis reads. Each but the last two takes a comma list of symbols.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TopicKind {
    /// Last trade, best bid and ask, at most every 100 ms.
    Ticker,
    /// Best bid and ask, at most every 10 ms.
    Level1,
    /// The best five levels of each side, at most every 100 ms.
    Depth5,
    /// The best fifty levels of each side, at most every 100 ms.
    Depth50,
    /// Every change of the book, numbered.
    Level2,
    /// Every public trade.
    Match,
    /// 24 hours of one symbol, or of every symbol of a market group, every 2 s.
    Snapshot,
    /// The running candle of one symbol and interval.
    Candles,
}

const KINDS: [(TopicKind, &str); 8] = [
    (TopicKind::Level2, "/market/level2"),
    (TopicKind::Level1, "/spotMarket/level1"),
    (TopicKind::Match, "/market/match"),
    (TopicKind::Ticker, "/market/ticker"),
    (TopicKind::Depth5, "/spotMarket/level2Depth5"),
    (TopicKind::Depth50, "/spotMarket/level2Depth50"),
    (TopicKind::Candles, "/market/candles"),
    (TopicKind::Snapshot, "/market/snapshot"),
];

impl TopicKind {
    /// The part before the colon.
    pub fn path(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, path)| path)
    }
}

/// The topic of a push.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::market) struct Topic<'a> {
    pub(in crate::market) kind: TopicKind,
    /// The part after the colon.
    name: &'a str,
}

impl<'a> Topic<'a> {
    /// A topic that ibis reads; `None` for every other.
    pub(in crate::market) fn parse(topic: &'a str) -> Option<Self> {
        let (path, name) = topic.split_once(':')?;
        KINDS.iter().find(|(_, known)| *known == path).map(|(kind, _)| Self { kind: *kind, name })
    }

    /// The symbol: the topic's, or the subject of a push about all symbols. A snapshot's is in its
    /// data alone, for the topic may name a market group.
    pub(in crate::market) fn symbol(&self, subject: Option<&'a str>) -> Option<&'a str> {
        match (self.kind, self.name) {
            (TopicKind::Ticker, "all") => subject,
            (TopicKind::Candles, name) => name.rsplit_once('_').map(|(symbol, _)| symbol),
            (TopicKind::Snapshot, _) => None,
            (_, name) => Some(name),
        }
    }

    /// The interval of a candle, such as `1min`.
    pub(in crate::market) fn interval(&self) -> &'a str {
        self.name.rsplit_once('_').map_or("", |(_, interval)| interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_name_kind_and_symbol() {
        for (topic, subject, kind, symbol) in [
            ("/market/ticker:A-B", "trade.ticker", TopicKind::Ticker, Some("A-B")),
            ("/market/ticker:all", "C-D", TopicKind::Ticker, Some("C-D")),
            ("/spotMarket/level2Depth5:A-B", "level2", TopicKind::Depth5, Some("A-B")),
            ("/market/candles:A-B_1min", "", TopicKind::Candles, Some("A-B")),
            ("/market/snapshot:BTC", "", TopicKind::Snapshot, None),
        ] {
            let parsed = Topic::parse(topic).unwrap();
            assert_eq!((parsed.kind, parsed.symbol(Some(subject))), (kind, symbol), "{topic}");
            assert!(topic.starts_with(kind.path()));
        }
        assert_eq!(Topic::parse("/market/candles:A-B_1min").unwrap().interval(), "1min");
        for topic in ["/market/ticker", "/account/balance", "/callauction/level2Depth50:A-B", ""] {
            assert_eq!(Topic::parse(topic), None, "{topic}");
        }
    }
}
