//! The tracker against a venue that loses, doubles and delays its words.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::execution::VenueReason;
use crate::domain::identifier::VenueOrderId;
use crate::domain::instrument::tests::btc;
use crate::domain::instrument::{Liquidity, Lots, Ticks};
use crate::domain::order::{OrderLabel, OrderType, Purpose};
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;

const GIVE_UP: Duration = Duration::from_secs(10);
const ID: &str = "ibis-1-1";
const VENUE_ID: &str = "670fd33bf9406e0007ab3945";

fn id() -> ClientOrderId {
    ClientOrderId::new(ID).unwrap()
}

fn venue_id() -> VenueOrderId {
    VenueOrderId::new(VENUE_ID).unwrap()
}

fn at(ms: u64) -> Moment {
    Moment {
        at: Timestamp::from_ms(i64::try_from(ms).unwrap()),
        elapsed: Duration::from_millis(ms),
    }
}

fn size(lots: i64) -> Decimal {
    btc().quantity_of(Lots::new(lots))
}

fn order(time_in_force: TimeInForce) -> NewOrder {
    let label = OrderLabel {
        instrument: InstrumentId(0),
        client_order_id: id(),
        side: Side::Buy,
        purpose: Purpose::Entry,
    };
    let order_type =
        OrderType::Limit { price: Ticks::new(600_000), time_in_force, post_only: false };
    NewOrder::new(&btc(), label, order_type, Lots::new(10), Ticks::ZERO).unwrap()
}

fn fill(trade_id: u64, lots: i64) -> TradeReport {
    let (price, quantity) = (btc().price_of(Ticks::new(600_000)), size(lots));
    let funds = btc().notional(Ticks::new(600_000), Lots::new(lots));
    TradeReport {
        trade_id,
        venue_order_id: venue_id(),
        side: Side::Buy,
        price,
        size: quantity,
        funds,
        fee: btc().fee(funds, Liquidity::Taker),
        fee_asset: btc().quote(),
        liquidity: Liquidity::Taker,
        at: Timestamp::from_ms(1),
    }
}

fn news(lots: i64, end: Option<End>) -> OrderNews {
    OrderNews { venue_order_id: venue_id(), filled: size(lots), end }
}

fn push(lots: i64, end: Option<End>) -> Push {
    Push { client_order_id: id(), instrument: InstrumentId(0), news: news(lots, end) }
}

fn tracker() -> OrderTracker {
    let mut tracker = OrderTracker::new(vec![btc()], 0, GIVE_UP);
    tracker.see_again(at(0));
    tracker
}

fn submitted(time_in_force: TimeInForce) -> OrderTracker {
    let mut tracker = tracker();
    tracker.submit(&order(time_in_force), at(0));
    tracker
}

/// The reports so far, in words.
fn told(tracker: &mut OrderTracker) -> Vec<String> {
    std::iter::from_fn(|| tracker.next_report())
        .map(|report| match report.kind {
            ReportKind::Accepted { .. } => "accepted".to_owned(),
            ReportKind::Rejected(reason) => format!("rejected {}", reason.code),
            ReportKind::Fill(fill) => {
                format!("fill {} #{}", fill.quantity.get(), fill.venue_sequence)
            }
            ReportKind::Canceled(_) => "canceled".to_owned(),
            ReportKind::Expired => "expired".to_owned(),
            ReportKind::CancelRejected(_) => "cancel rejected".to_owned(),
            ReportKind::AnswerLost => "answer lost".to_owned(),
        })
        .collect()
}

fn fetch() -> Request {
    Request::FetchFills(id(), InstrumentId(0), venue_id())
}

fn ask() -> Request {
    Request::AskOrder(id(), InstrumentId(0))
}

#[test]
fn a_fill_listed_before_its_order_is_named_waits_for_the_name() {
    let mut tracker = submitted(TimeInForce::Gtc);
    let (order, stranger) =
        (fill(7, 10), TradeReport { venue_order_id: stranger_id(), ..fill(6, 1) });
    tracker.on_sweep(InstrumentId(0), &[stranger, order], at(10));
    assert_eq!(told(&mut tracker), Vec::<String>::new(), "they may be ours");
    tracker.on_placed(&id(), PlaceAnswer::Accepted(venue_id()), at(20));
    tracker.on_sweep(InstrumentId(0), &[stranger, order], at(30));
    assert_eq!(told(&mut tracker), ["accepted", "fill 1 #1", "fill 10 #2"]);
    tracker.on_sweep(InstrumentId(0), &[stranger, order], at(40));
    assert_eq!(told(&mut tracker), Vec::<String>::new(), "what is booked is booked");
}

