//! An order that is not over: what was asked, where it is, what it has put aside.

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::order::{NewOrder, Purpose, TimeInForce};
use crate::domain::order_status::OrderStatus;
use crate::domain::record::{IntentRecord, OrderRecord};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

/// An order at work. Limit orders only: the engine sends no others.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct WorkingOrder {
    /// Ours.
    pub client_order_id: ClientOrderId,
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// Why.
    pub purpose: Purpose,
    /// The limit.
    pub price: Ticks,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Refused rather than taking liquidity.
    pub post_only: bool,
    /// Asked.
    pub quantity: Lots,
    /// Filled so far.
    pub filled: Lots,
    /// Paid or received so far.
    pub notional: Decimal,
    /// Fees so far.
    pub fee: Decimal,
    /// The price the decision saw.
    pub reference_price: Ticks,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When something last happened to it.
    pub updated_at: Timestamp,
    /// Where it is.
    pub status: OrderStatus,
    /// The venue's name for it, once known.
    pub venue_order_id: Option<VenueOrderId>,
    /// Asset and amount put aside for what remains.
    pub hold: (Asset, Decimal),
}

impl WorkingOrder {
    /// An order that is about to be written down and sent.
    pub fn new(
        order: &NewOrder,
        instrument: &Instrument,
        reference_price: Ticks,
        now: Timestamp,
    ) -> Self {
        let price = order.limit_price().unwrap_or(reference_price);
        Self {
            client_order_id: order.client_order_id(),
            instrument: order.instrument(),
            side: order.side(),
            purpose: order.purpose(),
            price,
            time_in_force: order.time_in_force(),
            post_only: matches!(
                order.order_type(),
                crate::domain::order::OrderType::Limit { post_only: true, .. }
            ),
            quantity: order.quantity(),
            filled: Lots::ZERO,
            notional: Decimal::ZERO,
            fee: Decimal::ZERO,
            reference_price,
            created_at: now,
            updated_at: now,
            status: OrderStatus::Created,
            venue_order_id: None,
            hold: instrument.hold(order.side(), price, order.quantity()),
        }
    }

    /// Not filled yet.
    pub fn remaining(&self) -> Lots {
        Lots::new((self.quantity.get() - self.filled.get()).max(0))
    }

    /// What is put aside for it beyond what the rest needs; the hold shrinks by it.
    pub fn release_excess(&mut self, instrument: &Instrument) -> Decimal {
        let (_, needed) = instrument.hold(self.side, self.price, self.remaining());
        let excess = self.hold.1 - needed.min(self.hold.1);
        self.hold.1 -= excess;
        excess
    }

    /// As written before it is sent.
    pub fn intent(&self, instrument: &Instrument) -> IntentRecord {
        IntentRecord {
            client_order_id: self.client_order_id,
            symbol: instrument.symbol(),
            side: self.side,
            purpose: self.purpose,
            price: Some(instrument.price_of(self.price)),
            time_in_force: self.time_in_force,
            post_only: self.post_only,
            quantity: instrument.quantity_of(self.quantity),
            reference_price: instrument.price_of(self.reference_price),
        }
    }

    /// As written after a change.
    pub fn record(&self, instrument: &Instrument) -> OrderRecord {
        OrderRecord {
            client_order_id: self.client_order_id,
            venue_order_id: self.venue_order_id,
            status: self.status,
            filled: instrument.quantity_of(self.filled),
            notional: self.notional,
            fee: self.fee,
            reason_code: None,
            reason: None,
        }
    }
}
