//! `status` as text, with the runbook's lines in the runbook's order, and as JSON with its names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Details, Files, HeldPosition, Status};
use crate::domain::decimal::Decimal;
use crate::domain::hold::Hold;
use crate::domain::time::Timestamp;
use crate::ops::age::Age;
use crate::ops::agent_evidence::{Clock, Service};
use crate::ops::healthcheck::{LedgerEvidence, OTHER_JOBS, StateJson};
use crate::ops::kill;
use crate::ops::report::{Check, Severity};
use crate::store::run_cause::RunCause;
use crate::store::state_json::{DeadManDocument, HealthDocument};

/// A named value; `None` in the text is `unknown`.
type Field = (&'static str, Value);

/// For programs: the runbook's names as keys.
pub fn json(status: &Status) -> Value {
    let mut object = Map::new();
    let named = head(status).into_iter().chain(files(status)).chain(trading(status));
    for (name, value) in named.chain(ages(status)) {
        object.insert(name.to_owned(), value);
    }
    if let Some(details) = &status.details {
        object.insert("positions".to_owned(), json!(details.positions));
        object.insert("holds".to_owned(), json!(details.holds));
    }
    object.insert("checks".to_owned(), json!(status.report.checks));
    object.insert("overall".to_owned(), json!(status.overall()));
    Value::Object(object)
}

/// For people.
pub fn text(status: &Status) -> String {
    let mut text = "=== ibis status ===\n".to_owned();
    let mut block = |fields: Vec<Field>, lines: Vec<String>| {
        for (name, value) in fields {
            line(&mut text, &format!("{name}: {}", plain(&value)));
        }
        for extra in lines {
            line(&mut text, &extra);
        }
        text.push('\n');
    };
    block(head(status), Vec::new());
    block(files(status), Vec::new());
    let details = status.details.as_ref();
    let holds = details.map(|details| details.holds.iter().map(hold_line).collect());
    let positions: Option<Vec<String>> =
        details.map(|details| details.positions.iter().map(position_line).collect());
    let lines: Vec<String> =
        holds.into_iter().chain(positions).flat_map(|lines: Vec<String>| lines).collect();
    block(trading(status), lines);
    block(ages(status), Vec::new());
    for check in status.report.checks.iter().filter(|check| check.severity != Severity::Ok) {
        line(&mut text, &finding(check));
    }
    line(&mut text, &format!("overall: {}", status.overall()));
    text
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").expect("writing to a String cannot fail");
}

/// `critical: agent_progress: 6m52s ago (< 2m00s < 5m00s): the loop does not turn`.
pub fn finding(check: &Check) -> String {
    let Check { id, value, threshold, detail, .. } = check;
    let mut text = format!("{}: {id}: {value}", check.severity.as_str().to_lowercase());
    if !threshold.is_empty() {
        text.push_str(&format!(" ({threshold})"));
    }
    if !detail.is_empty() {
        text.push_str(&format!(": {detail}"));
    }
    text
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}

/// Time, directory, service, process.
fn head(status: &Status) -> Vec<Field> {
    let agent = &status.evidence.agent;
    let (active, enabled, main_pid) = match &agent.service {
        Service::NotInstalled => ("not_installed", "not_installed", 0),
        Service::Unknown(_) => ("unavailable_to_query", "unavailable_to_query", 0),
        Service::Unit { active, enabled, main_pid } => {
            (active.as_str(), enabled.as_str(), *main_pid)
        }
    };
    let run = agent.newest().filter(|_| agent.is_running());
    let pid = if main_pid > 0 { Some(main_pid) } else { run.map(|run| run.pid) };
    let uptime = run.map(|run| Age::of(run.started_at, status.evidence.now).to_string());
    vec![
        (
            "time",
            json!(
                Timestamp::from_us(status.evidence.now.us().div_euclid(1_000_000) * 1_000_000)
                    .to_string()
            ),
        ),
        ("base_dir", json!(status.files.state_dir)),
        ("service_active", json!(active)),
        ("service_enabled", json!(enabled)),
        ("agent_pid", pid.filter(|_| agent.is_running()).map_or(json!("none"), |pid| json!(pid))),
        ("agent_uptime", json!(uptime.unwrap_or_else(|| "none".to_owned()))),
    ]
}

/// Files, and what each of them holds.
fn files(status: &Status) -> Vec<Field> {
    let Files { state_json_at, ledger_at, .. } = &status.files;
    let minutes = |at: &Option<Timestamp>| match at {
        Some(at) => json!(Age::of(*at, status.evidence.now).seconds().max(0) / 60),
        None => json!("missing"),
    };
    let details = status.details.as_ref();
    let state_positions = details.and_then(|details| details.state_positions);
    vec![
        ("state_file_age_min", minutes(state_json_at)),
        ("db_file_age_min", minutes(ledger_at)),
        ("state_positions", json!(state_positions)),
        ("db_positions", json!(details.map(|details| details.positions.len()))),
        ("db_trades", json!(details.map(|details| details.fills))),
        ("trade_history_records", json!(details.map(|details| details.trade_history_records))),
    ]
}

/// Mode, state, money.
fn trading(status: &Status) -> Vec<Field> {
    let details = status.details.as_ref();
    let of = |value: fn(&Details) -> Value| details.map_or(Value::Null, value);
    let now = status.evidence.now;
    let health = details
        .and_then(|details| details.healthcheck.as_ref())
        .map(|last| format!("{} {} ago", last.severity, Age::of(last.ended_at, now)));
    let ledger = status.evidence.ledger.as_ref().ok();
    let kill = ledger.map(|ledger| kill::state::word(ledger.kill.as_ref()));
    let dead_man = details.and_then(|details| details.dead_man.as_ref());
    let dead_man = dead_man.map(|switch| ("dead_man_switch", json!(dead_man_words(switch, now))));
    let mut fields = vec![
        ("mode", of(|details| json!(details.mode))),
        ("state", of(|details| json!(details.state))),
        ("kill_switch", json!(kill)),
        ("health", json!(health.unwrap_or_else(|| "never checked".to_owned()))),
        ("open_orders", of(|details| json!(details.open_orders))),
        ("equity", of(|details| json!(details.equity))),
        ("cash", of(|details| json!(details.cash))),
        ("realized_today", of(|details| json!(details.realized_today))),
    ];
    fields.extend(dead_man);
    let agent_health = details.and_then(|details| details.agent_health.as_ref());
    fields.extend(agent_health.map(|health| ("agent_health", json!(health_words(health)))));
    fields
}

/// `armed, fires in 43s`: the venue cancels the open orders then, unless the agent goes on.
fn dead_man_words(switch: &DeadManDocument, now: Timestamp) -> String {
    match switch.fires_at_us.map(Timestamp::from_us) {
        Some(at) if at > now => format!("{}, fires in {}", switch.state, Age::of(now, at)),
        Some(at) => format!("{}, fired {} ago unless renewed", switch.state, Age::of(at, now)),
        None => switch.state.clone(),
    }
}

/// `degraded, 12 errors within 10 min`.
fn health_words(health: &HealthDocument) -> String {
    let HealthDocument { level, errors, window_s } = health;
    format!("{level}, {errors} errors within {} min", window_s.div_ceil(60))
}

/// How long ago things last happened.
fn ages(status: &Status) -> Vec<Field> {
    let (agent, now) = (&status.evidence.agent, status.evidence.now);
    let run = agent.newest();
    let age = |at: Option<Timestamp>, now| at.map(|at| Age::of(at, now).to_string());
    let progress = age(run.and_then(|run| run.progress_at), now);
    let data = run.and_then(|run| {
        let clock = match run.clock {
            Clock::Wall => now,
            Clock::Virtual => run.engine_at?,
        };
        age(run.data_at, clock)
    });
    let mut fields = vec![
        ("progress_age", json!(progress)),
        ("data_age", json!(data)),
        ("restarts_24h", json!(agent.restarts_in_day(now))),
        ("ends_24h", ends(agent.ends_in_day(now))),
        ("event", json!(status.evidence.ledger.as_ref().ok().map(|ledger| ledger.head))),
        ("state_event", json!(state_event(&status.evidence.state_json))),
    ];
    if let Ok(LedgerEvidence { jobs, .. }) = &status.evidence.ledger {
        let names = [
            "exec_integrity_age",
            "hourly_kpi_age",
            "log_retention_age",
            "backup_age",
            "restore_drill_age",
        ];
        debug_assert_eq!(names.len(), OTHER_JOBS.len());
        for (name, job) in names.into_iter().zip(jobs) {
            let last = age(job.as_ref().map(|job| job.ended_at), now);
            fields.push((name, json!(last.unwrap_or_else(|| "never ran".to_owned()))));
        }
    }
    fields
}

/// How runs ended, as an object of counts: `{"operator":1,"watchdog":2}`.
fn ends(ends: BTreeMap<RunCause, u64>) -> Value {
    let counts = ends.into_iter().map(|(cause, count)| (cause.as_str().to_owned(), json!(count)));
    Value::Object(counts.collect())
}

fn state_event(state: &StateJson) -> Option<i64> {
    match state {
        StateJson::Whole { sequence, .. } => Some(*sequence),
        StateJson::Missing | StateJson::Bad(_) => None,
    }
}

/// `hold: global soft_pause operator: ada: thin book`.
pub fn hold_line(hold: &Hold) -> String {
    let until = hold.until.map(|until| format!(" until {until}")).unwrap_or_default();
    format!("hold: {} {} {}{until}: {}", hold.scope_str(), hold.level, hold.code, hold.reason)
}

fn position_line(position: &HeldPosition) -> String {
    let or_unknown = |value: Option<_>| {
        value.map_or_else(|| "unknown".to_owned(), |value: Decimal| value.to_string())
    };
    format!(
        "position: {} {} at {} mark {} unrealized {}",
        position.symbol,
        position.quantity,
        or_unknown(position.average_price),
        or_unknown(position.mark_price),
        or_unknown(position.unrealized),
    )
}
