//! An exit that an operator forces: sold at once, whatever its plan says, and nothing entered until it is.

use ibis::domain::execution::ReportKind;
use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::identifier::ClientOrderId;
use ibis::domain::operator::{Command, CommandId, Outcome, Via, Wish};
use ibis::domain::order::Purpose;
use ibis::domain::record::Record;
use ibis::domain::side::Side;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::event::Event;
use ibis::engine::reconcile::KnownPosition;
use ibis::risk::standing::ExitPolicy;

use super::{eth, quick, quote, signal};
use crate::incidents::rig::{BTC, ENTRY, Rig, btc};
use crate::simulation::world::{engine_settings, instruments};

const DONE: Outcome = Outcome::Done;

/// An operator's word; what came of it is the last of its kind on record.
fn say(rig: &mut Rig, wish: Wish) -> Outcome {
    let (id, at) = (CommandId::new("c-1").unwrap(), Timestamp::from_us(1));
    let (by, reason) = ("uid 0".to_owned(), "a test".to_owned());
    rig.step(&Event::Operator(Box::new(Command { id, at, by, via: Via::Cli, reason, wish })));
    let outcomes = rig.records().filter_map(|record| match record {
        Record::Operator(said) => Some(said.outcome.clone()),
        _ => None,
    });
    outcomes.last().unwrap()
}

fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Done => panic!("obeyed"),
        Outcome::Refused { why, .. } => why,
    }
}

fn symbol() -> Symbol {
    btc().symbol()
}

fn this() -> Wish {
    Wish::ForceExit { scope: Some(symbol()) }
}

const ALL: Wish = Wish::ForceExit { scope: None };

fn purposes(rig: &mut Rig) -> Vec<Purpose> {
    rig.sent().iter().map(|order| order.purpose()).collect()
}

fn is_selling(rig: &Rig) -> bool {
    rig.engine.holds().is_set(Some(symbol()), HoldCode::Flatten)
}

fn stop(code: HoldCode, level: Level) -> Event {
    let (reason, set_at) = ("a test".to_owned(), Timestamp::from_us(1));
    Event::SetHold(Hold { scope: None, code, level, reason, set_at, until: None })
}

fn holding() -> Rig {
    let mut rig = Rig::new().holding("0.1").start();
    rig.quote(600_000);
    rig.actions.clear();
    rig
}

#[test]
fn what_is_held_is_sold_at_once_and_the_rest_goes_on() {
    let mut rig = holding();
    assert_eq!(say(&mut rig, this()), DONE);
    let levels = [rig.engine.level(), rig.engine.holds().level_for(symbol())];
    assert_eq!(levels, [Level::Running, Level::SoftPause]);
    let sent = rig.sent();
    assert_eq!(sent.len(), 1);
    let order = sent[0];
    assert_eq!((order.purpose(), order.quantity().get()), (Purpose::ForceExit, 10_000));
    assert!(rig.engine.permits(&order), "at the last look, too");
    rig.quote(600_010);
    assert_eq!(purposes(&mut rig), [], "one exit at a time");
    // What was not taken is sold at the next price.
    rig.fill(order.client_order_id(), Side::Sell, 600_000, 4_000);
    rig.report(order.client_order_id(), ReportKind::Canceled(None));
    assert!(is_selling(&rig));
    rig.quote(600_020);
    let rest = rig.sent();
    assert_eq!(rest.iter().map(|order| order.quantity().get()).collect::<Vec<_>>(), [6_000]);
    rig.fill(rest[0].client_order_id(), Side::Sell, 600_020, 6_000);
    rig.quote(600_030);
    assert!(!is_selling(&rig), "sold");
    assert!(rig.engine.is_flat());
    assert_eq!(rig.engine.holds().level_for(symbol()), Level::Running);
}

#[test]
fn nothing_is_entered_until_it_is_sold() {
    let entered = |wish: Option<Wish>| {
        let mut rig = Rig::with(quick()).holding("0.1").start();
        rig.quote(600_000);
        if let Some(wish) = wish {
            assert_eq!(say(&mut rig, wish), DONE);
        }
        let sold = rig.sent();
        signal(&mut rig, BTC);
        for order in &sold {
            assert!(!rig.sent().iter().any(|order| order.purpose() == Purpose::Entry));
            rig.fill(order.client_order_id(), Side::Sell, 600_000, 10_000);
            // The cooldown after an exit is another matter.
            rig.pass(86_400);
            rig.quote(600_010);
            signal(&mut rig, BTC);
        }
        (sold.len(), rig.sent().iter().filter(|it| it.purpose() == Purpose::Entry).count())
    };
    assert_eq!(entered(Some(this())), (1, 1), "sold, and then the strategy may again");
    assert_eq!(entered(Some(ALL)), (1, 1));
    assert_eq!(entered(None), (0, 0), "what is held is not added to");
}

