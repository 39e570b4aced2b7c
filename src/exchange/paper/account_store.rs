//! The paper account on disk: `paper.db`, apart from the ledger, so that reconciling the two is real.
//!
//! [`open`] restores the venue exactly where its last durable change left it. Commands that had not
//! arrived and reports that were not released are gone, as with a real exchange across a lost
//! connection: the agent asks for open orders and fills. One writer thread; executions are inserted
//! one by one, orders and balances only as they stand at the end of a commit.
//!
//! **Failure**: the writer tries again until the disk takes what it has ([`GroupCommit`]); meanwhile
//! nothing is durable, so that no report is released. A foreign, damaged or newer file is refused and
//! left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::Execution;
use crate::domain::identifier::{Asset, InstrumentId};
use crate::domain::instrument::Instrument;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::durable::group_commit::{GroupCommit, Handover, Sink, Ticket, Trouble, WriteFailed};
use crate::durable::sqlite::OpenError;

use super::account_reader::{ACCOUNT, AccountReader, account_path};
use super::account_row::{self, OrderRow};
use super::change::{VenueChange, VenueState};
use super::desk::EXECUTIONS_KEPT;
use super::order::VenueOrder;
use super::order_index::CLOSED_ORDERS_KEPT;
use super::settings::PaperSettings;
use super::venue::PaperVenue;

/// Why the account could not be opened or read.
#[derive(Debug)]
pub enum AccountError {
    /// The file.
    Open(OpenError),
    /// What is in it.
    Content(PathBuf, String),
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Content(path, why) => write!(
                f,
                "{}: paper account cannot be read ({why}); it was left as it is, restore a backup \
                 or move it aside to start with new deposits",
                path.display()
            ),
        }
    }
}

impl std::error::Error for AccountError {}

/// The loop's end of the account's writer.
#[derive(Debug)]
pub struct AccountStore {
    writer: GroupCommit<Vec<VenueChange>>,
    state_dir: PathBuf,
    instruments: Vec<Instrument>,
    /// Open orders canceled while opening, because their instrument is no longer traded.
    delisted: Vec<OrderRow>,
}

/// Opens the account in `state_dir`, with `deposits` if it is new, and the venue where it stood.
///
/// An open order whose instrument is not among `instruments`, or no longer has its grid and fees, is
/// canceled, as an exchange does that delists a pair.
pub fn open(
    state_dir: &Path,
    instruments: &[Instrument],
    settings: PaperSettings,
    deposits: &[(Asset, Decimal)],
) -> Result<(PaperVenue, AccountStore), AccountError> {
    let path = account_path(state_dir);
    let mut connection = ACCOUNT.open_writer(&path).map_err(AccountError::Open)?;
    let content = |error: rusqlite::Error| unreadable(&path, &error);
    let delisted = prepare(&mut connection, instruments, deposits).map_err(content)?;
    let reader = AccountReader::new(connection);
    let state = load(&reader, instruments).map_err(content)?;
    let venue = PaperVenue::restore(instruments.to_vec(), settings, state);
    if let Some(violation) = venue.check().first() {
        return Err(AccountError::Content(path, violation.clone()));
    }
    let sink = AccountSink { instruments: instruments.to_vec() };
    let writer = GroupCommit::start("paper-account", reader.into_connection(), sink)
        .map_err(|error| AccountError::Content(path, error.to_string()))?;
    let (state_dir, instruments) = (state_dir.to_owned(), instruments.to_vec());
    Ok((venue, AccountStore { writer, state_dir, instruments, delisted }))
}

impl AccountStore {
    /// Hands changes to the writer. Nothing is sent where there are none.
    pub fn write(&mut self, changes: Vec<VenueChange>) -> Ticket {
        if changes.is_empty() { self.writer.last() } else { self.writer.send(changes) }
    }

    /// The ticket of the last hand-over.
    pub fn last(&self) -> Ticket {
        self.writer.last()
    }

    /// True where everything up to `ticket` is on disk.
    pub fn is_durable(&self, ticket: Ticket) -> Result<bool, WriteFailed> {
        self.writer.is_durable(ticket)
    }

    /// Waits until everything up to `ticket` is on disk.
    pub fn wait(&self, ticket: Ticket) -> Result<(), WriteFailed> {
        self.writer.wait(ticket)
    }

    /// As [`AccountStore::wait`], but false where the disk makes trouble or takes too long.
    pub fn wait_patiently(&mut self, ticket: Ticket) -> Result<bool, WriteFailed> {
        self.writer.wait_patiently(ticket)
    }

    /// Why nothing becomes durable at present, if that is so.
    pub fn trouble(&mut self) -> Option<Trouble> {
        self.writer.trouble()
    }

