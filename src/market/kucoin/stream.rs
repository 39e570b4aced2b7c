//! Makes market data of pushes in the order they arrive: what repeats or is late is counted, not told.
//!
//! Tickers, level-1 and best-level pushes carry a number or the venue's clock: an older one than the
//! last is late. Matches carry a number that rises: one that does not is a duplicate. A jump is no
//! gap, for the venue numbers all changes of a book together. A candle comes out when the next one
//! begins; one that was running when the connection was lost never does, for its end was not seen.
//! Numbered changes are not taken here but by a `Calibration`.

use super::best_levels::BestLevels;
use super::push::{Interval, Place, Push, Word};
use crate::domain::market_data::{Candle, MarketData};
use crate::market::feed_count::FeedCount;

/// Pushes in a row that are taken for late; if the next one is late too, the venue has begun to
/// count anew and it is the first of a new order.
const LATE_MAX: u32 = 256;
/// Intervals of candles kept per instrument: KuCoin has 14.
const INTERVALS_MAX: usize = 16;

/// What was told of each instrument.
#[derive(Debug)]
pub struct Stream {
    told: Vec<Told>,
}

#[derive(Debug, Default)]
struct Told {
    top: Order,
    best: Order,
    matches: Order,
    levels: BestLevels,
    candles: Vec<(Interval, Candle)>,
}

/// The last place taken in an order, and how many did not follow it.
#[derive(Debug, Default)]
struct Order {
    last: Place,
    late: u32,
}

impl Order {
    /// True where `place` does not go back, or goes back for good.
    fn follows(&mut self, place: Place, repeats: bool) -> bool {
        let behind = |new: Option<i64>, last: Option<i64>| {
            new.zip(last).is_some_and(|(new, last)| new < last || (new == last && !repeats))
        };
        let late =
            behind(place.sequence, self.last.sequence) || behind(place.time_ms, self.last.time_ms);
        if late && self.late < LATE_MAX {
            self.late += 1;
            return false;
        }
        let Place { sequence, time_ms } = place;
        let last = if late { Place::default() } else { self.last };
        self.last =
            Place { sequence: sequence.or(last.sequence), time_ms: time_ms.or(last.time_ms) };
        self.late = 0;
        true
    }
}

impl Stream {
    /// A stream about this many instruments.
    pub fn new(instruments: usize) -> Self {
        Self { told: (0..instruments).map(|_| Told::default()).collect() }
    }

    /// A new connection: order begins anew, and what was running is forgotten. Matches keep their
    /// order, for their numbers identify them.
    pub fn restart(&mut self) {
        for told in &mut self.told {
            *told = Told { matches: std::mem::take(&mut told.matches), ..Told::default() };
        }
    }

    /// The number of the last match told, or of one that shall count as told.
    pub fn last_match(&mut self, instrument: usize) -> Option<&mut Option<i64>> {
        self.told.get_mut(instrument).map(|told| &mut told.matches.last.sequence)
    }

    /// Takes a push in; what it adds goes to `out`.
    pub fn take(
        &mut self,
        push: &Push<'_>,
        count: &mut FeedCount,
        mut out: impl FnMut(MarketData),
    ) {
        let Some(told) = self.told.get_mut(push.instrument.index()) else { return };
        count.off_grid += u64::from(push.off_grid);
        match push.word {
            Word::Update(_) => {}
            Word::Top(place, quote) => {
                if !told.top.follows(place, true) {
                    count.time_backwards += 1;
                    return;
                }
                match quote {
                    None => count.ignored += 1,
                    Some(quote) => {
                        let quote = count.admit(quote);
                        quote.into_iter().for_each(|quote| out(MarketData::Quote(quote)));
                    }
                }
            }
            Word::Match(sequence, trade) => {
                let place = Place { sequence: Some(sequence), time_ms: None };
                if !told.matches.follows(place, false) {
                    count.duplicates += 1;
                } else if trade.size.is_zero() {
                    count.ignored += 1;
                } else {
                    out(MarketData::Trade(trade));
                }
            }
            Word::Best(place, levels) => {
                if !told.best.follows(place, true) {
                    count.time_backwards += 1;
                } else if !told.levels.replace(levels, &mut out) {
                    count.crossed += 1;
                }
            }
            Word::Candle(interval, candle) => {
                told.candle(interval, candle, count, out);
            }
        }
    }
}

