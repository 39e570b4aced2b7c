//! Positions: first in, first out lots with what was really paid for them.
//!
//! A lot carries its remaining cost and entry fee. A sell consumes lots from the oldest on; each
//! gives up its share of cost and fee, rounded down at 18 places, and the last share takes the
//! remainder, so that cost is neither made nor lost. A lot whose price is not known says so
//! ([`Basis::Unknown`]) and never enters profit and loss; neither does a sell without a lot.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::decimal::{Decimal, Round};
use super::time::Timestamp;

/// Whether what was paid for a lot is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Cost is what was paid.
    Known,
    /// Nobody knows; cost is zero and means nothing.
    Unknown,
}

impl Basis {
    /// `known` or `unknown`, as in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Unknown => "unknown",
        }
    }
}

/// What remains of one acquisition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lot {
    /// Remaining quantity in base units, above zero.
    pub quantity: Decimal,
    /// Remaining cost in quote units, without fee.
    pub cost: Decimal,
    /// Remaining entry fee in quote units.
    pub fee: Decimal,
    /// Whether `cost` and `fee` mean anything.
    pub basis: Basis,
    /// When it was acquired.
    pub opened_at: Timestamp,
}

/// What a sell realized against the lots it consumed. All amounts in quote units.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Realized {
    /// Quantity matched with lots of known basis, in base units.
    pub matched: Decimal,
    /// Quantity without a known basis: no lot, or an unknown one.
    pub unmatched: Decimal,
    /// Cost of the matched quantity, without fee.
    pub cost: Decimal,
    /// Entry fee of the matched quantity.
    pub entry_fee: Decimal,
    /// Share of the proceeds that belongs to the matched quantity.
    pub proceeds: Decimal,
    /// Share of the exit fee that belongs to the matched quantity.
    pub exit_fee: Decimal,
    /// When the oldest matched lot was acquired.
    pub opened_at: Option<Timestamp>,
}

impl Realized {
    /// Proceeds less cost, before fees.
    pub fn gross(&self) -> Decimal {
        self.proceeds - self.cost
    }

    /// Fees of both sides.
    pub fn fees(&self) -> Decimal {
        self.entry_fee + self.exit_fee
    }

    /// Gross less fees: what was really earned.
    pub fn net(&self) -> Decimal {
        self.gross() - self.fees()
    }

    /// Whether any of it could be matched.
    pub fn basis(&self) -> Basis {
        if self.matched.is_positive() { Basis::Known } else { Basis::Unknown }
    }
}

/// The lots held of one instrument, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Position {
    lots: VecDeque<Lot>,
}

impl Position {
    /// A position of lots, oldest first; empty lots are dropped.
    pub fn new(lots: impl IntoIterator<Item = Lot>) -> Self {
        Self { lots: lots.into_iter().filter(|lot| lot.quantity.is_positive()).collect() }
    }

    /// The lots, oldest first.
    pub fn lots(&self) -> impl ExactSizeIterator<Item = &Lot> {
        self.lots.iter()
    }

    /// True where nothing is held.
    pub fn is_flat(&self) -> bool {
        self.lots.is_empty()
    }

    /// Held quantity in base units.
    pub fn quantity(&self) -> Decimal {
        self.lots.iter().map(|lot| lot.quantity).sum()
    }

    /// What the lots of known basis cost, without fees.
    pub fn cost(&self) -> Decimal {
        self.lots.iter().map(|lot| lot.cost).sum()
    }

    /// Entry fees paid for the lots of known basis.
    pub fn fee(&self) -> Decimal {
        self.lots.iter().map(|lot| lot.fee).sum()
    }

    /// Quantity of known basis.
    pub fn known_quantity(&self) -> Decimal {
        self.lots.iter().filter(|lot| lot.basis == Basis::Known).map(|lot| lot.quantity).sum()
    }

    /// Average price paid for the lots of known basis, without fees, rounded down.
    pub fn average_price(&self) -> Option<Decimal> {
        let quantity = self.known_quantity();
        quantity.is_positive().then(|| self.cost().div(quantity, Round::Down))
    }