    /// Writes what is queued and ends the writer.
    pub fn close(self) -> Result<(), WriteFailed> {
        self.writer.close()
    }

    /// Open orders canceled while opening, because their instrument is no longer traded.
    pub fn delisted(&self) -> &[OrderRow] {
        &self.delisted
    }

    /// At most `limit` fills after `venue_sequence`, oldest first, from disk: for when
    /// [`PaperVenue::executions_since`] does not reach back that far. Waits for the writer first.
    /// Fills of instruments no longer traded are left out; [`AccountReader`] has them.
    pub fn executions_since(
        &self,
        venue_sequence: u64,
        limit: usize,
    ) -> Result<Vec<Execution>, AccountError> {
        let content = |why| AccountError::Content(account_path(&self.state_dir), why);
        self.wait(self.last()).map_err(|error| content(error.to_string()))?;
        let reader = AccountReader::open(&self.state_dir).map_err(AccountError::Open)?;
        let by_symbol = index(&self.instruments);
        let mut cursor = venue_sequence;
        loop {
            let rows = reader
                .executions_since(cursor, limit)
                .map_err(|error| content(error.to_string()))?;
            let known = rows.iter().filter_map(|row| {
                let (id, instrument) = by_symbol.get(&row.symbol)?;
                row.execution(*id, instrument).ok()
            });
            let known: Vec<_> = known.collect();
            // An empty answer means the end: a page of nothing but delisted fills is not one.
            match rows.last() {
                Some(last) if known.is_empty() => cursor = last.venue_sequence,
                Some(_) | None => return Ok(known),
            }
        }
    }
}

/// SQLite's word is about the file or the disk, any other about what is in it.
fn unreadable(path: &Path, error: &rusqlite::Error) -> AccountError {
    match error.sqlite_error_code() {
        Some(_) => AccountError::Open(ACCOUNT.error(path, error)),
        None => AccountError::Content(path.to_owned(), error.to_string()),
    }
}

/// Creates the account where it is new; cancels orders that can no longer be matched.
fn prepare(
    connection: &mut Connection,
    instruments: &[Instrument],
    deposits: &[(Asset, Decimal)],
) -> rusqlite::Result<Vec<OrderRow>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let fresh = transaction.execute("INSERT OR IGNORE INTO meta VALUES ('mode', 'paper')", [])? > 0;
    if fresh {
        let mut balances: BTreeMap<Asset, Balance> = BTreeMap::new();
        for &(asset, amount) in deposits {
            balances.entry(asset).or_default().credit(amount);
        }
        for (asset, balance) in balances {
            account_row::put_balance(&transaction, asset, balance.total(), balance)?;
        }
    }
    transaction.commit()?;
    let by_symbol = index(instruments);
    let fits = |order: &OrderRow| {
        by_symbol.get(&order.symbol).is_some_and(|(id, instrument)| {
            order.venue_order(*id, instrument).is_ok_and(|order| {
                let limit = order.price.unwrap_or_default();
                instrument.hold(order.side, limit, order.remaining()).1 == order.hold
            })
        })
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut orders = open_orders(&transaction)?;
    orders.retain(|order| !fits(order));
    for order in &orders {
        cancel_row(&transaction, order)?;
    }
    transaction.commit()?;
    Ok(orders)
}

fn open_orders(connection: &Connection) -> rusqlite::Result<Vec<OrderRow>> {
    let query = format!(
        "SELECT {} FROM orders WHERE status IN ('new', 'partially_filled')",
        account_row::ORDER_COLUMNS
    );
    let mut query = connection.prepare(&query)?;
    query.query_map([], OrderRow::read)?.collect()
}

fn cancel_row(transaction: &Transaction<'_>, order: &OrderRow) -> rusqlite::Result<()> {
    let asset = match order.side {
        Side::Buy => order.symbol.quote(),
        Side::Sell => order.symbol.base(),
    };
    let held: Decimal = transaction.query_row(
        "SELECT hold FROM balances WHERE asset = ?1",
        [asset.as_str()],
        |row| account_row::text(row, 0),
    )?;
    transaction.execute(
        "UPDATE balances SET hold = ?2 WHERE asset = ?1",
        params![asset.as_str(), held - order.hold],
    )?;
    transaction.execute(
        "UPDATE orders SET status = 'canceled', hold = '0' WHERE sequence = ?1",
        [account_row::signed(order.sequence)],
    )?;
    Ok(())
}

fn index(instruments: &[Instrument]) -> BTreeMap<Symbol, (InstrumentId, &Instrument)> {
    let numbered = (0u16..).zip(instruments);
    numbered.map(|(id, instrument)| (instrument.symbol(), (InstrumentId(id), instrument))).collect()
}

