//! The venue's reports: they move an order along its table, and fills move positions and balances.

use super::action::Action;
use super::working_order::WorkingOrder;
use super::{ENDED_ORDERS_MAX, Engine};
use crate::domain::decimal::Decimal;
use crate::domain::execution::{Execution, ExecutionReport, ReportKind, VenueReason};
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::order::Purpose;
use crate::domain::order_status::{IllegalTransition, OrderEvent, next};
use crate::domain::position::{Basis, Lot, Realized};
use crate::domain::record::{FillRecord, OrderRecord, Projection, RealizedRecord, Record};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

/// After the venue refused an exit, the next attempt waits this long, in microseconds; twice as long
/// after each further refusal. The Python IBIS repeated one refused exit for fifty minutes.
const EXIT_RETRY_US: i64 = 5_000_000;
/// Doublings of that wait: up to 85 minutes.
const EXIT_RETRY_DOUBLINGS_MAX: u32 = 10;

impl Engine {
    pub(super) fn on_report(&mut self, report: &ExecutionReport, actions: &mut Vec<Action>) {
        if let ReportKind::Fill(execution) = &report.kind {
            return self.on_fill(execution, actions);
        }
        let Some(index) = self.open.get(&report.client_order_id).map(|id| id.index()) else {
            // Late and duplicate news about an ended order is normal life and changes nothing.
            if !self.ended.iter().any(|order| order.client_order_id == report.client_order_id) {
                let detail = format!("{:?}", report.kind);
                self.surprise("unknown_order", report.client_order_id.as_str(), detail, actions);
            }
            return;
        };
        self.guard_report(&report.kind, actions);
        match &report.kind {
            ReportKind::Accepted { venue_order_id } => {
                self.advance(index, OrderEvent::Accepted, Some(*venue_order_id), None, actions);
            }
            ReportKind::Rejected(reason) => {
                self.back_off(index);
                self.advance(index, OrderEvent::Rejected, None, Some(reason), actions);
            }
            ReportKind::Canceled(reason) => {
                self.advance(index, OrderEvent::Canceled, None, reason.as_ref(), actions);
            }
            ReportKind::Expired => self.advance(index, OrderEvent::Expired, None, None, actions),
            ReportKind::CancelRejected(reason) => {
                self.advance(index, OrderEvent::CancelRejected, None, Some(reason), actions);
            }
            ReportKind::AnswerLost => {
                self.advance(index, OrderEvent::AnswerLost, None, None, actions)
            }
            ReportKind::Fill(_) => {}
        }
    }

