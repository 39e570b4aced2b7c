//! What the exchange says about a pair: its rules, whether it trades, whether it is there at all.

use crate::domain::decimal::{Decimal, Round};
use crate::domain::identifier::Asset;
use crate::domain::instrument::{FeeClass, Instrument};
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::protocol::order::OrderType;
use crate::exchange::kucoin::protocol::place::PlaceOrder;
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::kucoin::protocol::symbol::SymbolRow;

use super::denial::Denial;

/// Step of the funds of market orders: 10^-6 of the quote asset, as KuCoin's for USDT.
const QUOTE_INCREMENT: Decimal = Decimal::from_raw(1_000_000_000_000);
/// Largest funds of a market order, in quote, as KuCoin's for USDT.
const QUOTE_MAX_SIZE: Decimal = Decimal::from_int(99_999_999);
/// What `priceLimitRate` is unless told otherwise: KuCoin's for BTC-USDT.
pub(super) const PRICE_LIMIT_RATE: Decimal = Decimal::from_raw(100_000_000_000_000_000);
/// KuCoin 600100, in the manner of its other increments.
const FUNDS_INCREMENT: &str = "Order funds increment invalid.";
/// KuCoin 600100, in the manner of its other bounds.
const SIZE_MAX: &str = "Order size above the maximum requirement.";

/// Steps and bounds of orders, in base or quote units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rules {
    pub base_increment: Decimal,
    pub price_increment: Decimal,
    pub base_min_size: Decimal,
    pub base_max_size: Decimal,
    pub min_funds: Decimal,
}

/// A pair as it is listed.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub symbol: Symbol,
    base: Asset,
    quote: Asset,
    /// As the instrument has them.
    own: Rules,
    /// As they are in force.
    pub rules: Rules,
    fee_class: FeeClass,
    maker_fee: Decimal,
    taker_fee: Decimal,
    /// Orders are taken.
    pub trading: bool,
    /// It is there.
    pub listed: bool,
}

/// Steps and bounds that change while the exchange runs; `None` leaves the instrument's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RuleChange {
    /// Step of sizes, in base.
    pub base_increment: Option<Decimal>,
    /// Step of prices, in quote.
    pub price_increment: Option<Decimal>,
    /// Smallest size, in base.
    pub base_min_size: Option<Decimal>,
    /// Smallest value of an order, in quote.
    pub min_funds: Option<Decimal>,
}

impl Listing {
    pub(super) fn new(instrument: &Instrument) -> Self {
        let spec = instrument.spec();
        let own = Rules {
            base_increment: spec.lot,
            price_increment: spec.tick,
            base_min_size: spec.quantity_min,
            base_max_size: spec.quantity_max,
            min_funds: spec.notional_min,
        };
        Self {
            symbol: spec.symbol,
            base: spec.symbol.base(),
            quote: spec.symbol.quote(),
            own,
            rules: own,
            fee_class: spec.fee_class,
            maker_fee: spec.maker_fee,
            taker_fee: spec.taker_fee,
            trading: true,
            listed: true,
        }
    }

    /// Puts other rules in force: the instrument's own, but for what changes.
    pub(super) fn change(&mut self, change: RuleChange) {
        self.rules = Rules {
            base_increment: change.base_increment.unwrap_or(self.own.base_increment),
            price_increment: change.price_increment.unwrap_or(self.own.price_increment),
            base_min_size: change.base_min_size.unwrap_or(self.own.base_min_size),
            base_max_size: self.own.base_max_size,
            min_funds: change.min_funds.unwrap_or(self.own.min_funds),
        };
    }

    /// The group of pairs it belongs to: that of dollars, or its quote currency's.
    pub(super) fn group(&self) -> &str {
        match self.quote.as_str() {
            "USDT" | "USDC" | "USD" | "DAI" => "USDS",
            other => other,
        }
    }

    /// The rates an account of the lowest tier pays here: maker's and taker's.
    pub(super) fn fees(&self) -> (Decimal, Decimal) {
        (self.maker_fee, self.taker_fee)
    }

    /// What the lowest tier's rates are multiplied by here: maker's and taker's.
    pub(super) fn coefficients(&self) -> (Decimal, Decimal) {
        let base = FeeClass::A.rate();
        let of = |fee: Decimal| fee.div(base, Round::Down);
        (of(self.maker_fee), of(self.taker_fee))
    }

