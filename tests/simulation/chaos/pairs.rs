//! Every pair of the table of order states: seen in the worlds, or named here with the reason why it
//! cannot be; and the engine does with each what the table says.

use ibis::domain::balance::Balance;
use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{Execution, ExecutionReport, ReportKind, VenueReason};
use ibis::domain::identifier::{Asset, ClientOrderId, ExecutionId, InstrumentId, VenueOrderId};
use ibis::domain::instrument::{Liquidity, Lots, Ticks};
use ibis::domain::order::{Purpose, TimeInForce};
use ibis::domain::order_status::{OrderEvent, OrderStatus, next};
use ibis::domain::record::{Projection, Record};
use ibis::domain::side::Side;
use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::Known;
use ibis::engine::working_order::WorkingOrder;
use ibis::engine::{Engine, invariant};
use ibis::market::Synthetic;

use super::fault::Coverage;
use super::universe::engine_settings;

use OrderEvent as E;
use OrderStatus as S;

const ONE_BATCH: &str = "an intent and its sending are one batch: the ledger has both or neither";
const FILLS_FIRST: &str = "the tracker tells an order's end after its fills";
const TAKEN_FIRST: &str =
    "that an order was taken is told before its end; a start knows filled and canceled ends only";
const ENTRIES_ONLY: &str = "only entries are canceled, and they have no time in force that ends";
const ASKED_ONCE: &str = "the engine asks for a cancel once; the tracker repeats it";
const NEVER_THERE: &str = "what was refused, or can no longer arrive, does not fill";
const ONCE: &str = "the tracker tells each of these once, and forgets the order with its end";

/// Pairs that the table decides and no world can show, and why.
const UNREACHABLE: &[(OrderStatus, OrderEvent, &str)] = &[
    (S::Created, E::Rejected, ONE_BATCH),
    (S::Created, E::Canceled, ONE_BATCH),
    (S::Created, E::Expired, ONE_BATCH),
    (S::Created, E::PartFilled, ONE_BATCH),
    (S::Created, E::Accepted, ONE_BATCH),
    (S::Created, E::Filled, ONE_BATCH),
    (S::Submitted, E::Expired, TAKEN_FIRST),
    (S::Unresolved, E::Expired, TAKEN_FIRST),
    (S::PendingCancel, E::Expired, ENTRIES_ONLY),
    (S::PendingCancel, E::CancelSent, ASKED_ONCE),
    (S::Rejected, E::Filled, NEVER_THERE),
    (S::Canceled, E::PartFilled, FILLS_FIRST),
    (S::Canceled, E::Filled, FILLS_FIRST),
    (S::Expired, E::PartFilled, FILLS_FIRST),
    (S::Expired, E::Filled, FILLS_FIRST),
    (S::Filled, E::Filled, FILLS_FIRST),
    (S::Filled, E::CancelRejected, ONCE),
    (S::Canceled, E::CancelRejected, ONCE),
    (S::Expired, E::CancelRejected, ONCE),
    (S::Rejected, E::CancelRejected, ONCE),
    (S::Filled, E::Accepted, ONCE),
    (S::Canceled, E::Canceled, ONCE),
    (S::Expired, E::Expired, ONCE),
    (S::Rejected, E::Rejected, ONCE),
];

/// Pairs that the table decides, and that were neither seen nor named.
pub fn missing(coverage: &Coverage) -> Vec<(OrderStatus, OrderEvent)> {
    let seen = |pair| coverage.pairs.contains_key(&pair);
    let named = |pair| UNREACHABLE.iter().any(|(status, event, _)| (*status, *event) == pair);
    let mut missing = Vec::new();
    for status in OrderStatus::ALL {
        for event in OrderEvent::ALL {
            let pair = (status, event);
            if next(status, event).is_ok() && !seen(pair) && !named(pair) {
                missing.push(pair);
            }
        }
    }
    missing
}

/// Every pair that the table decides was seen, or is named; what is named was not seen.
pub fn check(coverage: &Coverage) {
    let missing = missing(coverage);
    assert!(missing.is_empty(), "never seen, and not explained: {missing:?}");
    let seen = |pair| coverage.pairs.contains_key(&pair);
    let stale: Vec<_> = UNREACHABLE.iter().filter(|it| seen((it.0, it.1))).collect();
    assert!(stale.is_empty(), "seen, though explained away: {stale:?}");
    let illegal: Vec<_> =
        coverage.pairs.keys().filter(|pair| next(pair.0, pair.1).is_err()).collect();
    println!("pairs that the table does not know, and the ledger calls a surprise: {illegal:?}");
}

const ASKED: i64 = 1_000;
/// In one of two fills.
const PART: i64 = 400;

fn id() -> ClientOrderId {
    ClientOrderId::new("sim-1-1").unwrap()
}

fn at(us: i64) -> Timestamp {
    Timestamp::from_us(us)
}

