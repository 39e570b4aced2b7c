//! Candles as they are queried.

use serde::{Deserialize, Serialize};

use super::integer_text;
use super::number;
use super::words::words;
use crate::domain::decimal::Decimal;

/// Candles in one answer.
pub const CANDLES_MAX: usize = 1_500;

words! {
    /// How long a candle is.
    CandleType {
        /// A minute.
        Minute1 = "1min",
        /// 3 minutes.
        Minutes3 = "3min",
        /// 5 minutes.
        Minutes5 = "5min",
        /// 15 minutes.
        Minutes15 = "15min",
        /// 30 minutes.
        Minutes30 = "30min",
        /// An hour.
        Hour1 = "1hour",
        /// 2 hours.
        Hours2 = "2hour",
        /// 4 hours.
        Hours4 = "4hour",
        /// 6 hours.
        Hours6 = "6hour",
        /// 8 hours.
        Hours8 = "8hour",
        /// 12 hours.
        Hours12 = "12hour",
        /// A day.
        Day1 = "1day",
        /// A week.
        Week1 = "1week",
        /// A calendar month.
        Month1 = "1month",
    }
}

impl CandleType {
    /// Every length, shortest first.
    pub const ALL: [Self; 14] = [
        Self::Minute1,
        Self::Minutes3,
        Self::Minutes5,
        Self::Minutes15,
        Self::Minutes30,
        Self::Hour1,
        Self::Hours2,
        Self::Hours4,
        Self::Hours6,
        Self::Hours8,
        Self::Hours12,
        Self::Day1,
        Self::Week1,
        Self::Month1,
    ];

    /// Its length in seconds; `None` for the month, which has none, and for unknown types.
    pub const fn seconds(self) -> Option<i64> {
        Some(match self {
            Self::Minute1 => 60,
            Self::Minutes3 => 180,
            Self::Minutes5 => 300,
            Self::Minutes15 => 900,
            Self::Minutes30 => 1_800,
            Self::Hour1 => 3_600,
            Self::Hours2 => 7_200,
            Self::Hours4 => 14_400,
            Self::Hours6 => 21_600,
            Self::Hours8 => 28_800,
            Self::Hours12 => 43_200,
            Self::Day1 => 86_400,
            Self::Week1 => 604_800,
            Self::Month1 | Self::Unknown => return None,
        })
    }

    /// The type of this length.
    pub fn of_seconds(seconds: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|candle| candle.seconds() == Some(seconds))
    }
}

/// A candle: an array of seven texts, in the order of these fields. Answers are newest first, without
/// those in which nothing traded; the newest still forms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct CandleRow {
    /// Start, in seconds.
    pub start: i64,
    /// First price.
    pub open: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Volume, in base.
    pub volume: Decimal,
    /// Turnover, in quote.
    pub turnover: Decimal,
}

/// The array.
#[derive(Serialize, Deserialize)]
struct Row(
    #[serde(with = "integer_text")] i64,
    #[serde(with = "number")] Decimal,
    #[serde(with = "number")] Decimal,
    #[serde(with = "number")] Decimal,
    #[serde(with = "number")] Decimal,
    #[serde(with = "number")] Decimal,
    #[serde(with = "number")] Decimal,
);

impl From<Row> for CandleRow {
    fn from(Row(start, open, close, high, low, volume, turnover): Row) -> Self {
        Self { start, open, close, high, low, volume, turnover }
    }
}

impl From<CandleRow> for Row {
    fn from(row: CandleRow) -> Self {
        Self(row.start, row.open, row.close, row.high, row.low, row.volume, row.turnover)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_comes_after_the_close() {
        let json = r#"["1566789720","10411.5","10401.9","10411.6","10396.3","29.11","302889.3"]"#;
        let row: CandleRow = serde_json::from_str(json).unwrap();
        assert_eq!((row.start, row.high.to_string()), (1_566_789_720, "10411.6".to_owned()));
        assert_eq!(serde_json::to_string(&row).unwrap(), json);
        assert!(serde_json::from_str::<CandleRow>(r#"["1566789720","10411.5"]"#).is_err());
    }

    #[test]
    fn every_type_has_its_word_and_its_length() {
        for candle in CandleType::ALL {
            assert_eq!(CandleType::of(candle.as_str()), candle);
            if let Some(seconds) = candle.seconds() {
                assert_eq!(CandleType::of_seconds(seconds), Some(candle));
            }
        }
        assert_eq!(CandleType::of_seconds(61), None);
    }
}
