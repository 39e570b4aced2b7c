//! What the engine wants done. The shell performs actions in order and decides nothing.

use crate::domain::identifier::ClientOrderId;
use crate::domain::order::NewOrder;
use crate::domain::record::{Fact, Projection};
use crate::risk::approval::Approved;

/// One output of [`super::Engine::step`].
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Append to the ledger. What follows must not happen before this is durable.
    Record(Fact),
    /// Replace in the ledger.
    Project(Projection),
    /// Send an order, once its intent is durable.
    Submit(Approved<NewOrder>),
    /// Ask for an order's cancel.
    Cancel(ClientOrderId),
    /// Ask for the cancel of everything the account has at work, whoever sent it.
    CancelAll,
}
