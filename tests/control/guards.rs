//! Guards at work in the engine: what holds follow from losses, refusals, cancels, fills, and how they end.

use ibis::domain::balance::Balance;
use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{ReportKind, VenueReason};
use ibis::domain::hold::{HoldCode, Level};
use ibis::domain::identifier::{ClientOrderId, VenueOrderId};
use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::domain::order::Purpose;
use ibis::domain::record::{DayRow, Projection};
use ibis::domain::side::Side;
use ibis::domain::time::{DAY_US, Timestamp};
use ibis::engine::EngineSettings;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{Movement, VenueSnapshot};
use ibis::risk::guard::settings::{Burst, Grades, GuardSettings, Protection};

use crate::incidents::rig::{ENTRY, Rig, asset, btc, d};
use crate::simulation::world::engine_settings;

const MINUTE_US: i64 = 60_000_000;

fn rig(guards: GuardSettings) -> Rig {
    Rig::with(EngineSettings { guards, ..engine_settings(1) })
}

fn grades(degraded: &str, hard_stop: &str) -> Grades {
    let (degraded, hard_stop) = (Some(d(degraded)), Some(d(hard_stop)));
    Grades { degraded, hard_stop, kill_switch: None }
}

fn level_of(rig: &Rig, code: HoldCode) -> Option<Level> {
    let held = rig.engine.holds().iter().find(|hold| hold.code == code);
    held.map(|hold| hold.level)
}

fn reason(code: u32) -> VenueReason {
    VenueReason { code, text: "no".into() }
}

/// Holding 0.1 BTC and 10000 USDT: at 60000 the account is worth 16000.
fn losing(daily_loss: Grades) -> Rig {
    let mut rig =
        rig(GuardSettings { daily_loss, dwell_us: MINUTE_US, ..GuardSettings::default() })
            .holding("0.1")
            .start();
    rig.quote(600_000);
    assert_eq!(rig.engine.level(), Level::Running);
    rig
}

#[test]
fn losses_degrade_then_stop_hard_and_only_an_operator_resumes() {
    let mut rig = losing(grades("0.015", "0.03"));
    rig.quote(576_100);
    assert_eq!(rig.engine.level(), Level::Running, "1.49 % are allowed");
    rig.quote(575_900);
    assert_eq!(rig.engine.level(), Level::Degraded);
    let hold = rig.engine.holds().iter().next().unwrap();
    assert_eq!(hold.reason, "equity 15759.00, 1.51 % below the day's 16000.00");
    // Its cause gone it stays for its dwell.
    rig.quote(600_000);
    rig.pass(58);
    rig.step(&Event::Timer);
    assert_eq!(rig.engine.level(), Level::Degraded);
    rig.pass(3);
    rig.step(&Event::Timer);
    assert_eq!(rig.engine.level(), Level::Running);
    rig.quote(551_900);
    assert_eq!(rig.engine.level(), Level::HardStop);
    rig.quote(700_000);
    rig.pass(86_400 * 3);
    rig.step(&Event::Timer);
    rig.quote(700_000);
    assert_eq!(rig.engine.level(), Level::HardStop, "no price and no day ends a latch");
    resume(&mut rig);
    assert_eq!(rig.engine.level(), Level::Running);
    rig.quote(690_000);
    assert_eq!(rig.engine.level(), Level::Running, "measured anew from there");
}

/// A resume from a hard stop, by an operator.
fn resume(rig: &mut Rig) {
    let wish = Wish::Resume { scope: None, from: Some(Level::HardStop) };
    let (by, reason) = ("uid 0".to_owned(), "looked into".to_owned());
    let (id, at) = (CommandId::new("c-1").unwrap(), Timestamp::from_us(1));
    rig.step(&Event::Operator(Box::new(Command { id, at, by, via: Via::Cli, reason, wish })));
}

#[test]
fn after_a_resume_everything_is_measured_from_there_and_that_is_written_at_once() {
    let mut rig = losing(grades("0.015", "0.03"));
    rig.quote(551_900);
    assert_eq!(rig.engine.level(), Level::HardStop);
    rig.actions.clear();
    resume(&mut rig);
    rig.quote(551_900);
    assert_eq!(rig.engine.level(), Level::Running, "it is no loss any more");
    let rows = rig.actions.iter().filter_map(|action| match action {
        Action::Project(Projection::Day(row)) => Some(row.open),
        _ => None,
    });
    assert_eq!(rows.collect::<Vec<_>>(), [d("15519")]);
}

