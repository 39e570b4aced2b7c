//! Placing, triggering, canceling and querying stop orders.

use crate::domain::identifier::InstrumentId;
use crate::exchange::kucoin::protocol::cancel::{CanceledId, CanceledIds};
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::place::Placed;
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::kucoin::protocol::stop_order::{PlaceStop, StopKind};
use crate::exchange::kucoin::protocol::stop_push::StopChange;
use crate::exchange::kucoin::protocol::wire_text::IntoOwned;
use crate::exchange::server::answer::Call;

use super::Core;
use super::denial::Denial;
use super::order_answers::numbered;
use super::place::client_order_id;
use super::query::{Filter, body, page, required};
use super::stop::{Stop, StopState};

/// Items of a page of stop orders: usual and most.
const PAGE: (usize, usize) = (50, 500);

impl Core {
    /// `POST stop-order`. What it will cost is not judged: nothing is held.
    pub(super) fn place_stop(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let body: PlaceStop<'_> = body(call)?;
        let id = self.check_open_for_orders(&body.symbol)?;
        let price = body.stop_price;
        let client_order_id = match body.client_oid.as_deref() {
            None | Some("") => self.client_order_id(),
            Some(text) => client_order_id(text)?,
        };
        if self.orders.knows(&client_order_id) || self.stops.by_client(&client_order_id).is_some() {
            return Err(refusal::DUPLICATE.into());
        }
        let listing = &self.pair(id).listing;
        if !price.is_positive() {
            return Err(refusal::PARAMETER.into());
        }
        if !price.is_multiple_of(listing.rules.price_increment) {
            return Err(refusal::PRICE_INCREMENT.into());
        }
        let now = self.tide.now;
        let stop = Stop {
            id: self.stops.name(now),
            instrument: id,
            client_order_id,
            kind: body.stop.unwrap_or(StopKind::Loss),
            price,
            body: body.into_owned(),
            created_at: now,
            state: StopState::Waiting,
        };
        if stop.kind == StopKind::Unknown {
            return Err(refusal::PARAMETER.into());
        }
        self.pair(id).listing.check(&stop.order())?;
        let stop_id = stop.id.clone();
        if !self.stops.insert(stop) {
            return Err(refusal::OPEN_ORDERS.into());
        }
        self.tell_stop(&stop_id, StopChange::Open);
        // The last price may trigger it at once.
        self.traded.push(id);
        self.finish_turn();
        Ok(success(&Placed { order_id: stop_id.into(), client_oid: None }))
    }

    /// Triggers the stop orders that the last prices reach, and those that their trades reach.
    pub(super) fn trigger_stops(&mut self) {
        while let Some(id) = self.traded.pop() {
            let pair = self.pair(id);
            let Some(last) = pair.tape.last().map(|it| pair.instrument.price_of(it.price)) else {
                continue;
            };
            while let Some(stop_id) = self.stops.triggered(id, last) {
                self.trigger(&stop_id);
            }
        }
    }

    fn trigger(&mut self, stop_id: &str) {
        let at = self.tide.now;
        let Some(stop) = self.stops.end(stop_id, StopState::Triggered(at, None)).cloned() else {
            return;
        };
        self.tell_stop(stop_id, StopChange::Triggered);
        match self.become_order(&stop) {
            Ok(sequence) => {
                self.stops.set(stop_id, StopState::Triggered(at, Some(sequence)));
            }
            // It held nothing: there may be no balance for it now.
            Err(_) => self.tell_stop(stop_id, StopChange::Cancel),
        }
    }

    fn become_order(&mut self, stop: &Stop) -> Result<u64, Denial> {
        let (request, note) = self.prepared(&stop.order())?;
        self.submit(request, super::Note { stop: Some(stop.kind), ..note })
    }

    /// `GET stop-order`: those that wait, newest first.
    pub(super) fn stop_orders(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let (number, size) = page(call, "currentPage", PAGE)?;
        let filter = Filter::read(call, PAGE)?;
        let pair = call.query.get("symbol").map(|symbol| self.find(symbol)).transpose()?;
        let ids = call.query.get("orderIds");
        let kind = call.query.get("stop").map(StopKind::of);
        let found: Vec<_> = self
            .stops
            .waiting()
            .rev()
            .filter(|stop| pair.is_none_or(|pair| pair == stop.instrument))
            .filter(|stop| ids.is_none_or(|ids| ids.split(',').any(|id| id == stop.id)))
            .filter(|stop| kind.is_none_or(|kind| kind == stop.kind))
            .filter(|stop| {
                filter.admits(stop.body.side, stop.body.order_type, stop.created_at.ms())
            })
            .collect();
        let total = found.len();
        let shown = found.into_iter().skip((number - 1).saturating_mul(size)).take(size);
        let user = self.account.spec.user_id.as_str();
        let items = shown.map(|stop| stop.object(&self.pair(stop.instrument).instrument, user));
        Ok(success(&numbered(number, size, total, items.collect())))
    }

