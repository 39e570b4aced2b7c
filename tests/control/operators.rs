//! Operators' words to the engine, and what is sent under them.

use ibis::domain::execution::ReportKind;
use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::identifier::ClientOrderId;
use ibis::domain::operator::{Command, CommandId, Outcome, Via, Wish};
use ibis::domain::order::Purpose;
use ibis::domain::record::Record;
use ibis::domain::side::Side;
use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::VenueSnapshot;

use crate::incidents::rig::{BTC, ENTRY, Rig, btc};

/// An operator's command, and what came of it.
fn say(rig: &mut Rig, wish: Wish) -> Outcome {
    let before = rig.actions.len();
    let command = Command {
        id: CommandId::new(&format!("c-{before}")).unwrap(),
        at: Timestamp::from_us(1),
        by: "uid 0".to_owned(),
        via: Via::Cli,
        reason: "a test".to_owned(),
        wish,
    };
    rig.step(&Event::Operator(Box::new(command)));
    let said = rig.records().filter_map(|record| match record {
        Record::Operator(said) => Some(said.outcome.clone()),
        _ => None,
    });
    said.last().unwrap()
}

fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Done => panic!("obeyed"),
        Outcome::Refused { why, .. } => why,
    }
}

fn kill(flatten: bool) -> Wish {
    Wish::Kill { flatten }
}

/// The venue shows an account with nothing at work.
fn show_empty(rig: &mut Rig, asked_at: Timestamp) {
    let balances = rig.engine.balances().clone();
    let venue_sequence = rig.engine.venue_cursor();
    let snapshot =
        VenueSnapshot { asked_at, balances, venue_sequence, ..VenueSnapshot::remembering_all() };
    rig.step(&Event::Account(Box::new(snapshot)));
}

fn verified(rig: &Rig) -> usize {
    rig.records().filter(|record| matches!(record, Record::KillVerified { .. })).count()
}

fn cancel_alls(rig: &Rig) -> usize {
    rig.actions.iter().filter(|action| matches!(action, Action::CancelAll)).count()
}

/// Acceptance test 1: the kill switch outlives any number of turns, and whatever causes come and go.
#[test]
fn kill_survives_a_thousand_ticks() {
    let mut rig = Rig::new().holding("0.1").entry().start();
    assert_eq!(say(&mut rig, kill(false)), Outcome::Done);
    assert_eq!(rig.cancels(), [ENTRY]);
    assert_eq!(cancel_alls(&rig), 1);
    rig.report(ClientOrderId::new(ENTRY).unwrap(), ReportKind::Canceled(None));
    rig.sent();
    for turn in 0..1_000 {
        rig.quote(235_000 + turn);
        let (scope, set_at) = (None, Timestamp::from_us(turn));
        let hold =
            |code, level| Hold { scope, code, level, reason: String::new(), set_at, until: None };
        rig.step(&Event::SetHold(hold(HoldCode::StaleData, Level::SoftPause)));
        rig.step(&Event::SetHold(hold(HoldCode::KillSwitch, Level::Degraded)));
        rig.step(&Event::ClearHold { scope, code: HoldCode::StaleData });
        rig.step(&Event::ClearHold { scope, code: HoldCode::KillSwitch });
        rig.step(&Event::Timer);
        assert_eq!(rig.engine.level(), Level::KillSwitch);
    }
    assert_eq!(rig.sent(), [], "not even a stop that is due");
}

#[test]
fn kill_is_verified_by_a_view_asked_for_after_it_and_asks_again_until_then() {
    let mut rig = Rig::new().entry().start();
    rig.quote(600_000);
    let before = Timestamp::from_us(1);
    say(&mut rig, kill(false));
    assert!(rig.engine.doubts_account(), "the account is looked at soon");
    show_empty(&mut rig, before);
    assert_eq!(verified(&rig), 0, "that view is older than the switch");
    let later = Timestamp::from_us(i64::MAX);
    show_empty(&mut rig, later);
    assert_eq!(verified(&rig), 0, "our own order is not known to be over");
    rig.report(ClientOrderId::new(ENTRY).unwrap(), ReportKind::Canceled(None));
    show_empty(&mut rig, later);
    assert_eq!(verified(&rig), 1);
    assert!(rig.engine.kill_verified_at().is_some());
    assert!(!rig.engine.doubts_account());
    show_empty(&mut rig, later);
    assert_eq!(verified(&rig), 1, "said once");
    assert_eq!(say(&mut rig, kill(false)), Outcome::Done);
    assert_eq!(cancel_alls(&rig), 2, "said again: asked back again");
    assert!(rig.engine.is_kill_unverified());
}

