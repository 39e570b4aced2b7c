//! The order of a dry run: the smallest that the pair's rules allow, at the best bid.

use crate::domain::decimal::{Decimal, Round};
use crate::domain::instrument::Instrument;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::instrument::{Rates, from_symbol};
use crate::exchange::kucoin::protocol::order::OrderType;
use crate::exchange::kucoin::protocol::place::PlaceOrder;
use crate::exchange::kucoin::protocol::symbol::SymbolRow;
use crate::exchange::kucoin::protocol::ticker::Level1;

/// The order's value is the smallest allowed times this: the price may move while it is checked.
const ABOVE_MINIMUM: Decimal = Decimal::from_raw(1_100_000_000_000_000_000);

/// An order to be checked and not placed; `None` where the pair does not trade, has no price, or has
/// rules that this program cannot follow. `now` makes its id one that was not used before.
pub(super) fn probe(
    row: &SymbolRow<'_>,
    top: &Level1,
    now: Timestamp,
) -> Option<PlaceOrder<'static>> {
    let instrument = Instrument::new(from_symbol(row, Rates::Class).ok()?).ok()?;
    let price = top.best_bid.or(top.price).filter(|price| price.is_positive())?;
    let ticks = instrument.price_floor(price).ok()?;
    let price = instrument.price_of(ticks);
    if !row.enable_trading || !price.is_positive() {
        return None;
    }
    let spec = instrument.spec();
    let least = spec.notional_min.mul_div(ABOVE_MINIMUM, price, Round::Up).ceil_to(spec.lot);
    let size = least.max(spec.quantity_min);
    let mut order = PlaceOrder::new(OrderType::Limit, row.symbol.to_string(), Side::Buy);
    order.client_oid = Some(format!("preflight-{}", now.ms()).into());
    (order.price, order.size) = (Some(price), Some(size));
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::kucoin::instrument::tests::{d, row};

    #[test]
    fn is_the_smallest_order_the_rules_allow() {
        let now = Timestamp::from_ms(7);
        let mut row = row("BTC-USDT");
        let top = |bid: &str| Level1 { best_bid: Some(d(bid)), ..Level1::default() };
        let order = probe(&row, &top("50000.07"), now).unwrap();
        assert_eq!((order.price, order.size), (Some(d("50000")), Some(d("0.00001"))));
        assert_eq!(order.client_oid.as_deref(), Some("preflight-7"));
        // 0.11 in quote at 0.3 are 0.36666667 in base.
        let order = probe(&row, &top("0.3"), now).unwrap();
        assert_eq!(order.size, Some(d("0.36666667")));
        let last = Level1 { price: Some(d("2")), ..Level1::default() };
        assert_eq!(probe(&row, &last, now).unwrap().price, Some(d("2")));
        for top in [Level1::default(), top("0"), top("0.01")] {
            assert_eq!(probe(&row, &top, now), None, "{top:?}");
        }
        row.enable_trading = false;
        assert_eq!(probe(&row, &top("2"), now), None);
    }
}
