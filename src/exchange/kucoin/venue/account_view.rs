//! The account as the ledger knows it and as the venue has it, for a reconciliation.

use std::collections::BTreeMap;

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::order::TimeInForce;
use crate::domain::symbol::Symbol;
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
    /// Fills before this are in the balance that the ledger began with.
    pub begin: Timestamp,
    /// Fills before this are in the ledger, by instrument.
    pub since: Vec<Timestamp>,
    /// Intents without an end.
    pub intents: Vec<OpenIntent>,
    /// Held, and listed no more.
    pub delisted: Vec<Symbol>,
}

/// An order as the venue has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountOrder {
    /// The client's name for it, or the venue's where there is none.
    pub client_order_id: ClientOrderId,
    /// The venue's.
    pub venue_order_id: VenueOrderId,
    /// Which instrument.
    pub symbol: Symbol,
    /// How it ended, where it did.
    pub end: Option<End>,
}

/// What moved a balance but was no trade in an instrument of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountMovement {
    /// The venue's id for it.
    pub id: String,
    /// Which asset.
    pub asset: Asset,
    /// In, or out where negative.
    pub amount: Decimal,
    /// The venue's word for it.
    pub kind: String,
    /// When, by the venue's clock.
    pub at: Timestamp,
}

/// The account as the venue has it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccountView {
    /// When it was asked for, by the agent's clock.
    pub asked_at: Timestamp,
    /// At work.
    pub open: Vec<AccountOrder>,
    /// Over: those behind open intents.
    pub ended: Vec<AccountOrder>,
    /// Fills that the ledger does not have, oldest first. While running they are reported instead.
    pub executions: Vec<Execution>,
    /// Fills counted so far.
    pub venue_sequence: u64,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
    /// What moved them but was no trade of ours, oldest first; `None` where it was not asked.
    pub movements: Option<Vec<AccountMovement>>,
    /// The venue's lists reach back to here.
    pub history_from: Timestamp,
}
