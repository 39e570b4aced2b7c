//! What the venue must make durable, and what it is restored from.

use std::collections::BTreeMap;

use crate::domain::balance::Balance;
use crate::domain::execution::Execution;
use crate::domain::identifier::Asset;

use super::order::VenueOrder;

/// One durable change. Of several changes to one order or one asset the last holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VenueChange {
    /// An order was accepted, moved in its queue, filled or ended: its state now.
    Order(VenueOrder),
    /// A fill.
    Execution(Execution),
    /// A balance is now this.
    Balance {
        /// Of which asset.
        asset: Asset,
        /// What it is.
        balance: Balance,
    },
}

/// Where a venue stood. Commands that had not arrived and reports not released are not part of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VenueState {
    /// The account.
    pub balances: BTreeMap<Asset, Balance>,
    /// Open orders, in any order.
    pub open_orders: Vec<VenueOrder>,
    /// Recently closed orders, oldest first.
    pub closed_orders: Vec<VenueOrder>,
    /// Recent fills, oldest first, without gaps up to the last.
    pub executions: Vec<Execution>,
    /// The last order's sequence; 0 before the first.
    pub order_sequence: u64,
    /// The last fill's sequence; 0 before the first.
    pub venue_sequence: u64,
    /// The last trade id of each instrument, by index; missing ones are 0.
    pub trade_ids: Vec<u64>,
}
