//! An approved order as the venue's request.

use crate::domain::instrument::Instrument;
use crate::domain::order::{NewOrder, OrderType, TimeInForce};
use crate::exchange::kucoin::protocol::order as wire;
use crate::exchange::kucoin::protocol::place::PlaceOrder;

/// The request. Its window and timestamp are stamped when it is sent.
pub fn place_order(order: &NewOrder, instrument: &Instrument) -> PlaceOrder<'static> {
    let symbol = instrument.symbol().as_str().to_owned();
    let size = Some(instrument.quantity_of(order.quantity()));
    let client_oid = Some(order.client_order_id().as_str().to_owned().into());
    let request = |order_type| PlaceOrder {
        size,
        client_oid: client_oid.clone(),
        // We never mean to trade with ourselves.
        stp: Some(wire::Stp::CancelNewest),
        ..PlaceOrder::new(order_type, symbol.clone(), order.side())
    };
    match order.order_type() {
        OrderType::Limit { price, time_in_force, post_only } => PlaceOrder {
            price: Some(instrument.price_of(price)),
            time_in_force: Some(match time_in_force {
                TimeInForce::Gtc => wire::TimeInForce::Gtc,
                TimeInForce::Ioc => wire::TimeInForce::Ioc,
                TimeInForce::Fok => wire::TimeInForce::Fok,
            }),
            post_only: post_only.then_some(true),
            ..request(wire::OrderType::Limit)
        },
        OrderType::Market => request(wire::OrderType::Market),
    }
}
