//! The configuration in the engine's words: microseconds, fractions, and what is off left out.

use std::time::Duration;

use crate::config::Settings;
use crate::config::settings::{Decision, EntryPrice, ForeignOrders, MarketSource, Mode};
use crate::domain::decimal::Decimal;
use crate::domain::time::Timestamp;
use crate::engine::EngineSettings;
use crate::engine::control::ControlSettings;
use crate::engine::reconcile::Policy;
use crate::risk::guard::settings::{Burst, Grades, GuardSettings, Protection};
use crate::risk::limit;
use crate::strategy::StrategySettings;

fn us(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The engine's settings; `stamp` is the second of this start. Only a market that speaks in
/// real time (`speaks`) can be late with it.
pub(super) fn engine_settings(settings: &Settings, stamp: u64, speaks: bool) -> EngineSettings {
    let count = |candles: u64| usize::try_from(candles).unwrap_or(usize::MAX);
    let (strategy, risk) = (&settings.strategy, &settings.risk);
    EngineSettings {
        strategy: StrategySettings {
            fast_candles: count(strategy.fast_candles),
            slow_candles: count(strategy.slow_candles),
            candle_interval_us: us(strategy.candle_interval),
            stop_loss: strategy.stop_loss,
            take_profit: strategy.take_profit,
            trailing_activation: strategy.trailing_activation,
            trailing_distance: strategy.trailing_distance,
            exit_on_cross: strategy.exit_on_cross,
            hold_max_us: us(strategy.hold_max),
            entry_takes: strategy.entry_price == EntryPrice::Ask,
            entry_ttl_us: us(strategy.entry_ttl),
            entry_soft_ttl_us: us(strategy.entry_soft_ttl),
            exit_slippage_max: strategy.exit_slippage_max,
            reentry_cooldown_us: us(strategy.reentry_cooldown),
        },
        limits: limit::Limits {
            notional_min: risk.notional_min,
            notional_max: risk.notional_max,
            risk_per_trade: risk.risk_per_trade,
            exposure_max_instrument: risk.exposure_max_instrument,
            exposure_max_total: risk.exposure_max_total,
            open_positions_max: risk.open_positions_max,
            cash_reserve: risk.cash_reserve,
        },
        control: ControlSettings {
            exit_policy: settings.control.exit_policy,
            kill_cooldown_us: us(settings.control.kill_cooldown),
            pause_cancel_us: us(settings.control.pause_cancel_after),
        },
        guards: guards(settings, speaks),
        reconcile: Policy {
            dust: settings.health.dust,
            adopt_unexplained: settings.reconcile.unexplained == Decision::Adopt,
            ignore_foreign_orders: settings.reconcile.foreign_orders == ForeignOrders::Ignore,
        },
        instance: settings.agent.instance.clone(),
        stamp,
    }
}

fn guards(settings: &Settings, speaks: bool) -> GuardSettings {
    let guards = &settings.guards;
    let limit = |ratio: Decimal| ratio.is_positive().then_some(ratio);
    let grades = |degraded, hard_stop, kill_switch| Grades {
        degraded: limit(degraded),
        hard_stop: limit(hard_stop),
        kill_switch: limit(kill_switch),
    };
    let burst = |count, pause| Burst { count: small(count), pause_us: us(pause) };
    let is_online =
        settings.agent.mode == Mode::Live || settings.market.source == MarketSource::Kucoin;
    let [cooldown_period, stoploss_guard, max_drawdown, low_profit_pairs] = protections(settings);
    GuardSettings {
        daily_loss: grades(guards.daily_loss_degraded, guards.daily_loss_stop, Decimal::ZERO),
        daily_loss_auto_resume: guards.daily_loss_auto_resume,
        drawdown: grades(guards.drawdown_degraded, guards.drawdown_stop, guards.drawdown_kill),
        turnover: grades(guards.turnover_degraded, guards.turnover_stop, Decimal::ZERO),
        order_errors: burst(guards.order_errors_max, guards.order_errors_pause),
        cancels: burst(guards.cancels_per_minute_max, guards.cancel_storm_pause),
        cancel_storms_max: small(guards.cancel_storms_max),
        cancel_failures_max: small(guards.cancel_failures_max),
        slippage: burst(guards.slippage_fills_max, guards.slippage_pause),
        slippage_max: guards.slippage_max,
        edge_min: limit(guards.edge_min),
        edge_resume: guards.edge_resume,
        edge_pause_us: us(guards.edge_pause),
        degraded_max_us: us(guards.degraded_max),
        dwell_us: us(guards.dwell),
        mismatch_max_us: us(guards.mismatch_max),
        stale_after_us: if is_online && speaks { us(settings.market.stale_after) } else { 0 },
        cooldown_period,
        stoploss_guard,
        max_drawdown,
        low_profit_pairs,
    }
}

fn protections(settings: &Settings) -> [Protection; 4] {
    let set = &settings.protections;
    let on = |is_on: bool, pause| if is_on { us(pause) } else { 0 };
    [
        Protection {
            stop_duration_us: on(set.cooldown_period, set.cooldown_period_stop_duration),
            ..Protection::default()
        },
        Protection {
            lookback_period_us: us(set.stoploss_guard_lookback_period),
            trade_limit: small(set.stoploss_guard_trade_limit),
            stop_duration_us: on(set.stoploss_guard, set.stoploss_guard_stop_duration),
            required_profit: set.stoploss_guard_required_profit,
            only_per_pair: set.stoploss_guard_only_per_pair,
            ..Protection::default()
        },
        Protection {
            lookback_period_us: us(set.max_drawdown_lookback_period),
            trade_limit: small(set.max_drawdown_trade_limit),
            stop_duration_us: on(set.max_drawdown, set.max_drawdown_stop_duration),
            max_allowed_drawdown: set.max_drawdown_max_allowed_drawdown,
            ..Protection::default()
        },
        Protection {
            lookback_period_us: us(set.low_profit_pairs_lookback_period),
            trade_limit: small(set.low_profit_pairs_trade_limit),
            stop_duration_us: on(set.low_profit_pairs, set.low_profit_pairs_stop_duration),
            required_profit: set.low_profit_pairs_required_profit,
            ..Protection::default()
        },
    ]
}

/// How far back the trades are that a protection looks at.
pub(super) fn lookback_from(settings: &EngineSettings, now: Timestamp) -> Timestamp {
    let guards = &settings.guards;
    let protections = [&guards.stoploss_guard, &guards.max_drawdown, &guards.low_profit_pairs];
    let looks = protections.iter().filter(|it| it.is_on()).map(|it| it.lookback_period_us);
    Timestamp::from_us(now.us().saturating_sub(looks.max().unwrap_or(0)))
}
