//! Orders as the venue gets them (unchecked) and as it keeps them.

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::order::{NewOrder, OrderType, TimeInForce};
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

/// An order as a client asks for it. The venue trusts none of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderRequest {
    /// Index into the venue's instruments.
    pub instrument: InstrumentId,
    /// The client's identifier.
    pub client_order_id: ClientOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit or market.
    pub order_type: RequestedType,
    /// How much.
    pub amount: Amount,
    /// What else was said.
    pub terms: Terms,
}

/// Type of a requested order, with what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequestedType {
    /// At `price` (quote units) or better.
    Limit {
        /// The limit in quote units.
        price: Decimal,
        /// How long.
        time_in_force: TimeInForce,
        /// Canceled rather than taking. Without effect on IOC and FOK, as at KuCoin.
        post_only: bool,
    },
    /// At whatever the book gives; the rest ends at once.
    Market,
}

/// What a requested quantity counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// Base units.
    Size(Decimal),
    /// Quote units: a market buy costs at most this, fees included; a market sell brings at most
    /// this, before fees.
    Funds(Decimal),
}

/// What an order may say beside side, price and quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// What happens where it meets an own resting order; `None`: they trade with each other.
    pub self_trade: Option<SelfTrade>,
    /// How much of it the book shows while it rests. The shown part of an iceberg is in base units.
    pub visibility: Visibility<Decimal>,
    /// Seconds it rests at most (GTT), above 0.
    pub lifetime_s: Option<u32>,
    /// It takes the place and the identifier of an order that is over (KuCoin `alter`).
    pub replaces: bool,
}

impl Default for Terms {
    /// What our own agent asks for: KuCoin `stp` CN, all of it shown, no end.
    fn default() -> Self {
        Self {
            self_trade: Some(SelfTrade::default()),
            visibility: Visibility::Whole,
            lifetime_s: None,
            replaces: false,
        }
    }
}

/// Self-trade prevention (KuCoin `stp`), by what gives way where an order meets an own one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SelfTrade {
    /// CN: the arriving order.
    #[default]
    CancelNewest,
    /// CO: the resting order.
    CancelOldest,
    /// CB: both.
    CancelBoth,
    /// DC: the smaller one, and as much of the larger. Not for market orders.
    DecreaseAndCancel,
}

impl SelfTrade {
    /// KuCoin's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CancelNewest => "CN",
            Self::CancelOldest => "CO",
            Self::CancelBoth => "CB",
            Self::DecreaseAndCancel => "DC",
        }
    }
}

impl std::str::FromStr for SelfTrade {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::CancelNewest, Self::CancelOldest, Self::CancelBoth, Self::DecreaseAndCancel]
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no self-trade prevention"))
    }
}

/// How much of a resting order the book shows. What is not wholly shown pays as a taker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Visibility<Quantity> {
    /// All of it.
    #[default]
    Whole,
    /// Nothing.
    Hidden,
    /// At most so much at a time.
    Iceberg(Quantity),
}

impl OrderRequest {
    /// The request that an order of ours becomes on the wire.
    pub fn new(order: &NewOrder, instrument: &Instrument) -> Self {
        let order_type = match order.order_type() {
            OrderType::Limit { price, time_in_force, post_only } => {
                RequestedType::Limit { price: instrument.price_of(price), time_in_force, post_only }
            }
            OrderType::Market => RequestedType::Market,
        };
        Self {
            instrument: order.instrument(),
            client_order_id: order.client_order_id(),
            side: order.side(),
            order_type,
            amount: Amount::Size(instrument.quantity_of(order.quantity())),
            terms: Terms::default(),
        }
    }
}

/// An order the venue accepted: what it knows about it, and what it keeps on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VenueOrder {
    /// Counts accepted orders of the account from 1: time priority.
    pub sequence: u64,
    /// The client's identifier.
    pub client_order_id: ClientOrderId,
    /// Ours (24 hex digits).
    pub venue_order_id: VenueOrderId,
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// The limit; `None` for a market order.
    pub price: Option<Ticks>,
    /// How long; IOC for a market order.
    pub time_in_force: TimeInForce,
    /// It was asked to add liquidity only.
    pub post_only: bool,
    /// How much was asked; of an order by funds, what they paid for.
    pub quantity: Lots,
    /// The quote units asked for, where the order was by funds.
    pub funds: Option<Decimal>,
    /// How much was filled.
    pub filled: Lots,
    /// How much was taken off while it went on: by its client, or to prevent a self-trade.
    pub reduced: Lots,
    /// Sum of the fills' notional, in quote units.
    pub filled_notional: Decimal,
    /// Sum of the fills' fees, in quote units.
    pub fee: Decimal,
    /// New, partially filled, filled, canceled or expired.
    pub status: OrderStatus,
    /// Market quantity that must trade at its price before it; [`VenueOrder::QUEUE_UNKNOWN`] until
    /// the source displays its price.
    pub queue_ahead: Lots,
    /// What it holds of the quote asset (buy) or base asset (sell).
    pub hold: Decimal,
    /// What happens where it arrives at an own order.
    pub self_trade: Option<SelfTrade>,
    /// How much of it the book shows.
    pub visibility: Visibility<Lots>,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
    /// When the venue took it.
    pub accepted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl VenueOrder {
    /// The queue of an order whose price the source has not displayed yet.
    pub const QUEUE_UNKNOWN: Lots = Lots::new(i64::MAX);

    /// What can still fill, were it open.
    pub fn remaining(&self) -> Lots {
        self.quantity - self.filled - self.reduced
    }

    /// True while it can still fill.
    pub fn is_open(&self) -> bool {
        !self.status.is_terminal()
    }

    /// What the book shows of it while it rests.
    pub fn shown(&self) -> Lots {
        match self.visibility {
            Visibility::Whole => self.remaining(),
            Visibility::Hidden => Lots::ZERO,
            Visibility::Iceberg(most) => self.remaining().min(most),
        }
    }
}