fn stranger_id() -> VenueOrderId {
    VenueOrderId::new("670fd33bf9406e0007ab0000").unwrap()
}

#[test]
fn a_push_of_fills_is_booked_from_the_list_and_the_end_waits_for_it() {
    let mut tracker = submitted(TimeInForce::Gtc);
    tracker.on_placed(&id(), PlaceAnswer::Accepted(venue_id()), at(1));
    tracker.on_push(&push(4, None), at(2));
    assert_eq!(tracker.take_requests(), [fetch()]);
    tracker.on_push(&push(4, Some(End::Canceled)), at(3));
    assert_eq!(told(&mut tracker), ["accepted"]);
    // The list may lag behind the push.
    tracker.on_fills(&id(), Some(&[fill(1, 1)]), at(4));
    assert_eq!(told(&mut tracker), ["fill 1 #1"]);
    assert_eq!(tracker.take_requests(), []);
    tracker.tick(at(5_000));
    assert_eq!(tracker.take_requests(), [fetch()]);
    tracker.on_fills(&id(), Some(&[fill(1, 1), fill(2, 3)]), at(5_001));
    assert_eq!(told(&mut tracker), ["fill 3 #2", "canceled"]);
    assert_eq!(tracker.next_due(), None);
}

#[test]
fn a_push_may_overtake_the_answer_and_a_refusal_that_came_late_is_none() {
    let mut tracker = submitted(TimeInForce::Ioc);
    tracker.on_push(&push(0, None), at(1));
    assert_eq!(told(&mut tracker), ["accepted"]);
    let refused = VenueReason { code: 102_426, text: "Duplicate clientOid.".into() };
    tracker.on_placed(&id(), PlaceAnswer::Refused(refused), at(2));
    assert_eq!(tracker.take_requests(), [ask()]);
    tracker.on_order(&id(), OrderAnswer::Known(news(0, Some(End::Canceled))), at(3));
    assert_eq!(told(&mut tracker), ["expired"]);
}

#[test]
fn a_refused_order_is_gone() {
    let mut tracker = submitted(TimeInForce::Gtc);
    let reason = VenueReason { code: 200_004, text: "Balance insufficient!".into() };
    tracker.on_placed(&id(), PlaceAnswer::Refused(reason), at(1));
    assert_eq!(told(&mut tracker), ["rejected 200004"]);
    assert_eq!(tracker.next_due(), None);
}

#[test]
fn a_lost_answer_is_asked_for_until_the_window_is_over() {
    let mut tracker = submitted(TimeInForce::Gtc);
    tracker.on_placed(&id(), PlaceAnswer::Unresolved, at(5_000));
    assert_eq!(told(&mut tracker), ["answer lost"]);
    assert!(tracker.is_unresolved(InstrumentId(0)));
    let mut asked = 0;
    let mut now = 5_000;
    while tracker.is_unresolved(InstrumentId(0)) {
        tracker.tick(at(now));
        for request in tracker.take_requests() {
            assert_eq!(request, ask());
            asked += 1;
            let answer = if asked == 2 { OrderAnswer::Failed } else { OrderAnswer::NotFound };
            tracker.on_order(&id(), answer, at(now));
        }
        now += 50;
    }
    assert!(now >= 10_000, "given up at {now} ms, while it could still arrive");
    assert_eq!(told(&mut tracker), ["rejected 0"]);
    assert!((3..30).contains(&asked), "asked {asked} times");
}

#[test]
fn an_unresolved_order_that_was_taken_goes_on() {
    let mut tracker = submitted(TimeInForce::Gtc);
    tracker.on_placed(&id(), PlaceAnswer::Unresolved, at(100));
    tracker.cancel(&id(), at(101));
    assert_eq!(tracker.take_requests(), [ask()]);
    tracker.on_order(&id(), OrderAnswer::Known(news(2, None)), at(102));
    let wanted = [fetch(), Request::Cancel(id(), InstrumentId(0))];
    assert_eq!(tracker.take_requests(), wanted);
    tracker.on_fills(&id(), Some(&[fill(7, 2)]), at(103));
    assert_eq!(told(&mut tracker), ["answer lost", "accepted", "fill 2 #1"]);
}

