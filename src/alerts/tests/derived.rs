//! What events and runs of jobs say.

use serde_json::json;

use crate::alerts::derive;
use crate::alerts::job_signal::{self, JobRow};
use crate::alerts::signal::Signal;
use crate::domain::alert::Severity::{self, Critical, High, Info, Low, Medium};
use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::order_status::OrderStatus;
use crate::domain::record::{
    Fact, OrderRecord, Record, SurpriseRecord, TransferRecord, TransitionRecord,
};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::store::event::EventRow;

fn of(record: Record) -> Vec<Signal> {
    derive::of(&EventRow::of(&Fact { at: Timestamp::from_us(1), input: None, record }))
}

fn hold(scope: Option<&str>, code: HoldCode, level: Level) -> Record {
    Record::HoldSet(Hold {
        scope: scope.map(|symbol| Symbol::new(symbol).unwrap()),
        code,
        level,
        reason: "because".to_owned(),
        set_at: Timestamp::default(),
        until: None,
    })
}

/// Key and severity of the one signal; none where it ends.
fn one(signals: &[Signal]) -> (&str, Option<Severity>) {
    match signals {
        [Signal::Fires(alert) | Signal::Happens(alert)] => (&alert.key, Some(alert.severity)),
        [Signal::Ends { key }] => (key, None),
        _ => panic!("not one signal: {signals:?}"),
    }
}

#[test]
fn holds_fire_by_what_they_permit_and_end_under_the_same_key() {
    use HoldCode::{ClockSkew, InstrumentHalted, Operator, ReconcileMismatch, StaleData};
    for (scope, code, level, key, severity) in [
        (None, StaleData, Level::SoftPause, "hold/global/stale_data", High),
        (None, ClockSkew, Level::Degraded, "hold/global/clock_skew", Medium),
        (None, HoldCode::CrashLoop, Level::HardStop, "hold/global/crash_loop", Critical),
        (None, ReconcileMismatch, Level::SoftPause, "hold/global/reconcile_mismatch", Critical),
        (
            Some("BTC-USDT"),
            InstrumentHalted,
            Level::SoftPause,
            "hold/BTC-USDT/instrument_halted",
            Medium,
        ),
        (None, Operator, Level::HardStop, "hold/global/operator", Low),
    ] {
        assert_eq!(one(&of(hold(scope, code, level))), (key, Some(severity)));
        let scope = scope.map(|symbol| Symbol::new(symbol).unwrap());
        assert_eq!(one(&of(Record::HoldCleared { scope, code })), (key, None));
    }
    for code in HoldCode::ALL {
        let routine = [HoldCode::Startup, HoldCode::Draining].contains(&code);
        assert_eq!(of(hold(None, code, Level::SoftPause)).is_empty(), routine, "{code}");
    }
}

#[test]
fn orders_surprises_transfers_and_runs_say_what_a_person_should_hear() {
    let order = |status| {
        Record::Order(OrderRecord {
            client_order_id: ClientOrderId::new("ibis-1-1").unwrap(),
            venue_order_id: None,
            status,
            filled: Decimal::ZERO,
            notional: Decimal::ZERO,
            fee: Decimal::ZERO,
            reason_code: Some(200_004),
            reason: Some("Balance insufficient".to_owned()),
        })
    };
    let loud =
        [(OrderStatus::Rejected, "order/rejected"), (OrderStatus::Unresolved, "order/unresolved")];
    for status in OrderStatus::ALL {
        match loud.iter().find(|(loud, _)| *loud == status) {
            Some((_, key)) => assert_eq!(one(&of(order(status))), (*key, Some(Medium))),
            None => assert_eq!(of(order(status)), [], "{status}"),
        }
    }
    let surprise = Record::Surprise(SurpriseRecord {
        code: "unknown_order".to_owned(),
        subject: "x-1".to_owned(),
        detail: "filled".to_owned(),
    });
    assert_eq!(one(&of(surprise)), ("surprise/unknown_order", Some(High)));
    let transfer = |kind: &str| {
        Record::Transfer(TransferRecord {
            asset: Asset::new("USDT").unwrap(),
            amount: Decimal::ONE,
            kind: kind.to_owned(),
            reason: String::new(),
            venue_id: None,
        })
    };
    assert_eq!(of(transfer("deposit")), []);
    assert_eq!(one(&of(transfer("withdrawal"))), ("transfer/USDT", Some(Medium)));
    let transition = |code| {
        Record::Transition(TransitionRecord { from: Level::Running, to: Level::SoftPause, code })
    };
    assert_eq!(of(transition(HoldCode::Startup)), []);
    assert_eq!(one(&of(transition(HoldCode::StaleData))), ("state", Some(Info)));
    assert_eq!(one(&of(Record::Run { run: 3, phase: "stopped" })), ("run", Some(Info)));
    let started = of(Record::Run { run: 3, phase: "started" });
    assert_eq!(one(&started[..1]), ("unit/ibis-agent.service", None));
}

