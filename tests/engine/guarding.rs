//! The account's guards word by word: what they compare with, what of it is written down, what moves it.

use ibis::domain::balance::Balance;
use ibis::domain::decimal::Decimal;
use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::identifier::InstrumentId;
use ibis::domain::market_data::MarketData;
use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::domain::record::{DayRow, Projection};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::{DAY_US, Timestamp};
use ibis::engine::EngineSettings;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{Movement, VenueSnapshot};
use ibis::risk::guard::settings::{Grades, GuardSettings};

use super::{candle, eth, market, quote};
use crate::incidents::rig::{BTC, Rig, asset, d};
use crate::simulation::world::{engine_settings, instruments};

pub(super) const MINUTE: i64 = 60;

fn rig(guards: GuardSettings) -> Rig {
    Rig::with(EngineSettings { guards, ..engine_settings(1) })
}

/// Losses of 1.5 % of the day degrade, of 3 % stop hard.
fn daily() -> GuardSettings {
    let (degraded, hard_stop) = (Some(d("0.015")), Some(d("0.03")));
    let daily_loss = Grades { degraded, hard_stop, kill_switch: None };
    GuardSettings { daily_loss, dwell_us: MINUTE * 1_000_000, ..GuardSettings::default() }
}

/// 10000 and 0.1 BTC at 60000, measured.
fn measured() -> Rig {
    let mut rig = rig(daily()).holding("0.1").start();
    rig.quote(600_000);
    rig.actions.clear();
    rig
}

fn open(rig: &Rig) -> Option<Decimal> {
    rig.engine.measured().map(|measured| measured.open)
}

fn daily_loss(rig: &Rig) -> Option<(Level, bool)> {
    let hold = rig.engine.holds().get(None, HoldCode::DailyLoss);
    hold.map(|hold| (hold.level, hold.until.is_some()))
}

pub(super) fn set(scope: Option<&str>, code: HoldCode, level: Level) -> Event {
    let scope = scope.map(|symbol| Symbol::new(symbol).unwrap());
    let (reason, set_at) = (String::new(), Timestamp::default());
    Event::SetHold(Hold { scope, code, level, reason, set_at, until: None })
}

/// Days as they were written since the last call.
fn rows(rig: &mut Rig) -> Vec<DayRow> {
    let actions = std::mem::take(&mut rig.actions);
    let rows = actions.iter().filter_map(|action| match action {
        Action::Project(Projection::Day(row)) => Some(*row),
        _ => None,
    });
    rows.collect()
}

/// The venue shows that so much of an asset came, or went, and says how.
fn transferred(rig: &mut Rig, code: &str, amount: &str) {
    let mut balances = rig.engine.balances().clone();
    let total = balances.entry(asset(code)).or_default().total() + d(amount);
    balances.insert(asset(code), Balance::new(total, Decimal::ZERO).unwrap());
    let (id, kind) = (format!("m-{code}{amount}"), "TRANSFER".to_owned());
    let (asset, amount, at) = (asset(code), d(amount), rig.now());
    let snapshot = VenueSnapshot {
        asked_at: Timestamp::from_us(i64::MAX),
        venue_sequence: rig.engine.venue_cursor(),
        balances,
        movements: Some(vec![Movement { id, asset, amount, kind, at }]),
        ..VenueSnapshot::remembering_all()
    };
    rig.step(&Event::Account(Box::new(snapshot)));
}

/// So many seconds later something comes that is no price.
fn wait(rig: &mut Rig, seconds: i64) {
    rig.pass(seconds);
    rig.step(&Event::Timer);
}

#[test]
fn what_is_measured_is_the_account_against_its_day_and_its_peak() {
    let mut rig = measured();
    rig.quote(610_000);
    rig.quote(576_000);
    let found = rig.engine.measured().unwrap();
    // Worth 16000 first, 16100 then, 15760 now.
    assert_eq!((found.open, found.daily_loss), (d("16000"), d("0.015")));
    assert!(found.drawdown > d("0.0211") && found.drawdown < d("0.0212"), "{found:?}");
    assert_eq!(found.turnover, Decimal::ZERO);
    let mut off = Rig::new().holding("0.1").start();
    off.quote(600_000);
    assert_eq!(off.engine.measured(), None, "no guard wants to know");
    assert_eq!(self::rig(daily()).holding("0.1").start().engine.measured(), None, "no price yet");
}

