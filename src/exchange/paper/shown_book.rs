//! The book that everybody sees: what the market displays and was not taken, and what our resting
//! orders show.
//!
//! An own order that the displayed other side has reached without filling it is not shown, so that
//! the book is never crossed by us.

use crate::domain::decimal::Decimal;
use crate::domain::instrument::{Lots, Ticks};
use crate::domain::side::Side;

use super::arrival::band_limit;
use super::book_side::{BookSide, key};
use super::market::{Market, Source};
use super::order::VenueOrder;
use super::resting::limit;
use super::touched::Touched;

impl Market {
    /// The displayed book of a side.
    pub(super) fn book(&self, side: Side) -> &BookSide {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// Makes the levels that a source without depth is assumed to have.
    pub(super) fn make_ladder(&mut self) {
        if let Some(step) = self.ladder_step() {
            self.bids.extend_ladder(step);
            self.asks.extend_ladder(step);
        }
    }

    /// Notes that an arriving order took of the displayed book.
    pub(super) fn take(&mut self, side: Side, price: Ticks, quantity: Lots) {
        match side {
            Side::Buy => self.bids.take(price, quantity),
            Side::Sell => self.asks.take(price, quantity),
        }
        super::touched::note(&mut self.touched, side, price);
    }

    /// The worst price at which an order of `side` may trade now.
    pub(super) fn band(&self, side: Side) -> Option<Ticks> {
        let (best, _) = self.book(side.opposite()).best()?;
        band_limit(&self.instrument, side, best, self.band?)
    }

    /// The shown levels of a side, best first.
    pub(super) fn shown(&self, side: Side) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        let mut displayed = self.book(side).available(self.ladder_step()).peekable();
        let contradicted = self.best_available(side.opposite());
        let mut own = self
            .resting
            .orders(side)
            .iter()
            .filter(move |order| !is_reached(order, contradicted))
            .map(|order| (limit(order), order.shown()))
            .filter(|(_, shown)| !shown.is_zero())
            .peekable();
        std::iter::from_fn(move || {
            let next =
                match (displayed.peek(), own.peek()) {
                    (Some(&(market, _)), Some(&(ours, _))) => {
                        if key(side, market) >= key(side, ours) { market } else { ours }
                    }
                    (Some(&(price, _)), None) | (None, Some(&(price, _))) => price,
                    (None, None) => return None,
                };
            let mut size =
                displayed.next_if(|(price, _)| *price == next).map_or(Lots::ZERO, |(_, size)| size);
            while let Some((_, more)) = own.next_if(|(price, _)| *price == next) {
                size += more;
            }
            Some((next, size))
        })
    }

    /// The shown size at a price.
    pub(super) fn shown_at(&self, side: Side, price: Ticks) -> Lots {
        let contradicted = self.best_available(side.opposite());
        let mut size = self.book(side).available_at(price, self.ladder_step());
        for order in self.resting.at(side, price) {
            if !is_reached(order, contradicted) {
                size += order.shown();
            }
        }
        size
    }

    /// Moves what may have changed in the shown book to `out`.
    pub(super) fn take_touched(&mut self, out: &mut Touched) {
        for (at, side) in [Side::Buy, Side::Sell].into_iter().enumerate() {
            let best = self.best_available(side.opposite());
            let before = std::mem::replace(&mut self.contradicted[at], best);
            let Some(touched) = self.touched.as_mut().filter(|touched| !touched.all) else {
                continue;
            };
            if best != before {
                let orders = self.resting.orders(side).iter();
                orders
                    .take_while(|order| is_reached(order, best) || is_reached(order, before))
                    .for_each(|order| touched.level(side, limit(order)));
            }
        }
        if let Some(touched) = &mut self.touched {
            out.all |= touched.all;
            out.levels.append(&mut touched.levels);
            touched.clear();
        }
    }

    /// Limits how far from the best opposite price an order may trade, as a ratio of it.
    pub(super) fn set_band(&mut self, rate: Option<Decimal>) {
        self.band = rate;
    }

    fn best_available(&self, side: Side) -> Option<Ticks> {
        self.book(side).available(self.ladder_step()).next().map(|(price, _)| price)
    }

    /// The distance of assumed levels; `None` for a source of depth.
    fn ladder_step(&self) -> Option<i64> {
        let top = self.top().filter(|_| self.source != Source::Depth)?;
        Some((top.ask.get() - top.bid.get()).max(1))
    }
}

/// True where the best displayed price of the other side has reached a resting order.
fn is_reached(order: &VenueOrder, other: Option<Ticks>) -> bool {
    other.is_some_and(|other| key(order.side, limit(order)) >= key(order.side, other))
}
