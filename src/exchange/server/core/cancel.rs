//! Canceling, reducing and replacing orders.

use crate::domain::identifier::{ClientOrderId, InstrumentId};
use crate::exchange::kucoin::protocol::cancel::{
    CANCELED_SYMBOL, Canceled, CanceledByClientId, CanceledEverything, CanceledSync, FailedSymbol,
    Reduced,
};
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::order::OrderType;
use crate::exchange::kucoin::protocol::place::{AlterOrder, Altered, PlaceOrder, SyncStatus};
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::kucoin::protocol::status::ServiceState;
use crate::exchange::paper::{
    Amount, OrderRequest, PaperVenue, RequestedType, Terms, VenueOrder, Visibility,
};
use crate::exchange::server::answer::Call;

use super::Core;
use super::denial::Denial;
use super::journal::Cause;
use super::query::{body, required};
use super::record::Record;
use super::stops::PREFIX;

/// How an order is named.
type Finder = for<'a> fn(&'a Core, &str) -> Option<&'a Record>;

impl Core {
    /// `DELETE hf/orders/{orderId}`. A stop order's id is taken too.
    pub(super) fn cancel_order(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        if call.path_parameter.starts_with(PREFIX) {
            self.cancel_stop(call.path_parameter)?;
        } else {
            self.cancel_found(Self::by_id, call)?;
        }
        Ok(success(&Canceled { order_id: call.path_parameter.into() }))
    }

    /// `DELETE hf/orders/client-order/{clientOid}`.
    pub(super) fn cancel_by_client_id(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.cancel_found(Self::by_client_id, call)?;
        Ok(success(&CanceledByClientId { client_oid: call.path_parameter.into() }))
    }

    /// `DELETE hf/orders/sync/{orderId}`.
    pub(super) fn cancel_order_sync(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let sequence = self.cancel_found(Self::by_id, call)?;
        let done = self.canceled_sync(self.record(sequence)?);
        Ok(success(&CanceledSync { order_id: Some(call.path_parameter.into()), ..done }))
    }

    /// `DELETE hf/orders/sync/client-order/{clientOid}`.
    pub(super) fn cancel_by_client_id_sync(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let sequence = self.cancel_found(Self::by_client_id, call)?;
        let done = self.canceled_sync(self.record(sequence)?);
        Ok(success(&CanceledSync { client_oid: Some(call.path_parameter.into()), ..done }))
    }

