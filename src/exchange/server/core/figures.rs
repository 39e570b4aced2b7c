//! Hours of a pair in figures: change, range, volume and average, from its minutes.

use crate::domain::decimal::{Decimal, Round};
use crate::domain::instrument::Instrument;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::candle::CandleType;
use crate::market::Market;

use super::bar::Bar;
use super::pair::Pair;

/// Minutes of a day: the longest window.
const DAY_MINUTES: usize = 1_440;
/// Decimal places of a rate of change, as KuCoin's.
const RATE_PLACES: u32 = 4;
/// Decimal places of an average price, as KuCoin's.
const AVERAGE_PLACES: u32 = 8;

/// What happened in a window. Prices in quote, `None` where nothing traded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Figures {
    pub open: Option<Decimal>,
    pub last: Option<Decimal>,
    pub high: Option<Decimal>,
    pub low: Option<Decimal>,
    /// In base.
    pub volume: Decimal,
    /// In quote.
    pub turnover: Decimal,
}

impl Figures {
    /// Change of the price, in quote.
    pub(super) fn change(&self) -> Option<Decimal> {
        Some(self.last? - self.open?)
    }

    /// Change of the price as a fraction, rounded toward zero.
    pub(super) fn change_rate(&self) -> Option<Decimal> {
        let open = self.open.filter(|open| open.is_positive())?;
        Some(places(self.change()?.div(open, Round::Down), RATE_PLACES))
    }

    /// Average price, rounded toward zero.
    pub(super) fn average(&self) -> Option<Decimal> {
        let average =
            self.volume.is_positive().then(|| self.turnover.div(self.volume, Round::Down));
        average.map(|average| places(average, AVERAGE_PLACES))
    }

    /// The figures of bars, newest first.
    fn of<'a>(bars: impl Iterator<Item = &'a Bar>, instrument: &Instrument) -> Self {
        let mut whole: Option<Bar> = None;
        for bar in bars {
            let mut earlier = *bar;
            if let Some(later) = &whole {
                earlier.extend(later);
            }
            whole = Some(earlier);
        }
        let Some(bar) = whole else { return Self::default() };
        Self {
            open: Some(instrument.price_of(bar.open)),
            last: Some(instrument.price_of(bar.close)),
            high: Some(instrument.price_of(bar.high)),
            low: Some(instrument.price_of(bar.low)),
            volume: bar.volume,
            turnover: bar.turnover,
        }
    }
}

impl Pair {
    /// The figures of the last 24 hours up to `now`, to the minute.
    pub(super) fn day(&mut self, market: &Market, now: Timestamp) -> Figures {
        let [day] = self.windows(market, now, [24]);
        day
    }

    /// The figures of the last hours up to `now`, to the minute: of at most a day each.
    pub(super) fn windows<const N: usize>(
        &mut self,
        market: &Market,
        now: Timestamp,
        hours: [i64; N],
    ) -> [Figures; N] {
        let now_s = now.us().div_euclid(1_000_000);
        let range = (now_s - 86_400, now_s + 1);
        let bars = self.bars(market, CandleType::Minute1, range, DAY_MINUTES + 1);
        hours.map(|hours| {
            let from_s = now_s - hours * 3_600;
            Figures::of(bars.iter().take_while(|bar| bar.start_s >= from_s), &self.instrument)
        })
    }
}

/// The value cut to decimal places.
fn places(value: Decimal, places: u32) -> Decimal {
    let step = Decimal::from_parts(1, places).unwrap_or(Decimal::EPSILON);
    if value.is_negative() { -(-value).floor_to(step) } else { value.floor_to(step) }
}
