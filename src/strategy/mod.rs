//! Opinions: market data in, signals out. Pure: no I/O, no clock, and here not even floats, since
//! averages of ticks compare exactly as integers.
//!
//! - [`candle_builder`]: prints become closed candles,
//! - [`moving_average`], [`cross`]: closed candles become [`cross::Signal`]s,
//! - [`exit_plan`]: an entry becomes the prices and the age at which it ends.

pub mod candle_builder;
pub mod cross;
pub mod exit_plan;
pub mod moving_average;

use crate::domain::decimal::Decimal;

/// Everything a strategy can be told. Ratios are fractions: 3.5 % is 0.035.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct StrategySettings {
    /// Closed candles in the fast average. 5 in the document of the original (seed 000).
    pub fast_candles: usize,
    /// Closed candles in the slow average. 20 in the same.
    pub slow_candles: usize,
    /// Length of a candle built from prints, in microseconds.
    pub candle_interval_us: i64,
    /// Exit this far below the average entry price.
    pub stop_loss: Decimal,
    /// Exit this far above it; 0 is off.
    pub take_profit: Decimal,
    /// Gain from which the trailing stop works; 0 is off.
    pub trailing_activation: Decimal,
    /// How far below the highest bid the trailing stop stays.
    pub trailing_distance: Decimal,
    /// Exit when the averages cross back.
    pub exit_on_cross: bool,
    /// Exit a position older than this, in microseconds.
    pub hold_max_us: i64,
    /// Take the ask (true) or wait at the bid (false).
    pub entry_takes: bool,
    /// Cancel an entry still open after this, in microseconds.
    pub entry_ttl_us: i64,
    /// An open entry older than this gives way to another that lacks its cash or place, microseconds.
    pub entry_soft_ttl_us: i64,
    /// How far below the bid an exit's limit may be.
    pub exit_slippage_max: Decimal,
    /// No entry for this long after the last one ended, in microseconds.
    pub reentry_cooldown_us: i64,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn settings() -> StrategySettings {
        let ratio = |text: &str| Decimal::parse(text).unwrap();
        StrategySettings {
            fast_candles: 5,
            slow_candles: 20,
            candle_interval_us: 60_000_000,
            stop_loss: ratio("0.035"),
            take_profit: ratio("0.02"),
            trailing_activation: ratio("0.01"),
            trailing_distance: ratio("0.02"),
            exit_on_cross: true,
            hold_max_us: 1_800_000_000,
            entry_takes: true,
            entry_ttl_us: 60_000_000,
            entry_soft_ttl_us: 45_000_000,
            exit_slippage_max: ratio("0.05"),
            reentry_cooldown_us: 75_000_000,
        }
    }
}
