//! What happens when a command arrives: checks, then matching against the displayed book.

use crate::domain::decimal::Decimal;
use crate::domain::execution::{ReportKind, VenueReason};
use crate::domain::identifier::ClientOrderId;
use crate::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use crate::domain::order::TimeInForce;
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::book_side::key;
use super::desk::{Desk, Ending, Match, held_asset};
use super::market::{Market, limit};
use super::order::{OrderRequest, RequestedType, VenueOrder};
use super::reason;

/// Open orders of an instrument at most (KuCoin: 200 per symbol).
const OPEN_ORDERS_PER_INSTRUMENT: usize = 200;
/// Open orders of the account at most (KuCoin: 2000).
const OPEN_ORDERS: usize = 2_000;

/// Price levels an order would take, best first.
pub(super) type Plan = Vec<(Ticks, Lots)>;

/// A request whose numbers fit the instrument.
#[derive(Clone, Copy, Debug)]
struct Checked {
    request: OrderRequest,
    price: Option<Ticks>,
    time_in_force: TimeInForce,
    post_only: bool,
    quantity: Lots,
}

/// Takes an order in: rejected, or accepted and then filled, ended or resting.
pub(super) fn submit(
    request: OrderRequest,
    at: Timestamp,
    market: Option<&mut Market>,
    desk: &mut Desk,
    plan: &mut Plan,
) {
    let Some(market) = market else {
        return desk.reject(request.client_order_id, at, reason::SYMBOL);
    };
    let accepted = check(&request, market, desk)
        .and_then(|order| place(&order, market, desk, plan).map(|hold| (order, hold)));
    match accepted {
        Ok((order, hold)) => execute(&accept(&order, hold, at, desk), market, desk, plan),
        Err(reason) => desk.reject(request.client_order_id, at, reason),
    }
}

/// Takes a cancel in.
pub(super) fn cancel(id: ClientOrderId, at: Timestamp, markets: &mut [Market], desk: &mut Desk) {
    let found = desk.open.get(&id).copied().and_then(|(instrument, side)| {
        let market = markets.get_mut(instrument.index())?;
        market.remove(side, &id).map(|order| (&*market, order))
    });
    match found {
        Some((market, order)) => {
            let ending = Ending { status: OrderStatus::Canceled, at };
            market.end(desk, order, ending, Some(ReportKind::Canceled(None)));
        }
        None => desk.outbox.report(id, at, ReportKind::CancelRejected(reason::CANCEL_REFUSED)),
    }
}

/// Identity, increments and limits.
fn check(request: &OrderRequest, market: &Market, desk: &Desk) -> Result<Checked, VenueReason> {
    let id = request.client_order_id;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.as_str().bytes().all(legal) {
        return Err(reason::PARAMETER);
    }
    if desk.knows(&id) {
        return Err(reason::DUPLICATE_CLIENT_ORDER_ID);
    }
    let instrument = &market.instrument;
    let resting = market.orders(Side::Buy).len() + market.orders(Side::Sell).len();
    if resting >= OPEN_ORDERS_PER_INSTRUMENT || desk.open.len() >= OPEN_ORDERS {
        return Err(reason::OPEN_ORDERS);
    }
    if !request.size.is_positive() {
        return Err(reason::PARAMETER);
    }
    if request.size > instrument.spec().quantity_max {
        return Err(reason::SIZE_MAX);
    }
    let quantity = instrument.quantity(request.size).or(Err(reason::SIZE_INCREMENT))?;
    if quantity < instrument.quantity_min() {
        return Err(reason::SIZE_MIN);
    }
    let request = *request;
    let (price, time_in_force, post_only) = match request.order_type {
        RequestedType::Limit { price, time_in_force, post_only } => {
            if !price.is_positive() {
                return Err(reason::PARAMETER);
            }
            let price = instrument.price(price).or(Err(reason::PRICE_INCREMENT))?;
            (Some(price), time_in_force, post_only && time_in_force == TimeInForce::Gtc)
        }
        RequestedType::Market => (None, TimeInForce::Ioc, false),
    };
    let judged_at = price.or_else(|| {
        let top = market.top()?;
        Some(if request.side == Side::Buy { top.ask } else { top.bid })
    });
    if let Some(judged_at) = judged_at {
        if !is_countable(instrument, judged_at, quantity) {
            return Err(reason::INSUFFICIENT_BALANCE);
        }
        if instrument.notional(judged_at, quantity) < instrument.spec().notional_min {
            return Err(reason::funds_min(instrument));
        }
    }
    Ok(Checked { request, price, time_in_force, post_only, quantity })
}