    /// `GET stop-order/{orderId}`.
    pub(super) fn stop_order(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let stop = self.stops.get(call.path_parameter).ok_or(refusal::ORDER_NOT_FOUND)?;
        let instrument = &self.pair(stop.instrument).instrument;
        Ok(success(&stop.object(instrument, &self.account.spec.user_id)))
    }

    /// `GET stop-order/queryOrderByClientOid`: an array.
    pub(super) fn stop_by_client_id(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = client_order_id(required(call, "clientOid")?)?;
        let pair = call.query.get("symbol").map(|symbol| self.find(symbol)).transpose()?;
        let stop = self.stops.by_client(&id);
        let stop = stop.filter(|stop| pair.is_none_or(|pair| pair == stop.instrument));
        let user = self.account.spec.user_id.as_str();
        let objects = stop.map(|stop| stop.object(&self.pair(stop.instrument).instrument, user));
        Ok(success(&Vec::from_iter(objects)))
    }

    /// `DELETE stop-order/{orderId}`.
    pub(super) fn cancel_stop_order(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.cancel_stop(call.path_parameter)?;
        Ok(success(&CanceledIds { cancelled_order_ids: vec![call.path_parameter.into()] }))
    }

    /// `DELETE stop-order/cancelOrderByClientOid`.
    pub(super) fn cancel_stop_by_client_id(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let client_oid = required(call, "clientOid")?;
        let stop = self.stops.by_client(&client_order_id(client_oid)?);
        let stop_id = stop.ok_or(refusal::CANCEL_NOT_FOUND)?.id.clone();
        self.cancel_stop(&stop_id)?;
        let cancelled_order_id = stop_id.as_str().into();
        Ok(success(&CanceledId { cancelled_order_id, client_oid: Some(client_oid.into()) }))
    }

    /// `DELETE stop-order/cancel`: those of a pair, of a list, or all.
    pub(super) fn cancel_stops(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.check_open_for_cancels()?;
        let pair = call.query.get("symbol").map(|symbol| self.find(symbol)).transpose()?;
        let ids = call.query.get("orderIds");
        let chosen: Vec<String> = self
            .stops
            .waiting()
            .filter(|stop| pair.is_none_or(|pair| pair == stop.instrument))
            .filter(|stop| ids.is_none_or(|ids| ids.split(',').any(|id| id == stop.id)))
            .map(|stop| stop.id.clone())
            .collect();
        for id in &chosen {
            self.cancel_stop(id)?;
        }
        let cancelled_order_ids = chosen.iter().map(|id| id.as_str().into()).collect();
        Ok(success(&CanceledIds { cancelled_order_ids }))
    }

    /// Cancels a stop order that waits.
    pub(super) fn cancel_stop(&mut self, stop_id: &str) -> Result<(), Denial> {
        self.check_open_for_cancels()?;
        let ended = self.stops.end(stop_id, StopState::Canceled(self.tide.now)).is_some();
        if !ended {
            return Err(refusal::CANCEL_NOT_FOUND.into());
        }
        self.tell_stop(stop_id, StopChange::Cancel);
        Ok(())
    }

    /// Cancels the stop orders of a pair.
    pub(super) fn cancel_stops_of(&mut self, id: InstrumentId) {
        let of_pair = self.stops.waiting().filter(|stop| stop.instrument == id);
        let ids: Vec<_> = of_pair.map(|stop| stop.id.clone()).collect();
        for stop_id in ids {
            if self.stops.end(&stop_id, StopState::Canceled(self.tide.now)).is_some() {
                self.tell_stop(&stop_id, StopChange::Cancel);
            }
        }
    }

    fn tell_stop(&mut self, stop_id: &str, change: StopChange) {
        let Self { stops, pairs, private, pushes, tide, .. } = self;
        let Some(stop) = stops.get(stop_id) else { return };
        let Some(pair) = pairs.get(stop.instrument.index()) else { return };
        private.stop(&stop.push(&pair.instrument, change, tide.now), pushes);
    }
}
