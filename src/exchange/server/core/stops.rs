//! The account's stop orders: those that wait, by what triggers them, and the last ones that did.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{ClientOrderId, InstrumentId};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::stop_order::{StopKind, UNTRIGGERED_MAX};

use super::stop::{Stop, StopState};

/// Stop orders kept that do not wait any more; the oldest go first.
pub const STOP_ORDERS_KEPT: usize = 1_000;
/// How stop orders' ids begin.
pub(super) const PREFIX: &str = "vs";

/// Stop orders by number.
#[derive(Debug, Default)]
pub(super) struct Stops {
    rows: BTreeMap<u64, Stop>,
    by_client: BTreeMap<ClientOrderId, u64>,
    /// Those that wait for the last price to fall, highest last, and to rise, lowest first.
    losses: BTreeSet<(InstrumentId, Decimal, u64)>,
    entries: BTreeSet<(InstrumentId, Decimal, u64)>,
    over: VecDeque<u64>,
    last: u64,
}

impl Stops {
    /// A name for the next stop order, placed at `at`: `vs` and 22 hexadecimal digits.
    pub(super) fn name(&mut self, at: Timestamp) -> String {
        self.last += 1;
        let seconds = u32::try_from(at.us().div_euclid(1_000_000)).unwrap_or(0);
        format!("{PREFIX}{seconds:08x}{:014x}", self.last)
    }

    /// Keeps a stop order that was just named. False where too many wait for its pair.
    pub(super) fn insert(&mut self, stop: Stop) -> bool {
        if self.waiting().filter(|it| it.instrument == stop.instrument).count() >= UNTRIGGERED_MAX {
            return false;
        }
        let place = (stop.instrument, stop.price, self.last);
        self.by_client.insert(stop.client_order_id, self.last);
        match stop.kind {
            StopKind::Entry => self.entries.insert(place),
            StopKind::Loss | StopKind::Unknown => self.losses.insert(place),
        };
        self.rows.insert(self.last, stop);
        true
    }

    /// A stop order by its id.
    pub(super) fn get(&self, id: &str) -> Option<&Stop> {
        let digits = id.strip_prefix(PREFIX)?.get(8..)?;
        let stop = self.rows.get(&u64::from_str_radix(digits, 16).ok()?)?;
        (stop.id == id).then_some(stop)
    }

    /// The newest stop order of a client order id.
    pub(super) fn by_client(&self, id: &ClientOrderId) -> Option<&Stop> {
        self.rows.get(self.by_client.get(id)?)
    }

    /// Those that wait, oldest first.
    pub(super) fn waiting(&self) -> impl DoubleEndedIterator<Item = &Stop> + '_ {
        let mut numbers: Vec<_> =
            self.losses.iter().chain(&self.entries).map(|(_, _, number)| *number).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.rows.get(&number))
    }

    /// The id of one that the last price of its pair triggers, if there is any.
    pub(super) fn triggered(&self, instrument: InstrumentId, last: Decimal) -> Option<String> {
        let first = (instrument, Decimal::from_raw(i128::MIN), 0);
        let end = (instrument, Decimal::from_raw(i128::MAX), u64::MAX);
        let loss = self.losses.range(first..=end).next_back().filter(|(_, at, _)| *at >= last);
        let entry = self.entries.range(first..=end).next().filter(|(_, at, _)| *at <= last);
        let (_, _, number) = loss.or(entry)?;
        self.rows.get(number).map(|stop| stop.id.clone())
    }

    /// Ends the waiting of a stop order: it is triggered or canceled. The stop order as it is now;
    /// `None` where it did not wait.
    pub(super) fn end(&mut self, id: &str, state: StopState) -> Option<&Stop> {
        let stop = self.get(id).filter(|stop| stop.state == StopState::Waiting)?;
        let number = *self.by_client.get(&stop.client_order_id)?;
        let place = (stop.instrument, stop.price, number);
        self.losses.remove(&place);
        self.entries.remove(&place);
        self.over.push_back(number);
        if self.over.len() > STOP_ORDERS_KEPT
            && let Some(oldest) = self.over.pop_front()
            && let Some(stop) = self.rows.remove(&oldest)
        {
            self.by_client.remove(&stop.client_order_id);
        }
        self.set(id, state)
    }

    /// Changes what became of a stop order that does not wait any more.
    pub(super) fn set(&mut self, id: &str, state: StopState) -> Option<&Stop> {
        let number = *self.by_client.get(&self.get(id)?.client_order_id)?;
        let stop = self.rows.get_mut(&number)?;
        stop.state = state;
        Some(stop)
    }
}
