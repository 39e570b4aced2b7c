//! What the live feed asks by REST: given from outside.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::protocol::book::Book;
use crate::exchange::kucoin::protocol::ticker::Level1;
use crate::exchange::kucoin::protocol::trade::Trade;

/// Asks for something about a pair, or says in one line why there is nothing.
pub type Fetch<T> = Rc<dyn Fn(Symbol) -> LocalBoxFuture<'static, Result<T, String>>>;

/// A book to begin with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchedBook {
    /// The levels.
    pub book: Book,
    /// Levels a side that were asked for; `None` for all. All of them take a key.
    pub levels_max: Option<usize>,
}

/// The calls.
#[derive(Clone)]
pub struct Fetches {
    /// A book, for [`BookSource::Level2`](super::BookSource::Level2).
    pub book: Fetch<FetchedBook>,
    /// Best bid and ask.
    pub level1: Fetch<Level1>,
    /// The last public trades, where they can be had.
    pub trades: Option<Fetch<Vec<Trade>>>,
}

impl std::fmt::Debug for Fetches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetches").field("trades", &self.trades.is_some()).finish_non_exhaustive()
    }
}
