//! What an operator wants of the agent: stop, go on, pause, sell. From whom, by which way, and what came of it.

use serde::{Deserialize, Serialize};

use super::hold::{HoldCode, Level};
use super::symbol::Symbol;
use super::text::Text;
use super::time::Timestamp;

/// The name of a command, given once: sent twice it is done once.
pub type CommandId = Text<48>;

/// The way a command came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// The command line.
    Cli,
    /// The HTTP interface.
    Http,
    /// A chat.
    Telegram,
    /// A oneshot job that found something.
    Job,
    /// A signal.
    Signal,
}

impl Via {
    /// The ledger's and the metrics' word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Http => "http",
            Self::Telegram => "telegram",
            Self::Job => "job",
            Self::Signal => "signal",
        }
    }
}

impl std::fmt::Display for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// No entries until resumed, or until the time is over. Exits go on.
    Pause {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// For so many microseconds; none until resumed.
        for_us: Option<i64>,
    },
    /// Takes an operator's pause or forced exit back; with `from`, releases what is latched there, too.
    Resume {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// [`Level::HardStop`], to say that its causes were looked into; none for a mere pause.
        from: Option<Level>,
    },
    /// What is held is sold, whatever its plan says; no entry there until it is. A kill switch voids it.
    ForceExit {
        /// The instrument; none for all that is held.
        scope: Option<Symbol>,
    },
    /// Nothing is sent from here on; everything at work is canceled.
    Kill {
        /// Positions are sold, too.
        flatten: bool,
    },
    /// Ends the kill switch, and lands in `hard_stop`.
    Release,
    /// A job found a reason not to trade, or that it is gone.
    Hold {
        /// Which.
        code: HoldCode,
        /// What it still permits; none where it is gone.
        level: Option<Level>,
    },
}

impl Wish {
    /// The ledger's word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::ForceExit { .. } => "force_exit",
            Self::Kill { .. } => "kill",
            Self::Release => "release",
            Self::Hold { .. } => "hold",
        }
    }
}

impl Wish {
    /// The instrument it is about; none for all.
    pub const fn scope(&self) -> Option<Symbol> {
        match self {
            Self::Pause { scope, .. } | Self::Resume { scope, .. } | Self::ForceExit { scope } => {
                *scope
            }
            Self::Kill { .. } | Self::Release | Self::Hold { .. } => None,
        }
    }
}

/// One command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Its name.
    pub id: CommandId,
    /// When it was given, by the wall clock.
    pub at: Timestamp,
    /// By whom: a user, a peer's credentials.
    pub by: String,
    /// By which way.
    pub via: Via,
    /// Why.
    pub reason: String,
    /// What.
    pub wish: Wish,
}

/// What came of a command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is done, or begun.
    Done,
    /// It is not.
    Refused {
        /// Why not, and what to do.
        why: String,
        /// When it would be done; none where time alone does not help.
        after: Option<Timestamp>,
    },
}

/// A command and what came of it, as written down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OperatorRecord {
    /// The command.
    pub command: Command,
    /// What came of it.
    pub outcome: Outcome,
}
