//! The paper account: balances that only holds and settled fills move.
//!
//! Invariant: `total == deposits + every fill booked`, kept twice (here and by [`Account::booked`]
//! from the executions themselves) so that [`Account::violations`] can compare.

use std::collections::BTreeMap;

use crate::domain::balance::{Balance, Insufficient};
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::Asset;
use crate::domain::instrument::Instrument;
use crate::domain::side::Side;

use super::change::VenueChange;

/// Balances by asset.
#[derive(Clone, Debug, Default)]
pub struct Account {
    balances: BTreeMap<Asset, Balance>,
    /// Deposits and executions summed apart from the balances.
    booked: BTreeMap<Asset, Decimal>,
    changed: Vec<Asset>,
}

impl Account {
    /// An account that stands at `balances`.
    pub(super) fn new(balances: BTreeMap<Asset, Balance>) -> Self {
        let booked = balances.iter().map(|(asset, balance)| (*asset, balance.total())).collect();
        Self { balances, booked, changed: Vec::new() }
    }

    /// Lets the next [`Account::take_changes`] give every balance.
    pub(super) fn mark_all_changed(&mut self) {
        self.changed = self.balances.keys().copied().collect();
    }

    /// Every asset ever held.
    pub fn balances(&self) -> &BTreeMap<Asset, Balance> {
        &self.balances
    }

    /// Free to use.
    pub fn available(&self, asset: Asset) -> Decimal {
        self.balances.get(&asset).map_or(Decimal::ZERO, |balance| balance.available())
    }

    /// Puts an available amount aside. What is refused leaves no trace.
    pub(super) fn hold(&mut self, asset: Asset, amount: Decimal) -> Result<(), Insufficient> {
        let available = self.available(asset);
        if amount > available {
            return Err(Insufficient { asked: amount, available });
        }
        self.balance(asset).place_hold(amount)
    }

    /// Lets an amount in without a trade, out where it is negative: only what is available goes.
    pub(super) fn transfer(&mut self, asset: Asset, amount: Decimal) -> Result<(), Insufficient> {
        if amount.is_negative() {
            self.balance(asset).debit(-amount)?;
        } else {
            self.balance(asset).credit(amount);
        }
        *self.booked.entry(asset).or_default() += amount;
        Ok(())
    }

    /// Frees what an order held.
    pub(super) fn release(&mut self, asset: Asset, amount: Decimal) {
        self.balance(asset).release(amount).expect("an order's hold is part of the asset's hold");
    }

    /// Books a fill, freeing `freed` of what its order held.
    pub(super) fn settle(&mut self, instrument: &Instrument, fill: &Execution, freed: Decimal) {
        let (base, quote) = (instrument.base(), instrument.quote());
        let quantity = instrument.quantity_of(fill.quantity);
        let (out, paid, into, got) = match fill.side {
            Side::Buy => (quote, fill.notional + fill.fee, base, quantity),
            Side::Sell => (base, quantity, quote, fill.notional - fill.fee),
        };
        self.release(out, freed);
        self.balance(out)
            .debit(paid)
            .expect("a fill costs at most what was held or checked for it");
        self.balance(into).credit(got);
        let (base_flow, quote_flow) = match fill.side {
            Side::Buy => (quantity, -fill.notional - fill.fee),
            Side::Sell => (-quantity, fill.notional - fill.fee),
        };
        *self.booked.entry(base).or_default() += base_flow;
        *self.booked.entry(quote).or_default() += quote_flow;
    }

    /// Appends each balance that changed since the last call.
    pub(super) fn take_changes(&mut self, out: &mut Vec<VenueChange>) {
        for asset in self.changed.drain(..) {
            let balance = self.balances.get(&asset).copied().unwrap_or_default();
            out.push(VenueChange::Balance { asset, balance });
        }
    }

    /// What contradicts: totals against bookings, holds against `holds`, negative availability.
    pub(super) fn violations(&self, holds: &BTreeMap<Asset, Decimal>) -> Vec<String> {
        let mut found = Vec::new();
        for (asset, balance) in &self.balances {
            let booked = self.booked.get(asset).copied().unwrap_or_default();
            if balance.total() != booked {
                found.push(format!("{asset}: total {}, booked {booked}", balance.total()));
            }
            let held = holds.get(asset).copied().unwrap_or_default();
            if balance.hold() != held {
                found.push(format!("{asset}: hold {}, open orders hold {held}", balance.hold()));
            }
            if balance.available().is_negative() {
                found.push(format!("{asset}: available {}", balance.available()));
            }
        }
        found
    }

    /// Deposits and fills of an asset, summed from the executions themselves.
    pub fn booked(&self, asset: Asset) -> Decimal {
        self.booked.get(&asset).copied().unwrap_or_default()
    }

    fn balance(&mut self, asset: Asset) -> &mut Balance {
        if !self.changed.contains(&asset) {
            self.changed.push(asset);
        }
        self.balances.entry(asset).or_default()
    }
}
