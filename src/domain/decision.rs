//! Why an order is sent: what was seen, and what the risk check said. Money in quote units.

use serde::{Deserialize, Serialize};

use super::decimal::Decimal;
use super::hold::Level;
use super::identifier::ClientOrderId;
use super::order::Purpose;
use super::symbol::Symbol;
use super::time::Timestamp;

/// The reasons for one order. Comes just before its intent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The order.
    pub client_order_id: ClientOrderId,
    /// Which instrument.
    pub symbol: Symbol,
    /// Why, in a word.
    pub purpose: Purpose,
    /// Best bid seen.
    pub bid: Option<Decimal>,
    /// Best ask seen.
    pub ask: Option<Decimal>,
    /// The averages, where they gave the signal.
    pub signal: Option<SignalRecord>,
    /// The position's plan, where the order ends one.
    pub plan: Option<PlanRecord>,
    /// The agent's state for this instrument, which permitted it.
    pub level: Level,
    /// How large, and why not larger; none for exits, which sell what is held.
    pub size: Option<SizeRecord>,
}

/// The averages at the close that gave a signal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SignalRecord {
    /// The candle's close.
    pub close: Decimal,
    /// Average of the last closes of the short window, rounded down at 18 places.
    pub fast: Decimal,
    /// Closes in the short window.
    pub fast_candles: usize,
    /// Average of the long window.
    pub slow: Decimal,
    /// Closes in the long window.
    pub slow_candles: usize,
}

/// When a position was to end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlanRecord {
    /// Average price paid for it.
    pub average: Option<Decimal>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Sell at or below.
    pub stop: Decimal,
    /// Sell at or above; none where it is off.
    pub take_profit: Option<Decimal>,
    /// Sell at or below, once it works.
    pub trailing_stop: Option<Decimal>,
    /// Highest bid since.
    pub high: Decimal,
}

/// What an entry was sized by.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SizeRecord {
    /// Cash plus positions at the bid.
    pub equity: Decimal,
    /// Cash that no order holds.
    pub available: Decimal,
    /// Positions and open entries, before this one.
    pub exposure_total: Decimal,
    /// The same, in this instrument.
    pub exposure_instrument: Decimal,
    /// Instruments held or being entered, before this one.
    pub open_positions: u64,
    /// The most the smallest cap allowed.
    pub notional: Decimal,
    /// Which cap that was.
    pub bound: Bound,
}

/// What kept an entry from being larger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// What a position may lose at its stop.
    RiskPerTrade,
    /// The largest notional of an entry.
    NotionalMax,
    /// The cap for the instrument.
    ExposureInstrument,
    /// The cap for all instruments.
    ExposureTotal,
    /// Available cash less the reserve.
    Cash,
    /// The instrument's largest quantity.
    QuantityMax,
}

impl Bound {
    /// The ledger's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RiskPerTrade => "risk_per_trade",
            Self::NotionalMax => "notional_max",
            Self::ExposureInstrument => "exposure_instrument",
            Self::ExposureTotal => "exposure_total",
            Self::Cash => "cash",
            Self::QuantityMax => "quantity_max",
        }
    }
}
