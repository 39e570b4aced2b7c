//! Why the agent cannot start or go on, by what can be done about it.

use std::fmt;
use std::io;

use crate::config::ConfigError;
use crate::durable::group_commit::WriteFailed;
use crate::durable::sqlite::OpenError;
use crate::exchange::paper::AccountError;
use crate::market::MarketError;

/// What went wrong.
#[derive(Debug)]
pub enum AgentError {
    /// The configuration is wrong.
    Config(ConfigError),
    /// The configuration does not fit the market or the ledger; says which and what to do.
    Mismatch(String),
    /// The command line names something that is not there.
    Usage(String),
    /// The ledger belongs to another agent or mode.
    OtherLedger(String),
    /// The ledger cannot be opened.
    Ledger(OpenError),
    /// The paper account cannot be opened.
    Account(AccountError),
    /// A market file is malformed.
    Market(MarketError),
    /// The credentials are missing or refused.
    Credentials(String),
    /// The venue cannot be reached, or does not serve.
    Venue(String),
    /// A signal ended the start before anything was traded.
    Stopped(&'static str),
    /// Another agent, or the disk, is in the way.
    Busy(String),
    /// A task that trading needs is gone.
    Task(&'static str),
    /// The ledger or the account can no longer be written.
    Write(WriteFailed),
    /// The ledger's content cannot be read.
    Content(rusqlite::Error),
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Mismatch(text)
            | Self::Usage(text)
            | Self::Busy(text)
            | Self::Credentials(text)
            | Self::Venue(text)
            | Self::OtherLedger(text) => f.write_str(text),
            Self::Stopped(signal) => write!(f, "{signal} while starting; nothing was traded"),
            Self::Task(task) => {
                write!(f, "the task of {task} is gone; a new process is needed: start again")
            }
            Self::Ledger(error) => error.fmt(f),
            Self::Account(error) => error.fmt(f),
            Self::Market(error) => error.fmt(f),
            Self::Write(error) => {
                write!(
                    f,
                    "ledger {error}; nothing was sent that neither it nor the emergency journal \
                     holds; check the disk and its permissions, then start again"
                )
            }
            Self::Content(error) => write!(f, "ledger cannot be read: {error}; run ibis db check"),
        }
    }
}

impl std::error::Error for AgentError {}

macro_rules! from {
    ($($source:ty => $variant:ident),* $(,)?) => {
        $(impl From<$source> for AgentError {
            fn from(error: $source) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from! {
    ConfigError => Config,
    OpenError => Ledger,
    AccountError => Account,
    MarketError => Market,
    WriteFailed => Write,
    rusqlite::Error => Content,
}

impl From<io::Error> for AgentError {
    fn from(error: io::Error) -> Self {
        Self::Busy(format!("the operating system refuses: {error}"))
    }
}
