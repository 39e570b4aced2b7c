//! Holds: reasons not to trade. The agent's state is the strictest of the active ones.

use serde::{Deserialize, Serialize};

use super::symbol::Symbol;
use super::time::Timestamp;

/// What the agent may do, from everything to nothing. The order is the strictness.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Everything.
    Running,
    /// Entries at half size.
    Degraded,
    /// No entries; exits go on.
    SoftPause,
    /// No entries, open entries canceled; latched until an operator resumes.
    HardStop,
    /// Nothing at all; latched until an operator releases.
    KillSwitch,
}

impl Level {
    /// Every level, mildest first.
    pub const ALL: [Self; 5] =
        [Self::Running, Self::Degraded, Self::SoftPause, Self::HardStop, Self::KillSwitch];

    /// The ledger's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Degraded => "degraded",
            Self::SoftPause => "soft_pause",
            Self::HardStop => "hard_stop",
            Self::KillSwitch => "kill_switch",
        }
    }

    /// True where the level may send an order that opens or adds to a position.
    pub const fn permits_entry(self) -> bool {
        matches!(self, Self::Running | Self::Degraded)
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Level {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no agent state"))
    }
}

impl Level {
    /// True where an operator has to take it back: it outlives causes, times and processes.
    pub const fn latches(self) -> bool {
        matches!(self, Self::HardStop | Self::KillSwitch)
    }
}

/// Why a hold is set. The words are the ledger's, the journal's and the metrics'.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldCode {
    /// Not reconciled with the venue yet.
    Startup,
    /// The last run or runs ended uncleanly.
    CrashLoop,
    /// The market has said nothing for too long.
    StaleData,
    /// Most instruments had no news for too long.
    StaleMarket,
    /// Ledger and venue disagree.
    ReconcileMismatch,
    /// The agent is stopping.
    Draining,
    /// An operator asked.
    Operator,
    /// The venue cannot be reached, is in maintenance, or its private messages do not come.
    VenueUnavailable,
    /// The venue refuses the key, or the account's mode.
    VenueUnauthorized,
    /// This clock and the venue's differ too much for a signature.
    ClockSkew,
    /// The venue does not trade the instrument now.
    InstrumentHalted,
    /// The venue changed the instrument's increments or minimums.
    InstrumentChanged,
    /// The ledger or the paper account cannot be written.
    StorageUnavailable,
    /// The kill switch: set by an operator, and what is left after its release.
    KillSwitch,
    /// What is held is being sold, by an operator's word or the exit policy of a hard stop: all of it, or
    /// what is held of one instrument.
    Flatten,
    /// The equity lost since the beginning of the UTC day.
    DailyLoss,
    /// The equity lost since its peak.
    Drawdown,
    /// The day's turnover, as a multiple of its first equity.
    Turnover,
    /// Orders were refused one after another.
    OrderErrors,
    /// Too many cancels in a minute.
    CancelStorm,
    /// Cancels were refused one after another.
    CancelFailures,
    /// Fills were worse than the price their decision saw, one after another.
    Slippage,
    /// What an entry could earn does not pay for its costs.
    Edge,
    /// A risk check could not be made.
    RiskUnavailable,
    /// Degraded for too long to be a passing trouble.
    DegradedTooLong,
    /// Too many of the venue's answers are errors.
    ApiErrors,
    /// The venue's rate limit is nearly used up.
    RateLimit,
    /// The disk fills up.
    DiskSpace,
    /// The loop stood still.
    LoopStalled,
    /// A part of the agent that trading does not need ended again and again.
    TaskFailing,
    /// What must not change while the agent runs was changed.
    ConfigChanged,
    /// A job found the ledger damaged, or in disagreement with the venue.
    Integrity,
    /// Protection: a pause after each exit.
    CooldownPeriod,
    /// Protection: too many stops in a time.
    StoplossGuard,
    /// Protection: the drawdown within a time.
    MaxDrawdown,
    /// Protection: an instrument that earned too little in a time.
    LowProfitPairs,
}

