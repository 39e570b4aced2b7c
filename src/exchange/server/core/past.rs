//! What a pair's market printed before the exchange listened, where the market knows it.

use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::candle::{CANDLES_MAX, CandleType};
use crate::market::Market;

use super::bar::{Bar, next_start};

/// Lengths, in seconds, that a part of an interval is put together from, longest first.
const PIECES_S: [i64; 4] = [86_400, 3_600, 60, 1];
/// Months of history at most: each is made of its days, and days are what costs.
const MONTHS_MAX: usize = 12;
/// Microseconds in a second.
const SECOND_US: i64 = 1_000_000;

/// One pair's history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past<'a> {
    pub market: &'a Market,
    pub id: InstrumentId,
    pub instrument: &'a Instrument,
}

impl Past<'_> {
    /// The bars of whole intervals that start in `from_s..to_s`, oldest first; both are starts.
    pub(super) fn bars(&self, length: CandleType, from_s: i64, to_s: i64) -> Vec<Bar> {
        let Some(seconds) = length.seconds() else { return self.months(from_s, to_s) };
        let count = usize::try_from((to_s - from_s) / seconds).unwrap_or(0).min(CANDLES_MAX);
        if count == 0 { Vec::new() } else { self.history(seconds, count, to_s) }
    }

    /// The bar of everything printed in `from_s..to_s`, as one that starts at `from_s`.
    pub(super) fn bar(&self, from_s: i64, to_s: i64) -> Option<Bar> {
        let mut whole: Option<Bar> = None;
        let mut at = from_s;
        while at < to_s {
            let fits = |piece: &i64| at % piece == 0 && at + piece <= to_s;
            let piece = PIECES_S.into_iter().find(fits)?;
            // As many as fit before a longer piece does.
            let longer = PIECES_S.into_iter().take_while(|longer| *longer > piece).last();
            let until = longer.map_or(to_s, |longer| (at / longer + 1) * longer).min(to_s);
            let count = usize::try_from((until - at) / piece).unwrap_or(0).clamp(1, CANDLES_MAX);
            at += piece * i64::try_from(count).unwrap_or(1);
            for bar in self.history(piece, count, at) {
                match &mut whole {
                    None => whole = Some(Bar { start_s: from_s, ..bar }),
                    Some(whole) => whole.extend(&bar),
                }
            }
        }
        whole
    }

    fn months(&self, from_s: i64, to_s: i64) -> Vec<Bar> {
        let starts = std::iter::successors(Some(from_s), |start| {
            Some(next_start(CandleType::Month1, *start)).filter(|next| next > start)
        });
        let starts: Vec<_> = starts.take_while(|start| *start < to_s).collect();
        let skipped = starts.len().saturating_sub(MONTHS_MAX);
        let months = starts.iter().skip(skipped);
        months
            .filter_map(|start| self.bar(*start, next_start(CandleType::Month1, *start)))
            .collect()
    }

    fn history(&self, seconds: i64, count: usize, end_s: i64) -> Vec<Bar> {
        let end = Timestamp::from_us(end_s.saturating_mul(SECOND_US));
        let candles = self.market.history(self.id, seconds * SECOND_US, count, end);
        candles.iter().map(|candle| Bar::of_history(candle, self.instrument)).collect()
    }
}
