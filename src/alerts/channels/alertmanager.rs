//! Prometheus Alertmanager: `POST /api/v2/alerts`.
//!
//! The labels that make an alert the same one are `alertname`, `instance`, `mode`, `key` and `severity`,
//! all else is an annotation. One message tells of each severity of its key: of its own that it fires,
//! or not any more, of every other that it is over; so an escalation leaves nothing behind. What fires is
//! valid for twice the time after which it is said again; what happened, for one floor.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Outcome, http_outcome};
use crate::alerts::floors::Floors;
use crate::alerts::notification::{Kind, Notification, Sender};
use crate::domain::alert::Severity;
use crate::net::dial::Origin;
use crate::net::request::{Post, post};
use crate::net::tls::Tls;

/// Where alerts are told (Alertmanager's API, version 2).
const PATH: &str = "/api/v2/alerts";

/// An Alertmanager.
#[derive(Clone)]
pub(super) struct Alertmanager {
    pub(super) url: String,
    pub(super) floors: Floors,
    pub(super) tls: Tls,
}

impl std::fmt::Debug for Alertmanager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alertmanager").finish_non_exhaustive()
    }
}

impl Alertmanager {
    pub(super) async fn send(
        &self,
        message: &Notification,
        sender: &Sender,
        timeout: Duration,
    ) -> Outcome {
        let (origin, path) = match Origin::split(&self.url) {
            Ok(split) => split,
            Err(error) => return Outcome::try_again(error.to_string()),
        };
        let path = format!("{}{PATH}", path.trim_end_matches('/'));
        let body = body(message, sender, &self.floors).to_string();
        let answer =
            post(&self.tls, &Post { origin, path, headers: Vec::new(), body }, timeout).await;
        http_outcome::judge(answer.as_ref(), &http_outcome::words(answer.as_ref()))
    }
}

fn body(message: &Notification, sender: &Sender, floors: &Floors) -> Value {
    let at = message.created_at;
    let valid = match message.kind {
        Kind::Firing => at + floors.repeat(message.severity) * 2,
        Kind::Note => at + floors.news(message.severity),
        Kind::Recovery => at,
    };
    let alert = |severity: Severity| {
        let until = if severity == message.severity { valid } else { at };
        json!({
            "labels": {
                "alertname": alert_name(&message.key),
                "instance": sender.instance,
                "mode": sender.mode,
                "key": message.key,
                "severity": severity,
            },
            "annotations": {
                "summary": message.title,
                "description": message.body,
                "repeats": message.repeats.to_string(),
            },
            "startsAt": message.since.min(at).to_string(),
            "endsAt": until.to_string(),
        })
    };
    Value::Array(Severity::ALL.map(alert).into())
}

/// `IbisHold` for `hold/global/stale_data`.
fn alert_name(key: &str) -> String {
    let family = key.split('/').next().unwrap_or_default();
    let mut letters = family.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    format!("Ibis{}", first.into_iter().chain(letters).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::tests::{floors, message, sender};

    #[test]
    fn its_own_severity_fires_and_every_other_is_over() {
        let mut message = message(7, Severity::High, Kind::Firing);
        let ends = |message: &Notification| {
            let body = body(message, &sender(), &floors());
            let alerts = body.as_array().unwrap().clone();
            alerts
                .iter()
                .map(|alert| alert["endsAt"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let (now, later) = ("1970-01-01T00:16:40Z", "1970-01-01T08:16:40Z");
        assert_eq!(ends(&message), [now, now, now, later, now]);
        message.kind = Kind::Recovery;
        assert_eq!(ends(&message), [now; 5]);
        let body = body(&message, &sender(), &floors());
        assert_eq!(body[3]["labels"]["alertname"], "IbisHold");
        assert_eq!(body[3]["labels"]["severity"], "high");
        assert_eq!(body[3]["annotations"]["summary"], message.title);
    }
}
