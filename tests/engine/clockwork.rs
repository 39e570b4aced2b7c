//! What the clock does, what the start brings along, what is counted.

use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::record::{Projection, Sample};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;

use super::{ETH_BID, candle, eth, market, print, quick, quote, signal};
use crate::incidents::rig::{BTC, ENTRY, Rig, d};
use ibis::domain::market_data::MarketData;

fn samples(rig: &Rig) -> Vec<&Sample> {
    let taken = rig.actions.iter().filter_map(|action| match action {
        Action::Project(Projection::Sample(sample)) => Some(sample),
        _ => None,
    });
    taken.collect()
}

fn seconds(timestamp: Timestamp) -> i64 {
    timestamp.us() / 1_000_000
}

#[test]
fn each_minute_is_sampled_once_with_what_the_account_is_worth_then() {
    let mut rig = Rig::new().holding("0.1").entry().start();
    rig.quote(590_000);
    assert_eq!(samples(&rig), Vec::<&Sample>::new(), "the minute of the start began without it");
    for second in [59, 60, 61, 119, 121, 181, 182] {
        rig.pass(second - seconds(rig.now()));
        rig.step(&Event::Timer);
    }
    let minutes: Vec<i64> = samples(&rig).iter().map(|sample| seconds(sample.at)).collect();
    assert_eq!(minutes, [60, 120, 180], "the minute's beginning, whenever an event comes");
    let first = samples(&rig)[0].clone();
    // 10000 in cash, 60 of them held for the entry; 0.1 BTC that cost 6000 are worth 5900.
    assert_eq!((first.cash, first.exposure, first.unrealized), (d("10000"), d("5900"), d("-100")));
    assert_eq!((first.equity, first.state, first.complete), (d("15900"), Level::Running, true));
    assert!(first.cash_available <= d("9940") && first.cash_available > d("9939"), "and its fee");
    assert_eq!((first.positions, first.open_buy_orders, first.open_sell_orders), (1, 1, 0));
}

#[test]
fn an_account_that_cannot_be_valued_is_sampled_as_such() {
    let mut rig = Rig::new().holding("0.1").start();
    rig.pass(120);
    rig.step(&Event::Timer);
    rig.pass(120);
    rig.step(&Event::Timer);
    let sample = samples(&rig).pop().unwrap();
    assert_eq!((sample.complete, sample.exposure, sample.equity), (false, d("0"), d("10000")));
}

#[test]
fn the_next_deadline_is_the_earliest_of_stale_entries_and_ends_of_holds() {
    let mut rig = Rig::new().start();
    rig.quote(600_000);
    assert_eq!(rig.engine.next_deadline(), None, "nothing waits");
    // The entry was made a microsecond after the beginning and may wait for 60 s.
    let mut rig = Rig::new().entry().start();
    rig.quote(600_000);
    assert_eq!(rig.engine.next_deadline().map(seconds), Some(60));
    let until = Some(Timestamp::from_us(30_000_000));
    let (code, level) = (HoldCode::StaleData, Level::Degraded);
    let hold = Hold {
        scope: None,
        code,
        level,
        reason: String::new(),
        set_at: Timestamp::default(),
        until,
    };
    rig.step(&Event::SetHold(hold));
    assert_eq!(rig.engine.next_deadline().map(seconds), Some(30));
    rig.pass(27);
    rig.step(&Event::Timer);
    assert_eq!(rig.engine.level(), Level::Degraded);
    rig.pass(1);
    rig.step(&Event::Timer);
    assert_eq!(rig.engine.level(), Level::Running, "its time is over");
    assert_eq!(rig.cancels(), Vec::<&str>::new());
    rig.pass(30);
    rig.step(&Event::Timer);
    assert_eq!(rig.cancels(), Vec::<&str>::new(), "a second early");
    rig.pass(1);
    rig.step(&Event::Timer);
    rig.pass(1);
    rig.step(&Event::Timer);
    assert_eq!(rig.cancels(), [ENTRY], "canceled at its age, once");
    assert_eq!(rig.engine.next_deadline(), None, "its cancel is on its way");
}

#[test]
fn candles_from_before_the_start_move_the_averages_and_signal_nothing() {
    let warm = |closes: &[i64]| {
        let mut rig = Rig::with(quick()).start();
        let before = rig.engine.inputs();
        let candles: Vec<_> = closes.iter().map(|close| candle(*close)).collect();
        rig.engine.warm_up(eth(), &candles);
        assert_eq!(rig.engine.inputs(), before + 1, "one input");
        quote(&mut rig, eth(), ETH_BID);
        assert_eq!(rig.sent(), []);
        rig
    };
    // Built from prints: the source gives no candles of its own.
    let falling = warm(&[100, 99, 98]);
    let (fast, slow) = {
        let desk = &falling.engine.desks()[eth().index()];
        (desk.cross.fast().sum(), desk.cross.slow().sum())
    };
    assert_eq!((fast, slow), (Some(98), Some(98 + 99)));
    let cold = warm(&[]);
    assert_eq!(cold.engine.desks()[eth().index()].cross.slow().sum(), None);
}

