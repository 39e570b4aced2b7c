//! Exit codes: one table for every subcommand, and the rule from error to code.
//!
//! 64 and up are sysexits(3); the agent's unit does not restart 64, 65, 77 and 78.

use std::process::ExitCode;

use rusqlite::ErrorCode;

use crate::agent::AgentError;
use crate::config::ConfigError;
use crate::durable::group_commit::WriteFailed;
use crate::durable::sqlite::{OpenError, OpenErrorKind, classify};
use crate::exchange::paper::AccountError;
use crate::ops::backup::failure::BackupError;
use crate::ops::preflight::Class;
use crate::ops::report::Severity;

/// How a subcommand ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// Works, but a person should look.
    Degraded = 1,
    /// Does not work, or money is at risk.
    Critical = 2,
    /// Too little evidence for a verdict.
    Insufficient = 3,
    /// The command line is wrong.
    Usage = 64,
    /// A file is damaged or foreign.
    Data = 65,
    /// The venue cannot be reached.
    Unavailable = 69,
    /// Busy, locked, or the disk refuses: try again.
    TryAgain = 75,
    /// Credentials are missing or refused.
    Credentials = 77,
    /// The configuration is wrong.
    Config = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Severity> for Exit {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Ok => Self::Ok,
            Severity::Degraded => Self::Degraded,
            Severity::Critical => Self::Critical,
            Severity::Insufficient => Self::Insufficient,
        }
    }
}

impl From<Class> for Exit {
    fn from(class: Class) -> Self {
        match class {
            Class::Held => Self::Critical,
            Class::Busy => Self::TryAgain,
            Class::Venue => Self::Unavailable,
            Class::Config => Self::Config,
            Class::Credentials => Self::Credentials,
            Class::Data => Self::Data,
        }
    }
}

/// An error that knows its exit code.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// An error with a code and one line that says what, where and what to do.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The code of an error: by the first cause in its chain that the table knows, else 2.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    error.chain().find_map(known).unwrap_or(Exit::Critical)
}

fn known(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(failure.exit);
    }
    if let Some(open) = cause.downcast_ref::<OpenError>() {
        return Some(of_open(open));
    }
    if let Some(error) = cause.downcast_ref::<AgentError>() {
        return Some(of_agent(error));
    }
    if let Some(error) = cause.downcast_ref::<BackupError>() {
        return Some(match error {
            BackupError::Missing(_) => Exit::Usage,
            BackupError::Bad(_) => Exit::Data,
            BackupError::Busy(_) => Exit::TryAgain,
        });
    }
    if cause.is::<ConfigError>() {
        return Some(Exit::Config);
    }
    if let Some(error) = cause.downcast_ref::<rusqlite::Error>() {
        return Some(of_sqlite(error));
    }
    cause.downcast_ref::<WriteFailed>().map(|_| Exit::TryAgain)
}

fn of_agent(error: &AgentError) -> Exit {
    match error {
        AgentError::Config(_) | AgentError::Mismatch(_) => Exit::Config,
        AgentError::Usage(_) => Exit::Usage,
        AgentError::Ledger(error) => of_open(error),
        AgentError::Account(AccountError::Open(error)) => of_open(error),
        AgentError::Account(AccountError::Content(..))
        | AgentError::Market(_)
        | AgentError::OtherLedger(_) => Exit::Data,
        AgentError::Content(error) => of_sqlite(error),
        AgentError::Credentials(_) => Exit::Credentials,
        AgentError::Venue(_) => Exit::Unavailable,
        AgentError::Stopped(_) => Exit::Ok,
        AgentError::Busy(_) | AgentError::Write(_) | AgentError::Task(_) => Exit::TryAgain,
    }
}

/// Where SQLite itself found no fault, what it read is not ours; nor is a ledger without a table or a
/// column that every ledger of its version has, which SQLite calls an error like any other.
fn of_sqlite(error: &rusqlite::Error) -> Exit {
    match (error.sqlite_error_code(), classify(error)) {
        (Some(ErrorCode::Unknown), _) => Exit::Data,
        (Some(_), OpenErrorKind::Unavailable(_)) => Exit::TryAgain,
        _ => Exit::Data,
    }
}

fn of_open(error: &OpenError) -> Exit {
    match error.kind {
        OpenErrorKind::Foreign(_) | OpenErrorKind::Newer { .. } => Exit::Data,
        OpenErrorKind::Missing => Exit::Insufficient,
        OpenErrorKind::Unavailable(_) => Exit::TryAgain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_has_one_exit_code_in_reports_and_from_the_process() {
        use Severity::{Critical, Degraded, Insufficient, Ok};
        for severity in [Ok, Insufficient, Degraded, Critical] {
            assert_eq!(Exit::from(severity) as u8, severity.exit_code());
        }
        use Class::{Busy, Config, Credentials, Data, Held, Venue};
        for class in [Held, Busy, Venue, Config, Credentials, Data] {
            assert_eq!(Exit::from(class) as u8, class.exit_code());
        }
    }
}
