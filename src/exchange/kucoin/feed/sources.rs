//! What a feed works with: tokens, connections, REST, a clock.

use std::fmt;
use std::rc::Rc;

use super::fetch::{Fetch, FetchedBook, Fetches};
use super::receiver::ReadClock;
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::rest::{BookSize, Failure, Rest};
use crate::exchange::kucoin::ws::{BulletSource, Dialer, public_bullets};

/// What a feed works with.
#[derive(Clone)]
pub struct Sources {
    /// Public tokens.
    pub bullet: BulletSource,
    /// Connections.
    pub dialer: Dialer,
    /// REST.
    pub fetches: Fetches,
    /// The clock that events are stamped with.
    pub clock: ReadClock,
}

impl Sources {
    /// Everything from the REST client. Without a key it gives the best hundred levels of a book only.
    pub fn of_rest(rest: &Rest, dialer: Dialer, clock: ReadClock) -> Self {
        let fetches = Fetches {
            book: fetch(rest, async |rest, symbol| {
                let (book, levels_max) = if rest.can_sign() {
                    (rest.full_book(symbol.as_str()).await, None)
                } else {
                    (rest.book_part(symbol.as_str(), BookSize::Levels100).await, Some(100))
                };
                book.map(|book| FetchedBook { book, levels_max })
            }),
            level1: fetch(rest, async |rest, symbol| rest.level1(symbol.as_str()).await),
            trades: Some(fetch(rest, async |rest, symbol| rest.trades(symbol.as_str()).await)),
        };
        Self { bullet: public_bullets(rest), dialer, fetches, clock }
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("fetches", &self.fetches).finish_non_exhaustive()
    }
}

/// A call of the REST client.
fn fetch<T: 'static>(
    rest: &Rest,
    call: impl AsyncFn(Rest, Symbol) -> Result<T, Failure> + 'static,
) -> Fetch<T> {
    let (rest, call) = (rest.clone(), Rc::new(call));
    Rc::new(move |symbol| {
        let (rest, call) = (rest.clone(), Rc::clone(&call));
        Box::pin(async move { call(rest, symbol).await.map_err(|failure| failure.to_string()) })
    })
}
