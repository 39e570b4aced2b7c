//! The judge of every simulation, sweep and look: books that agree, and each way in which they may not.

use ibis::domain::balance::Balance;
use ibis::domain::identifier::{ClientOrderId, ExecutionId, VenueOrderId};
use ibis::domain::instrument::Liquidity;
use ibis::domain::order::{Purpose, TimeInForce};
use ibis::domain::order_status::OrderStatus;
use ibis::domain::position::{Basis, Lot};
use ibis::domain::record::{
    FillRecord, IntentRecord, OrderRecord, PositionRow, RealizedRecord, TransferRecord,
};
use ibis::domain::side::Side;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::audit::{
    Extent, LedgerBooks, Movement, VenueBooks, VenueFill, VenueOrder, audit, audit_ledger,
};

use crate::incidents::rig::{asset, d};

fn id(text: &str) -> ClientOrderId {
    ClientOrderId::new(text).unwrap()
}

fn btc() -> Symbol {
    Symbol::new("BTC-USDT").unwrap()
}

fn venue_id(name: &str) -> VenueOrderId {
    VenueOrderId::new(&format!("v-{name}")).unwrap()
}

fn intent(name: &str, side: Side) -> (ClientOrderId, IntentRecord) {
    let intent = IntentRecord {
        client_order_id: id(name),
        symbol: btc(),
        side,
        purpose: Purpose::Entry,
        price: Some(d("100")),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        quantity: d("1"),
        reference_price: d("100"),
    };
    (id(name), intent)
}

fn order(name: &str, status: OrderStatus, filled: &str) -> (ClientOrderId, OrderRecord) {
    let order = OrderRecord {
        client_order_id: id(name),
        venue_order_id: Some(venue_id(name)),
        status,
        filled: d(filled),
        notional: d("0"),
        fee: d("0"),
        reason_code: None,
        reason: None,
    };
    (id(name), order)
}

fn fill(
    number: &str,
    name: &str,
    side: Side,
    (quantity, notional, fee): (&str, &str, &str),
) -> FillRecord {
    FillRecord {
        symbol: btc(),
        execution_id: ExecutionId::new(number).unwrap(),
        venue_sequence: 1,
        client_order_id: id(name),
        venue_order_id: venue_id(name),
        side,
        purpose: Purpose::Entry,
        price: d("100"),
        quantity: d(quantity),
        notional: d(notional),
        fee: d(fee),
        fee_asset: asset("USDT"),
        liquidity: Liquidity::Taker,
        reference_price: d("100"),
        realized: None,
    }
}

fn transfer(code: &str, amount: &str) -> Movement {
    Movement::Transfer(TransferRecord {
        asset: asset(code),
        amount: d(amount),
        kind: "deposit".to_owned(),
        reason: String::new(),
        venue_id: None,
    })
}

fn lot(quantity: &str, cost: &str, fee: &str, basis: Basis) -> Lot {
    let opened_at = Timestamp::default();
    Lot { quantity: d(quantity), cost: d(cost), fee: d(fee), basis, opened_at }
}

fn free(amount: &str) -> Balance {
    Balance::new(d(amount), d("0")).unwrap()
}

/// 1000 USDT come; 1 BTC is bought for 100, 0.4 of it sold for 44, 0.1 withdrawn, 0.05 come from nowhere;
/// the rest of the sell still works.
fn ledger() -> LedgerBooks {
    let bought = fill("1", "a-1", Side::Buy, ("1", "100", "0.1"));
    let mut sold = fill("2", "a-2", Side::Sell, ("0.4", "44", "0.044"));
    sold.realized = Some(RealizedRecord {
        matched: d("0.4"),
        gross: d("4"),
        fees: d("0.084"),
        net: d("3.916"),
        basis: Basis::Known,
        opened_at: None,
    });
    LedgerBooks {
        prefix: "a-".to_owned(),
        intents: [intent("a-1", Side::Buy), intent("a-2", Side::Sell)].into(),
        orders: [
            order("a-1", OrderStatus::Filled, "1"),
            order("a-2", OrderStatus::PartiallyFilled, "0.4"),
        ]
        .into(),
        movements: vec![
            transfer("USDT", "1000"),
            Movement::Fill(Box::new(bought)),
            Movement::Fill(Box::new(sold)),
            transfer("BTC", "-0.1"),
            transfer("BTC", "0.05"),
        ],
        positions: vec![PositionRow {
            symbol: btc(),
            lots: vec![
                lot("0.5", "50", "0.05", Basis::Known),
                lot("0.05", "0", "0", Basis::Unknown),
            ],
            mark_price: None,
            stop_price: None,
            take_profit_price: None,
            high_price: None,
            bought: d("1"),
            sold: d("0.4"),
            transferred: d("-0.05"),
        }],
        balances: [(asset("USDT"), free("943.856")), (asset("BTC"), free("0.55"))].into(),
    }
}

