//! Facts for the ledger. A [`Fact`] is appended to the hash-chained events and to the table it is
//! about; a [`Projection`] only replaces the last state of something.

use serde::{Deserialize, Serialize};

use super::decimal::Decimal;
use super::decision::DecisionRecord;
use super::hold::{Hold, HoldCode, Level};
use super::identifier::{Asset, ClientOrderId, ExecutionId, VenueOrderId};
use super::instrument::Liquidity;
use super::operator::OperatorRecord;
use super::order::{Purpose, TimeInForce};
use super::order_status::OrderStatus;
use super::position::{Basis, Lot};
use super::side::Side;
use super::symbol::Symbol;
use super::time::Timestamp;

/// Something that happened, and when by the engine's clock.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Fact {
    /// When.
    pub at: Timestamp,
    /// What caused it: the number of the engine's input in this run; none where the shell did.
    pub input: Option<u64>,
    /// What.
    pub record: Record,
}

/// The kinds of facts.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Why the order of the intent that follows is sent.
    Decision(Box<DecisionRecord>),
    /// An order is going to be sent. Durable before it is.
    Intent(IntentRecord),
    /// An order changed.
    Order(OrderRecord),
    /// An order filled, in part or whole.
    Fill(Box<FillRecord>),
    /// A reason not to trade appeared.
    HoldSet(Hold),
    /// A reason not to trade went away.
    HoldCleared {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// Which.
        code: HoldCode,
    },
    /// The agent's state changed.
    Transition(TransitionRecord),
    /// An operator said something, and what came of it.
    Operator(Box<OperatorRecord>),
    /// The kill switch is verified: after it was set nothing of the account was at work at the venue.
    KillVerified {
        /// When it was set.
        since: Timestamp,
    },
    /// Assets came or went without a trade.
    Transfer(TransferRecord),
    /// Something that should not have happened, kept for a person to look at.
    Surprise(SurpriseRecord),
    /// The agent reached a point in its life.
    Run {
        /// Which start of the agent: 1, 2, ...
        run: u32,
        /// `started`, `ready` or `stopped`.
        phase: &'static str,
    },
}

/// An order as decided.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IntentRecord {
    /// Ours.
    pub client_order_id: ClientOrderId,
    /// Which instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Why.
    pub purpose: Purpose,
    /// The limit in quote units; none for a market order.
    pub price: Option<Decimal>,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Refused rather than taking liquidity.
    pub post_only: bool,
    /// In base units.
    pub quantity: Decimal,
    /// The price the decision saw, in quote units.
    pub reference_price: Decimal,
}

/// An order after a change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderRecord {
    /// Ours.
    pub client_order_id: ClientOrderId,
    /// The venue's, once known.
    pub venue_order_id: Option<VenueOrderId>,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Filled so far, in base units.
    pub filled: Decimal,
    /// Paid or received so far, in quote units.
    pub notional: Decimal,
    /// Fees so far.
    pub fee: Decimal,
    /// The venue's code, where it refused something.
    pub reason_code: Option<u32>,
    /// The venue's words.
    pub reason: Option<String>,
}

/// A fill, with what it realized.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FillRecord {
    /// Which instrument.
    pub symbol: Symbol,
    /// The venue's id, unique for the symbol.
    pub execution_id: ExecutionId,
    /// The account's fill counter at the venue.
    pub venue_sequence: u64,
    /// Our order.
    pub client_order_id: ClientOrderId,
    /// The venue's order.
    pub venue_order_id: VenueOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Why the order was sent.
    pub purpose: Purpose,
    /// In quote units.
    pub price: Decimal,
    /// In base units.
    pub quantity: Decimal,
    /// In quote units.
    pub notional: Decimal,
    /// Charged by the venue.
    pub fee: Decimal,
    /// In which asset.
    pub fee_asset: Asset,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// The price the decision saw.
    pub reference_price: Decimal,
    /// Sells: what was realized.
    pub realized: Option<RealizedRecord>,
}

