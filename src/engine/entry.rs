//! Entries: a signal becomes an intent, if everything permits it.

use super::Engine;
use super::action::Action;
use super::decision::size_record;
use super::working_order::WorkingOrder;
use crate::domain::decision::SizeRecord;
use crate::domain::hold::Level;
use crate::domain::identifier::{ClientOrderId, InstrumentId};
use crate::domain::instrument::Ticks;
use crate::domain::order::{NewOrder, OrderLabel, Purpose};
use crate::domain::order_status::{OrderEvent, OrderStatus, next};
use crate::domain::record::{Projection, Record};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::risk::approval::Approved;
use crate::risk::permit::{EntryProposal, permit_entry};
use crate::risk::refusal::Refusal;

impl Engine {
    /// Enters `instrument`, or counts why not.
    pub(super) fn consider_entry(&mut self, instrument: InstrumentId, actions: &mut Vec<Action>) {
        match self.propose_entry(instrument) {
            Ok((order, reference, size)) => {
                self.guard_edge(instrument.index(), false, actions);
                self.send(&order, reference, Some(size), actions);
            }
            Err(refusal) => {
                if refusal == Refusal::Edge {
                    self.guard_edge(instrument.index(), true, actions);
                }
                if matches!(
                    refusal,
                    Refusal::Cash | Refusal::ExposureTotal | Refusal::OpenPositionsMax
                ) {
                    self.make_room(actions);
                }
                self.refuse(instrument.index(), refusal, actions);
            }
        }
    }

    /// Cancels the oldest open entry, if it has waited long enough to give way to another.
    fn make_room(&mut self, actions: &mut Vec<Action>) {
        let soft_ttl = self.settings.strategy.entry_soft_ttl_us;
        let waiting = self.desks.iter().enumerate().filter_map(|(index, desk)| {
            let order = desk.order.as_ref().filter(|order| order.purpose == Purpose::Entry)?;
            let old = self.now.us_since(order.created_at) >= soft_ttl;
            (old && order.status != OrderStatus::PendingCancel).then_some((order.created_at, index))
        });
        if let Some((_, index)) = waiting.min() {
            self.cancel_order(index, actions);
        }
    }

    fn propose_entry(
        &mut self,
        instrument: InstrumentId,
    ) -> Result<(Approved<NewOrder>, Ticks, SizeRecord), Refusal> {
        let desk = self.desks.get(instrument.index()).ok_or(Refusal::NoQuote)?;
        if desk.order.is_some() || !(desk.position.is_flat() || desk.is_dust()) {
            return Err(Refusal::OpenIntent);
        }
        if self.now < desk.entry_after {
            return Err(Refusal::Cooldown);
        }
        let quote = desk.top.quote().ok_or(Refusal::NoQuote)?;
        self.check_edge(desk, &quote)?;
        let takes = self.settings.strategy.entry_takes;
        let price = if takes { quote.ask } else { quote.bid };
        let standing = self.standing(desk.instrument.symbol(), desk.bought.is_positive());
        // An account that cannot be valued is no account to size by.
        let account = self.account(instrument).ok_or(Refusal::NoQuote)?;
        let client_order_id = self.next_client_order_id().ok_or(Refusal::InstrumentLimit)?;
        let proposal = EntryProposal {
            label: OrderLabel {
                instrument,
                client_order_id,
                side: Side::Buy,
                purpose: Purpose::Entry,
            },
            price,
            post_only: !takes,
            stop_loss: self.settings.strategy.stop_loss,
        };
        let desk = self.desks.get(instrument.index()).ok_or(Refusal::NoQuote)?;
        permit_entry(&desk.instrument, &self.settings.limits, &standing, &account, &proposal)
            .map(|(order, size)| (order, price, size_record(&account, &size)))
    }

