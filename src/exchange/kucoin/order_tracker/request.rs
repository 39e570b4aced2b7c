//! What the tracker wants asked, and the venue's words as it takes them in. No wire types.

use crate::domain::decimal::Decimal;
use crate::domain::execution::VenueReason;
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::instrument::Liquidity;
use crate::domain::order::TimeInForce;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

use super::tracked::End;

/// A request the shell is to make. Each is answered exactly once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Cancel an order by its client order id.
    Cancel(ClientOrderId, InstrumentId),
    /// Ask for an order by its client order id.
    AskOrder(ClientOrderId, InstrumentId),
    /// Fetch all fills of an order.
    FetchFills(ClientOrderId, InstrumentId, VenueOrderId),
}

/// The answer to a placing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlaceAnswer {
    /// It is there.
    Accepted(VenueOrderId),
    /// It is not there and never will be.
    Refused(VenueReason),
    /// Nobody knows.
    Unresolved,
}

/// The answer to a cancel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CancelAnswer {
    /// Taken; what it did comes as news of the order.
    Taken,
    /// Refused: the order may be over, or unknown.
    Refused,
    /// Not answered, or the venue could not: to be sent again.
    Failed,
}

/// The answer to a question about an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OrderAnswer {
    /// What it is.
    Known(OrderNews),
    /// The venue knows no such order.
    NotFound,
    /// Not answered.
    Failed,
}

/// What a push or an answer says about one order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderNews {
    /// The venue's name for it.
    pub venue_order_id: VenueOrderId,
    /// Filled so far, in base units.
    pub filled: Decimal,
    /// How it ended, where it did.
    pub end: Option<End>,
}

/// One fill as the venue's list of fills has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TradeReport {
    /// Unique for the symbol.
    pub trade_id: u64,
    /// The venue's name for the order.
    pub venue_order_id: VenueOrderId,
    /// Of our order.
    pub side: Side,
    /// In quote units.
    pub price: Decimal,
    /// In base units.
    pub size: Decimal,
    /// Price times size as the venue booked it.
    pub funds: Decimal,
    /// What it charged.
    pub fee: Decimal,
    /// In which asset.
    pub fee_asset: Asset,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// When, by the venue's clock.
    pub at: Timestamp,
}

/// A push about an order of the account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Push {
    /// The client's name for it; the venue's where there is none, or none that we could have given.
    pub client_order_id: ClientOrderId,
    /// Which instrument.
    pub instrument: InstrumentId,
    /// What it says.
    pub news: OrderNews,
}

/// An order of an earlier run, as ledger and venue know it: at work, or over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResumedOrder {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Size asked, in base units.
    pub size: Decimal,
    /// Size of its fills in the ledger.
    pub booked: Decimal,
    /// Size of its fills at the venue.
    pub filled: Decimal,
    /// How it ended, where it did.
    pub end: Option<End>,
    /// The venue's name for it.
    pub venue_order_id: VenueOrderId,
}