impl Told {
    fn candle(
        &mut self,
        interval: Interval,
        candle: Candle,
        count: &mut FeedCount,
        mut out: impl FnMut(MarketData),
    ) {
        let Some((_, running)) = self.candles.iter_mut().find(|(known, _)| *known == interval)
        else {
            if self.candles.len() < INTERVALS_MAX {
                self.candles.push((interval, candle));
            } else {
                count.ignored += 1;
            }
            return;
        };
        if candle.open_at < running.open_at {
            count.time_backwards += 1;
            return;
        }
        let before = std::mem::replace(running, candle);
        if before.open_at < candle.open_at {
            out(MarketData::Candle(before));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identifier::InstrumentId;
    use crate::domain::instrument::{Lots, Ticks};
    use crate::domain::market_data::{Quote, Trade};
    use crate::domain::side::Side;
    use crate::domain::time::Timestamp;

    struct Heard {
        stream: Stream,
        count: FeedCount,
        told: Vec<MarketData>,
    }

    impl Heard {
        fn new() -> Self {
            Self { stream: Stream::new(1), count: FeedCount::default(), told: Vec::new() }
        }

        /// How much was told by these words.
        fn take(&mut self, words: &[Word<'_>]) -> usize {
            let before = self.told.len();
            for &word in words {
                let push = Push { instrument: InstrumentId(0), off_grid: false, word };
                self.stream.take(&push, &mut self.count, |data| self.told.push(data));
            }
            self.told.len() - before
        }
    }

    fn top(sequence: Option<i64>, time_ms: Option<i64>, bid: i64) -> Word<'static> {
        let (bid, ask) = (Ticks::new(bid), Ticks::new(100));
        let quote = Quote { bid, bid_size: Lots::new(1), ask, ask_size: Lots::new(1) };
        Word::Top(Place { sequence, time_ms }, Some(quote))
    }

    fn print(sequence: i64) -> Word<'static> {
        let trade = Trade { price: Ticks::new(5), size: Lots::new(1), aggressor: Some(Side::Buy) };
        Word::Match(sequence, trade)
    }

    fn candle(minute: i64, close: i64) -> Word<'static> {
        let price = Ticks::new(close);
        let open_at = Timestamp::from_us(minute * 60_000_000);
        let volume = Lots::new(1);
        Word::Candle(
            Interval::new("1min").unwrap(),
            Candle { open_at, open: price, high: price, low: price, close: price, volume },
        )
    }

    #[test]
    fn late_tops_are_not_told_and_crossed_ones_neither() {
        let mut heard = Heard::new();
        assert_eq!(heard.take(&[top(Some(5), Some(50), 90), top(Some(5), Some(50), 90)]), 2);
        assert_eq!(heard.take(&[top(Some(4), Some(60), 91), top(None, Some(49), 92)]), 0);
        assert_eq!(heard.count.time_backwards, 2);
        assert_eq!(heard.take(&[top(None, Some(50), 93), top(Some(6), None, 94)]), 2);
        assert_eq!(heard.take(&[top(Some(7), None, 100), Word::Top(Place::default(), None)]), 0);
        assert_eq!((heard.count.crossed, heard.count.ignored), (1, 1));
    }

    #[test]
    fn an_order_that_begins_anew_is_taken_in_the_end() {
        let mut heard = Heard::new();
        heard.take(&[print(1_000)]);
        for sequence in 1..=i64::from(LATE_MAX) {
            assert_eq!(heard.take(&[print(sequence)]), 0);
        }
        assert_eq!(heard.take(&[print(300), print(301), print(301)]), 2);
        assert_eq!(heard.count.duplicates, u64::from(LATE_MAX) + 1);
    }

    #[test]
    fn a_candle_is_told_when_the_next_begins_and_not_across_connections() {
        let mut heard = Heard::new();
        assert_eq!(heard.take(&[candle(1, 10), candle(1, 11), candle(0, 9)]), 0);
        assert_eq!(heard.count.time_backwards, 1);
        assert_eq!(heard.take(&[candle(2, 12)]), 1);
        assert!(matches!(heard.told[0], MarketData::Candle(closed) if closed.close.get() == 11));
        heard.take(&[print(7), top(Some(7), None, 90)]);
        heard.stream.restart();
        assert_eq!(heard.take(&[candle(3, 13), print(7)]), 0);
        assert_eq!(heard.take(&[top(Some(6), None, 90)]), 1);
        assert_eq!(heard.stream.last_match(0), Some(&mut Some(7)));
    }
}
