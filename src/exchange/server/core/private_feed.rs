//! Pushes to the account: what happened to its orders, balances and stop orders.

use std::rc::Rc;

use serde::Serialize;

use crate::domain::identifier::VenueOrderId;
use crate::domain::instrument::{Instrument, Liquidity as Role};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::balance_push::{self, BalancePush, RelationContext};
use crate::exchange::kucoin::protocol::frame;
use crate::exchange::kucoin::protocol::order::Liquidity;
use crate::exchange::kucoin::protocol::order_push::{
    self, Change, FeeType, OrderPush, OrderStatus,
};
use crate::exchange::kucoin::protocol::stop_push::{self, StopPush};
use crate::exchange::server::topic::Topic;

use super::Push;
use super::fills::FillRow;
use super::record::Record;
use super::wallet::Movement;

/// Nanoseconds in a microsecond.
const US_NS: i64 = 1_000;
/// Where the ids of balance events begin: of the size of KuCoin's.
const EVENT_START: i64 = 354_000_000_000_000;

/// What happened to an order.
#[derive(Clone, Copy, Debug)]
pub(super) enum OrderEvent<'a> {
    /// The venue took it.
    Received,
    /// It rests in the book.
    Open,
    /// It traded; whether it took.
    Match(&'a FillRow, bool),
    /// Its size, in base, was another before.
    Update(crate::domain::decimal::Decimal),
    /// It is over.
    Done,
}

/// What a balance event belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relation<'a> {
    pub instrument: &'a Instrument,
    pub order_id: VenueOrderId,
    /// The fill, where one was settled.
    pub trade_id: Option<i64>,
}

/// The private topics, who watches them, and what waits to be sent.
#[derive(Debug)]
pub(super) struct PrivateFeed {
    user_id: String,
    topics: [(Topic, Rc<str>, usize); 4],
    events: i64,
}

impl PrivateFeed {
    pub(super) fn new(user_id: String) -> Self {
        let topics = [Topic::Orders, Topic::OrdersV2, Topic::Balance, Topic::StopOrders];
        let topics = topics.map(|topic| {
            let text = topic.to_string().into();
            (topic, text, 0)
        });
        Self { user_id, topics, events: EVENT_START }
    }

    /// The count of a private topic's watchers.
    pub(super) fn watchers(&mut self, topic: &Topic) -> Option<&mut usize> {
        self.topics.iter_mut().find(|(known, ..)| known == topic).map(|(_, _, count)| count)
    }

    /// The topic's text, where somebody watches it.
    fn watched(&self, topic: &Topic) -> Option<Rc<str>> {
        let found = self.topics.iter().find(|(known, ..)| known == topic);
        found.filter(|(_, _, watchers)| *watchers > 0).map(|(_, text, _)| text.clone())
    }

    /// Tells what happened to an order.
    pub(super) fn order(
        &self,
        record: &Record,
        instrument: &Instrument,
        event: OrderEvent<'_>,
        at: Timestamp,
        out: &mut Vec<Push>,
    ) {
        // The older topic does not have the first event.
        let old = self.watched(&Topic::Orders);
        let old = old.filter(|_| !matches!(event, OrderEvent::Received));
        let new = self.watched(&Topic::OrdersV2);
        if old.is_none() && new.is_none() {
            return;
        }
        let data = order_data(record, instrument, event, at);
        for topic in [old, new].into_iter().flatten() {
            self.push(topic, order_push::SUBJECT, None, &data, out);
        }
    }

    /// Tells how a balance moved.
    pub(super) fn balance(
        &mut self,
        movement: &Movement,
        relation: Relation<'_>,
        at: Timestamp,
        out: &mut Vec<Push>,
    ) {
        let Some(topic) = self.watched(&Topic::Balance) else { return };
        self.events += 1;
        let id = self.events.to_string();
        let Movement { asset, balance, available_change, hold_change } = *movement;
        let event = if relation.trade_id.is_some() { "trade.setted" } else { "trade.hold" };
        let data = BalancePush {
            account_id: account_id(&asset).into(),
            currency: asset.as_str().into(),
            total: balance.total(),
            available: balance.available(),
            hold: balance.hold(),
            available_change,
            hold_change,
            relation_context: Some(RelationContext {
                symbol: Some(relation.instrument.spec().symbol.as_str().into()),
                order_id: Some(relation.order_id.as_str().into()),
                trade_id: relation.trade_id.map(|id| id.to_string().into()),
            }),
            relation_event: Some(event.into()),
            relation_event_id: Some(id.as_str().into()),
            time: at.ms(),
        };
        self.push(topic, balance_push::SUBJECT, Some(&id), &data, out);
    }

