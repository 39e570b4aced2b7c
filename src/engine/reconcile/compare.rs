//! Two views of the account, the ledger's and the venue's: the differences between them.

use std::collections::BTreeSet;

use super::difference::Matter;
use super::{Difference, DifferenceKind, VenueOrderView, VenueSnapshot};
use crate::domain::balance::Balance;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::identifier::Asset;
use crate::domain::order_status::OrderStatus;
use crate::domain::symbol::Symbol;
use crate::engine::Engine;

impl Engine {
    /// Every difference, but for the balances of assets of which something is on its way.
    pub(super) fn compare(
        &self,
        snapshot: &VenueSnapshot,
        moving: &BTreeSet<Asset>,
    ) -> Vec<Difference> {
        let mut found = self.compare_orders(snapshot);
        found.extend(self.compare_balances(snapshot, moving));
        found.extend(self.lost_fills(snapshot));
        found
    }

    /// Orders at work at the venue that should not be, or are somebody else's.
    fn compare_orders(&self, snapshot: &VenueSnapshot) -> Vec<Difference> {
        let ours = format!("{}-", self.settings.instance);
        let unknown = snapshot.open_orders.iter().filter(|view| {
            !self.open.contains_key(&view.client_order_id) && !self.ended_since(view, snapshot)
        });
        unknown
            .filter_map(|view| {
                let id = view.client_order_id;
                let traded = self.desks.iter().any(|desk| desk.instrument.symbol() == view.symbol);
                let (kind, ledger) = match id.as_str().starts_with(&ours) {
                    true if self.ended.iter().any(|order| order.client_order_id == id) => {
                        (DifferenceKind::EndedOrderAtWork, "over")
                    }
                    true => (DifferenceKind::OrderWithoutIntent, "no intent"),
                    false if traded => (DifferenceKind::ForeignOrder, "unknown"),
                    false => return None,
                };
                Some(Difference {
                    kind,
                    subject: id.to_string(),
                    scope: traded.then_some(view.symbol),
                    ledger: ledger.to_owned(),
                    venue: view.status.to_string(),
                    matter: Matter::Order(id),
                })
            })
            .collect()
    }

    /// True for an order that ended here after the venue was asked.
    fn ended_since(&self, view: &VenueOrderView, snapshot: &VenueSnapshot) -> bool {
        let named = |id| id == view.client_order_id;
        let mut ended = self.ended.iter().filter(|order| named(order.client_order_id));
        ended.any(|order| order.updated_at >= snapshot.asked_at)
    }

    fn compare_balances(
        &self,
        snapshot: &VenueSnapshot,
        moving: &BTreeSet<Asset>,
    ) -> Vec<Difference> {
        let assets: BTreeSet<Asset> =
            self.balances.keys().chain(snapshot.balances.keys()).copied().collect();
        let foreign = self.assets_of_foreign_orders(snapshot);
        let mut found = Vec::new();
        for asset in assets.difference(moving) {
            let ours = self.balances.get(asset).copied().unwrap_or_default();
            let theirs = snapshot.balances.get(asset).copied().unwrap_or_default();
            if ours.total() != theirs.total() {
                found.push(self.total_difference(*asset, (ours, theirs), snapshot));
            }
            // Somebody else's orders put aside what they want; that is theirs to know.
            let explained = foreign.contains(asset) && theirs.hold() >= ours.hold();
            if ours.hold() != theirs.hold() && !explained {
                found.push(Difference {
                    kind: DifferenceKind::BalanceHold,
                    subject: asset.to_string(),
                    scope: self.scope_of(*asset),
                    ledger: ours.hold().to_string(),
                    venue: theirs.hold().to_string(),
                    matter: Matter::Hold(*asset),
                });
            }
        }
        found
    }

    /// Fewer fills at the venue than were booked: the next ones would be taken for old ones.
    fn lost_fills(&self, snapshot: &VenueSnapshot) -> Option<Difference> {
        let is_old = self.moved.values().any(|at| *at >= snapshot.asked_at);
        (!is_old && snapshot.venue_sequence < self.cursor).then(|| Difference {
            kind: DifferenceKind::VenueFillCounter,
            subject: "account".to_owned(),
            scope: None,
            ledger: self.cursor.to_string(),
            venue: snapshot.venue_sequence.to_string(),
            matter: Matter::Account,
        })
    }

