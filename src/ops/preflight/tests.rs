//! Each verdict of each check, and what a whole run makes of them.

use std::path::PathBuf;

use super::evidence::{Depth, Evidence, Ledger, LedgerEvidence, StateDir};
use super::units::{TimerState, Units};
use super::{Class, Finding, Preflight, judge, parity};
use crate::config::{Settings, Sources, load};
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::time::Timestamp;
use crate::ops::agent_evidence::Lock;
use crate::ops::exec_integrity::difference::{Difference, Repair};
use crate::ops::report::Severity;
use Severity::{Critical, Degraded, Insufficient, Ok as Fine};

const NOW: Timestamp = Timestamp::from_ms(1_771_532_639_000);

fn settings(keys: &[(&str, &str)]) -> Settings {
    let variables = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let root = PathBuf::from("/nonexistent");
    load(&Sources { root, variables: variables.collect(), ..Sources::default() }).unwrap().settings
}

fn live() -> Settings {
    settings(&[
        ("IBIS__AGENT__MODE", "live"),
        ("IBIS__AGENT__ARMED", "true"),
        ("IBIS__AGENT__PROFILE", "prod"),
        ("IBIS__MARKET__SYMBOLS", "BTC-USDT"),
    ])
}

/// Everything is as it must be.
fn good() -> Evidence {
    Evidence {
        now: NOW,
        state_dir: StateDir::Usable(PathBuf::from("data")),
        disk_free: Ok(100 << 30),
        ledger: Ledger::Open(Box::new(LedgerEvidence {
            events: 77,
            verified: 77,
            problems: Vec::new(),
            mode: Some("paper".to_owned()),
            instance: Some("ibis".to_owned()),
            unclean_streak: 0,
            holds: Vec::new(),
            written_at: Some(NOW),
            config_hash: Some(Settings::defaults().hash()),
            held: Vec::new(),
        })),
        lock: Some(Lock::Free),
        kill_waits: false,
        synchronized: Some(true),
        units: Some(Units::NotHere),
    }
}

fn ledger(evidence: &mut Evidence) -> &mut LedgerEvidence {
    match &mut evidence.ledger {
        Ledger::Open(ledger) => ledger,
        Ledger::Missing | Ledger::Bad(_) | Ledger::Unread(_) => panic!("it is open"),
    }
}

/// The check `name` after a change to good evidence; nothing else may speak.
#[track_caller]
fn only(name: &str, change: impl FnOnce(&mut Evidence)) -> Finding {
    let mut evidence = good();
    change(&mut evidence);
    let findings = judge(&evidence, &Settings::defaults());
    for finding in &findings {
        assert!(finding.name == name || finding.severity == Fine, "{name}: {finding:?}");
        let silent = finding.severity == Fine;
        assert_eq!(silent, finding.advice.is_empty(), "{finding:?} says what to do");
        assert_eq!(finding.severity == Critical, finding.class.is_some(), "{finding:?}");
    }
    findings.into_iter().find(|finding| finding.name == name).unwrap()
}

#[track_caller]
fn is(name: &str, verdict: (Severity, Option<Class>), change: impl FnOnce(&mut Evidence)) {
    let finding = only(name, change);
    assert_eq!((finding.severity, finding.class), verdict, "{finding}");
}

fn hold(level: Level, code: HoldCode) -> Hold {
    Hold { scope: None, code, level, reason: "asked".to_owned(), set_at: NOW, until: None }
}

fn ago(ms: i64) -> Timestamp {
    Timestamp::from_us(NOW.us() - ms * 1_000)
}

#[test]
fn good_evidence_passes_every_check_and_there_are_many() {
    let found = Preflight { findings: judge(&good(), &Settings::defaults()) };
    assert_eq!((found.overall(), found.exit_code()), (Fine, 0), "{}", found.to_text());
    let mut names: Vec<&str> = found.findings.iter().map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), found.findings.len(), "each has a name of its own");
    assert!(names.len() >= 15, "{names:?}");
}

#[test]
fn the_machine_is_judged() {
    is("state directory", (Fine, None), |it| it.state_dir = StateDir::Missing("new".into()));
    is("state directory", (Critical, Some(Class::Busy)), |it| {
        it.state_dir = StateDir::Refused("data".into(), "EACCES".to_owned());
    });
    let (gib, mib) = (1 << 30, 256 << 20);
    for (free, verdict) in [
        (gib, (Fine, None)),
        (gib - 1, (Degraded, None)),
        (mib, (Degraded, None)),
        (mib - 1, (Critical, Some(Class::Held))),
    ] {
        is("disk free", verdict, |it| it.disk_free = Ok(free));
    }
    is("disk free", (Insufficient, None), |it| it.disk_free = Err("EACCES".to_owned()));
    is("agent lock", (Degraded, None), |it| it.lock = Some(Lock::Held));
    is("agent lock", (Insufficient, None), |it| it.lock = Some(Lock::Unknown("EIO".to_owned())));
    is("clock synchronized", (Degraded, None), |it| it.synchronized = Some(false));
    is("clock synchronized", (Insufficient, None), |it| it.synchronized = None);
    let names = |evidence: &Evidence, settings: &Settings| -> Vec<String> {
        judge(evidence, settings).into_iter().map(|finding| finding.name).collect()
    };
    let has_clock = |names: Vec<String>| names.iter().any(|name| name == "clock synchronized");
    assert!(has_clock(names(&good(), &Settings::defaults())));
    assert!(!has_clock(names(&good(), &live())), "there the venue's clock counts");
}

