//! Each difference by its name, and what its rule makes of it.

use super::*;
use crate::domain::position::Basis;
use crate::engine::reconcile::{DifferenceKind, Rule};

#[test]
fn every_kind_has_a_rule_and_only_the_operators_decide_otherwise() {
    let (strict, lax) = (
        Policy::default(),
        Policy { adopt_unexplained: true, ignore_foreign_orders: true, ..Policy::default() },
    );
    let told: Vec<_> = DifferenceKind::ALL
        .iter()
        .map(|kind| format!("{kind} {} {}", kind.rule(&strict).as_str(), kind.rule(&lax).as_str()))
        .collect();
    let expected = [
        "movement adopt adopt",
        "dust adopt adopt",
        "other_asset adopt adopt",
        "history_gap adopt adopt",
        "balance_total hold adopt",
        "balance_hold hold hold",
        "foreign_order hold ignore",
        "order_without_intent cancel cancel",
        "ended_order_at_work cancel cancel",
        "venue_fill_counter hold hold",
    ];
    assert_eq!(told, expected);
    assert!(DifferenceKind::ALL.iter().all(|kind| kind.rule(&strict) != Rule::Ignore));
    let unexplained = DifferenceKind::ALL.into_iter().filter(|kind| kind.is_unexplained());
    let unexplained: Vec<_> = unexplained.map(DifferenceKind::as_str).collect();
    assert_eq!(unexplained, ["balance_total", "balance_hold", "venue_fill_counter"]);
    let certain = DifferenceKind::ALL.into_iter().filter(|kind| kind.is_certain());
    let certain: Vec<_> = certain.map(DifferenceKind::as_str).collect();
    let expected = ["movement", "history_gap", "order_without_intent", "ended_order_at_work"];
    assert_eq!(certain, expected);
}

#[test]
fn a_difference_says_what_each_side_has() {
    let mut bench = Bench::new(Policy::default());
    bench.has("USDT", "900");
    bench.look();
    let told: Vec<_> = bench.engine.differences().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["balance_total USDT: ledger 1000, venue 900"]);
}

#[test]
fn a_deposit_that_the_venue_names_is_adopted_at_once_and_once() {
    let mut bench = Bench::new(Policy::default());
    bench.has("USDT", "1250");
    bench.moved("300000000002", "USDT", "250", "TRANSFER");
    bench.look();
    assert_eq!(bench.transfers(), ["USDT 250 deposit"]);
    assert_eq!((bench.total("USDT"), bench.level("BTC-USDT")), (d("1250"), Level::Running));
    bench.look();
    // The same amount again, under another name, is another deposit.
    bench.has("USDT", "1500");
    bench.look();
    assert_eq!(bench.transfers(), Vec::<String>::new(), "not explained by what is booked");
    bench.moved("300000000003", "USDT", "250", "TRANSFER");
    bench.look();
    assert_eq!(bench.transfers(), ["USDT 250 deposit"]);
    assert_eq!(bench.level("BTC-USDT"), Level::Running);
}

#[test]
fn coins_that_came_have_an_unknown_basis_and_coins_that_went_are_no_loss() {
    let mut bench = Bench::new(Policy::default());
    bench.fill(Side::Buy, "60000", "0.01");
    bench.has("USDT", "400");
    bench.has("BTC", "0.03");
    bench.moved("1", "BTC", "0.02", "TRANSFER");
    bench.look();
    let bases: Vec<_> = bench.engine.desks()[0].position.lots().map(|lot| lot.basis).collect();
    assert_eq!(bases, [Basis::Known, Basis::Unknown]);
    assert_eq!(bench.engine.desks()[0].position.average_price(), Some(d("60000")), "not invented");

    bench.has("BTC", "0.005");
    bench.moved("2", "BTC", "-0.025", "SUB_TRANSFER");
    bench.look();
    assert_eq!(bench.transfers(), ["BTC 0.02 deposit", "BTC -0.025 withdrawal"]);
    assert_eq!((bench.btc(), bench.total("USDT")), (d("0.005"), d("400")));
    let realized = bench.take(|record| {
        let Record::Fill(fill) = record else { return None };
        fill.realized.as_ref().map(|it| it.net.to_string())
    });
    assert_eq!(realized, Vec::<String>::new());
}

