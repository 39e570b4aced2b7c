//! What an operator does to the exchange: its state, its pairs, the account's rights.

use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::exchange::kucoin::protocol::account::{AccountMode, Direction};
use crate::exchange::kucoin::protocol::status::ServiceState;
use crate::exchange::paper::OpenOrdersMax;
use crate::exchange::server::topic::Feed;

use super::Core;
use super::journal::Cause;
use super::ledger::{Business, Entry};
use super::listing::RuleChange;
use super::wallet::Movement;

/// The state of the exchange as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Service {
    pub state: ServiceState,
    pub note: String,
}

impl Default for Service {
    fn default() -> Self {
        Self { state: ServiceState::Open, note: String::new() }
    }
}

impl Core {
    /// Opens the exchange, closes it, or lets it take cancels only; with a note for
    /// `/api/v1/status`.
    pub fn set_service(&mut self, state: ServiceState, note: &str) {
        self.service = Service { state, note: note.to_owned() };
    }

    /// Makes the account a classic or a unified one. Only the question for its mode is answered
    /// otherwise: what a unified account may no longer call is not known.
    pub fn set_account_mode(&mut self, mode: AccountMode) {
        self.account.mode = mode;
    }

    /// What the key may do, separated by commas. Endpoints that need more answer 400007.
    pub fn set_permissions(&mut self, permission: &str) {
        permission.clone_into(&mut self.account.spec.permission);
    }

    /// Rounds fees up to so many decimal places; exact where `None`.
    pub fn set_fee_places(&mut self, places: Option<u32>) {
        self.venue.set_fee_places(places);
    }

    /// How many orders of the account may be open at once.
    pub fn set_open_orders_max(&mut self, max: OpenOrdersMax) {
        self.venue.set_open_orders_max(max);
    }

    /// Lets a pair take orders or not; its market and the orders that rest go on, and cancels are taken.
    /// False where it is not listed.
    pub fn set_trading(&mut self, symbol: &str, trading: bool) -> bool {
        let found = self.find(symbol);
        if let Ok(id) = found {
            self.pair_mut(id).listing.trading = trading;
        }
        found.is_ok()
    }

    /// Puts other steps and bounds of a pair's orders in force, in place of earlier changes. False
    /// where it is not listed.
    pub fn set_rules(&mut self, symbol: &str, change: RuleChange) -> bool {
        let found = self.find(symbol);
        if let Ok(id) = found {
            self.pair_mut(id).listing.change(change);
        }
        found.is_ok()
    }

    /// Takes a pair off the exchange: its orders are canceled, nothing more is said about it. False
    /// where it is not listed.
    pub fn delist(&mut self, symbol: &str) -> bool {
        let Ok(id) = self.find(symbol) else { return false };
        self.cancel_stops_of(id);
        self.cancel_pair(id);
        self.pair_mut(id).listing.listed = false;
        self.due.retain(|(_, pair, _)| *pair != id);
        for feed in Feed::ALL {
            self.pair_mut(id).feed(feed).is_due = false;
        }
        true
    }

    /// Lists a pair again that was taken off. False where there is no such pair.
    pub fn relist(&mut self, symbol: &str) -> bool {
        let found = symbol.parse().ok().and_then(|symbol| self.by_symbol.get(&symbol).copied());
        if let Some(id) = found {
            self.pair_mut(id).listing.listed = true;
            self.mark_stale(id);
            self.publish_books();
        }
        found.is_some()
    }

    /// Moves an amount into the account without a trade, out of it where it is negative: a deposit, a
    /// withdrawal, or, where it is not `noted` in the account's ledger, a correction of the venue's.
    /// False where that much is not available.
    pub fn transfer(&mut self, asset: Asset, amount: Decimal, noted: bool) -> bool {
        if self.venue.transfer(asset, amount).is_err() {
            return false;
        }
        let Movement { balance, .. } = self.account.wallet.transfer(asset, amount);
        let entry = Entry {
            id: 0,
            asset,
            direction: if amount.is_negative() { Direction::Out } else { Direction::In },
            amount: amount.abs(),
            fee: Decimal::ZERO,
            balance: balance.total(),
            business: Business::Deposit,
            at: self.tide.now,
        };
        if noted {
            self.account.ledger.push(entry);
        }
        self.absorb(Cause::Market);
        true
    }

    /// Fills what remains of an open order at its limit. `name` is the venue's id or the client's.
    /// False where no such order is open.
    pub fn fill_now(&mut self, name: &str) -> bool {
        let record = self.by_id(name).or_else(|| self.by_client_id(name));
        let Some(order) = record.map(|record| record.order) else { return false };
        if !order.is_open() {
            return false;
        }
        let filled = self.venue.fill_now(order.client_order_id, self.tide.now).is_ok();
        self.absorb(Cause::Market);
        self.finish_turn();
        filled
    }
}
