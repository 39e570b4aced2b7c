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

    /// True where the level may send an order that only reduces a position.
    pub const fn permits_exit(self) -> bool {
        !matches!(self, Self::KillSwitch)
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
}

impl HoldCode {
    /// Every code.
    pub const ALL: [Self; 12] = [
        Self::Startup,
        Self::CrashLoop,
        Self::StaleData,
        Self::ReconcileMismatch,
        Self::Draining,
        Self::Operator,
        Self::VenueUnavailable,
        Self::VenueUnauthorized,
        Self::ClockSkew,
        Self::InstrumentHalted,
        Self::InstrumentChanged,
        Self::StorageUnavailable,
    ];

    /// True where the cause is looked at again by each process: it dies with the one that set it.
    pub const fn is_of_process(self) -> bool {
        matches!(
            self,
            Self::Draining
                | Self::StaleData
                | Self::VenueUnavailable
                | Self::VenueUnauthorized
                | Self::ClockSkew
                | Self::InstrumentHalted
                | Self::InstrumentChanged
                | Self::StorageUnavailable
        )
    }

    /// The ledger's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::CrashLoop => "crash_loop",
            Self::StaleData => "stale_data",
            Self::ReconcileMismatch => "reconcile_mismatch",
            Self::Draining => "draining",
            Self::Operator => "operator",
            Self::VenueUnavailable => "venue_unavailable",
            Self::VenueUnauthorized => "venue_unauthorized",
            Self::ClockSkew => "clock_skew",
            Self::InstrumentHalted => "instrument_halted",
            Self::InstrumentChanged => "instrument_changed",
            Self::StorageUnavailable => "storage_unavailable",
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