#[test]
fn a_correction_a_rebate_and_a_trade_elsewhere_are_named_as_the_venue_names_them() {
    let mut bench = Bench::new(Policy::default());
    bench.has("USDT", "998.5");
    bench.moved("1", "USDT", "0.5", "RETURNED_FEES");
    bench.moved("2", "USDT", "-3", "TRADE_EXCHANGE");
    bench.moved("3", "USDT", "1", "OTHER");
    bench.look();
    let expected = ["USDT 0.5 adjustment", "USDT -3 foreign_trade", "USDT 1 adjustment"];
    assert_eq!(bench.transfers(), expected);
    assert_eq!((bench.total("USDT"), bench.surprises()), (d("998.5"), vec![]));
}

#[test]
fn movements_from_before_the_account_was_first_seen_are_in_its_balance_already() {
    let mut bench = Bench::unstarted(Policy::default());
    bench.has("USDT", "1000");
    bench.moved("1", "USDT", "1000", "TRANSFER");
    bench.start(Known::default());
    assert_eq!(bench.transfers(), ["USDT 1000 deposit"]);
    bench.has("USDT", "1010");
    bench.moved("2", "USDT", "10", "TRANSFER");
    bench.look();
    assert_eq!(
        (bench.transfers(), bench.total("USDT")),
        (vec!["USDT 10 deposit".into()], d("1010"))
    );
}

#[test]
fn money_that_nobody_explains_holds_all_entries_until_it_is_back() {
    let mut bench = Bench::new(Policy::default());
    bench.has("USDT", "999.99");
    bench.look();
    bench.look();
    assert_eq!(bench.surprises(), ["balance_total USDT"], "said once");
    assert!(bench.engine.doubts_account(), "it is looked at again soon");
    assert_eq!(bench.level("BTC-USDT"), Level::SoftPause);
    assert_eq!(bench.total("USDT"), d("1000"), "never overwritten by a fetch");
    bench.has("USDT", "1000");
    bench.look();
    assert_eq!(bench.level("BTC-USDT"), Level::Running);
    assert!(!bench.engine.doubts_account());
}

#[test]
fn a_look_lets_go_of_nothing_but_its_own_holds() {
    use crate::domain::hold::{Hold, HoldCode};
    let mut bench = Bench::new(Policy::default());
    let hold = |scope| Hold {
        scope,
        code: HoldCode::Operator,
        level: Level::SoftPause,
        reason: "asked".to_owned(),
        set_at: Timestamp::default(),
        until: None,
    };
    bench.step(&Event::SetHold(hold(Some(symbol("ETH-USDT")))));
    bench.look();
    assert_eq!(bench.level("ETH-USDT"), Level::SoftPause);
    bench.has("ETH", "3");
    bench.look();
    bench.look();
    bench.has("ETH", "0");
    bench.look();
    assert_eq!(bench.level("ETH-USDT"), Level::SoftPause, "the operator's own");
    let reasons = bench.take(|record| match record {
        Record::HoldSet(hold) if hold.code == HoldCode::ReconcileMismatch => {
            Some(hold.reason.clone())
        }
        Record::HoldSet(_)
        | Record::Decision(_)
        | Record::Intent(_)
        | Record::Order(_)
        | Record::Fill(_)
        | Record::HoldCleared { .. }
        | Record::Transition(_)
        | Record::Operator(_)
        | Record::KillVerified { .. }
        | Record::Transfer(_)
        | Record::Surprise(_)
        | Record::Run { .. } => None,
    });
    assert_eq!(reasons.len(), 1, "what is held stays held");
    assert!(reasons[0].starts_with("1 differences"), "{reasons:?}");
}

#[test]
fn coins_that_nobody_explains_hold_their_instrument_only() {
    let mut bench = Bench::new(Policy::default());
    bench.has("ETH", "3");
    bench.look();
    assert_eq!(bench.level("ETH-USDT"), Level::SoftPause);
    assert_eq!(bench.level("BTC-USDT"), Level::Running);
}

#[test]
fn what_nobody_explains_is_taken_over_after_two_equal_looks_where_the_operator_says_so() {
    let mut bench = Bench::new(Policy { adopt_unexplained: true, ..Policy::default() });
    bench.has("USDT", "1100");
    bench.look();
    assert_eq!(bench.level("BTC-USDT"), Level::SoftPause, "one look is not enough");
    bench.has("USDT", "1200");
    bench.look();
    assert_eq!(bench.total("USDT"), d("1000"), "two looks that differ are not enough");
    bench.look();
    assert_eq!(bench.transfers(), ["USDT 200 adjustment"]);
    assert_eq!((bench.total("USDT"), bench.level("BTC-USDT")), (d("1200"), Level::Running));
}

