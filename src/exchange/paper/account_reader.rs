//! The paper account read by other processes: what a live exchange's account endpoints would say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use crate::domain::balance::Balance;
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::symbol::Symbol;
use crate::durable::sqlite::{Format, OpenError};

use super::account_row::{
    EXECUTION_COLUMNS, ExecutionRow, ORDER_COLUMNS, OrderRow, number, signed, text,
};

/// The account's file format: `IBPA` as application id, every migration ever released.
pub const ACCOUNT: Format = Format {
    name: "paper account",
    application_id: 0x4942_5041,
    migrations: &[
        include_str!("../../../migrations/paper/0001_account.sql"),
        include_str!("../../../migrations/paper/0002_order_terms.sql"),
    ],
};

/// Where the paper account is in a state directory.
pub fn account_path(state_dir: &Path) -> PathBuf {
    state_dir.join("paper.db")
}

/// A read-only view. Each call sees the last commit; [`AccountReader::snapshot`] sees one of them.
#[derive(Debug)]
pub struct AccountReader {
    connection: Connection,
}

/// Balances, open orders and the last fill's sequence as of one commit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccountSnapshot {
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
    /// By time priority.
    pub open_orders: Vec<OrderRow>,
    /// 0 before the first fill.
    pub venue_sequence: u64,
}

impl AccountReader {
    /// Opens the account in a state directory.
    pub fn open(state_dir: &Path) -> Result<Self, OpenError> {
        ACCOUNT.open_reader(&account_path(state_dir)).map(Self::new)
    }

    pub(super) fn new(connection: Connection) -> Self {
        Self { connection }
    }

    pub(super) fn into_connection(self) -> Connection {
        self.connection
    }

    /// Balances, open orders and the last fill's sequence, consistent with each other.
    pub fn snapshot(&self) -> rusqlite::Result<AccountSnapshot> {
        let transaction = self.connection.unchecked_transaction()?;
        let snapshot = AccountSnapshot {
            balances: self.balances()?,
            open_orders: self.open_orders()?,
            venue_sequence: self.venue_sequence()?,
        };
        transaction.commit()?;
        Ok(snapshot)
    }

    /// Balances by asset.
    pub fn balances(&self) -> rusqlite::Result<BTreeMap<Asset, Balance>> {
        let mut query = self.connection.prepare("SELECT asset, total, hold FROM balances")?;
        let rows = query.query_map([], |row| {
            let asset: Asset = text(row, 0)?;
            let balance = Balance::new(text(row, 1)?, text(row, 2)?);
            let damaged = || rusqlite::Error::InvalidColumnName(format!("{asset}: hold > total"));
            Ok((asset, balance.ok_or_else(damaged)?))
        })?;
        rows.collect()
    }

    /// Open orders, oldest first.
    pub fn open_orders(&self) -> rusqlite::Result<Vec<OrderRow>> {
        let query = format!(
            "SELECT {ORDER_COLUMNS} FROM orders WHERE status IN ('new', 'partially_filled')
             ORDER BY sequence"
        );
        let mut query = self.connection.prepare(&query)?;
        query.query_map([], OrderRow::read)?.collect()
    }

    /// The last `limit` closed orders, oldest first.
    pub fn closed_orders(&self, limit: usize) -> rusqlite::Result<Vec<OrderRow>> {
        let query = format!(
            "SELECT {ORDER_COLUMNS} FROM orders WHERE status NOT IN ('new', 'partially_filled')
             ORDER BY sequence DESC LIMIT ?1"
        );
        let mut query = self.connection.prepare(&query)?;
        let rows = query.query_map([count(limit)], OrderRow::read)?;
        let mut orders = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        orders.reverse();
        Ok(orders)
    }

    /// The latest order of this client order id, open or closed.
    pub fn order(&self, id: &ClientOrderId) -> rusqlite::Result<Option<OrderRow>> {
        let query = format!(
            "SELECT {ORDER_COLUMNS} FROM orders WHERE client_order_id = ?1
             ORDER BY sequence DESC LIMIT 1"
        );
        let mut query = self.connection.prepare(&query)?;
        query.query_row([id.as_str()], OrderRow::read).optional()
    }

    /// At most `limit` fills after `venue_sequence`, oldest first.
    pub fn executions_since(
        &self,
        venue_sequence: u64,
        limit: usize,
    ) -> rusqlite::Result<Vec<ExecutionRow>> {
        let query = format!(
            "SELECT {EXECUTION_COLUMNS} FROM executions WHERE venue_sequence > ?1
             ORDER BY venue_sequence LIMIT ?2"
        );
        let mut query = self.connection.prepare_cached(&query)?;
        let rows = query.query_map([signed(venue_sequence), count(limit)], ExecutionRow::read)?;
        rows.collect()
    }

    /// The last fill's sequence; 0 before the first.
    pub fn venue_sequence(&self) -> rusqlite::Result<u64> {
        self.largest("SELECT coalesce(max(venue_sequence), 0) FROM executions")
    }

    pub(super) fn order_sequence(&self) -> rusqlite::Result<u64> {
        self.largest("SELECT coalesce(max(sequence), 0) FROM orders")
    }

    /// The last trade id of each symbol ever traded.
    pub(super) fn trade_ids(&self) -> rusqlite::Result<BTreeMap<Symbol, u64>> {
        let mut query = self.connection.prepare("SELECT symbol, trade_id FROM symbols")?;
        let rows = query.query_map([], |row| Ok((text(row, 0)?, number(row, 1)?)))?;
        rows.collect()
    }

    fn largest(&self, query: &str) -> rusqlite::Result<u64> {
        self.connection.query_row(query, [], |row| number(row, 0))
    }
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