#[test]
fn an_account_without_a_price_and_a_start_are_not_judged() {
    let mut rig = measured();
    transferred(&mut rig, "ETH", "2");
    wait(&mut rig, 400);
    rig.quote(500_000);
    assert_eq!((open(&rig), daily_loss(&rig)), (None, None), "what the ETH is worth is unknown");

    let mut rig = measured();
    rig.step(&set(None, HoldCode::Startup, Level::SoftPause));
    rig.quote(500_000);
    assert_eq!(daily_loss(&rig), None);
}

#[test]
fn what_is_compared_with_is_written_when_it_changed_and_at_most_once_a_minute() {
    let mut rig = rig(daily()).holding("0.1").start();
    rig.quote(600_000);
    let first = rows(&mut rig);
    assert_eq!(first.len(), 1, "at once");
    assert_eq!((first[0].open, first[0].peak, first[0].at), (d("16000"), d("16000"), rig.now()));
    for _ in 0..4 {
        wait(&mut rig, MINUTE);
    }
    assert_eq!(rows(&mut rig), [], "nothing changed");
    rig.quote(601_000);
    let written = rows(&mut rig);
    assert_eq!(written.iter().map(|row| row.peak).collect::<Vec<_>>(), [d("16010")]);
    let at = written[0].at;
    rig.quote(602_000);
    wait(&mut rig, 58);
    assert_eq!(rows(&mut rig), [], "59 s after");
    wait(&mut rig, 1);
    let written = rows(&mut rig);
    assert_eq!(written.iter().map(|row| row.peak).collect::<Vec<_>>(), [d("16020")]);
    assert_eq!(written[0].at.us_since(at), MINUTE * 1_000_000);
}

#[test]
fn a_new_day_is_written_at_once() {
    let mut rig = measured();
    rig.pass(DAY_US / 1_000_000 - 10 - rig.now().us() / 1_000_000);
    rig.quote(601_000);
    assert_eq!(rows(&mut rig).len(), 1, "the peak");
    wait(&mut rig, 11);
    let written = rows(&mut rig);
    let days: Vec<_> = written.iter().map(|row| (row.day.us(), row.open)).collect();
    assert_eq!(days, [(DAY_US, d("16010"))], "within the minute");
}

/// Seconds until the next day.
fn to_midnight(rig: &Rig) -> i64 {
    DAY_US / 1_000_000 - rig.now().us() / 1_000_000
}

#[test]
fn a_days_hard_stop_ends_with_it_where_the_operator_says_so_and_a_pause_follows() {
    let next_day = |auto: bool, bid: i64| {
        let mut rig =
            rig(GuardSettings { daily_loss_auto_resume: auto, ..daily() }).holding("0.1").start();
        rig.quote(600_000);
        rig.quote(bid);
        let before = daily_loss(&rig);
        let rest = to_midnight(&rig);
        wait(&mut rig, rest);
        (before, daily_loss(&rig), rig)
    };
    let (stopped, degraded) = (Some((Level::HardStop, false)), Some((Level::Degraded, false)));
    let (before, after, mut rig) = next_day(true, 550_000);
    assert_eq!((before, after), (stopped, Some((Level::SoftPause, true))));
    wait(&mut rig, MINUTE);
    assert_eq!(rig.engine.level(), Level::Running);
    let (before, after, _) = next_day(false, 550_000);
    assert_eq!((before, after), (stopped, stopped), "a latch is a latch");
    let (before, after, _) = next_day(true, 570_000);
    assert_eq!((before, after), (degraded, Some((Level::Degraded, true))), "it dwells");
}

