//! What the outbox cannot tell: that the ledger cannot be used, or that the agent works no more. Pure.
//!
//! Both leave no event behind. They are seen by looking, must last for [`PATIENCE`], and are told past
//! the outbox.

use std::time::Duration;

use super::floors::{Floors, passed};
use super::notification::{Kind, Notification};
use super::signal::Alert;
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// How long a trouble must be seen: a lock, a restart of the loop, a machine that slept pass in less.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What is the matter, in one line each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The ledger cannot be read or written.
    Ledger(String),
    /// The agent has proved no work for so long.
    Stalled(Duration),
}

/// The trouble as it was seen and told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Blind {
    since: Option<Timestamp>,
    told: Option<(Timestamp, Alert)>,
}

impl Blind {
    /// Takes what a look found; the message to send past the outbox, if any.
    pub fn see(
        &mut self,
        trouble: Option<&Trouble>,
        now: Timestamp,
        floors: &Floors,
    ) -> Option<Notification> {
        let Some(trouble) = trouble else {
            let since = self.since.take().unwrap_or(now);
            let (_, alert) = self.told.take()?;
            return Some(message(alert, Kind::Recovery, since, now));
        };
        let since = *self.since.get_or_insert(now);
        let repeat = floors.repeat(Severity::Critical);
        let told_at = self.told.as_ref().map(|(told_at, _)| *told_at);
        if !passed(Some(since), PATIENCE, now) || !passed(told_at, repeat, now) {
            return None;
        }
        let alert = match trouble {
            Trouble::Ledger(why) => {
                Alert::new("alerts/ledger", Severity::Critical, "the ledger cannot be used")
                    .because(format!("{why}\ncheck the disk; other alerts wait until then"))
            }
            Trouble::Stalled(age) => {
                Alert::new("alerts/stalled", Severity::Critical, "the agent proves no work")
                    .because(format!("none for {} s; see ibis status", age.as_secs()))
            }
        };
        self.told = Some((now, alert.clone()));
        Some(message(alert, Kind::Firing, since, now))
    }
}

/// A message that is in no outbox.
pub fn message(alert: Alert, kind: Kind, since: Timestamp, now: Timestamp) -> Notification {
    let Alert { key, severity, title, body, labels } = alert;
    Notification {
        id: 0,
        key,
        severity,
        kind,
        title,
        body,
        labels,
        repeats: 0,
        event: None,
        since,
        created_at: now,
    }
}
