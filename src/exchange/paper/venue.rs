//! [`PaperVenue`]: the surface of the paper exchange.

use std::collections::BTreeMap;

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::{Execution, ExecutionReport, ReportKind};
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId};
use crate::domain::instrument::Instrument;
use crate::domain::market_data::{MarketEvent, Quote};
use crate::domain::order::NewOrder;
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::account::Account;
use super::arrival;
use super::change::{VenueChange, VenueState};
use super::check;
use super::desk::{Desk, Ending};
use super::market::Market;
use super::order::{OrderRequest, VenueOrder};
use super::outbox::{Command, Outbox};
use super::reason;
use super::settings::PaperSettings;
use super::walk::Plan;

/// Paper mode's exchange. See the [module](super) for its rules.
///
/// The caller's turn, in order: make intents durable before [`next_arrival`](Self::next_arrival);
/// [`advance`](Self::advance) to now; [`on_market`](Self::on_market) for events up to now; give
/// [`take_changes`](Self::take_changes) to the store; once that is durable,
/// [`take_reports`](Self::take_reports) to the engine, so that nobody knows of a fill that a crash
/// undoes. Changes and reports wait in memory until they are taken: take them every turn.
#[derive(Debug)]
pub struct PaperVenue {
    pub(super) markets: Vec<Market>,
    pub(super) desk: Desk,
    pub(super) plan: Plan,
    /// The latest instant anything happened at the venue; its time does not go back.
    pub(super) now: Timestamp,
}

impl PaperVenue {
    /// A venue that trades `instruments` (indexed by [`InstrumentId`]) with a new account.
    pub fn new(
        instruments: Vec<Instrument>,
        settings: PaperSettings,
        deposits: &[(Asset, Decimal)],
    ) -> Self {
        let mut balances: BTreeMap<Asset, Balance> = BTreeMap::new();
        for &(asset, amount) in deposits {
            balances.entry(asset).or_default().credit(amount);
        }
        let mut venue =
            Self::restore(instruments, settings, VenueState { balances, ..VenueState::default() });
        venue.desk.account.mark_all_changed();
        venue
    }

    /// A venue where it stood. Orders of instruments that are no longer traded stay on disk alone.
    pub fn restore(
        instruments: Vec<Instrument>,
        settings: PaperSettings,
        state: VenueState,
    ) -> Self {
        let trade_id = |index| state.trade_ids.get(index).copied().unwrap_or(0);
        let markets = instruments.into_iter().enumerate();
        let mut markets: Vec<_> =
            markets.map(|(index, instrument)| Market::new(instrument, trade_id(index))).collect();
        let sequences = (state.order_sequence, state.venue_sequence);
        let mut desk = Desk::new(Account::new(state.balances), Outbox::new(settings), sequences);
        for order in state.open_orders {
            if let Some(market) = markets.get_mut(order.instrument.index()) {
                market.restore(order);
                desk.orders.open(&order);
            }
        }
        for order in state.closed_orders {
            desk.orders.close(order);
        }
        for execution in state.executions {
            desk.keep_execution(execution);
        }
        Self { markets, desk, plan: Plan::new(), now: Timestamp::default() }
    }

    /// Sends an order; it arrives after the latency.
    pub(in crate::exchange) fn submit(&mut self, order: &NewOrder, now: Timestamp) {
        match self.markets.get(order.instrument().index()) {
            Some(market) => self.submit_request(OrderRequest::new(order, &market.instrument), now),
            None => self.desk.reject(order.client_order_id(), now, reason::SYMBOL),
        }
    }

    /// Sends an order of a client that may ask for anything.
    pub fn submit_request(&mut self, request: OrderRequest, now: Timestamp) {
        let id = request.client_order_id;
        if !self.desk.outbox.send(&id, Command::Submit(request), now) {
            self.desk.reject(id, now, reason::TOO_MANY_REQUESTS);
        }
    }

    /// Sends a cancel; it arrives after the latency, and after what was sent before it.
    pub fn cancel(&mut self, client_order_id: ClientOrderId, now: Timestamp) {
        let command = Command::Cancel(client_order_id);
        if !self.desk.outbox.send(&client_order_id, command, now) {
            let refused = ReportKind::CancelRejected(reason::TOO_MANY_REQUESTS);
            self.desk.outbox.report(client_order_id, now, refused);
        }
    }

