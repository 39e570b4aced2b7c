//! Starts: what an absence leaves behind.

use super::*;
use crate::domain::hold::HoldCode;
use crate::domain::position::{Basis, Lot, Position};
use crate::engine::reconcile::{DifferenceKind, KnownPosition};

/// A ledger that knows an account with 1000 USDT and some BTC bought at 60000.
fn known(bench: &Bench, quantity: &str) -> Known {
    let lot = Lot {
        quantity: d(quantity),
        cost: d(quantity).mul_exact(d("60000")).unwrap(),
        fee: Decimal::ZERO,
        basis: Basis::Known,
        opened_at: bench.now,
    };
    let balance = |total: &str| Balance::new(d(total), Decimal::ZERO).unwrap();
    Known {
        positions: vec![KnownPosition {
            instrument: BTC,
            position: Position::new([lot]),
            high_price: None,
            bought: d(quantity),
            sold: Decimal::ZERO,
            transferred: Decimal::ZERO,
        }],
        balances: [(asset("USDT"), balance("1000")), (asset("BTC"), balance(quantity))].into(),
        last_at: Some(bench.now),
        ..Known::default()
    }
}

#[test]
fn an_overdue_stop_is_sold_before_anything_is_entered() {
    let mut bench = Bench::unstarted(Policy::default());
    bench.has("USDT", "1000");
    bench.has("BTC", "0.01");
    let known = known(&bench, "0.01");
    bench.start(known);
    assert!(bench.engine.holds().is_set(None, HoldCode::Startup), "BTC has no price yet");
    bench.quote(InstrumentId(1), 300_000);
    assert_eq!(bench.level("ETH-USDT"), Level::SoftPause, "another's price is not enough");
    bench.quote(BTC, 500_000);
    let order = bench.engine.open_orders().next().expect("the stop is overdue");
    assert_eq!((order.side, order.instrument), (Side::Sell, BTC));
    assert_eq!(bench.level("ETH-USDT"), Level::Running);
}

#[test]
fn a_halted_instrument_does_not_keep_the_others_waiting() {
    use crate::domain::hold::Hold;
    let mut bench = Bench::unstarted(Policy::default());
    bench.has("USDT", "1000");
    bench.has("BTC", "0.01");
    let known = known(&bench, "0.01");
    bench.start(known);
    let (scope, set_at) = (Some(symbol("BTC-USDT")), bench.now);
    let (code, level) = (HoldCode::InstrumentHalted, Level::SoftPause);
    let reason = "delisted".to_owned();
    bench.step(&Event::SetHold(Hold { scope, code, level, reason, set_at, until: None }));
    assert_eq!(bench.level("ETH-USDT"), Level::Running);
    assert_eq!(bench.level("BTC-USDT"), Level::SoftPause);
}

#[test]
fn a_second_reconciliation_changes_nothing() {
    let mut bench = Bench::unstarted(Policy { adopt_unexplained: true, ..Policy::default() });
    bench.has("USDT", "900");
    bench.has("BTC", "0.02");
    let known = known(&bench, "0.01");
    bench.start(known);
    assert_eq!(bench.transfers(), Vec::<String>::new(), "one look is not enough");
    bench.look();
    assert_eq!(bench.transfers(), ["BTC 0.01 adjustment", "USDT -100 adjustment"]);
    bench.actions.clear();
    let (before, snapshot) = (bench.engine.clone(), bench.snapshot());
    let differences = bench.engine.reconcile(&snapshot, bench.now, &mut bench.actions);
    assert_eq!((differences, bench.actions.len()), (vec![], 0));
    assert_eq!(bench.engine.desks(), before.desks());
    assert_eq!(bench.engine.balances(), before.balances());
    assert_eq!(bench.engine.holds(), before.holds());
}

#[test]
fn a_venue_that_forgets_nothing_explains_nothing_by_a_gap() {
    let mut bench = Bench::unstarted(Policy::default());
    bench.has("USDT", "700");
    bench.has("BTC", "0.01");
    let known = Known { last_at: Some(Timestamp::from_us(-1)), ..known(&bench, "0.01") };
    bench.start(known);
    let kinds: Vec<_> = bench.engine.differences().iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [DifferenceKind::BalanceTotal]);
}

#[test]
fn longer_away_than_the_venue_remembers() {
    let mut bench = Bench::unstarted(Policy::default());
    bench.has("USDT", "700");
    bench.has("BTC", "0.015");
    let known = known(&bench, "0.01");
    let week = std::time::Duration::from_secs(8 * 86_400);
    bench.now = bench.now + week;
    bench.engine.restore(known.clone(), bench.now, &mut bench.actions);
    let history_from = bench.now - std::time::Duration::from_secs(7 * 86_400);
    let gap = VenueSnapshot { history_from, ..bench.snapshot() };
    let differences = bench.engine.reconcile(&gap, bench.now, &mut bench.actions);
    assert_eq!(differences, [], "the venue is the truth about what nobody can list any more");
    assert_eq!(bench.transfers(), ["BTC 0.005 adjustment", "USDT -300 adjustment"]);
    assert_eq!(bench.surprises(), ["history_gap BTC", "history_gap USDT"]);
    let lots = bench.engine.desks()[0].position.lots();
    let bases: Vec<_> = lots.map(|lot| lot.basis).collect();
    assert_eq!(bases, [Basis::Known, Basis::Unknown], "what the new coins cost is not invented");

    // Within its memory the same is nobody's explanation, to the last instant of it.
    let mut bench = Bench::unstarted(Policy::default());
    bench.has("USDT", "700");
    bench.has("BTC", "0.015");
    bench.engine.restore(known.clone(), bench.now, &mut bench.actions);
    let snapshot = VenueSnapshot { history_from: known.last_at.unwrap(), ..bench.snapshot() };
    let found = bench.engine.reconcile(&snapshot, bench.now, &mut bench.actions);
    let kinds: Vec<_> = found.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [DifferenceKind::BalanceTotal, DifferenceKind::BalanceTotal]);
    let mut bench = Bench::unstarted(Policy::default());
    bench.has("USDT", "700");
    bench.has("BTC", "0.015");
    bench.start(known);
    let kinds: Vec<_> = bench.engine.differences().iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [DifferenceKind::BalanceTotal, DifferenceKind::BalanceTotal]);
}

#[test]
fn what_was_sold_beyond_the_lots_is_owed_after_a_start_too() {
    let mut bench = Bench::unstarted(Policy::default());
    let mut known = known(&bench, "0.3");
    let row = &mut known.positions[0];
    (row.bought, row.sold, row.transferred) = (d("1"), d("0.9"), d("0.15"));
    known.balances.insert(asset("BTC"), Balance::of_ledger(d("0.25"), Decimal::ZERO));
    bench.has("USDT", "1000");
    bench.has("BTC", "0.25");
    bench.engine.restore(known, bench.now, &mut bench.actions);
    assert_eq!(bench.engine.desks()[0].short, d("0.05"));
    assert_eq!(invariant::check(&bench.engine), []);
}