#[test]
fn what_cannot_be_read_says_nothing() {
    for kind in
        ["hold_set", "hold_cleared", "transition", "order", "surprise", "transfer", "run", "x"]
    {
        for payload in ["", "{", "[]", "{\"phase\":7}", "null"] {
            let event = EventRow {
                seq: 1,
                at: Timestamp::default(),
                kind: kind.to_owned(),
                reference: "r".to_owned(),
                payload: payload.to_owned(),
                input: None,
            };
            let said = derive::of(&event);
            let says = |signal: &Signal| !matches!(signal, Signal::Ends { .. });
            assert!(!said.iter().any(says), "{kind} {payload}: {said:?}");
        }
    }
}

fn job(job: &str, severity: &str, report: serde_json::Value) -> Vec<Signal> {
    let row = JobRow {
        job_run: 1,
        job: job.to_owned(),
        severity: severity.to_owned(),
        report: report.to_string(),
    };
    job_signal::of(&row)
}

#[test]
fn verdicts_fire_until_a_job_says_ok_and_a_check_that_was_not_made_proves_nothing() {
    let checks = json!({ "checks": [
        { "id": "a", "severity": "OK", "value": "1", "threshold": "", "detail": "" },
        { "id": "data_age", "severity": "DEGRADED", "value": "40 s", "threshold": "< 30 s", "detail": "" },
        { "id": "disk_free", "severity": "CRITICAL", "value": "12 MiB", "threshold": "", "detail": "full" },
    ]});
    let signals = job("healthcheck", "CRITICAL", checks.clone());
    let [Signal::Ends { key }, Signal::Fires(alert)] = signals.as_slice() else {
        panic!("{signals:?}")
    };
    assert_eq!(key, "unit/ibis-healthcheck.service", "it ran to its end");
    assert_eq!((alert.key.as_str(), alert.severity), ("job/healthcheck", Critical));
    assert_eq!(alert.title, "healthcheck: CRITICAL disk_free data_age");
    assert_eq!(alert.body, "disk_free: 12 MiB: full\ndata_age: 40 s, < 30 s");
    let degraded = job("healthcheck", "DEGRADED", checks);
    assert_eq!(one(&degraded[1..]), ("job/healthcheck", Some(Medium)));
    assert_eq!(one(&job("healthcheck", "OK", json!({}))[1..]), ("job/healthcheck", None));
    assert_eq!(job("healthcheck", "INSUFFICIENT", json!({})).len(), 1);
}

#[test]
fn a_failed_unit_fires_unless_its_verdict_said_so_already() {
    let report = |unit: &str, code: &str, status: &str| {
        json!({ "unit": unit, "unit_exit_code": code, "unit_exit_status": status,
            "service_result": "exit-code", "checks": [{ "detail": "why" }] })
    };
    let failed = |unit, code, status| job("failure-report", "CRITICAL", report(unit, code, status));
    let agent = ("unit/ibis-agent.service", Some(Critical));
    assert_eq!(one(&failed("ibis-agent.service", "killed", "ABRT")), agent);
    assert_eq!(one(&failed("ibis-agent.service", "exited", "2")), agent);
    assert_eq!(failed("ibis-healthcheck.service", "exited", "2"), []);
    let killed = failed("ibis-healthcheck.service", "killed", "KILL");
    assert_eq!(one(&killed), ("unit/ibis-healthcheck.service", Some(Critical)));
}
