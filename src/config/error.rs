//! A configuration error: one line that says where, what, and what to do.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// The table of keys.
    Default,
    /// A file, with the line where known.
    File(PathBuf, Option<usize>),
    /// An environment variable, by name.
    Variable(String),
    /// An option of the command line, as the user typed its name.
    Option(String),
    /// The lock of a profile, by its name.
    Profile(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, Some(line)) => write!(f, "{}:{line}", path.display()),
            Self::File(path, None) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::Option(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "agent.profile = {name}"),
        }
    }
}

/// Why the configuration is refused. The process that meets one exits with 78 (CONFIG).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// Where.
    pub origin: Origin,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl ConfigError {
    pub(super) fn new(origin: Origin, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { origin, what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.origin, self.what, self.fix)
    }
}

impl std::error::Error for ConfigError {}
