//! What came or went without a trade: declared transfers. The venue's word for it where there is one;
//! what it cost is unknown, never invented.

use std::collections::BTreeSet;

use super::{Difference, Movement, VenueSnapshot};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::position::{Basis, Lot};
use crate::domain::record::{Projection, Record, TransferRecord};
use crate::engine::Engine;
use crate::engine::action::Action;
use crate::engine::desk::Desk;

impl Engine {
    /// The venue's own movements of an asset that make exactly this difference, each not booked yet.
    ///
    /// The newest ones that add up to it: older ones that do not were there when the account was first
    /// seen, and are in the balance already.
    pub(super) fn movements_behind<'a>(
        &self,
        asset: Asset,
        amount: Decimal,
        snapshot: &'a VenueSnapshot,
    ) -> Option<Vec<&'a Movement>> {
        let movements = snapshot.movements.as_ref()?;
        let mut behind = Vec::new();
        let mut sum = Decimal::ZERO;
        for movement in movements.iter().rev().filter(|it| it.asset == asset) {
            if self.watch.movements.contains(&movement.id) {
                break;
            }
            sum += movement.amount;
            behind.push(movement);
            if sum == amount {
                behind.reverse();
                return Some(behind);
            }
        }
        None
    }

    /// Books the movements behind a difference.
    pub(super) fn adopt_movements(
        &mut self,
        (asset, amount): (Asset, Decimal),
        snapshot: &VenueSnapshot,
        actions: &mut Vec<Action>,
    ) {
        let behind = self.movements_behind(asset, amount, snapshot).unwrap_or_default();
        let behind: Vec<Movement> = behind.into_iter().cloned().collect();
        for movement in behind {
            let kind = match (movement.kind.as_str(), movement.amount.is_negative()) {
                ("TRANSFER" | "SUB_TRANSFER", false) => "deposit",
                ("TRANSFER" | "SUB_TRANSFER", true) => "withdrawal",
                ("TRADE_EXCHANGE", _) => "foreign_trade",
                _ => "adjustment",
            };
            let reason = format!("the venue says {} at {}", movement.kind, movement.at);
            let id = Some(movement.id.clone());
            self.transfer(movement.asset, movement.amount, (kind, reason), id, actions);
            self.watch.movements.insert(movement.id);
        }
    }

    /// Nets what was sold beyond the lots there were with the lots there are, where both sides agree about
    /// the balance: its purchase was told after the sale. Two declared transfers, in and out, say so.
    pub(super) fn net_shorts(
        &mut self,
        moving: &BTreeSet<Asset>,
        held: &[Difference],
        actions: &mut Vec<Action>,
    ) {
        for index in 0..self.desks.len() {
            let Some(desk) = self.desks.get(index) else { return };
            let asset = desk.instrument.base();
            let amount = desk.short.min(desk.position.quantity());
            let doubted = held.iter().any(|difference| difference.asset() == Some(asset));
            let trades = |desk: &&Desk| desk.instrument.base() == asset;
            let alone = self.desks.iter().filter(trades).count() == 1;
            if !amount.is_positive() || !alone || doubted || moving.contains(&asset) {
                continue;
            }
            let why = || ("adjustment", "sold before its purchase was told".to_owned());
            self.transfer(asset, amount, why(), None, actions);
            self.transfer(asset, -amount, why(), None, actions);
        }
    }

    /// Moves a balance, and the lots of an instrument that trades the asset, without a trade.
    pub(super) fn transfer(
        &mut self,
        asset: Asset,
        amount: Decimal,
        (kind, reason): (&str, String),
        venue_id: Option<String>,
        actions: &mut Vec<Action>,
    ) {
        self.balances.entry(asset).or_default().adjust(amount);
        let kind = kind.to_owned();
        let record = TransferRecord { asset, amount, kind, reason, venue_id };
        self.record(Record::Transfer(record), actions);
        self.project_balance(asset, actions);
        self.guard_transfer(asset, amount);
        self.transfer_lots(asset, amount, actions);
    }

    fn transfer_lots(&mut self, asset: Asset, amount: Decimal, actions: &mut Vec<Action>) {
        let now = self.now;
        // Of several that trade it, one that has some gives it.
        let trades = |desk: &Desk| desk.instrument.base() == asset;
        let gives = |desk: &Desk| trades(desk) && !desk.position.is_flat();
        let giving = amount.is_negative().then(|| self.desks.iter().position(gives)).flatten();
        let Some(index) = giving.or_else(|| self.desks.iter().position(trades)) else { return };
        let Some(desk) = self.desks.get_mut(index) else { return };
        desk.transferred += amount;
        if amount.is_negative() {
            desk.short += desk.position.remove(amount.abs());
        } else {
            // What was sold before its arrival was known is gone already.
            let covered = amount.min(desk.short);
            desk.short -= covered;
            let quantity = amount - covered;
            let (cost, fee, basis) = (Decimal::ZERO, Decimal::ZERO, Basis::Unknown);
            desk.position.acquire(Lot { quantity, cost, fee, basis, opened_at: now });
        }
        desk.replan(&self.settings.strategy);
        let row = desk.row();
        actions.push(Action::Project(Projection::Position(row)));
    }
}