#[test]
fn a_refused_cancel_is_decided_by_the_order() {
    let mut tracker = submitted(TimeInForce::Gtc);
    tracker.on_placed(&id(), PlaceAnswer::Accepted(venue_id()), at(1));
    tracker.cancel(&id(), at(2));
    tracker.take_requests();
    tracker.on_cancel(&id(), CancelAnswer::Failed, at(3));
    assert_eq!(tracker.take_requests(), []);
    tracker.tick(at(200));
    let again = Request::Cancel(id(), InstrumentId(0));
    assert!(tracker.take_requests().contains(&again));
    tracker.on_cancel(&id(), CancelAnswer::Refused, at(201));
    tracker.on_order(&id(), OrderAnswer::Known(news(0, None)), at(202));
    assert_eq!(told(&mut tracker), ["accepted", "cancel rejected"]);
    // Refused because it is filled: the fills come, and the engine knows by them.
    tracker.cancel(&id(), at(300));
    tracker.on_cancel(&id(), CancelAnswer::Refused, at(301));
    tracker.on_order(&id(), OrderAnswer::Known(news(10, Some(End::Filled))), at(302));
    tracker.on_fills(&id(), Some(&[fill(1, 10)]), at(303));
    assert_eq!(told(&mut tracker), ["fill 10 #1"]);
}

#[test]
fn a_taken_cancel_without_effect_is_sent_again() {
    let mut tracker = submitted(TimeInForce::Gtc);
    tracker.on_placed(&id(), PlaceAnswer::Accepted(venue_id()), at(1));
    tracker.cancel(&id(), at(2));
    let mut cancels = 0;
    for ms in (2..20_000).step_by(10) {
        tracker.tick(at(ms));
        for request in tracker.take_requests() {
            match request {
                Request::Cancel(..) => {
                    cancels += 1;
                    tracker.on_cancel(&id(), CancelAnswer::Taken, at(ms));
                }
                Request::AskOrder(..) => {
                    tracker.on_order(&id(), OrderAnswer::Known(news(0, None)), at(ms));
                }
                Request::FetchFills(..) => unreachable!("nothing is filled"),
            }
        }
    }
    assert!((2..=4).contains(&cancels), "{cancels} cancels in 20 s");
}

/// A stranger's order filled in part before the ledger began, and goes on after it: the first part is in
/// the balance that the ledger began with.
#[test]
fn fills_from_before_the_ledger_began_are_never_told() {
    let mut tracker = OrderTracker::new(vec![btc()], 0, GIVE_UP);
    tracker.begin_at(Timestamp::from_ms(500));
    let stranger = ClientOrderId::new("somebody").unwrap();
    let ended = Push { client_order_id: stranger, ..push(7, Some(End::Canceled)) };
    tracker.on_push(&ended, at(2));
    assert!(matches!(tracker.take_requests()[..], [Request::FetchFills(..)]));
    told(&mut tracker);
    let later = TradeReport { at: Timestamp::from_ms(500), ..fill(8, 3) };
    tracker.on_fills(&stranger, Some(&[fill(7, 4), later]), at(3));
    assert_eq!(told(&mut tracker), ["fill 3 #1"]);
    assert!(!tracker.knows(&stranger), "nothing more is asked about it");
}

#[test]
fn foreign_fills_and_late_ones_are_told() {
    let mut tracker = tracker();
    let foreign = ClientOrderId::new("somebody").unwrap();
    tracker.on_push(&Push { client_order_id: foreign, ..push(0, None) }, at(1));
    assert_eq!(tracker.take_requests(), []);
    tracker.on_push(&Push { client_order_id: foreign, ..push(3, Some(End::Filled)) }, at(2));
    let fetch = Request::FetchFills(foreign, InstrumentId(0), venue_id());
    assert_eq!(tracker.take_requests(), [fetch]);
    tracker.on_fills(&foreign, Some(&[fill(1, 3)]), at(3));
    assert_eq!(told(&mut tracker), ["fill 3 #1"]);
    // A sweep finds what no push told, once.
    tracker.on_sweep(InstrumentId(0), &[fill(1, 3), fill(2, 5)], at(4));
    tracker.on_sweep(InstrumentId(0), &[fill(1, 3), fill(2, 5)], at(5));
    assert_eq!(told(&mut tracker), ["fill 5 #2"]);
}

