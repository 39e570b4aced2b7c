//! What a start makes of a venue that disagrees: every difference is named, and nothing is entered.

use std::collections::BTreeMap;

use ibis::domain::balance::Balance;
use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{ExecutionReport, ReportKind, VenueReason};
use ibis::domain::hold::{HoldCode, Level};
use ibis::domain::identifier::{Asset, ClientOrderId, InstrumentId, VenueOrderId};
use ibis::domain::instrument::{Lots, Ticks};
use ibis::domain::market_data::{MarketData, MarketEvent, Quote};
use ibis::domain::order_status::OrderStatus;
use ibis::domain::position::{Basis, Lot, Position};
use ibis::domain::record::Record;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::difference::Matter;
use ibis::engine::reconcile::{
    Difference, DifferenceKind, Known, KnownPosition, VenueOrderView, VenueSnapshot,
};
use ibis::engine::{Engine, invariant};

use super::world::{engine_settings, instruments};

fn balances(usdt: i64) -> BTreeMap<Asset, Balance> {
    let balance = Balance::new(Decimal::from_int(usdt), Decimal::ZERO).unwrap();
    BTreeMap::from([(Asset::new("USDT").unwrap(), balance)])
}

fn at(us: i64) -> Timestamp {
    Timestamp::from_us(us)
}

/// A start with what the ledger and the venue say; the engine, its actions, the differences.
fn start(known: Known, venue: &VenueSnapshot) -> (Engine, Vec<Action>, Vec<Difference>) {
    let mut engine = Engine::new(engine_settings(1), &instruments());
    let mut actions = Vec::new();
    engine.restore(known, at(1), &mut actions);
    assert_eq!(engine.level(), Level::SoftPause, "nothing is permitted before");
    let differences = engine.reconcile(venue, at(2), &mut actions);
    assert_eq!(invariant::check(&engine), []);
    (engine, actions, differences)
}

fn order(id: &str) -> VenueOrderView {
    VenueOrderView {
        client_order_id: ClientOrderId::new(id).unwrap(),
        venue_order_id: VenueOrderId::new("1").unwrap(),
        symbol: Symbol::new("BTC-USDT").unwrap(),
        status: OrderStatus::New,
    }
}

fn surprises(actions: &[Action]) -> Vec<String> {
    let named = actions.iter().filter_map(|action| match action {
        Action::Record(fact) => match &fact.record {
            Record::Surprise(surprise) => Some(format!("{} {}", surprise.code, surprise.subject)),
            _ => None,
        },
        _ => None,
    });
    named.collect()
}

#[test]
fn an_account_seen_for_the_first_time_is_a_deposit() {
    let venue = VenueSnapshot { balances: balances(500), ..VenueSnapshot::remembering_all() };
    let (engine, actions, differences) = start(Known::default(), &venue);
    assert_eq!((differences, engine.level()), (vec![], Level::Running));
    assert_eq!(engine.equity(), Decimal::from_int(500));
    let deposits = actions.iter().filter(|action| {
        matches!(action, Action::Record(fact) if matches!(fact.record, Record::Transfer(_)))
    });
    assert_eq!(deposits.count(), 1);
}

#[test]
fn a_balance_that_changed_on_its_own_pauses_entries_until_a_person_looks() {
    let known = Known { balances: balances(500), ..Known::default() };
    let venue = VenueSnapshot { balances: balances(450), ..VenueSnapshot::remembering_all() };
    let (mut engine, actions, differences) = start(known, &venue);
    let expected = Difference {
        kind: DifferenceKind::BalanceTotal,
        subject: "USDT".to_owned(),
        scope: None,
        ledger: "500".to_owned(),
        venue: "450".to_owned(),
        matter: Matter::Balance(Asset::new("USDT").unwrap(), Decimal::from_int(-50)),
    };
    assert_eq!(differences, [expected]);
    assert_eq!(engine.level(), Level::SoftPause);
    assert!(engine.holds().is_set(None, HoldCode::ReconcileMismatch));
    assert_eq!(surprises(&actions), ["balance_total USDT"]);
    // The balance is what the ledger knew: never invented, never overwritten by a fetch.
    assert_eq!(engine.equity(), Decimal::from_int(500));

    let healed = VenueSnapshot { balances: balances(500), ..VenueSnapshot::remembering_all() };
    assert_eq!(engine.reconcile(&healed, at(3), &mut Vec::new()), []);
    assert_eq!(engine.level(), Level::Running);
}

