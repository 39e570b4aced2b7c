//! Orders as asked for. An order that breaks its instrument's limits cannot be built.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::decimal::Decimal;
use super::identifier::{ClientOrderId, InstrumentId};
use super::instrument::{Instrument, Lots, Ticks};
use super::side::Side;

/// TimeInForce (FIX 59).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeInForce {
    /// Rests until filled or canceled.
    Gtc,
    /// Fills what it can at once, cancels the rest.
    Ioc,
    /// Fills whole at once or not at all.
    Fok,
}

/// OrdType (FIX 40) with what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// At `price` or better.
    Limit {
        /// The limit.
        price: Ticks,
        /// How long.
        time_in_force: TimeInForce,
        /// Refused rather than taking liquidity. Only with GTC.
        post_only: bool,
    },
    /// At whatever the book gives.
    Market,
}

/// Why the engine wants the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Opens or adds to a position.
    Entry,
    /// The price fell to the stop.
    StopLoss,
    /// The price rose to the target.
    TakeProfit,
    /// The price fell back from its high.
    TrailingStop,
    /// The position is too old.
    TimeExit,
    /// The averages crossed back.
    SignalExit,
    /// An operator, or the exit policy of a hard stop, wants the position gone.
    ForceExit,
}

impl Purpose {
    /// The ledger's and the journal's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::TrailingStop => "trailing_stop",
            Self::TimeExit => "time_exit",
            Self::SignalExit => "signal_exit",
            Self::ForceExit => "force_exit",
        }
    }

    /// Every purpose.
    pub const ALL: [Self; 7] = [
        Self::Entry,
        Self::StopLoss,
        Self::TakeProfit,
        Self::TrailingStop,
        Self::TimeExit,
        Self::SignalExit,
        Self::ForceExit,
    ];

    /// True where the order only reduces a position.
    pub const fn is_exit(self) -> bool {
        !matches!(self, Self::Entry)
    }
}

impl std::str::FromStr for Purpose {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no order purpose"))
    }
}

/// An order that satisfies its instrument's increments and limits. Immutable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct NewOrder {
    instrument: InstrumentId,
    client_order_id: ClientOrderId,
    side: Side,
    order_type: OrderType,
    quantity: Lots,
    purpose: Purpose,
}

/// Which limit of the instrument an order would break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderError {
    /// Below the smallest quantity.
    QuantityMin,
    /// Above the largest quantity.
    QuantityMax,
    /// Below the smallest notional.
    NotionalMin,
    /// A price of zero.
    Price,
    /// Post-only together with IOC or FOK.
    PostOnly,
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QuantityMin => "quantity below the instrument's minimum",
            Self::QuantityMax => "quantity above the instrument's maximum",
            Self::NotionalMin => "notional below the instrument's minimum",
            Self::Price => "price of zero",
            Self::PostOnly => "post-only needs GTC",
        })
    }
}

impl std::error::Error for OrderError {}

/// The identity and intention of an order: everything that is not price or quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderLabel {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Our identifier.
    pub client_order_id: ClientOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Why.
    pub purpose: Purpose,
}

impl NewOrder {
    /// Builds an order. `reference` is the price its notional is judged at where it has no limit.
    pub fn new(
        instrument: &Instrument,
        label: OrderLabel,
        order_type: OrderType,
        quantity: Lots,
        reference: Ticks,
    ) -> Result<Self, OrderError> {
        if quantity < instrument.quantity_min() {
            return Err(OrderError::QuantityMin);
        }
        if quantity > instrument.quantity_max() {
            return Err(OrderError::QuantityMax);
        }
        let price = match order_type {
            OrderType::Limit { post_only: true, time_in_force, .. }
                if time_in_force != TimeInForce::Gtc =>
            {
                return Err(OrderError::PostOnly);
            }
            OrderType::Limit { price, .. } => price,
            OrderType::Market => reference,
        };
        if price <= Ticks::ZERO {
            return Err(OrderError::Price);
        }
        if instrument.notional(price, quantity) < instrument.spec().notional_min {
            return Err(OrderError::NotionalMin);
        }
        let OrderLabel { instrument, client_order_id, side, purpose } = label;
        Ok(Self { instrument, client_order_id, side, order_type, quantity, purpose })
    }

    /// Which instrument.
    pub fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// Our identifier.
    pub fn client_order_id(&self) -> ClientOrderId {
        self.client_order_id
    }

    /// Buy or sell.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Limit or market.
    pub fn order_type(&self) -> OrderType {
        self.order_type
    }

    /// How much.
    pub fn quantity(&self) -> Lots {
        self.quantity
    }

    /// Why.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The limit, if it has one.
    pub fn limit_price(&self) -> Option<Ticks> {
        match self.order_type {
            OrderType::Limit { price, .. } => Some(price),
            OrderType::Market => None,
        }
    }

    /// The time in force; a market order behaves as IOC.
    pub fn time_in_force(&self) -> TimeInForce {
        match self.order_type {
            OrderType::Limit { time_in_force, .. } => time_in_force,
            OrderType::Market => TimeInForce::Ioc,
        }
    }

    /// The limit in quote units, for the ledger.
    pub fn limit_decimal(&self, instrument: &Instrument) -> Option<Decimal> {
        self.limit_price().map(|price| instrument.price_of(price))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::tests::btc;

    fn label(side: Side) -> OrderLabel {
        OrderLabel {
            instrument: InstrumentId(0),
            client_order_id: ClientOrderId::new("ibis-1-1").unwrap(),
            side,
            purpose: Purpose::Entry,
        }
    }

    #[test]
    fn limits_cannot_be_broken() {
        let btc = btc();
        let build = |quantity, price| {
            let order_type = OrderType::Limit {
                price: Ticks::new(price),
                time_in_force: TimeInForce::Gtc,
                post_only: false,
            };
            NewOrder::new(&btc, label(Side::Buy), order_type, Lots::new(quantity), Ticks::ZERO)
        };
        assert_eq!(build(0, 600_000), Err(OrderError::QuantityMin));
        assert_eq!(build(-5, 600_000), Err(OrderError::QuantityMin));
        assert_eq!(build(i64::MAX, 1), Err(OrderError::QuantityMax));
        assert_eq!(build(1, 0), Err(OrderError::Price));
        assert_eq!(build(1, 1), Err(OrderError::NotionalMin));
        assert!(build(1, 600_000).is_ok());
    }

    #[test]
    fn post_only_needs_gtc() {
        let order_type = OrderType::Limit {
            price: Ticks::new(600_000),
            time_in_force: TimeInForce::Ioc,
            post_only: true,
        };
        let order =
            NewOrder::new(&btc(), label(Side::Sell), order_type, Lots::new(10), Ticks::ZERO);
        assert_eq!(order, Err(OrderError::PostOnly));
    }
}
