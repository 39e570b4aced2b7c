//! What an order must be to be let in: identity, increments and limits.

use crate::domain::execution::VenueReason;
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::order::TimeInForce;
use crate::domain::side::Side;

use super::desk::Desk;
use super::market::Market;
use super::order::{Amount, OrderRequest, RequestedType, SelfTrade, Visibility};
use super::reason;
use super::walk::{Appetite, is_countable};

/// Open orders of an instrument at most (KuCoin: 200 per symbol).
const OPEN_ORDERS_PER_INSTRUMENT: u32 = 200;
/// Open orders of the account at most (KuCoin: 2000).
const OPEN_ORDERS: u32 = 2_000;
/// How many orders may be open at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenOrdersMax {
    /// Of the account.
    pub all: u32,
    /// Of one instrument.
    pub per_instrument: u32,
}

impl Default for OpenOrdersMax {
    fn default() -> Self {
        Self { all: OPEN_ORDERS, per_instrument: OPEN_ORDERS_PER_INSTRUMENT }
    }
}

impl OpenOrdersMax {
    fn is_reached(self, all: usize, of_instrument: usize) -> bool {
        let reached = |count: usize, max: u32| u32::try_from(count).map_or(true, |it| it >= max);
        reached(all, self.all) || reached(of_instrument, self.per_instrument)
    }
}

/// The shown part of an iceberg is at least this part of it (KuCoin: a twentieth).
const VISIBLE_PART: i64 = 20;

/// A request whose numbers fit the instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked {
    pub request: OrderRequest,
    pub price: Option<Ticks>,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
    pub appetite: Appetite,
    pub visibility: Visibility<Lots>,
}

/// Judges a request by what it says.
pub(super) fn check(
    request: &OrderRequest,
    market: &Market,
    desk: &Desk,
) -> Result<Checked, VenueReason> {
    identity(request, market, desk)?;
    let instrument = &market.instrument;
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
    let limit_only = matches!(request.amount, Amount::Size(_)) || price.is_none();
    let no_decrease = request.terms.self_trade != Some(SelfTrade::DecreaseAndCancel);
    if !limit_only || !(no_decrease || price.is_some()) || request.terms.lifetime_s == Some(0) {
        return Err(reason::PARAMETER);
    }
    let (appetite, visibility) = match request.amount {
        Amount::Funds(funds) => {
            if !funds.is_positive() {
                return Err(reason::PARAMETER);
            }
            if funds < instrument.spec().notional_min {
                return Err(reason::funds_min(instrument));
            }
            (Appetite::Funds(funds), Visibility::Whole)
        }
        Amount::Size(_) => {
            let quantity = quantity(&request, instrument)?;
            notional(&request, price, quantity, market)?;
            let visibility = visibility(&request, price, quantity, instrument)?;
            (Appetite::Quantity(quantity), visibility)
        }
    };
    Ok(Checked { request, price, time_in_force, post_only, appetite, visibility })
}

fn identity(request: &OrderRequest, market: &Market, desk: &Desk) -> Result<(), VenueReason> {
    let id = request.client_order_id;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.as_str().bytes().all(legal) {
        return Err(reason::PARAMETER);
    }
    let taken = if request.terms.replaces {
        desk.orders.place_of(&id).is_some()
    } else {
        desk.orders.knows(&id)
    };
    if taken {
        return Err(reason::DUPLICATE_CLIENT_ORDER_ID);
    }
    if desk.open_orders_max.is_reached(desk.orders.open_count(), market.resting.count()) {
        return Err(reason::OPEN_ORDERS);
    }
    Ok(())
}

fn quantity(request: &OrderRequest, instrument: &Instrument) -> Result<Lots, VenueReason> {
    let Amount::Size(size) = request.amount else { return Err(reason::PARAMETER) };
    if !size.is_positive() {
        return Err(reason::PARAMETER);
    }
    if size > instrument.spec().quantity_max {
        return Err(reason::SIZE_MAX);
    }
    let quantity = instrument.quantity(size).or(Err(reason::SIZE_INCREMENT))?;
    if quantity < instrument.quantity_min() { Err(reason::SIZE_MIN) } else { Ok(quantity) }
}

/// The least and the most an order is worth, at its limit or else at the touch.
fn notional(
    request: &OrderRequest,
    price: Option<Ticks>,
    quantity: Lots,
    market: &Market,
) -> Result<(), VenueReason> {
    let instrument = &market.instrument;
    let touch = || {
        let top = market.top()?;
        Some(if request.side == Side::Buy { top.ask } else { top.bid })
    };
    let Some(judged_at) = price.or_else(touch) else { return Ok(()) };
    if !is_countable(instrument, judged_at, quantity) {
        return Err(reason::INSUFFICIENT_BALANCE);
    }
    if instrument.notional(judged_at, quantity) < instrument.spec().notional_min {
        return Err(reason::funds_min(instrument));
    }
    Ok(())
}

/// What does not rest has nothing to hide.
fn visibility(
    request: &OrderRequest,
    price: Option<Ticks>,
    quantity: Lots,
    instrument: &Instrument,
) -> Result<Visibility<Lots>, VenueReason> {
    match request.terms.visibility {
        _ if price.is_none() => Ok(Visibility::Whole),
        Visibility::Whole => Ok(Visibility::Whole),
        Visibility::Hidden => Ok(Visibility::Hidden),
        Visibility::Iceberg(shown) => {
            let shown = instrument.quantity(shown).or(Err(reason::VISIBLE_SIZE))?;
            let least = Lots::new((quantity.get() + VISIBLE_PART - 1) / VISIBLE_PART);
            if shown < least.max(instrument.quantity_min()) {
                return Err(reason::VISIBLE_SIZE);
            }
            Ok(Visibility::Iceberg(shown))
        }
    }
}
