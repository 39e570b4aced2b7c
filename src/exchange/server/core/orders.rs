//! The account's orders: the open ones, and the done ones of the last days.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::identifier::{ClientOrderId, InstrumentId};
use crate::domain::time::{DAY_US, Timestamp};

use super::record::Record;

/// Done orders kept; the oldest go first.
pub const DONE_ORDERS_KEPT: usize = 50_000;
/// How long done orders and fills are shown, in microseconds of the market's time: 7 days.
pub(super) const SHOWN_US: i64 = 7 * DAY_US;
/// Where the cursors of done orders begin: of the size of KuCoin's.
const CURSOR_START: i64 = 19_000_000_000_000;

/// Every order known, by its sequence.
#[derive(Debug, Default)]
pub(super) struct Orders {
    records: BTreeMap<u64, Record>,
    by_client: BTreeMap<ClientOrderId, u64>,
    open: BTreeSet<(InstrumentId, u64)>,
    /// Done orders of a pair, in the order of their ends.
    done: BTreeMap<(InstrumentId, i64), u64>,
    ended: VecDeque<(InstrumentId, i64)>,
    last_cursor: i64,
}

impl Orders {
    /// Notes a new order.
    pub(super) fn insert(&mut self, record: Record) {
        let order = &record.order;
        self.by_client.insert(order.client_order_id, order.sequence);
        self.open.insert((order.instrument, order.sequence));
        self.records.insert(order.sequence, record);
    }

    /// Notes that an order is done, and forgets those that are not shown any more.
    pub(super) fn end(&mut self, sequence: u64, now: Timestamp) {
        let Some(record) = self.records.get(&sequence) else { return };
        let instrument = record.order.instrument;
        self.open.remove(&(instrument, sequence));
        self.last_cursor += 1;
        let place = (instrument, CURSOR_START + self.last_cursor);
        self.done.insert(place, sequence);
        self.ended.push_back(place);
        while let Some(oldest) = self.ended.front().copied() {
            let full = self.ended.len() > DONE_ORDERS_KEPT;
            if !full && !self.is_past(oldest, now) {
                break;
            }
            self.ended.pop_front();
            self.forget(oldest);
        }
    }

    pub(super) fn get(&self, sequence: u64) -> Option<&Record> {
        self.records.get(&sequence)
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Record> {
        self.records.get_mut(&sequence)
    }

    /// The newest order of a client order id.
    pub(super) fn by_client(&self, id: &ClientOrderId) -> Option<&Record> {
        self.get(*self.by_client.get(id)?)
    }

    /// True where a client order id was used.
    pub(super) fn knows(&self, id: &ClientOrderId) -> bool {
        self.by_client.contains_key(id)
    }

    /// The open orders of a pair, oldest first.
    pub(super) fn open(
        &self,
        instrument: InstrumentId,
    ) -> impl DoubleEndedIterator<Item = &Record> + '_ {
        let of_pair = self.open.range((instrument, 0)..=(instrument, u64::MAX));
        of_pair.filter_map(|(_, sequence)| self.get(*sequence))
    }

    /// The pairs with open orders.
    pub(super) fn open_pairs(&self) -> Vec<InstrumentId> {
        let mut pairs: Vec<_> = self.open.iter().map(|(instrument, _)| *instrument).collect();
        pairs.dedup();
        pairs
    }

    /// The done orders of a pair before a cursor, newest first, with their cursors.
    pub(super) fn done(
        &self,
        instrument: InstrumentId,
        before: Option<i64>,
    ) -> impl Iterator<Item = (i64, &Record)> + '_ {
        let of_pair = self.done.range((instrument, 0)..(instrument, before.unwrap_or(i64::MAX)));
        of_pair.rev().filter_map(|((_, cursor), sequence)| Some((*cursor, self.get(*sequence)?)))
    }

    fn is_past(&self, place: (InstrumentId, i64), now: Timestamp) -> bool {
        let record = self.done.get(&place).and_then(|sequence| self.get(*sequence));
        record.is_none_or(|record| now.us_since(record.order.updated_at) > SHOWN_US)
    }

    fn forget(&mut self, place: (InstrumentId, i64)) {
        let Some(sequence) = self.done.remove(&place) else { return };
        let Some(record) = self.records.remove(&sequence) else { return };
        let id = record.order.client_order_id;
        if self.by_client.get(&id) == Some(&sequence) {
            self.by_client.remove(&id);
        }
    }
}
