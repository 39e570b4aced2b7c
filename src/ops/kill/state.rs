//! How the kill switch stands.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::operator::{Command, Wish};
use crate::domain::time::Timestamp;
use crate::durable::sqlite::OpenErrorKind;
use crate::ops::age::Age;
use crate::ops::command::Line;
use crate::ops::job_run::{self, JobRun};
use crate::ops::report::{Check, Severity};
use crate::store;
use crate::store::kill::{self, Latch};

/// A drill older than this is worth a word (an emergency stop is tried monthly).
pub const DRILL_AGE: Duration = Duration::from_secs(30 * 86_400);
/// The health check's name of it.
const CHECK: &str = "kill_switch";

/// What is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KillState {
    /// Active, and since when; none where it is not.
    pub latch: Option<Latch>,
    /// It cannot be released before, by the engine's clock.
    pub cooldown_until: Option<Timestamp>,
    /// Commands about it that the agent has not taken in.
    pub waiting: Vec<Command>,
    /// The last drill; none if there was none.
    pub drill: Option<JobRun>,
    /// When this was looked at.
    pub now: Timestamp,
}

impl KillState {
    /// Looks. Reads only; without a ledger nothing is active.
    pub fn gather(line: &Line, cooldown: Duration, now: Timestamp) -> anyhow::Result<Self> {
        let of_kill = |command: &Command| match command.wish {
            Wish::Kill { .. } | Wish::Release => true,
            Wish::Pause { .. }
            | Wish::Resume { .. }
            | Wish::ForceExit { .. }
            | Wish::Hold { .. } => false,
        };
        let (latch, drill) = match store::open_reader(&line.state_dir) {
            Ok(ledger) => (kill::latch(&ledger)?, job_run::last(&ledger, super::drill::JOB)?),
            Err(error) if matches!(error.kind, OpenErrorKind::Missing) => (None, None),
            Err(error) => return Err(error.into()),
        };
        let mut waiting = line.waiting();
        waiting.retain(|command| of_kill(command) && line.answer(&command.id).is_none());
        let cooldown_until = latch.as_ref().map(|latch| latch.since + cooldown);
        Ok(Self { latch, cooldown_until, waiting, drill, now })
    }

    /// Ok where it is not active, degraded where it is or will be, critical while orders may be at work.
    pub fn severity(&self) -> Severity {
        match &self.latch {
            Some(latch) if latch.verified_at.is_none() => Severity::Critical,
            Some(_) => Severity::Degraded,
            None if self.waiting.is_empty() => Severity::Ok,
            None => Severity::Degraded,
        }
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let latch = self.latch.as_ref();
        let waiting = |command: &Command| {
            json!({
                "id": command.id.as_str(), "at": command.at.to_string(), "by": command.by,
                "reason": command.reason, "wish": command.wish.as_str(),
            })
        };
        let drill = self.drill.as_ref().map(|drill| {
            let age_s = Age::of(drill.ended_at, self.now).seconds();
            json!({ "at": drill.ended_at.to_string(), "overall": drill.severity, "age_s": age_s })
        });
        json!({
            "active": latch.is_some(),
            "since": at(latch.map(|latch| latch.since)),
            "code": latch.map(|latch| latch.code.as_str()),
            "reason": latch.map(|latch| &latch.reason),
            "verified": latch.map(|latch| latch.verified_at.is_some()),
            "verified_at": at(latch.and_then(|latch| latch.verified_at)),
            "flattening": latch.is_some_and(|latch| latch.flattening),
            "cooldown_until": at(self.cooldown_until),
            "waiting": self.waiting.iter().map(waiting).collect::<Vec<_>>(),
            "last_drill": drill,
        })
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut lines = vec![format!("kill_switch: {}", word(self.latch.as_ref()))];
        if let (Some(latch), Some(until)) = (&self.latch, self.cooldown_until) {
            lines.push(format!("set by: {} ({})", latch.reason, latch.code));
            lines.push(format!("cooldown until: {until}"));
        }
        for command in &self.waiting {
            let Command { at, by, reason, wish, .. } = command;
            lines.push(format!("waits for the agent: {} of {at} by {by}: {reason}", wish.as_str()));
        }
        lines.push(format!("last drill: {}", drill_words(self.drill.as_ref(), self.now)));
        lines.join("\n") + "\n"
    }
}

/// One line for `status`.
pub fn word(latch: Option<&Latch>) -> String {
    let Some(latch) = latch else { return "not active".to_owned() };
    let proof = match latch.verified_at {
        Some(at) => format!("nothing at work at {at}"),
        None => "NOT VERIFIED, orders may be at work".to_owned(),
    };
    let selling = if latch.flattening { ", selling" } else { "" };
    format!("active since {}, {proof}{selling}", latch.since)
}

fn drill_words(drill: Option<&JobRun>, now: Timestamp) -> String {
    match drill {
        Some(drill) => format!("{} ago: {}", Age::of(drill.ended_at, now), drill.severity),
        None => "never; try it: ibis kill drill".to_owned(),
    }
}

/// The health check: critical while orders may be at work. A drill that is long ago is a word, no failure.
pub fn check(latch: Option<&Latch>, drill: Option<&JobRun>, now: Timestamp) -> Check {
    let unverified = latch.is_some_and(|latch| latch.verified_at.is_none());
    let severity = if unverified { Severity::Critical } else { Severity::Ok };
    let overdue = drill.is_none_or(|drill| Age::of(drill.ended_at, now).reaches(DRILL_AGE));
    let detail = match (unverified, overdue) {
        (true, _) => "stop what is left: ibis kill activate --reason ...".to_owned(),
        (false, true) => format!("last drill: {}", drill_words(drill, now)),
        (false, false) => String::new(),
    };
    Check::new(CHECK, severity, word(latch)).because(detail)
}