/// What a sell realized against its lots.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RealizedRecord {
    /// Quantity matched with lots of known basis.
    pub matched: Decimal,
    /// Proceeds less cost.
    pub gross: Decimal,
    /// Both sides' fees.
    pub fees: Decimal,
    /// Gross less fees.
    pub net: Decimal,
    /// Whether any of it was matched.
    pub basis: Basis,
    /// When the oldest matched lot was acquired.
    pub opened_at: Option<Timestamp>,
}

/// A change of the agent's state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TransitionRecord {
    /// From.
    pub from: Level,
    /// To.
    pub to: Level,
    /// By which hold.
    pub code: HoldCode,
}

/// Assets that came or went without a trade.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TransferRecord {
    /// Which.
    pub asset: Asset,
    /// In, or out where negative.
    pub amount: Decimal,
    /// `deposit`, `withdrawal`, `foreign_trade` or `adjustment`.
    pub kind: String,
    /// Why, for a person.
    pub reason: String,
    /// The venue's id of the movement, where it named one: booked once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue_id: Option<String>,
}

/// Something that should not have happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SurpriseRecord {
    /// A word for it.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// What happened.
    pub detail: String,
}

/// The last state of something. Only the newest of a kind and key matters.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Projection {
    /// An instrument's position.
    Position(PositionRow),
    /// An asset's balance.
    Balance {
        /// Which.
        asset: Asset,
        /// All of it.
        total: Decimal,
        /// Put aside for open orders.
        hold: Decimal,
    },
    /// An order after a fill: the fill is the fact, this is where it left the order.
    Order(OrderRecord),
    /// An entry was not sent.
    Refused {
        /// When.
        at: Timestamp,
        /// Which instrument.
        symbol: Symbol,
        /// Why not.
        code: &'static str,
    },
    /// The minute's figures.
    Sample(Sample),
    /// All fills up to this venue sequence are in.
    VenueCursor(u64),
    /// What the day's figures are compared with.
    Day(DayRow),
}

/// What losses and turnover of a UTC day are measured from. In quote units.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DayRow {
    /// The beginning of the day.
    pub day: Timestamp,
    /// The equity then, or when it began to be measured.
    pub open: Decimal,
    /// The highest equity so far, of any day.
    pub peak: Decimal,
    /// Bought and sold in the day.
    pub turnover: Decimal,
    /// When this was written.
    pub at: Timestamp,
}

/// A position as stored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PositionRow {
    /// Which instrument.
    pub symbol: Symbol,
    /// Its lots, oldest first.
    pub lots: Vec<Lot>,
    /// Last best bid.
    pub mark_price: Option<Decimal>,
    /// Sell at or below.
    pub stop_price: Option<Decimal>,
    /// Sell at or above.
    pub take_profit_price: Option<Decimal>,
    /// Highest bid since the entry.
    pub high_price: Option<Decimal>,
    /// All buys ever, in base units.
    pub bought: Decimal,
    /// All sells ever.
    pub sold: Decimal,
    /// Declared transfers, in less out.
    pub transferred: Decimal,
}

/// What the account was worth at a minute. Amounts in quote units.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// The minute.
    pub at: Timestamp,
    /// Cash plus positions at the bid.
    pub equity: Decimal,
    /// Quote asset, all of it.
    pub cash: Decimal,
    /// Quote asset, free to use.
    pub cash_available: Decimal,
    /// Positions at the bid.
    pub exposure: Decimal,
    /// Exposure less cost, for lots of known basis.
    pub unrealized: Decimal,
    /// Instruments held.
    pub positions: u32,
    /// Buys working at the venue.
    pub open_buy_orders: u32,
    /// Sells working at the venue.
    pub open_sell_orders: u32,
    /// The agent's state.
    pub state: Level,
    /// False where a held instrument had no price.
    pub complete: bool,
}
