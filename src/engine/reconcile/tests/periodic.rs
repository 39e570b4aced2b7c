//! Looks at an account that moves meanwhile.

use super::*;
use crate::domain::execution::VenueReason;
use crate::engine::reconcile::DifferenceKind;

/// Lets the averages cross, so that an entry is sent; its client order id.
fn enter(bench: &mut Bench) -> ClientOrderId {
    use crate::domain::market_data::Candle;
    let candle = |close: i64| Candle {
        open_at: Timestamp::from_us(0),
        open: Ticks::new(close),
        high: Ticks::new(close),
        low: Ticks::new(close),
        close: Ticks::new(close),
        volume: Lots::ZERO,
    };
    bench.quote(BTC, 600_000);
    let slow = settings().slow_candles;
    let falling = (0..=slow).map(|step| 700_000 - 100 * i64::try_from(step).unwrap());
    for close in falling.chain([900_000]) {
        let data = MarketData::Candle(candle(close));
        bench.step(&Event::Market(MarketEvent { at: bench.now, instrument: BTC, data }));
    }
    let order = bench.engine.open_orders().next().expect("the cross went up");
    order.client_order_id
}

fn report(bench: &mut Bench, id: ClientOrderId, kind: ReportKind) {
    let at = bench.now;
    bench.step(&Event::Report(ExecutionReport { client_order_id: id, at, kind }));
}

#[test]
fn an_order_on_its_way_is_no_difference_and_one_at_work_is_compared() {
    let mut bench = Bench::new(Policy::default());
    let id = enter(&mut bench);
    bench.look();
    assert_eq!(bench.engine.differences(), [], "submitted: nobody knows yet");
    let kind = ReportKind::Accepted { venue_order_id: VenueOrderId::new("1").unwrap() };
    report(&mut bench, id, kind);
    bench.has("USDT", "400");
    bench.has("BTC", "0.01");
    bench.look();
    bench.look();
    assert_eq!(bench.engine.differences(), [], "at work here alone: its end is on its way");
    assert_eq!(bench.total("USDT"), d("1000"), "what it did is not taken for somebody else's");
    bench.has("USDT", "1000");
    bench.has("BTC", "0");
    bench.works(id.as_str(), "BTC-USDT");
    bench.look();
    let kinds: Vec<_> = bench.engine.differences().iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [DifferenceKind::BalanceHold], "the venue has put nothing aside for it");
    let hold = bench.engine.balances()[&asset("USDT")].hold();
    bench.balances.insert(asset("USDT"), Balance::new(d("1000"), hold).unwrap());
    bench.look();
    assert_eq!(bench.engine.differences(), []);
    assert_eq!(bench.level("BTC-USDT"), Level::Running);
}

#[test]
fn a_view_asked_for_before_something_moved_says_nothing_about_it() {
    let mut bench = Bench::new(Policy::default());
    let before = bench.snapshot();
    bench.now = bench.now + std::time::Duration::from_secs(1);
    bench.fill(Side::Buy, "60000", "0.01");
    bench.step(&Event::Account(Box::new(before)));
    assert_eq!(bench.engine.differences(), []);
}

#[test]
fn a_fill_that_is_not_told_yet_is_on_its_way() {
    let mut bench = Bench::new(Policy::default());
    let mut other = Bench::new(Policy::default());
    other.fill(Side::Buy, "60000", "0.01");
    let told = other.actions.iter().any(|it| matches!(it, Action::Record(_)));
    assert!(told);
    bench.sequence = 1;
    bench.has("USDT", "400");
    bench.has("BTC", "0.01");
    bench.executions = vec![Execution {
        execution_id: ExecutionId::new("1").unwrap(),
        venue_sequence: 1,
        client_order_id: ClientOrderId::new("manual").unwrap(),
        venue_order_id: VenueOrderId::new("9").unwrap(),
        instrument: BTC,
        side: Side::Buy,
        price: Ticks::new(600_000),
        quantity: Lots::new(1_000),
        notional: d("600"),
        fee: Decimal::ZERO,
        fee_asset: asset("USDT"),
        liquidity: Liquidity::Taker,
        at: bench.now,
    }];
    bench.look();
    assert_eq!(bench.engine.differences(), []);
    // One that was told is not on its way: what differs all the same does.
    let execution = bench.executions[0];
    let (client_order_id, at) = (execution.client_order_id, bench.now);
    let kind = ReportKind::Fill(execution);
    bench.step(&Event::Report(ExecutionReport { client_order_id, at, kind }));
    bench.has("BTC", "0.05");
    bench.look();
    let found: Vec<_> = bench.engine.differences().iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(found, ["BTC"]);
}

#[test]
fn a_difference_stays_while_its_asset_moves() {
    let mut bench = Bench::new(Policy::default());
    bench.has("USDT", "900");
    bench.look();
    assert_eq!(bench.level("BTC-USDT"), Level::SoftPause);
    let snapshot = bench.snapshot();
    bench.fill(Side::Buy, "60000", "0.01");
    bench.step(&Event::Account(Box::new(snapshot)));
    assert_eq!(bench.level("BTC-USDT"), Level::SoftPause, "nothing new is known");
}

#[test]
fn a_sale_of_coins_whose_arrival_is_told_later_adds_up() {
    let mut bench = Bench::new(Policy::default());
    bench.fill(Side::Sell, "60000", "0.01");
    let expected =
        ["sold_more_than_held BTC-USDT", "fill_of_unknown_order manual", "overdrawn BTC"];
    assert_eq!(bench.surprises(), expected);
    bench.has("USDT", "1600");
    bench.has("BTC", "0.02");
    bench.moved("1", "BTC", "0.03", "TRANSFER");
    bench.look();
    assert_eq!(bench.transfers(), ["BTC 0.03 deposit"]);
    assert_eq!((bench.btc(), bench.total("BTC")), (d("0.02"), d("0.02")));
    assert_eq!(bench.engine.differences(), []);
}

