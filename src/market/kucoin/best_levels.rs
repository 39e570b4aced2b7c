//! The best levels of a book as each push shows them whole, told as changes from one to the next.

use super::level::Level;
use crate::domain::instrument::Lots;
use crate::domain::market_data::{DepthChange, MarketData, Quote};
use crate::domain::side::Side;

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct BestLevels {
    shown: Option<Vec<Level>>,
    quote: Option<Quote>,
}

impl BestLevels {
    /// Tells what differs from before, then the best bid and ask where they do; false, and nothing is
    /// told, where the levels are crossed. The first are told after a reset.
    pub(super) fn replace(&mut self, levels: &[Level], out: &mut impl FnMut(MarketData)) -> bool {
        let (bid, ask) = (best(levels, Side::Buy), best(levels, Side::Sell));
        if bid.zip(ask).is_some_and(|(bid, ask)| bid.price >= ask.price) {
            return false;
        }
        if self.shown.is_none() {
            out(MarketData::DepthReset);
        }
        let shown = self.shown.get_or_insert_default();
        let at = |levels: &[Level], level: &Level| {
            let same = |other: &&Level| (other.side, other.price) == (level.side, level.price);
            levels.iter().find(same).map_or(Lots::ZERO, |level| level.size)
        };
        // What is gone first, so that no level told is ever crossed.
        for gone in shown.iter().filter(|level| at(levels, level).is_zero()) {
            out(MarketData::Depth(DepthChange { size: Lots::ZERO, ..gone.change() }));
        }
        for level in levels.iter().filter(|level| level.size != at(shown, level)) {
            out(MarketData::Depth(level.change()));
        }
        shown.clear();
        shown.extend(levels.iter().filter(|level| !level.size.is_zero()));
        let quote = bid.zip(ask).map(|(bid, ask)| Quote {
            bid: bid.price,
            bid_size: bid.size,
            ask: ask.price,
            ask_size: ask.size,
        });
        if let Some(quote) = quote.filter(|quote| self.quote != Some(*quote)) {
            out(MarketData::Quote(quote));
        }
        self.quote = quote;
        true
    }
}

fn best(levels: &[Level], side: Side) -> Option<Level> {
    let levels = levels.iter().filter(|level| level.side == side && !level.size.is_zero());
    let better = |level: &&Level| match side {
        Side::Buy => level.price.get(),
        Side::Sell => -level.price.get(),
    };
    levels.max_by_key(better).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::Ticks;

    fn level(side: Side, price: i64, size: i64) -> Level {
        Level { side, price: Ticks::new(price), size: Lots::new(size), sequence: 0 }
    }

    fn told(levels: &mut BestLevels, now: &[Level]) -> Vec<String> {
        let mut told = Vec::new();
        let replaced = levels.replace(now, &mut |data| {
            told.push(match data {
                MarketData::DepthReset => "reset".to_owned(),
                MarketData::Depth(change) => {
                    format!("{} {} {}", change.side, change.price.get(), change.size.get())
                }
                MarketData::Quote(quote) => format!("{} {}", quote.bid.get(), quote.ask.get()),
                MarketData::Trade(_) | MarketData::Candle(_) => panic!("{data:?}"),
            });
        });
        assert!(replaced || told.is_empty());
        told
    }

    #[test]
    fn only_what_differs_is_told() {
        let mut levels = BestLevels::default();
        let [a, b, c] = [(Side::Sell, 11, 5), (Side::Buy, 10, 4), (Side::Buy, 9, 3)]
            .map(|(side, price, size)| level(side, price, size));
        assert_eq!(
            told(&mut levels, &[a, b, c]),
            ["reset", "sell 11 5", "buy 10 4", "buy 9 3", "10 11"]
        );
        assert_eq!(told(&mut levels, &[a, b, c]), Vec::<String>::new());
        let smaller = level(Side::Buy, 9, 2);
        assert_eq!(told(&mut levels, &[a, b, smaller]), ["buy 9 2"]);
        // The ask is gone and the next one is below where it was.
        let up = level(Side::Buy, 12, 1);
        let ask = level(Side::Sell, 13, 1);
        assert_eq!(
            told(&mut levels, &[ask, up, b]),
            ["sell 11 0", "buy 9 0", "sell 13 1", "buy 12 1", "12 13"]
        );
        // Crossed: nothing is believed. One-sided: levels, but no quote.
        assert_eq!(told(&mut levels, &[level(Side::Sell, 12, 1), up]), Vec::<String>::new());
        assert_eq!(told(&mut levels, &[up]), ["sell 13 0", "buy 10 0"]);
    }
}
