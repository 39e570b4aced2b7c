//! A displayed book, level by level: what a numbered feed leaves standing.
//!
//! A side is a vector sorted so that its best level is last: most changes are near the touch and move
//! few elements.

use crate::domain::instrument::{Lots, Ticks};
use crate::domain::market_data::{DepthChange, MarketData, Quote};
use crate::domain::side::Side;

/// Levels kept on a side; the worst go first. KuCoin's full books have a few thousand.
const LEVELS_MAX: usize = 20_000;

/// Bids and asks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Book {
    bids: Ladder,
    asks: Ladder,
}

/// The levels of a side by key, best last; a larger key is a better price.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Ladder(Vec<(i64, i64)>);

impl Book {
    /// Takes a reset or a change in; other market data means nothing to a book.
    #[inline]
    pub fn apply(&mut self, data: &MarketData) {
        match data {
            MarketData::Depth(change) => self.change(change),
            MarketData::DepthReset => self.clear(),
            MarketData::Quote(_) | MarketData::Trade(_) | MarketData::Candle(_) => {}
        }
    }

    /// Empties both sides; their memory stays.
    pub fn clear(&mut self) {
        self.bids.0.clear();
        self.asks.0.clear();
    }

    /// The best level of both sides; `None` where one has none. It may be crossed.
    #[inline]
    pub fn top(&self) -> Option<Quote> {
        let (&(bid, bid_size), &(ask, ask_size)) = (self.bids.0.last()?, self.asks.0.last()?);
        Some(Quote {
            bid: Ticks::new(bid),
            bid_size: Lots::new(bid_size),
            ask: Ticks::new(-ask),
            ask_size: Lots::new(ask_size),
        })
    }

    /// True where somebody offers at or below what somebody bids: no real book does.
    pub fn is_crossed(&self) -> bool {
        self.top().is_some_and(|top| top.bid >= top.ask)
    }

    /// The number of levels of both sides.
    pub fn len(&self) -> usize {
        self.bids.0.len() + self.asks.0.len()
    }

    /// True where neither side has a level.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A side's levels, best first, as changes that would build it.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = DepthChange> {
        let (ladder, sign) = match side {
            Side::Buy => (&self.bids, 1),
            Side::Sell => (&self.asks, -1),
        };
        ladder.0.iter().rev().map(move |&(key, size)| DepthChange {
            side,
            price: Ticks::new(sign * key),
            size: Lots::new(size),
        })
    }

    #[inline]
    fn change(&mut self, change: &DepthChange) {
        let (ladder, key) = match change.side {
            Side::Buy => (&mut self.bids, change.price.get()),
            Side::Sell => (&mut self.asks, -change.price.get()),
        };
        ladder.set(key, change.size.get());
    }
}

impl Ladder {
    fn set(&mut self, key: i64, size: i64) {
        let at = self.0.partition_point(|(known, _)| *known < key);
        match self.0.get_mut(at).filter(|(known, _)| *known == key) {
            Some(_) if size <= 0 => {
                self.0.remove(at);
            }
            Some(level) => level.1 = size,
            None if size <= 0 => {}
            None => {
                self.0.insert(at, (key, size));
                if self.0.len() > LEVELS_MAX {
                    self.0.remove(0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    fn change(side: Side, price: i64, size: i64) -> DepthChange {
        DepthChange { side, price: Ticks::new(price), size: Lots::new(size) }
    }

    proptest! {
        #[test]
        fn a_book_is_a_map_of_prices(
            changes in prop::collection::vec((any::<bool>(), 1i64..30, 0i64..4), 0..200),
        ) {
            let (mut book, mut map) = (Book::default(), BTreeMap::new());
            for (buy, price, size) in changes {
                let side = if buy { Side::Buy } else { Side::Sell };
                book.apply(&MarketData::Depth(change(side, price, size)));
                map.insert((buy, price), size);
            }
            map.retain(|_, size| *size > 0);
            let of = |buy: bool| {
                let levels = map.iter().filter(move |((side, _), _)| *side == buy);
                levels.map(|((_, price), size)| (*price, *size)).collect::<Vec<_>>()
            };
            let shown = |side| {
                let levels = book.levels(side);
                levels.map(|level| (level.price.get(), level.size.get())).collect::<Vec<_>>()
            };
            let mut bids = of(true);
            bids.reverse();
            prop_assert_eq!(shown(Side::Buy), bids);
            prop_assert_eq!(shown(Side::Sell), of(false));
            prop_assert_eq!(book.len(), map.len());
            let best = book.top().map(|top| (top.bid.get(), top.ask.get()));
            let ends = shown(Side::Buy).first().zip(shown(Side::Sell).first())
                .map(|(bid, ask)| (bid.0, ask.0));
            prop_assert_eq!(best, ends);
            prop_assert_eq!(book.is_crossed(), ends.is_some_and(|(bid, ask)| bid >= ask));
        }
    }

    #[test]
    fn a_side_is_bounded_and_keeps_the_best() {
        let mut book = Book::default();
        for price in 1..=20_001 {
            book.apply(&MarketData::Depth(change(Side::Buy, price, 1)));
        }
        assert_eq!(book.len(), 20_000);
        assert_eq!(book.levels(Side::Buy).last().unwrap().price.get(), 2);
        book.apply(&MarketData::DepthReset);
        assert!(book.is_empty());
    }
}