#[test]
fn a_sale_told_before_its_purchase_is_netted_once_both_sides_agree() {
    let mut bench = Bench::new(Policy::default());
    bench.fill(Side::Sell, "60000", "0.01");
    bench.fill(Side::Buy, "50000", "0.03");
    assert_eq!((bench.btc(), bench.total("BTC")), (d("0.03"), d("0.02")), "one is sold already");
    bench.surprises();
    bench.has("USDT", "100");
    bench.has("BTC", "0.02");
    bench.look();
    assert_eq!((bench.btc(), bench.total("BTC")), (d("0.02"), d("0.02")));
    assert_eq!(bench.transfers(), ["BTC 0.01 adjustment", "BTC -0.01 adjustment"]);
    bench.look();
    assert_eq!(bench.transfers(), Vec::<String>::new());
}

#[test]
fn an_order_that_is_over_here_and_at_work_there_is_canceled() {
    let mut bench = Bench::new(Policy::default());
    let id = enter(&mut bench);
    let reason = VenueReason { code: 400_100, text: "refused".into() };
    report(&mut bench, id, ReportKind::Rejected(reason));
    // Ended after the venue was asked: an old view, no difference.
    bench.works(id.as_str(), "BTC-USDT");
    let old = VenueSnapshot { asked_at: bench.now, ..bench.snapshot() };
    bench.step(&Event::Account(Box::new(old)));
    assert_eq!(bench.canceled(), Vec::<&str>::new());
    bench.look();
    assert_eq!(bench.canceled(), [id.as_str()]);
    assert_eq!(bench.level("BTC-USDT"), Level::SoftPause);
    let found: Vec<_> =
        bench.engine.differences().iter().map(|it| (it.kind, it.ledger.as_str())).collect();
    assert_eq!(found, [(DifferenceKind::EndedOrderAtWork, "over")]);
}

#[test]
fn a_short_is_netted_whatever_else_is_in_doubt_but_its_own_balance() {
    let netted = |usdt: &str, btc: &str| {
        let mut bench = Bench::new(Policy::default());
        bench.fill(Side::Sell, "60000", "0.01");
        bench.fill(Side::Buy, "50000", "0.03");
        bench.has("USDT", usdt);
        bench.has("BTC", btc);
        bench.look();
        bench.transfers().len()
    };
    assert_eq!(netted("100", "0.02"), 2);
    assert_eq!(netted("99", "0.02"), 2, "money is in doubt");
    assert_eq!(netted("100", "0.03"), 0, "the coins are");
    let mut bench = Bench::new(Policy::default());
    bench.fill(Side::Sell, "60000", "0.01");
    bench.fill(Side::Buy, "50000", "0.001");
    bench.fill(Side::Buy, "50000", "0.029");
    let snapshot = bench.snapshot();
    bench.step(&Event::Account(Box::new(snapshot)));
    assert_eq!(bench.transfers(), Vec::<String>::new(), "they moved since the venue was asked");
}

#[test]
fn what_goes_is_taken_from_who_has_it_and_the_rest_is_owed() {
    use crate::domain::position::{Basis, Lot, Position};
    let mut bench = Bench::new(Policy::default());
    let (cost, fee, basis) = (d("3000"), Decimal::ZERO, Basis::Known);
    let lot = |quantity| Lot { quantity, cost, fee, basis, opened_at: bench.now };
    let lots = Position::new([lot(d("1"))]);
    // ETH is traded for USDT, too, and what is held was bought with USDC.
    (bench.engine.desks[3].position, bench.engine.desks[3].bought) = (lots, d("1"));
    let mut actions = Vec::new();
    let why = || ("withdrawal", "a test".to_owned());
    bench.engine.transfer(asset("ETH"), d("-0.4"), why(), None, &mut actions);
    let held = |bench: &Bench| {
        [1, 3].map(|index: usize| {
            let desk = &bench.engine.desks[index];
            (desk.position.quantity(), desk.transferred, desk.short)
        })
    };
    let (none, zero) = ((Decimal::ZERO, Decimal::ZERO, Decimal::ZERO), Decimal::ZERO);
    assert_eq!(held(&bench), [none, (d("0.6"), d("-0.4"), zero)]);
    bench.engine.transfer(asset("ETH"), d("-1"), why(), None, &mut actions);
    assert_eq!(held(&bench), [none, (zero, d("-1.4"), d("0.4"))]);
    // What comes pays what is owed first; where nobody has any, the first that trades it gets it.
    bench.engine.desks[3].short = zero;
    bench.engine.desks[1].short = d("0.4");
    bench.engine.transfer(asset("ETH"), d("1"), why(), None, &mut actions);
    assert_eq!(held(&bench)[0], (d("0.6"), d("1"), zero));
}

#[test]
fn both_sides_agreed_when_all_was_compared_and_nothing_differed() {
    let mut bench = Bench::new(Policy::default());
    let agreed = |bench: &Bench| bench.engine.agreed_at();
    assert_eq!(agreed(&bench), Some(bench.now), "at the start");
    bench.look();
    let then = bench.now;
    assert_eq!(agreed(&bench), Some(then));
    bench.has("USDT", "900");
    bench.look();
    assert_eq!(agreed(&bench), Some(then), "something differs");
    bench.has("USDT", "1000");
    bench.look();
    let then = bench.now;
    enter(&mut bench);
    bench.look();
    assert_eq!(bench.engine.differences(), []);
    assert_eq!(agreed(&bench), Some(then), "something is on its way");
    let stranger = Bench::unstarted(Policy::default());
    assert_eq!(agreed(&stranger), None);
}