/// An engine whose only order stands at `status`, with nothing filled.
fn engine(status: OrderStatus) -> Engine {
    let instruments = Synthetic::new(1, at(0)).instruments().to_vec();
    let (price, quantity) = (Ticks::new(600_000), Lots::new(ASKED));
    let hold = instruments[0].hold(Side::Buy, price, quantity);
    let order = WorkingOrder {
        client_order_id: id(),
        instrument: InstrumentId(0),
        side: Side::Buy,
        purpose: Purpose::Entry,
        price,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        quantity,
        filled: Lots::ZERO,
        notional: Decimal::ZERO,
        fee: Decimal::ZERO,
        reference_price: price,
        created_at: at(0),
        updated_at: at(0),
        status,
        venue_order_id: None,
        hold,
    };
    let mut known = Known { orders: vec![order], ..Known::default() };
    let balance = Balance::new(Decimal::from_int(10_000), hold.1).unwrap();
    known.balances.insert(Asset::new("USDT").unwrap(), balance);
    let mut engine = Engine::new(engine_settings(1, 1), &instruments);
    engine.restore(known, at(1), &mut Vec::new());
    engine
}

fn fill(lots: i64, sequence: u64) -> ReportKind {
    let instruments = Synthetic::new(1, at(0)).instruments().to_vec();
    let (price, quantity) = (Ticks::new(600_000), Lots::new(lots));
    let notional = instruments[0].notional(price, quantity);
    ReportKind::Fill(Execution {
        execution_id: ExecutionId::new(&sequence.to_string()).unwrap(),
        venue_sequence: sequence,
        client_order_id: id(),
        venue_order_id: VenueOrderId::new("1").unwrap(),
        instrument: InstrumentId(0),
        side: Side::Buy,
        price,
        quantity,
        notional,
        fee: instruments[0].fee(notional, Liquidity::Taker),
        fee_asset: Asset::new("USDT").unwrap(),
        liquidity: Liquidity::Taker,
        at: at(2),
    })
}

/// Tells the engine; where it says the order stands after.
fn tell(engine: &mut Engine, kind: ReportKind) -> Option<OrderStatus> {
    let report = ExecutionReport { client_order_id: id(), at: at(3), kind };
    let mut actions = Vec::new();
    engine.step(&Event::Report(report), at(3), &mut actions);
    assert_eq!(invariant::check(engine), []);
    actions.iter().rev().find_map(|action| match action {
        Action::Record(fact) => match &fact.record {
            Record::Order(order) => Some(order.status),
            _ => None,
        },
        Action::Project(Projection::Order(order)) => Some(order.status),
        _ => None,
    })
}

fn reason() -> VenueReason {
    VenueReason { code: 1, text: "because".into() }
}

fn kind(event: OrderEvent, filled: i64, sequence: u64) -> Option<ReportKind> {
    Some(match event {
        E::Sent | E::CancelSent => return None,
        E::AnswerLost => ReportKind::AnswerLost,
        E::Accepted => ReportKind::Accepted { venue_order_id: VenueOrderId::new("1").unwrap() },
        E::Rejected => ReportKind::Rejected(reason()),
        E::PartFilled => fill((ASKED - filled) / 4, sequence),
        E::Filled => fill(ASKED - filled, sequence),
        E::CancelRejected => ReportKind::CancelRejected(reason()),
        E::Canceled => ReportKind::Canceled(None),
        E::Expired => ReportKind::Expired,
    })
}

/// An engine whose order came to `status` by the venue's word, and what of it is filled.
fn brought_to(status: OrderStatus) -> (Engine, i64) {
    let (from, event, filled) = match status {
        S::Filled => (S::New, E::Filled, ASKED),
        S::Canceled => (S::New, E::Canceled, 0),
        S::Expired => (S::New, E::Expired, 0),
        S::Rejected => (S::Submitted, E::Rejected, 0),
        S::PartiallyFilled => {
            let mut engine = engine(S::New);
            tell(&mut engine, fill(PART, 1));
            return (engine, PART);
        }
        _ => return (engine(status), 0),
    };
    let mut engine = engine(from);
    tell(&mut engine, kind(event, 0, 1).unwrap());
    (engine, filled)
}

#[test]
fn the_engine_does_with_every_pair_what_the_table_says() {
    for status in OrderStatus::ALL {
        for event in OrderEvent::ALL {
            let Ok(after) = next(status, event) else { continue };
            let (mut engine, filled) = brought_to(status);
            // More than was asked for: the venue is the truth about fills all the same.
            let again = if filled == ASKED { ASKED - PART } else { filled };
            let Some(kind) = kind(event, again, 2) else { continue };
            let said = tell(&mut engine, kind);
            let fills = matches!(event, E::PartFilled | E::Filled);
            if status.is_terminal() && !fills {
                assert_eq!(said, None, "{status} {event:?}: old news moves nothing");
            } else {
                assert_eq!(said, Some(after), "{status} {event:?}");
            }
            let open = engine.open_orders().next().is_some();
            assert_eq!(open, !after.is_terminal(), "{status} {event:?}");
        }
    }
}
