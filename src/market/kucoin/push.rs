//! What a public push says, on its instrument's grid.

use super::level::{Level, Update};
use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::{Candle, Quote, Trade};
use crate::domain::text::Text;

/// A candle's interval as the venue names it, such as `1min`.
pub type Interval = Text<8>;

/// A push about a known instrument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Push<'p> {
    /// About which instrument.
    pub instrument: InstrumentId,
    /// Some number was off the grid and rounded: the increments may have changed.
    pub off_grid: bool,
    /// What it says.
    pub word: Word<'p>,
}

/// A push's place among those of its topic, as far as the venue gives one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// Number of the book's last change it contains.
    pub sequence: Option<i64>,
    /// The venue's clock, in milliseconds.
    pub time_ms: Option<i64>,
}

/// What a push says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word<'p> {
    /// Best bid and ask; `None` where a side is missing. It may be crossed.
    Top(Place, Option<Quote>),
    /// A public trade, with the number that identifies it and rises.
    Match(i64, Trade),
    /// The best levels, whole: what is not among them is deeper or gone.
    Best(Place, &'p [Level]),
    /// Numbered changes of the book.
    Update(Update<'p>),
    /// The candle that is running.
    Candle(Interval, Candle),
}

impl Word<'_> {
    /// When the venue says it left, in milliseconds by its clock; none where it does not say.
    pub fn sent_ms(&self) -> Option<i64> {
        match self {
            Self::Top(place, _) | Self::Best(place, _) => place.time_ms,
            Self::Match(..) | Self::Update(_) | Self::Candle(..) => None,
        }
    }
}