/// Acceptance test 9: what a day is measured from outlives the process, and ends at midnight UTC.
#[test]
fn the_daily_loss_outlives_a_restart_and_the_day_ends_at_midnight_utc() {
    let daily_loss = grades("0.015", "0.9");
    let mut before = losing(daily_loss);
    let row = before.actions.iter().rev().find_map(|action| match action {
        Action::Project(Projection::Day(row)) => Some(*row),
        _ => None,
    });
    let row = row.expect("it is written down");
    assert_eq!((row.open, row.day), (d("16000"), Timestamp::from_us(0)));
    before.quote(575_900);
    assert_eq!(before.engine.level(), Level::Degraded);
    // The next process begins with the price low already.
    let mut after = rig(GuardSettings { daily_loss, ..GuardSettings::default() }).holding("0.1");
    after.known.day = Some(row);
    let mut after = after.start();
    after.quote(575_900);
    assert_eq!(level_of(&after, HoldCode::DailyLoss), Some(Level::Degraded));
    after.pass(DAY_US / 1_000_000 - 6);
    after.quote(575_900);
    assert_eq!(after.engine.level(), Level::Degraded, "it is the same day");
    after.pass(3);
    after.quote(575_900);
    assert_eq!(after.engine.level(), Level::Running, "a day of its own");
}

#[test]
fn a_peak_lost_by_a_third_kills() {
    let drawdown = Grades { kill_switch: Some(d("0.3")), ..grades("0.025", "0.05") };
    let mut rig = rig(GuardSettings { drawdown, ..GuardSettings::default() }).holding("1").start();
    rig.quote(600_000);
    rig.quote(560_000);
    assert_eq!(rig.engine.level(), Level::HardStop);
    rig.quote(380_000);
    assert_eq!(rig.engine.level(), Level::KillSwitch);
    assert!(rig.actions.iter().any(|action| matches!(action, Action::CancelAll)));
}

/// Acceptance test 6: a denied order never resets an error streak, and a streak denies entries.
#[test]
fn orders_refused_in_a_row_pause_entries() {
    let order_errors = Burst { count: 2, pause_us: MINUTE_US };
    let guards = GuardSettings { order_errors, ..GuardSettings::default() };
    let mut rig = rig(guards).holding("0.1").start();
    rig.quote(600_000);
    for refusal in 1..=2 {
        assert_eq!(rig.engine.level(), Level::Running);
        rig.pass(20 * refusal);
        rig.quote(235_000);
        let sent = rig.sent();
        rig.report(sent[0].client_order_id(), ReportKind::Rejected(reason(200_004)));
    }
    assert_eq!(level_of(&rig, HoldCode::OrderErrors), Some(Level::SoftPause));
    rig.pass(61);
    rig.step(&Event::Timer);
    assert_eq!(rig.engine.level(), Level::Running);
}

#[test]
fn cancels_refused_in_a_row_stop_hard() {
    let guards = GuardSettings { cancel_failures_max: 2, ..GuardSettings::default() };
    let mut rig = rig(guards).entry().start();
    let id = ClientOrderId::new(ENTRY).unwrap();
    for _ in 0..2 {
        assert_eq!(rig.engine.level(), Level::Running);
        rig.pass(120);
        rig.step(&Event::Timer);
        rig.report(id, ReportKind::CancelRejected(reason(400_100)));
    }
    assert_eq!(level_of(&rig, HoldCode::CancelFailures), Some(Level::HardStop));
}

#[test]
fn fills_worse_than_decided_pause_their_instrument() {
    let slippage = Burst { count: 1, pause_us: MINUTE_US };
    let guards = GuardSettings { slippage, slippage_max: d("0.005"), ..GuardSettings::default() };
    for (price, level) in [(597_000, Level::Running), (596_999, Level::SoftPause)] {
        let mut rig = rig(guards.clone()).holding("0.1").start();
        rig.quote(600_000);
        rig.pass(3_600);
        rig.quote(600_000);
        let sent = rig.sent();
        assert_eq!(sent[0].purpose(), Purpose::TimeExit);
        rig.fill(sent[0].client_order_id(), Side::Sell, price, 10_000);
        assert_eq!(rig.engine.holds().level_for(btc().symbol()), level, "{price}");
        assert_eq!(rig.engine.level(), Level::Running, "of that instrument only");
    }
}

#[test]
fn a_buy_above_what_was_decided_is_worse_too() {
    let slippage = Burst { count: 1, pause_us: MINUTE_US };
    let guards = GuardSettings { slippage, slippage_max: d("0.005"), ..GuardSettings::default() };
    for (price, level) in [(603_000, Level::Running), (603_001, Level::SoftPause)] {
        let mut rig = rig(guards.clone()).entry().start();
        rig.quote(600_000);
        rig.fill(ClientOrderId::new(ENTRY).unwrap(), Side::Buy, price, 100);
        assert_eq!(rig.engine.holds().level_for(btc().symbol()), level, "{price}");
    }
}

