//! One side of the market's book: displayed levels, and what we took of them.
//!
//! Levels are kept in a vector sorted so that the best is last: most changes are near the touch and
//! move few elements. A level's key is its price for bids and its negated price for asks; a larger
//! key is always the better price.

use crate::domain::instrument::{Lots, Ticks};
use crate::domain::side::Side;

/// Levels that a source without depth is assumed to have, the touch included: a choice; ten levels
/// of the touch's size let an order find out that size has a price, and do not let it fill forever.
pub const LADDER_LEVELS: i64 = 10;

/// Levels kept on a side; the worst go first. KuCoin's full books have a few thousand.
pub const LEVELS_MAX: usize = 20_000;

/// A displayed level.
#[derive(Clone, Copy, Debug)]
struct Level {
    key: i64,
    size: i64,
    /// What we took since the source last refreshed the level.
    taken: i64,
}

impl Level {
    fn available(&self) -> i64 {
        (self.size - self.taken).max(0)
    }
}

/// Bids or asks.
#[derive(Clone, Debug)]
pub(super) struct BookSide {
    side: Side,
    levels: Vec<Level>,
}

impl BookSide {
    pub(super) fn new(side: Side) -> Self {
        Self { side, levels: Vec::new() }
    }

    /// The sort key of a price on this side: larger is better.
    pub(super) fn key(&self, price: Ticks) -> i64 {
        key(self.side, price)
    }

    fn price(&self, key: i64) -> Ticks {
        match self.side {
            Side::Buy => Ticks::new(key),
            Side::Sell => Ticks::new(-key),
        }
    }

    /// The best level.
    pub(super) fn best(&self) -> Option<(Ticks, Lots)> {
        self.levels.last().map(|level| (self.price(level.key), Lots::new(level.size)))
    }

    /// The displayed size at a price; `None` where the source does not show that deep.
    pub(super) fn displayed(&self, price: Ticks, depth: bool) -> Option<Lots> {
        let key = self.key(price);
        let best = self.levels.last()?;
        if !depth {
            return match key.cmp(&best.key) {
                std::cmp::Ordering::Greater => Some(Lots::ZERO),
                std::cmp::Ordering::Equal => Some(Lots::new(best.size)),
                std::cmp::Ordering::Less => None,
            };
        }
        match self.levels.binary_search_by_key(&key, |level| level.key) {
            Ok(at) => self.levels.get(at).map(|level| Lots::new(level.size)),
            Err(0) => None,
            Err(_) => Some(Lots::ZERO),
        }
    }

    /// Makes this the only level, untouched; true where it differs from the touch before. With
    /// `fresh` false, a touch that does not differ keeps what was taken of it.
    pub(super) fn set_touch(&mut self, price: Ticks, size: Lots, fresh: bool) -> bool {
        let (key, size) = (self.key(price), size.get());
        let same = self.levels.last().is_some_and(|best| (best.key, best.size) == (key, size));
        if !same || fresh {
            self.levels.clear();
            self.levels.push(Level { key, size, taken: 0 });
        }
        !same
    }

    /// Adds the assumed levels behind the only one, `step` ticks apart.
    pub(super) fn extend_ladder(&mut self, step: i64) {
        let &[touch] = self.levels.as_slice() else { return };
        self.levels.clear();
        let keys = (0..LADDER_LEVELS).rev().map(|level| touch.key.saturating_sub(level * step));
        // A bid of zero or less is no level.
        let side = self.side;
        let real = keys.filter(|&key| side == Side::Sell || key > 0);
        self.levels.extend(real.map(|key| Level { key, taken: 0, ..touch }));
        if let Some(best) = self.levels.last_mut() {
            best.taken = touch.taken;
        }
    }

    /// Takes a depth change in, refreshing the level; true where the best level changed.
    pub(super) fn apply(&mut self, price: Ticks, size: Lots) -> bool {
        let (key, size) = (self.key(price), size.get());
        let level = Level { key, size, taken: 0 };
        let at = self.levels.partition_point(|level| level.key < key);
        let count = self.levels.len();
        match self.levels.get_mut(at).filter(|level| level.key == key) {
            Some(_) if size <= 0 => {
                self.levels.remove(at);
                at + 1 == count
            }
            Some(known) => {
                let changed = known.size != size;
                *known = level;
                changed && at + 1 == count
            }
            None if size <= 0 => false,
            None => {
                self.levels.insert(at, level);
                if self.levels.len() > LEVELS_MAX {
                    self.levels.remove(0);
                }
                at == count
            }
        }
    }

    /// Drops levels that a new opposite level at `price` contradicts; true where there were any.
    pub(super) fn drop_crossed(&mut self, price: Ticks) -> bool {
        let key = self.key(price);
        let count = self.levels.len();
        while self.levels.last().is_some_and(|best| best.key >= key) {
            self.levels.pop();
        }
        self.levels.len() < count
    }

    pub(super) fn clear(&mut self) {
        self.levels.clear();
    }

    /// True where an order of the other side limited to `limit` meets a displayed level.
    pub(super) fn meets(&self, limit: Ticks) -> bool {
        let key = self.key(limit);
        self.levels.iter().rev().find(|level| level.size > 0).is_some_and(|best| best.key >= key)
    }