#[test]
fn units_and_timers_are_judged_where_they_are_installed() {
    let installed = |missing: &[&str], differing: &[&str], timers| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Some(Units::Installed { missing: owned(missing), differing: owned(differing), timers })
    };
    let timers = |state| Ok(vec![("ibis-backup.timer".to_owned(), state)]);
    let enabled = || timers(TimerState::Enabled);
    is("units", (Fine, None), |it| it.units = installed(&[], &[], enabled()));
    is("units", (Degraded, None), |it| it.units = installed(&[], &["x.service"], enabled()));
    is("units", (Critical, Some(Class::Held)), |it| {
        it.units = installed(&["x.service"], &["y.service"], enabled());
    });
    is("timers", (Fine, None), |it| it.units = installed(&[], &[], enabled()));
    is("timers", (Degraded, None), |it| {
        it.units = installed(&[], &[], timers(TimerState::Disabled));
    });
    is("timers", (Critical, Some(Class::Held)), |it| {
        it.units = installed(&[], &[], timers(TimerState::Missing));
    });
    is("timers", (Insufficient, None), |it| {
        it.units = installed(&[], &[], Err("no answer".to_owned()));
    });
}

#[test]
fn the_ledger_is_judged() {
    is("ledger", (Fine, None), |it| it.ledger = Ledger::Missing);
    is("ledger identity", (Critical, Some(Class::Data)), |it| {
        ledger(it).mode = Some("live".to_owned());
    });
    is("ledger identity", (Critical, Some(Class::Data)), |it| {
        ledger(it).instance = Some("other".to_owned());
    });
    is("ledger identity", (Fine, None), |it| ledger(it).mode = None);
    is("ledger integrity", (Critical, Some(Class::Data)), |it| {
        ledger(it).problems.push("the hash chain breaks at event 7".to_owned());
    });
    for (ms, verdict) in [
        (-999, (Fine, None)),
        (-1_000, (Degraded, None)),
        (-4_999, (Degraded, None)),
        (-5_000, (Critical, Some(Class::Busy))),
    ] {
        is("ledger clock", verdict, |it| ledger(it).written_at = Some(ago(ms)));
    }
    for (streak, verdict) in [
        (0, (Fine, None)),
        (1, (Degraded, None)),
        (10, (Degraded, None)),
        (11, (Critical, Some(Class::Held))),
    ] {
        is("crash loop", verdict, |it| ledger(it).unclean_streak = streak);
    }
}

#[test]
fn a_ledger_that_cannot_be_read_leaves_every_question_open() {
    for (state, severity, class) in [
        (Ledger::Bad("no SQLite header".to_owned()), Critical, Some(Class::Data)),
        (Ledger::Unread("it is locked".to_owned()), Insufficient, None),
    ] {
        let mut evidence = good();
        evidence.ledger = state;
        let findings = judge(&evidence, &Settings::defaults());
        let of = |name: &str| findings.iter().find(|finding| finding.name == name).unwrap();
        assert_eq!((of("ledger").severity, of("ledger").class), (severity, class));
        for name in [
            "ledger identity",
            "ledger integrity",
            "ledger clock",
            "crash loop",
            "kill switch",
            "holds",
        ] {
            assert_eq!(of(name).severity, Insufficient, "{name}");
        }
    }
}

#[test]
fn a_latch_is_a_warning_and_the_kill_switch_a_failure() {
    let with = |level, code| move |it: &mut Evidence| ledger(it).holds.push(hold(level, code));
    is("holds", (Degraded, None), with(Level::HardStop, HoldCode::DailyLoss));
    is("holds", (Degraded, None), with(Level::SoftPause, HoldCode::Operator));
    is("holds", (Fine, None), with(Level::SoftPause, HoldCode::StaleData));
    is("kill switch", (Critical, Some(Class::Held)), |it| it.kill_waits = true);
    let mut evidence = good();
    ledger(&mut evidence).holds.push(hold(Level::KillSwitch, HoldCode::KillSwitch));
    let found = Preflight { findings: judge(&evidence, &Settings::defaults()) };
    assert_eq!((found.class(), found.exit_code()), (Some(Class::Held), 2));
    assert_eq!(found.refusal(), None, "the agent starts, to see that nothing is at work");
}

