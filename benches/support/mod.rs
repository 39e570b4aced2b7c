//! What the benches share: an engine that signals often.

use ibis::domain::decimal::Decimal;
use ibis::engine::EngineSettings;
use ibis::risk::limit::Limits;
use ibis::strategy::StrategySettings;

/// Averages over `fast` and `slow` candles, entries of at most `notional_max`; exits by their cross
/// alone where `exits` is false.
pub fn settings((fast, slow): (usize, usize), notional_max: i64, exits: bool) -> EngineSettings {
    let ratio = |text: &str| text.parse::<Decimal>().unwrap_or_default();
    let when = |text: &str| if exits { ratio(text) } else { Decimal::ZERO };
    EngineSettings {
        strategy: StrategySettings {
            fast_candles: fast,
            slow_candles: slow,
            candle_interval_us: 1_000_000,
            stop_loss: if exits { ratio("0.035") } else { ratio("0.5") },
            take_profit: when("0.02"),
            trailing_activation: when("0.01"),
            trailing_distance: ratio("0.02"),
            exit_on_cross: true,
            hold_max_us: i64::MAX,
            entry_takes: true,
            entry_ttl_us: 60_000_000,
            entry_soft_ttl_us: 45_000_000,
            exit_slippage_max: ratio("0.05"),
            reentry_cooldown_us: 0,
        },
        limits: Limits {
            notional_min: ratio("11"),
            notional_max: Decimal::from_int(notional_max),
            risk_per_trade: ratio("0.015"),
            exposure_max_instrument: ratio("0.15"),
            exposure_max_total: ratio("0.6"),
            open_positions_max: 20,
            cash_reserve: ratio("0.02"),
        },
        instance: "bench".to_owned(),
        control: Default::default(),
        guards: Default::default(),
        reconcile: Default::default(),
        stamp: 1,
    }
}
