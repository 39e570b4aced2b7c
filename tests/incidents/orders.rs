//! Orders: entered once, filled once, stopped in time.

use std::collections::BTreeMap;

use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{ReportKind, VenueReason};
use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::identifier::ClientOrderId;
use ibis::domain::order::Purpose;
use ibis::domain::record::Record;
use ibis::domain::side::Side;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::event::Event;

use super::rig::{BTC, ENTRY, Rig, d};
use crate::cli::RUN;
use crate::simulation::world::{Fault, World};
use crate::support::home::Home;

/// An order that filled between two looks vanished together with its fill.
#[test]
fn i_03_lost_fill() {
    let mut world = World::new(11, Fault::LoseReports { one_in: 3 });
    world.run_hours(2);
    assert!(world.lost > 5, "{} lost", world.lost);
    world.reconcile();
    world.assert_agrees_with_the_venue();
}

/// The same coin bought seven times within two minutes; 22.9 % of all buys were such.
#[test]
fn i_04_duplicate_entry() {
    let mut world = World::new(7, Fault::None);
    world.run_hours(2);
    let mut held: BTreeMap<Symbol, Decimal> = BTreeMap::new();
    let mut entries = 0;
    for fact in &world.facts {
        match &fact.record {
            Record::Intent(intent) if intent.purpose == Purpose::Entry => {
                entries += 1;
                let held = held.get(&intent.symbol).copied().unwrap_or_default();
                assert!(held.is_zero(), "{} while {held} is held", intent.client_order_id);
            }
            Record::Fill(fill) => {
                let sign = if fill.side == Side::Buy { fill.quantity } else { -fill.quantity };
                *held.entry(fill.symbol).or_default() += sign;
            }
            _ => {}
        }
    }
    assert!(entries > 20, "{entries} entries");
    // Whatever a program believes: the ledger takes one open intent for an instrument.
    let home = Home::new();
    home.json(RUN);
    let open = |id: &str| {
        let values = format!("'{id}','BTC-USDT','buy','entry','limit','GTC',0,'1','1','1',1,NULL");
        home.ledger().execute(&format!("INSERT INTO intents VALUES ({values})"), [])
    };
    home.ledger()
        .execute("UPDATE intents SET ended_at_us = 1 WHERE ended_at_us IS NULL", [])
        .unwrap();
    open("one").unwrap();
    assert!(open("two").unwrap_err().to_string().contains("UNIQUE"));
}

/// Down while the price fell: sold 60.8 % lower. A pending sell, an exception, a hold kept the stop away.
#[test]
fn i_16_stop_unreachable() {
    // Overdue at the start: the very first price sells.
    let mut rig = Rig::new().holding("0.1").start();
    assert!(rig.engine.holds().is_set(None, HoldCode::Startup), "entries wait for it");
    rig.quote(235_000);
    let sent = rig.sent();
    assert_eq!(sent.iter().map(|it| it.purpose()).collect::<Vec<_>>(), [Purpose::StopLoss]);
    assert!(!rig.engine.holds().is_set(None, HoldCode::Startup));
    // An exit that did not fill in full is followed by another.
    let id = sent[0].client_order_id();
    rig.fill(id, Side::Sell, 235_000, 4_000);
    rig.report(id, ReportKind::Canceled(None));
    rig.quote(234_000);
    assert_eq!(rig.sent()[0].quantity().get(), 6_000);
    // No reason not to trade keeps a stop away, nor does an entry at work.
    for level in [Level::SoftPause, Level::HardStop] {
        let mut rig = Rig::new().holding("0.1").entry().start();
        let (scope, code, set_at) = (None, HoldCode::Operator, Timestamp::from_us(1));
        let reason = "asked".to_owned();
        rig.step(&Event::SetHold(Hold { scope, code, level, reason, set_at, until: None }));
        rig.quote(235_000);
        assert!(rig.cancels().contains(&ENTRY), "{level}");
        rig.report(ClientOrderId::new(ENTRY).unwrap(), ReportKind::Canceled(None));
        rig.quote(234_000);
        assert_eq!(rig.sent()[0].purpose(), Purpose::StopLoss, "{level}");
    }
}

/// A canceled buy was forgotten with what had filled of it; a cancel that failed counted as done.
#[test]
fn i_17_partial_fill_forgotten_on_cancel() {
    let id = ClientOrderId::new(ENTRY).unwrap();
    let mut rig = Rig::new().entry().start();
    rig.fill(id, Side::Buy, 600_000, 30);
    rig.step(&Event::Drain);
    assert_eq!(rig.cancels(), [ENTRY]);
    assert_eq!(rig.engine.open_orders().count(), 1, "a cancel that was sent is not yet one");
    rig.fill(id, Side::Buy, 600_000, 20);
    rig.report(id, ReportKind::Canceled(None));
    assert_eq!((rig.held(), rig.engine.open_orders().count()), (d("0.0005"), 0));
    // Told after the end, and booked all the same.
    rig.fill(id, Side::Buy, 600_000, 5);
    assert_eq!(rig.held(), d("0.00055"));
    assert!(
        !rig.records()
            .any(|it| matches!(it, Record::Surprise(it) if it.code == "fill_of_unknown_order"))
    );
    let plan = rig.engine.desks()[BTC.index()].plan;
    assert!(plan.is_some(), "what is held has a stop");

    // The cancel is refused since the order is filled: it is filled, not canceled.
    let mut rig = Rig::new().entry().start();
    rig.step(&Event::Drain);
    let text = "The order cannot be canceled.".into();
    rig.report(id, ReportKind::CancelRejected(VenueReason { code: 400_100, text }));
    assert_eq!(rig.engine.open_orders().count(), 1);
    rig.fill(id, Side::Buy, 600_000, 100);
    assert_eq!((rig.held(), rig.engine.open_orders().count()), (d("0.001"), 0));
}