#[test]
fn dust_is_what_is_worth_little_and_is_no_money() {
    let policy = Policy { dust: d("1"), ..Policy::default() };
    let mut bench = Bench::new(policy);
    bench.quote(BTC, 600_000);
    bench.has("BTC", "0.00001");
    bench.look();
    bench.look();
    assert_eq!(bench.transfers(), ["BTC 0.00001 adjustment"]);
    assert_eq!((bench.btc(), bench.level("BTC-USDT")), (d("0.00001"), Level::Running));
    bench.has("BTC", "0.00004");
    bench.look();
    bench.look();
    assert_eq!(bench.transfers(), Vec::<String>::new(), "1.8 USDT is more than dust");
    assert_eq!(bench.level("BTC-USDT"), Level::SoftPause);
    bench.has("BTC", "0.00001");
    bench.has("USDT", "999.5");
    bench.look();
    bench.look();
    assert_eq!(bench.total("USDT"), d("1000"), "money is no dust");
    let mut bench = Bench::new(Policy { dust: d("0.6"), ..Policy::default() });
    bench.quote(BTC, 600_000);
    bench.has("BTC", "0.00001");
    bench.look();
    let found: Vec<_> = bench.engine.differences().iter().map(|it| it.kind).collect();
    assert_eq!(found, [DifferenceKind::BalanceTotal], "worth as much as dust is not any more");
}

#[test]
fn an_asset_that_is_neither_traded_nor_paid_with_holds_nothing_back_for_long() {
    let mut bench = Bench::new(Policy::default());
    bench.has("KCS", "12");
    bench.look();
    bench.look();
    assert_eq!(bench.transfers(), ["KCS 12 adjustment"]);
    assert_eq!((bench.total("KCS"), bench.level("BTC-USDT")), (d("12"), Level::Running));
}

#[test]
fn a_strangers_order_is_left_alone_and_holds_its_instrument() {
    let mut bench = Bench::new(Policy::default());
    bench.works("somebody", "BTC-USDT");
    bench.works("somebody-too", "DOGE-USDT");
    // What it put aside is the stranger's to know.
    bench.balances.insert(asset("USDT"), Balance::new(d("1000"), d("60")).unwrap());
    bench.look();
    assert_eq!(bench.surprises(), ["foreign_order somebody"]);
    assert_eq!(
        (bench.level("BTC-USDT"), bench.level("ETH-USDT")),
        (Level::SoftPause, Level::Running)
    );
    assert_eq!(bench.canceled(), Vec::<&str>::new());
    bench.open.clear();
    bench.has("USDT", "1000");
    bench.look();
    assert_eq!(bench.level("BTC-USDT"), Level::Running);

    // Nobody's order explains what is put aside.
    let mut bench = Bench::new(Policy::default());
    bench.balances.insert(asset("USDT"), Balance::new(d("1000"), d("60")).unwrap());
    bench.look();
    let found: Vec<_> = bench.engine.differences().iter().map(|it| it.kind).collect();
    assert_eq!(found, [DifferenceKind::BalanceHold]);

    let mut bench = Bench::new(Policy { ignore_foreign_orders: true, ..Policy::default() });
    bench.works("somebody", "BTC-USDT");
    bench.look();
    assert_eq!((bench.level("BTC-USDT"), bench.surprises()), (Level::Running, vec![]));
}

#[test]
fn our_name_without_an_intent_is_canceled_and_waited_for() {
    let mut bench = Bench::new(Policy::default());
    bench.works("ibis-6-1", "ETH-USDT");
    bench.look();
    assert_eq!(bench.canceled(), ["ibis-6-1"]);
    assert_eq!(bench.level("ETH-USDT"), Level::SoftPause);
    bench.open.clear();
    bench.look();
    assert_eq!(bench.level("ETH-USDT"), Level::Running);
    // Another agent's name that begins alike is not ours.
    bench.works("ibis2-6-1", "ETH-USDT");
    bench.look();
    assert_eq!(bench.canceled(), ["ibis-6-1"]);
}