    /// Tells what happened to a stop order.
    pub(super) fn stop(&self, data: &StopPush<'_>, out: &mut Vec<Push>) {
        if let Some(topic) = self.watched(&Topic::StopOrders) {
            self.push(topic, stop_push::SUBJECT, None, data, out);
        }
    }

    fn push<T: Serialize>(
        &self,
        topic: Rc<str>,
        subject: &str,
        id: Option<&str>,
        data: &T,
        out: &mut Vec<Push>,
    ) {
        let push = frame::Push::private(&topic, subject, &self.user_id, data);
        let text = frame::Push { id, ..push }.to_json().into();
        out.push(Push { topic, private: true, text });
    }
}

/// The number of the account that keeps an asset: fixed by its name.
pub(super) fn account_id(asset: &crate::domain::identifier::Asset) -> String {
    let mixed = asset
        .as_str()
        .bytes()
        .fold(0u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    format!("5{:011}", mixed % 100_000_000_000)
}

/// An order push's data.
fn order_data<'a>(
    record: &'a Record,
    instrument: &'a Instrument,
    event: OrderEvent<'_>,
    at: Timestamp,
) -> OrderPush<'a> {
    let order = &record.order;
    let (sizes, funds) = (record.sizes(instrument), record.funds(instrument));
    let by_funds = order.funds.is_some();
    let (change, status) = match event {
        OrderEvent::Received => (Change::Received, OrderStatus::New),
        OrderEvent::Open => (Change::Open, OrderStatus::Open),
        OrderEvent::Match(_, true) => (Change::Match, OrderStatus::Match),
        OrderEvent::Match(_, false) => (Change::Match, OrderStatus::Open),
        OrderEvent::Update(_) if record.rested => (Change::Update, OrderStatus::Open),
        OrderEvent::Update(_) => (Change::Update, OrderStatus::Match),
        OrderEvent::Done if record.is_filled() => (Change::Filled, OrderStatus::Done),
        OrderEvent::Done => (Change::Canceled, OrderStatus::Done),
    };
    let mut push = OrderPush {
        symbol: instrument.spec().symbol.as_str().into(),
        order_type: record.order_type(),
        side: order.side,
        order_id: order.venue_order_id.as_str().into(),
        client_oid: Some(order.client_order_id.as_str().into()),
        change,
        status,
        order_time: order.accepted_at.ms(),
        ts: at.us().saturating_mul(US_NS),
        origin_size: (!by_funds).then_some(sizes.asked),
        origin_funds: order.funds,
        price: order.price.map(|price| instrument.price_of(price)),
        size: None,
        filled_size: None,
        remain_size: None,
        canceled_size: None,
        remain_funds: None,
        canceled_funds: None,
        old_size: None,
        match_price: None,
        match_size: None,
        trade_id: None,
        liquidity: None,
        fee_type: None,
    };
    if matches!(event, OrderEvent::Received) {
        return push;
    }
    let reduced = instrument.quantity_of(order.reduced);
    push.size = (!by_funds).then_some(sizes.asked - reduced);
    push.filled_size = Some(sizes.filled);
    push.remain_size = Some(sizes.open);
    push.canceled_size = Some(sizes.canceled);
    push.remain_funds = by_funds.then_some(funds.open);
    push.canceled_funds = by_funds.then_some(funds.canceled);
    match event {
        OrderEvent::Match(fill, _) => {
            let charged = fill.execution.liquidity;
            push.match_price = Some(instrument.price_of(fill.execution.price));
            push.match_size = Some(instrument.quantity_of(fill.execution.quantity));
            push.trade_id = Some(fill.trade_id.to_string().into());
            (push.liquidity, push.fee_type) = match charged {
                Role::Taker => (Some(Liquidity::Taker), Some(FeeType::Taker)),
                Role::Maker => (Some(Liquidity::Maker), Some(FeeType::Maker)),
            };
        }
        OrderEvent::Update(before) => push.old_size = Some(before),
        OrderEvent::Received | OrderEvent::Open | OrderEvent::Done => {}
    }
    push
}