#[test]
fn our_name_without_an_intent_is_canceled_a_foreign_order_is_named() {
    let known = Known { balances: balances(500), ..Known::default() };
    let venue = VenueSnapshot {
        open_orders: vec![order("sim-1-77"), order("somebody-else")],
        balances: balances(500),
        ..VenueSnapshot::remembering_all()
    };
    let (engine, actions, differences) = start(known, &venue);
    let names: Vec<_> = differences.iter().map(|it| (it.kind, it.subject.as_str())).collect();
    let expected = [
        (DifferenceKind::OrderWithoutIntent, "sim-1-77"),
        (DifferenceKind::ForeignOrder, "somebody-else"),
    ];
    assert_eq!(names, expected);
    let symbol = Symbol::new("BTC-USDT").unwrap();
    assert_eq!(engine.level(), Level::Running, "the other instruments go on");
    assert_eq!(engine.holds().level_for(symbol), Level::SoftPause);
    let canceled: Vec<_> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Cancel(id) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(canceled, ["sim-1-77"], "a stranger's order is not ours to touch");
}

#[test]
fn a_new_ledger_on_an_old_account_adopts_it_as_it_stands() {
    let mut all = balances(500);
    let held = Balance::new(Decimal::ONE, Decimal::ZERO).unwrap();
    all.insert(Asset::new("BTC").unwrap(), held);
    let venue =
        VenueSnapshot { balances: all, venue_sequence: 7, ..VenueSnapshot::remembering_all() };
    let (engine, actions, differences) = start(Known::default(), &venue);
    assert_eq!((differences, engine.venue_cursor()), (vec![], 7));
    assert_eq!(surprises(&actions), Vec::<String>::new());
    let btc = engine.desks().iter().find(|desk| desk.instrument.base().as_str() == "BTC").unwrap();
    assert_eq!(btc.position.quantity(), Decimal::ONE);
    assert_eq!(btc.position.average_price(), None, "what it cost is unknown, not invented");
}

#[test]
fn an_account_that_counts_fewer_fills_than_were_booked_is_named() {
    let known = Known { balances: balances(500), venue_cursor: 9, ..Known::default() };
    let venue = VenueSnapshot {
        balances: balances(500),
        venue_sequence: 3,
        ..VenueSnapshot::remembering_all()
    };
    let (engine, _, differences) = start(known, &venue);
    let named: Vec<_> = differences.iter().map(|it| it.kind).collect();
    let expected = vec![DifferenceKind::VenueFillCounter];
    assert_eq!((named, engine.level()), (expected, Level::SoftPause));
}

#[test]
fn a_refused_exit_is_tried_ever_more_rarely() {
    let desk = instruments().into_iter().position(|it| it.base().as_str() == "BTC").unwrap();
    let instrument = InstrumentId(u16::try_from(desk).unwrap());
    let lot = Lot {
        quantity: Decimal::ONE,
        cost: Decimal::from_int(60_000),
        fee: Decimal::ZERO,
        basis: Basis::Known,
        opened_at: at(1),
    };
    let mut known = Known { balances: balances(500), ..Known::default() };
    let held = Balance::new(Decimal::ONE, Decimal::ZERO).unwrap();
    known.balances.insert(Asset::new("BTC").unwrap(), held);
    let venue =
        VenueSnapshot { balances: known.balances.clone(), ..VenueSnapshot::remembering_all() };
    known.positions.push(KnownPosition {
        instrument,
        position: Position::new([lot]),
        high_price: None,
        bought: Decimal::ONE,
        sold: Decimal::ZERO,
        transferred: Decimal::ZERO,
    });
    let (mut engine, mut actions, differences) = start(known, &venue);
    assert_eq!(differences, []);
    // A price far below the stop, once a second for an hour, against a venue that refuses all.
    let mut refused = 0;
    for second in 1..=3_600 {
        let now = at(second * 1_000_000);
        let (bid, ask, size) = (Ticks::new(300_000), Ticks::new(300_010), Lots::new(1_000_000));
        let quote = Quote { bid, bid_size: size, ask, ask_size: size };
        let event = MarketEvent { at: now, instrument, data: MarketData::Quote(quote) };
        actions.clear();
        engine.step(&Event::Market(event), now, &mut actions);
        for action in std::mem::take(&mut actions) {
            if let Action::Submit(order) = action {
                refused += 1;
                let reason = VenueReason { code: 200_004, text: "Balance insufficient!".into() };
                let client_order_id = order.get().client_order_id();
                let kind = ReportKind::Rejected(reason);
                let report = ExecutionReport { client_order_id, at: now, kind };
                engine.step(&Event::Report(report), now, &mut actions);
            }
        }
        assert_eq!(invariant::check(&engine), []);
    }
    // At 0, 5, 15, 35, ... s: the tenth wait would end after the hour.
    assert_eq!(refused, 10);
}
