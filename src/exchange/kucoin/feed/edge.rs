//! How far a book in part can be believed.

use crate::domain::instrument::Ticks;
use crate::domain::side::Side;
use crate::market::kucoin::{Book, Snapshot};

/// The worst level of each side that has more than were told; a side that was told whole has none.
/// Between them the book is whole: whatever is better than an edge was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Edge {
    bid: Option<Ticks>,
    ask: Option<Ticks>,
}

impl Edge {
    /// The edge of a book of at most so many levels a side; of a whole book there is none.
    pub(super) fn of(snapshot: &Snapshot, levels_max: Option<usize>) -> Self {
        let Some(levels_max) = levels_max else { return Self::default() };
        let prices = |side| -> Vec<Ticks> {
            let levels = snapshot.levels.iter().filter(|level| level.side == side);
            levels.map(|level| level.price).collect()
        };
        let (bids, asks) = (prices(Side::Buy), prices(Side::Sell));
        Self {
            bid: bids.iter().min().copied().filter(|_| bids.len() >= levels_max),
            ask: asks.iter().max().copied().filter(|_| asks.len() >= levels_max),
        }
    }

    /// True where a side has more than was told.
    pub(super) fn is_partial(&self) -> bool {
        self.bid.is_some() || self.ask.is_some()
    }

    /// True where a book's best level is worse than an edge: there may be better ones.
    pub(super) fn is_crossed_by(&self, book: &Book) -> bool {
        let best = |side| book.levels(side).next().map(|level| level.price);
        self.bid.is_some_and(|edge| best(Side::Buy).is_none_or(|bid| bid < edge))
            || self.ask.is_some_and(|edge| best(Side::Sell).is_none_or(|ask| ask > edge))
    }
}
