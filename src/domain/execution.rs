//! What a venue reports about our orders: answers, fills and endings.

use std::borrow::Cow;

use super::decimal::Decimal;
use super::identifier::{Asset, ClientOrderId, ExecutionId, InstrumentId, VenueOrderId};
use super::instrument::{Liquidity, Lots, Ticks};
use super::side::Side;
use super::time::Timestamp;

/// One fill (ExecutionReport with LastQty, FIX 32).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Execution {
    /// The venue's id for this fill, unique for the symbol.
    pub execution_id: ExecutionId,
    /// Counts the account's fills from 1, without gaps: the cursor of "fills since".
    pub venue_sequence: u64,
    /// Our order.
    pub client_order_id: ClientOrderId,
    /// The venue's name for our order.
    pub venue_order_id: VenueOrderId,
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// LastPx (FIX 31).
    pub price: Ticks,
    /// LastQty (FIX 32).
    pub quantity: Lots,
    /// Price times quantity in quote units, as the venue booked it.
    pub notional: Decimal,
    /// What the venue charged.
    pub fee: Decimal,
    /// In which asset.
    pub fee_asset: Asset,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// When it happened at the venue.
    pub at: Timestamp,
}

/// A venue's reason for refusing something, in its own code and words.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct VenueReason {
    /// The venue's error code.
    pub code: u32,
    /// The venue's message.
    pub text: Cow<'static, str>,
}

impl std::fmt::Display for VenueReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// What happened to an order of ours.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Taken; working or about to fill.
    Accepted {
        /// The venue's name for it.
        venue_order_id: VenueOrderId,
    },
    /// Refused.
    Rejected(VenueReason),
    /// Filled in part or whole.
    Fill(Execution),
    /// Canceled on request, or by the venue for the reason given.
    Canceled(Option<VenueReason>),
    /// Ended by its time in force.
    Expired,
    /// A cancel was refused; the order is as it was.
    CancelRejected(VenueReason),
    /// No answer came in time: the outcome is unknown.
    AnswerLost,
}

/// A report about one order.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct ExecutionReport {
    /// Our order.
    pub client_order_id: ClientOrderId,
    /// When the venue did it.
    pub at: Timestamp,
    /// What.
    pub kind: ReportKind,
}
