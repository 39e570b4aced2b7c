//! How often one thing may be told of.

use std::time::Duration;

use crate::config::settings::AlertSettings;
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// A message this far in the future was sent before the clock was set back: it holds up nothing.
const STEP: Duration = Duration::from_secs(60);

/// The shortest times between messages about one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Floors {
    floor: [Duration; Severity::ALL.len()],
    repeat_critical: Duration,
    repeat_other: Duration,
}

impl From<&AlertSettings> for Floors {
    fn from(settings: &AlertSettings) -> Self {
        Self {
            floor: [
                settings.floor_info,
                settings.floor_low,
                settings.floor_medium,
                settings.floor_high,
                settings.floor_critical,
            ],
            repeat_critical: settings.repeat_critical,
            repeat_other: settings.repeat_other,
        }
    }
}

impl Floors {
    /// Between two messages that each have news.
    pub fn news(&self, severity: Severity) -> Duration {
        match severity {
            Severity::Info => self.floor[0],
            Severity::Low => self.floor[1],
            Severity::Medium => self.floor[2],
            Severity::High => self.floor[3],
            Severity::Critical => self.floor[4],
        }
    }

    /// Between two messages that say the same of what still fires.
    pub fn repeat(&self, severity: Severity) -> Duration {
        match severity {
            Severity::Critical => self.repeat_critical,
            Severity::High | Severity::Medium | Severity::Low | Severity::Info => self.repeat_other,
        }
    }
}

/// Whether `wait` has passed since `then`.
pub(super) fn passed(then: Option<Timestamp>, wait: Duration, now: Timestamp) -> bool {
    then.is_none_or(|then| then + wait <= now || then > now + STEP)
}
