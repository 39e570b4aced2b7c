//! The published book of a pair: levels, and a sequence that counts their changes one by one.
//!
//! The sequence of a queried book is that of the last change in it, so that the changes pushed
//! afterwards continue exactly there.

use std::collections::BTreeMap;

use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::{Lots, Ticks};
use crate::domain::side::Side;
use crate::exchange::paper::{PaperVenue, Touched};

/// Where sequences begin: of the size of KuCoin's.
const SEQUENCE_START: i64 = 14_000_000_000;

/// A level changed: its size is now `size`, zero where it is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LevelChange {
    pub side: Side,
    pub price: Ticks,
    pub size: Lots,
    pub sequence: i64,
}

/// The book as everybody was told it is.
#[derive(Debug)]
pub(super) struct Ladder {
    bids: BTreeMap<Ticks, Lots>,
    asks: BTreeMap<Ticks, Lots>,
    sequence: i64,
    /// Room for a whole side, kept from call to call.
    news: Vec<(Ticks, Lots)>,
}

impl Ladder {
    pub(super) fn new() -> Self {
        let (bids, asks) = (BTreeMap::new(), BTreeMap::new());
        Self { bids, asks, sequence: SEQUENCE_START, news: Vec::new() }
    }

    /// The sequence of the last change.
    pub(super) fn sequence(&self) -> i64 {
        self.sequence
    }

    /// The best level of a side.
    pub(super) fn best(&self, side: Side) -> Option<(Ticks, Lots)> {
        self.levels(side).next()
    }

    /// A side's levels, best first.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        let (bids, asks) = match side {
            Side::Buy => (Some(self.bids.iter().rev()), None),
            Side::Sell => (None, Some(self.asks.iter())),
        };
        let levels = bids.into_iter().flatten().chain(asks.into_iter().flatten());
        levels.map(|(price, size)| (*price, *size))
    }

    /// Takes over from the venue what was touched; appends what changed by it to `out`.
    pub(super) fn follow(
        &mut self,
        venue: &PaperVenue,
        instrument: InstrumentId,
        touched: &Touched,
        out: &mut Vec<LevelChange>,
    ) {
        if touched.all {
            for side in [Side::Sell, Side::Buy] {
                self.follow_all(venue, instrument, side, out);
            }
            return;
        }
        for &(side, price) in &touched.levels {
            self.set(side, price, venue.shown_at(instrument, side, price), out);
        }
    }

    fn follow_all(
        &mut self,
        venue: &PaperVenue,
        instrument: InstrumentId,
        side: Side,
        out: &mut Vec<LevelChange>,
    ) {
        let mut news = std::mem::take(&mut self.news);
        news.clear();
        let mut now = venue.shown(instrument, side).peekable();
        let mut known = self.levels(side).peekable();
        let comes_first = |one: Ticks, other: Ticks| match side {
            Side::Buy => one > other,
            Side::Sell => one < other,
        };
        loop {
            let (new, old) = (now.peek().copied(), known.peek().copied());
            match (new, old) {
                (Some((new, _)), Some((old, _))) if comes_first(old, new) => {
                    news.push((old, Lots::ZERO));
                    known.next();
                }
                (Some((new, size)), old) => {
                    news.push((new, size));
                    now.next();
                    known.next_if(|_| old.is_some_and(|(old, _)| old == new));
                }
                (None, Some((old, _))) => {
                    news.push((old, Lots::ZERO));
                    known.next();
                }
                (None, None) => break,
            }
        }
        drop(known);
        for &(price, size) in &news {
            self.set(side, price, size, out);
        }
        self.news = news;
    }

    fn set(&mut self, side: Side, price: Ticks, size: Lots, out: &mut Vec<LevelChange>) {
        let levels = self.side(side);
        let before = match size.is_zero() {
            true => levels.remove(&price).unwrap_or_default(),
            false => levels.insert(price, size).unwrap_or_default(),
        };
        if before != size {
            self.sequence += 1;
            out.push(LevelChange { side, price, size, sequence: self.sequence });
        }
    }

    fn side(&mut self, side: Side) -> &mut BTreeMap<Ticks, Lots> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}