    /// The earliest instant at which a command arrives, a report is released, or an order ends by
    /// itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        let Desk { outbox, orders, .. } = &self.desk;
        let due = [outbox.next_arrival(), outbox.next_release(), orders.next_end()];
        due.into_iter().flatten().min()
    }

    /// The earliest instant at which a report is released.
    pub fn next_release(&self) -> Option<Timestamp> {
        self.desk.outbox.next_release()
    }

    /// As [`PaperVenue::next_due`], without the reports: for who cannot take any now.
    pub fn next_work(&self) -> Option<Timestamp> {
        let Desk { outbox, orders, .. } = &self.desk;
        [outbox.next_arrival(), orders.next_end()].into_iter().flatten().min()
    }

    /// Takes back an order that has not arrived yet.
    pub fn recall(&mut self, client_order_id: &ClientOrderId) {
        self.desk.outbox.recall(client_order_id);
    }

    /// The earliest instant at which a command arrives: its intent must be durable before.
    pub fn next_arrival(&self) -> Option<Timestamp> {
        self.desk.outbox.next_arrival()
    }

    /// Lets the commands due by `now` arrive, in order, at the book as it stands. Orders whose time
    /// is over end between them.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some((at, command)) = self.desk.outbox.receive(now) {
            self.expire(at);
            self.now = self.now.max(at);
            let Self { markets, desk, plan, now: at } = self;
            match command {
                Command::Submit(request) => {
                    let market = markets.get_mut(request.instrument.index());
                    drop(arrival::submit(request, *at, market, desk, plan));
                }
                Command::Cancel(id) => drop(arrival::cancel(id, *at, markets, desk)),
            }
        }
        self.expire(now);
    }

    /// Ends the orders whose time is over by `now`.
    pub(super) fn expire(&mut self, now: Timestamp) {
        while let Some((at, place)) = self.desk.orders.ended(now) {
            self.now = self.now.max(at);
            let Some(market) = self.markets.get_mut(place.instrument.index()) else { return };
            let Some(order) = market.withdraw(place) else { return };
            let ending = Ending { status: OrderStatus::Expired, at: self.now };
            market.end(&mut self.desk, order, ending, Some(ReportKind::Expired));
        }
    }

    /// Takes market data in, and fills what it reaches. Returns the new top of book where depth
    /// changed it: sources of depth have no quotes of their own.
    pub fn on_market(&mut self, event: &MarketEvent) -> Option<Quote> {
        self.expire(event.at);
        self.now = self.now.max(event.at);
        let market = self.markets.get_mut(event.instrument.index())?;
        market.on_data(&event.data, self.now, &mut self.desk)
    }

    /// Appends the reports released by `now`, in order.
    pub fn take_reports(&mut self, now: Timestamp, out: &mut Vec<ExecutionReport>) {
        self.desk.outbox.take_reports(now, out);
    }

    /// What must be made durable since the last call, in order. Nearly always empty.
    pub fn take_changes(&mut self) -> Vec<VenueChange> {
        self.desk.take_changes()
    }

    /// The open orders, by instrument, buys first, best first.
    pub fn open_orders(&self) -> impl Iterator<Item = &VenueOrder> + '_ {
        self.markets.iter().flat_map(|market| {
            let sides = [Side::Buy, Side::Sell];
            sides.into_iter().flat_map(|side| market.resting.orders(side))
        })
    }

    /// An open or recently closed order.
    pub fn order(&self, id: &ClientOrderId) -> Option<&VenueOrder> {
        self.order_by_sequence(self.desk.orders.sequence(id)?)
    }

    /// As [`PaperVenue::order`], by the order's own sequence.
    pub fn order_by_sequence(&self, sequence: u64) -> Option<&VenueOrder> {
        match self.desk.orders.place(sequence) {
            Some(place) => self.markets.get(place.instrument.index())?.resting.get(place),
            None => self.desk.orders.closed(sequence),
        }
    }

    /// As [`PaperVenue::order`], by the name the venue gave it.
    pub fn order_by_venue_id(&self, name: &str) -> Option<&VenueOrder> {
        let order = self.order_by_sequence(Desk::sequence_in(name)?)?;
        (order.venue_order_id.as_str() == name).then_some(order)
    }

    /// The fills after `venue_sequence`, oldest first; `None` where memory does not reach back that
    /// far and the store must be asked.
    pub fn executions_since(
        &self,
        venue_sequence: u64,
    ) -> Option<impl Iterator<Item = &Execution> + '_> {
        self.desk.executions_since(venue_sequence)
    }

    /// The sequence of the last fill; 0 before the first.
    pub fn venue_sequence(&self) -> u64 {
        self.desk.sequences().1
    }

    /// The account's balances.
    pub fn balances(&self) -> &BTreeMap<Asset, Balance> {
        self.desk.account.balances()
    }

    /// The displayed best bid and offer of an instrument, as the venue sees it.
    pub fn quote(&self, instrument: InstrumentId) -> Option<Quote> {
        self.markets.get(instrument.index())?.top()
    }

    /// Contradictions within the venue: empty while it is sound.
    pub fn check(&self) -> Vec<String> {
        check::violations(&self.markets, &self.desk)
    }
}
