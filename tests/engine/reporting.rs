//! What the venue says of an order moves it, its position and the account; and what comes late, twice or
//! for nobody moves what it must and nothing else.

use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{ReportKind, VenueReason};
use ibis::domain::identifier::{ClientOrderId, VenueOrderId};
use ibis::domain::order::Purpose;
use ibis::domain::order_status::OrderStatus;
use ibis::domain::record::{FillRecord, OrderRecord, Projection, Record};
use ibis::domain::side::Side;
use ibis::engine::action::Action;
use ibis::engine::event::Event;

use super::{quick, quote, signal};
use crate::incidents::rig::{BTC, ENTRY, Rig, asset, d};

fn entry() -> ClientOrderId {
    ClientOrderId::new(ENTRY).unwrap()
}

/// Our entry of 100 lots of 0.00001 at 60000 is at work.
fn at_work() -> Rig {
    let mut rig = Rig::new().entry().start();
    rig.quote(600_000);
    rig.actions.clear();
    rig
}

/// Orders as they were written since the last clearing, by a fact or after a fill.
fn written(rig: &Rig) -> Vec<OrderRecord> {
    let orders = rig.actions.iter().filter_map(|action| match action {
        Action::Record(fact) => match &fact.record {
            Record::Order(order) => Some(order.clone()),
            _ => None,
        },
        Action::Project(Projection::Order(order)) => Some(order.clone()),
        _ => None,
    });
    orders.collect()
}

fn fills(rig: &Rig) -> Vec<FillRecord> {
    let fills = rig.records().filter_map(|record| match record {
        Record::Fill(fill) => Some((**fill).clone()),
        _ => None,
    });
    fills.collect()
}

fn surprises(rig: &Rig) -> Vec<String> {
    let surprises = rig.records().filter_map(|record| match record {
        Record::Surprise(it) => Some(format!("{} {}", it.code, it.subject)),
        _ => None,
    });
    surprises.collect()
}

fn refused() -> ReportKind {
    ReportKind::Rejected(VenueReason { code: 7, text: "no".into() })
}

#[test]
fn fills_move_their_order_and_the_last_one_ends_it() {
    let mut rig = at_work();
    let hold = |rig: &Rig| rig.engine.balances()[&asset("USDT")].hold();
    let before = hold(&rig);
    rig.fill(entry(), Side::Buy, 599_000, 40);
    let order = written(&rig).pop().unwrap();
    assert_eq!((order.status, order.filled), (OrderStatus::PartiallyFilled, d("0.0004")));
    assert_eq!((order.notional, order.fee), (d("23.96"), d("0.02396")));
    assert_eq!(order.venue_order_id, VenueOrderId::new("v-7").ok());
    let fill = fills(&rig).pop().unwrap();
    assert_eq!((fill.purpose, fill.reference_price), (Purpose::Entry, d("60000")));
    assert_eq!((fill.quantity, fill.realized), (d("0.0004"), None));
    assert_eq!(hold(&rig), before.mul(d("0.6"), ibis::domain::decimal::Round::Up));
    assert_eq!(rig.engine.open_orders().count(), 1);

    rig.fill(entry(), Side::Buy, 600_000, 60);
    let order = written(&rig).pop().unwrap();
    assert_eq!((order.status, order.filled), (OrderStatus::Filled, d("0.001")));
    assert_eq!((order.notional, order.fee), (d("59.96"), d("0.05996")));
    assert_eq!((rig.engine.open_orders().count(), hold(&rig)), (0, Decimal::ZERO));
    assert_eq!(rig.held(), d("0.001"));
    assert_eq!(surprises(&rig), Vec::<String>::new());
}

#[test]
fn a_fill_that_comes_after_the_end_belongs_to_its_order_whatever_works_now() {
    let mut rig = Rig::with(quick()).entry().start();
    rig.quote(600_000);
    rig.report(entry(), ReportKind::Canceled(None));
    rig.pass(3_600);
    quote(&mut rig, BTC, 600_000);
    signal(&mut rig, BTC);
    let next = rig.sent()[0].client_order_id();
    rig.fill(entry(), Side::Buy, 600_000, 40);
    let order = written(&rig).pop().unwrap();
    assert_eq!((order.client_order_id, order.filled), (entry(), d("0.0004")));
    assert_eq!(fills(&rig)[0].purpose, Purpose::Entry);
    let open: Vec<_> =
        rig.engine.open_orders().map(|it| (it.client_order_id, it.filled.get())).collect();
    assert_eq!(open, [(next, 0)], "the one at work is another");
    assert_eq!(surprises(&rig), Vec::<String>::new(), "that happens");
    assert_eq!(rig.held(), d("0.0004"));
}

