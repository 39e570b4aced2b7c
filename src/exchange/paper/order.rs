//! Orders as the venue gets them (unchecked) and as it keeps them.

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::order::{NewOrder, OrderType, TimeInForce};
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

/// An order as a client asks for it. The venue trusts none of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderRequest {
    /// Index into the venue's instruments.
    pub instrument: InstrumentId,
    /// The client's identifier.
    pub client_order_id: ClientOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit or market.
    pub order_type: RequestedType,
    /// Quantity in base units.
    pub size: Decimal,
}

/// Type of a requested order, with what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequestedType {
    /// At `price` (quote units) or better.
    Limit {
        /// The limit in quote units.
        price: Decimal,
        /// How long.
        time_in_force: TimeInForce,
        /// Refused rather than taking. Without effect on IOC and FOK, as at KuCoin.
        post_only: bool,
    },
    /// By quantity, at whatever the book gives; the rest ends at once.
    Market,
}

impl OrderRequest {
    /// The request that an order of ours becomes on the wire.
    pub fn new(order: &NewOrder, instrument: &Instrument) -> Self {
        let order_type = match order.order_type() {
            OrderType::Limit { price, time_in_force, post_only } => {
                RequestedType::Limit { price: instrument.price_of(price), time_in_force, post_only }
            }
            OrderType::Market => RequestedType::Market,
        };
        Self {
            instrument: order.instrument(),
            client_order_id: order.client_order_id(),
            side: order.side(),
            order_type,
            size: instrument.quantity_of(order.quantity()),
        }
    }
}

/// An order the venue accepted: what it knows about it, and what it keeps on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VenueOrder {
    /// Counts accepted orders of the account from 1: time priority.
    pub sequence: u64,
    /// The client's identifier.
    pub client_order_id: ClientOrderId,
    /// Ours (24 hex digits).
    pub venue_order_id: VenueOrderId,
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// The limit; `None` for a market order.
    pub price: Option<Ticks>,
    /// How long; IOC for a market order.
    pub time_in_force: TimeInForce,
    /// It was asked to add liquidity only.
    pub post_only: bool,
    /// How much was asked.
    pub quantity: Lots,
    /// How much was filled.
    pub filled: Lots,
    /// Sum of the fills' notional, in quote units.
    pub filled_notional: Decimal,
    /// Sum of the fills' fees, in quote units.
    pub fee: Decimal,
    /// New, partially filled, filled, canceled or expired.
    pub status: OrderStatus,
    /// Market quantity that must trade at its price before it; [`VenueOrder::QUEUE_UNKNOWN`] until
    /// the source displays its price.
    pub queue_ahead: Lots,
    /// What it holds of the quote asset (buy) or base asset (sell).
    pub hold: Decimal,
    /// When the venue took it.
    pub accepted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl VenueOrder {
    /// The queue of an order whose price the source has not displayed yet.
    pub const QUEUE_UNKNOWN: Lots = Lots::new(i64::MAX);

    /// What is not filled.
    pub fn remaining(&self) -> Lots {
        self.quantity - self.filled
    }

    /// True while it can still fill.
    pub fn is_open(&self) -> bool {
        !self.status.is_terminal()
    }
}
