//! One stop order: what was asked for, and what became of it.

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{ClientOrderId, InstrumentId};
use crate::domain::instrument::Instrument;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::order::{Order, TimeInForce};
use crate::exchange::kucoin::protocol::place::PlaceOrder;
use crate::exchange::kucoin::protocol::stop_order::{PlaceStop, StopKind, StopOrder, StopStatus};
use crate::exchange::kucoin::protocol::stop_push::{StopChange, StopPush};

use super::record::quote;

/// Nanoseconds in a microsecond.
const US_NS: i64 = 1_000;

/// Where a stop order stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StopState {
    /// It waits.
    Waiting,
    /// It was triggered; the sequence of the order it became, where that was taken.
    Triggered(Timestamp, Option<u64>),
    /// It was canceled.
    Canceled(Timestamp),
}

/// A stop order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stop {
    pub id: String,
    pub instrument: InstrumentId,
    pub client_order_id: ClientOrderId,
    pub kind: StopKind,
    pub price: Decimal,
    pub body: PlaceStop<'static>,
    pub created_at: Timestamp,
    pub state: StopState,
}

impl Stop {
    /// The order it becomes.
    pub(super) fn order(&self) -> PlaceOrder<'_> {
        let body = &self.body;
        PlaceOrder {
            price: body.price,
            size: body.size,
            funds: body.funds,
            client_oid: Some(self.client_order_id.as_str().into()),
            remark: body.remark.as_deref().map(Into::into),
            time_in_force: body.time_in_force,
            cancel_after: body.cancel_after,
            post_only: body.post_only,
            hidden: body.hidden,
            iceberg: body.iceberg,
            visible_size: body.visible_size,
            stp: body.stp,
            ..PlaceOrder::new(body.order_type, &*body.symbol, body.side)
        }
    }

    /// As queries of stop orders answer it.
    pub(super) fn object<'a>(&'a self, instrument: &'a Instrument, user: &'a str) -> StopOrder<'a> {
        let (body, spec) = (&self.body, instrument.spec());
        let triggered_at = match self.state {
            StopState::Triggered(at, _) => Some(at),
            StopState::Waiting | StopState::Canceled(_) => None,
        };
        StopOrder {
            id: self.id.as_str().into(),
            symbol: spec.symbol.as_str().into(),
            user_id: Some(user.into()),
            status: if triggered_at.is_some() { StopStatus::Triggered } else { StopStatus::New },
            order_type: body.order_type,
            side: body.side,
            price: body.price,
            size: body.size,
            funds: body.funds,
            stp: body.stp,
            time_in_force: Some(body.time_in_force.unwrap_or(TimeInForce::Gtc)),
            cancel_after: body.cancel_after.unwrap_or(-1),
            post_only: body.post_only.unwrap_or(false),
            hidden: body.hidden.unwrap_or(false),
            iceberg: body.iceberg.unwrap_or(false),
            visible_size: body.visible_size,
            channel: Some("API".into()),
            client_oid: Some(self.client_order_id.as_str().into()),
            remark: body.remark.as_deref().map(Into::into),
            tags: None,
            related_no: None,
            order_time: Some(self.created_at.us().saturating_mul(US_NS)),
            domain_id: Some("kucoin".into()),
            trade_source: Some("USER".into()),
            trade_type: Some("TRADE".into()),
            fee_currency: Some(quote(instrument).into()),
            taker_fee_rate: Some(spec.taker_fee),
            maker_fee_rate: Some(spec.maker_fee),
            created_at: self.created_at.ms(),
            stop: Some(self.kind),
            stop_trigger_time: triggered_at.map(Timestamp::ms),
            stop_price: self.price,
            limit_price: None,
            pop: None,
            activate_condition: None,
        }
    }

    /// As a query of ordinary orders answers it while it is none: open without being in the book, or
    /// done without a fill.
    pub(super) fn as_order<'a>(&'a self, instrument: &'a Instrument) -> Order<'a> {
        let body = &self.body;
        let (waits, changed_at) = match self.state {
            StopState::Waiting => (true, self.created_at),
            StopState::Triggered(at, _) | StopState::Canceled(at) => (false, at),
        };
        let (size, funds) = (body.size.unwrap_or_default(), body.funds.unwrap_or_default());
        let open = |amount: Decimal| if waits { amount } else { Decimal::ZERO };
        Order {
            id: self.id.as_str().into(),
            client_oid: Some(self.client_order_id.as_str().into()),
            symbol: instrument.spec().symbol.as_str().into(),
            op_type: Some("DEAL".into()),
            order_type: body.order_type,
            side: body.side,
            price: body.price.unwrap_or_default(),
            size,
            funds,
            deal_size: Decimal::ZERO,
            deal_funds: Decimal::ZERO,
            remain_size: open(size),
            remain_funds: open(funds),
            cancelled_size: size - open(size),
            cancelled_funds: funds - open(funds),
            fee: Decimal::ZERO,
            fee_currency: Some(quote(instrument).into()),
            stp: body.stp,
            time_in_force: Some(body.time_in_force.unwrap_or(TimeInForce::Gtc)),
            post_only: body.post_only.unwrap_or(false),
            hidden: body.hidden.unwrap_or(false),
            iceberg: body.iceberg.unwrap_or(false),
            visible_size: body.visible_size.unwrap_or_default(),
            cancel_after: 0,
            channel: Some("API".into()),
            remark: body.remark.as_deref().map(Into::into),
            tags: None,
            cancel_exist: !waits,
            trade_type: Some("TRADE".into()),
            in_order_book: false,
            active: waits,
            tax: Decimal::ZERO,
            created_at: self.created_at.ms(),
            last_updated_at: changed_at.ms(),
        }
    }

    /// What is pushed about it.
    pub(super) fn push<'a>(
        &'a self,
        instrument: &'a Instrument,
        change: StopChange,
        at: Timestamp,
    ) -> StopPush<'a> {
        StopPush {
            order_id: self.id.as_str().into(),
            order_price: self.body.price,
            order_type: Some("stop".into()),
            side: self.body.side,
            size: self.body.size,
            funds: self.body.funds,
            stop: self.kind,
            stop_price: self.price,
            symbol: instrument.spec().symbol.as_str().into(),
            trade_type: Some("TRADE".into()),
            change,
            created_at: self.created_at.ms(),
            ts: at.us().saturating_mul(US_NS),
        }
    }
}
