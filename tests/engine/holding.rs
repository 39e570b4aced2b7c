//! What a hold does at once: what is canceled, what is written, what is sold; and how it ends.

use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::identifier::{ClientOrderId, VenueOrderId};
use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::domain::order::Purpose;
use ibis::domain::order_status::OrderStatus;
use ibis::domain::record::Record;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{VenueOrderView, VenueSnapshot};
use ibis::risk::standing::ExitPolicy;

use super::{quick, quote, signal};
use crate::incidents::rig::{BTC, ENTRY, Rig, btc};
use crate::simulation::world::engine_settings;

fn hold(scope: Option<&str>, code: HoldCode, level: Level) -> Event {
    let scope = scope.map(|symbol| Symbol::new(symbol).unwrap());
    let (reason, set_at) = ("a test".to_owned(), Timestamp::from_us(1));
    Event::SetHold(Hold { scope, code, level, reason, set_at, until: None })
}

/// Holds and states as they were written, in words.
fn written(rig: &Rig) -> Vec<String> {
    let words = rig.records().filter_map(|record| match record {
        Record::HoldSet(hold) => Some(format!("set {} {}", hold.code, hold.level)),
        Record::HoldCleared { code, .. } => Some(format!("cleared {code}")),
        Record::Transition(it) => Some(format!("{} to {} by {}", it.from, it.to, it.code)),
        _ => None,
    });
    words.collect()
}

#[test]
fn draining_pauses_and_takes_entries_back() {
    let mut rig = Rig::new().entry().start();
    rig.quote(600_000);
    rig.actions.clear();
    rig.step(&Event::Drain);
    assert_eq!(rig.engine.level(), Level::SoftPause);
    assert!(rig.engine.is_paused());
    assert_eq!(rig.cancels(), [ENTRY]);
    let expected = ["set draining soft_pause", "running to soft_pause by draining"];
    assert_eq!(written(&rig), expected);
    rig.step(&Event::Drain);
    assert_eq!(rig.cancels(), [ENTRY], "asked for once");
}

#[test]
fn a_hard_stop_takes_entries_back_where_it_holds_and_a_pause_does_not() {
    let canceled = |event: Event| {
        let mut rig = Rig::new().entry().start();
        rig.quote(600_000);
        rig.step(&event);
        rig.cancels().len()
    };
    let (code, stop) = (HoldCode::Integrity, Level::HardStop);
    assert_eq!(canceled(hold(None, code, stop)), 1);
    assert_eq!(canceled(hold(Some("BTC-USDT"), code, stop)), 1);
    assert_eq!(canceled(hold(Some("ETH-USDT"), code, stop)), 0);
    assert_eq!(canceled(hold(None, code, Level::SoftPause)), 0, "it has a while to be filled");
    assert_eq!(canceled(hold(None, code, Level::KillSwitch)), 1);
}

#[test]
fn the_policy_decides_what_a_hard_stop_sells() {
    let sold = |policy: ExitPolicy, scope: Option<&str>| {
        let mut settings = engine_settings(1);
        settings.control.exit_policy = policy;
        let mut rig = Rig::with(settings).holding("0.1").start();
        rig.quote(600_000);
        rig.step(&hold(scope, HoldCode::Integrity, Level::HardStop));
        rig.quote(600_010);
        let sent: Vec<Purpose> = rig.sent().iter().map(|order| order.purpose()).collect();
        (sent, rig.engine.holds().is_set(None, HoldCode::Flatten))
    };
    assert_eq!(sold(ExitPolicy::Hold, None), (vec![], false));
    assert_eq!(sold(ExitPolicy::Reduce, None), (vec![], false));
    assert_eq!(sold(ExitPolicy::Flatten, None), (vec![Purpose::ForceExit], true));
    assert_eq!(sold(ExitPolicy::Flatten, Some("BTC-USDT")), (vec![], false), "one symbol's");
}

#[test]
fn a_hold_and_its_end_are_facts_and_a_change_of_state_is_one_transition() {
    let mut rig = Rig::new().start();
    rig.quote(600_000);
    rig.actions.clear();
    rig.step(&hold(None, HoldCode::StaleData, Level::Degraded));
    rig.step(&hold(None, HoldCode::ClockSkew, Level::SoftPause));
    // The same again is no news; with another level it replaces the one before.
    rig.step(&hold(None, HoldCode::ClockSkew, Level::SoftPause));
    rig.step(&hold(None, HoldCode::StaleData, Level::SoftPause));
    let clear = |code| Event::ClearHold { scope: None, code };
    rig.step(&clear(HoldCode::ClockSkew));
    rig.step(&clear(HoldCode::ClockSkew));
    rig.step(&clear(HoldCode::StaleData));
    let expected = [
        "set stale_data degraded",
        "running to degraded by stale_data",
        "set clock_skew soft_pause",
        "degraded to soft_pause by clock_skew",
        "cleared stale_data",
        "set stale_data soft_pause",
        "cleared clock_skew",
        "cleared stale_data",
        "soft_pause to running by stale_data",
    ];
    assert_eq!(written(&rig), expected);
}

#[test]
fn everything_is_sold_once_dust_is_all_that_is_left_and_nothing_is_at_work() {
    let flattened = |rig: Rig| {
        let mut rig = rig.start();
        rig.quote(600_000);
        rig.step(&hold(None, HoldCode::Flatten, Level::HardStop));
        rig.quote(600_010);
        let ended = !rig.engine.holds().is_set(None, HoldCode::Flatten);
        assert_eq!(ended, rig.engine.is_flat());
        ended
    };
    assert!(flattened(Rig::new()));
    assert!(flattened(Rig::new().holding("0.000001")), "dust is none");
    assert!(!flattened(Rig::new().holding("0.1")), "its sale is under way");
    assert!(!flattened(Rig::new().entry()), "it may be filled yet");
}