/// The same account at the venue, where a stranger has an order, too.
fn venue() -> VenueBooks {
    let at_work = |name: &str, open| VenueOrder {
        client_order_id: id(name),
        venue_order_id: venue_id(name),
        symbol: btc(),
        open,
    };
    let fills = ledger().movements.into_iter().filter_map(|movement| match movement {
        Movement::Fill(fill) => Some(VenueFill {
            symbol: fill.symbol,
            execution_id: fill.execution_id,
            venue_order_id: fill.venue_order_id,
            side: fill.side,
            quantity: fill.quantity,
            notional: fill.notional,
            fee: fill.fee,
            fee_asset: fill.fee_asset,
        }),
        Movement::Transfer(_) => None,
    });
    VenueBooks {
        orders: vec![at_work("a-1", false), at_work("a-2", true), at_work("stranger", true)],
        fills: fills.collect(),
        balances: ledger().balances,
    }
}

fn fill_of(ledger: &mut LedgerBooks, at: usize) -> &mut FillRecord {
    match &mut ledger.movements[at] {
        Movement::Fill(fill) => fill,
        Movement::Transfer(_) => panic!("a fill"),
    }
}

/// What is broken after a change, by invariant and subject, in order.
#[track_caller]
fn broken(change: impl FnOnce(&mut LedgerBooks, &mut VenueBooks), expected: &[(&str, &str)]) {
    let (mut ledger, mut venue) = (ledger(), venue());
    change(&mut ledger, &mut venue);
    let found = audit(&ledger, &venue, Extent::Settled);
    let named: Vec<(&str, &str)> =
        found.iter().map(|it| (it.invariant, it.subject.as_str())).collect();
    assert_eq!(named, expected, "{found:#?}");
}

#[test]
fn books_that_agree_are_whole_from_nothing_on() {
    broken(|_, _| {}, &[]);
    assert_eq!(audit_ledger(&ledger()), []);
    assert_eq!(audit(&LedgerBooks::default(), &VenueBooks::default(), Extent::Settled), []);
}

#[test]
fn orders_have_intents_once_and_end_on_both_sides() {
    let no_intent = |ledger: &mut LedgerBooks, _: &mut VenueBooks| {
        ledger.intents.remove(&id("a-1"));
    };
    broken(no_intent, &[("order_has_an_intent", "a-1")]);
    let other = Symbol::new("ETH-USDT").unwrap();
    broken(|_, venue| venue.orders[0].symbol = other, &[("order_has_an_intent", "a-1")]);
    let twice = |_: &mut LedgerBooks, venue: &mut VenueBooks| {
        let again = VenueOrder { venue_order_id: venue_id("again"), ..venue.orders[0] };
        venue.orders.push(again);
    };
    broken(twice, &[("an_intent_is_one_order", "a-1")]);
    let works = |_: &mut LedgerBooks, venue: &mut VenueBooks| venue.orders[0].open = true;
    broken(works, &[("an_end_is_an_end", "a-1"), ("open_orders_agree", "a-1")]);
    let gone = |_: &mut LedgerBooks, venue: &mut VenueBooks| venue.orders[1].open = false;
    broken(gone, &[("open_orders_agree", "a-2")]);
    // An intent that nothing is known about yet is open here, and a stranger's order none of ours.
    let unsent = |ledger: &mut LedgerBooks, venue: &mut VenueBooks| {
        ledger.intents.extend([intent("a-3", Side::Buy)]);
        venue.orders.remove(2);
    };
    broken(unsent, &[("open_orders_agree", "a-3")]);
}

