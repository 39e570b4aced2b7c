//! How a run of the agent ended, in one word.
//!
//! A run that ends in order says it itself. Of one that does not, systemd knows more than the next start
//! can see (its result is gone by then): it tells `ibis end-report`, its `ExecStopPost=`. Where nobody
//! told, the next start calls it a crash.

use std::fmt;
use std::str::FromStr;

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RunCause {
    /// A signal to stop: by a person, a shutdown or an upgrade.
    Operator,
    /// Its market or its time was over.
    Finished,
    /// It could not go on, and left with an error.
    Error,
    /// systemd's watchdog killed it: it proved no work.
    Watchdog,
    /// The kernel killed it for its memory.
    Oom,
    /// Anything else: killed, aborted, or a machine that went down.
    Crash,
}

impl RunCause {
    /// Every cause.
    pub const ALL: [Self; 6] =
        [Self::Operator, Self::Finished, Self::Error, Self::Watchdog, Self::Oom, Self::Crash];

    /// The ledger's word, and the metrics'.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Finished => "finished",
            Self::Error => "error",
            Self::Watchdog => "watchdog",
            Self::Oom => "oom",
            Self::Crash => "crash",
        }
    }

    /// What systemd's `SERVICE_RESULT` says of a run that said nothing itself (systemd.exec(5)).
    pub fn of_service_result(result: &str) -> Self {
        match result {
            "watchdog" => Self::Watchdog,
            "oom-kill" => Self::Oom,
            "exit-code" => Self::Error,
            _ => Self::Crash,
        }
    }
}

impl fmt::Display for RunCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RunCause {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|cause| cause.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no cause of a run's end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_systemds_results_have_theirs() {
        for cause in RunCause::ALL {
            assert_eq!(cause.as_str().parse(), Ok(cause));
            assert_eq!(cause.to_string(), cause.as_str());
        }
        assert!("killed".parse::<RunCause>().is_err());
        for (result, cause) in [
            ("watchdog", RunCause::Watchdog),
            ("oom-kill", RunCause::Oom),
            ("exit-code", RunCause::Error),
            ("signal", RunCause::Crash),
            ("core-dump", RunCause::Crash),
            ("timeout", RunCause::Crash),
            ("", RunCause::Crash),
        ] {
            assert_eq!(RunCause::of_service_result(result), cause, "{result}");
        }
    }
}
