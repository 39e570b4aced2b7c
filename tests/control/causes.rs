//! Every cause in every state: what it makes of the state, what may be sent then, and how it ends.

use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::domain::order::Purpose;
use ibis::domain::record::Record;
use ibis::domain::time::Timestamp;
use ibis::engine::event::Event;
use ibis::risk::hold_book::HoldBook;
use proptest::prelude::*;

use crate::incidents::rig::{Rig, btc};

fn hold(code: HoldCode, level: Level) -> Hold {
    let reason = format!("{code} of a test");
    Hold { scope: None, code, level, reason, set_at: Timestamp::from_us(1), until: None }
}

/// An engine that holds something, in a state that `base` made.
fn in_state(base: HoldCode, level: Level) -> Rig {
    let mut rig = Rig::new().holding("0.1").start();
    rig.quote(600_000);
    if level > Level::Running {
        rig.step(&Event::SetHold(hold(base, level)));
    }
    rig.actions.clear();
    rig
}

fn transitions(rig: &Rig) -> Vec<(Level, Level, HoldCode)> {
    let found = rig.records().filter_map(|record| match record {
        Record::Transition(it) => Some((it.from, it.to, it.code)),
        _ => None,
    });
    found.collect()
}

/// The state is the strictest of both, every change of it is one transition of that cause, a latch stays,
/// and what is sent is what the state permits.
#[test]
fn every_cause_at_every_level_in_every_state() {
    let mut pairs = 0;
    for code in HoldCode::ALL {
        let base =
            if code == HoldCode::Operator { HoldCode::Integrity } else { HoldCode::Operator };
        for state in Level::ALL {
            for level in [Level::Degraded, Level::SoftPause, Level::HardStop, Level::KillSwitch] {
                pairs += 1;
                let what = format!("{code} at {level} in {state}");
                let mut rig = in_state(base, state);
                rig.step(&Event::SetHold(hold(code, level)));
                let strictest = state.max(level);
                assert_eq!(rig.engine.level(), strictest, "{what}");
                let expected = if level > state { vec![(state, level, code)] } else { vec![] };
                assert_eq!(transitions(&rig), expected, "{what}");
                rig.sent();
                rig.quote(550_000);
                let sent: Vec<Purpose> = rig.sent().iter().map(|it| it.purpose()).collect();
                let killed = strictest == Level::KillSwitch;
                let stops = if killed { vec![] } else { vec![Purpose::StopLoss] };
                // With Flatten as the cause everything held is to go, whatever its plan says.
                if code != HoldCode::Flatten {
                    assert_eq!(sent, stops, "{what}");
                }
                rig.actions.clear();
                rig.step(&Event::ClearHold { scope: None, code });
                let after = if level.latches() { strictest } else { state };
                assert_eq!(rig.engine.level(), after, "{what}, its cause gone");
            }
        }
    }
    assert_eq!(pairs, HoldCode::ALL.len() * 20);
}

/// A restart forgets causes of the process before, and no latch.
#[test]
fn a_restart_forgets_no_latch() {
    for code in HoldCode::ALL {
        for level in [Level::SoftPause, Level::HardStop, Level::KillSwitch] {
            let mut rig = Rig::new();
            rig.known.holds.push(hold(code, level));
            let rig = rig.start();
            // The start's own hold ends with the start, unless it was latched.
            let forgotten = !level.latches() && (code.is_of_process() || code == HoldCode::Startup)
                || code == HoldCode::ReconcileMismatch && !level.latches();
            assert_eq!(rig.engine.holds().is_set(None, code), !forgotten, "{code} at {level}");
        }
    }
}

fn events() -> impl Strategy<Value = Event> {
    let code = (0..HoldCode::ALL.len()).prop_map(|index| HoldCode::ALL[index]);
    let level = (0..Level::ALL.len()).prop_map(|index| Level::ALL[index]);
    prop_oneof![
        (code.clone(), level).prop_map(|(code, level)| Event::SetHold(hold(code, level))),
        code.prop_map(|code| Event::ClearHold { scope: None, code }),
        Just(Event::Timer),
        Just(Event::Drain),
        any::<bool>().prop_map(|flatten| word(Wish::Kill { flatten })),
        Just(word(Wish::Pause { scope: None, for_us: Some(1) })),
        Just(word(Wish::Resume { scope: None, from: None })),
        Just(word(Wish::ForceExit { scope: None })),
    ]
}

fn word(wish: Wish) -> Event {
    let (id, at) = (CommandId::new("c-1").unwrap(), Timestamp::from_us(1));
    let (by, reason) = ("uid 0".to_owned(), "a test".to_owned());
    Event::Operator(Box::new(Command { id, at, by, via: Via::Cli, reason, wish }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever happens, short of an operator who says so: a latch is never lowered, in no process.
    /// Acceptance test 4.
    #[test]
    fn no_sequence_of_events_lowers_a_latch(
        events in proptest::collection::vec((events(), 0..100i64), 0..40),
    ) {
        let mut rig = Rig::new().start();
        let mut latched = Level::Running;
        for (event, seconds) in events {
            rig.pass(seconds);
            rig.step(&event);
            let level = rig.engine.level();
            prop_assert!(level >= latched, "{event:?} lowered {latched} to {level}");
            if level.latches() {
                latched = level;
            }
            let book = HoldBook::new(rig.engine.holds().iter().cloned());
            prop_assert_eq!(book.level(), level);
            prop_assert!(book.level_for(btc().symbol()) >= level);
        }
    }
}
