//! What happens when a command arrives: admission, then matching against the displayed book.

use crate::domain::decimal::{Decimal, Round};
use crate::domain::execution::{ReportKind, VenueReason};
use crate::domain::identifier::ClientOrderId;
use crate::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use crate::domain::order::TimeInForce;
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::admission::{self, Checked};
use super::desk::{Desk, Ending, Match, fee_of, held_asset};
use super::market::Market;
use super::order::{OrderRequest, SelfTrade, VenueOrder};
use super::reason;
use super::walk::{self, Appetite, Plan, Step, Taker, WayEnd};

/// Microseconds in a second.
const SECOND_US: i64 = 1_000_000;

/// Takes an order in: refused, or accepted and then filled, ended or resting. The sequence of the
/// order it became.
pub(super) fn submit(
    request: OrderRequest,
    at: Timestamp,
    market: Option<&mut Market>,
    desk: &mut Desk,
    plan: &mut Plan,
) -> Result<u64, VenueReason> {
    let take_in = |market: &mut Market, desk: &mut Desk, plan: &mut Plan| {
        let order = admission::check(&request, market, desk)?;
        let ending = plan_way(&order, market, desk.fee_step, plan);
        let hold = put_aside(&order, &market.instrument, desk, plan)?;
        let order = accept(&order, hold, at, desk, plan);
        execute(order, ending, market, desk, plan);
        Ok(order.sequence)
    };
    let answer = match market {
        Some(market) => take_in(market, desk, plan),
        None => Err(reason::SYMBOL),
    };
    if let Err(reason) = &answer {
        desk.reject(request.client_order_id, at, reason.clone());
    }
    answer
}

/// Takes a cancel in. The order as it ended.
pub(super) fn cancel(
    id: ClientOrderId,
    at: Timestamp,
    markets: &mut [Market],
    desk: &mut Desk,
) -> Result<VenueOrder, VenueReason> {
    let found = desk.orders.place_of(&id).and_then(|place| {
        let market = markets.get_mut(place.instrument.index())?;
        market.withdraw(place).map(|order| (&*market, order))
    });
    let Some((market, order)) = found else {
        desk.outbox.report(id, at, ReportKind::CancelRejected(reason::CANCEL_REFUSED));
        return Err(reason::CANCEL_REFUSED);
    };
    let ending = Ending { status: OrderStatus::Canceled, at };
    Ok(market.end(desk, order, ending, Some(ReportKind::Canceled(None))))
}

/// Takes `by` off an open order, which keeps its place in the queue; all of it is a cancel. The
/// order as it is now.
pub(super) fn reduce(
    id: ClientOrderId,
    by: Decimal,
    at: Timestamp,
    markets: &mut [Market],
    desk: &mut Desk,
) -> Result<VenueOrder, VenueReason> {
    let place = desk.orders.place_of(&id).ok_or(reason::CANCEL_REFUSED)?;
    let market = markets.get_mut(place.instrument.index()).ok_or(reason::CANCEL_REFUSED)?;
    if !by.is_positive() {
        return Err(reason::PARAMETER);
    }
    let by = market.instrument.quantity(by).or(Err(reason::SIZE_INCREMENT))?;
    let remaining = market.resting.get(place).ok_or(reason::CANCEL_REFUSED)?.remaining();
    if by > remaining {
        return Err(reason::CANCEL_SIZE);
    }
    if by == remaining {
        return cancel(id, at, markets, desk);
    }
    market.reduce(place, by, at, desk).ok_or(reason::CANCEL_REFUSED)
}

/// Plans what the order does; why it is canceled before any of it, if it is.
fn plan_way(
    order: &Checked,
    market: &mut Market,
    fee_step: Option<Decimal>,
    plan: &mut Plan,
) -> Option<VenueReason> {
    let side = order.request.side;
    plan.clear();
    market.make_ladder();
    let opposite = side.opposite();
    let band = market.band(side);
    let taker = Taker {
        instrument: &market.instrument,
        side,
        limit: order.price.or(band),
        band: order.price.and(band),
        appetite: order.appetite,
        self_trade: match order.time_in_force {
            // As at KuCoin.
            TimeInForce::Fok => Some(SelfTrade::CancelNewest),
            TimeInForce::Gtc | TimeInForce::Ioc => order.request.terms.self_trade,
        },
        fee_step,
    };
    if order.post_only {
        let meets = market.book(opposite).meets(taker.limit.unwrap_or_default());
        if meets || market.resting.best(opposite).is_some_and(|own| taker.accepts(own)) {
            return Some(reason::POST_ONLY);
        }
    }
    let own = market.resting.orders(opposite).iter();
    walk::walk(&taker, market.book(opposite).available(None), own, plan);
    match plan.end {
        WayEnd::BeyondBand => Some(reason::PRICE_BAND),
        WayEnd::Sated | WayEnd::Dry | WayEnd::GivesWay => None,
    }
}