#[test]
fn an_entry_at_work_is_taken_back_and_what_it_bought_is_sold() {
    let mut rig = Rig::new().entry().start();
    rig.quote(600_000);
    rig.actions.clear();
    assert_eq!(say(&mut rig, this()), DONE);
    assert_eq!(rig.cancels(), [ENTRY]);
    let entry = ClientOrderId::new(ENTRY).unwrap();
    rig.fill(entry, Side::Buy, 600_000, 40);
    rig.report(entry, ReportKind::Canceled(None));
    rig.sent();
    rig.quote(600_010);
    let sent = rig.sent();
    let sold: Vec<_> = sent.iter().map(|it| (it.purpose(), it.quantity().get())).collect();
    assert_eq!(sold, [(Purpose::ForceExit, 40)]);
    // And one that bought nothing leaves nothing to do.
    let mut rig = Rig::new().entry().start();
    rig.quote(600_000);
    assert_eq!(say(&mut rig, this()), DONE);
    rig.report(entry, ReportKind::Canceled(None));
    rig.quote(600_010);
    assert!(!is_selling(&rig));
}

#[test]
fn where_nothing_is_to_be_sold_nothing_is_done() {
    let nothing = "nothing is held there that could be sold";
    for wish in [this(), ALL] {
        let mut rig = Rig::new().start();
        rig.quote(600_000);
        assert_eq!(refused(say(&mut rig, wish.clone())), nothing);
        let mut rig = Rig::new().holding("0.000001").start();
        rig.quote(600_000);
        assert_eq!(refused(say(&mut rig, wish)), nothing, "dust");
        assert_eq!(rig.engine.holds().iter().count(), 0);
    }
    let mut rig = holding();
    let scope = Some(Symbol::new("NO-SUCH").unwrap());
    let unknown = refused(say(&mut rig, Wish::ForceExit { scope }));
    assert_eq!(unknown, "no such instrument is traded here");
    let scope = Some(instruments()[eth().index()].symbol());
    assert_eq!(refused(say(&mut rig, Wish::ForceExit { scope })), nothing, "held elsewhere");
    assert_eq!(purposes(&mut rig), []);
}

#[test]
fn all_is_each_that_is_held() {
    let mut rig = Rig::new().holding("0.1");
    let held = rig.known.positions[0].clone();
    rig.known.positions.push(KnownPosition { instrument: eth(), ..held });
    let eth_balance = rig.known.balances[&btc().base()];
    let eth_instrument = instruments()[eth().index()].clone();
    rig.known.balances.insert(eth_instrument.base(), eth_balance);
    let mut rig = rig.start();
    rig.quote(600_000);
    quote(&mut rig, eth(), 6_000_000);
    rig.actions.clear();
    assert_eq!(say(&mut rig, ALL), DONE);
    let sent = rig.sent();
    let sold: Vec<_> = sent.iter().map(|order| (order.instrument(), order.purpose())).collect();
    assert_eq!(sold, [(BTC, Purpose::ForceExit), (eth(), Purpose::ForceExit)]);
    // One is sold before the other: its hold ends, the other's does not.
    rig.fill(sent[0].client_order_id(), Side::Sell, 600_000, 10_000);
    rig.quote(600_010);
    assert!(!is_selling(&rig));
    assert!(rig.engine.holds().is_set(Some(eth_instrument.symbol()), HoldCode::Flatten));
}

#[test]
fn a_resume_takes_it_back() {
    let mut rig = holding();
    let resume = Wish::Resume { scope: Some(symbol()), from: None };
    assert_eq!(refused(say(&mut rig, resume.clone())), "nothing is paused there");
    assert_eq!(say(&mut rig, this()), DONE);
    let order = rig.sent()[0];
    assert_eq!(say(&mut rig, resume), DONE);
    assert!(!is_selling(&rig));
    rig.report(order.client_order_id(), ReportKind::Canceled(None));
    rig.sent();
    rig.quote(600_010);
    assert_eq!(purposes(&mut rig), []);
}