#[test]
fn release_waits_for_proof_and_cooldown_and_lands_in_hard_stop() {
    let mut rig = Rig::new().start();
    assert_eq!(refused(say(&mut rig, Wish::Release)), "the kill switch is not active");
    say(&mut rig, kill(false));
    let Outcome::Refused { why, after } = say(&mut rig, Wish::Release) else { panic!("obeyed") };
    assert!(why.starts_with("in its cooldown until"), "{why}");
    assert!(after.is_some());
    let resume = |from| Wish::Resume { scope: None, from };
    assert!(refused(say(&mut rig, resume(Some(Level::HardStop)))).contains("release it first"));
    rig.pass(3_600);
    assert!(refused(say(&mut rig, Wish::Release)).contains("orders may be at work"));
    show_empty(&mut rig, Timestamp::from_us(i64::MAX));
    assert_eq!(say(&mut rig, Wish::Release), Outcome::Done);
    assert_eq!(rig.engine.level(), Level::HardStop);
    assert!(refused(say(&mut rig, resume(None))).contains("--from hard_stop"));
    assert!(refused(say(&mut rig, resume(Some(Level::SoftPause)))).contains("only hard_stop"));
    assert_eq!(say(&mut rig, resume(Some(Level::HardStop))), Outcome::Done);
    assert_eq!(rig.engine.level(), Level::Running);
}

/// With `flatten` everything held is sold, and nothing else is sent.
#[test]
fn flatten_sells_what_is_held_and_says_when_it_is_done() {
    let mut rig = Rig::new().holding("0.1").start();
    rig.quote(600_000);
    say(&mut rig, kill(true));
    rig.sent();
    rig.quote(599_999);
    let sent = rig.sent();
    assert_eq!(sent.iter().map(|it| it.purpose()).collect::<Vec<_>>(), [Purpose::ForceExit]);
    assert!(rig.engine.permits(&sent[0]), "at the last look, too");
    assert!(rig.engine.holds().is_set(None, HoldCode::Flatten));
    rig.fill(sent[0].client_order_id(), Side::Sell, 599_999, 10_000);
    rig.quote(600_000);
    assert!(rig.engine.is_flat());
    assert!(!rig.engine.holds().is_set(None, HoldCode::Flatten));
    assert_eq!(rig.engine.level(), Level::KillSwitch, "sold is not released");
}

/// Acceptance test 20: what a cause or a job says clears no operator's pause.
#[test]
fn an_operators_pause_ends_by_an_operators_word_or_its_time() {
    let mut rig = Rig::new().start();
    let scope = None;
    let pause = |for_us| Wish::Pause { scope, for_us };
    let resume = Wish::Resume { scope, from: None };
    assert_eq!(refused(say(&mut rig, resume.clone())), "nothing is paused there");
    say(&mut rig, pause(None));
    assert_eq!(rig.engine.level(), Level::SoftPause);
    let job = |code, level| Wish::Hold { code, level };
    assert!(refused(say(&mut rig, job(HoldCode::Operator, None))).contains("integrity"));
    assert_eq!(say(&mut rig, job(HoldCode::Integrity, Some(Level::SoftPause))), Outcome::Done);
    assert_eq!(say(&mut rig, job(HoldCode::Integrity, None)), Outcome::Done);
    rig.pass(86_400);
    rig.step(&Event::Timer);
    assert_eq!(rig.engine.level(), Level::SoftPause);
    assert_eq!(say(&mut rig, resume.clone()), Outcome::Done);
    assert_eq!(rig.engine.level(), Level::Running);
    say(&mut rig, pause(Some(60_000_000)));
    rig.pass(61);
    rig.step(&Event::Timer);
    assert_eq!(rig.engine.level(), Level::Running, "its time was over");
    let other = ibis::domain::symbol::Symbol::new("NO-SUCH").unwrap();
    let wish = Wish::Pause { scope: Some(other), for_us: None };
    assert_eq!(refused(say(&mut rig, wish)), "no such instrument is traded here");
    let one = Wish::Pause { scope: Some(btc().symbol()), for_us: None };
    assert_eq!(say(&mut rig, one), Outcome::Done);
    assert_eq!(rig.engine.level(), Level::Running);
    assert_eq!(rig.engine.holds().level_for(btc().symbol()), Level::SoftPause);
    assert_eq!(rig.engine.desks()[BTC.index()].instrument.symbol(), btc().symbol());
}

/// A long pause takes open entries back; a short one leaves them.
#[test]
fn entries_are_canceled_a_minute_into_a_pause() {
    let mut rig = Rig::new().entry().start();
    let deadline = rig.engine.next_deadline();
    say(&mut rig, Wish::Pause { scope: None, for_us: None });
    assert!(rig.cancels().is_empty());
    assert!(rig.engine.next_deadline() <= deadline);
    rig.pass(61);
    rig.step(&Event::Timer);
    assert_eq!(rig.cancels(), [ENTRY]);
}
