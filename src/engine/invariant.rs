//! What must be true after every step: checked in tests after each one, at a start, and each minute.

use std::collections::BTreeMap;
use std::fmt;

use super::Engine;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::side::Side;

/// A broken invariant: a bug, or a world that does not add up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// What it is about.
    pub subject: String,
    /// The two sides that should be equal, or the one that should be possible.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.invariant, self.subject, self.detail)
    }
}

/// Every broken invariant of `engine`; none means well.
pub fn check(engine: &Engine) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut broken = |invariant, subject: &dyn fmt::Display, detail: String| {
        violations.push(Violation { invariant, subject: subject.to_string(), detail });
    };
    let mut holds: BTreeMap<Asset, Decimal> = BTreeMap::new();
    let mut held: BTreeMap<Asset, Decimal> = BTreeMap::new();
    for desk in engine.desks() {
        let symbol = desk.instrument.symbol();
        let position = desk.position.quantity();
        let flow = desk.bought - desk.sold + desk.transferred;
        if position - desk.short != flow {
            broken(
                "position_is_its_fills",
                &symbol,
                format!("lots {position}, short {}, fills {flow}", desk.short),
            );
        }
        if desk.position.lots().any(|lot| lot.cost.is_negative() || lot.fee.is_negative()) {
            broken("lots_cost_something", &symbol, "a lot has a negative cost".to_owned());
        }
        *held.entry(desk.instrument.base()).or_default() += position - desk.short;
        let Some(order) = &desk.order else { continue };
        *holds.entry(order.hold.0).or_default() += order.hold.1;
        if order.status.is_terminal() {
            broken("ended_orders_are_gone", &order.client_order_id, order.status.to_string());
        }
        if order.filled > order.quantity {
            let detail = format!("filled {:?} of {:?}", order.filled, order.quantity);
            broken("filled_within_quantity", &order.client_order_id, detail);
        }
        if engine.desk_of(&order.client_order_id).map(|id| id.index())
            != Some(usize::from(order.instrument.0))
        {
            broken(
                "open_orders_are_indexed",
                &order.client_order_id,
                "not in the index".to_owned(),
            );
        }
        if order.side == Side::Sell && desk.instrument.quantity_of(order.remaining()) > position {
            broken("sells_what_is_held", &order.client_order_id, format!("held {position}"));
        }
    }
    for (asset, balance) in engine.balances() {
        let sum = holds.get(asset).copied().unwrap_or_default();
        if balance.hold() != sum {
            broken(
                "holds_are_open_orders",
                asset,
                format!("hold {}, orders {sum}", balance.hold()),
            );
        }
        if balance.available().is_negative() {
            broken("available_not_negative", asset, balance.available().to_string());
        }
        // An asset that also pays for others holds more than its positions.
        let pays = engine.desks().iter().any(|desk| desk.instrument.quote() == *asset);
        if let Some(position) = held.get(asset)
            && !pays
            && *position != balance.total()
        {
            broken(
                "balance_is_position",
                asset,
                format!("balance {}, lots {position}", balance.total()),
            );
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::balance::Balance;
    use crate::domain::identifier::{ClientOrderId, InstrumentId};
    use crate::domain::instrument::tests::btc;
    use crate::domain::instrument::{Lots, Ticks};
    use crate::domain::order::{Purpose, TimeInForce};
    use crate::domain::order_status::OrderStatus;
    use crate::domain::position::{Basis, Lot, Position};
    use crate::domain::time::Timestamp;
    use crate::engine::EngineSettings;
    use crate::engine::reconcile::Policy;
    use crate::engine::working_order::WorkingOrder;
    use crate::risk::sizing::tests::limits;
    use crate::strategy::tests::settings;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn asset(code: &str) -> Asset {
        Asset::new(code).unwrap()
    }

    fn order(side: Side, lots: i64) -> WorkingOrder {
        let (price, quantity) = (Ticks::new(600_000), Lots::new(lots));
        WorkingOrder {
            client_order_id: ClientOrderId::new("ibis-1-1").unwrap(),
            instrument: InstrumentId(0),
            side,
            purpose: if side == Side::Buy { Purpose::Entry } else { Purpose::StopLoss },
            price,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            quantity,
            filled: Lots::ZERO,
            notional: Decimal::ZERO,
            fee: Decimal::ZERO,
            reference_price: price,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            status: OrderStatus::New,
            venue_order_id: None,
            hold: btc().hold(side, price, quantity),
        }
    }

    /// 0.001 BTC bought, 1000 USDT, and that order at work.
    fn engine(order: WorkingOrder) -> Engine {
        let settings = EngineSettings {
            strategy: settings(),
            limits: limits(),
            control: Default::default(),
            guards: Default::default(),
            reconcile: Policy {
                dust: Decimal::ONE,
                adopt_unexplained: false,
                ignore_foreign_orders: false,
            },
            instance: "ibis".to_owned(),
            stamp: 1,
        };
        let mut engine = Engine::new(settings, &[btc()]);
        let (quantity, opened_at) = (d("0.001"), Timestamp::default());
        let (cost, fee) = (d("60"), Decimal::ZERO);
        let desk = &mut engine.desks[0];
        desk.position =
            Position::new([Lot { quantity, cost, fee, basis: Basis::Known, opened_at }]);
        desk.bought = quantity;
        engine.open.insert(order.client_order_id, InstrumentId(0));
        for (code, total) in [("BTC", "0.001"), ("USDT", "1000")] {
            let mut balance = Balance::new(d(total), Decimal::ZERO).unwrap();
            if order.hold.0 == asset(code) {
                balance.place_hold(order.hold.1).unwrap();
            }
            engine.balances.insert(asset(code), balance);
        }
        engine.desks[0].order = Some(order);
        engine
    }

    fn broken(engine: &Engine) -> Vec<&'static str> {
        check(engine).iter().map(|violation| violation.invariant).collect()
    }

    /// What a change of a sound engine breaks.
    fn breaks(order: WorkingOrder, change: impl FnOnce(&mut Engine)) -> Vec<&'static str> {
        let mut engine = engine(order);
        assert_eq!(check(&engine), []);
        change(&mut engine);
        broken(&engine)
    }

    fn working(engine: &mut Engine) -> &mut WorkingOrder {
        engine.desks[0].order.as_mut().unwrap()
    }

    #[test]
    fn each_broken_law_is_named() {
        let buy = || order(Side::Buy, 100);
        assert_eq!(breaks(buy(), |it| it.desks[0].sold = d("0.0001")), ["position_is_its_fills"]);
        let short = |it: &mut Engine| it.desks[0].short = d("0.0001");
        assert_eq!(breaks(buy(), short), ["position_is_its_fills", "balance_is_position"]);
        for (cost, fee) in [("-1", "0"), ("60", "-1")] {
            let lot = |it: &mut Engine| {
                let (quantity, opened_at) = (d("0.001"), Timestamp::default());
                let (cost, fee, basis) = (d(cost), d(fee), Basis::Known);
                let lot = Lot { quantity, cost, fee, basis, opened_at };
                it.desks[0].position = Position::new([lot]);
            };
            assert_eq!(breaks(buy(), lot), ["lots_cost_something"], "{cost} {fee}");
        }
        let ended = |it: &mut Engine| working(it).status = OrderStatus::Canceled;
        assert_eq!(breaks(buy(), ended), ["ended_orders_are_gone"]);
        let beyond = |it: &mut Engine| working(it).filled = Lots::new(101);
        assert_eq!(breaks(buy(), beyond), ["filled_within_quantity"]);
        assert_eq!(breaks(buy(), |it| working(it).filled = Lots::new(100)), [""; 0], "whole");
        assert_eq!(breaks(buy(), |it| it.open.clear()), ["open_orders_are_indexed"]);
        let other = |it: &mut Engine| working(it).instrument = InstrumentId(1);
        assert_eq!(breaks(buy(), other), ["open_orders_are_indexed"]);
        let hold = |it: &mut Engine| working(it).hold.1 += Decimal::ONE;
        assert_eq!(breaks(buy(), hold), ["holds_are_open_orders"]);
        let poor = |it: &mut Engine| {
            it.balances.get_mut(&asset("USDT")).unwrap().adjust(d("-999"));
        };
        assert_eq!(breaks(buy(), poor), ["available_not_negative"]);
        let gone = |it: &mut Engine| {
            it.balances.get_mut(&asset("BTC")).unwrap().adjust(d("0.001"));
        };
        assert_eq!(breaks(buy(), gone), ["balance_is_position"]);
        let foreign = |it: &mut Engine| {
            it.balances.insert(asset("KCS"), Balance::new(d("7"), Decimal::ZERO).unwrap());
        };
        assert_eq!(breaks(buy(), foreign), [""; 0], "nobody's positions");
    }

    #[test]
    fn what_is_sold_is_held() {
        let all = || order(Side::Sell, 100);
        assert_eq!(breaks(all(), |_| {}), [""; 0], "all of it");
        let more = |it: &mut Engine| working(it).quantity = Lots::new(101);
        assert_eq!(breaks(all(), more), ["sells_what_is_held"]);
        let buys_more = |it: &mut Engine| working(it).quantity = Lots::new(1_000);
        assert_eq!(breaks(order(Side::Buy, 100), buys_more), [""; 0], "a buy may");
    }

    #[test]
    fn a_violation_says_what_is_wrong_with_what() {
        let mut engine = engine(order(Side::Buy, 100));
        engine.desks[0].sold = d("0.0001");
        let said: Vec<_> = check(&engine).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["position_is_its_fills BTC-USDT: lots 0.001, short 0, fills 0.0009"]);
    }
}