#[test]
fn what_the_ledger_has_is_not_told_again() {
    let mut tracker = OrderTracker::new(vec![btc()], 41, GIVE_UP);
    tracker.note_seen(InstrumentId(0), 1);
    let resumed = ResumedOrder {
        instrument: InstrumentId(0),
        time_in_force: TimeInForce::Gtc,
        size: size(10),
        booked: size(4),
        filled: size(4),
        end: None,
        venue_order_id: venue_id(),
    };
    tracker.resume(id(), resumed, at(0));
    tracker.see_again(at(1));
    assert_eq!(tracker.take_requests(), [ask()]);
    tracker.on_order(&id(), OrderAnswer::Known(news(10, Some(End::Filled))), at(2));
    assert_eq!(tracker.take_requests(), [fetch()]);
    tracker.on_fills(&id(), Some(&[fill(1, 4), fill(2, 6)]), at(3));
    assert_eq!(told(&mut tracker), ["fill 6 #42"]);
    assert_eq!(tracker.venue_sequence(), 42);
}

#[test]
fn an_order_that_ended_while_nobody_looked_is_over_after_its_fills() {
    let ended = |booked| ResumedOrder {
        instrument: InstrumentId(0),
        time_in_force: TimeInForce::Ioc,
        size: size(10),
        booked: size(booked),
        filled: size(4),
        end: Some(End::Canceled),
        venue_order_id: venue_id(),
    };
    let mut tracker = OrderTracker::new(vec![btc()], 0, GIVE_UP);
    tracker.resume(id(), ended(0), at(0));
    assert!(tracker.knows(&id()));
    tracker.tick(at(1));
    assert_eq!(tracker.take_requests(), [fetch()]);
    tracker.on_fills(&id(), Some(&[]), at(2));
    assert_eq!(told(&mut tracker), Vec::<String>::new(), "the list lacks them yet");
    tracker.tick(at(2_000));
    assert_eq!(tracker.take_requests(), [fetch()]);
    tracker.on_fills(&id(), Some(&[fill(1, 4)]), at(2_010));
    assert_eq!(told(&mut tracker), ["fill 4 #1", "expired"]);
    let mut tracker = OrderTracker::new(vec![btc()], 0, GIVE_UP);
    tracker.resume(id(), ended(4), at(0));
    assert!(!tracker.knows(&id()), "nothing of it is missing");
}

#[test]
fn a_fill_off_the_grid_is_named_and_never_rounded() {
    let mut tracker = submitted(TimeInForce::Gtc);
    tracker.on_placed(&id(), PlaceAnswer::Accepted(venue_id()), at(1));
    tracker.on_push(&push(1, None), at(2));
    let off = TradeReport { price: Decimal::parse("60000.05").unwrap(), ..fill(1, 1) };
    tracker.on_fills(&id(), Some(&[off]), at(3));
    assert_eq!(told(&mut tracker), ["accepted"]);
    let misfits = tracker.take_misfits();
    assert!(misfits[0].1.contains("60000.05 is not a multiple"), "{misfits:?}");
}

/// A venue that took the order and fills it step by step, or not; its words are lost, late, doubled.
#[derive(Clone, Debug)]
struct Script {
    taken: bool,
    fills: Vec<i64>,
    canceled: bool,
    /// What happens to each word: 0 lost, 1 delivered, 2 twice, 3 late.
    luck: Vec<u8>,
    place: u8,
    cancel_asked: bool,
}

fn script() -> impl Strategy<Value = Script> {
    let fills = prop::collection::vec(1i64..4, 0..5);
    let luck = prop::collection::vec(0u8..4, 64);
    (any::<bool>(), fills, any::<bool>(), luck, 0u8..2, any::<bool>()).prop_map(
        |(taken, mut fills, canceled, luck, place, cancel_asked)| {
            while fills.iter().sum::<i64>() > 10 {
                fills.pop();
            }
            Script { taken, fills, canceled, luck, place, cancel_asked }
        },
    )
}

/// What the venue says of the order after `steps` of its fills.
fn truth(script: &Script, steps: usize) -> OrderNews {
    let filled: i64 = script.fills[..steps].iter().sum();
    let over = steps == script.fills.len();
    let end = if filled == 10 {
        Some(End::Filled)
    } else if over && script.canceled {
        Some(End::Canceled)
    } else {
        None
    };
    news(filled, end)
}