    /// Moves an order by an event other than a fill, writes it down, and ends it where it is over.
    fn advance(
        &mut self,
        index: usize,
        event: OrderEvent,
        venue_order_id: Option<VenueOrderId>,
        reason: Option<&VenueReason>,
        actions: &mut Vec<Action>,
    ) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(order) = desk.order.as_mut() else { return };
        let subject = order.client_order_id;
        match next(order.status, event) {
            Ok(status) => order.status = status,
            Err(illegal) => {
                return self.surprise(
                    "illegal_transition",
                    subject.as_str(),
                    format!("{illegal:?}"),
                    actions,
                );
            }
        }
        order.updated_at = self.now;
        order.venue_order_id = venue_order_id.or(order.venue_order_id);
        let mut record = order.record(&desk.instrument);
        record.reason_code = reason.map(|reason| reason.code);
        record.reason = reason.map(|reason| reason.text.to_string());
        let over = order.status.is_terminal();
        self.record(Record::Order(record), actions);
        if over {
            self.end_order(index, actions);
        }
    }

    fn on_fill(&mut self, execution: &Execution, actions: &mut Vec<Action>) {
        if !self.is_new(execution.venue_sequence) {
            return;
        }
        actions.push(Action::Project(Projection::VenueCursor(self.cursor)));
        let id = execution.client_order_id;
        let realized = self.book(execution, actions);
        let filled = self.fill_order(execution);
        let (purpose, reference) = match &filled {
            Some(filled) => (filled.purpose, filled.reference_price),
            None => (foreign_purpose(execution.side), execution.price),
        };
        if filled.is_some() {
            self.guard_fill(execution, reference, actions);
        }
        if let Some(realized) = &realized {
            self.guard_sale(id, realized);
        }
        if let Some(desk) = self.desks.get(execution.instrument.index()) {
            let fill = fill_record(execution, &desk.instrument, purpose, reference, realized);
            self.record(Record::Fill(Box::new(fill)), actions);
        }
        match &filled {
            Some(filled) => {
                actions.push(Action::Project(Projection::Order(filled.record.clone())));
                self.release(filled.hold_asset, filled.excess, actions);
                if filled.beyond {
                    let detail = format!("{execution:?}");
                    self.surprise("filled_beyond_quantity", id.as_str(), detail, actions);
                }
                if let Some(illegal) = &filled.illegal {
                    self.surprise(
                        "illegal_transition",
                        id.as_str(),
                        format!("{illegal:?}"),
                        actions,
                    );
                }
            }
            // Booked all the same: the venue is the truth about fills.
            None => self.surprise(
                "fill_of_unknown_order",
                id.as_str(),
                format!("{execution:?}"),
                actions,
            ),
        }
        self.settle(execution, actions);
        if filled.is_some_and(|filled| filled.over) {
            self.end_order(execution.instrument.index(), actions);
        }
        self.after_fill(execution.instrument.index(), actions);
    }

    /// Moves the order that a fill belongs to, whether it is open or has ended.
    fn fill_order(&mut self, execution: &Execution) -> Option<FilledOrder> {
        let id = execution.client_order_id;
        let open = self.open.contains_key(&id);
        let desk = self.desks.get_mut(execution.instrument.index())?;
        let order = match desk.order.as_mut() {
            Some(order) if order.client_order_id == id => order,
            Some(_) | None => self.ended.iter_mut().find(|order| order.client_order_id == id)?,
        };
        let beyond = execution.quantity > order.remaining();
        order.updated_at = self.now;
        order.filled += execution.quantity;
        order.notional += execution.notional;
        order.fee += execution.fee;
        order.venue_order_id = Some(execution.venue_order_id);
        let whole = order.remaining().is_zero();
        let moved =
            next(order.status, if whole { OrderEvent::Filled } else { OrderEvent::PartFilled });
        order.status = moved.unwrap_or(order.status);
        Some(FilledOrder {
            purpose: order.purpose,
            reference_price: order.reference_price,
            record: order.record(&desk.instrument),
            hold_asset: order.hold.0,
            excess: if open { order.release_excess(&desk.instrument) } else { Decimal::ZERO },
            over: open && order.status.is_terminal(),
            beyond,
            illegal: moved.err(),
        })
    }

    /// True where the venue's fill counter says it was not seen before; moves the cursor.
    fn is_new(&mut self, venue_sequence: u64) -> bool {
        if venue_sequence <= self.cursor || !self.ahead.insert(venue_sequence) {
            return false;
        }
        while self.ahead.remove(&(self.cursor + 1)) {
            self.cursor += 1;
        }
        true
    }

    /// Moves the position's lots; returns what a sell realized.
    fn book(&mut self, execution: &Execution, actions: &mut Vec<Action>) -> Option<Realized> {
        let desk = self.desks.get_mut(execution.instrument.index())?;
        let quantity = desk.instrument.quantity_of(execution.quantity);
        // A fee in another asset is booked there, and is no part of this cost.
        let in_quote = execution.fee_asset == desk.instrument.quote();
        let fee = if in_quote { execution.fee } else { Decimal::ZERO };
        match execution.side {
            Side::Buy => {
                desk.bought += quantity;
                desk.position.acquire(Lot {
                    quantity,
                    cost: execution.notional,
                    fee,
                    basis: Basis::Known,
                    opened_at: execution.at,
                });
                None
            }
            Side::Sell => {
                desk.sold += quantity;
                let beyond = quantity - desk.position.quantity();
                let realized = desk.position.sell(quantity, execution.notional, fee);
                if beyond.is_positive() {
                    desk.short += beyond;
                    let symbol = desk.instrument.symbol();
                    let detail = format!("{beyond} sold beyond what was held");
                    self.surprise("sold_more_than_held", symbol.as_str(), detail, actions);
                }
                Some(realized)
            }
        }
    }

    /// Moves the balances of a fill.
    fn settle(&mut self, execution: &Execution, actions: &mut Vec<Action>) {
        let Some(desk) = self.desks.get(execution.instrument.index()) else { return };
        let (base, quote) = (desk.instrument.base(), desk.instrument.quote());
        let quantity = desk.instrument.quantity_of(execution.quantity);
        let (inn, out) = match execution.side {
            Side::Buy => ((base, quantity), (quote, execution.notional)),
            Side::Sell => ((quote, execution.notional), (base, quantity)),
        };
        self.balances.entry(inn.0).or_default().adjust(inn.1);
        for (asset, amount) in [out, (execution.fee_asset, execution.fee)] {
            let balance = self.balances.entry(asset).or_default();
            balance.adjust(-amount);
            if balance.available().is_negative() {
                let detail = format!("{} available after {amount} was paid", balance.available());
                self.surprise("overdrawn", asset.as_str(), detail, actions);
            }
        }
        for asset in [base, quote, execution.fee_asset] {
            self.project_balance(asset, actions);
        }
    }

    /// Plans the exit of what is held, or the pause after it is gone.
    fn after_fill(&mut self, index: usize, actions: &mut Vec<Action>) {
        let (strategy, now) = (&self.settings.strategy, self.now);
        let Some(desk) = self.desks.get_mut(index) else { return };
        desk.dust = false;
        desk.rejections = 0;
        if desk.position.is_flat() || desk.is_dust() {
            // What is left waits for the next entry, whose plan begins anew.
            desk.plan = None;
            desk.entry_after = later(now, strategy.reentry_cooldown_us);
        } else {
            desk.replan(strategy);
        }
        let row = desk.row();
        actions.push(Action::Project(Projection::Position(row)));
    }

    /// An order is over: what it still holds is released.
    fn end_order(&mut self, index: usize, actions: &mut Vec<Action>) {
        let (cooldown, now) = (self.settings.strategy.reentry_cooldown_us, self.now);
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(mut order) = desk.order.take() else { return };
        if !order.purpose.is_exit() && desk.position.is_flat() {
            desk.entry_after = later(now, cooldown);
        }
        let (asset, held) = order.hold;
        let over = (order.client_order_id, order.purpose, desk.instrument.symbol());
        order.hold.1 = Decimal::ZERO;
        self.open.remove(&order.client_order_id);
        self.remember(order);
        self.release(asset, held, actions);
        self.guard_end(over, actions);
    }

    fn remember(&mut self, order: WorkingOrder) {
        self.ended.push_back(order);
        if self.ended.len() > ENDED_ORDERS_MAX {
            self.ended.pop_front();
        }
    }

    fn release(&mut self, asset: Asset, amount: Decimal, actions: &mut Vec<Action>) {
        if amount.is_zero() {
            return;
        }
        if let Err(error) = self.balances.entry(asset).or_default().release(amount) {
            self.surprise("hold_not_released", asset.as_str(), error.to_string(), actions);
        }
        self.project_balance(asset, actions);
    }

    fn back_off(&mut self, index: usize) {
        let now = self.now;
        if let Some(desk) = self.desks.get_mut(index) {
            let doublings = desk.rejections.min(EXIT_RETRY_DOUBLINGS_MAX);
            desk.exit_after = later(now, EXIT_RETRY_US << doublings);
            desk.rejections = desk.rejections.saturating_add(1);
        }
    }

    pub(super) fn project_balance(&mut self, asset: Asset, actions: &mut Vec<Action>) {
        self.moved.insert(asset, self.now);
        let balance = self.balances.get(&asset).copied().unwrap_or_default();
        let (total, hold) = (balance.total(), balance.hold());
        actions.push(Action::Project(Projection::Balance { asset, total, hold }));
    }

    /// The desk of an open order.
    pub(super) fn desk_of(&self, id: &ClientOrderId) -> Option<InstrumentId> {
        self.open.get(id).copied()
    }
}

