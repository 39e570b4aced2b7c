//! The venue as the front of an exchange uses it: commands that take effect at once, orders by any
//! name, and the book that everybody sees.

use crate::domain::balance::Insufficient;
use crate::domain::decimal::Decimal;
use crate::domain::execution::VenueReason;
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId};
use crate::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::admission::{self, OpenOrdersMax};
use super::arrival;
use super::desk::{Desk, Match};
use super::order::{OrderRequest, VenueOrder};
use super::reason;
use super::touched::Touched;
use super::venue::PaperVenue;

impl PaperVenue {
    /// Takes an order in at once, past the line that [`PaperVenue::submit_request`] uses. The
    /// sequence of the order it became, which may be over already. Reports come as ever.
    pub fn place(&mut self, request: OrderRequest, now: Timestamp) -> Result<u64, VenueReason> {
        let at = self.arrive(now);
        let Self { markets, desk, plan, .. } = self;
        arrival::submit(request, at, markets.get_mut(request.instrument.index()), desk, plan)
    }

    /// Lets an amount into the account without a trade, out of it where it is negative.
    pub fn transfer(&mut self, asset: Asset, amount: Decimal) -> Result<(), Insufficient> {
        self.desk.account.transfer(asset, amount)
    }

    /// Cancels an order at once. The order as it ended.
    pub fn withdraw(
        &mut self,
        client_order_id: ClientOrderId,
        now: Timestamp,
    ) -> Result<VenueOrder, VenueReason> {
        let at = self.arrive(now);
        arrival::cancel(client_order_id, at, &mut self.markets, &mut self.desk)
    }

    /// Takes `by` base units off an open order at once; it keeps its place in the queue, and all of
    /// it is a cancel. The order as it is now. A reduction has no report.
    pub fn reduce(
        &mut self,
        client_order_id: ClientOrderId,
        by: Decimal,
        now: Timestamp,
    ) -> Result<VenueOrder, VenueReason> {
        let at = self.arrive(now);
        arrival::reduce(client_order_id, by, at, &mut self.markets, &mut self.desk)
    }

    /// Judges an order by what it says, without its cost, and does nothing.
    pub fn judge(&self, request: &OrderRequest) -> Result<(), VenueReason> {
        let market = self.markets.get(request.instrument.index()).ok_or(reason::SYMBOL)?;
        admission::check(request, market, &self.desk).map(|_| ())
    }

    /// The instruments, by [`InstrumentId`].
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> + '_ {
        self.markets.iter().map(|market| &market.instrument)
    }

    /// Limits how far from the best opposite price orders may trade, as a ratio of it (KuCoin
    /// `priceLimitRate`): a limit order that would trade beyond is canceled, the rest of a market
    /// order there expires. Without it, which is where a venue begins, prices are free.
    pub fn set_price_band(&mut self, instrument: InstrumentId, rate: Option<Decimal>) {
        if let Some(market) = self.markets.get_mut(instrument.index()) {
            market.set_band(rate);
        }
    }

    /// Rounds fees up to so many decimal places, never above the notional nor what the order held
    /// for it; without it, which is where a venue begins, fees are exact.
    pub fn set_fee_places(&mut self, places: Option<u32>) {
        self.desk.fee_step = places.and_then(|places| Decimal::from_parts(1, places));
    }

    /// How many orders may be open at once.
    pub fn set_open_orders_max(&mut self, max: OpenOrdersMax) {
        self.desk.open_orders_max = max;
    }

    /// Fills what remains of an open order at its limit, as if the market had just come through it.
    pub fn fill_now(
        &mut self,
        client_order_id: ClientOrderId,
        now: Timestamp,
    ) -> Result<(), VenueReason> {
        let at = self.arrive(now);
        let Self { markets, desk, .. } = self;
        let place = desk.orders.place_of(&client_order_id).ok_or(reason::CANCEL_REFUSED)?;
        let market = markets.get_mut(place.instrument.index()).ok_or(reason::SYMBOL)?;
        let order = market.resting.get(place).ok_or(reason::CANCEL_REFUSED)?;
        let (price, quantity) = (place.price, order.remaining());
        market.fill_resting(
            place,
            Match { price, quantity, liquidity: Liquidity::Maker, at },
            desk,
        );
        Ok(())
    }

    /// The sequence of the order that a name from this venue stands for; `None` for any other text.
    pub fn sequence_of(name: &str) -> Option<u64> {
        Desk::sequence_in(name)
    }

    /// From now on [`PaperVenue::take_touched`] tells what may have changed.
    pub fn track_books(&mut self) {
        for market in &mut self.markets {
            market.touched = Some(Touched { all: true, levels: Vec::new() });
        }
    }

    /// Adds to `out` the levels of the shown book that may have changed since the last call. To be
    /// called after every event of the market and every command, so that little adds up.
    pub fn take_touched(&mut self, instrument: InstrumentId, out: &mut Touched) {
        if let Some(market) = self.markets.get_mut(instrument.index()) {
            market.take_touched(out);
        }
    }

    /// The shown levels of a side, best first: what is displayed and was not taken, and what resting
    /// orders show. Assumed levels of a source without depth are among them.
    pub fn shown(
        &self,
        instrument: InstrumentId,
        side: Side,
    ) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        self.markets.get(instrument.index()).into_iter().flat_map(move |market| market.shown(side))
    }

    /// The shown size at a price.
    pub fn shown_at(&self, instrument: InstrumentId, side: Side, price: Ticks) -> Lots {
        let market = self.markets.get(instrument.index());
        market.map_or(Lots::ZERO, |market| market.shown_at(side, price))
    }

    /// The venue's time as a command arrives.
    fn arrive(&mut self, now: Timestamp) -> Timestamp {
        self.expire(now);
        self.now = self.now.max(now);
        self.now
    }
}
