//! Answers to who only looks.

use hyper::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use super::answer::Answer;
use super::judge::{self, word};
use super::metrics::{self, Process, Source};
use super::refusal::Refusal;
use super::route::Route;
use super::server::Shared;
use super::sight::Sight;
use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, Level};
use crate::ops::report::Severity;

/// Answers a route that changes nothing.
pub async fn answer(route: Route, shared: &Shared) -> Answer {
    let sight = Sight::of(&shared.board);
    match route {
        Route::Livez => livez(&sight),
        Route::Readyz => readyz(&sight),
        Route::Health => health(&sight, shared),
        Route::TradingStatus => trading_status(&sight, shared),
        Route::Holds => holds(&sight),
        Route::Status => match shared.ledger.status(&shared.facts.health).await {
            Some(document) => Answer::document(document),
            None => Refusal::Unavailable("the ledger keeps it waiting".to_owned()).answer(),
        },
        Route::Metrics => {
            let now = sight.view().map(|view| view.at);
            let ledger = shared.ledger.facts(now).await;
            // Asking the ledger may have taken a while.
            let sight = Sight::of(&shared.board);
            let checks = judge::checks(&sight, &shared.facts.health);
            let (facts, process) = (&shared.facts, Process::look());
            let ledger = ledger.as_ref();
            let source = Source { facts, sight: &sight, checks: &checks, process, ledger };
            Answer::text(StatusCode::OK, metrics::CONTENT_TYPE, metrics::render(&source))
        }
        Route::KillSwitch | Route::Pause | Route::Resume => Refusal::Method(route).answer(),
    }
}

/// `503` with reasons, or `200`.
#[derive(Serialize)]
struct Probe<'a> {
    status: &'static str,
    phase: &'static str,
    state: Level,
    reasons: &'a [String],
}

fn probe(sight: &Sight, reasons: &[String], (good, bad): (&'static str, &'static str)) -> Answer {
    let well = reasons.is_empty();
    let code = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let (phase, state) = (sight.phase.as_str(), sight.state());
    Answer::json(code, &Probe { status: if well { good } else { bad }, phase, state, reasons })
}

fn livez(sight: &Sight) -> Answer {
    let reasons: Vec<String> = judge::livez(sight).err().into_iter().collect();
    probe(sight, &reasons, ("alive", "hung"))
}

fn readyz(sight: &Sight) -> Answer {
    probe(sight, &judge::unready(sight), ("ready", "not_ready"))
}

/// The whole of `/health`; `status`, `health` and `services` are what older clients read.
#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    state: Level,
    phase: &'static str,
    reasons: Vec<&'a str>,
    uptime_seconds: Box<RawValue>,
    loop_age_seconds: Box<RawValue>,
    data_age_seconds: Option<Box<RawValue>>,
    checks: serde_json::Map<String, serde_json::Value>,
    health: Cost,
    services: Services,
}

/// Processor seconds so far, memory in MiB, seconds since the start.
#[derive(Serialize)]
struct Cost {
    cpu: Box<RawValue>,
    memory: u64,
    uptime: u64,
}

#[derive(Serialize)]
struct Services {
    trading: bool,
}

fn health(sight: &Sight, shared: &Shared) -> Answer {
    let checks = judge::checks(sight, &shared.facts.health);
    let overall = judge::overall(&checks);
    let process = Process::look();
    let observed_at = sight.wall.to_string();
    let bad = checks.iter().filter(|check| check.severity != Severity::Ok);
    let named = checks.iter().map(|check| {
        let value = serde_json::json!({
            "status": word(check.severity), "details": check.details, "observed_at": observed_at,
        });
        (check.name.to_owned(), value)
    });
    let body = Health {
        status: word(overall),
        state: sight.state(),
        phase: sight.phase.as_str(),
        reasons: bad.map(|check| check.details.as_str()).collect(),
        uptime_seconds: seconds(sight.uptime),
        loop_age_seconds: seconds(sight.loop_age),
        data_age_seconds: sight.data_age().map(seconds),
        checks: named.collect(),
        health: Cost {
            cpu: seconds(process.map(|process| process.cpu).unwrap_or_default()),
            memory: process.map_or(0, |process| process.resident >> 20),
            uptime: sight.uptime.as_secs(),
        },
        services: Services { trading: judge::unready(sight).is_empty() },
    };
    let code = match overall {
        Severity::Critical => StatusCode::SERVICE_UNAVAILABLE,
        Severity::Ok | Severity::Degraded | Severity::Insufficient => StatusCode::OK,
    };
    Answer::json(code, &body)
}

/// The trading part. `profit` is what the process realized, in quote units, after fees.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TradingStatus<'a> {
    active: bool,
    mode: &'a str,
    positions: usize,
    profit: Box<RawValue>,
    risk_level: &'static str,
    state: Level,
    unrealized: Decimal,
    equity: Decimal,
    open_orders: usize,
}

fn trading_status(sight: &Sight, shared: &Shared) -> Answer {
    let view = sight.view();
    let money = view.map(|view| view.money);
    let zero = Decimal::ZERO;
    let held = |view: &super::view::View| {
        view.instruments.iter().filter(|it| it.quantity.is_positive()).count()
    };
    let body = TradingStatus {
        active: judge::unready(sight).is_empty(),
        mode: shared.facts.mode,
        positions: view.map_or(0, held),
        profit: number(&view.map_or(zero, |view| view.counters.net).to_string()),
        risk_level: money.map_or("low", |money| risk_level(money.exposure, money.exposure_max)),
        state: sight.state(),
        unrealized: money.map_or(zero, |money| money.unrealized),
        equity: money.map_or(zero, |money| money.equity),
        open_orders: view.map_or(0, |view| view.open_orders.len()),
    };
    Answer::json(StatusCode::OK, &body)
}

/// How much of the largest exposure is used: thirds.
fn risk_level(exposure: Decimal, most: Decimal) -> &'static str {
    match (exposure.times(3) > most.times(2), exposure.times(3) > most) {
        (true, _) => "high",
        (false, true) => "medium",
        (false, false) => "low",
    }
}

#[derive(Serialize)]
struct Holds<'a> {
    state: Level,
    holds: Vec<HoldBody<'a>>,
}

#[derive(Serialize)]
struct HoldBody<'a> {
    scope: &'a str,
    code: &'static str,
    level: Level,
    reason: &'a str,
    set_at: String,
    until: Option<String>,
}

fn holds(sight: &Sight) -> Answer {
    let holds = sight.view().map(|view| view.holds.as_slice()).unwrap_or_default();
    let holds = holds.iter().map(HoldBody::of).collect();
    Answer::json(StatusCode::OK, &Holds { state: sight.state(), holds })
}

impl<'a> HoldBody<'a> {
    fn of(hold: &'a Hold) -> Self {
        Self {
            scope: hold.scope_str(),
            code: hold.code.as_str(),
            level: hold.level,
            reason: &hold.reason,
            set_at: hold.set_at.to_string(),
            until: hold.until.map(|until| until.to_string()),
        }
    }
}

/// Seconds to the millisecond, as a JSON number: ages are no floats here either.
fn seconds(duration: std::time::Duration) -> Box<RawValue> {
    number(&format!("{}.{:03}", duration.as_secs(), duration.subsec_millis()))
}

/// A number's text as JSON.
fn number(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_default()
}
