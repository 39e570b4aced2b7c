//! The engine and the paper venue together over seeded markets, every invariant after every step.

mod chaos;
mod reconciliation;
pub mod world;

use ibis::domain::decimal::Decimal;
use ibis::domain::order::Purpose;
use ibis::domain::record::Record;

use world::{Fault, World};

/// Simulated time of one seed.
const HOURS: i64 = 3;

#[test]
fn invariants_hold_over_seeded_markets_and_the_books_agree_to_the_last_unit() {
    let mut purposes = std::collections::BTreeSet::new();
    let mut fills = 0;
    for seed in 1..=6 {
        let mut world = World::new(seed, Fault::None);
        world.run_hours(HOURS);
        world.assert_agrees_with_the_venue();
        for fact in &world.facts {
            if let Record::Fill(fill) = &fact.record {
                fills += 1;
                purposes.insert(fill.purpose);
            }
        }
    }
    assert!(fills > 100, "the market gives something to do: {fills} fills");
    for purpose in [
        Purpose::Entry,
        Purpose::SignalExit,
        Purpose::TimeExit,
        Purpose::TakeProfit,
        Purpose::StopLoss,
        Purpose::TrailingStop,
    ] {
        assert!(purposes.contains(&purpose), "{purpose:?} never happened");
    }
}

#[test]
fn the_same_seed_gives_the_same_facts() {
    let run = |seed| {
        let mut world = World::new(seed, Fault::None);
        world.run_hours(2);
        world.facts
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn duplicated_reports_change_nothing() {
    let run = |fault| {
        let mut world = World::new(5, fault);
        world.run_hours(3);
        world.assert_agrees_with_the_venue();
        world.engine.balances().clone()
    };
    assert_eq!(run(Fault::None), run(Fault::DuplicateReports));
}

#[test]
fn lost_reports_are_made_up_for_by_reconciliation() {
    for seed in 1..=4 {
        let mut world = World::new(seed, Fault::LoseReports { one_in: 5 });
        world.run_hours(3);
        assert!(world.lost > 0, "the fault happened");
        world.reconcile();
        world.assert_agrees_with_the_venue();
    }
}

#[test]
fn a_crash_between_intent_and_send_leaves_no_order_and_no_hold() {
    let mut world = World::new(2, Fault::DropSubmits { one_in: 3 });
    world.run_hours(2);
    assert!(world.dropped > 0, "the fault happened");
    world.reconcile();
    world.assert_agrees_with_the_venue();
    let held: Decimal = world.engine.balances().values().map(|balance| balance.hold()).sum();
    let open = world.engine.open_orders().count();
    assert!(open > 0 || held.is_zero(), "{held} held without an order");
}

#[test]
fn no_instrument_ever_has_two_open_intents() {
    let mut world = World::new(7, Fault::None);
    world.run_hours(HOURS);
    let mut open = std::collections::BTreeMap::new();
    let mut symbols = std::collections::BTreeMap::new();
    for fact in &world.facts {
        match &fact.record {
            Record::Intent(intent) => {
                symbols.insert(intent.client_order_id, intent.symbol);
                let before = open.insert(intent.symbol, intent.client_order_id);
                assert_eq!(before, None, "{} while another was open", intent.client_order_id);
            }
            Record::Order(order) if order.status.is_terminal() => {
                open.remove(&symbols[&order.client_order_id]);
            }
            Record::Fill(fill) if world.is_over(fill.client_order_id) => {
                let left = world.left_after(fill);
                if left {
                    open.remove(&fill.symbol);
                }
            }
            _ => {}
        }
    }
}
