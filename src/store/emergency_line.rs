//! A line of the emergency journal: an entry of the ledger as JSON, with nothing lost on the way.

use serde::{Deserialize, Serialize};

use super::writer::Entry;
use crate::domain::decimal::Decimal;
use crate::domain::decision::DecisionRecord;
use crate::domain::hold::{Hold, HoldCode};
use crate::domain::identifier::Asset;
use crate::domain::operator::OperatorRecord;
use crate::domain::record::{
    DayRow, Fact, FillRecord, IntentRecord, OrderRecord, PositionRow, Projection, Record, Sample,
    SurpriseRecord, TransferRecord, TransitionRecord,
};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

/// The phases of a run.
const PHASES: [&str; 3] = ["started", "ready", "stopped"];

/// An entry as written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Fact { at: Timestamp, input: Option<u64>, record: FactLine },
    Position(PositionRow),
    Balance { asset: Asset, total: Decimal, hold: Decimal },
    OrderState(OrderRecord),
    Sample(Sample),
    VenueCursor(u64),
    Day(DayRow),
}

/// A fact's record as written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FactLine {
    Decision(Box<DecisionRecord>),
    Intent(IntentRecord),
    Order(OrderRecord),
    Fill(Box<FillRecord>),
    HoldSet(Hold),
    HoldCleared { scope: Option<Symbol>, code: HoldCode },
    Transition(TransitionRecord),
    Operator(Box<OperatorRecord>),
    KillVerified { since: Timestamp },
    Transfer(TransferRecord),
    Surprise(SurpriseRecord),
    Run { run: u32, phase: String },
}

impl Line {
    /// An entry's line; none for a count of refusals, which is a statistic.
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        Some(match entry {
            Entry::Fact(fact) => {
                let (at, input) = (fact.at, fact.input);
                Self::Fact { at, input, record: FactLine::of(&fact.record) }
            }
            Entry::Projection(projection) => match projection {
                Projection::Position(row) => Self::Position(row.clone()),
                Projection::Balance { asset, total, hold } => {
                    Self::Balance { asset: *asset, total: *total, hold: *hold }
                }
                Projection::Order(order) => Self::OrderState(order.clone()),
                Projection::Sample(sample) => Self::Sample(sample.clone()),
                Projection::VenueCursor(cursor) => Self::VenueCursor(*cursor),
                Projection::Day(row) => Self::Day(*row),
                Projection::Refused { .. } => return None,
            },
        })
    }

    /// The entry again; none where its words are of another version.
    pub(super) fn into_entry(self) -> Option<Entry> {
        Some(match self {
            Self::Fact { at, input, record } => {
                Entry::Fact(Fact { at, input, record: record.into_record()? })
            }
            Self::Position(row) => Entry::Projection(Projection::Position(row)),
            Self::Balance { asset, total, hold } => {
                Entry::Projection(Projection::Balance { asset, total, hold })
            }
            Self::OrderState(order) => Entry::Projection(Projection::Order(order)),
            Self::Sample(sample) => Entry::Projection(Projection::Sample(sample)),
            Self::VenueCursor(cursor) => Entry::Projection(Projection::VenueCursor(cursor)),
            Self::Day(row) => Entry::Projection(Projection::Day(row)),
        })
    }

    /// True where it becomes an event of the hash chain.
    pub(super) fn is_fact(&self) -> bool {
        matches!(self, Self::Fact { .. })
    }
}

impl FactLine {
    fn of(record: &Record) -> Self {
        match record {
            Record::Decision(decision) => Self::Decision(decision.clone()),
            Record::Intent(intent) => Self::Intent(intent.clone()),
            Record::Order(order) => Self::Order(order.clone()),
            Record::Fill(fill) => Self::Fill(fill.clone()),
            Record::HoldSet(hold) => Self::HoldSet(hold.clone()),
            Record::HoldCleared { scope, code } => Self::HoldCleared { scope: *scope, code: *code },
            Record::Transition(transition) => Self::Transition(transition.clone()),
            Record::Operator(said) => Self::Operator(said.clone()),
            Record::KillVerified { since } => Self::KillVerified { since: *since },
            Record::Transfer(transfer) => Self::Transfer(transfer.clone()),
            Record::Surprise(surprise) => Self::Surprise(surprise.clone()),
            Record::Run { run, phase } => Self::Run { run: *run, phase: (*phase).to_owned() },
        }
    }

    fn into_record(self) -> Option<Record> {
        Some(match self {
            Self::Decision(decision) => Record::Decision(decision),
            Self::Intent(intent) => Record::Intent(intent),
            Self::Order(order) => Record::Order(order),
            Self::Fill(fill) => Record::Fill(fill),
            Self::HoldSet(hold) => Record::HoldSet(hold),
            Self::HoldCleared { scope, code } => Record::HoldCleared { scope, code },
            Self::Transition(transition) => Record::Transition(transition),
            Self::Operator(said) => Record::Operator(said),
            Self::KillVerified { since } => Record::KillVerified { since },
            Self::Transfer(transfer) => Record::Transfer(transfer),
            Self::Surprise(surprise) => Record::Surprise(surprise),
            Self::Run { run, phase } => {
                let phase = PHASES.into_iter().find(|known| *known == phase)?;
                Record::Run { run, phase }
            }
        })
    }
}
