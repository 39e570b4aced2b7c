//! The account's fills of the last days.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::{InstrumentId, VenueOrderId};
use crate::domain::instrument::{Instrument, Liquidity as Role};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::fill::Fill;
use crate::exchange::kucoin::protocol::order::{Liquidity, OrderType};
use crate::exchange::kucoin::protocol::stop_order::StopKind;

use super::orders::SHOWN_US;
use super::record::quote;

/// Fills kept; the oldest go first.
pub const FILLS_KEPT: usize = 100_000;
/// Where the ids of fills begin: of the size of KuCoin's.
const ID_START: i64 = 19_000_000_000_000;

/// A fill and what a query says about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FillRow {
    pub execution: Execution,
    /// The sequence of its order.
    pub order: u64,
    pub trade_id: i64,
    pub counter_order_id: VenueOrderId,
    pub order_type: OrderType,
    /// It rested, and is charged as taking.
    pub force_taker: bool,
    pub stop: Option<StopKind>,
}

/// Every fill known, by pair and id.
#[derive(Debug, Default)]
pub(super) struct Fills {
    rows: BTreeMap<(InstrumentId, i64), FillRow>,
    by_order: BTreeSet<(u64, InstrumentId, i64)>,
    in_order: VecDeque<(InstrumentId, i64)>,
    last_id: i64,
}

impl Fills {
    /// Notes a fill, and forgets those that are not shown any more.
    pub(super) fn push(&mut self, row: FillRow, now: Timestamp) {
        self.last_id += 1;
        let place = (row.execution.instrument, ID_START + self.last_id);
        self.by_order.insert((row.order, place.0, place.1));
        self.rows.insert(place, row);
        self.in_order.push_back(place);
        while let Some(oldest) = self.in_order.front().copied() {
            let at = self.rows.get(&oldest).map_or(now, |row| row.execution.at);
            if self.in_order.len() <= FILLS_KEPT && now.us_since(at) <= SHOWN_US {
                break;
            }
            self.in_order.pop_front();
            if let Some(row) = self.rows.remove(&oldest) {
                self.by_order.remove(&(row.order, oldest.0, oldest.1));
            }
        }
    }

    /// The fills of a pair before a cursor, newest first, with their ids.
    pub(super) fn of_pair(
        &self,
        instrument: InstrumentId,
        before: Option<i64>,
    ) -> impl Iterator<Item = (i64, &FillRow)> + '_ {
        let range = (instrument, 0)..(instrument, before.unwrap_or(i64::MAX));
        self.rows.range(range).rev().map(|((_, id), row)| (*id, row))
    }

    /// The fills of an order before a cursor, newest first, with their ids.
    pub(super) fn of_order(
        &self,
        order: u64,
        instrument: InstrumentId,
        before: Option<i64>,
    ) -> impl Iterator<Item = (i64, &FillRow)> + '_ {
        let range = (order, instrument, 0)..(order, instrument, before.unwrap_or(i64::MAX));
        let found = self.by_order.range(range).rev();
        found.filter_map(|(_, pair, id)| Some((*id, self.rows.get(&(*pair, *id))?)))
    }
}

impl FillRow {
    /// As queries answer it.
    pub(super) fn object<'a>(&'a self, id: i64, instrument: &'a Instrument) -> Fill<'a> {
        let fill = &self.execution;
        let spec = instrument.spec();
        let (liquidity, fee_rate) = match fill.liquidity {
            Role::Maker => (Liquidity::Maker, spec.maker_fee),
            Role::Taker => (Liquidity::Taker, spec.taker_fee),
        };
        Fill {
            id,
            order_id: fill.venue_order_id.as_str().into(),
            counter_order_id: Some(self.counter_order_id.as_str().into()),
            trade_id: self.trade_id,
            symbol: spec.symbol.as_str().into(),
            side: fill.side,
            liquidity,
            order_type: self.order_type,
            force_taker: self.force_taker,
            price: instrument.price_of(fill.price),
            size: instrument.quantity_of(fill.quantity),
            funds: fill.notional,
            fee: fill.fee,
            fee_rate,
            fee_currency: quote(instrument).into(),
            stop: Some(self.stop.map_or("", StopKind::as_str).into()),
            trade_type: Some("TRADE".into()),
            tax_rate: Decimal::ZERO,
            tax: Decimal::ZERO,
            created_at: fill.at.ms(),
        }
    }
}
