//! The journal: always there, and never behind a network.

use super::Outcome;
use crate::alerts::notification::{Kind, Notification, Sender};
use crate::domain::alert::Severity;

/// Says a message with its fields; the priority follows the severity.
pub(super) fn say(message: &Notification, sender: &Sender) -> Outcome {
    let level = match (message.kind, message.severity) {
        (Kind::Recovery, _) | (_, Severity::Info | Severity::Low) => log::Level::Info,
        (_, Severity::Medium | Severity::High) => log::Level::Warn,
        (_, Severity::Critical) => log::Level::Error,
    };
    let text = match message.body.as_str() {
        "" => message.headline(sender),
        body => format!("{}: {}", message.headline(sender), body.replace('\n', "; ")),
    };
    log::log!(
        level,
        alert = message.key.as_str(), alert_kind = message.kind.as_str(),
        alert_severity = message.severity.as_str(), notification = message.id;
        "alert {text}"
    );
    Outcome::Delivered
}