#[test]
fn the_configuration_is_judged() {
    let running = |it: &mut Evidence| {
        it.lock = Some(Lock::Held);
        ledger(it).config_hash = Some("another".to_owned());
    };
    let mut evidence = good();
    running(&mut evidence);
    let of = |evidence: &Evidence, settings: &Settings, name: &str| {
        judge(evidence, settings).into_iter().find(|finding| finding.name == name).unwrap()
    };
    let found = of(&evidence, &Settings::defaults(), "configuration");
    assert_eq!(found.severity, Degraded, "{found}");
    evidence.lock = Some(Lock::Free);
    assert_eq!(of(&evidence, &Settings::defaults(), "configuration").severity, Fine);

    // Never to be had from a file: each is refused before anything is looked at.
    let mut broken = live();
    std::sync::Arc::make_mut(&mut broken.agent).profile = crate::config::profile::Profile::Dev;
    let found = of(&good(), &broken, "profile");
    assert_eq!((found.severity, found.class), (Critical, Some(Class::Config)), "{found}");
    std::sync::Arc::make_mut(&mut broken.agent).armed = false;
    let found = of(&good(), &broken, "armed");
    assert_eq!((found.severity, found.class), (Critical, Some(Class::Config)), "{found}");
    for name in ["profile", "armed"] {
        assert_eq!(of(&good(), &live(), name).severity, Fine);
    }
    let canary = [("IBIS__AGENT__PROFILE", "canary"), ("IBIS__MARKET__SYMBOLS", "BTC-USDT")];
    let found = of(&good(), &settings(&canary), "profile");
    assert_eq!(found.severity, Fine);
    assert!(found.value.contains("risk.notional_max = 25 (configured 100)"), "{found}");
}

#[test]
fn what_differs_between_ledger_and_account_is_judged_by_who_settles_it() {
    let difference = |name, severity, repair| Difference::new(name, severity, "x", (1, 2), repair);
    let agent = difference("order_missing_at_venue", Critical, Repair::Agent);
    let dust = difference("dust", Fine, Repair::Agent);
    let total = difference("balance_total", Critical, Repair::Person);
    let foreign = difference("foreign_order", Degraded, Repair::Person);
    let stray = difference("order_without_intent", Critical, Repair::Agent);
    for (found, expected) in [
        (vec![], [(Fine, None), (Fine, None)]),
        (vec![dust], [(Fine, None), (Fine, None)]),
        (vec![agent.clone()], [(Degraded, None), (Fine, None)]),
        (vec![agent, total], [(Critical, Some(Class::Held)), (Fine, None)]),
        (vec![foreign], [(Fine, None), (Degraded, None)]),
        (vec![stray], [(Fine, None), (Degraded, None)]),
    ] {
        let judged = parity::judge(&found);
        let verdicts = judged.each_ref().map(|finding| (finding.severity, finding.class));
        assert_eq!(verdicts, expected, "{judged:?}");
        assert_eq!(judged.map(|finding| finding.name), ["parity", "orphan orders"]);
    }
}

#[test]
fn the_most_telling_failure_is_the_exit_code() {
    let fail = |class| Finding::fail("a", "", "", class);
    let (warn, unknown) = (Finding::warn("b", "", "c"), Finding::insufficient("d", "", "e"));
    use Class::{Busy, Config, Credentials, Data, Held, Venue};
    for (findings, code) in [
        (vec![Finding::ok("a", "")], 0),
        (vec![warn.clone()], 1),
        (vec![unknown.clone()], 3),
        (vec![unknown.clone(), warn.clone()], 1),
        (vec![], 3),
        (vec![fail(Held), warn], 2),
        (vec![fail(Busy), fail(Held), unknown], 75),
        (vec![fail(Busy), fail(Venue)], 69),
        (vec![fail(Config), fail(Venue)], 78),
        (vec![fail(Config), fail(Credentials)], 77),
        (vec![fail(Data), fail(Credentials)], 65),
    ] {
        let found = Preflight { findings };
        assert_eq!(found.exit_code(), code, "{}", found.to_text());
        assert_eq!(found.to_json("paper", "dev")["exit_code"], code);
        let refused = found.refusal().and_then(|finding| finding.class);
        assert_eq!(refused, found.class().filter(|class| class.stops_a_start()));
    }
}

#[test]
fn what_is_found_on_this_machine_is_found_without_a_trace() {
    let root = std::env::temp_dir().join(format!("ibis-preflight-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&root));
    std::fs::create_dir_all(&root).unwrap();
    let missing = root.join("not/there");
    let found = Evidence::gather(&missing, Depth::Look, NOW);
    assert_eq!(found.state_dir, StateDir::Missing(missing.clone()));
    assert_eq!(found.ledger, Ledger::Missing);
    assert_eq!(found.lock, Some(Lock::Free));
    assert!(found.disk_free.is_ok() && !missing.exists());
    let file = root.join("file");
    std::fs::write(&file, "").unwrap();
    let found = Evidence::gather(&file, Depth::Start, NOW);
    assert!(matches!(found.state_dir, StateDir::Refused(..)), "{found:?}");
    assert_eq!((found.lock, found.units), (None, None), "a start does not ask about itself");
    std::fs::remove_dir_all(&root).unwrap();
}
