//! How large an entry may be: by the distance to its stop, within every cap.

use super::limit::{Account, Limits};
use super::refusal::Refusal;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::decision::Bound;
use crate::domain::instrument::{Instrument, Lots, Ticks};

/// What sizes an entry besides limits and account.
#[derive(Clone, Copy, Debug)]
pub struct Stake {
    /// The entry's limit price.
    pub price: Ticks,
    /// Distance to the stop as a fraction of the price, above zero.
    pub stop_loss: Decimal,
    /// Scales risk: 1, or 0.5 when degraded.
    pub factor: Decimal,
}

/// How large an entry is, and why not larger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Rounded down to the lot.
    pub quantity: Lots,
    /// What the smallest cap allows, in quote units.
    pub notional: Decimal,
    /// Which cap that is.
    pub bound: Bound,
}

/// The size of an entry, or the cap that leaves too little.
pub fn entry_size(
    instrument: &Instrument,
    limits: &Limits,
    account: &Account,
    stake: &Stake,
) -> Result<Size, Refusal> {
    let share = |ratio: Decimal| account.equity.mul(ratio, Round::Down);
    let risk = share(limits.risk_per_trade).mul(stake.factor, Round::Down);
    let fee = instrument.spec().taker_fee.max(instrument.spec().maker_fee);
    let cash =
        (account.available - share(limits.cash_reserve)).div(Decimal::ONE + fee, Round::Down);
    let at_stake = risk.div(stake.stop_loss, Round::Down);
    let caps = [
        (limits.notional_max, Bound::NotionalMax),
        (
            share(limits.exposure_max_instrument) - account.exposure_instrument,
            Bound::ExposureInstrument,
        ),
        (share(limits.exposure_max_total) - account.exposure_total, Bound::ExposureTotal),
        (cash, Bound::Cash),
    ];
    let smallest = caps.into_iter().fold((at_stake, Bound::RiskPerTrade), |smallest, cap| {
        if cap.0 < smallest.0 { cap } else { smallest }
    });
    let (notional, bound) = smallest;
    if notional < limits.notional_min {
        return Err(bound.into());
    }
    let price = instrument.price_of(stake.price);
    let quantity = instrument
        .quantity_floor(notional.div(price, Round::Down))
        .map_err(|_too_large| Refusal::InstrumentLimit)?;
    let largest = instrument.quantity_max();
    let bound = if quantity > largest { Bound::QuantityMax } else { bound };
    let quantity = quantity.min(largest);
    // A coarse lot can round the order below the smallest notional.
    if instrument.notional(stake.price, quantity) < limits.notional_min {
        return Err(bound.into());
    }
    Ok(Size { quantity, notional, bound })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::instrument::tests::{btc, spec};
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    pub(crate) fn limits() -> Limits {
        Limits {
            notional_min: d("11"),
            notional_max: d("1000"),
            risk_per_trade: d("0.015"),
            exposure_max_instrument: d("0.15"),
            exposure_max_total: d("0.6"),
            open_positions_max: 20,
            cash_reserve: d("0.02"),
        }
    }

    fn account(equity: i64, available: i64) -> Account {
        Account {
            equity: Decimal::from_int(equity),
            available: Decimal::from_int(available),
            ..Account::default()
        }
    }

    fn stake() -> Stake {
        Stake { price: Ticks::new(600_000), stop_loss: d("0.035"), factor: Decimal::ONE }
    }

    fn size(account: &Account) -> Result<Decimal, Refusal> {
        let btc = btc();
        entry_size(&btc, &limits(), account, &stake())
            .map(|size| btc.notional(stake().price, size.quantity))
    }

    #[test]
    fn the_smallest_cap_sizes_the_entry_and_names_its_refusal() {
        // 1.5 % of 1,000 lost over 3.5 % would be 428; 15 % of equity is less.
        assert_eq!(size(&account(1_000, 1_000)), Ok(d("150")));
        assert_eq!(
            size(&account(100_000, 100_000)),
            Ok(d("999.6")),
            "notional_max, down to the lot"
        );
        let in_it = Account { exposure_instrument: d("145"), ..account(1_000, 1_000) };
        assert_eq!(size(&in_it), Err(Refusal::ExposureInstrument));
        let full = Account { exposure_total: d("595"), ..account(1_000, 1_000) };
        assert_eq!(size(&full), Err(Refusal::ExposureTotal));
        assert_eq!(size(&account(1_000, 25)), Err(Refusal::Cash));
        assert_eq!(size(&account(20, 20)), Err(Refusal::ExposureInstrument));
    }

    #[test]
    fn cash_pays_the_fee_too_and_of_equal_caps_the_first_is_named() {
        let btc = btc();
        let of = |account: &Account, limits: &Limits, stake: &Stake| {
            entry_size(&btc, limits, account, stake).map(|size| (size.notional, size.bound))
        };
        let poor = account(10_000, 225);
        let (notional, bound) = of(&poor, &limits(), &stake()).unwrap();
        assert_eq!(bound, Bound::Cash);
        assert!(notional.mul(d("1.001"), Round::Up) <= d("25"), "{notional}");
        assert!(notional > d("24.97"), "{notional}");
        let equal = Limits { notional_max: d("150"), ..limits() };
        let tied = of(&account(1_000, 1_000), &equal, &stake());
        assert_eq!(tied, Ok((d("150"), Bound::NotionalMax)));
        let least = Limits { notional_max: d("11"), ..limits() };
        let even = Stake { price: Ticks::new(1_100), ..stake() };
        let smallest = of(&account(1_000, 1_000), &least, &even);
        assert_eq!(smallest, Ok((d("11"), Bound::NotionalMax)), "the smallest is enough");
    }

    #[test]
    fn the_venues_largest_quantity_bounds_what_is_larger() {
        let mut spec = spec("BTC-USDT", "0.1", "0.00001");
        spec.quantity_max = d("0.001");
        let btc = Instrument::new(spec).unwrap();
        let of = |notional_max: &str| {
            let limits = Limits { notional_max: d(notional_max), ..limits() };
            let size = entry_size(&btc, &limits, &account(1_000, 1_000), &stake()).unwrap();
            (btc.quantity_of(size.quantity), size.bound)
        };
        assert_eq!(of("70"), (d("0.001"), Bound::QuantityMax));
        assert_eq!(of("60"), (d("0.001"), Bound::NotionalMax), "just as much");
        assert_eq!(of("30"), (d("0.0005"), Bound::NotionalMax));
    }

    // The cases of the original's final-trade test, with the smallest notional of 11.
    #[test]
    fn small_accounts_trade_from_the_smallest_notional_on() {
        let whole = Limits {
            exposure_max_instrument: Decimal::ONE,
            exposure_max_total: Decimal::ONE,
            cash_reserve: Decimal::ZERO,
            risk_per_trade: Decimal::ONE,
            ..limits()
        };
        let btc = btc();
        for (cash, trades) in [
            ("37.66", true),
            ("12.34", true),
            ("9.70", false),
            ("7", false),
            ("10", false),
            ("10.99", false),
            ("11", false),
            ("11.01", false),
            ("11.5", true),
        ] {
            let account = Account { equity: d(cash), available: d(cash), ..Account::default() };
            let sized = entry_size(&btc, &whole, &account, &stake());
            assert_eq!(sized.is_ok(), trades, "{cash}: {sized:?}");
        }
    }

    proptest! {
        #[test]
        fn no_cap_is_ever_exceeded(
            equity in 0i64..1_000_000, available in 0i64..1_000_000,
            exposure in 0i64..500_000, price in 1i64..2_000_000,
        ) {
            let btc = btc();
            let limits = limits();
            let account = Account {
                exposure_total: Decimal::from_int(exposure),
                exposure_instrument: Decimal::from_int(exposure / 2),
                ..account(equity, available.min(equity))
            };
            let stake = Stake { price: Ticks::new(price), ..stake() };
            if let Ok(size) = entry_size(&btc, &limits, &account, &stake) {
                let lots = size.quantity;
                let notional = btc.notional(stake.price, lots);
                prop_assert!(notional <= size.notional);
                prop_assert!(notional >= limits.notional_min && notional <= limits.notional_max);
                prop_assert!(account.exposure_total + notional <= account.equity.mul(limits.exposure_max_total, Round::Down));
                prop_assert!(account.exposure_instrument + notional <= account.equity.mul(limits.exposure_max_instrument, Round::Down));
                let (_, hold) = btc.hold(crate::domain::side::Side::Buy, stake.price, lots);
                prop_assert!(hold <= account.available);
                prop_assert!(notional.mul(stake.stop_loss, Round::Down) <= account.equity.mul(limits.risk_per_trade, Round::Up));
            }
        }
    }
}
