//! REST answers about the public market, on the instruments' grids: the content of `data` alone.

use super::level::{Collector, Level};
use super::push::Word;
use super::shape::{BookAnswer, Match, Ticker, parse};
use super::words;
use crate::domain::market_data::Trade;
use crate::domain::side::Side;
use crate::market::lane::Lane;
use crate::market::number::Reason;

/// A book as of a number: the whole of it, or its best levels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Number of the last change it contains.
    pub sequence: i64,
    /// Its levels, bids first.
    pub levels: Vec<Level>,
    /// Some number was off the grid and rounded.
    pub off_grid: bool,
}

impl Snapshot {
    /// Reads a book's answer.
    pub fn parse(data: &str, lane: &Lane) -> Result<Self, Reason> {
        let book: BookAnswer<'_> = parse(data)?;
        let (sequence, mut levels) = (book.sequence.0, Vec::new());
        let mut collector = Collector::new(*lane, sequence, &mut levels);
        collector.rows(Side::Buy, &book.bids)?;
        collector.rows(Side::Sell, &book.asks)?;
        let off_grid = collector.off_grid;
        Ok(Self { sequence, levels, off_grid })
    }
}

/// The best bid and ask of a level-1 answer.
pub fn parse_level1(data: &str, lane: &Lane, off_grid: &mut bool) -> Result<Word<'static>, Reason> {
    words::ticker(&parse::<Ticker<'_>>(data)?, lane, off_grid)
}

/// The trades of a history's answer with their numbers, as the venue orders them: oldest first.
pub fn parse_trades(
    data: &str,
    lane: &Lane,
    off_grid: &mut bool,
) -> Result<Vec<(i64, Trade)>, Reason> {
    let prints: Vec<Match<'_>> = parse(data)?;
    prints.iter().map(|print| words::trade(print, lane, off_grid)).collect()
}
