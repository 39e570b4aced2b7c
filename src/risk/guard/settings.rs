//! The thresholds of every guard.

use serde::{Deserialize, Serialize};

use crate::domain::decimal::Decimal;
use crate::domain::hold::Level;

/// From which value on a guard asks for which level; none where it never does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Grades {
    /// From here on degraded.
    pub degraded: Option<Decimal>,
    /// From here on a hard stop.
    pub hard_stop: Option<Decimal>,
    /// From here on the kill switch.
    pub kill_switch: Option<Decimal>,
}

impl Grades {
    /// The strictest level that a value reaches.
    pub fn level(&self, value: Decimal) -> Level {
        let reached = |limit: Option<Decimal>| limit.is_some_and(|limit| value >= limit);
        match () {
            () if reached(self.kill_switch) => Level::KillSwitch,
            () if reached(self.hard_stop) => Level::HardStop,
            () if reached(self.degraded) => Level::Degraded,
            () => Level::Running,
        }
    }
}

/// So many of something in a row, or in a time; then a pause. Zero: never.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Burst {
    /// So many.
    pub count: u32,
    /// The pause, in microseconds.
    pub pause_us: i64,
}

/// A protection of freqtrade's, by its options. Off where `stop_duration_us` is zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Protection {
    /// Trades closed within this long are looked at, in microseconds.
    pub lookback_period_us: i64,
    /// So many of them, at least.
    pub trade_limit: u32,
    /// Entries wait this long, in microseconds.
    pub stop_duration_us: i64,
    /// StoplossGuard, LowProfitPairs: trades that earned less than this count, as a fraction of their cost.
    pub required_profit: Decimal,
    /// MaxDrawdown: as a fraction of the equity.
    pub max_allowed_drawdown: Decimal,
    /// StoplossGuard: each instrument by itself.
    pub only_per_pair: bool,
}

impl Protection {
    /// True where it is in use.
    pub const fn is_on(&self) -> bool {
        self.stop_duration_us > 0
    }
}

/// Every threshold. The default guards against nothing: what a recording of an older version knew.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GuardSettings {
    /// Lost since the beginning of the UTC day, as a fraction of the equity then.
    pub daily_loss: Grades,
    /// A hard stop for the day's loss ends with the day.
    pub daily_loss_auto_resume: bool,
    /// Lost since the peak, as a fraction of it.
    pub drawdown: Grades,
    /// Bought and sold in the UTC day, as a multiple of the equity at its beginning.
    pub turnover: Grades,
    /// Orders refused by the venue in a row.
    pub order_errors: Burst,
    /// Cancels in a minute.
    pub cancels: Burst,
    /// Minutes with too many cancels, in an hour: then a hard stop. Zero: never.
    pub cancel_storms_max: u32,
    /// Cancels refused in a row: then a hard stop. Zero: never.
    pub cancel_failures_max: u32,
    /// Fills of an instrument in a row that were worse than `slippage_max`.
    pub slippage: Burst,
    /// As a fraction of the price the decision saw.
    pub slippage_max: Decimal,
    /// An entry has to be able to earn this much after its costs, as a fraction; none: whatever it earns.
    pub edge_min: Option<Decimal>,
    /// Once it could not, it has to be able to earn this much again.
    pub edge_resume: Decimal,
    /// Entries of the instrument wait this long then, in microseconds.
    pub edge_pause_us: i64,
    /// Degraded for this long is no passing trouble: then a pause, in microseconds. Zero: never.
    pub degraded_max_us: i64,
    /// A hold stays this much longer than its cause, in microseconds: what flaps is not worth trading.
    pub dwell_us: i64,
    /// The account differs from the ledger, unexplained, for this long: then a hard stop, in
    /// microseconds. Zero: never.
    pub mismatch_max_us: i64,
    /// An instrument without news for this long gets no entries, in microseconds. Zero: however old.
    pub stale_after_us: i64,
    /// CooldownPeriod.
    pub cooldown_period: Protection,
    /// StoplossGuard.
    pub stoploss_guard: Protection,
    /// MaxDrawdown, open positions included.
    pub max_drawdown: Protection,
    /// LowProfitPairs.
    pub low_profit_pairs: Protection,
}

impl GuardSettings {
    /// True where a guard looks at what the account is worth.
    pub fn measures_account(&self) -> bool {
        let graded = [self.daily_loss, self.drawdown, self.turnover];
        self.max_drawdown.is_on() || graded.iter().any(|it| *it != Grades::default())
    }
}