#[test]
fn a_fill_for_nobody_is_booked_and_said() {
    let mut rig = at_work();
    let nobody = ClientOrderId::new("nobody-1").unwrap();
    rig.fill(nobody, Side::Buy, 601_000, 40);
    let fill = fills(&rig).pop().unwrap();
    assert_eq!((fill.purpose, fill.reference_price), (Purpose::Entry, d("60100")));
    assert_eq!(surprises(&rig), ["fill_of_unknown_order nobody-1"]);
    assert_eq!(written(&rig), [], "nobody's order is none of ours");
    rig.fill(nobody, Side::Sell, 601_000, 40);
    assert_eq!(fills(&rig).pop().unwrap().purpose, Purpose::SignalExit);
    assert_eq!(rig.held(), Decimal::ZERO);
}

#[test]
fn more_than_remained_is_booked_and_said() {
    let mut rig = at_work();
    rig.fill(entry(), Side::Buy, 600_000, 100);
    assert_eq!(surprises(&rig), Vec::<String>::new(), "all of it is no surprise");
    let mut rig = at_work();
    rig.fill(entry(), Side::Buy, 600_000, 60);
    rig.report(entry(), ReportKind::Canceled(None));
    rig.actions.clear();
    rig.fill(entry(), Side::Buy, 600_000, 41);
    assert_eq!(surprises(&rig), ["filled_beyond_quantity sim-1-7"]);
    assert_eq!(rig.held(), d("0.00101"));
}

#[test]
fn what_the_venue_says_twice_or_of_an_ended_order_changes_nothing() {
    let mut rig = at_work();
    rig.report(entry(), ReportKind::Canceled(None));
    rig.actions.clear();
    rig.report(entry(), ReportKind::Canceled(None));
    rig.report(entry(), ReportKind::Expired);
    assert_eq!((written(&rig).len(), surprises(&rig)), (0, vec![]), "normal life");
    rig.report(ClientOrderId::new("nobody-1").unwrap(), ReportKind::Expired);
    assert_eq!(surprises(&rig), ["unknown_order nobody-1"]);
}

#[test]
fn each_word_of_the_venue_moves_the_order_along_its_table() {
    let becomes = |kind: ReportKind| {
        let mut rig = at_work();
        rig.report(entry(), kind);
        let order = written(&rig).pop();
        let order = order.map(|order| (order.status, order.reason_code, order.reason));
        (order, rig.engine.open_orders().count(), surprises(&rig).len())
    };
    let over = |status| (Some((status, None, None)), 0, 0);
    assert_eq!(becomes(ReportKind::Canceled(None)), over(OrderStatus::Canceled));
    assert_eq!(becomes(ReportKind::Expired), over(OrderStatus::Expired));
    let reason = || VenueReason { code: 7, text: "no".into() };
    let canceled = (Some((OrderStatus::Canceled, Some(7), Some("no".to_owned()))), 0, 0);
    assert_eq!(becomes(ReportKind::Canceled(Some(reason()))), canceled);
    // An accepted order cannot be refused any more: said, and left as it is.
    assert_eq!(becomes(refused()), (None, 1, 1));
    let accepted = ReportKind::Accepted { venue_order_id: VenueOrderId::new("v-8").unwrap() };
    let mut rig = at_work();
    rig.report(entry(), accepted);
    assert_eq!(written(&rig)[0].venue_order_id, VenueOrderId::new("v-8").ok());
}

/// A position whose stop is hit, and the exit that follows.
fn stopped(rig: &mut Rig) -> ClientOrderId {
    rig.quote(590_000);
    let sent = rig.sent();
    assert_eq!(sent.iter().map(|it| it.purpose()).collect::<Vec<_>>(), [Purpose::StopLoss]);
    sent[0].client_order_id()
}