#[test]
fn only_the_named_instruments_are_entered_and_an_unknown_name_is_refused() {
    let symbol = |text: &str| Symbol::new(text).unwrap();
    let mut rig = Rig::with(quick()).start();
    let unknown = symbol("NOBODY-USDT");
    assert_eq!(rig.engine.trade_only(&[symbol("BTC-USDT"), unknown]), Err(unknown));
    let enters = |names: &[Symbol]| {
        let mut rig = Rig::with(quick()).start();
        assert_eq!(rig.engine.trade_only(names), Ok(()));
        let mut entered = Vec::new();
        for (instrument, bid) in [(BTC, 600_000), (eth(), ETH_BID)] {
            quote(&mut rig, instrument, bid);
            signal(&mut rig, instrument);
            entered.extend(rig.sent().iter().map(|order| order.instrument()));
        }
        entered
    };
    assert_eq!(enters(&[]), [BTC, eth()], "all, where none is named");
    assert_eq!(enters(&[symbol("ETH-USDT")]), [eth()]);
    assert_eq!(enters(&[symbol("BTC-USDT")]), [BTC]);
}

#[test]
fn every_input_is_counted_and_causes_what_follows_from_it() {
    let mut rig = Rig::new().start();
    let before = rig.engine.inputs();
    rig.actions.clear();
    for _ in 0..3 {
        rig.pass(1);
        rig.step(&Event::Timer);
    }
    assert_eq!(rig.engine.inputs(), before + 3);
    market(&mut rig, eth(), MarketData::Candle(candle(1)));
    rig.step(&Event::ClearHold { scope: None, code: HoldCode::StaleData });
    let hold = Hold {
        scope: None,
        code: HoldCode::StaleData,
        level: Level::Degraded,
        reason: String::new(),
        set_at: Timestamp::default(),
        until: None,
    };
    rig.step(&Event::SetHold(hold));
    let inputs: Vec<Option<u64>> = rig
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::Record(fact) => Some(fact.input),
            _ => None,
        })
        .collect();
    assert!(!inputs.is_empty());
    assert!(inputs.iter().all(|input| *input == Some(before + 6)), "{inputs:?}");
}

#[test]
fn fills_move_the_cursor_and_only_in_order() {
    let mut rig = Rig::new().entry().start();
    assert_eq!(rig.engine.venue_cursor(), 1);
    let id = ibis::domain::identifier::ClientOrderId::new(ENTRY).unwrap();
    rig.fill(id, ibis::domain::side::Side::Buy, 600_000, 40);
    assert_eq!(rig.engine.venue_cursor(), 2);
    rig.fill(id, ibis::domain::side::Side::Buy, 600_000, 60);
    assert_eq!(rig.engine.venue_cursor(), 3);
    assert_eq!(rig.held(), d("0.001"));
}

#[test]
fn the_first_candle_of_the_sources_own_voids_what_was_built_and_prints_build_no_more() {
    let mut rig = Rig::with(quick()).start();
    let desk = |rig: &Rig| rig.engine.desks()[eth().index()].clone();
    rig.engine.warm_up(eth(), &[candle(100), candle(99)]);
    market(&mut rig, eth(), print(100));
    let building = desk(&rig).builder;
    market(&mut rig, eth(), MarketData::Candle(candle(98)));
    let cross = desk(&rig).cross;
    assert_eq!((cross.fast().sum(), cross.slow().sum()), (Some(98), None), "begun anew");
    market(&mut rig, eth(), MarketData::Candle(candle(97)));
    assert_eq!(desk(&rig).cross.slow().sum(), Some(98 + 97), "and gone on with");
    market(&mut rig, eth(), print(101));
    assert_eq!(desk(&rig).builder, building, "a print is in the source's own candles");
}

#[test]
fn a_plan_is_judged_at_each_new_price_and_not_between() {
    let mut rig = Rig::with(quick()).holding("0.1").start();
    quote(&mut rig, BTC, 600_000);
    rig.pass(86_400 * 30);
    market(&mut rig, BTC, print(600_000));
    assert_eq!(rig.sent(), [], "too old, and nobody said at which price it can be sold");
    quote(&mut rig, BTC, 600_001);
    assert_eq!(rig.sent().len(), 1);
}

#[test]
fn an_agent_that_may_enter_is_not_paused() {
    let mut rig = Rig::new().start();
    rig.quote(600_000);
    assert!(!rig.engine.is_paused());
}

#[test]
fn the_newest_news_of_the_market_is_known() {
    let mut rig = Rig::new().start();
    assert_eq!(rig.engine.data_at(), None, "none came");
    quote(&mut rig, eth(), ETH_BID);
    let first = rig.now();
    rig.pass(5);
    quote(&mut rig, BTC, 600_000);
    assert_eq!(rig.engine.data_at(), Some(rig.now()));
    assert!(rig.now() > first);
}
