//! The guards of orders: cancels in a storm, and entries that do not pay for themselves.

use ibis::domain::decimal::Round;
use ibis::domain::execution::ReportKind;
use ibis::domain::hold::{HoldCode, Level};
use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::domain::time::Timestamp;
use ibis::engine::event::Event;
use ibis::risk::guard::settings::{Burst, GuardSettings};

use super::guarding::{MINUTE, set};
use super::{eth, quote};
use crate::incidents::rig::{Rig, d};
use crate::simulation::world::instruments;

/// Two entries are at work, and one cancel a minute is allowed.
fn two_entries() -> Rig {
    let mut settings = super::quick();
    let cancels = Burst { count: 1, pause_us: MINUTE * 1_000_000 };
    settings.guards = GuardSettings { cancels, cancel_storms_max: 2, ..GuardSettings::default() };
    let mut rig = Rig::with(settings).entry().start();
    rig.quote(600_000);
    quote(&mut rig, eth(), 300_000);
    super::signal(&mut rig, eth());
    assert_eq!(rig.engine.open_orders().count(), 2);
    rig.actions.clear();
    rig
}

#[test]
fn cancels_that_nobody_ordered_in_a_hurry_are_a_storm_and_those_of_a_stop_are_not() {
    let storm = |event: &Event| {
        let mut rig = two_entries();
        rig.step(event);
        assert_eq!(rig.cancels().len(), 2);
        rig.engine.holds().get(None, HoldCode::CancelStorm).map(|hold| hold.level)
    };
    let (id, at) = (CommandId::new("c-1").unwrap(), Timestamp::from_us(1));
    let (by, reason) = ("uid 0".to_owned(), "a test".to_owned());
    let wish = Wish::ForceExit { scope: None };
    let command = Command { id, at, by, via: Via::Cli, reason, wish };
    assert_eq!(storm(&Event::Operator(Box::new(command))), Some(Level::SoftPause));
    assert_eq!(storm(&Event::Drain), None);
    assert_eq!(storm(&set(None, HoldCode::Integrity, Level::HardStop)), None);
}

/// Whether an entry goes when its target, less both fees and the spread, leaves `more` than `edge_min`
/// of the settings wants, and whether one goes after that with just enough.
fn enters(short: &str, then: &str) -> (bool, bool) {
    let mut settings = super::quick();
    let spec = instruments()[eth().index()].spec().clone();
    let fee = if settings.strategy.entry_takes { spec.taker_fee } else { spec.maker_fee };
    // A tick at 3000.
    let spread = d("0.01").div(d("3000"), Round::Up);
    let edge = settings.strategy.take_profit - fee - spec.taker_fee - spread;
    settings.guards.edge_min = Some(edge + d(short));
    settings.guards.edge_resume = edge + d(then);
    settings.guards.edge_pause_us = 1_000_000;
    settings.strategy.reentry_cooldown_us = 0;
    let mut rig = Rig::with(settings).start();
    quote(&mut rig, eth(), 300_000);
    let mut enters = || {
        rig.pass(5);
        rig.step(&Event::Timer);
        super::signal(&mut rig, eth());
        let sent = rig.sent();
        if let Some(order) = sent.first() {
            rig.report(order.client_order_id(), ReportKind::Canceled(None));
            rig.sent();
        }
        !sent.is_empty()
    };
    (enters(), enters())
}

#[test]
fn an_entry_must_pay_for_itself_and_after_one_that_did_not_for_more() {
    assert_eq!(enters("0", "0.001"), (true, true), "just enough is enough");
    assert_eq!(enters("-0.001", "0.001"), (true, true));
    let least = "0.000000000001";
    assert_eq!(enters(least, "0"), (false, true), "thin: what resumes counts");
    assert_eq!(enters(least, least), (false, false));
}