#[test]
fn fills_are_booked_once_as_they_were_and_none_is_lost() {
    type Change = fn(&mut VenueFill);
    let changes: [Change; 6] = [
        |fill| fill.venue_order_id = venue_id("other"),
        |fill| fill.side = Side::Sell,
        |fill| fill.quantity = d("1.1"),
        |fill| fill.notional = d("101"),
        |fill| fill.fee = d("0.2"),
        |fill| fill.fee_asset = asset("KCS"),
    ];
    for change in changes {
        broken(|_, venue| change(&mut venue.fills[0]), &[("a_fill_is_the_venues", "BTC-USDT 1")]);
    }
    let unknown = |_: &mut LedgerBooks, venue: &mut VenueBooks| {
        venue.fills.remove(0);
    };
    broken(unknown, &[("a_fill_is_the_venues", "BTC-USDT 1")]);
    let lost = |_: &mut LedgerBooks, venue: &mut VenueBooks| {
        let number = ExecutionId::new("3").unwrap();
        let fill = VenueFill { execution_id: number, ..venue.fills[0] };
        venue.fills.push(fill);
    };
    broken(lost, &[("a_fill_is_not_lost", "BTC-USDT 3")]);
    let (ours, mut theirs) = (ledger(), venue());
    lost(&mut ledger(), &mut theirs);
    theirs.balances.clear();
    theirs.orders[1].open = false;
    assert_eq!(audit(&ours, &theirs, Extent::Moving), [], "its word may still be under way");
    let doubled = |ledger: &mut LedgerBooks, _: &mut VenueBooks| {
        let again = ledger.movements[1].clone();
        ledger.movements.push(again);
    };
    let expected = [
        ("an_order_is_its_fills", "a-1"),
        ("a_position_is_its_fills", "BTC-USDT"),
        ("a_balance_is_its_flows", "BTC"),
        ("a_balance_is_its_flows", "USDT"),
        ("a_fill_is_booked_once", "BTC-USDT 1"),
    ];
    broken(doubled, &expected);
}

#[test]
fn the_ledger_adds_up_by_itself() {
    let total = |ledger: &mut LedgerBooks, _: &mut VenueBooks| {
        ledger.orders.get_mut(&id("a-2")).unwrap().filled = d("0.5");
    };
    broken(total, &[("an_order_is_its_fills", "a-2")]);
    type Change = fn(&mut Lot);
    let changes: [Change; 4] = [
        |lot| lot.quantity = d("0.6"),
        |lot| lot.cost = d("51"),
        |lot| lot.fee = d("0"),
        |lot| lot.basis = Basis::Unknown,
    ];
    for change in changes {
        let change = |ledger: &mut LedgerBooks, _: &mut VenueBooks| {
            change(&mut ledger.positions[0].lots[0]);
        };
        broken(change, &[("a_position_is_its_fills", "BTC-USDT")]);
    }
    type Count = fn(&mut PositionRow);
    let changes: [Count; 3] =
        [|row| row.bought = d("2"), |row| row.sold = d("0.5"), |row| row.transferred = d("0")];
    for change in changes {
        let change =
            |ledger: &mut LedgerBooks, _: &mut VenueBooks| change(&mut ledger.positions[0]);
        broken(change, &[("a_position_is_its_fills", "BTC-USDT")]);
    }
    type Realized = fn(&mut RealizedRecord);
    let changes: [Realized; 5] = [
        |it| it.matched = d("0.3"),
        |it| it.gross = d("5"),
        |it| it.fees = d("0"),
        |it| it.net = d("4"),
        |it| it.basis = Basis::Unknown,
    ];
    for change in changes {
        let change = |ledger: &mut LedgerBooks, _: &mut VenueBooks| {
            change(fill_of(ledger, 2).realized.as_mut().unwrap());
        };
        broken(change, &[("realized_stays", "2")]);
    }
    let nothing = |ledger: &mut LedgerBooks, _: &mut VenueBooks| fill_of(ledger, 2).realized = None;
    broken(nothing, &[("realized_stays", "2")]);
    let a_buy = |ledger: &mut LedgerBooks, _: &mut VenueBooks| {
        let realized = fill_of(ledger, 2).realized.clone();
        fill_of(ledger, 1).realized = realized;
    };
    broken(a_buy, &[("realized_stays", "1")]);
    let cash = |ledger: &mut LedgerBooks, venue: &mut VenueBooks| {
        ledger.balances.insert(asset("USDT"), free("1"));
        venue.balances.insert(asset("USDT"), free("1"));
    };
    broken(cash, &[("a_balance_is_its_flows", "USDT")]);
    let forgotten = |ledger: &mut LedgerBooks, _: &mut VenueBooks| {
        ledger.positions.clear();
        // Without its row nobody knows which pair coins belong to that come and go.
        ledger.movements.truncate(3);
        ledger.balances.insert(asset("BTC"), free("0.6"));
    };
    let expected = [("a_position_is_its_fills", "BTC-USDT"), ("balances_agree", "BTC")];
    broken(forgotten, &expected);
}