#[test]
fn a_refused_exit_is_tried_again_after_a_pause_that_doubles() {
    let mut rig = Rig::with(quick()).holding("0.1").start();
    rig.quote(600_000);
    for pause in [5, 10, 20, 40] {
        let exit = stopped(&mut rig);
        rig.report(exit, refused());
        rig.actions.clear();
        rig.pass(pause - 2);
        rig.quote(590_000);
        assert_eq!(rig.sent(), [], "a second early, after {pause}");
    }
    // A fill says that the venue takes them again.
    let exit = stopped(&mut rig);
    rig.fill(exit, Side::Sell, 590_000, 5_000);
    rig.report(exit, ReportKind::Canceled(None));
    rig.actions.clear();
    rig.quote(590_000);
    let exit = rig.sent()[0].client_order_id();
    rig.report(exit, refused());
    rig.pass(3);
    rig.quote(590_000);
    assert_eq!(rig.sent(), [], "4 s after");
    stopped(&mut rig);
}

#[test]
fn dust_is_refused_once_and_other_refusals_each_time() {
    let refusals = |rig: &Rig| super::refusals(rig);
    let mut rig = Rig::with(quick()).holding("0.000001").start();
    for bid in [600_000, 590_000, 580_000] {
        rig.quote(bid);
    }
    assert_eq!(refusals(&rig), ["dust"]);
    use ibis::domain::hold::{Hold, HoldCode, Level};
    let mut rig = Rig::with(quick()).holding("0.1").start();
    rig.quote(600_000);
    let (scope, code, level) = (None, HoldCode::KillSwitch, Level::KillSwitch);
    let (reason, set_at) = (String::new(), rig.now());
    rig.step(&Event::SetHold(Hold { scope, code, level, reason, set_at, until: None }));
    rig.quote(590_000);
    rig.quote(580_000);
    assert_eq!(refusals(&rig), ["held", "held"]);
}

#[test]
fn one_exit_is_at_work_at_a_time_and_is_not_taken_back() {
    let mut rig = Rig::with(quick()).holding("0.1").start();
    rig.quote(600_000);
    stopped(&mut rig);
    rig.quote(580_000);
    assert_eq!((rig.cancels(), rig.engine.open_orders().count()), (vec![], 1));
}

#[test]
fn only_so_many_ended_orders_are_remembered() {
    let mut rig = Rig::with(quick()).holding("10").start();
    rig.quote(600_000);
    let mut exits = Vec::new();
    for _ in 0..65 {
        let exit = stopped(&mut rig);
        rig.report(exit, ReportKind::Canceled(None));
        exits.push(exit);
    }
    rig.actions.clear();
    rig.fill(exits[1], Side::Sell, 590_000, 100);
    assert_eq!(surprises(&rig), Vec::<String>::new(), "the 64th back is known");
    rig.actions.clear();
    rig.fill(exits[0], Side::Sell, 590_000, 100);
    assert_eq!(surprises(&rig), [format!("fill_of_unknown_order {}", exits[0])]);
}

/// A sale of 100 lots at what they cost, for nobody, its fee in an asset.
fn paid_in(fee_asset: &str) -> FillRecord {
    use ibis::domain::execution::Execution;
    use ibis::domain::identifier::ExecutionId;
    use ibis::domain::instrument::{Liquidity, Lots, Ticks};
    let mut rig = Rig::new().holding("0.1");
    let some = ibis::domain::balance::Balance::new(d("7"), Decimal::ZERO).unwrap();
    rig.known.balances.insert(asset("KCS"), some);
    let mut rig = rig.start();
    rig.quote(600_000);
    let client_order_id = ClientOrderId::new("nobody-1").unwrap();
    let sell = |venue_sequence: u64| Execution {
        execution_id: ExecutionId::new(&venue_sequence.to_string()).unwrap(),
        venue_sequence,
        client_order_id,
        venue_order_id: VenueOrderId::new("v-9").unwrap(),
        instrument: BTC,
        side: Side::Sell,
        price: Ticks::new(600_000),
        quantity: Lots::new(100),
        notional: d("60"),
        fee: d("0.5"),
        fee_asset: asset(fee_asset),
        liquidity: Liquidity::Taker,
        at: rig.now(),
    };
    let execution = sell(rig.engine.venue_cursor() + 1);
    rig.report(client_order_id, ReportKind::Fill(execution));
    fills(&rig).pop().unwrap()
}

#[test]
fn a_fee_in_another_asset_is_no_part_of_what_was_earned() {
    let net = |fee_asset: &str| paid_in(fee_asset).realized.unwrap().net;
    assert_eq!(net("USDT"), d("-0.5"));
    assert_eq!(net("KCS"), Decimal::ZERO);
}