#[test]
fn a_resume_ends_the_pause_of_its_scope_alone() {
    let operator = |wish: Wish| {
        let (id, at) = (CommandId::new("c-1").unwrap(), Timestamp::from_us(1));
        let (by, reason) = ("uid 0".to_owned(), "a test".to_owned());
        Event::Operator(Box::new(Command { id, at, by, via: Via::Cli, reason, wish }))
    };
    let symbol = Some(btc().symbol());
    let paused = |resumed: Option<Symbol>| {
        let mut rig = Rig::new().start();
        rig.quote(600_000);
        for scope in [None, symbol] {
            rig.step(&operator(Wish::Pause { scope, for_us: None }));
        }
        rig.step(&operator(Wish::Resume { scope: resumed, from: None }));
        [None, symbol].map(|scope| rig.engine.holds().is_set(scope, HoldCode::Operator))
    };
    assert_eq!(paused(None), [false, true]);
    assert_eq!(paused(symbol), [true, false]);
}

#[test]
fn a_proof_is_none_until_the_venue_shows_it() {
    let mut rig = Rig::new().start();
    rig.quote(600_000);
    assert_eq!(rig.engine.kill_verified_at(), None);
    assert!(!rig.engine.is_kill_unverified());
    rig.step(&hold(None, HoldCode::KillSwitch, Level::KillSwitch));
    assert_eq!(rig.engine.kill_verified_at(), None);
    assert!(rig.engine.is_kill_unverified());
}

/// A view of the account that was asked for at an instant, with so many orders of others at work.
fn show(rig: &mut Rig, asked_at: Timestamp, strangers: usize) -> usize {
    let stranger = |number: usize| VenueOrderView {
        client_order_id: ClientOrderId::new(&format!("stranger-{number}")).unwrap(),
        venue_order_id: VenueOrderId::new(&format!("v-{number}")).unwrap(),
        symbol: btc().symbol(),
        status: OrderStatus::New,
    };
    let snapshot = VenueSnapshot {
        asked_at,
        open_orders: (0..strangers).map(stranger).collect(),
        balances: rig.engine.balances().clone(),
        venue_sequence: rig.engine.venue_cursor(),
        ..VenueSnapshot::remembering_all()
    };
    rig.actions.clear();
    rig.step(&Event::Account(Box::new(snapshot)));
    rig.actions.iter().filter(|action| matches!(action, Action::CancelAll)).count()
}

#[test]
fn what_is_at_work_after_a_kill_is_asked_back_again_whosever_it_is() {
    let mut rig = Rig::new().start();
    rig.quote(600_000);
    rig.step(&hold(None, HoldCode::KillSwitch, Level::KillSwitch));
    // The switch was set in microsecond 1: a view from then on counts, an older one does not.
    let (before, then) = (Timestamp::from_us(0), Timestamp::from_us(1));
    assert_eq!(show(&mut rig, before, 1), 0);
    assert_eq!(show(&mut rig, then, 1), 1, "asked back again");
    assert_eq!(show(&mut rig, then, 2), 1);
    assert_eq!(show(&mut rig, before, 0), 0);
    assert!(rig.engine.is_kill_unverified());
    assert_eq!(show(&mut rig, then, 0), 0);
    assert!(rig.engine.kill_verified_at().is_some(), "nothing is at work");
    assert_eq!(show(&mut rig, then, 1), 0, "a stranger's order of later is not ours to cancel");
}

#[test]
fn an_exit_sells_what_is_held_at_a_bounded_price_and_once() {
    let mut rig = Rig::with(quick()).holding("0.1").start();
    rig.quote(600_000);
    assert_eq!(rig.sent(), []);
    // The stop stands 0.5 % below what was paid.
    rig.quote(590_000);
    let sent = rig.sent();
    assert_eq!(sent.len(), 1);
    let order = sent[0];
    assert_eq!((order.purpose(), order.quantity().get()), (Purpose::StopLoss, 10_000));
    assert_eq!(order.limit_price().unwrap().get(), 560_500, "5 % below the bid at most");
    rig.quote(580_000);
    assert_eq!(rig.sent(), [], "one exit at a time");
}

#[test]
fn an_exit_waits_for_the_entry_that_is_at_work() {
    let mut rig = Rig::with(quick()).holding("0.1").entry().start();
    rig.quote(590_000);
    assert_eq!((rig.cancels(), rig.engine.open_orders().count()), (vec![ENTRY], 1));
    assert_eq!(rig.sent(), []);
}

#[test]
fn signals_of_an_instrument_that_is_held_sell_it_where_the_strategy_says_so() {
    let sold = |exit_on_cross: bool| {
        let mut settings = quick();
        settings.strategy.exit_on_cross = exit_on_cross;
        let mut rig = Rig::with(settings).holding("0.1").start();
        quote(&mut rig, BTC, 600_000);
        signal(&mut rig, BTC);
        // The cross back.
        let candle = super::candle(90);
        super::market(&mut rig, BTC, ibis::domain::market_data::MarketData::Candle(candle));
        rig.sent().iter().map(|order| order.purpose()).collect::<Vec<_>>()
    };
    assert_eq!(sold(true), [Purpose::SignalExit]);
    assert_eq!(sold(false), []);
}
