//! Fills told once, and the end of an order after them.

use super::request::{Push, TradeReport};
use super::tracked::{End, Stage, Tracked};
use super::{ENDED_MAX, Moment, OrderTracker, new_tracked};
use crate::domain::execution::{Execution, ReportKind};
use crate::domain::identifier::{ClientOrderId, ExecutionId, InstrumentId, VenueOrderId};
use crate::domain::order::TimeInForce;

impl OrderTracker {
    /// Every fill of an instrument since some time, oldest first: those not booked yet are.
    ///
    /// A fill of nobody's is left for the next list while an order of ours has no answer yet, and with it
    /// no name at the venue: it may be its.
    pub fn on_sweep(&mut self, instrument: InstrumentId, fills: &[TradeReport], now: Moment) {
        for fill in fills {
            let named = |order: &Tracked| order.venue_order_id == Some(fill.venue_order_id);
            let open = self.orders.iter().find(|(_, order)| named(order)).map(|(id, _)| *id);
            let ended = || self.ended.iter().find(|(_, order)| named(order)).map(|(id, _)| *id);
            let id = match open.or_else(ended) {
                Some(id) => id,
                None if self.may_be_of_an_unnamed_order(instrument, fill) => continue,
                None => nameless(fill.venue_order_id),
            };
            let new = self.book(id, instrument, fill, now);
            if let Some(order) = self.orders.get_mut(&id).filter(|_| new) {
                order.booked += fill.size;
                order.filled = order.filled.max(order.booked);
            }
            self.finish(&id, now);
        }
    }

    /// True for a fill not booked yet that can belong to an order whose name at the venue is not known.
    fn may_be_of_an_unnamed_order(&self, instrument: InstrumentId, fill: &TradeReport) -> bool {
        let mut orders = self.orders.values();
        let seen = self.seen.get(instrument.index());
        orders.any(|order| order.instrument == instrument && order.venue_order_id.is_none())
            && !seen.is_some_and(|seen| seen.contains(fill.trade_id))
    }

    /// An untracked order has news: late ones of an order of ours, or an order that is not ours.
    pub(super) fn revive(&mut self, push: &Push, now: Moment) -> bool {
        let at = self.ended.iter().position(|(id, _)| *id == push.client_order_id);
        let mut tracked = match at.and_then(|at| self.ended.get(at)) {
            Some((_, ended)) if push.news.filled <= ended.booked => return false,
            Some((_, ended)) => ended.clone(),
            None if push.news.filled.is_zero() => return false,
            None => {
                let mut foreign = new_tracked(push.instrument, push.news.filled, now.elapsed);
                foreign.venue_order_id = Some(push.news.venue_order_id);
                foreign
            }
        };
        tracked.foreign = true;
        tracked.accepted = true;
        tracked.stage = Stage::Working;
        self.orders.insert(push.client_order_id, tracked);
        true
    }

    /// Tells a fill that was not told before; false where it was.
    pub(super) fn book(
        &mut self,
        id: ClientOrderId,
        instrument_id: InstrumentId,
        fill: &TradeReport,
        now: Moment,
    ) -> bool {
        let Some(instrument) = self.instruments.get(instrument_id.index()) else { return false };
        let Some(seen) = self.seen.get_mut(instrument_id.index()) else { return false };
        let (price, quantity) = match (instrument.price(fill.price), instrument.quantity(fill.size))
        {
            (Ok(price), Ok(quantity)) => (price, quantity),
            (Err(error), _) | (_, Err(error)) => {
                let what = format!("fill {}: {error}", fill.trade_id);
                self.misfits.push((instrument_id, what));
                return false;
            }
        };
        if !seen.insert(fill.trade_id) || fill.at < self.begin {
            return false;
        }
        self.accept(&id, fill.venue_order_id, now);
        self.venue_sequence += 1;
        let execution_id = ExecutionId::new(&fill.trade_id.to_string());
        let execution = Execution {
            execution_id: execution_id.expect("a number of at most 20 digits"),
            venue_sequence: self.venue_sequence,
            client_order_id: id,
            venue_order_id: fill.venue_order_id,
            instrument: instrument_id,
            side: fill.side,
            price,
            quantity,
            notional: fill.funds,
            fee: fill.fee,
            fee_asset: fill.fee_asset,
            liquidity: fill.liquidity,
            at: fill.at,
        };
        self.report(id, now.at, ReportKind::Fill(execution));
        true
    }

    /// Tells the end of an order once all its fills are told.
    pub(super) fn finish(&mut self, id: &ClientOrderId, now: Moment) {
        if !self.orders.get(id).is_some_and(Tracked::is_over) {
            return;
        }
        let Some(order) = self.orders.remove(id) else { return };
        let kind = match (order.end, order.time_in_force) {
            _ if order.foreign => None,
            (Some(End::Filled), _) if order.booked >= order.size => None,
            (_, TimeInForce::Ioc | TimeInForce::Fok) => Some(ReportKind::Expired),
            (_, TimeInForce::Gtc) => Some(ReportKind::Canceled(None)),
        };
        if let Some(kind) = kind {
            self.report(*id, now.at, kind);
        }
        self.keep_ended(*id, order);
    }

    /// Remembers an order that is over, for fills that are told late.
    pub(super) fn keep_ended(&mut self, id: ClientOrderId, order: Tracked) {
        self.ended.retain(|(known, _)| *known != id);
        self.ended.push_back((id, order));
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
        }
    }
}

/// How a fill's order is called whose client order id the venue's list of fills does not say.
fn nameless(venue_order_id: VenueOrderId) -> ClientOrderId {
    ClientOrderId::new(venue_order_id.as_str()).expect("shorter than a client order id may be")
}
