//! Queries of orders and fills.

use crate::domain::identifier::InstrumentId;
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::fill::Fill;
use crate::exchange::kucoin::protocol::order::{OpenSymbols, Order};
use crate::exchange::kucoin::protocol::page::{Cursor, Page};
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::server::answer::Call;

use super::Core;
use super::denial::Denial;
use super::query::{Filter, page};
use super::record::Record;
use super::stop::StopState;
use super::stops::PREFIX;

/// Items of a page of open orders: usual and most.
const OPEN_PAGE: (usize, usize) = (20, 100);
/// Items of an answer about done orders and fills: usual and most.
const PART: (usize, usize) = (20, 100);

impl Core {
    /// `GET hf/orders/{orderId}`. Stop orders' ids are known too: as the order they became, under the
    /// id they were asked by.
    pub(super) fn order(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.asked_pair(call)?;
        let asked = call.path_parameter;
        let instrument = &self.pair(id).instrument;
        if asked.starts_with(PREFIX) {
            let stop = self.stops.get(asked).filter(|stop| stop.instrument == id);
            let stop = stop.ok_or(refusal::ORDER_NOT_FOUND)?;
            let became = match stop.state {
                StopState::Triggered(_, Some(sequence)) => self.orders.get(sequence),
                StopState::Triggered(_, None) | StopState::Waiting | StopState::Canceled(_) => None,
            };
            return Ok(success(&match became {
                Some(record) => Order { id: asked.into(), ..record.object(instrument) },
                None => stop.as_order(instrument),
            }));
        }
        let record = self.by_id(asked).filter(|record| record.order.instrument == id);
        Ok(success(&record.ok_or(refusal::ORDER_NOT_FOUND)?.object(instrument)))
    }

    /// `GET hf/orders/client-order/{clientOid}`.
    pub(super) fn order_by_client_id(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.asked_pair(call)?;
        let record = self.by_client_id(call.path_parameter);
        let record = record.filter(|record| record.order.instrument == id);
        let record = record.ok_or(refusal::ORDER_NOT_FOUND)?;
        Ok(success(&record.object(&self.pair(id).instrument)))
    }

    /// `GET hf/orders/active`: newest change first.
    pub(super) fn open_orders(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.asked_pair(call)?;
        let mut records: Vec<_> = self.orders.open(id).collect();
        records.sort_by_key(|record| {
            std::cmp::Reverse((record.order.updated_at, record.order.sequence))
        });
        Ok(success(&self.objects(id, records.into_iter())))
    }

    /// `GET hf/orders/active/page`: newest first.
    pub(super) fn open_orders_page(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.asked_pair(call)?;
        let (number, size) = page(call, "pageNum", OPEN_PAGE)?;
        let total = self.orders.open(id).count();
        let records = self.orders.open(id).rev().skip((number - 1).saturating_mul(size)).take(size);
        Ok(success(&numbered(number, size, total, self.objects(id, records))))
    }

    /// `GET hf/orders/active/symbols`.
    pub(super) fn open_symbols(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        let pairs = self.orders.open_pairs();
        let names = pairs.iter().map(|id| self.pair(*id).listing.symbol.as_str().into());
        Ok(success(&OpenSymbols { symbols: names.collect() }))
    }

    /// `GET hf/orders/done`: newest end first.
    pub(super) fn done_orders(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.asked_pair(call)?;
        let filter = Filter::read(call, PART)?;
        let found: Vec<_> = self
            .orders
            .done(id, filter.last_id)
            .take_while(|(_, record)| record.order.updated_at.ms() >= filter.start_at)
            .filter(|(_, record)| {
                let order = &record.order;
                filter.admits(order.side, record.order_type(), order.updated_at.ms())
            })
            .take(filter.limit)
            .collect();
        let last_id = found.last().map_or(0, |(cursor, _)| *cursor);
        let items = self.objects(id, found.into_iter().map(|(_, record)| record));
        Ok(success(&Cursor { last_id, items }))
    }

    /// `GET hf/fills`: newest first. With an order's id the other filters do not count.
    pub(super) fn own_fills(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.asked_pair(call)?;
        let filter = Filter::read(call, PART)?;
        let instrument = &self.pair(id).instrument;
        let found: Vec<Fill<'_>> = match call.query.get("orderId") {
            Some(order_id) => {
                let record = self.by_id(order_id).ok_or(refusal::ORDER_NOT_FOUND)?;
                let of_order = self.fills.of_order(record.order.sequence, id, filter.last_id);
                of_order.take(filter.limit).map(|(id, row)| row.object(id, instrument)).collect()
            }
            None => self
                .fills
                .of_pair(id, filter.last_id)
                .take_while(|(_, row)| row.execution.at.ms() >= filter.start_at)
                .filter(|(_, row)| {
                    filter.admits(row.execution.side, row.order_type, row.execution.at.ms())
                })
                .take(filter.limit)
                .map(|(id, row)| row.object(id, instrument))
                .collect(),
        };
        let last_id = found.last().map_or(0, |fill| fill.id);
        Ok(success(&Cursor { last_id, items: found }))
    }

    fn objects<'a>(
        &'a self,
        id: InstrumentId,
        records: impl Iterator<Item = &'a Record>,
    ) -> Vec<Order<'a>> {
        let instrument = &self.pair(id).instrument;
        records.map(|record| record.object(instrument)).collect()
    }
}

/// A page by number.
pub(super) fn numbered<T>(number: usize, size: usize, total: usize, items: Vec<T>) -> Page<T> {
    let count = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    Page {
        current_page: count(number),
        page_size: count(size),
        total_num: count(total),
        total_page: count(total.div_ceil(size)),
        items,
    }
}