#[test]
fn balances_agree_to_the_last_unit_and_holds_count() {
    let held = |_: &mut LedgerBooks, venue: &mut VenueBooks| {
        venue.balances.insert(asset("BTC"), Balance::new(d("0.45"), d("0.1")).unwrap());
    };
    broken(held, &[("balances_agree", "BTC")]);
    let more = |_: &mut LedgerBooks, venue: &mut VenueBooks| {
        venue.balances.insert(asset("KCS"), free("0.000000000000000001"));
    };
    broken(more, &[("balances_agree", "KCS")]);
}

#[test]
fn a_fee_in_another_asset_is_no_cost_of_the_lot_and_moves_its_own_balance() {
    let (mut ledger, mut venue) = (ledger(), venue());
    for at in [1, 2] {
        fill_of(&mut ledger, at).fee_asset = asset("KCS");
    }
    for fill in &mut venue.fills {
        fill.fee_asset = asset("KCS");
    }
    ledger.movements.push(transfer("KCS", "1"));
    ledger.positions[0].lots[0].fee = d("0");
    let realized = fill_of(&mut ledger, 2).realized.as_mut().unwrap();
    (realized.fees, realized.net) = (d("0"), d("4"));
    ledger.balances.insert(asset("USDT"), free("944"));
    ledger.balances.insert(asset("KCS"), free("0.856"));
    venue.balances.clone_from(&ledger.balances);
    assert_eq!(audit(&ledger, &venue, Extent::Settled), []);
}

/// More is sold than was ever bought: what comes later fills the gap first.
#[test]
fn what_was_sold_short_is_covered_by_what_comes() {
    let mut ledger = ledger();
    ledger.movements.truncate(2);
    let mut sold = fill("2", "a-2", Side::Sell, ("1.5", "165", "0"));
    sold.realized = Some(RealizedRecord {
        matched: d("1"),
        gross: d("10"),
        fees: d("0.1"),
        net: d("9.9"),
        basis: Basis::Known,
        opened_at: None,
    });
    ledger.movements.extend([
        Movement::Fill(Box::new(sold)),
        transfer("BTC", "0.3"),
        transfer("BTC", "0.4"),
        transfer("BTC", "-0.3"),
        transfer("BTC", "0.2"),
    ]);
    ledger.orders.get_mut(&id("a-2")).unwrap().filled = d("1.5");
    // Short by 0.5; 0.3 and then 0.2 of the 0.4 cover it; 0.2 are left, 0.3 go: short by 0.1 again.
    let row = &mut ledger.positions[0];
    row.lots = vec![lot("0.1", "0", "0", Basis::Unknown)];
    (row.sold, row.transferred) = (d("1.5"), d("0.6"));
    ledger.balances = [(asset("USDT"), free("1064.9")), (asset("BTC"), free("0.1"))].into();
    assert_eq!(audit_ledger(&ledger), []);
    // Without the last to come 0.1 is owed.
    ledger.movements.pop();
    (ledger.positions[0].lots, ledger.positions[0].transferred) = (Vec::new(), d("0.4"));
    ledger.balances.insert(asset("BTC"), Balance::of_ledger(d("-0.1"), d("0")));
    assert_eq!(audit_ledger(&ledger), []);
}
