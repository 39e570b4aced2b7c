//! From what the venue did to what clients see of it: order objects, fills, balances, ledger, trades,
//! and the private pushes in KuCoin's order.

use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::VenueOrderId;
use crate::domain::instrument::{Liquidity, Lots};
use crate::domain::side::Side;
use crate::exchange::kucoin::protocol::account::Direction;
use crate::exchange::paper::{PaperVenue, VenueChange, VenueOrder, Visibility};

use super::Core;
use super::fills::FillRow;
use super::ledger::{Business, Entry};
use super::private_feed::{OrderEvent, Relation};
use super::record::Record;
use super::tape::Print;

/// What made the venue move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cause {
    /// The market or its time: resting orders that fill then trade with somebody else.
    Market,
    /// A command: resting orders that fill then trade with the order that came.
    Command,
}

impl Core {
    /// Takes in what the venue did since the last call. How much resting orders filled.
    pub(super) fn absorb(&mut self, cause: Cause) -> Lots {
        let mut filled = Lots::ZERO;
        for change in self.venue.take_changes() {
            match change {
                VenueChange::Order(order) => self.absorb_order(order),
                VenueChange::Execution(fill) => {
                    if self.absorb_fill(fill, cause) {
                        filled += fill.quantity;
                    }
                }
                VenueChange::Balance { asset, balance } => debug_assert_eq!(
                    self.account.wallet.balances().get(&asset).copied().unwrap_or_default(),
                    balance,
                    "{asset}: told otherwise than it is"
                ),
            }
        }
        self.venue.take_reports(self.tide.now, &mut self.reports);
        self.reports.clear();
        filled
    }

    fn absorb_order(&mut self, order: VenueOrder) {
        let sequence = order.sequence;
        let Some(record) = self.orders.get(sequence) else {
            let note = self.arriving.take().unwrap_or_default();
            self.orders.insert(Record { order, note, rested: false });
            self.move_hold(&order, order.hold);
            self.tell(sequence, OrderEvent::Received);
            return;
        };
        let (before, rested) = (record.order, record.rested);
        let rests = order.is_open() && !rested;
        if let Some(record) = self.orders.get_mut(sequence) {
            record.order = order;
        }
        self.move_hold(&order, order.hold - before.hold);
        if order.reduced > before.reduced && order.is_open() {
            let instrument = &self.pair(order.instrument).instrument;
            let before = instrument.quantity_of(order.quantity - before.reduced);
            self.tell(sequence, OrderEvent::Update(before));
        }
        if rests {
            if let Some(record) = self.orders.get_mut(sequence) {
                record.rested = true;
            }
            self.tell(sequence, OrderEvent::Open);
        }
        if !order.is_open() {
            self.tell(sequence, OrderEvent::Done);
            self.orders.end(sequence, self.tide.now);
        }
        self.mark_stale(order.instrument);
    }

    /// Books a fill; true where the order rested.
    fn absorb_fill(&mut self, fill: Execution, cause: Cause) -> bool {
        let found = PaperVenue::sequence_of(fill.venue_order_id.as_str())
            .and_then(|sequence| Some((sequence, self.orders.get_mut(sequence)?)));
        let Some((sequence, record)) = found else { return false };
        let Some(pair) = self.pairs.get_mut(fill.instrument.index()) else { return false };
        let order = &mut record.order;
        order.filled += fill.quantity;
        order.filled_notional += fill.notional;
        order.fee += fill.fee;
        order.updated_at = fill.at;
        let hold = match order.price {
            Some(limit) => pair.instrument.hold(order.side, limit, order.remaining()).1,
            None => order.hold,
        };
        let freed = std::mem::replace(&mut order.hold, hold) - hold;
        let took = fill.liquidity == Liquidity::Taker;
        let row = FillRow {
            execution: fill,
            order: sequence,
            trade_id: pair.tape.name(),
            counter_order_id: fill.venue_order_id,
            order_type: record.order_type(),
            force_taker: record.rested && took && record.order.visibility != Visibility::Whole,
            stop: record.note.stop,
        };
        let (rested, counter) = (record.rested, stranger(&row));
        let row = FillRow { counter_order_id: counter, ..row };
        self.fills.push(row, self.tide.now);
        self.tell(sequence, OrderEvent::Match(&row, !rested));
        self.settle(&row, freed);
        if cause == Cause::Market || !rested {
            self.print_fill(&row, rested);
        }
        rested
    }

