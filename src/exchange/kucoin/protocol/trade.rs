//! Public trades as they are queried.

use serde::{Deserialize, Serialize};

use super::integer_text;
use super::number;
use super::order::Side;
use crate::domain::decimal::Decimal;

/// A trade of anybody's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trade {
    /// Identifies it and rises; text on the wire. Above 2^53.
    #[serde(with = "integer_text")]
    pub sequence: i64,
    /// In quote.
    #[serde(with = "number")]
    pub price: Decimal,
    /// In base.
    #[serde(with = "number")]
    pub size: Decimal,
    /// The taker's.
    pub side: Side,
    /// In nanoseconds.
    pub time: i64,
}
