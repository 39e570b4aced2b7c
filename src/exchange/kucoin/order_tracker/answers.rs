//! The venue's answers and pushes, taken in.

use super::request::{CancelAnswer, OrderAnswer, OrderNews, PlaceAnswer, Push, TradeReport};
use super::tracked::{Cancel, End, Stage};
use super::{CANCEL_LOOK_EVERY, CANCEL_LOOKS_MAX, MISSING_MAX, Moment, OrderTracker, pause, poll};
use crate::domain::decimal::Decimal;
use crate::domain::execution::{ReportKind, VenueReason};
use crate::domain::identifier::{ClientOrderId, VenueOrderId};

impl OrderTracker {
    /// The answer to a placing.
    pub fn on_placed(&mut self, id: &ClientOrderId, answer: PlaceAnswer, now: Moment) {
        let Some(order) = self.orders.get_mut(id) else { return };
        match answer {
            PlaceAnswer::Accepted(venue_order_id) => self.accept(id, venue_order_id, now),
            // A push can overtake the answer: what is there is not refused.
            PlaceAnswer::Refused(_) | PlaceAnswer::Unresolved if order.accepted => {
                order.ask_due = now.elapsed;
            }
            PlaceAnswer::Refused(reason) => {
                self.report(*id, now.at, ReportKind::Rejected(reason));
                self.orders.remove(id);
                return;
            }
            PlaceAnswer::Unresolved => {
                order.stage = Stage::Unresolved;
                order.ask_due = now.elapsed;
                self.report(*id, now.at, ReportKind::AnswerLost);
            }
        }
        self.plan(id, now.elapsed);
    }

    /// The answer to a cancel.
    pub fn on_cancel(&mut self, id: &ClientOrderId, answer: CancelAnswer, now: Moment) {
        let Some(order) = self.orders.get_mut(id) else { return };
        match answer {
            CancelAnswer::Taken => {
                order.cancel = Cancel::Asked;
                // The push is quicker where it comes.
                order.attempts = 0;
                order.ask_due = order.ask_due.min(now.elapsed + CANCEL_LOOK_EVERY);
            }
            CancelAnswer::Refused => {
                order.cancel = Cancel::Refused;
                order.ask_due = now.elapsed;
            }
            CancelAnswer::Failed => {
                order.cancel = Cancel::Wanted;
                order.attempts += 1;
                order.cancel_due = now.elapsed + pause(order.attempts);
                order.ask_due = order.ask_due.min(order.cancel_due);
            }
        }
        self.plan(id, now.elapsed);
    }

    /// A push about an order. `None` as id: its client order id is no id of ours.
    pub fn on_push(&mut self, push: &Push, now: Moment) {
        let id = push.client_order_id;
        if !self.orders.contains_key(&id) && !self.revive(push, now) {
            return;
        }
        self.take_news(&id, push.news, now);
        self.plan(&id, now.elapsed);
    }

    /// The answer to `Request::AskOrder`.
    pub fn on_order(&mut self, id: &ClientOrderId, answer: OrderAnswer, now: Moment) {
        let blind = self.blind;
        let Some(order) = self.orders.get_mut(id) else { return };
        order.asking = false;
        match answer {
            OrderAnswer::Known(news) => {
                order.missing = 0;
                order.ask_due = now.elapsed + poll(blind);
                if order.cancel == Cancel::Asked && news.end.is_none() {
                    order.ask_due = now.elapsed + CANCEL_LOOK_EVERY;
                    order.attempts += 1;
                    if order.attempts > CANCEL_LOOKS_MAX {
                        order.cancel = Cancel::Wanted;
                        order.cancel_due = now.elapsed;
                    }
                }
                let refused = order.cancel == Cancel::Refused && news.end.is_none();
                if refused {
                    order.cancel = Cancel::No;
                }
                let ours = !order.foreign;
                self.take_news(id, news, now);
                if refused && ours {
                    let reason = refused_cancel();
                    self.report(*id, now.at, ReportKind::CancelRejected(reason));
                }
            }
            OrderAnswer::NotFound => self.on_not_found(id, now),
            OrderAnswer::Failed => {
                order.attempts += 1;
                order.ask_due = now.elapsed + pause(order.attempts);
            }
        }
        self.plan(id, now.elapsed);
    }

    /// The answer to `Request::FetchFills`: every fill of the order, or nothing where it failed.
    pub fn on_fills(&mut self, id: &ClientOrderId, fills: Option<&[TradeReport]>, now: Moment) {
        let Some(order) = self.orders.get_mut(id) else { return };
        order.fetching = false;
        let instrument = order.instrument;
        if let Some(fills) = fills {
            for fill in fills {
                self.book(*id, instrument, fill, now);
            }
            let total: Decimal = fills.iter().map(|fill| fill.size).sum();
            if let Some(order) = self.orders.get_mut(id) {
                order.booked = order.booked.max(total);
                order.filled = order.filled.max(total);
            }
        }
        if let Some(order) = self.orders.get_mut(id)
            && order.lacks_fills()
        {
            order.attempts += 1;
            order.fetch_due = now.elapsed + pause(order.attempts);
        }
        self.finish(id, now);
        self.plan(id, now.elapsed);
    }

    /// "Not found" is the end of nothing but an order that can no longer arrive.
    fn on_not_found(&mut self, id: &ClientOrderId, now: Moment) {
        let give_up_after = self.give_up_after;
        let Some(order) = self.orders.get_mut(id) else { return };
        order.attempts += 1;
        order.ask_due = now.elapsed + pause(order.attempts);
        if order.stage == Stage::Working {
            order.missing += 1;
            if order.missing >= MISSING_MAX {
                order.end = Some(End::Canceled);
                self.finish(id, now);
            }
        } else if now.elapsed.saturating_sub(order.sent) >= give_up_after {
            self.report(*id, now.at, ReportKind::Rejected(never_arrived()));
            self.orders.remove(id);
        }
    }

    pub(super) fn take_news(&mut self, id: &ClientOrderId, news: OrderNews, now: Moment) {
        self.accept(id, news.venue_order_id, now);
        let Some(order) = self.orders.get_mut(id) else { return };
        order.told_filled(news.filled, now.elapsed);
        // The first end holds: a later word about an ended order is an old one.
        order.end = order.end.or(news.end);
        self.finish(id, now);
    }

    pub(super) fn accept(&mut self, id: &ClientOrderId, venue_order_id: VenueOrderId, now: Moment) {
        let Some(order) = self.orders.get_mut(id) else { return };
        order.venue_order_id = Some(venue_order_id);
        if order.stage != Stage::Working {
            order.attempts = 0;
            order.ask_due = now.elapsed + poll(self.blind);
        }
        order.stage = Stage::Working;
        if !std::mem::replace(&mut order.accepted, true) {
            self.report(*id, now.at, ReportKind::Accepted { venue_order_id });
        }
    }
}

/// Why an order that the venue does not know was given up.
fn never_arrived() -> VenueReason {
    VenueReason { code: 0, text: "never reached the venue".into() }
}

/// Why a cancel did nothing to an order that is at work.
fn refused_cancel() -> VenueReason {
    VenueReason { code: 0, text: "the venue refused the cancel of an open order".into() }
}