    /// Tells and books what a fill did to the balances.
    fn settle(&mut self, row: &FillRow, freed: Decimal) {
        let Self { account, pairs, private, pushes, .. } = self;
        let fill = &row.execution;
        let Some(pair) = pairs.get(fill.instrument.index()) else { return };
        let relation = Relation {
            instrument: &pair.instrument,
            order_id: fill.venue_order_id,
            trade_id: Some(row.trade_id),
        };
        let movements = account.wallet.settle(&pair.instrument, fill, freed);
        let directions = [Direction::Out, Direction::In];
        for (movement, direction) in movements.into_iter().zip(directions) {
            private.balance(&movement, relation, fill.at, pushes);
            let moved = movement.available_change + movement.hold_change;
            let of_quote = movement.asset == fill.fee_asset;
            account.ledger.push(Entry {
                id: 0,
                asset: movement.asset,
                direction,
                amount: moved.abs(),
                fee: if of_quote { fill.fee } else { Decimal::ZERO },
                balance: movement.balance.total(),
                business: Business::Trade {
                    symbol: pair.listing.symbol,
                    order_id: fill.venue_order_id,
                    trade_id: row.trade_id,
                },
                at: fill.at,
            });
        }
    }

    /// Moves what an order holds, and tells.
    fn move_hold(&mut self, order: &VenueOrder, amount: Decimal) {
        if amount.is_zero() {
            return;
        }
        let Self { account, pairs, private, pushes, .. } = self;
        let Some(pair) = pairs.get(order.instrument.index()) else { return };
        let instrument = &pair.instrument;
        let asset = match order.side {
            Side::Buy => instrument.quote(),
            Side::Sell => instrument.base(),
        };
        let movement = account.wallet.hold(asset, amount);
        let relation = Relation { instrument, order_id: order.venue_order_id, trade_id: None };
        private.balance(&movement, relation, order.updated_at, pushes);
    }

    /// Tells what happened to an order, as it stands now.
    fn tell(&mut self, sequence: u64, event: OrderEvent<'_>) {
        let Self { orders, pairs, private, pushes, .. } = self;
        let Some(record) = orders.get(sequence) else { return };
        let Some(pair) = pairs.get(record.order.instrument.index()) else { return };
        private.order(record, &pair.instrument, event, record.order.updated_at, pushes);
    }

    /// Prints an own fill for everybody to see.
    fn print_fill(&mut self, row: &FillRow, rested: bool) {
        let fill = &row.execution;
        let (own, other) = (fill.venue_order_id, row.counter_order_id);
        let (side, taker, maker) =
            if rested { (fill.side.opposite(), other, own) } else { (fill.side, own, other) };
        let print = Print {
            trade_id: row.trade_id,
            price: fill.price,
            size: fill.quantity,
            side,
            at: fill.at,
        };
        self.print(fill.instrument, print, (taker.as_str(), maker.as_str()));
    }
}

/// A name for the other side of a fill, which is nobody's.
fn stranger(row: &FillRow) -> VenueOrderId {
    let seconds = u32::try_from(row.execution.at.us().div_euclid(1_000_000)).unwrap_or(0);
    stranger_id(seconds, row.trade_id, 0)
}

/// A name for the taker (0) or maker (1) of a trade among strangers: no order of ours has it.
pub(super) fn stranger_id(seconds: u32, trade_id: i64, which: u8) -> VenueOrderId {
    let text = format!("{seconds:08x}f{which:01x}{trade_id:014x}");
    VenueOrderId::new(&text).expect("24 hex digits")
}
