//! One check and how it ended: its name, verdict, value, what to do, and whose turn it is.

use std::fmt;

use serde_json::{Value, json};

use crate::exchange::kucoin::preflight::{FailureClass, PreflightCheck, Verdict};
use crate::ops::report::Severity;

/// What a failure means for a start. The order is how telling it is: the highest is the exit code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// The agent starts, and by itself sends nothing that opens a position.
    Held,
    /// Something is in the way: trying again can help.
    Busy,
    /// The venue, or the way to it.
    Venue,
    /// The configuration.
    Config,
    /// The API key or its account.
    Credentials,
    /// The ledger is damaged, foreign, or of another agent.
    Data,
}

impl Class {
    /// The exit code of a process that ends for it, as in sysexits(3).
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Held => Severity::Critical.exit_code(),
            Self::Busy => 75,
            Self::Venue => FailureClass::Venue.exit_code(),
            Self::Config => FailureClass::Config.exit_code(),
            Self::Credentials => FailureClass::Credentials.exit_code(),
            Self::Data => 65,
        }
    }

    /// True where a start is refused for it.
    pub const fn stops_a_start(self) -> bool {
        !matches!(self, Self::Held)
    }
}

impl From<FailureClass> for Class {
    fn from(class: FailureClass) -> Self {
        match class {
            FailureClass::Venue => Self::Venue,
            FailureClass::Config => Self::Config,
            FailureClass::Credentials => Self::Credentials,
        }
    }
}

/// A check and how it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What was looked at, such as `kill switch` or `symbol BTC-USDT`.
    pub name: String,
    /// How it ended.
    pub severity: Severity,
    /// What was found, with its unit.
    pub value: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
    /// What it means for a start, where it failed.
    pub class: Option<Class>,
}

impl Finding {
    /// As it must be.
    pub fn ok(name: impl Into<String>, value: impl Into<String>) -> Self {
        let (advice, class) = (String::new(), None);
        Self { name: name.into(), severity: Severity::Ok, value: value.into(), advice, class }
    }

    /// Works, but a person should look.
    pub fn warn(
        name: impl Into<String>,
        value: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Degraded, advice: advice.into(), ..Self::ok(name, value) }
    }

    /// The check could not be made.
    pub fn insufficient(
        name: impl Into<String>,
        value: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Insufficient, ..Self::warn(name, value, advice) }
    }

    /// Not as it must be.
    pub fn fail(
        name: impl Into<String>,
        value: impl Into<String>,
        advice: impl Into<String>,
        class: Class,
    ) -> Self {
        let severity = Severity::Critical;
        Self { severity, class: Some(class), ..Self::warn(name, value, advice) }
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "verdict": word(self.severity),
            "value": self.value,
            "advice": self.advice,
        })
    }
}

impl From<PreflightCheck> for Finding {
    fn from(check: PreflightCheck) -> Self {
        let PreflightCheck { name, verdict, value, advice, failure_class } = check;
        let severity = match verdict {
            Verdict::Ok => Severity::Ok,
            Verdict::Warn => Severity::Degraded,
            Verdict::Fail => Severity::Critical,
        };
        Self { name, severity, value, advice, class: failure_class.map(Class::from) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "; {}", self.advice) }
    }
}

/// A verdict as preflight says it.
pub const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok => "ok",
        Severity::Insufficient => "insufficient",
        Severity::Degraded => "warn",
        Severity::Critical => "fail",
    }
}
