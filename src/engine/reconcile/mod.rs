//! What the venue holds against what the ledger knows, at the start and all the time. The venue is the
//! truth about orders, fills and balances; the ledger about what was intended. Pure.
//!
//! - [`known`]: what the ledger knew, taken in before anything else,
//! - [`start`]: the first comparison. Fills since the cursor are booked, every open intent is settled by
//!   the venue's word, and only then is anything permitted,
//! - `account`: the comparison while running. A difference counts when two views in a row show it, and
//!   holds entries from its first sight on,
//! - `compare`: two views, the differences between them,
//! - [`difference`]: each difference has a name, and a rule that says what is done about it,
//! - `adopt`: what came or went without a trade becomes a declared transfer, at a basis nobody knows.
//!
//! A view that could not be had whole is no view: it is never handed in, and changes nothing.

pub(super) mod account;
mod adopt;
mod compare;
pub mod difference;
pub mod known;
pub mod start;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::{Asset, ClientOrderId, VenueOrderId};
use crate::domain::order_status::OrderStatus;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

pub use difference::{Difference, DifferenceKind, Policy, Rule};
pub use known::{Known, KnownPosition};

/// What the venue says about one order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VenueOrderView {
    /// The name we gave it, or the venue's where it has none.
    pub client_order_id: ClientOrderId,
    /// The venue's name.
    pub venue_order_id: VenueOrderId,
    /// Which instrument; perhaps one that is not traded here.
    pub symbol: Symbol,
    /// At work, or how it ended.
    pub status: OrderStatus,
}

/// Something that moved a balance without a fill of an instrument of ours, in the venue's words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Movement {
    /// The venue's id for it; it is booked once.
    pub id: String,
    /// Which asset.
    pub asset: Asset,
    /// In, or out where negative.
    pub amount: Decimal,
    /// The venue's word for it: `TRANSFER`, `RETURNED_FEES`, ...
    pub kind: String,
    /// When, by the venue's clock.
    pub at: Timestamp,
}

/// What the venue says about the account, all at one instant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct VenueSnapshot {
    /// When it was asked for: what moved here since then is not compared.
    pub asked_at: Timestamp,
    /// Every order at work.
    pub open_orders: Vec<VenueOrderView>,
    /// The orders behind our open intents that are over.
    pub ended_orders: Vec<VenueOrderView>,
    /// Fills after the cursor, in the venue's order.
    pub executions: Vec<Execution>,
    /// The account's fill counter: the newest fill there is.
    pub venue_sequence: u64,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
    /// What else moved balances, oldest first; `None` where that was not asked.
    pub movements: Option<Vec<Movement>>,
    /// The venue's lists reach back to here; the start of time where they have no end.
    pub history_from: Timestamp,
}

impl VenueSnapshot {
    /// An empty view of a venue that forgets nothing.
    pub fn remembering_all() -> Self {
        Self { history_from: Timestamp::from_us(i64::MIN), ..Self::default() }
    }
}