    /// As queries answer it.
    pub(super) fn row(&self) -> SymbolRow<'_> {
        let (maker, taker) = self.coefficients();
        let (base, quote) = (self.base.as_str(), self.quote.as_str());
        SymbolRow {
            symbol: self.symbol.as_str().into(),
            name: Some(self.symbol.as_str().into()),
            base_currency: base.into(),
            quote_currency: quote.into(),
            fee_currency: quote.into(),
            market: Some(self.group().into()),
            base_min_size: self.rules.base_min_size,
            quote_min_size: self.rules.min_funds,
            base_max_size: self.rules.base_max_size,
            quote_max_size: QUOTE_MAX_SIZE,
            base_increment: self.rules.base_increment,
            quote_increment: QUOTE_INCREMENT,
            price_increment: self.rules.price_increment,
            price_limit_rate: Some(PRICE_LIMIT_RATE),
            min_funds: Some(self.rules.min_funds),
            is_margin_enabled: false,
            enable_trading: self.trading,
            fee_category: match self.fee_class {
                FeeClass::A => 1,
                FeeClass::B => 2,
                FeeClass::C => 3,
            },
            maker_fee_coefficient: Some(maker),
            taker_fee_coefficient: Some(taker),
            st: false,
            callauction_is_enabled: false,
            callauction_price_floor: None,
            callauction_price_ceiling: None,
            callauction_first_stage_start_time: None,
            callauction_second_stage_start_time: None,
            callauction_third_stage_start_time: None,
            trading_start_time: None,
        }
    }

    /// Judges an order by the rules in force.
    pub(super) fn check(&self, order: &PlaceOrder<'_>) -> Result<(), Denial> {
        let Rules { price_increment, min_funds, .. } = self.rules;
        match (order.order_type, order.price, order.size, order.funds) {
            (OrderType::Limit, Some(price), Some(size), None) => {
                if !price.is_positive() {
                    return Err(refusal::PARAMETER.into());
                }
                if !price.is_multiple_of(price_increment) {
                    return Err(refusal::PRICE_INCREMENT.into());
                }
                self.check_size(size)?;
                // Rounded up only where it needs more than 18 places: then it is not below either.
                if in_reach(price, size) && price.mul(size, Round::Up) < min_funds {
                    return Err(self.too_small());
                }
                Ok(())
            }
            (OrderType::Market, _, Some(size), None) => self.check_size(size),
            (OrderType::Market, _, None, Some(funds)) => self.check_funds(funds),
            (OrderType::Limit | OrderType::Market | OrderType::Unknown, ..) => {
                Err(refusal::PARAMETER.into())
            }
        }
    }

    fn check_size(&self, size: Decimal) -> Result<(), Denial> {
        let Rules { base_increment, base_min_size, base_max_size, .. } = self.rules;
        if !size.is_positive() {
            return Err(refusal::PARAMETER.into());
        }
        if size < base_min_size {
            return Err(refusal::SIZE_MIN.into());
        }
        if size > base_max_size {
            return Err(Denial::business(600_100, SIZE_MAX));
        }
        let whole = size.is_multiple_of(base_increment);
        if whole { Ok(()) } else { Err(refusal::SIZE_INCREMENT.into()) }
    }

    fn check_funds(&self, funds: Decimal) -> Result<(), Denial> {
        if !funds.is_positive() {
            return Err(refusal::PARAMETER.into());
        }
        if !funds.is_multiple_of(QUOTE_INCREMENT) {
            return Err(Denial::business(600_100, FUNDS_INCREMENT));
        }
        if funds > QUOTE_MAX_SIZE {
            return Err(Denial::business(600_100, "Order funds above the maximum requirement."));
        }
        if funds < self.rules.min_funds { Err(self.too_small()) } else { Ok(()) }
    }

    /// KuCoin 600101, its spelling included.
    fn too_small(&self) -> Denial {
        let (least, quote) = (self.rules.min_funds, self.quote);
        Denial::business(600_101, format!("The order funds should more then {least} {quote}."))
    }
}

/// True where the product is far from [`Decimal`]'s end; the venue judges the rest.
fn in_reach(price: Decimal, size: Decimal) -> bool {
    let whole = |value: Decimal| value.raw() / Decimal::ONE.raw() + 1;
    whole(price).checked_mul(whole(size)).is_some_and(|product| product < 1_000_000_000_000_000_000)
}
