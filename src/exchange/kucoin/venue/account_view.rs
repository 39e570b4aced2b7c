//! The account as the ledger knows it and as the venue has it, for a reconciliation.

use std::collections::BTreeMap;

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::order::TimeInForce;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::order_tracker::End;

/// An intent that has no end in the ledger.
#[derive(Clone, Copy, Debug)]
pub struct OpenIntent {
    /// Ours.
    pub client_order_id: ClientOrderId,
    /// Which instrument.
    pub instrument: InstrumentId,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Size asked, in base units.
    pub size: Decimal,
    /// Size of its fills in the ledger.
    pub booked: Decimal,
}

/// What the ledger knows of the account.
#[derive(Clone, Debug, Default)]
pub struct StartFrom {
    /// Fills booked so far.
    pub venue_sequence: u64,
    /// Instruments and trade ids of the newest fills.
    pub trades: Vec<(InstrumentId, u64)>,
    /// Names of the orders behind them.
    pub orders: BTreeMap<VenueOrderId, ClientOrderId>,
    /// Fills before this are in the ledger, by instrument.
    pub since: Vec<Timestamp>,
    /// Intents without an end.
    pub intents: Vec<OpenIntent>,
}

/// An order as the venue has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountOrder {
    /// The client's name for it, or the venue's where there is none.
    pub client_order_id: ClientOrderId,
    /// The venue's.
    pub venue_order_id: VenueOrderId,
    /// How it ended, where it did.
    pub end: Option<End>,
}

/// The account as the venue has it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccountView {
    /// At work.
    pub open: Vec<AccountOrder>,
    /// Over: those behind open intents.
    pub ended: Vec<AccountOrder>,
    /// Fills that the ledger does not have, oldest first.
    pub executions: Vec<Execution>,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
}