/// Plays a script until nothing is due for a minute; every report, in order.
fn play(script: &Script) -> Vec<ExecutionReport> {
    let mut tracker = submitted(TimeInForce::Gtc);
    let mut luck = script.luck.iter().copied().cycle();
    let (mut late, mut reports) = (Vec::new(), Vec::new());
    let mut step = 0;
    let answer = match (script.taken, script.place) {
        (true, 1) => PlaceAnswer::Accepted(venue_id()),
        (true | false, _) => PlaceAnswer::Unresolved,
    };
    tracker.on_placed(&id(), answer, at(1));
    for ms in (2..60_000u64).step_by(25) {
        if script.taken && ms % 1_000 == 2 && step <= script.fills.len() {
            let word = push_of(truth(script, step.min(script.fills.len())));
            match luck.next().unwrap() {
                0 => {}
                1 => tracker.on_push(&word, at(ms)),
                2 => (0..2).for_each(|_| tracker.on_push(&word, at(ms))),
                _ => late.push(word),
            }
            step += 1;
        }
        if ms % 5_000 == 2 {
            late.drain(..).for_each(|word| tracker.on_push(&word, at(ms)));
        }
        if script.cancel_asked && ms == 3_002 {
            tracker.cancel(&id(), at(ms));
        }
        tracker.tick(at(ms));
        let done = step.saturating_sub(1).min(script.fills.len());
        for request in tracker.take_requests() {
            serve(&mut tracker, script, done, (request, luck.next().unwrap()), at(ms));
        }
        reports.extend(std::iter::from_fn(|| tracker.next_report()));
    }
    reports
}

fn push_of(news: OrderNews) -> Push {
    Push { news, ..push(0, None) }
}

fn serve(
    tracker: &mut OrderTracker,
    script: &Script,
    done: usize,
    (request, luck): (Request, u8),
    now: Moment,
) {
    let now_truth = truth(script, done);
    match request {
        Request::AskOrder(..) if luck == 0 => tracker.on_order(&id(), OrderAnswer::Failed, now),
        Request::AskOrder(..) if !script.taken => {
            tracker.on_order(&id(), OrderAnswer::NotFound, now);
        }
        Request::AskOrder(..) => tracker.on_order(&id(), OrderAnswer::Known(now_truth), now),
        Request::FetchFills(..) if luck == 0 => tracker.on_fills(&id(), None, now),
        Request::FetchFills(..) => {
            // The list may lag one fill behind.
            let upto = if luck == 3 { done.saturating_sub(1) } else { done };
            let fills: Vec<_> = (1u64..)
                .zip(&script.fills[..upto])
                .map(|(trade, lots)| fill(trade, *lots))
                .collect();
            tracker.on_fills(&id(), Some(&fills), now);
        }
        Request::Cancel(..) => {
            let answer = match luck {
                0 => CancelAnswer::Failed,
                _ if now_truth.end.is_some() => CancelAnswer::Refused,
                _ => CancelAnswer::Taken,
            };
            tracker.on_cancel(&id(), answer, now);
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_lost_late_or_doubled_the_engine_hears_the_truth_once(script in script()) {
        let reports = play(&script);
        let mut status = OrderStatus::Submitted;
        let (mut trades, mut filled) = (BTreeSet::new(), 0);
        for report in &reports {
            prop_assert!(!status.is_terminal(), "{report:?} after the end");
            let event = match &report.kind {
                ReportKind::Fill(fill) => {
                    prop_assert!(trades.insert(fill.execution_id), "a trade told twice");
                    filled += fill.quantity.get();
                    use crate::domain::order_status::OrderEvent::{Filled, PartFilled};
                    if filled == 10 { Filled } else { PartFilled }
                }
                ReportKind::Accepted { .. } => crate::domain::order_status::OrderEvent::Accepted,
                ReportKind::Rejected(_) => crate::domain::order_status::OrderEvent::Rejected,
                ReportKind::Canceled(_) => crate::domain::order_status::OrderEvent::Canceled,
                ReportKind::Expired => crate::domain::order_status::OrderEvent::Expired,
                ReportKind::AnswerLost => crate::domain::order_status::OrderEvent::AnswerLost,
                ReportKind::CancelRejected(_) => {
                    prop_assert!(script.cancel_asked);
                    continue;
                }
            };
            let next = crate::domain::order_status::next(status, event);
            prop_assert!(next.is_ok(), "{next:?}");
            status = next.unwrap();
        }
        let told: i64 = if script.taken { script.fills.iter().sum() } else { 0 };
        prop_assert_eq!(filled, told);
        let over = !script.taken || script.canceled || told == 10;
        prop_assert_eq!(status.is_terminal(), over, "{:?}", status);
    }
}
