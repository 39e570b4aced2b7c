//! A pair of KuCoin's as an instrument of ours: its grids, its limits, its fees.

use std::fmt;

use super::protocol::fee::{BaseFee, TradeFee};
use super::protocol::symbol::SymbolRow;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::instrument::{FeeClass, InstrumentSpec};
use crate::domain::symbol::{Symbol, SymbolError};

/// Where a pair's fee rates come from, the surest first.
#[derive(Clone, Copy, Debug)]
pub enum Rates<'a> {
    /// What the venue charges this account for this pair.
    Actual(&'a TradeFee<'a>),
    /// The rates of the account's tier, times the pair's coefficients.
    Tier(BaseFee),
    /// The rates of the pair's fee class, times the pair's coefficients: without an account.
    Class,
}

/// Why a pair cannot be traded by this program, whatever the venue allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SymbolUnusable {
    /// The name is no symbol of ours.
    Name(SymbolError),
    /// The currencies are not those of the name: balances would be looked up under another name.
    Currencies,
    /// Fees are taken in this currency, not in the quote currency that the books expect.
    FeeCurrency(String),
    /// An increment, or the largest size, is not above zero.
    NotPositive(&'static str),
    /// A fee class of this number is not known.
    FeeCategory(i64),
}

impl fmt::Display for SymbolUnusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => write!(f, "its name is {error}"),
            Self::Currencies => f.write_str("its currencies are not those of its name"),
            Self::FeeCurrency(currency) => {
                write!(f, "its fees are taken in {currency:?}, not in its quote currency")
            }
            Self::NotPositive(what) => write!(f, "its {what} is not above zero"),
            Self::FeeCategory(category) => write!(f, "its fee category {category} is unknown"),
        }
    }
}

impl std::error::Error for SymbolUnusable {}

/// The pair as the specification of an instrument, which [`Instrument::new`] checks further.
///
/// The smallest quantity is rounded up to whole lots, the largest down, and to what an instrument can
/// count. A rebate counts as no fee: what the venue pays is a surprise for the better.
///
/// [`Instrument::new`]: crate::domain::instrument::Instrument::new
pub fn from_symbol(
    row: &SymbolRow<'_>,
    rates: Rates<'_>,
) -> Result<InstrumentSpec, SymbolUnusable> {
    let symbol = Symbol::new(&row.symbol).map_err(SymbolUnusable::Name)?;
    if symbol.base().as_str() != &*row.base_currency
        || symbol.quote().as_str() != &*row.quote_currency
    {
        return Err(SymbolUnusable::Currencies);
    }
    if row.fee_currency != row.quote_currency {
        return Err(SymbolUnusable::FeeCurrency(row.fee_currency.to_string()));
    }
    let (tick, lot) = (row.price_increment, row.base_increment);
    for (what, value) in
        [("priceIncrement", tick), ("baseIncrement", lot), ("baseMaxSize", row.base_max_size)]
    {
        if !value.is_positive() {
            return Err(SymbolUnusable::NotPositive(what));
        }
    }
    let fee_class = fee_class(row.fee_category)?;
    let (maker_fee, taker_fee) = fees(row, rates, fee_class);
    Ok(InstrumentSpec {
        symbol,
        tick,
        lot,
        quantity_min: row.base_min_size.max(lot).ceil_to(lot),
        quantity_max: countable(row.base_max_size, lot).floor_to(lot),
        notional_min: row.min_funds.unwrap_or(row.quote_min_size),
        fee_class,
        maker_fee,
        taker_fee,
    })
}

/// The class of a fee category (KuCoin's documentation of its symbols).
fn fee_class(category: i64) -> Result<FeeClass, SymbolUnusable> {
    match category {
        1 => Ok(FeeClass::A),
        2 => Ok(FeeClass::B),
        3 => Ok(FeeClass::C),
        other => Err(SymbolUnusable::FeeCategory(other)),
    }
}

/// Maker and taker rate.
fn fees(row: &SymbolRow<'_>, rates: Rates<'_>, class: FeeClass) -> (Decimal, Decimal) {
    let times = |rate: Decimal, coefficient: Option<Decimal>| {
        rate.mul(coefficient.unwrap_or(Decimal::ONE), Round::Up)
    };
    let (maker, taker) = match rates {
        Rates::Actual(fee) => (fee.maker_fee_rate, fee.taker_fee_rate),
        Rates::Tier(base) => (
            times(base.maker_fee_rate, row.maker_fee_coefficient),
            times(base.taker_fee_rate, row.taker_fee_coefficient),
        ),
        Rates::Class => (
            times(class.rate(), row.maker_fee_coefficient),
            times(class.rate(), row.taker_fee_coefficient),
        ),
    };
    (maker.max(Decimal::ZERO), taker.max(Decimal::ZERO))
}