#[test]
fn an_entry_that_ends_without_a_fill_pauses_its_instrument() {
    let entry_after = |lots: i64| {
        let mut rig = at_work();
        if lots > 0 {
            rig.fill(entry(), Side::Buy, 600_000, lots);
        }
        rig.report(entry(), ReportKind::Canceled(None));
        let desk = &rig.engine.desks()[BTC.index()];
        (desk.entry_after > rig.now(), desk.plan.is_some())
    };
    assert_eq!(entry_after(0), (true, false));
    assert_eq!(entry_after(40), (false, true), "what it bought has a plan");
}

#[test]
fn what_is_left_of_a_position_as_dust_has_no_plan() {
    let left = |sold: i64| {
        let mut rig = Rig::with(quick()).holding("0.1").start();
        rig.quote(600_000);
        let exit = stopped(&mut rig);
        rig.fill(exit, Side::Sell, 590_000, sold);
        let desk = &rig.engine.desks()[BTC.index()];
        (desk.plan.is_some(), desk.entry_after > rig.now())
    };
    assert_eq!(left(5_000), (true, false));
    assert_eq!(left(10_000), (false, true), "all of it is sold");
    let mut settings = quick();
    settings.strategy.stop_loss = d("0.5");
    let mut rig = Rig::with(settings).holding("0.100001").start();
    rig.quote(600_000);
    let nobody = ClientOrderId::new("nobody-1").unwrap();
    rig.fill(nobody, Side::Sell, 600_000, 10_000);
    let desk = &rig.engine.desks()[BTC.index()];
    assert_eq!((desk.is_dust(), desk.plan.is_some()), (true, false));
    assert!(desk.entry_after > rig.now());
}

#[test]
fn what_a_fill_moves_is_written_down() {
    let mut rig = at_work();
    rig.fill(entry(), Side::Buy, 600_000, 100);
    let balances = rig.actions.iter().filter_map(|action| match action {
        Action::Project(Projection::Balance { asset, total, hold }) => {
            Some((asset.to_string(), *total, *hold))
        }
        _ => None,
    });
    let last: std::collections::BTreeMap<String, (Decimal, Decimal)> =
        balances.map(|(asset, total, hold)| (asset, (total, hold))).collect();
    assert_eq!(last["BTC"], (d("0.001"), Decimal::ZERO));
    assert_eq!(last["USDT"], (d("9939.94"), Decimal::ZERO));
    let row = rig.actions.iter().rev().find_map(|action| match action {
        Action::Project(Projection::Position(row)) => Some(row.bought),
        _ => None,
    });
    assert_eq!(row, Some(d("0.001")));
    let cursor = rig.actions.iter().find_map(|action| match action {
        Action::Project(Projection::VenueCursor(cursor)) => Some(*cursor),
        _ => None,
    });
    assert_eq!(cursor, Some(2));
}

#[test]
fn an_order_that_the_venue_does_not_know_never_reached_it_unless_it_is_older_than_its_memory() {
    use ibis::domain::time::Timestamp;
    use ibis::engine::reconcile::VenueSnapshot;
    let at = |second: i64| Timestamp::from_us(second * 1_000_000);
    let reason = |history_from: i64| {
        let mut rig = Rig::new().entry();
        rig.known.orders[0].created_at = at(100);
        let snapshot = VenueSnapshot {
            balances: rig.known.balances.clone(),
            venue_sequence: rig.known.venue_cursor,
            history_from: at(history_from),
            ..VenueSnapshot::remembering_all()
        };
        rig.engine.restore(rig.known.clone(), at(200), &mut rig.actions);
        rig.engine.reconcile(&snapshot, at(200), &mut rig.actions);
        let order = written(&rig).pop().unwrap();
        assert_eq!(order.status, OrderStatus::Canceled);
        order.reason.unwrap()
    };
    assert_eq!(reason(99), "never reached the venue");
    assert_eq!(reason(100), "never reached the venue");
    assert_eq!(reason(101), "unknown: older than what the venue remembers");
}

#[test]
fn a_cancel_that_died_with_its_process_is_asked_for_again() {
    let mut rig = Rig::new().entry();
    rig.known.orders[0].status = OrderStatus::PendingCancel;
    let mut rig = rig.start();
    let statuses: Vec<_> = rig.engine.open_orders().map(|order| order.status).collect();
    assert_eq!(statuses, [OrderStatus::New]);
    rig.quote(600_000);
    rig.pass(120);
    rig.step(&Event::Timer);
    assert_eq!(rig.cancels(), [ENTRY]);
}
