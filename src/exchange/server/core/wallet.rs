//! The account's balances, moved one event at a time, so that each can be told.
//!
//! The venue's account is the truth and moves whole commands at once; this one follows its orders and
//! fills, and stands where the venue's stands whenever a command is over.

use std::collections::BTreeMap;

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::Asset;
use crate::domain::instrument::Instrument;
use crate::domain::side::Side;

/// A balance's change by one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Movement {
    pub asset: Asset,
    pub balance: Balance,
    pub available_change: Decimal,
    pub hold_change: Decimal,
}

/// Balances by asset.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Wallet {
    balances: BTreeMap<Asset, Balance>,
}

impl Wallet {
    /// A wallet with deposits.
    pub(super) fn new(deposits: &[(Asset, Decimal)]) -> Self {
        let mut balances: BTreeMap<Asset, Balance> = BTreeMap::new();
        for &(asset, amount) in deposits {
            balances.entry(asset).or_default().credit(amount);
        }
        Self { balances }
    }

    pub(super) fn balances(&self) -> &BTreeMap<Asset, Balance> {
        &self.balances
    }

    /// Lets an amount in without a trade, out where it is negative.
    pub(super) fn transfer(&mut self, asset: Asset, amount: Decimal) -> Movement {
        self.set(asset, amount, Decimal::ZERO)
    }

    /// Moves an amount from available to held; back where it is negative.
    pub(super) fn hold(&mut self, asset: Asset, amount: Decimal) -> Movement {
        self.set(asset, Decimal::ZERO, amount)
    }

    /// Books a fill that frees `freed` of what its order held: what was paid, what was got.
    pub(super) fn settle(
        &mut self,
        instrument: &Instrument,
        fill: &Execution,
        freed: Decimal,
    ) -> [Movement; 2] {
        let (base, quote) = (instrument.base(), instrument.quote());
        let quantity = instrument.quantity_of(fill.quantity);
        let (out, paid, into, got) = match fill.side {
            Side::Buy => (quote, fill.notional + fill.fee, base, quantity),
            Side::Sell => (base, quantity, quote, fill.notional - fill.fee),
        };
        [self.set(out, -paid, -freed), self.set(into, got, Decimal::ZERO)]
    }

    fn set(&mut self, asset: Asset, total: Decimal, hold: Decimal) -> Movement {
        let before = self.balances.get(&asset).copied().unwrap_or_default();
        let balance = Balance::new(before.total() + total, before.hold() + hold)
            .expect("the venue never lets an order use what is not there");
        self.balances.insert(asset, balance);
        let available_change = balance.available() - before.available();
        Movement { asset, balance, available_change, hold_change: hold }
    }
}
