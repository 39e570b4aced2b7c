//! Paper mode, killed at every kind of call: two files, ledger and account, that must never disagree.
//! Nothing in it depends on the wall clock, so that what a killed run wrote must be the beginning of what
//! an unharmed one wrote, event by event.

use std::fs;

use rusqlite::Connection;

use super::books::{Books, texts};
use super::dice::Dice;
use super::point::{How, Point, asked_for, choose, counts};
use super::recording::{self, Call};
use super::{audit, seed, shim, spread, tell, wanted};
use crate::support::home::{Ended, Home};

/// Points of a sample.
const SAMPLE: usize = 48;
/// One life: orders, fills in parts, exits.
const LIFE: &str = "agent --speed max --seed 11 --max-runtime 40m --json";
/// Another after it, long enough for the pause that follows a crash to end.
const NEXT: &str = "agent --speed max --seed 11 --max-runtime 20m --json";

fn live(home: &Home, words: &str, point: Option<&Point>) -> (Ended, Vec<Call>) {
    let log = home.path("calls");
    fs::remove_file(&log).ok();
    let variables = shim::variables(home, point, &log);
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (home.start(words, &variables).wait(), recording::read(&log))
}

/// An unharmed life, call by call.
pub fn record() -> Vec<Call> {
    let (ended, calls) = live(&Home::new(), LIFE, None);
    assert!(ended.ok()["fills"].as_u64().unwrap() > 10, "{ended:?}");
    calls
}

/// Lives on in this directory; what is wrong afterwards.
pub fn go_on(home: &Home) -> Vec<String> {
    let mut findings = audit::recovered(&home.ibis(NEXT));
    if findings.is_empty() {
        findings = audit::ledger(&home.path("data"));
        findings.extend(differences(home));
    }
    findings
}

/// Fills of the ledger against executions of the account, and the job that compares the rest.
fn differences(home: &Home) -> Vec<String> {
    let ledger = home.ledger();
    let account = home.path("data/paper.db");
    ledger.execute("ATTACH ?1 AS paper", [account.to_str().unwrap()]).unwrap();
    let row = "venue_sequence || ' ' || symbol || ' ' || client_order_id || ' ' || side || ' ' ||
               quantity || ' ' || price || ' ' || fee";
    let mut findings = Vec::new();
    for (name, one, other) in
        [("lost", "paper.executions", "fills"), ("invented", "fills", "paper.executions")]
    {
        let query = format!("SELECT {row} FROM {one} EXCEPT SELECT {row} FROM {other}");
        findings.extend(texts(&ledger, &query).iter().map(|it| format!("fill {name}: {it}")));
    }
    let unintended = "SELECT o.client_order_id FROM paper.orders o LEFT JOIN intents i
                      ON i.client_order_id = o.client_order_id GROUP BY 1
                      HAVING count(*) != 1 OR count(i.client_order_id) != 1";
    let unintended = texts(&ledger, unintended);
    findings
        .extend(unintended.iter().map(|id| format!("order doubled or without an intent: {id}")));
    drop(ledger);
    let report = home.ibis("exec-integrity --json").parsed();
    let found = report["differences"].as_array().unwrap();
    findings.extend(found.iter().map(|difference| format!("exec-integrity: {difference}")));
    findings
}

#[test]
fn a_paper_agent_killed_at_any_call_wrote_the_beginning_of_the_same_day_and_goes_on() {
    if !shim::is_there() {
        return;
    }
    let whole = Home::new();
    let (ended, calls) = live(&whole, LIFE, None);
    ended.ok();
    let reference = Books::read(&whole.path("data"));
    assert!(reference.fills.len() > 10, "nothing happened");
    let mut dice = Dice::new(seed());
    let points = asked_for(&How::DEATHS).unwrap_or_else(|| {
        choose(&counts(&calls), &How::DEATHS, wanted("IBIS_CRASH_POINTS", SAMPLE), &mut dice)
    });
    let outcomes = spread(points, |point| {
        let home = Home::new();
        let (ended, _) = live(&home, LIFE, Some(&point));
        let mut findings = Books::of_copy(&home).lost_in(&reference);
        findings.extend(go_on(&home));
        for finding in &findings {
            tell(&format!("crash point on paper {point}: {finding}"));
        }
        (ended.code.is_none().then_some(point.how), findings.is_empty(), point)
    });
    let of = |how| outcomes.iter().filter(|(died, ..)| *died == how).count();
    let survived = outcomes.iter().filter(|(_, survived, _)| *survived).count();
    let (torn, past) = (of(Some(How::Torn)), of(None));
    tell(&format!(
        "crash points on paper: {survived}/{} survived (kill {}, torn {torn}, past the end {past}; seed {})",
        outcomes.len(),
        of(Some(How::Before)) + of(Some(How::After)),
        seed(),
    ));
    let failed: Vec<_> = outcomes.iter().filter(|(_, survived, _)| !survived).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(
        past * 4 <= outcomes.len() || outcomes.len() < SAMPLE,
        "most of the points are never reached"
    );
}

#[test]
fn a_difference_between_the_two_files_is_named() {
    let home = Home::new();
    home.ibis(LIFE).ok();
    assert_eq!(differences(&home), Vec::<String>::new());
    let account = Connection::open(home.path("data/paper.db")).unwrap();
    for (change, named) in [
        ("DELETE FROM executions WHERE venue_sequence = 3", "fill invented"),
        ("UPDATE executions SET fee = fee || '1' WHERE venue_sequence = 4", "fill lost"),
        ("UPDATE balances SET total = '1' WHERE asset = 'USDT'", "exec-integrity"),
        ("UPDATE orders SET client_order_id = 'ibis-9-9' WHERE sequence = 2", "without an intent"),
    ] {
        account.execute_batch("BEGIN").unwrap();
        account.execute(change, []).unwrap();
        account.execute_batch("COMMIT").unwrap();
        let found = differences(&home);
        assert!(found.iter().any(|finding| finding.contains(named)), "{change}: {found:?}");
    }
}