    /// Writes an approved order down and sends it. The only place that makes a working order.
    pub(super) fn send(
        &mut self,
        order: &Approved<NewOrder>,
        reference: Ticks,
        size: Option<SizeRecord>,
        actions: &mut Vec<Action>,
    ) {
        let id = order.get().instrument();
        let Some(desk) = self.desks.get_mut(id.index()) else { return };
        let mut working = WorkingOrder::new(order.get(), &desk.instrument, reference, self.now);
        let intent = working.intent(&desk.instrument);
        working.status = OrderStatus::Submitted;
        let (asset, amount) = working.hold;
        let (client_order_id, record) = (working.client_order_id, working.record(&desk.instrument));
        let balance = self.balances.entry(asset).or_default();
        if let Err(error) = balance.place_hold(amount) {
            // Sized within what is available: a refusal here is a bug, and nothing is sent.
            self.surprise("hold_not_placed", client_order_id.as_str(), error.to_string(), actions);
            return;
        }
        desk.order = Some(working);
        self.open.insert(client_order_id, id);
        self.note_decision(order.get(), size, actions);
        self.record(Record::Intent(intent), actions);
        self.record(Record::Order(record), actions);
        self.project_balance(asset, actions);
        actions.push(Action::Submit(*order));
    }

    pub(super) fn refuse(&mut self, index: usize, refusal: Refusal, actions: &mut Vec<Action>) {
        let Some(desk) = self.desks.get(index) else { return };
        actions.push(Action::Project(Projection::Refused {
            at: self.now,
            symbol: desk.instrument.symbol(),
            code: refusal.as_str(),
        }));
    }

    /// When the open entry of an instrument becomes stale: by its age, or by the length of a pause.
    pub(super) fn entry_deadline(&self, id: InstrumentId) -> Option<Timestamp> {
        let desk = self.desks.get(id.index())?;
        let order = desk.order.as_ref()?;
        let waits = order.purpose == Purpose::Entry && order.status != OrderStatus::PendingCancel;
        waits.then(|| {
            let ttl = self.settings.strategy.entry_ttl_us;
            let aged = Timestamp::from_us(order.created_at.us().saturating_add(ttl));
            let patience = self.settings.control.pause_cancel_us;
            let paused = self.holds.paused_since(desk.instrument.symbol());
            let paused = paused.map(|at| Timestamp::from_us(at.us().saturating_add(patience)));
            paused.map_or(aged, |paused| paused.min(aged))
        })
    }

    pub(super) fn cancel_stale_entry(&mut self, index: usize, actions: &mut Vec<Action>) {
        let Ok(id) = u16::try_from(index) else { return };
        if self.entry_deadline(InstrumentId(id)).is_some_and(|deadline| deadline <= self.now) {
            self.cancel_order(index, actions);
        }
    }

    /// Cancels every open entry. Exits stay: they protect.
    pub(super) fn cancel_entries(&mut self, actions: &mut Vec<Action>) {
        self.cancel_entries_in(None, actions);
    }

    /// The same for an instrument; for all where none is named.
    pub(super) fn cancel_entries_in(&mut self, scope: Option<Symbol>, actions: &mut Vec<Action>) {
        for index in 0..self.desks.len() {
            let Some(desk) = self.desks.get(index) else { continue };
            let meant = scope.is_none_or(|symbol| symbol == desk.instrument.symbol());
            if meant && desk.order.as_ref().is_some_and(|order| order.purpose == Purpose::Entry) {
                self.cancel_order(index, actions);
            }
        }
    }

    /// Asks for the cancel of an instrument's order, once.
    pub(super) fn cancel_order(&mut self, index: usize, actions: &mut Vec<Action>) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(order) = desk.order.as_mut() else { return };
        if order.status == OrderStatus::PendingCancel {
            return;
        }
        let Ok(status) = next(order.status, OrderEvent::CancelSent) else { return };
        order.status = status;
        let client_order_id: ClientOrderId = order.client_order_id;
        let record = order.record(&desk.instrument);
        self.record(Record::Order(record), actions);
        actions.push(Action::Cancel(client_order_id));
        self.guard_cancel(actions);
    }

    /// True where the state permits an order still: asked again just before it is sent.
    pub fn permits(&self, order: &NewOrder) -> bool {
        let Some(desk) = self.desks.get(order.instrument().index()) else { return false };
        let standing = self.standing(desk.instrument.symbol(), desk.bought.is_positive());
        standing.permits(order.purpose()).is_ok()
    }

    /// True where the level permits nothing but reducing.
    pub fn is_paused(&self) -> bool {
        self.level() >= Level::SoftPause
    }
}