/// freqtrade's protections, each after the same losing stop.
#[test]
fn protections_pause_after_a_stop() {
    let protection = Protection {
        lookback_period_us: 60 * MINUTE_US,
        trade_limit: 1,
        stop_duration_us: 10 * MINUTE_US,
        required_profit: Decimal::ZERO,
        max_allowed_drawdown: d("0.05"),
        only_per_pair: false,
    };
    let none = GuardSettings::default;
    let pair = Some(btc().symbol());
    let (cooldown, stops) = ("a pause after an exit", "1 stops within 60 min");
    let (low, lost) = ("too little earned within 60 min", "lost too much within 60 min");
    let cases = [
        (
            GuardSettings { cooldown_period: protection, ..none() },
            HoldCode::CooldownPeriod,
            pair,
            cooldown,
        ),
        (
            GuardSettings { stoploss_guard: protection, ..none() },
            HoldCode::StoplossGuard,
            None,
            stops,
        ),
        (
            GuardSettings { low_profit_pairs: protection, ..none() },
            HoldCode::LowProfitPairs,
            pair,
            low,
        ),
        (GuardSettings { max_drawdown: protection, ..none() }, HoldCode::MaxDrawdown, None, lost),
    ];
    for (guards, code, scope, reason) in cases {
        let mut rig = rig(guards).holding("0.1").start();
        rig.quote(600_000);
        rig.quote(500_000);
        let sent = rig.sent();
        let id = sent[0].client_order_id();
        let venue_order_id = VenueOrderId::new("v-1").unwrap();
        rig.report(id, ReportKind::Accepted { venue_order_id });
        rig.fill(id, Side::Sell, 500_000, 4_000);
        assert!(rig.engine.holds().get(scope, code).is_none() || code == HoldCode::MaxDrawdown);
        rig.fill(id, Side::Sell, 500_000, 6_000);
        rig.quote(500_000);
        let hold = rig.engine.holds().get(scope, code).unwrap();
        assert_eq!((hold.level, hold.reason.as_str()), (Level::SoftPause, reason));
        assert_eq!(hold.until.unwrap().us_since(hold.set_at), 10 * MINUTE_US);
        // The drawdown is measured over an hour, and holds again while it is one.
        rig.pass(if code == HoldCode::MaxDrawdown { 3_601 } else { 601 });
        rig.step(&Event::Timer);
        assert!(!rig.engine.holds().is_set(scope, code));
    }
}

#[test]
fn degraded_for_too_long_is_a_pause() {
    let daily_loss = grades("0.015", "0.9");
    let degraded_max_us = 15 * MINUTE_US;
    let guards = GuardSettings { daily_loss, degraded_max_us, ..GuardSettings::default() };
    let mut rig = rig(guards).holding("0.1").start();
    rig.quote(600_000);
    rig.quote(575_000);
    rig.pass(890);
    rig.quote(575_000);
    assert_eq!(rig.engine.level(), Level::Degraded);
    rig.pass(20);
    rig.quote(575_000);
    assert_eq!(rig.engine.level(), Level::SoftPause);
    assert_eq!(level_of(&rig, HoldCode::DegradedTooLong), Some(Level::SoftPause));
    rig.quote(600_000);
    rig.quote(600_000);
    assert_eq!(rig.engine.level(), Level::Running);
}

/// What was sent away while the agent was is no loss, even before its price is known.
#[test]
fn a_withdrawal_while_away_is_no_loss() {
    let daily_loss = grades("0.015", "0.03");
    let mut rig = rig(GuardSettings { daily_loss, ..GuardSettings::default() }).holding("0.1");
    let (day, at) = (Timestamp::from_us(0), Timestamp::from_us(0));
    let (open, peak) = (d("16000"), d("16000"));
    rig.known.day = Some(DayRow { day, open, peak, turnover: Decimal::ZERO, at });
    let mut venue = rig.known.balances.clone();
    venue.insert(asset("BTC"), Balance::default());
    let mut rig = rig.start_at(venue.clone());
    for _ in 0..3 {
        rig.pass(2);
        let snapshot = VenueSnapshot {
            asked_at: Timestamp::from_us(i64::MAX),
            venue_sequence: rig.engine.venue_cursor(),
            balances: venue.clone(),
            movements: Some(vec![Movement {
                id: "m-1".to_owned(),
                asset: asset("BTC"),
                amount: d("-0.1"),
                kind: "TRANSFER".to_owned(),
                at,
            }]),
            ..VenueSnapshot::remembering_all()
        };
        rig.step(&Event::Account(Box::new(snapshot)));
    }
    assert!(rig.held().is_zero(), "it is booked");
    rig.pass(5);
    rig.step(&Event::Timer);
    assert_eq!(level_of(&rig, HoldCode::DailyLoss), None, "its price is not known yet");
    rig.quote(600_000);
    rig.pass(5);
    rig.quote(600_000);
    assert_eq!(level_of(&rig, HoldCode::DailyLoss), None);
}

/// A guard that is switched off lets go of what it held.
#[test]
fn a_guard_that_is_switched_off_holds_nothing() {
    let mut rig = losing(grades("0.015", "0.9"));
    rig.quote(575_000);
    let holds: Vec<_> = rig.engine.holds().iter().cloned().collect();
    let mut after = Rig::new().holding("0.1");
    after.known.holds = holds;
    let mut after = after.start();
    after.quote(575_000);
    assert_eq!(after.engine.level(), Level::Running);
}
