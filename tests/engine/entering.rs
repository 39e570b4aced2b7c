//! What an entry is judged by: what is held, what is on its way, what is free; and who gives way.

use ibis::domain::decimal::Round;
use ibis::domain::decision::{Bound, DecisionRecord};
use ibis::domain::hold::Level;
use ibis::domain::instrument::Ticks;
use ibis::domain::order::{NewOrder, Purpose};
use ibis::domain::record::Record;
use ibis::domain::side::Side;
use ibis::engine::event::Event;

use super::{ETH_BID, eth, quick, quote, refusals, signal};
use crate::incidents::rig::{BTC, ENTRY, Rig, d};
use crate::simulation::world::instruments;

/// What an order for ETH is worth at its limit price.
fn notional(order: &NewOrder) -> ibis::domain::decimal::Decimal {
    let instrument = &instruments()[eth().index()];
    let ibis::domain::order::OrderType::Limit { price, .. } = order.order_type() else {
        panic!("a limit order")
    };
    instrument.notional(price, order.quantity())
}

/// The entry into ETH that a signal makes, if any.
fn entered(mut rig: Rig) -> Result<NewOrder, Vec<&'static str>> {
    quote(&mut rig, BTC, 600_000);
    quote(&mut rig, eth(), ETH_BID);
    rig.actions.clear();
    signal(&mut rig, eth());
    let refused = refusals(&rig);
    let mut sent = rig.sent();
    match sent.pop() {
        Some(order) => {
            assert_eq!((order.side(), order.purpose()), (Side::Buy, Purpose::Entry));
            assert_eq!((order.instrument(), sent.len(), refused.len()), (eth(), 0, 0));
            Ok(order)
        }
        None => Err(refused),
    }
}

/// Acceptance test 24: a cap counts what is held and what is on its way.
#[test]
fn caps_count_positions_and_orders_at_work() {
    let capped = |most: u64| {
        let mut settings = quick();
        settings.limits.open_positions_max = most;
        Rig::with(settings)
    };
    assert!(entered(capped(1).start()).is_ok());
    assert_eq!(entered(capped(1).holding("0.1").start()), Err(vec!["open_positions_max"]));
    assert_eq!(entered(capped(1).entry().start()), Err(vec!["open_positions_max"]));
    assert!(entered(capped(2).holding("0.1").start()).is_ok());
    // Both on one instrument are one position; dust is none.
    assert!(entered(capped(2).holding("0.1").entry().start()).is_ok());
    assert!(entered(capped(1).holding("0.000001").start()).is_ok());

    // 10000 and 0.1 BTC at 60000: 60 % of 16000 less 6000 leaves 3600, less the 60 at work 3540.
    let exposed = |rig: fn(Rig) -> Rig| {
        let mut settings = quick();
        (settings.limits.notional_max, settings.limits.exposure_max_instrument) =
            (d("99999"), d("1"));
        notional(&entered(rig(Rig::with(settings)).start()).unwrap())
    };
    let near = |found: ibis::domain::decimal::Decimal, most: &str, lot: &str| {
        assert!(found <= d(most) && found > d(most) - d(lot), "{found} for {most}");
    };
    near(exposed(|rig| rig), "6000", "1");
    near(exposed(|rig| rig.holding("0.1")), "3600", "1");
    near(exposed(|rig| rig.holding("0.1").entry()), "3540", "1");
}

#[test]
fn an_entry_says_what_sized_it() {
    let mut settings = quick();
    settings.limits.notional_max = d("500");
    let mut rig = Rig::with(settings).start();
    quote(&mut rig, eth(), ETH_BID);
    signal(&mut rig, eth());
    let size = decision(&rig).size.unwrap();
    assert_eq!(
        (size.bound, size.notional, size.equity),
        (Bound::NotionalMax, d("500"), d("10000"))
    );
}

/// The first decision that was written down.
fn decision(rig: &Rig) -> DecisionRecord {
    let decided = rig.records().find_map(|record| match record {
        Record::Decision(decision) => Some((**decision).clone()),
        _ => None,
    });
    decided.unwrap()
}

#[test]
fn a_decision_says_what_it_saw() {
    let mut rig = Rig::with(quick()).start();
    quote(&mut rig, eth(), ETH_BID);
    signal(&mut rig, eth());
    let instrument = &instruments()[eth().index()];
    let price = |ticks: i64| instrument.price_of(Ticks::new(ticks));
    let entry = decision(&rig);
    assert_eq!((entry.bid, entry.ask), (Some(price(ETH_BID)), Some(price(ETH_BID + 1))));
    let seen = entry.signal.unwrap();
    // The closes were 98 and 101 ticks: the average of both lies between two ticks.
    let half = price(1).mul(d("0.5"), Round::Down);
    assert_eq!((seen.close, seen.fast, seen.slow), (price(101), price(101), price(99) + half));
    assert_eq!((seen.fast_candles, seen.slow_candles), (1, 2));
    assert_eq!((entry.plan, entry.level), (None, Level::Running));

    let mut rig = Rig::with(quick()).holding("0.1").start();
    rig.quote(600_500);
    rig.quote(590_000);
    let exit = decision(&rig);
    assert_eq!((exit.purpose, exit.signal), (Purpose::StopLoss, None));
    let plan = exit.plan.unwrap();
    assert_eq!((plan.average, plan.high), (Some(d("60000")), d("60050")));
    assert_eq!((plan.stop, plan.take_profit), (d("59700"), Some(d("60240"))));
    assert_eq!(exit.size, None);
}