/// True where the notional and its fee are far from [`Decimal`]'s end. No account holds more.
fn is_countable(instrument: &Instrument, price: Ticks, quantity: Lots) -> bool {
    let unit = instrument.notional(Ticks::new(1), Lots::new(1)).raw();
    i128::from(price.get())
        .checked_mul(i128::from(quantity.get()))
        .and_then(|units| units.checked_mul(unit))
        .is_some_and(|raw| raw < i128::MAX / 8)
}

/// Plans what the order takes, and puts aside what it needs: the amount held is returned.
fn place(
    order: &Checked,
    market: &mut Market,
    desk: &mut Desk,
    plan: &mut Plan,
) -> Result<Decimal, VenueReason> {
    let side = order.request.side;
    let own = own_opposite(market, side);
    let book = market.opposite(side);
    if let Some(price) = order.price
        && order.post_only
        && (book.meets(price) || own.is_some_and(|own| reaches(side, Some(price), own)))
    {
        return Err(reason::POST_ONLY);
    }
    book.plan(order.price, own, order.quantity, plan);
    let instrument = &market.instrument;
    let asset = held_asset(instrument, side);
    let Some(price) = order.price else {
        let needed = match side {
            Side::Sell => instrument.quantity_of(order.quantity),
            Side::Buy => plan
                .iter()
                .map(|&(price, quantity)| instrument.notional(price, quantity))
                .map(|notional| notional + instrument.fee(notional, Liquidity::Taker))
                .sum(),
        };
        let enough = needed <= desk.account.available(asset);
        return if enough { Ok(Decimal::ZERO) } else { Err(reason::INSUFFICIENT_BALANCE) };
    };
    let (asset, amount) = instrument.hold(side, price, order.quantity);
    desk.account.hold(asset, amount).or(Err(reason::INSUFFICIENT_BALANCE))?;
    Ok(amount)
}

/// Names the order and says it is accepted.
fn accept(order: &Checked, hold: Decimal, at: Timestamp, desk: &mut Desk) -> VenueOrder {
    let OrderRequest { instrument, client_order_id, side, .. } = order.request;
    let (sequence, venue_order_id) = desk.name_order(at);
    desk.outbox.report(client_order_id, at, ReportKind::Accepted { venue_order_id });
    VenueOrder {
        sequence,
        client_order_id,
        venue_order_id,
        instrument,
        side,
        price: order.price,
        time_in_force: order.time_in_force,
        post_only: order.post_only,
        quantity: order.quantity,
        filled: Lots::ZERO,
        filled_notional: Decimal::ZERO,
        fee: Decimal::ZERO,
        status: OrderStatus::New,
        queue_ahead: Lots::ZERO,
        hold,
        accepted_at: at,
        updated_at: at,
    }
}

/// Carries the plan out; what is left rests or ends.
fn execute(order: &VenueOrder, market: &mut Market, desk: &mut Desk, plan: &Plan) {
    let (mut order, at) = (*order, order.accepted_at);
    let own = own_opposite(market, order.side);
    let planned: i64 = plan.iter().map(|(_, quantity)| quantity.get()).sum();
    let killed = order.time_in_force == TimeInForce::Fok && planned < order.quantity.get();
    if !killed {
        let book = market.opposite(order.side);
        for &(price, quantity) in plan {
            book.take(price, quantity);
        }
        for &(price, quantity) in plan {
            let found = Match { price, quantity, liquidity: Liquidity::Taker, at };
            desk.fill(&market.instrument, &mut market.trade_id, &mut order, found);
        }
    }
    let meets_own = own.is_some_and(|own| reaches(order.side, order.price, own));
    let (status, report) = match order.time_in_force {
        _ if order.remaining().is_zero() => (OrderStatus::Filled, None),
        _ if meets_own => {
            (OrderStatus::Canceled, Some(ReportKind::Canceled(Some(reason::SELF_TRADE))))
        }
        TimeInForce::Ioc | TimeInForce::Fok => (OrderStatus::Expired, Some(ReportKind::Expired)),
        TimeInForce::Gtc => {
            market.rest(order, desk);
            return;
        }
    };
    market.end(desk, order, Ending { status, at }, report);
}

/// The best price at which our own orders rest against `side`.
fn own_opposite(market: &Market, side: Side) -> Option<Ticks> {
    market.orders(side.opposite()).first().map(limit)
}

/// True where an order of `side` limited to `price` reaches a resting price of the other side.
fn reaches(side: Side, price: Option<Ticks>, resting: Ticks) -> bool {
    price.is_none_or(|price| key(side, price) >= key(side, resting))
}
