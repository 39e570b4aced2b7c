//! What one instrument's market says within one slot of time: a quote, and prints at its touch.

use super::listing::Listing;
use super::noise::hash;
use super::price_path::{PricePath, price_ticks};
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::{Lots, Ticks};
use crate::domain::market_data::{MarketData, MarketEvent, Quote, Trade};
use crate::domain::side::Side;
use crate::domain::time::{HOUR_US, Timestamp};

/// Length of a slot: an instrument gives at most three events in it.
pub(super) const SLOT_US: i64 = 1_000_000;

/// How lively each UTC hour is, in percent: the sizes and the chance of a slot to say anything;
/// spreads widen as it falls. Thin after midnight and lively when Europe and America overlap.
const LIVELINESS: [i64; 24] = [
    60, 55, 45, 40, 40, 45, 55, 70, 80, 85, 85, 85, 90, 100, 100, 100, 95, 95, 90, 85, 80, 75, 70,
    65,
];

/// One instrument's generator. Everything in it but the path's cache is constant.
#[derive(Clone, Debug)]
pub(super) struct Book {
    id: InstrumentId,
    key: u64,
    path: PricePath,
    centre: i64,
    spread_ppm: i64,
    depth: i64,
}

impl Book {
    /// The market of the `index`-th listing under a seed.
    pub(super) fn new(seed: u64, index: u16, listing: &Listing) -> Self {
        Self {
            id: InstrumentId(index),
            key: hash(hash(seed, i64::from(index)), -4),
            path: PricePath::own(seed, i64::from(index), listing.vigour),
            centre: listing.centre,
            spread_ppm: listing.spread_ppm,
            depth: listing.depth,
        }
    }

    /// Appends the slot's events in order of time: none, or a quote and up to two prints.
    ///
    /// `common` gives the relative move that all instruments share at the slot's start; it is not
    /// asked in a silent slot.
    pub(super) fn slot(
        &mut self,
        slot: i64,
        common: impl FnOnce(i64) -> i64,
        out: &mut Vec<MarketEvent>,
    ) {
        let start = slot * SLOT_US;
        let bits = hash(self.key, slot);
        let lively = LIVELINESS[(start / HOUR_US).rem_euclid(24) as usize];
        if percent(bits) >= lively {
            return;
        }
        let quote = self.quote(start, common(start), lively, bits);
        let first = 1 + (bits >> 8) as i64 % (SLOT_US / 2);
        let mut say = |offset: i64, data: MarketData| {
            let at = Timestamp::from_us(start + offset);
            out.push(MarketEvent { at, instrument: self.id, data });
        };
        say(first, MarketData::Quote(quote));
        // Four slots in five print once, one in five a second time.
        let chance = percent(bits >> 28);
        if chance < 80 {
            say(first + 1 + (bits >> 36) as i64 % 200_000, print(quote, hash(self.key ^ 1, slot)));
        }
        if chance < 20 {
            say(
                first + 200_001 + (bits >> 44) as i64 % 200_000,
                print(quote, hash(self.key ^ 2, slot)),
            );
        }
    }

    /// The best bid and offer at the slot's start.
    fn quote(&mut self, start: i64, common: i64, lively: i64, bits: u64) -> Quote {
        let middle = price_ticks(self.centre, common + self.path.at(start));
        // In a thin hour the spread is up to 2.5 times as wide; it wavers by half around that.
        let usual = middle * self.spread_ppm / lively * 100 / 1_000_000;
        let spread = (usual / 2 + usual * percent(bits >> 16) / 100).max(1);
        let bid = middle - spread / 2;
        let sizes = hash(self.key ^ 3, bits.cast_signed());
        // 20 % to 180 % of the usual size, less in thin hours.
        let size = |bits: u64| {
            let part = 20 + (bits % 161).cast_signed();
            Lots::new((self.depth * part / 100 * lively / 100).max(1))
        };
        Quote {
            bid: Ticks::new(bid),
            bid_size: size(sizes & 0xffff_ffff),
            ask: Ticks::new(bid + spread),
            ask_size: size(sizes >> 32),
        }
    }
}

/// Uniform in 0 to 99, from the lowest 12 bits.
fn percent(bits: u64) -> i64 {
    (((bits & 0xfff) * 100) >> 12) as i64
}

/// A print at the touch, mostly of a part of what is displayed; one in 16 sweeps it and goes up
/// to three ticks beyond.
fn print(quote: Quote, bits: u64) -> MarketData {
    let (side, touch, displayed, beyond) = if bits & 1 == 0 {
        (Side::Buy, quote.ask, quote.ask_size.get(), 1)
    } else {
        (Side::Sell, quote.bid, quote.bid_size.get(), -1)
    };
    let (price, size) = if (bits >> 1) & 15 == 0 {
        let ticks = 1 + (bits >> 5) as i64 % 3;
        (touch.offset(beyond * ticks), displayed + displayed / 4 * ticks)
    } else {
        // Squared: small prints are the most frequent.
        let part = (bits >> 8) as i64 % 1_000 + 1;
        (touch, displayed * part / 1_000 * part / 1_000)
    };
    MarketData::Trade(Trade { price, size: Lots::new(size.max(1)), aggressor: Some(side) })
}