#[test]
fn what_comes_and_goes_moves_what_is_compared_with() {
    let mut rig = measured();
    transferred(&mut rig, "USDT", "1000");
    wait(&mut rig, 2);
    assert_eq!(open(&rig), Some(d("17000")));
    // ETH at 3000; BTC has a price of its own.
    quote(&mut rig, eth(), 300_000);
    transferred(&mut rig, "ETH", "2");
    wait(&mut rig, 2);
    assert_eq!(open(&rig), Some(d("23000")));
    let loss = rig.engine.measured().unwrap().daily_loss;
    assert_eq!((loss, rig.engine.level()), (Decimal::ZERO, Level::Running));
    transferred(&mut rig, "BTC", "-0.05");
    wait(&mut rig, 2);
    assert_eq!(open(&rig), Some(d("20000")));
}

#[test]
fn a_transfer_waits_five_minutes_for_its_price_and_one_of_something_else_does_not() {
    // All of the BTC is gone before its price is known.
    let gone = || {
        let mut rig = rig(daily()).holding("0.1");
        let (day, at) = (Timestamp::from_us(0), Timestamp::from_us(0));
        let (open, peak) = (d("16000"), d("16000"));
        rig.known.day = Some(DayRow { day, open, peak, turnover: Decimal::ZERO, at });
        let mut rig = rig.start();
        transferred(&mut rig, "BTC", "-0.1");
        assert!(rig.held().is_zero());
        // News without a price ends the start.
        market(&mut rig, BTC, MarketData::Candle(candle(600_000)));
        wait(&mut rig, 1);
        rig
    };
    let mut rig = gone();
    assert_eq!((open(&rig), rig.engine.level()), (None, Level::Running), "it waits");
    rig.quote(600_000);
    wait(&mut rig, 1);
    assert_eq!(open(&rig), Some(d("10000")), "6000 went");

    let mut rig = gone();
    wait(&mut rig, 298);
    assert_eq!((open(&rig), rig.engine.level()), (None, Level::Running), "299 s after");
    wait(&mut rig, 1);
    assert_eq!(open(&rig), Some(d("16000")), "it counts for nothing");
    assert_eq!(rig.engine.level(), Level::HardStop);

    let mut rig = measured();
    transferred(&mut rig, "KCS", "5");
    wait(&mut rig, 2);
    assert_eq!(open(&rig), Some(d("16000")), "the account does not count it");
}

#[test]
fn an_instrument_that_is_degraded_is_not_the_agent() {
    let minutes = |scope: Option<&str>| {
        let degraded_max_us = 15 * MINUTE * 1_000_000;
        let mut rig = rig(GuardSettings { degraded_max_us, ..GuardSettings::default() }).start();
        rig.quote(600_000);
        rig.step(&set(scope, HoldCode::Edge, Level::Degraded));
        (1..=20).find(|_| {
            wait(&mut rig, MINUTE);
            rig.engine.holds().is_set(None, HoldCode::DegradedTooLong)
        })
    };
    assert_eq!(minutes(None), Some(16), "15 minutes after the first look");
    assert_eq!(minutes(Some("BTC-USDT")), None);
}

/// Instruments that have news, and those of them that had some again a minute and a half later: which are
/// stale when two minutes and a second are over, and whether the market is.
fn stale(traded: u16, spoke: u16, after: i64) -> (usize, bool) {
    let stale_after_us = MINUTE * 1_000_000;
    let mut rig = rig(GuardSettings { stale_after_us, ..GuardSettings::default() }).start();
    for index in 0..traded {
        quote(&mut rig, InstrumentId(index), 300_000);
    }
    rig.pass(90);
    for index in 0..spoke {
        quote(&mut rig, InstrumentId(index), 300_001);
    }
    wait(&mut rig, after - 90);
    let of = |code| rig.engine.holds().iter().filter(move |hold| hold.code == code);
    let scoped = of(HoldCode::StaleData).filter(|hold| hold.level == Level::SoftPause).count();
    (scoped, of(HoldCode::StaleMarket).any(|hold| hold.level == Level::Degraded))
}