    /// When the oldest lot was acquired.
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.lots.front().map(|lot| lot.opened_at)
    }

    /// Adds a lot. Nothing happens for an empty one.
    pub fn acquire(&mut self, lot: Lot) {
        if lot.quantity.is_positive() {
            self.lots.push_back(lot);
        }
    }

    /// Takes `quantity` from the oldest lots on, which went without a sale; what they cost goes with
    /// them and is no loss. Returns how much of it was not there.
    pub fn remove(&mut self, quantity: Decimal) -> Decimal {
        let lacking = quantity - quantity.min(self.quantity());
        let _unsold = self.sell(quantity, Decimal::ZERO, Decimal::ZERO);
        lacking
    }

    /// Consumes `quantity` from the oldest lots on, sold for `proceeds` less `fee`.
    pub fn sell(&mut self, quantity: Decimal, proceeds: Decimal, fee: Decimal) -> Realized {
        let mut realized = Realized::default();
        let mut left = quantity;
        while left.is_positive() {
            let Some(lot) = self.lots.front_mut() else { break };
            let take = left.min(lot.quantity);
            let share = take_share(lot, take);
            left -= take;
            match share.basis {
                Basis::Known => {
                    realized.matched += take;
                    realized.cost += share.cost;
                    realized.entry_fee += share.fee;
                    realized.opened_at = realized.opened_at.or(Some(share.opened_at));
                }
                Basis::Unknown => realized.unmatched += take,
            }
            if lot.quantity.is_zero() {
                self.lots.pop_front();
            }
        }
        realized.unmatched += left;
        if realized.matched.is_positive() {
            realized.proceeds = proceeds.mul_div(realized.matched, quantity, Round::Down);
            realized.exit_fee = fee.mul_div(realized.matched, quantity, Round::Up);
        }
        realized
    }
}

/// Takes `quantity` out of a lot together with its share of cost and fee.
fn take_share(lot: &mut Lot, quantity: Decimal) -> Lot {
    let share = if quantity == lot.quantity {
        *lot
    } else {
        Lot {
            quantity,
            cost: lot.cost.mul_div(quantity, lot.quantity, Round::Down),
            fee: lot.fee.mul_div(quantity, lot.quantity, Round::Down),
            ..*lot
        }
    };
    lot.quantity -= share.quantity;
    lot.cost -= share.cost;
    lot.fee -= share.fee;
    share
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn lot(quantity: &str, cost: &str, fee: &str) -> Lot {
        let opened_at = Timestamp::default();
        Lot { quantity: d(quantity), cost: d(cost), fee: d(fee), basis: Basis::Known, opened_at }
    }

    #[test]
    fn sells_consume_the_oldest_lots_with_fees_of_both_sides() {
        let mut position = Position::new([lot("1", "100", "0.1"), lot("2", "220", "0.22")]);
        let realized = position.sell(d("2"), d("240"), d("0.24"));
        assert_eq!((realized.cost, realized.entry_fee), (d("210"), d("0.21")));
        assert_eq!((realized.gross(), realized.net()), (d("30"), d("29.55")));
        assert_eq!((position.quantity(), position.cost()), (d("1"), d("110")));
    }

    #[test]
    fn what_nobody_paid_for_earns_nothing() {
        let mut position = Position::default();
        let realized = position.sell(d("5"), d("50"), d("0.05"));
        assert_eq!(
            (realized.basis(), realized.net(), realized.unmatched),
            (Basis::Unknown, d("0"), d("5"))
        );
        position.acquire(Lot { basis: Basis::Unknown, ..lot("3", "0", "0") });
        position.acquire(lot("1", "10", "0"));
        let realized = position.sell(d("4"), d("80"), d("0"));
        assert_eq!((realized.matched, realized.unmatched), (d("1"), d("3")));
        assert_eq!((realized.proceeds, realized.gross()), (d("20"), d("10")));
        assert_eq!(position.average_price(), None);
    }

    proptest! {
        #[test]
        fn cost_and_quantity_are_conserved(
            lots in prop::collection::vec((1i64..1_000_000, 1i64..1_000_000, 0i64..1000), 1..6),
            sells in prop::collection::vec(1i64..500_000, 1..8),
        ) {
            let mut position = Position::new(lots.iter().map(|&(quantity, cost, fee)| Lot {
                quantity: Decimal::from_raw(quantity.into()),
                cost: Decimal::from_raw(cost.into()),
                fee: Decimal::from_raw(fee.into()),
                basis: Basis::Known,
                opened_at: Timestamp::default(),
            }));
            let before = (position.quantity(), position.cost(), position.fee());
            let mut out = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
            for sell in sells {
                let quantity = Decimal::from_raw(sell.into());
                let realized = position.sell(quantity, Decimal::ONE, Decimal::ZERO);
                prop_assert_eq!(realized.matched + realized.unmatched, quantity);
                prop_assert!(realized.proceeds <= Decimal::ONE);
                out = (out.0 + realized.matched, out.1 + realized.cost, out.2 + realized.entry_fee);
            }
            prop_assert_eq!(position.quantity() + out.0, before.0);
            prop_assert_eq!(position.cost() + out.1, before.1);
            prop_assert_eq!(position.fee() + out.2, before.2);
        }
    }
}