fn later(now: Timestamp, us: i64) -> Timestamp {
    Timestamp::from_us(now.us().saturating_add(us))
}

/// What a fill did to its order.
struct FilledOrder {
    purpose: Purpose,
    reference_price: Ticks,
    record: OrderRecord,
    hold_asset: Asset,
    excess: Decimal,
    over: bool,
    /// More than remained: the venue amended it, or is wrong.
    beyond: bool,
    illegal: Option<IllegalTransition>,
}

/// What to call a fill whose order nobody here remembers.
fn foreign_purpose(side: Side) -> Purpose {
    match side {
        Side::Buy => Purpose::Entry,
        Side::Sell => Purpose::SignalExit,
    }
}

fn fill_record(
    execution: &Execution,
    instrument: &Instrument,
    purpose: Purpose,
    reference_price: Ticks,
    realized: Option<Realized>,
) -> FillRecord {
    debug_assert!(execution.quantity > Lots::ZERO, "a venue reports no empty fill");
    FillRecord {
        symbol: instrument.symbol(),
        execution_id: execution.execution_id,
        venue_sequence: execution.venue_sequence,
        client_order_id: execution.client_order_id,
        venue_order_id: execution.venue_order_id,
        side: execution.side,
        purpose,
        price: instrument.price_of(execution.price),
        quantity: instrument.quantity_of(execution.quantity),
        notional: execution.notional,
        fee: execution.fee,
        fee_asset: execution.fee_asset,
        liquidity: execution.liquidity,
        reference_price: instrument.price_of(reference_price),
        realized: realized.map(|realized| RealizedRecord {
            matched: realized.matched,
            gross: realized.gross(),
            fees: realized.fees(),
            net: realized.net(),
            basis: realized.basis(),
            opened_at: realized.opened_at,
        }),
    }
}
