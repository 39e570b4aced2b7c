//! The three truths at one moment: the ledger, `state.json` and the venue's account.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, ClientOrderId, ExecutionId, VenueOrderId};
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::engine::invariant::Violation;
use crate::store::load::LedgerState;
use crate::store::state_json::{StateDocument, StateJsonError};

use super::audit::Audit;

/// Newest fills and intents compared one by one, in each run. Everything older is compared in sum.
pub const RECENT_MAX: usize = 250;

/// Fills of a ledger whose books are audited whole in each run: about a tenth of a second. A longer one is
/// compared in sums, and audited by `db check`.
pub const BOOKS_FILLS_MAX: i64 = 20_000;

/// What is compared.
#[derive(Debug)]
pub struct Snapshot {
    /// The engine's clock: what "in flight" is measured by.
    pub engine_at: Timestamp,
    /// The wall clock.
    pub now: Timestamp,
    /// True where an agent works on the directory; otherwise nothing is in flight.
    pub running: bool,
    /// What was intended and is known.
    pub ledger: LedgerSnapshot,
    /// The projection for other programs.
    pub state: Result<StateDocument, StateJsonError>,
    /// The truth about orders, fills and balances; or why it cannot be asked.
    pub venue: Result<VenueSnapshot, String>,
}

/// One consistent read of the ledger.
#[derive(Debug)]
pub struct LedgerSnapshot {
    /// The newest event.
    pub head: i64,
    /// Positions, balances, open orders, holds, venue cursor.
    pub state: LedgerState,
    /// The quantity column of `positions`, which the lots must add up to.
    pub quantities: BTreeMap<Symbol, Decimal>,
    /// Last change of each open order.
    pub changed_at: BTreeMap<ClientOrderId, Timestamp>,
    /// Fills added up per symbol.
    pub audit: Audit,
    /// Where the whole books contradict themselves; none are read of a ledger that is too long for it.
    pub books: Vec<Violation>,
    /// Declared transfers per asset.
    pub transfers: BTreeMap<Asset, Decimal>,
    /// The newest fills, oldest first; at most [`RECENT_MAX`].
    pub recent_fills: Vec<RecentFill>,
    /// Of the newest [`RECENT_MAX`] intents those whose end and order status contradict each other.
    pub contradictions: Vec<(ClientOrderId, Option<OrderStatus>, bool)>,
    /// The newest [`RECENT_MAX`] intents that are over.
    pub ended: BTreeSet<ClientOrderId>,
}

/// A fill of the ledger, as far as it is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the ledger's column names, documented in the schema")]
pub struct RecentFill {
    pub symbol: Symbol,
    pub execution_id: ExecutionId,
    pub venue_sequence: u64,
    pub client_order_id: ClientOrderId,
    pub quantity: Decimal,
    pub at: Timestamp,
    /// True where its order has an intent.
    pub intended: bool,
}

/// The venue's account.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VenueSnapshot {
    /// The newest fill's sequence.
    pub last_sequence: u64,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
    /// Orders that work there.
    pub open_orders: Vec<VenueOrder>,
    /// The newest fills, oldest first, at least those beyond the ledger's cursor.
    pub executions: Vec<VenueExecution>,
    /// What moved balances without a trade in an instrument of ours and is not booked, newest first.
    /// Asked where a balance differs.
    pub movements: Vec<(Asset, Decimal)>,
    /// Instruments of the ledger that are listed no more: nobody lists their fills.
    pub unlisted: BTreeSet<Symbol>,
}

/// An order that works at the venue.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "as in `orders` and `intents`, documented in the schema")]
pub struct VenueOrder {
    pub client_order_id: ClientOrderId,
    pub venue_order_id: VenueOrderId,
    pub symbol: Symbol,
    pub side: Side,
    pub price: Option<Decimal>,
    pub quantity: Decimal,
    pub filled: Decimal,
    /// When it last changed there.
    pub at: Timestamp,
}

/// A fill at the venue.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "as in `fills`, documented in the schema")]
pub struct VenueExecution {
    pub execution_id: ExecutionId,
    pub venue_sequence: u64,
    pub client_order_id: ClientOrderId,
    pub symbol: Symbol,
    pub side: Side,
    pub quantity: Decimal,
    pub notional: Decimal,
    pub fee: Decimal,
    pub fee_asset: Asset,
    pub at: Timestamp,
}
