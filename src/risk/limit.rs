//! Every limit on size and exposure.

use crate::domain::decimal::Decimal;

/// The limits of risk. Notionals in quote units, ratios as fractions of the quote asset's equity.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Smallest notional of an entry: 11 in the Python IBIS, above every venue minimum it met.
    pub notional_min: Decimal,
    /// Largest notional of an entry.
    pub notional_max: Decimal,
    /// What a position may lose at its stop.
    pub risk_per_trade: Decimal,
    /// Largest exposure in one instrument, open entries included.
    pub exposure_max_instrument: Decimal,
    /// Largest exposure in all instruments, open entries included.
    pub exposure_max_total: Decimal,
    /// Instruments held or being entered at once.
    pub open_positions_max: u64,
    /// Part of equity that entries leave untouched.
    pub cash_reserve: Decimal,
}

/// What the account has and has at stake, in one quote asset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// Cash plus positions at the bid.
    pub equity: Decimal,
    /// Cash that no order holds.
    pub available: Decimal,
    /// Positions at the bid plus open entries at their limits.
    pub exposure_total: Decimal,
    /// The same, in the instrument in question.
    pub exposure_instrument: Decimal,
    /// Instruments held or being entered.
    pub open_positions: u64,
}
