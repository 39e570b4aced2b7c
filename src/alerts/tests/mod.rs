//! What the tests of alerts begin with.

mod derived;
mod outbox;
mod topics;

use std::time::Duration;

use super::floors::Floors;
use super::notification::{Kind, Notification, Sender};
use super::signal::Labels;
use crate::config::Settings;
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// The built-in floors.
pub(super) fn floors() -> Floors {
    Floors::from(&*Settings::defaults().alerts)
}

pub(super) fn sender() -> Sender {
    Sender { instance: "ibis".to_owned(), mode: "paper" }
}

/// So many seconds after the epoch.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_us(0) + Duration::from_secs(seconds.unsigned_abs())
}

/// A message about a hold, made at second 1000.
pub(super) fn message(id: i64, severity: Severity, kind: Kind) -> Notification {
    Notification {
        id,
        key: "hold/global/stale_data".to_owned(),
        severity,
        kind,
        title: "soft_pause by stale_data".to_owned(),
        body: "no data".to_owned(),
        labels: Labels::new(),
        repeats: 0,
        event: Some(3),
        since: at(1_000),
        created_at: at(1_000),
    }
}
