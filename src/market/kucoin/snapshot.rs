//! A book as REST answers it, on its instrument's grid: what a calibration begins with.

use super::level::{Collector, Level};
use super::shape::{BookAnswer, parse};
use crate::domain::decimal::Decimal;
use crate::domain::side::Side;
use crate::market::lane::Lane;
use crate::market::number::{Reason, is_integer};

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
    /// Reads the content of a book's answer.
    pub fn parse(data: &str, lane: &Lane) -> Result<Self, Reason> {
        let book: BookAnswer<'_> = parse(data)?;
        let (sequence, mut levels) = (book.sequence.0, Vec::new());
        let mut collector = Collector::new(*lane, sequence, &mut levels);
        collector.rows(Side::Buy, &book.bids)?;
        collector.rows(Side::Sell, &book.asks)?;
        let off_grid = collector.off_grid;
        Ok(Self { sequence, levels, off_grid })
    }

    /// A book of prices and sizes in quote and base units.
    pub fn new(
        lane: &Lane,
        sequence: i64,
        bids: impl IntoIterator<Item = (Decimal, Decimal)>,
        asks: impl IntoIterator<Item = (Decimal, Decimal)>,
    ) -> Result<Self, Reason> {
        let mut book = Self { sequence, levels: Vec::new(), off_grid: false };
        if !is_integer(sequence) {
            return Err(format!("sequence {sequence} is out of range"));
        }
        let bids = bids.into_iter().map(|level| (Side::Buy, level));
        let asks = asks.into_iter().map(|level| (Side::Sell, level));
        for (side, (price, size)) in bids.chain(asks) {
            let price = lane.price_of_decimal("price", price, &mut book.off_grid)?;
            let size = lane.size_of_decimal("size", size, &mut book.off_grid)?;
            book.levels.push(Level { side, price, size, sequence });
        }
        Ok(book)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identifier::InstrumentId;
    use crate::domain::instrument::{Instrument, tests::spec};

    #[test]
    fn text_and_decimals_give_the_same_book() {
        let instrument = Instrument::new(spec("A-B", "0.01", "0.001")).unwrap();
        let lane = Lane::new(InstrumentId(0), &instrument).unwrap();
        let data = r#"{"time":1,"sequence":"16","bids":[["3988.51","56"],["3988.505","0.0015"]],"asks":[["3988.590","3"]]}"#;
        let read = Snapshot::parse(data, &lane).unwrap();
        let level = |price, size| (Decimal::parse(price).unwrap(), Decimal::parse(size).unwrap());
        let bids = [level("3988.51", "56"), level("3988.505", "0.0015")];
        let built = Snapshot::new(&lane, 16, bids, [level("3988.59", "3")]).unwrap();
        assert_eq!(read, built);
        assert!(built.off_grid);
        assert_eq!((built.levels[1].price.get(), built.levels[1].size.get()), (398_851, 1));
        let negative = [(Decimal::parse("-1").unwrap(), Decimal::ONE)];
        assert!(Snapshot::new(&lane, 16, negative, []).unwrap_err().contains("negative"));
        assert!(Snapshot::new(&lane, -1, [], []).is_err());
    }
}
