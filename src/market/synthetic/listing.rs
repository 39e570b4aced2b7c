//! The instruments of the synthetic market: ten magnitudes of price, each with its own grid.
//!
//! Names and magnitudes are those of well-known coins around 2025; prices are invented. Increments,
//! minimums and fee classes are in KuCoin's style (minFunds 0.1, classes A, B and C).

use crate::domain::decimal::{Decimal, Round};
use crate::domain::instrument::{FeeClass, Instrument, InstrumentSpec};
use crate::domain::symbol::Symbol;

/// One line of the table below.
struct Row {
    symbol: &'static str,
    tick: &'static str,
    lot: &'static str,
    quantity_min: &'static str,
    quantity_max: &'static str,
    fee_class: FeeClass,
    /// Centre of the price band, in quote units.
    price: &'static str,
    /// Usual bid-ask spread in millionths of the price.
    spread_ppm: i64,
    /// Usual notional displayed at the touch, in quote units.
    depth: i64,
    /// Size of the price's moves as a percentage of the usual ones.
    vigour: i64,
}

#[rustfmt::skip]
const ROWS: [Row; 10] = {
    use FeeClass::{A, B, C};
    #[expect(clippy::too_many_arguments, reason = "a table's line: the columns are named above")]
    const fn row(
        symbol: &'static str, tick: &'static str, lot: &'static str, quantity_min: &'static str, quantity_max: &'static str,
        fee_class: FeeClass, price: &'static str, spread_ppm: i64, depth: i64, vigour: i64,
    ) -> Row {
        Row { symbol, tick, lot, quantity_min, quantity_max, fee_class, price, spread_ppm, depth, vigour }
    }
    [
        row("BTC-USDT",  "0.1",          "0.00001", "0.00001", "10000",         A, "60000",     20,  60_000, 80),
        row("ETH-USDT",  "0.01",         "0.0001",  "0.0001",  "100000",        A, "2500",      30,  40_000, 90),
        row("SOL-USDT",  "0.01",         "0.001",   "0.01",    "1000000",       A, "150",       100, 20_000, 100),
        row("AVAX-USDT", "0.001",        "0.01",    "0.01",    "1000000",       A, "20",        150, 10_000, 100),
        row("ARB-USDT",  "0.0001",       "0.01",    "0.1",     "10000000",      B, "1.5",       200, 6_000,  110),
        row("GRT-USDT",  "0.00001",      "0.1",     "1",       "100000000",     B, "0.3",       300, 4_000,  110),
        row("VET-USDT",  "0.000001",     "1",       "10",      "1000000000",    B, "0.02",      400, 3_000,  120),
        row("HOT-USDT",  "0.00000001",   "1",       "10",      "10000000000",   C, "0.0005",    600, 1_500,  130),
        row("SHIB-USDT", "0.000000001",  "1",       "1000",    "1000000000000", A, "0.00002",   150, 8_000,  120),
        row("MOG-USDT",  "0.0000000001", "100",     "1000",    "10000000000000", C, "0.0000004", 800, 900,    140),
    ]
};

/// A listed instrument and the scale its market is drawn in.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) instrument: Instrument,
    /// Centre of the price band, in ticks.
    pub(super) centre: i64,
    /// Usual spread, in millionths of the price.
    pub(super) spread_ppm: i64,
    /// Usual displayed size, in lots.
    pub(super) depth: i64,
    /// Size of moves, in percent of the usual.
    pub(super) vigour: i64,
}

/// All listings, in the order of their instrument ids.
pub(super) fn listings() -> Vec<Listing> {
    ROWS.iter().map(|row| row.listing().expect("the table above is consistent: tested")).collect()
}

impl Row {
    fn listing(&self) -> Option<Listing> {
        let decimal = |text| Decimal::parse(text).ok();
        let price = decimal(self.price)?;
        let instrument = Instrument::new(InstrumentSpec {
            symbol: Symbol::new(self.symbol).ok()?,
            tick: decimal(self.tick)?,
            lot: decimal(self.lot)?,
            quantity_min: decimal(self.quantity_min)?,
            quantity_max: decimal(self.quantity_max)?,
            notional_min: decimal("0.1")?,
            fee_class: self.fee_class,
            maker_fee: self.fee_class.rate(),
            taker_fee: self.fee_class.rate(),
        })
        .ok()?;
        let depth = Decimal::from_int(self.depth).div(price, Round::Down);
        Some(Listing {
            centre: instrument.price(price).ok()?.get(),
            depth: instrument.quantity_floor(depth).ok()?.get(),
            instrument,
            spread_ppm: self.spread_ppm,
            vigour: self.vigour,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_consistent_and_spans_the_magnitudes() {
        let listings = listings();
        let prices: Vec<_> = listings
            .iter()
            .map(|l| l.instrument.price_of(crate::domain::instrument::Ticks::new(l.centre)))
            .collect();
        assert_eq!(prices.first().unwrap().to_string(), "60000");
        assert_eq!(prices.last().unwrap().to_string(), "0.0000004");
        assert!(prices.windows(2).filter(|pair| pair[0] > pair[1]).count() >= 8);
        for listing in &listings {
            // A usual order (11 quote units) must be many lots, and a tick a small step.
            assert!(listing.centre >= 4_000, "{}", listing.instrument.symbol());
            assert!(listing.depth >= 100, "{}", listing.instrument.symbol());
        }
    }
}
