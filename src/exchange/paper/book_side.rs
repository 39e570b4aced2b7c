//! One side of the market's book: displayed levels, and what we took of them.
//!
//! Levels are kept in a vector sorted so that the best is last: most changes are near the touch and
//! move few elements. A level's key is its price for bids and its negated price for asks; a larger
//! key is always the better price.

use crate::domain::instrument::{Lots, Ticks};
use crate::domain::side::Side;

use super::touched::{Touched, note};

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
        price_of(self.side, key)
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
        let mut levels: Vec<_> = self.assumed(Some(step)).collect();
        if !levels.is_empty() {
            levels.reverse();
            levels.append(&mut self.levels);
            self.levels = levels;
        }
    }

    /// Takes a depth change in, refreshing the level; true where the best level changed.
    pub(super) fn apply(
        &mut self,
        price: Ticks,
        size: Lots,
        touched: &mut Option<Touched>,
    ) -> bool {
        note(touched, self.side, price);
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
                    let worst = self.levels.remove(0);
                    note(touched, self.side, self.price(worst.key));
                }
                at == count
            }
        }
    }

    /// Drops levels that a new opposite level at `price` contradicts; true where there were any.
    pub(super) fn drop_crossed(&mut self, price: Ticks, touched: &mut Option<Touched>) -> bool {
        let key = self.key(price);
        let count = self.levels.len();
        while let Some(best) = self.levels.pop_if(|best| best.key >= key) {
            note(touched, self.side, self.price(best.key));
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

    /// What is there to take, best level first. With `step`, an only level is followed by those
    /// that [`BookSide::extend_ladder`] would put behind it.
    pub(super) fn available(&self, step: Option<i64>) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        let real = self.levels.iter().rev().map(|level| (level.key, level.available()));
        let assumed = self.assumed(step).map(|level| (level.key, level.size));
        real.chain(assumed)
            .filter(|(_, size)| *size > 0)
            .map(|(key, size)| (self.price(key), Lots::new(size)))
    }

    /// What there is to take at a price. `step` as in [`BookSide::available`].
    pub(super) fn available_at(&self, price: Ticks, step: Option<i64>) -> Lots {
        let key = self.key(price);
        let there = match self.levels.binary_search_by_key(&key, |level| level.key) {
            Ok(at) => self.levels.get(at).map(Level::available),
            Err(_) => self.assumed(step).find(|level| level.key == key).map(|level| level.size),
        };
        Lots::new(there.unwrap_or(0))
    }

    /// The levels assumed behind an only one.
    fn assumed(&self, step: Option<i64>) -> impl Iterator<Item = Level> + use<> {
        let touch = match (step, self.levels.as_slice()) {
            (Some(step), &[touch]) => Some((step, touch)),
            _ => None,
        };
        let side = self.side;
        touch.into_iter().flat_map(move |(step, touch)| {
            (1..LADDER_LEVELS)
                .map(move |level| Level {
                    key: touch.key.saturating_sub(level * step),
                    taken: 0,
                    ..touch
                })
                // A bid of zero or less is no level.
                .filter(move |level| side == Side::Sell || level.key > 0)
        })
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
        (price, touching): (Ticks, bool),
        wanted: Lots,
        levels: usize,
        touched: &mut Option<Touched>,
    ) -> Lots {
        let (side, key) = (self.side, self.key(price));
        let mut left = wanted.get();
        for level in self.levels.iter_mut().rev().take(levels) {
            if left == 0 || level.key < key || (level.key == key && !touching) {
                break;
            }
            let take = level.available().min(left);
            if take > 0 {
                level.taken += take;
                left -= take;
                note(touched, side, price_of(side, level.key));
            }
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

/// The price of a sort key on a side.
fn price_of(side: Side, key: i64) -> Ticks {
    match side {
        Side::Buy => Ticks::new(key),
        Side::Sell => Ticks::new(-key),
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
            assert!(book.apply(t(100), l(5), &mut None));
            assert!(book.apply(t(better), l(2), &mut None));
            assert!(!book.apply(t(100), l(7), &mut None));
            assert!(!book.apply(t(better), l(2), &mut None));
            assert_eq!(book.best(), Some((t(better), l(2))));
            assert!(book.apply(t(better), l(0), &mut None));
            assert_eq!(book.best(), Some((t(100), l(7))));
            assert!(!book.apply(t(50), l(0), &mut None));
            assert!(book.drop_crossed(t(100), &mut None));
            assert_eq!(book.best(), None);
        }
    }

    fn levels(book: &BookSide, step: Option<i64>) -> Vec<(i64, i64)> {
        book.available(step).map(|(price, size)| (price.get(), size.get())).collect()
    }

    #[test]
    fn what_was_taken_stays_taken_until_refreshed() {
        let mut asks = BookSide::new(Side::Sell);
        asks.set_touch(t(100), l(5), false);
        asks.extend_ladder(2);
        asks.take(t(100), l(5));
        asks.take(t(102), l(3));
        asks.extend_ladder(2);
        assert!(!asks.set_touch(t(100), l(5), false));
        assert_eq!(levels(&asks, None)[..2], [(102, 2), (104, 5)]);
        assert!(asks.set_touch(t(100), l(6), false));
        assert_eq!(levels(&asks, None), [(100, 6)]);
    }

    #[test]
    fn a_ladder_is_seen_before_it_is_made() {
        for side in [Side::Buy, Side::Sell] {
            let mut book = BookSide::new(side);
            book.set_touch(t(9), l(5), false);
            book.take(t(9), l(2));
            let before = levels(&book, Some(2));
            let at: Vec<_> = (0..40).map(|price| book.available_at(t(price), Some(2))).collect();
            book.extend_ladder(2);
            assert_eq!(levels(&book, Some(2)), before);
            assert_eq!(levels(&book, None), before);
            assert_eq!(before[0], (9, 3));
            for (price, size) in (0..40).zip(at) {
                assert_eq!(book.available_at(t(price), Some(2)), size, "{side} {price}");
            }
        }
    }

    #[test]
    fn the_bid_ladder_ends_above_zero() {
        let mut bids = BookSide::new(Side::Buy);
        bids.set_touch(t(3), l(1), false);
        bids.extend_ladder(1);
        assert_eq!(levels(&bids, None), [(3, 1), (2, 1), (1, 1)]);
    }

    #[test]
    fn the_source_shows_what_it_shows() {
        let mut bids = BookSide::new(Side::Buy);
        assert_eq!(bids.displayed(t(100), false), None);
        bids.set_touch(t(100), l(5), false);
        assert_eq!(bids.displayed(t(101), false), Some(l(0)));
        assert_eq!(bids.displayed(t(100), false), Some(l(5)));
        assert_eq!(bids.displayed(t(99), false), None);
        bids.apply(t(97), l(4), &mut None);
        assert_eq!(bids.displayed(t(99), true), Some(l(0)));
        assert_eq!(bids.displayed(t(97), true), Some(l(4)));
        assert_eq!(bids.displayed(t(96), true), None);
    }
}