fn load(reader: &AccountReader, instruments: &[Instrument]) -> rusqlite::Result<VenueState> {
    let by_symbol = index(instruments);
    let on_grid = |row: &OrderRow| {
        let (id, instrument) = by_symbol.get(&row.symbol)?;
        row.venue_order(*id, instrument).ok()
    };
    let venue_sequence = reader.venue_sequence()?;
    let since = venue_sequence.saturating_sub(EXECUTIONS_KEPT as u64);
    let mut executions = Vec::new();
    for row in reader.executions_since(since, EXECUTIONS_KEPT)? {
        let known = by_symbol.get(&row.symbol);
        match known.and_then(|(id, instrument)| row.execution(*id, instrument).ok()) {
            Some(execution) => executions.push(execution),
            // What is kept in memory has no gaps: it begins after the last unknown one.
            None => executions.clear(),
        }
    }
    Ok(VenueState {
        balances: reader.balances()?,
        open_orders: reader.open_orders()?.iter().filter_map(on_grid).collect(),
        closed_orders: reader
            .closed_orders(CLOSED_ORDERS_KEPT)?
            .iter()
            .filter_map(on_grid)
            .collect(),
        executions,
        order_sequence: reader.order_sequence()?,
        venue_sequence,
        trade_ids: trade_ids(reader, instruments)?,
    })
}

fn trade_ids(reader: &AccountReader, instruments: &[Instrument]) -> rusqlite::Result<Vec<u64>> {
    let known = reader.trade_ids()?;
    let last = |instrument: &Instrument| known.get(&instrument.symbol()).copied().unwrap_or(0);
    Ok(instruments.iter().map(last).collect())
}

impl Handover for Vec<VenueChange> {
    /// Of several changes to one order or balance the last is kept.
    fn absorb(&mut self, later: Self) {
        self.extend(later);
        let (mut orders, mut balances) = (BTreeSet::new(), BTreeSet::new());
        let mut kept: Self = Vec::with_capacity(self.len());
        for change in self.drain(..).rev() {
            let last = match &change {
                VenueChange::Order(order) => orders.insert(order.sequence),
                VenueChange::Balance { asset, .. } => balances.insert(*asset),
                VenueChange::Execution(_) => true,
            };
            if last {
                kept.push(change);
            }
        }
        kept.reverse();
        *self = kept;
    }

    fn weight(&self) -> usize {
        self.len()
    }
}

/// Writes changes of instruments by their index.
struct AccountSink {
    instruments: Vec<Instrument>,
}

impl AccountSink {
    fn instrument(&self, id: InstrumentId) -> &Instrument {
        self.instruments.get(id.index()).expect("the venue trades the store's instruments")
    }
}

impl Sink for AccountSink {
    type Item = Vec<VenueChange>;

    fn write(
        &mut self,
        transaction: &Transaction<'_>,
        items: &[Arc<Vec<VenueChange>>],
    ) -> rusqlite::Result<()> {
        let mut orders: BTreeMap<u64, &VenueOrder> = BTreeMap::new();
        let mut balances: BTreeMap<Asset, Balance> = BTreeMap::new();
        let mut trade_ids: BTreeMap<InstrumentId, i64> = BTreeMap::new();
        for change in items.iter().flat_map(|changes| changes.iter()) {
            match change {
                VenueChange::Order(order) => drop(orders.insert(order.sequence, order)),
                VenueChange::Balance { asset, balance } => drop(balances.insert(*asset, *balance)),
                VenueChange::Execution(fill) => {
                    let instrument = self.instrument(fill.instrument);
                    account_row::insert_execution(transaction, instrument, fill)?;
                    trade_ids.insert(fill.instrument, account_row::trade_id(fill));
                }
            }
        }
        for order in orders.into_values() {
            account_row::put_order(transaction, self.instrument(order.instrument), order)?;
        }
        for (asset, balance) in balances {
            account_row::put_balance(transaction, asset, Decimal::ZERO, balance)?;
        }
        for (instrument, trade_id) in trade_ids {
            let symbol = self.instrument(instrument).symbol();
            transaction
                .prepare_cached("INSERT OR REPLACE INTO symbols VALUES (?1, ?2)")?
                .execute(params![symbol.as_str(), trade_id])?;
        }
        Ok(())
    }

    fn committed(&mut self, _: &[Arc<Vec<VenueChange>>]) {}

    fn reopen(&self, path: &Path) -> Result<Connection, OpenError> {
        ACCOUNT.open_writer(path)
    }
}