#[test]
fn a_hard_stop_lets_it_go_and_the_kill_switch_voids_it() {
    let mut rig = holding();
    rig.step(&stop(HoldCode::DailyLoss, Level::HardStop));
    assert_eq!(say(&mut rig, this()), DONE);
    let sent = rig.sent();
    assert_eq!(sent.len(), 1, "an operator's word");
    assert!(rig.engine.permits(&sent[0]));

    assert_eq!(say(&mut rig, Wish::Kill { flatten: false }), DONE);
    assert!(!is_selling(&rig));
    assert_eq!(rig.cancels(), [sent[0].client_order_id().as_str()], "it is asked back, too");
    assert!(!rig.engine.permits(&sent[0]));
    let why = refused(say(&mut rig, this()));
    assert_eq!(why, "the kill switch is active; ibis kill activate --flatten sells what is held");
    rig.report(sent[0].client_order_id(), ReportKind::Canceled(None));
    rig.sent();
    rig.quote(600_010);
    assert_eq!(purposes(&mut rig), []);

    // With its own word everything is sold, and what is at work for that stays.
    assert_eq!(say(&mut rig, Wish::Kill { flatten: true }), DONE);
    rig.quote(600_020);
    let sent = rig.sent();
    assert_eq!(sent.iter().map(|it| it.purpose()).collect::<Vec<_>>(), [Purpose::ForceExit]);
    assert_eq!(say(&mut rig, Wish::Kill { flatten: false }), DONE);
    assert_eq!(rig.cancels(), Vec::<&str>::new(), "said again it goes on");
    assert!(rig.engine.permits(&sent[0]));
}

#[test]
fn a_policy_sells_nothing_under_the_kill_switch() {
    let flattening = || {
        let mut settings = engine_settings(1);
        settings.control.exit_policy = ExitPolicy::Flatten;
        let mut rig = Rig::with(settings).holding("0.1").start();
        rig.quote(600_000);
        rig.actions.clear();
        rig
    };
    // What the policy began ends with the kill, and it begins nothing under it.
    let mut rig = flattening();
    rig.step(&stop(HoldCode::DailyLoss, Level::HardStop));
    assert!(rig.engine.holds().is_set(None, HoldCode::Flatten));
    assert_eq!(say(&mut rig, Wish::Kill { flatten: false }), DONE);
    assert!(!rig.engine.holds().is_set(None, HoldCode::Flatten));
    rig.step(&stop(HoldCode::Drawdown, Level::HardStop));
    assert!(!rig.engine.holds().is_set(None, HoldCode::Flatten));
    rig.sent();
    rig.quote(600_010);
    assert_eq!(purposes(&mut rig), []);
    // Whoever sets such a hold under the kill switch: it is not the kill switch's word.
    rig.step(&stop(HoldCode::Flatten, Level::HardStop));
    rig.quote(600_020);
    assert_eq!(purposes(&mut rig), []);
}

#[test]
fn a_restart_goes_on_with_it() {
    let mut rig = Rig::new().holding("0.1");
    let (code, level) = (HoldCode::Flatten, Level::SoftPause);
    let (scope, reason) = (Some(symbol()), "uid 0: a test".to_owned());
    let hold = Hold { scope, code, level, reason, set_at: Timestamp::from_us(1), until: None };
    rig.known.holds.push(hold);
    let mut rig = rig.start();
    assert!(is_selling(&rig));
    rig.quote(600_000);
    assert_eq!(purposes(&mut rig), [Purpose::ForceExit]);
}

#[test]
fn a_resume_ends_what_an_operator_said_there_and_nothing_else() {
    let mut rig = holding();
    let resume = |scope| Wish::Resume { scope, from: None };
    assert_eq!(say(&mut rig, Wish::Pause { scope: Some(symbol()), for_us: None }), DONE);
    assert_eq!(refused(say(&mut rig, resume(None))), "nothing is paused there");
    rig.step(&stop(HoldCode::StaleMarket, Level::Degraded));
    assert_eq!(refused(say(&mut rig, resume(None))), "nothing is paused there", "by nobody");
    assert_eq!(say(&mut rig, Wish::Pause { scope: None, for_us: None }), DONE);
    assert_eq!(say(&mut rig, resume(None)), DONE);
    assert!(rig.engine.holds().is_set(None, HoldCode::StaleMarket), "a cause ends by itself");
    // What a policy sells is latched: it takes the word that leaves a hard stop.
    rig.step(&stop(HoldCode::Flatten, Level::HardStop));
    assert_eq!(say(&mut rig, Wish::Pause { scope: None, for_us: None }), DONE);
    assert!(refused(say(&mut rig, resume(None))).contains("--from hard_stop"));
}
