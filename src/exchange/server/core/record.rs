//! An order as the exchange remembers it: the venue's state of it and what only its client said.

use crate::domain::decimal::Decimal;
use crate::domain::instrument::Instrument;
use crate::domain::order::TimeInForce as Lasting;
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::exchange::kucoin::protocol::order::{Order, OrderType, Stp, TimeInForce};
use crate::exchange::kucoin::protocol::stop_order::StopKind;
use crate::exchange::paper::{SelfTrade, VenueOrder, Visibility};

/// What the client said and the venue has no use for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Note {
    pub remark: Option<Box<str>>,
    pub tags: Option<Box<str>>,
    pub time_in_force: Option<TimeInForce>,
    /// Seconds of a GTT order; 0 otherwise.
    pub cancel_after: i64,
    pub post_only: bool,
    /// The kind of stop order it was.
    pub stop: Option<StopKind>,
}

/// An order and its note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Record {
    pub order: VenueOrder,
    pub note: Note,
    /// It came to rest in the book.
    pub rested: bool,
}

impl Record {
    /// Limit or market.
    pub(super) fn order_type(&self) -> OrderType {
        if self.order.price.is_some() { OrderType::Limit } else { OrderType::Market }
    }

    /// It is over, and not by a cancel.
    pub(super) fn is_filled(&self) -> bool {
        self.order.status == OrderStatus::Filled
    }

    /// Some of it was canceled.
    pub(super) fn is_cut(&self) -> bool {
        let ended = matches!(self.order.status, OrderStatus::Canceled | OrderStatus::Expired);
        ended || !self.order.reduced.is_zero()
    }

    /// Sizes in base: asked for, filled, still open, canceled. The first is the sum of the others.
    pub(super) fn sizes(&self, instrument: &Instrument) -> Sizes {
        let VenueOrder { quantity, filled, .. } = self.order;
        let open = if self.order.is_open() { self.order.remaining() } else { Default::default() };
        Sizes {
            asked: instrument.quantity_of(quantity),
            filled: instrument.quantity_of(filled),
            open: instrument.quantity_of(open),
            canceled: instrument.quantity_of(quantity - filled - open),
        }
    }

    /// Funds in quote: asked for, still open, canceled. What is asked for at a limit is worth the
    /// limit. Of a buy, and of an order by funds, they are the sum of what is filled, open and
    /// canceled; what neither traded nor was canceled counts as open even when the order is done.
    pub(super) fn funds(&self, instrument: &Instrument) -> Funds {
        let order = &self.order;
        let sizes = self.sizes(instrument);
        let worth = |size: Decimal| match order.price {
            Some(price) => {
                let lots = instrument.quantity(size).unwrap_or_default();
                instrument.notional(price, lots)
            }
            None => Decimal::ZERO,
        };
        let asked = order.funds.unwrap_or_else(|| worth(sizes.asked));
        let unspent = (asked - order.filled_notional).max(Decimal::ZERO);
        match (order.funds, order.side) {
            (Some(_), _) if self.is_cut() => {
                Funds { asked, open: Decimal::ZERO, canceled: unspent }
            }
            (Some(_), _) => Funds { asked, open: unspent, canceled: Decimal::ZERO },
            (None, Side::Buy) => {
                let canceled = worth(sizes.canceled);
                Funds { asked, open: (unspent - canceled).max(Decimal::ZERO), canceled }
            }
            (None, Side::Sell) => {
                Funds { asked, open: worth(sizes.open), canceled: worth(sizes.canceled) }
            }
        }
    }

    /// As queries answer it.
    pub(super) fn object<'a>(&'a self, instrument: &'a Instrument) -> Order<'a> {
        let order = &self.order;
        let (sizes, funds) = (self.sizes(instrument), self.funds(instrument));
        let visible = match order.visibility {
            Visibility::Iceberg(shown) => instrument.quantity_of(shown),
            Visibility::Whole | Visibility::Hidden => Decimal::ZERO,
        };
        Order {
            id: order.venue_order_id.as_str().into(),
            client_oid: Some(order.client_order_id.as_str().into()),
            symbol: instrument.spec().symbol.as_str().into(),
            op_type: Some("DEAL".into()),
            order_type: self.order_type(),
            side: order.side,
            price: order.price.map(|price| instrument.price_of(price)).unwrap_or_default(),
            size: sizes.asked,
            funds: funds.asked,
            deal_size: sizes.filled,
            deal_funds: order.filled_notional,
            remain_size: sizes.open,
            remain_funds: funds.open,
            cancelled_size: sizes.canceled,
            cancelled_funds: funds.canceled,
            fee: order.fee,
            fee_currency: Some(quote(instrument).into()),
            stp: order.self_trade.map(stp),
            time_in_force: Some(self.lasting()),
            post_only: self.note.post_only,
            hidden: order.visibility == Visibility::Hidden,
            iceberg: matches!(order.visibility, Visibility::Iceberg(_)),
            visible_size: visible,
            cancel_after: self.note.cancel_after,
            channel: Some("API".into()),
            remark: self.note.remark.as_deref().map(Into::into),
            tags: self.note.tags.as_deref().map(Into::into),
            cancel_exist: self.is_cut(),
            trade_type: Some("TRADE".into()),
            in_order_book: order.is_open() && self.rested,
            active: order.is_open(),
            tax: Decimal::ZERO,
            created_at: order.accepted_at.ms(),
            last_updated_at: order.updated_at.ms(),
        }
    }

    /// How long it waits, as it was asked; a market order says GTC, as KuCoin's do.
    fn lasting(&self) -> TimeInForce {
        let of_order = match self.order.time_in_force {
            _ if self.order.price.is_none() => TimeInForce::Gtc,
            Lasting::Gtc => TimeInForce::Gtc,
            Lasting::Ioc => TimeInForce::Ioc,
            Lasting::Fok => TimeInForce::Fok,
        };
        self.note.time_in_force.unwrap_or(of_order)
    }
}

/// Parts of an order's size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sizes {
    pub asked: Decimal,
    pub filled: Decimal,
    pub open: Decimal,
    pub canceled: Decimal,
}

/// Parts of an order's value, what is filled aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Funds {
    pub asked: Decimal,
    pub open: Decimal,
    pub canceled: Decimal,
}

/// The quote asset's name.
pub(super) fn quote(instrument: &Instrument) -> &str {
    let symbol = instrument.spec().symbol.as_str();
    symbol.rsplit_once('-').map_or(symbol, |(_, quote)| quote)
}

/// KuCoin's word for a self-trade prevention.
fn stp(mode: SelfTrade) -> Stp {
    match mode {
        SelfTrade::CancelNewest => Stp::CancelNewest,
        SelfTrade::CancelOldest => Stp::CancelOldest,
        SelfTrade::CancelBoth => Stp::CancelBoth,
        SelfTrade::DecreaseAndCancel => Stp::DecreaseAndCancel,
    }
}