#[test]
fn instruments_without_news_are_paused_and_most_of_them_degrade() {
    assert!(instruments().len() >= 4);
    assert_eq!(stale(3, 0, 120), (3, false), "a minute over the first, for each");
    assert_eq!(stale(3, 0, 121), (3, true));
    assert_eq!(stale(0, 0, 500), (0, false), "nobody said anything yet");
    for (traded, spoke, market) in
        [(1, 0, true), (2, 1, false), (3, 1, true), (3, 2, false), (4, 2, false), (4, 1, true)]
    {
        let silent = usize::from(traded - spoke);
        assert_eq!(stale(traded, spoke, 121), (silent, market), "{silent} of {traded} are silent");
    }
    // One that speaks a minute before is not stale, and just so.
    assert_eq!(stale(1, 1, 150), (0, false));
    assert_eq!(stale(1, 1, 151), (1, false));
}

/// The venue shows the account, with a hundred less than the ledger knows of, or as it is.
fn look(rig: &mut Rig, differs: bool) {
    let mut balances = rig.engine.balances().clone();
    if differs {
        balances.insert(asset("USDT"), Balance::new(d("9900"), Decimal::ZERO).unwrap());
    }
    let snapshot = VenueSnapshot {
        asked_at: Timestamp::from_us(i64::MAX),
        venue_sequence: rig.engine.venue_cursor(),
        balances,
        movements: Some(Vec::new()),
        ..VenueSnapshot::remembering_all()
    };
    rig.step(&Event::Account(Box::new(snapshot)));
}

#[test]
fn a_difference_that_stays_stops_hard() {
    let stopped = |max_minutes: i64, looks: &[(i64, bool)]| {
        let mismatch_max_us = max_minutes * MINUTE * 1_000_000;
        let mut settings = engine_settings(1);
        settings.guards = GuardSettings { mismatch_max_us, ..GuardSettings::default() };
        settings.reconcile.adopt_unexplained = false;
        let mut rig = Rig::with(settings).start();
        rig.quote(600_000);
        for (seconds, differs) in looks {
            rig.pass(*seconds);
            look(&mut rig, *differs);
        }
        let hold = rig.engine.holds().get(None, HoldCode::ReconcileMismatch);
        hold.is_some_and(|hold| hold.level == Level::HardStop)
    };
    assert!(!stopped(6, &[(0, true), (359, true)]));
    assert!(stopped(6, &[(0, true), (360, true)]));
    assert!(stopped(6, &[(0, true), (100, true), (260, true)]), "counted from the first");
    assert!(!stopped(6, &[(0, true), (100, false), (100, true), (300, true)]), "agreed meanwhile");
    assert!(!stopped(0, &[(0, true), (3_600, true)]), "off");
}

#[test]
fn only_a_resume_of_everything_from_a_hard_stop_measures_anew() {
    let open_after = |scope: Option<&str>, level: Level, from: Option<Level>| {
        let mut rig = measured();
        rig.quote(610_000);
        let code = if level == Level::HardStop { HoldCode::Integrity } else { HoldCode::Operator };
        rig.step(&set(scope, code, level));
        let scope = scope.map(|symbol| Symbol::new(symbol).unwrap());
        let (id, at) = (CommandId::new("c-1").unwrap(), Timestamp::from_us(1));
        let (by, reason) = ("uid 0".to_owned(), "a test".to_owned());
        let wish = Wish::Resume { scope, from };
        let command = Command { id, at, by, via: Via::Cli, reason, wish };
        rig.step(&Event::Operator(Box::new(command)));
        assert_eq!(rig.engine.holds().iter().count(), 0);
        wait(&mut rig, 2);
        open(&rig)
    };
    let stop = Some(Level::HardStop);
    assert_eq!(open_after(None, Level::HardStop, stop), Some(d("16100")));
    assert_eq!(open_after(Some("BTC-USDT"), Level::HardStop, stop), Some(d("16000")));
    assert_eq!(open_after(None, Level::SoftPause, None), Some(d("16000")));
}