/// Puts aside what the order needs: the amount held is returned. What does not rest needs what its
/// plan costs.
fn put_aside(
    order: &Checked,
    instrument: &Instrument,
    desk: &mut Desk,
    plan: &Plan,
) -> Result<Decimal, VenueReason> {
    let side = order.request.side;
    let asset = held_asset(instrument, side);
    let needed = match (order.price, order.appetite, side) {
        (Some(price), Appetite::Quantity(quantity), _) => {
            let (asset, amount) = instrument.hold(side, price, quantity);
            desk.account.hold(asset, amount).or(Err(reason::INSUFFICIENT_BALANCE))?;
            return Ok(amount);
        }
        (_, Appetite::Quantity(quantity), Side::Sell) => instrument.quantity_of(quantity),
        (_, Appetite::Funds(_), Side::Sell) => instrument.quantity_of(plan.filled),
        (_, Appetite::Funds(funds), Side::Buy) => funds,
        (None, Appetite::Quantity(_), Side::Buy) => plan
            .steps
            .iter()
            .map(|step| match *step {
                Step::Book { price, quantity } | Step::Own { price, quantity, .. } => {
                    instrument.notional(price, quantity)
                }
                Step::Prevent { .. } => Decimal::ZERO,
            })
            .map(|it| it + fee_of(instrument, it, Liquidity::Taker, desk.fee_step))
            .sum(),
    };
    let enough = needed <= desk.account.available(asset);
    if enough { Ok(Decimal::ZERO) } else { Err(reason::INSUFFICIENT_BALANCE) }
}

/// Names the order and says it is accepted.
fn accept(
    order: &Checked,
    hold: Decimal,
    at: Timestamp,
    desk: &mut Desk,
    plan: &Plan,
) -> VenueOrder {
    let OrderRequest { instrument, client_order_id, side, terms, .. } = order.request;
    let (sequence, venue_order_id) = desk.name_order(at);
    desk.outbox.report(client_order_id, at, ReportKind::Accepted { venue_order_id });
    let (quantity, funds) = match order.appetite {
        Appetite::Quantity(quantity) => (quantity, None),
        Appetite::Funds(funds) => (plan.filled, Some(funds)),
    };
    let lives_us = |seconds: u32| i64::from(seconds) * SECOND_US;
    let rests = order.price.is_some() && order.time_in_force == TimeInForce::Gtc;
    let order = VenueOrder {
        sequence,
        client_order_id,
        venue_order_id,
        instrument,
        side,
        price: order.price,
        time_in_force: order.time_in_force,
        post_only: order.post_only,
        quantity,
        funds,
        filled: Lots::ZERO,
        reduced: Lots::ZERO,
        filled_notional: Decimal::ZERO,
        fee: Decimal::ZERO,
        status: OrderStatus::New,
        queue_ahead: Lots::ZERO,
        hold,
        self_trade: terms.self_trade,
        visibility: order.visibility,
        expires_at: terms
            .lifetime_s
            .filter(|_| rests)
            .map(|seconds| Timestamp::from_us(at.us().saturating_add(lives_us(seconds)))),
        accepted_at: at,
        updated_at: at,
    };
    desk.record(&order);
    order
}

/// Carries the plan out; what is left rests or ends.
fn execute(
    mut order: VenueOrder,
    canceled: Option<VenueReason>,
    market: &mut Market,
    desk: &mut Desk,
    plan: &Plan,
) {
    let at = order.accepted_at;
    let whole = order.funds.is_some() || plan.filled == order.quantity;
    let killed = canceled.is_some() || (order.time_in_force == TimeInForce::Fok && !whole);
    if !killed {
        for step in &plan.steps {
            perform(*step, &mut order, market, desk);
        }
    }
    let self_trade = |order: &VenueOrder| {
        Some(ReportKind::Canceled(Some(reason::self_trade(order.self_trade.unwrap_or_default()))))
    };
    let (status, report) = match plan.end {
        _ if canceled.is_some() => (OrderStatus::Canceled, Some(ReportKind::Canceled(canceled))),
        WayEnd::GivesWay => (OrderStatus::Canceled, self_trade(&order)),
        WayEnd::Sated if !order.reduced.is_zero() => (OrderStatus::Canceled, self_trade(&order)),
        WayEnd::Sated if !killed && !order.filled.is_zero() => (OrderStatus::Filled, None),
        WayEnd::Dry if order.time_in_force == TimeInForce::Gtc && order.price.is_some() => {
            market.rest(order, desk);
            return;
        }
        WayEnd::Sated | WayEnd::Dry | WayEnd::BeyondBand => {
            (OrderStatus::Expired, Some(ReportKind::Expired))
        }
    };
    market.end(desk, order, Ending { status, at }, report);
}

/// Books one step of an arriving order.
fn perform(step: Step, order: &mut VenueOrder, market: &mut Market, desk: &mut Desk) {
    let at = order.accepted_at;
    match step {
        Step::Book { price, quantity } => {
            market.take(order.side.opposite(), price, quantity);
            let found = Match { price, quantity, liquidity: Liquidity::Taker, at };
            desk.fill(&market.instrument, &mut market.trade_id, order, found);
        }
        Step::Own { price, quantity, sequence } => {
            let found = Match { price, quantity, liquidity: Liquidity::Taker, at };
            desk.fill(&market.instrument, &mut market.trade_id, order, found);
            if let Some(place) = desk.orders.place(sequence) {
                market.fill_resting(place, Match { liquidity: Liquidity::Maker, ..found }, desk);
            }
        }
        Step::Prevent { sequence, resting, taker } => {
            let mode = order.self_trade.unwrap_or_default();
            if let Some(place) = desk.orders.place(sequence) {
                market.prevent(place, resting, (mode, at), desk);
            }
            if !taker.is_zero() {
                desk.reduce(&market.instrument, order, taker, at);
            }
        }
    }
}

/// The worst price of an order on `side` that meets `best`, where prices may move by `rate`.
pub(super) fn band_limit(
    instrument: &Instrument,
    side: Side,
    best: Ticks,
    rate: Decimal,
) -> Option<Ticks> {
    let best = instrument.price_of(best);
    let room = best.mul(rate, Round::Down);
    match side {
        Side::Buy => instrument.price_floor(best + room).ok(),
        Side::Sell => instrument.price_ceil(best - room).ok(),
    }
}