    fn canceled_sync(&self, record: &Record) -> CanceledSync<'static> {
        let sizes = record.sizes(&self.pair(record.order.instrument).instrument);
        CanceledSync {
            order_id: None,
            client_oid: None,
            origin_size: sizes.asked,
            deal_size: sizes.filled,
            remain_size: sizes.open,
            canceled_size: sizes.canceled,
            status: if record.order.is_open() { SyncStatus::Open } else { SyncStatus::Done },
        }
    }

    /// `DELETE hf/orders/cancel/{orderId}`.
    pub(super) fn reduce_order(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.check_open_for_cancels()?;
        let size = required(call, "cancelSize")?;
        let by = size.parse().map_err(|_| Denial::from(refusal::PARAMETER))?;
        let order = self.open_order(Self::by_id, call)?;
        let reduced = self.venue.reduce(order.client_order_id, by, self.tide.now);
        self.absorb(Cause::Command);
        self.finish_turn();
        reduced?;
        Ok(success(&Reduced { order_id: call.path_parameter.into(), cancel_size: by }))
    }

    /// `DELETE hf/orders`.
    pub(super) fn cancel_symbol(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.check_open_for_cancels()?;
        let id = self.asked_pair(call)?;
        self.cancel_pair(id);
        Ok(success(CANCELED_SYMBOL))
    }

    /// `DELETE hf/orders/cancelAll`.
    pub(super) fn cancel_everything(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        let pairs = self.orders.open_pairs();
        let halted = self.check_open_for_cancels().is_err();
        if !halted {
            for id in &pairs {
                self.cancel_pair(*id);
            }
        }
        let name = |id: &InstrumentId| self.pair(*id).listing.symbol.as_str().into();
        let failed = |id: &InstrumentId| FailedSymbol {
            symbol: Some(name(id)),
            error: Some(refusal::CANCELLING_SUSPENDED.msg.into()),
        };
        Ok(success(&CanceledEverything {
            succeed_symbols: if halted { Vec::new() } else { pairs.iter().map(name).collect() },
            failed_symbols: if halted { pairs.iter().map(failed).collect() } else { Vec::new() },
        }))
    }

    /// Cancels the open orders of a pair.
    pub(super) fn cancel_pair(&mut self, id: InstrumentId) {
        let open: Vec<_> =
            self.orders.open(id).map(|record| record.order.client_order_id).collect();
        for client_order_id in open {
            // What a cancel is refused for is that the order is over.
            drop(self.venue.withdraw(client_order_id, self.tide.now));
            self.absorb(Cause::Command);
        }
        self.finish_turn();
    }

    /// `POST hf/orders/alter`: cancels, and places what remains of the new size. The new order keeps
    /// the client order id.
    pub(super) fn alter_order(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let alter: AlterOrder<'_> = body(call)?;
        let id = self.check_open_for_orders(&alter.symbol)?;
        let found = match (&alter.order_id, &alter.client_oid) {
            (Some(order_id), _) => self.by_id(order_id),
            (None, Some(client_oid)) => self.by_client_id(client_oid),
            (None, None) => return Err(refusal::PARAMETER.into()),
        };
        let record = found
            .filter(|record| record.order.is_open() && record.order.instrument == id)
            .ok_or(refusal::CANCEL_NOT_FOUND)?
            .clone();
        if alter.new_price.is_none() && alter.new_size.is_none() {
            return Err(refusal::PARAMETER.into());
        }
        let replacement = self.replacement(&record, &alter)?;
        let order = &record.order;
        let client_oid = Some(order.client_order_id.as_str().into());
        let canceled = self.venue.withdraw(order.client_order_id, self.tide.now);
        self.absorb(Cause::Command);
        let placed = match (canceled, replacement) {
            (Err(refused), _) => Err(refused.into()),
            (Ok(_), None) => Ok(None),
            (Ok(_), Some(request)) => self.submit(request, record.note.clone()).map(Some),
        };
        self.finish_turn();
        let placed = placed?.map(|sequence| self.record(sequence)).transpose()?;
        let new_order_id = placed.map(|new| new.order.venue_order_id.as_str().into());
        Ok(success(&Altered { new_order_id, client_oid }))
    }

    /// What takes an order's place; `None` where it already filled as much.
    fn replacement(
        &self,
        record: &Record,
        alter: &AlterOrder<'_>,
    ) -> Result<Option<OrderRequest>, Denial> {
        let order = &record.order;
        let pair = self.pair(order.instrument);
        let sizes = record.sizes(&pair.instrument);
        let Some(limit) = order.price else { return Err(refusal::PARAMETER.into()) };
        let price = alter.new_price.unwrap_or(pair.instrument.price_of(limit));
        let size = alter.new_size.map_or(sizes.open, |total| total - sizes.filled);
        if !size.is_positive() {
            return Ok(None);
        }
        let asked = PlaceOrder {
            price: Some(price),
            size: Some(size),
            ..PlaceOrder::new(OrderType::Limit, pair.listing.symbol.as_str(), order.side)
        };
        pair.listing.check(&asked)?;
        Ok(Some(OrderRequest {
            instrument: order.instrument,
            client_order_id: order.client_order_id,
            side: order.side,
            order_type: RequestedType::Limit {
                price,
                time_in_force: order.time_in_force,
                post_only: order.post_only,
            },
            amount: Amount::Size(size),
            terms: Terms {
                self_trade: order.self_trade,
                visibility: match order.visibility {
                    Visibility::Whole => Visibility::Whole,
                    Visibility::Hidden => Visibility::Hidden,
                    Visibility::Iceberg(shown) => {
                        Visibility::Iceberg(pair.instrument.quantity_of(shown))
                    }
                },
                lifetime_s: u32::try_from(record.note.cancel_after).ok().filter(|it| *it > 0),
                replaces: true,
            },
        }))
    }

    /// Cancels the order that a call names. Its sequence.
    fn cancel_found(&mut self, by: Finder, call: &Call<'_>) -> Result<u64, Denial> {
        self.check_open_for_cancels()?;
        let order = self.open_order(by, call)?;
        let canceled = self.venue.withdraw(order.client_order_id, self.tide.now);
        self.absorb(Cause::Command);
        self.finish_turn();
        Ok(canceled?.sequence)
    }

    /// The open order that a call names.
    fn open_order(&self, by: Finder, call: &Call<'_>) -> Result<VenueOrder, Denial> {
        let id = self.asked_pair(call)?;
        let found = by(self, call.path_parameter).map(|record| record.order);
        let open = found.filter(|order| order.is_open() && order.instrument == id);
        open.ok_or_else(|| refusal::CANCEL_NOT_FOUND.into())
    }

    pub(super) fn check_open_for_cancels(&self) -> Result<(), Denial> {
        match self.service.state {
            ServiceState::Close => Err(refusal::CANCELLING_SUSPENDED.into()),
            ServiceState::Open | ServiceState::CancelOnly | ServiceState::Unknown => Ok(()),
        }
    }

    /// An order by the venue's id.
    pub(super) fn by_id(&self, id: &str) -> Option<&Record> {
        let record = self.orders.get(PaperVenue::sequence_of(id)?)?;
        (record.order.venue_order_id.as_str() == id).then_some(record)
    }

    /// The newest order of a client order id.
    pub(super) fn by_client_id(&self, id: &str) -> Option<&Record> {
        self.orders.by_client(&ClientOrderId::new(id).ok()?)
    }
}
