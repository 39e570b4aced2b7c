//! The account's ledger: what moved each balance, newest last.

use std::collections::VecDeque;

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, VenueOrderId};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::account::{Direction, LedgerEntry};

/// Entries kept; the oldest go first.
pub const LEDGER_ENTRIES_KEPT: usize = 100_000;
/// Where the ids of entries begin: of the size of KuCoin's.
const ID_START: i64 = 300_000_000_000;

/// What an entry belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Business {
    /// The account was opened with it.
    Deposit,
    /// A fill.
    Trade { symbol: Symbol, order_id: VenueOrderId, trade_id: i64 },
}

impl Business {
    /// KuCoin's word.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Deposit => "TRANSFER",
            Self::Trade { .. } => "TRADE_EXCHANGE",
        }
    }
}

/// An entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub id: i64,
    pub asset: Asset,
    pub direction: Direction,
    /// What reached or left the balance, the fee included.
    pub amount: Decimal,
    pub fee: Decimal,
    /// The balance afterwards.
    pub balance: Decimal,
    pub business: Business,
    pub at: Timestamp,
}

/// The last entries, oldest first.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: VecDeque<Entry>,
    last_id: i64,
}

impl Ledger {
    /// Notes an entry, whose id is given here.
    pub(super) fn push(&mut self, entry: Entry) {
        if self.entries.len() >= LEDGER_ENTRIES_KEPT {
            self.entries.pop_front();
        }
        self.last_id += 1;
        self.entries.push_back(Entry { id: ID_START + self.last_id, ..entry });
    }

    /// The entries before a cursor, newest first.
    pub(super) fn before(&self, cursor: Option<i64>) -> impl Iterator<Item = &Entry> + '_ {
        let end = self.entries.partition_point(|it| cursor.is_none_or(|cursor| it.id < cursor));
        self.entries.range(..end).rev()
    }
}

impl Entry {
    /// What it belongs to, as the JSON text that queries answer.
    pub(super) fn context(&self) -> String {
        match &self.business {
            Business::Deposit => String::new(),
            Business::Trade { symbol, order_id, trade_id } => {
                format!(r#"{{"symbol":"{symbol}","orderId":"{order_id}","tradeId":"{trade_id}"}}"#)
            }
        }
    }

    /// As queries answer it.
    pub(super) fn object(&self) -> LedgerEntry<'_> {
        LedgerEntry {
            id: self.id.to_string().into(),
            currency: self.asset.as_str().into(),
            amount: self.amount,
            fee: self.fee,
            tax: Decimal::ZERO,
            balance: self.balance,
            account_type: Some("TRADE_HF".into()),
            biz_type: self.business.as_str().into(),
            direction: self.direction,
            created_at: self.at.ms(),
            context: Some(self.context().into()),
        }
    }
}
