//! The one writer of the ledger: facts become events and rows, projections replace rows.
//!
//! Within one commit only the last state of a position, balance or order is written; facts are
//! written one by one, in order. Event numbers and hashes are given here, inside the transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Transaction, params};

use super::LEDGER;
use super::chain::{self, Content, Head};
use super::day_row;
use super::operator;
use super::row;
use super::run::RunUpdate;
use super::state_json::{self, StateDocument};
use super::vitals::{self, VitalsRow};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::record::{Fact, OrderRecord, PositionRow, Projection, Record};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::durable::group_commit::{Handover, Sink};
use crate::durable::sqlite::OpenError;

/// One hand-over to the writer.
#[derive(Debug, Default)]
pub struct Batch {
    /// The engine's clock at the hand-over.
    pub at: Timestamp,
    /// In the order in which they came about.
    pub entries: Vec<Entry>,
    /// The agent's run row.
    pub run: Option<RunUpdate>,
    /// What the process cost, as its shell measured it.
    pub vitals: Vec<VitalsRow>,
    /// Written to `state.json` once this batch is durable.
    pub state: Option<Box<StateDocument>>,
}

impl Handover for Batch {
    fn absorb(&mut self, later: Self) {
        // A document names the last event of its batch: it does not reflect what comes after it.
        if later.state.is_some() || !later.entries.is_empty() {
            self.state = later.state;
        }
        self.at = self.at.max(later.at);
        self.entries.extend(later.entries);
        self.vitals.extend(later.vitals);
        self.run = match (self.run.take(), later.run) {
            (Some(earlier), Some(later)) => Some(earlier.then(later)),
            (earlier, later) => later.or(earlier),
        };
        drop_replaced(&mut self.entries);
    }

    fn weight(&self) -> usize {
        self.entries.len() + self.vitals.len()
    }
}

/// Drops the projections that a later one of the same kind and key replaces. An order's stay: an
/// intent may stand between two of them, which needs the first.
fn drop_replaced(entries: &mut Vec<Entry>) {
    let (mut positions, mut balances, mut cursor) = (BTreeSet::new(), BTreeSet::new(), false);
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..).rev() {
        let last = match &entry {
            Entry::Projection(Projection::Position(position)) => positions.insert(position.symbol),
            Entry::Projection(Projection::Balance { asset, .. }) => balances.insert(*asset),
            Entry::Projection(Projection::VenueCursor(_)) => !std::mem::replace(&mut cursor, true),
            Entry::Fact(_)
            | Entry::Projection(
                Projection::Order(_)
                | Projection::Refused { .. }
                | Projection::Sample(_)
                | Projection::Day(_),
            ) => true,
        };
        if last {
            kept.push(entry);
        }
    }
    kept.reverse();
    *entries = kept;
}

/// Something to write.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    /// Appended.
    Fact(Fact),
    /// Replaced.
    Projection(Projection),
}

/// The ledger's [`Sink`].
#[derive(Debug)]
pub struct LedgerSink {
    state_dir: PathBuf,
    /// The last event of the newest batch with a document: later batches of the same commit are not
    /// in that document.
    documented: i64,
    /// The last event of the last commit.
    head: i64,
    /// The last event written, committed or not.
    written: i64,
}

impl LedgerSink {
    /// A sink for the ledger in `state_dir`, whose last event is `head`.
    pub fn new(state_dir: PathBuf, head: i64) -> Self {
        Self { state_dir, documented: 0, head, written: head }
    }
}

impl Sink for LedgerSink {
    type Item = Batch;

    fn write(
        &mut self,
        transaction: &Transaction<'_>,
        batches: &[Arc<Batch>],
    ) -> rusqlite::Result<()> {
        let mut writer = Writer::new(transaction)?;
        for batch in batches {
            writer.entries(batch.at, &batch.entries)?;
            if let Some(update) = &batch.run {
                row::update_run(transaction, update)?;
            }
            for row in &batch.vitals {
                vitals::put(transaction, row)?;
            }
            if batch.state.is_some() {
                self.documented = writer.head.seq;
            }
        }
        self.written = writer.head.seq;
        writer.finish()
    }

    fn committed(&mut self, batches: &[Arc<Batch>]) {
        self.head = self.written;
        let Some(document) = batches.iter().rev().find_map(|batch| batch.state.as_ref()) else {
            return;
        };
        let document = StateDocument { sequence: self.documented, ..(**document).clone() };
        if let Err(error) = state_json::write(&self.state_dir, &document) {
            let path = state_json::path(&self.state_dir);
            log::error!("{}: cannot be written: {error}", path.display());
        }
    }

    fn mark(&self) -> i64 {
        self.head
    }

    fn reopen(&self, path: &Path) -> Result<Connection, OpenError> {
        LEDGER.open_writer(path)
    }
}

/// Writes entries in order as of `at`, inside a transaction of the caller's.
pub(super) fn write_entries(
    transaction: &Transaction<'_>,
    at: Timestamp,
    entries: &[Entry],
) -> rusqlite::Result<()> {
    let mut writer = Writer::new(transaction)?;
    writer.entries(at, entries)?;
    writer.finish()
}