    /// What an order of `quantity` would take down to and including `limit`, best level first.
    /// `own`, the price of an own order resting on this side, ends the walk before it.
    pub(super) fn plan(
        &self,
        limit: Option<Ticks>,
        own: Option<Ticks>,
        quantity: Lots,
        out: &mut Vec<(Ticks, Lots)>,
    ) -> Lots {
        let least = limit.map_or(i64::MIN, |limit| self.key(limit));
        let above = own.map_or(i64::MIN, |own| self.key(own));
        let mut left = quantity.get();
        out.clear();
        for level in self.levels.iter().rev() {
            if left == 0 || level.key < least || (own.is_some() && level.key <= above) {
                break;
            }
            let take = level.available().min(left);
            if take > 0 {
                out.push((self.price(level.key), Lots::new(take)));
                left -= take;
            }
        }
        quantity - Lots::new(left)
    }

    /// Notes that we took `quantity` of the level at `price`.
    pub(super) fn take(&mut self, price: Ticks, quantity: Lots) {
        let key = self.key(price);
        if let Ok(at) = self.levels.binary_search_by_key(&key, |level| level.key)
            && let Some(level) = self.levels.get_mut(at)
        {
            level.taken += quantity.get();
        }
    }

    /// Takes up to `wanted` from levels better than `price`, or at it too with `touching`: what a
    /// resting order of the other side receives. Looks at the best `levels` levels.
    pub(super) fn take_crossing(
        &mut self,
        price: Ticks,
        touching: bool,
        wanted: Lots,
        levels: usize,
    ) -> Lots {
        let key = self.key(price);
        let mut left = wanted.get();
        for level in self.levels.iter_mut().rev().take(levels) {
            if left == 0 || level.key < key || (level.key == key && !touching) {
                break;
            }
            let take = level.available().min(left);
            level.taken += take;
            left -= take;
        }
        wanted - Lots::new(left)
    }
}

/// The sort key of a price on a side: larger is better for that side's orders.
pub(super) fn key(side: Side, price: Ticks) -> i64 {
    match side {
        Side::Buy => price.get(),
        Side::Sell => -price.get(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(price: i64) -> Ticks {
        Ticks::new(price)
    }

    fn l(size: i64) -> Lots {
        Lots::new(size)
    }

    #[test]
    fn depth_keeps_the_best_level_last_on_both_sides() {
        for (side, better) in [(Side::Buy, 101), (Side::Sell, 99)] {
            let mut book = BookSide::new(side);
            assert!(book.apply(t(100), l(5)));
            assert!(book.apply(t(better), l(2)));
            assert!(!book.apply(t(100), l(7)));
            assert!(!book.apply(t(better), l(2)));
            assert_eq!(book.best(), Some((t(better), l(2))));
            assert!(book.apply(t(better), l(0)));
            assert_eq!(book.best(), Some((t(100), l(7))));
            assert!(!book.apply(t(50), l(0)));
            assert!(book.drop_crossed(t(100)));
            assert_eq!(book.best(), None);
        }
    }

    #[test]
    fn what_was_taken_stays_taken_until_refreshed() {
        let mut asks = BookSide::new(Side::Sell);
        asks.set_touch(t(100), l(5), false);
        asks.extend_ladder(2);
        let mut plan = Vec::new();
        assert_eq!(asks.plan(Some(t(102)), None, l(8), &mut plan), l(8));
        assert_eq!(plan, [(t(100), l(5)), (t(102), l(3))]);
        for &(price, quantity) in &plan {
            asks.take(price, quantity);
        }
        asks.extend_ladder(2);
        assert!(!asks.set_touch(t(100), l(5), false));
        assert_eq!(asks.plan(Some(t(102)), None, l(8), &mut plan), l(2));
        assert!(asks.set_touch(t(100), l(6), false));
        asks.extend_ladder(2);
        assert_eq!(asks.plan(None, None, l(1_000), &mut plan), l(6 * LADDER_LEVELS));
    }

    #[test]
    fn the_bid_ladder_ends_above_zero() {
        let mut bids = BookSide::new(Side::Buy);
        bids.set_touch(t(3), l(1), false);
        bids.extend_ladder(1);
        let mut plan = Vec::new();
        bids.plan(None, None, l(1_000), &mut plan);
        assert_eq!(plan, [(t(3), l(1)), (t(2), l(1)), (t(1), l(1))]);
    }

    #[test]
    fn the_source_shows_what_it_shows() {
        let mut bids = BookSide::new(Side::Buy);
        assert_eq!(bids.displayed(t(100), false), None);
        bids.set_touch(t(100), l(5), false);
        assert_eq!(bids.displayed(t(101), false), Some(l(0)));
        assert_eq!(bids.displayed(t(100), false), Some(l(5)));
        assert_eq!(bids.displayed(t(99), false), None);
        bids.apply(t(97), l(4));
        assert_eq!(bids.displayed(t(99), true), Some(l(0)));
        assert_eq!(bids.displayed(t(97), true), Some(l(4)));
        assert_eq!(bids.displayed(t(96), true), None);
    }
}
