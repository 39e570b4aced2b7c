//! A difference between ledger and venue: its name, and the one rule that says what is done about it.

use serde::{Deserialize, Serialize};

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::symbol::Symbol;

/// The names of differences.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The venue says itself what moved the balance: a deposit, a withdrawal, a rebate, a correction, a
    /// trade in an instrument that is not ours.
    Movement,
    /// A balance differs by less than dust.
    Dust,
    /// The balance of an asset that is neither traded nor paid with here, fees aside.
    OtherAsset,
    /// A balance changed while the agent was away longer than the venue remembers.
    HistoryGap,
    /// A balance differs, and nobody says why.
    BalanceTotal,
    /// What is put aside for open orders differs.
    BalanceHold,
    /// Somebody else's order in an instrument that is traded here.
    ForeignOrder,
    /// An order with our name that no intent explains.
    OrderWithoutIntent,
    /// An order that is over here is at work at the venue.
    EndedOrderAtWork,
    /// The venue counts fewer fills than were booked: another account, or one that lost its history.
    VenueFillCounter,
}

impl DifferenceKind {
    /// Every name.
    pub const ALL: [Self; 10] = [
        Self::Movement,
        Self::Dust,
        Self::OtherAsset,
        Self::HistoryGap,
        Self::BalanceTotal,
        Self::BalanceHold,
        Self::ForeignOrder,
        Self::OrderWithoutIntent,
        Self::EndedOrderAtWork,
        Self::VenueFillCounter,
    ];

    /// The ledger's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Movement => "movement",
            Self::Dust => "dust",
            Self::OtherAsset => "other_asset",
            Self::HistoryGap => "history_gap",
            Self::BalanceTotal => "balance_total",
            Self::BalanceHold => "balance_hold",
            Self::ForeignOrder => "foreign_order",
            Self::OrderWithoutIntent => "order_without_intent",
            Self::EndedOrderAtWork => "ended_order_at_work",
            Self::VenueFillCounter => "venue_fill_counter",
        }
    }

    /// What is done about it.
    pub const fn rule(self, policy: &Policy) -> Rule {
        match self {
            Self::Movement | Self::Dust | Self::OtherAsset | Self::HistoryGap => Rule::Adopt,
            Self::BalanceTotal if policy.adopt_unexplained => Rule::Adopt,
            Self::ForeignOrder if policy.ignore_foreign_orders => Rule::Ignore,
            Self::OrderWithoutIntent | Self::EndedOrderAtWork => Rule::Cancel,
            Self::BalanceTotal
            | Self::BalanceHold
            | Self::ForeignOrder
            | Self::VenueFillCounter => Rule::Hold,
        }
    }

    /// True where what is held and what is written down differ, and nobody says why.
    pub const fn is_unexplained(self) -> bool {
        matches!(self, Self::BalanceTotal | Self::BalanceHold | Self::VenueFillCounter)
    }

    /// True where one look is enough: the venue names its cause, or the order itself, or no further look
    /// could tell more.
    pub const fn is_certain(self) -> bool {
        matches!(
            self,
            Self::Movement | Self::HistoryGap | Self::OrderWithoutIntent | Self::EndedOrderAtWork
        )
    }
}

impl std::fmt::Display for DifferenceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is done about a difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The venue is right: booked as a declared transfer; what is held by it has an unknown basis.
    Adopt,
    /// The order is canceled.
    Cancel,
    /// No entries, until it is gone or a person decides.
    Hold,
    /// Nothing.
    Ignore,
}

impl Rule {
    /// The ledger's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Cancel => "cancel",
            Self::Hold => "hold",
            Self::Ignore => "ignore",
        }
    }
}

/// What the operator decided about differences that could go either way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Policy {
    /// A balance difference worth less than this, in quote units, is dust. Zero: none is.
    pub dust: Decimal,
    /// A balance difference that nobody explains is taken over instead of held for a person.
    pub adopt_unexplained: bool,
    /// Somebody else's orders in our instruments are no reason to hold entries.
    pub ignore_foreign_orders: bool,
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// Its name.
    pub kind: DifferenceKind,
    /// An asset or an order.
    pub subject: String,
    /// The instrument whose entries wait for it; none for all of them.
    pub scope: Option<Symbol>,
    /// The ledger's side.
    pub ledger: String,
    /// The venue's side.
    pub venue: String,
    /// What it is about.
    pub matter: Matter,
}

/// What a difference is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// A balance: the venue has so much more of the asset, or less where negative.
    Balance(Asset, Decimal),
    /// What is put aside of an asset.
    Hold(Asset),
    /// An order at the venue.
    Order(ClientOrderId),
    /// The account as a whole.
    Account,
}

impl Difference {
    /// The asset of which something differs, if that is what it is about.
    pub fn asset(&self) -> Option<Asset> {
        match &self.matter {
            Matter::Balance(asset, _) | Matter::Hold(asset) => Some(*asset),
            Matter::Order(_) | Matter::Account => None,
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, subject, ledger, venue, .. } = self;
        write!(f, "{kind} {subject}: ledger {ledger}, venue {venue}")
    }
}