/// At most as many lots as an instrument counts.
fn countable(quantity: Decimal, lot: Decimal) -> Decimal {
    match i64::try_from(quantity.raw() / lot.raw()) {
        Ok(_) => quantity,
        // Below `quantity`, so that it is in range.
        Err(_) => lot.times(i64::MAX),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::instrument::Instrument;

    pub(crate) fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    /// A pair as the venue lists it, with the rules of BTC-USDT.
    pub(crate) fn row(symbol: &str) -> SymbolRow<'static> {
        let (base, quote) = symbol.rsplit_once('-').unwrap();
        let json = format!(
            r#"{{"symbol":"{symbol}","baseCurrency":"{base}","quoteCurrency":"{quote}","feeCurrency":"{quote}","baseMinSize":"0.00001","quoteMinSize":"0.1","baseMaxSize":"10000000000","quoteMaxSize":"99999999","baseIncrement":"0.00000001","quoteIncrement":"0.000001","priceIncrement":"0.1","minFunds":"0.1","enableTrading":true,"feeCategory":1,"makerFeeCoefficient":"1.00","takerFeeCoefficient":"0.50"}}"#
        );
        use crate::exchange::kucoin::protocol::wire_text::IntoOwned;
        serde_json::from_str::<SymbolRow<'_>>(&json).unwrap().into_owned()
    }

    fn with(
        change: impl FnOnce(&mut SymbolRow<'static>),
    ) -> Result<InstrumentSpec, SymbolUnusable> {
        let mut row = row("BTC-USDT");
        change(&mut row);
        from_symbol(&row, Rates::Class)
    }

    #[test]
    fn takes_grids_limits_and_fees_over() {
        let spec = with(|_| ()).unwrap();
        assert_eq!((spec.tick, spec.lot), (d("0.1"), d("0.00000001")));
        assert_eq!((spec.quantity_min, spec.notional_min), (d("0.00001"), d("0.1")));
        assert_eq!((spec.maker_fee, spec.taker_fee), (d("0.001"), d("0.0005")));
        let instrument = Instrument::new(spec).unwrap();
        assert_eq!(instrument.quantity_max().get(), 1_000_000_000_000_000_000);
    }

    #[test]
    fn limits_become_whole_lots_that_can_be_counted() {
        let spec = with(|row| {
            row.base_increment = d("0.3");
            row.base_min_size = d("1");
            row.base_max_size = d("10");
            row.min_funds = None;
        });
        let spec = spec.unwrap();
        assert_eq!((spec.quantity_min, spec.quantity_max), (d("1.2"), d("9.9")));
        assert_eq!(spec.notional_min, d("0.1"), "the smallest market order stands in");
        assert!(Instrument::new(spec).is_ok());
        let spec = with(|row| row.base_min_size = Decimal::ZERO).unwrap();
        assert_eq!(spec.quantity_min, spec.lot);
        let spec = with(|row| row.base_max_size = d("150000000000")).unwrap();
        assert_eq!(Instrument::new(spec).unwrap().quantity_max().get(), i64::MAX);
    }

    #[test]
    fn the_surest_rates_win_and_a_rebate_is_no_fee() {
        let actual = r#"{"symbol":"BTC-USDT","takerFeeRate":"0.0008","makerFeeRate":"-0.0001"}"#;
        let actual: TradeFee<'_> = serde_json::from_str(actual).unwrap();
        let spec = from_symbol(&row("BTC-USDT"), Rates::Actual(&actual)).unwrap();
        assert_eq!((spec.maker_fee, spec.taker_fee), (Decimal::ZERO, d("0.0008")));
        let tier = BaseFee { maker_fee_rate: d("0.0007"), taker_fee_rate: d("0.0009") };
        let spec = from_symbol(&row("BTC-USDT"), Rates::Tier(tier)).unwrap();
        assert_eq!((spec.maker_fee, spec.taker_fee), (d("0.0007"), d("0.00045")));
        for (category, class) in [(1, FeeClass::A), (2, FeeClass::B), (3, FeeClass::C)] {
            assert_eq!(with(|row| row.fee_category = category).unwrap().fee_class, class);
        }
    }

    #[test]
    fn what_the_books_would_get_wrong_is_refused() {
        assert_eq!(with(|row| row.base_currency = "XBT".into()), Err(SymbolUnusable::Currencies));
        assert_eq!(
            with(|row| row.fee_currency = "KCS".into()),
            Err(SymbolUnusable::FeeCurrency("KCS".into()))
        );
        assert_eq!(with(|row| row.fee_category = 9), Err(SymbolUnusable::FeeCategory(9)));
        for change in [
            |row: &mut SymbolRow<'static>| row.price_increment = Decimal::ZERO,
            |row: &mut SymbolRow<'static>| row.base_increment = -row.base_increment,
            |row: &mut SymbolRow<'static>| row.base_max_size = Decimal::ZERO,
        ] {
            assert!(matches!(with(change), Err(SymbolUnusable::NotPositive(_))));
        }
        assert!(matches!(with(|row| row.symbol = "BTC".into()), Err(SymbolUnusable::Name(_))));
    }
}