    fn total_difference(
        &self,
        asset: Asset,
        (ours, theirs): (Balance, Balance),
        snapshot: &VenueSnapshot,
    ) -> Difference {
        let amount = theirs.total() - ours.total();
        Difference {
            kind: self.kind_of_total(asset, amount, snapshot),
            subject: asset.to_string(),
            scope: self.scope_of(asset),
            ledger: ours.total().to_string(),
            venue: theirs.total().to_string(),
            matter: Matter::Balance(asset, amount),
        }
    }

    fn kind_of_total(
        &self,
        asset: Asset,
        amount: Decimal,
        snapshot: &VenueSnapshot,
    ) -> DifferenceKind {
        let away_too_long = self.watch.agreed_at.is_some_and(|at| at < snapshot.history_from);
        if self.movements_behind(asset, amount, snapshot).is_some() {
            DifferenceKind::Movement
        } else if self.is_other(asset) {
            DifferenceKind::OtherAsset
        } else if self
            .worth_of(asset, amount.abs())
            .is_some_and(|it| it < self.settings.reconcile.dust)
        {
            DifferenceKind::Dust
        } else if away_too_long {
            DifferenceKind::HistoryGap
        } else {
            DifferenceKind::BalanceTotal
        }
    }

    /// Neither traded nor paid with here.
    fn is_other(&self, asset: Asset) -> bool {
        !self
            .desks
            .iter()
            .any(|desk| desk.instrument.base() == asset || desk.instrument.quote() == asset)
    }

    /// The instrument whose entries wait while an asset's balance is in doubt: the one that trades it,
    /// and all where it also pays.
    fn scope_of(&self, asset: Asset) -> Option<Symbol> {
        if self.desks.iter().any(|desk| desk.instrument.quote() == asset) {
            return None;
        }
        let desk = self.desks.iter().find(|desk| desk.instrument.base() == asset)?;
        Some(desk.instrument.symbol())
    }

    /// What an amount held of an asset is worth in quote units; none without a price. Money itself is
    /// no dust, however little it is.
    fn worth_of(&self, asset: Asset, amount: Decimal) -> Option<Decimal> {
        if self.desks.iter().any(|desk| desk.instrument.quote() == asset) {
            return None;
        }
        let desk = self.desks.iter().find(|desk| desk.instrument.base() == asset)?;
        let bid = desk.instrument.price_of(desk.top.quote()?.bid);
        Some(bid.mul(amount, Round::Up))
    }

    fn assets_of_foreign_orders(&self, snapshot: &VenueSnapshot) -> BTreeSet<Asset> {
        let foreign = |view: &&VenueOrderView| !self.open.contains_key(&view.client_order_id);
        let symbols = snapshot.open_orders.iter().filter(foreign).map(|view| view.symbol);
        symbols.flat_map(|symbol| [symbol.base(), symbol.quote()]).collect()
    }

    /// Assets of which something is on its way: moved here since the venue was asked, of an order
    /// without an answer or at work here alone, or of a fill that is not told yet.
    pub(super) fn moving(&self, snapshot: &VenueSnapshot) -> BTreeSet<Asset> {
        let mut moving: BTreeSet<Asset> = (self.moved.iter())
            .filter(|(_, at)| **at >= snapshot.asked_at)
            .map(|(asset, _)| *asset)
            .collect();
        let unanswered = self.desks.iter().filter(|desk| {
            desk.order.as_ref().is_some_and(|order| {
                let at_work =
                    matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled);
                let id = order.client_order_id;
                !at_work || !snapshot.open_orders.iter().any(|view| view.client_order_id == id)
            })
        });
        moving
            .extend(unanswered.flat_map(|desk| [desk.instrument.base(), desk.instrument.quote()]));
        let untold = snapshot.executions.iter().filter(|it| it.venue_sequence > self.cursor);
        for execution in untold {
            if let Some(desk) = self.desks.get(execution.instrument.index()) {
                let (base, quote) = (desk.instrument.base(), desk.instrument.quote());
                moving.extend([base, quote, execution.fee_asset]);
            }
        }
        moving
    }
}
