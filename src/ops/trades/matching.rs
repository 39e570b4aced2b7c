//! First in, first out over imported trades: what each sell earned against the buys before it.
//!
//! Cost and proceeds are the funds really paid and received, fees count on both sides, a sell that is
//! not fully covered counts with the covered share ([`Position::sell`]).

use rusqlite::Connection;

use crate::domain::position::{Basis, Lot, Position, Realized};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::store::imported_trade::{self, ImportedTrade};

/// What happens to a symbol's history, in time order.
#[derive(Debug)]
pub enum Match<'a> {
    /// A buy became a lot.
    Bought(&'a ImportedTrade),
    /// A sell consumed lots, or found none.
    Sold(&'a ImportedTrade, Realized),
    /// The symbol's last trade was seen: what is left of it.
    Ended(Symbol, &'a Position),
}

/// Replays every imported trade, symbol by symbol. Memory is one symbol's open lots.
pub fn replay<E: From<rusqlite::Error>>(
    connection: &Connection,
    mut each: impl FnMut(Match<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut current: Option<(Symbol, Position)> = None;
    imported_trade::for_each_by_symbol(connection, |trade| {
        let (_, position) = match &mut current {
            Some(open) if open.0 == trade.symbol => open,
            _ => {
                if let Some((symbol, position)) = current.take() {
                    each(Match::Ended(symbol, &position))?;
                }
                current.insert((trade.symbol, Position::default()))
            }
        };
        match trade.side {
            Side::Buy => {
                position.acquire(lot(&trade));
                each(Match::Bought(&trade))
            }
            Side::Sell => {
                let realized = position.sell(trade.quantity, trade.funds, trade.quote_fee());
                each(Match::Sold(&trade, realized))
            }
        }
    })?;
    match current {
        Some((symbol, position)) => each(Match::Ended(symbol, &position)),
        None => Ok(()),
    }
}

fn lot(trade: &ImportedTrade) -> Lot {
    Lot {
        quantity: trade.quantity,
        cost: trade.funds,
        fee: trade.quote_fee(),
        basis: Basis::Known,
        opened_at: trade.at,
    }
}