impl HoldCode {
    /// Every code.
    pub const ALL: [Self; 36] = [
        Self::Startup,
        Self::CrashLoop,
        Self::StaleData,
        Self::StaleMarket,
        Self::ReconcileMismatch,
        Self::Draining,
        Self::Operator,
        Self::VenueUnavailable,
        Self::VenueUnauthorized,
        Self::ClockSkew,
        Self::InstrumentHalted,
        Self::InstrumentChanged,
        Self::StorageUnavailable,
        Self::KillSwitch,
        Self::Flatten,
        Self::DailyLoss,
        Self::Drawdown,
        Self::Turnover,
        Self::OrderErrors,
        Self::CancelStorm,
        Self::CancelFailures,
        Self::Slippage,
        Self::Edge,
        Self::RiskUnavailable,
        Self::DegradedTooLong,
        Self::ApiErrors,
        Self::RateLimit,
        Self::DiskSpace,
        Self::LoopStalled,
        Self::TaskFailing,
        Self::ConfigChanged,
        Self::Integrity,
        Self::CooldownPeriod,
        Self::StoplossGuard,
        Self::MaxDrawdown,
        Self::LowProfitPairs,
    ];

    /// True where the cause is looked at again by each process: unless it is latched, it dies with the
    /// one that set it.
    pub const fn is_of_process(self) -> bool {
        matches!(
            self,
            Self::StaleData
                | Self::StaleMarket
                | Self::Draining
                | Self::VenueUnavailable
                | Self::VenueUnauthorized
                | Self::ClockSkew
                | Self::InstrumentHalted
                | Self::InstrumentChanged
                | Self::StorageUnavailable
                | Self::Edge
                | Self::RiskUnavailable
                | Self::DegradedTooLong
                | Self::ApiErrors
                | Self::RateLimit
                | Self::DiskSpace
                | Self::LoopStalled
                | Self::TaskFailing
        )
    }

    /// True where a limit on money or orders was reached: the guards and the protections.
    pub const fn is_risk_limit(self) -> bool {
        matches!(
            self,
            Self::DailyLoss
                | Self::Drawdown
                | Self::Turnover
                | Self::OrderErrors
                | Self::CancelStorm
                | Self::CancelFailures
                | Self::Slippage
                | Self::Edge
                | Self::RiskUnavailable
                | Self::CooldownPeriod
                | Self::StoplossGuard
                | Self::MaxDrawdown
                | Self::LowProfitPairs
        )
    }

    /// The ledger's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::CrashLoop => "crash_loop",
            Self::StaleData => "stale_data",
            Self::StaleMarket => "stale_market",
            Self::ReconcileMismatch => "reconcile_mismatch",
            Self::Draining => "draining",
            Self::Operator => "operator",
            Self::VenueUnavailable => "venue_unavailable",
            Self::VenueUnauthorized => "venue_unauthorized",
            Self::ClockSkew => "clock_skew",
            Self::InstrumentHalted => "instrument_halted",
            Self::InstrumentChanged => "instrument_changed",
            Self::StorageUnavailable => "storage_unavailable",
            Self::KillSwitch => "kill_switch",
            Self::Flatten => "flatten",
            Self::DailyLoss => "daily_loss",
            Self::Drawdown => "drawdown",
            Self::Turnover => "turnover",
            Self::OrderErrors => "order_errors",
            Self::CancelStorm => "cancel_storm",
            Self::CancelFailures => "cancel_failures",
            Self::Slippage => "slippage",
            Self::Edge => "edge",
            Self::RiskUnavailable => "risk_unavailable",
            Self::DegradedTooLong => "degraded_too_long",
            Self::ApiErrors => "api_errors",
            Self::RateLimit => "rate_limit",
            Self::DiskSpace => "disk_space",
            Self::LoopStalled => "loop_stalled",
            Self::TaskFailing => "task_failing",
            Self::ConfigChanged => "config_changed",
            Self::Integrity => "integrity",
            Self::CooldownPeriod => "cooldown_period",
            Self::StoplossGuard => "stoploss_guard",
            Self::MaxDrawdown => "max_drawdown",
            Self::LowProfitPairs => "low_profit_pairs",
        }
    }
}

impl std::fmt::Display for HoldCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for HoldCode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no hold code"))
    }
}

/// One active reason not to trade.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// The instrument it concerns; none for all.
    pub scope: Option<Symbol>,
    /// Why.
    pub code: HoldCode,
    /// What it permits.
    pub level: Level,
    /// Why, for a person.
    pub reason: String,
    /// Since when.
    pub set_at: Timestamp,
    /// Ends by itself then; otherwise when its cause ends.
    pub until: Option<Timestamp>,
}

impl Hold {
    /// `global`, or the symbol: the ledger's scope column.
    pub fn scope_str(&self) -> &str {
        self.scope.as_ref().map_or("global", Symbol::as_str)
    }
}
