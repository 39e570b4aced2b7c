//! What the venue keeps about its one client: the account, orders by id, fills, reports, changes.
//!
//! Markets match; the desk books. Every booking leaves a report, a durable change and its place in
//! the account at once.

use std::collections::VecDeque;

use crate::domain::decimal::Decimal;
use crate::domain::execution::{Execution, ReportKind, VenueReason};
use crate::domain::identifier::{Asset, ClientOrderId, ExecutionId, VenueOrderId};
use crate::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::account::Account;
use super::admission::OpenOrdersMax;
use super::change::VenueChange;
use super::order::{VenueOrder, Visibility};
use super::order_index::OrderIndex;
use super::outbox::Outbox;

/// Fills kept in memory, the oldest go first; disk has them all.
pub const EXECUTIONS_KEPT: usize = 1_000;

/// A fill before it is booked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub price: Ticks,
    pub quantity: Lots,
    pub liquidity: Liquidity,
    pub at: Timestamp,
}

/// The client's side of the venue.
#[derive(Debug)]
pub(super) struct Desk {
    pub account: Account,
    pub outbox: Outbox,
    /// Fees are rounded up to a multiple of this, where it is set.
    pub fee_step: Option<Decimal>,
    pub open_orders_max: OpenOrdersMax,
    pub orders: OrderIndex,
    executions: VecDeque<Execution>,
    changes: Vec<VenueChange>,
    order_sequence: u64,
    venue_sequence: u64,
}

impl Desk {
    pub(super) fn new(account: Account, outbox: Outbox, sequences: (u64, u64)) -> Self {
        let (order_sequence, venue_sequence) = sequences;
        Self {
            account,
            outbox,
            fee_step: None,
            open_orders_max: OpenOrdersMax::default(),
            orders: OrderIndex::default(),
            executions: VecDeque::new(),
            changes: Vec::new(),
            order_sequence,
            venue_sequence,
        }
    }

    /// The last order's and the last fill's sequence.
    pub(super) fn sequences(&self) -> (u64, u64) {
        (self.order_sequence, self.venue_sequence)
    }

    /// Names for the next order accepted at `at`.
    pub(super) fn name_order(&mut self, at: Timestamp) -> (u64, VenueOrderId) {
        self.order_sequence += 1;
        let seconds = u32::try_from(at.us().div_euclid(1_000_000)).unwrap_or(0);
        let text = format!("{seconds:08x}{:016x}", self.order_sequence);
        (self.order_sequence, VenueOrderId::new(&text).expect("24 hex digits"))
    }

    /// The sequence within a name that [`Desk::name_order`] gave; `None` for any other text.
    pub(super) fn sequence_in(name: &str) -> Option<u64> {
        let digits = name.get(8..).filter(|digits| digits.len() == 16)?;
        u64::from_str_radix(digits, 16).ok()
    }

    pub(super) fn reject(&mut self, id: ClientOrderId, at: Timestamp, reason: VenueReason) {
        self.outbox.report(id, at, ReportKind::Rejected(reason));
    }

    /// Notes an order's state as durable.
    pub(super) fn record(&mut self, order: &VenueOrder) {
        self.changes.push(VenueChange::Order(*order));
    }

    /// Books a fill of `order`, whose instrument's last trade id is `trade_id`.
    pub(super) fn fill(
        &mut self,
        instrument: &Instrument,
        trade_id: &mut u64,
        order: &mut VenueOrder,
        found: Match,
    ) {
        let Match { price, quantity, liquidity, at } = found;
        *trade_id += 1;
        self.venue_sequence += 1;
        let notional = instrument.notional(price, quantity);
        // What the book does not wholly show is charged as taking, also while it rests.
        let liquidity = match order.visibility {
            Visibility::Whole => liquidity,
            Visibility::Hidden | Visibility::Iceberg(_) => Liquidity::Taker,
        };
        let mut fee = fee_of(instrument, notional, liquidity, self.fee_step);
        let left = order.remaining() - quantity;
        let hold =
            order.price.map_or(order.hold, |limit| instrument.hold(order.side, limit, left).1);
        let freed = order.hold - hold;
        if order.side == Side::Buy && order.price.is_some() {
            // The hold rounds the whole order's fee up once, its fills each: 10^-18 apart at most.
            fee = fee.min(freed - notional);
        }
        let fill = Execution {
            execution_id: ExecutionId::new(&trade_id.to_string()).expect("20 digits at most"),
            venue_sequence: self.venue_sequence,
            client_order_id: order.client_order_id,
            venue_order_id: order.venue_order_id,
            instrument: order.instrument,
            side: order.side,
            price,
            quantity,
            notional,
            fee,
            fee_asset: instrument.quote(),
            liquidity,
            at,
        };
        self.account.settle(instrument, &fill, freed);
        order.hold = hold;
        order.filled += quantity;
        order.filled_notional += notional;
        order.fee += fee;
        order.updated_at = at;
        order.status =
            if left.is_zero() { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        self.keep_execution(fill);
        self.changes.push(VenueChange::Execution(fill));
        self.outbox.report(order.client_order_id, at, ReportKind::Fill(fill));
    }

    /// Takes `by` off an order that goes on, and off what it holds.
    pub(super) fn reduce(
        &mut self,
        instrument: &Instrument,
        order: &mut VenueOrder,
        by: Lots,
        at: Timestamp,
    ) {
        order.reduced += by;
        order.updated_at = at;
        if let Some(limit) = order.price {
            let (asset, hold) = instrument.hold(order.side, limit, order.remaining());
            self.account.release(asset, order.hold - hold);
            order.hold = hold;
        }
    }

    /// Ends an order: frees what it holds, forgets where it rests, remembers it as closed.
    pub(super) fn close(
        &mut self,
        instrument: &Instrument,
        mut order: VenueOrder,
        end: Ending,
    ) -> VenueOrder {
        let Ending { status, at } = end;
        self.account.release(held_asset(instrument, order.side), order.hold);
        order.hold = Default::default();
        order.status = status;
        order.updated_at = at;
        self.record(&order);
        self.orders.close(order);
        order
    }

    pub(super) fn keep_execution(&mut self, execution: Execution) {
        if self.executions.len() >= EXECUTIONS_KEPT {
            self.executions.pop_front();
        }
        self.executions.push_back(execution);
    }

    /// Fills after a sequence, if memory reaches back that far.
    pub(super) fn executions_since(
        &self,
        sequence: u64,
    ) -> Option<impl Iterator<Item = &Execution> + '_> {
        let missing = usize::try_from(self.venue_sequence.saturating_sub(sequence)).ok()?;
        let skip = self.executions.len().checked_sub(missing)?;
        Some(self.executions.iter().skip(skip))
    }

    /// Empties the durable changes, in order; balances last.
    pub(super) fn take_changes(&mut self) -> Vec<VenueChange> {
        self.account.take_changes(&mut self.changes);
        std::mem::take(&mut self.changes)
    }
}

/// How and when an order ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub status: OrderStatus,
    pub at: Timestamp,
}

/// The fee on a notional, never more than it.
pub(super) fn fee_of(
    instrument: &Instrument,
    notional: Decimal,
    liquidity: Liquidity,
    step: Option<Decimal>,
) -> Decimal {
    let fee = instrument.fee(notional, liquidity);
    step.map_or(fee, |step| fee.ceil_to(step)).min(notional)
}

/// What orders of a side hold.
pub(super) fn held_asset(instrument: &Instrument, side: Side) -> Asset {
    match side {
        Side::Buy => instrument.quote(),
        Side::Sell => instrument.base(),
    }
}