#[test]
fn what_is_held_or_on_its_way_is_not_entered_again() {
    let again = |mut rig: Rig| {
        rig.quote(600_000);
        rig.actions.clear();
        signal(&mut rig, BTC);
        (refusals(&rig), rig.sent().len())
    };
    let quick = || Rig::with(quick());
    assert_eq!(again(quick().holding("0.1").start()), (vec!["open_intent"], 0));
    assert_eq!(again(quick().entry().start()), (vec!["open_intent"], 0));
    assert_eq!(again(quick().holding("0.000001").start()), (vec![], 1), "dust is no position");
    let mut blind = quick().start();
    signal(&mut blind, BTC);
    assert_eq!((refusals(&blind), blind.sent().len()), (vec!["no_quote"], 0));
}

#[test]
fn the_oldest_entry_that_waited_long_enough_gives_way() {
    let mut settings = quick();
    settings.limits.open_positions_max = 1;
    let after = |seconds: i64| {
        let mut rig = Rig::with(settings.clone()).entry().start();
        rig.quote(600_000);
        quote(&mut rig, eth(), ETH_BID);
        // The entry is of the beginning; the soft age is 45 s.
        rig.pass(seconds);
        rig.actions.clear();
        signal(&mut rig, eth());
        assert_eq!(
            (refusals(&rig), rig.engine.open_orders().count()),
            (vec!["open_positions_max"], 1)
        );
        rig.cancels().iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(after(40), Vec::<String>::new());
    assert_eq!(after(45), [ENTRY]);
    // An exposure of one instrument that is full is nobody else's fault.
    let mut settings = quick();
    settings.limits.exposure_max_instrument = d("0.0001");
    let mut rig = Rig::with(settings).entry().start();
    rig.quote(600_000);
    quote(&mut rig, eth(), ETH_BID);
    rig.pass(50);
    rig.actions.clear();
    signal(&mut rig, eth());
    assert_eq!((refusals(&rig), rig.cancels()), (vec!["exposure_instrument"], vec![]));
}

#[test]
fn an_entry_ends_by_its_age_and_sooner_under_a_pause() {
    use ibis::domain::hold::{Hold, HoldCode, Level};
    let canceled_after = |paused: bool| {
        let mut settings = quick();
        settings.control.pause_cancel_us = 20_000_000;
        let mut rig = Rig::with(settings).entry().start();
        rig.quote(600_000);
        if paused {
            let set_at = rig.now();
            let (code, level) = (HoldCode::Operator, Level::SoftPause);
            let hold =
                Hold { scope: None, code, level, reason: String::new(), set_at, until: None };
            rig.step(&Event::SetHold(hold));
        }
        let began = rig.now();
        let canceled = (1..=120).find(|_| {
            rig.pass(1);
            rig.step(&Event::Timer);
            !rig.cancels().is_empty()
        });
        assert_eq!(canceled.map(|after| after * 1_000_000), Some(rig.now().us() - began.us()));
        canceled.unwrap()
    };
    assert_eq!(canceled_after(true), 20);
    assert_eq!(canceled_after(false), 59, "60 s after it was made, at the beginning");
}

#[test]
fn an_entry_waits_for_its_cooldown_and_not_longer() {
    let after = |seconds: i64| {
        let mut settings = quick();
        settings.strategy.reentry_cooldown_us = 60_000_000;
        let mut rig = Rig::with(settings).holding("0.1").start();
        rig.quote(600_000);
        rig.quote(590_000);
        let stop = rig.sent()[0];
        rig.fill(stop.client_order_id(), Side::Sell, 590_000, 10_000);
        rig.pass(seconds);
        rig.actions.clear();
        let now = rig.now();
        quote(&mut rig, BTC, 590_000);
        assert_eq!(rig.now(), now);
        signal(&mut rig, BTC);
        (refusals(&rig), rig.sent().len())
    };
    assert_eq!(after(59), (vec!["cooldown"], 0));
    assert_eq!(after(60), (vec![], 1));
}

#[test]
fn only_what_takes_may_take() {
    let is_post_only = |takes: bool| {
        let mut settings = quick();
        settings.strategy.entry_takes = takes;
        let order = entered(Rig::with(settings).start()).unwrap();
        let ibis::domain::order::OrderType::Limit { post_only, .. } = order.order_type() else {
            panic!("a limit order")
        };
        post_only
    };
    assert_eq!((is_post_only(false), is_post_only(true)), (true, false));
}

#[test]
fn a_thin_market_pauses_its_instrument_and_another_refusal_does_not() {
    use ibis::domain::hold::HoldCode;
    let paused = |quoted: bool| {
        let mut settings = quick();
        settings.guards.edge_min = Some(d("0.9"));
        let mut rig = Rig::with(settings).start();
        if quoted {
            quote(&mut rig, eth(), ETH_BID);
        }
        signal(&mut rig, eth());
        let symbol = instruments()[eth().index()].symbol();
        (refusals(&rig)[0], rig.engine.holds().is_set(Some(symbol), HoldCode::Edge))
    };
    assert_eq!(paused(true), ("edge", true));
    assert_eq!(paused(false), ("no_quote", false));
}

#[test]
fn a_plan_without_a_target_says_so() {
    let mut settings = quick();
    settings.strategy.take_profit = ibis::domain::decimal::Decimal::ZERO;
    let mut rig = Rig::with(settings).holding("0.1").start();
    rig.quote(600_000);
    rig.quote(590_000);
    assert_eq!(decision(&rig).plan.unwrap().take_profit, None);
}