/// One transaction's worth of writing.
struct Writer<'a> {
    transaction: &'a Transaction<'a>,
    head: Head,
    fill: i64,
    orders: BTreeMap<ClientOrderId, (Timestamp, &'a OrderRecord)>,
    positions: BTreeMap<Symbol, (Timestamp, &'a PositionRow)>,
    balances: BTreeMap<Asset, (Timestamp, Decimal, Decimal)>,
    cursor: Option<u64>,
}

impl<'a> Writer<'a> {
    fn new(transaction: &'a Transaction<'a>) -> rusqlite::Result<Self> {
        let fill = transaction
            .prepare_cached("SELECT coalesce(max(fill), 0) FROM fills")?
            .query_row([], |row| row.get(0))?;
        Ok(Self {
            transaction,
            head: chain::head(transaction)?,
            fill,
            orders: BTreeMap::new(),
            positions: BTreeMap::new(),
            balances: BTreeMap::new(),
            cursor: None,
        })
    }

    fn entries(&mut self, at: Timestamp, entries: &'a [Entry]) -> rusqlite::Result<()> {
        for entry in entries {
            match entry {
                Entry::Fact(fact) => self.fact(fact)?,
                Entry::Projection(projection) => self.projection(at, projection)?,
            }
        }
        Ok(())
    }

    fn fact(&mut self, fact: &'a Fact) -> rusqlite::Result<()> {
        let event = row::event(&fact.record);
        let content = Content {
            seq: self.head.seq + 1,
            at_us: fact.at.us(),
            kind: event.kind,
            reference: &event.reference,
            payload: &event.payload,
            input: fact.input.and_then(|input| i64::try_from(input).ok()),
        };
        let hash = chain::link(&self.head.hash, &content);
        self.transaction
            .prepare_cached(
                "INSERT INTO events (seq, at_us, kind, ref, payload, hash, input)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                content.seq,
                content.at_us,
                content.kind,
                content.reference,
                content.payload,
                hash,
                content.input
            ])?;
        self.head = Head { seq: content.seq, hash };
        self.table(fact)
    }

    /// The readable form of a fact.
    fn table(&mut self, fact: &'a Fact) -> rusqlite::Result<()> {
        match &fact.record {
            Record::Intent(intent) => {
                // The order before it on this instrument must have ended by now, in the table too.
                self.flush_orders()?;
                row::insert_intent(self.transaction, fact.at, intent)
            }
            Record::Order(order) => {
                self.orders.insert(order.client_order_id, (fact.at, order));
                Ok(())
            }
            Record::Fill(fill) => {
                self.fill += 1;
                row::insert_fill(self.transaction, self.fill, fact.at, fill)
            }
            Record::HoldSet(hold) => row::insert_hold(self.transaction, hold),
            Record::HoldCleared { scope, code } => {
                row::clear_hold(self.transaction, fact.at, *scope, *code)
            }
            Record::Transition(transition) => {
                row::insert_transition(self.transaction, fact.at, transition)
            }
            Record::Operator(said) => operator::insert(self.transaction, fact.at, said),
            Record::Transfer(transfer) => row::insert_transfer(self.transaction, fact.at, transfer),
            Record::Decision(_)
            | Record::KillVerified { .. }
            | Record::Surprise(_)
            | Record::Run { .. } => Ok(()),
        }
    }

    fn projection(&mut self, at: Timestamp, projection: &'a Projection) -> rusqlite::Result<()> {
        match projection {
            Projection::Position(position) => {
                self.positions.insert(position.symbol, (at, position));
            }
            Projection::Balance { asset, total, hold } => {
                self.balances.insert(*asset, (at, *total, *hold));
            }
            Projection::Order(order) => {
                self.orders.insert(order.client_order_id, (at, order));
            }
            Projection::Refused { at, symbol, code } => {
                return row::count_refusal(self.transaction, *at, *symbol, code);
            }
            Projection::Sample(sample) => return row::insert_sample(self.transaction, sample),
            Projection::VenueCursor(cursor) => self.cursor = Some(*cursor),
            Projection::Day(row) => return day_row::put(self.transaction, row),
        }
        Ok(())
    }

    fn flush_orders(&mut self) -> rusqlite::Result<()> {
        for (_, (at, order)) in std::mem::take(&mut self.orders) {
            row::put_order(self.transaction, at, order)?;
        }
        Ok(())
    }

    fn finish(mut self) -> rusqlite::Result<()> {
        self.flush_orders()?;
        for (at, position) in self.positions.values() {
            row::put_position(self.transaction, *at, position)?;
        }
        for (asset, (at, total, hold)) in &self.balances {
            row::put_balance(self.transaction, *at, *asset, *total, *hold)?;
        }
        if let Some(cursor) = self.cursor {
            row::put_meta(self.transaction, "venue_cursor", &cursor.to_string())?;
        }
        Ok(())
    }
}
