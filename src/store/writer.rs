//! The one writer of the ledger: facts become events and rows, projections replace rows.
//!
//! Within one commit only the last state of a position, balance or order is written; facts are
//! written one by one, in order. Event numbers and hashes are given here, inside the transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::{Transaction, params};

use super::chain::{self, Content, Head};
use super::row;
use super::state_json::{self, StateDocument};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::record::{Fact, OrderRecord, PositionRow, Projection, Record};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::durable::group_commit::Sink;

/// One hand-over to the writer. Its facts are written before its projections: intents and orders
/// belong into a later one than what was projected of orders before them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The engine's clock at the hand-over.
    pub at: Timestamp,
    /// Appended, in order.
    pub facts: Vec<Fact>,
    /// Replaced.
    pub projections: Vec<Projection>,
    /// The agent's run row.
    pub run: Option<RunUpdate>,
    /// Written to `state.json` once this batch is durable.
    pub state: Option<Box<StateDocument>>,
}

/// A change of the agent's own row in `runs`. Wall-clock times, outside the hash chain.
#[derive(Clone, Debug)]
pub struct RunUpdate {
    /// Which start of the agent.
    pub run: u32,
    /// Reconciled and trading since.
    pub ready_at: Option<Timestamp>,
    /// The loop turned, with fresh data and a writable ledger.
    pub progress: Option<Progress>,
    /// Over, and why.
    pub ended: Option<(Timestamp, String)>,
}

/// Proof of work: when, by the wall, the engine's clock and the market.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Wall clock.
    pub wall_at: Timestamp,
    /// The engine's clock.
    pub engine_at: Timestamp,
    /// Newest market data, by the engine's clock.
    pub data_at: Timestamp,
}

/// The ledger's [`Sink`].
#[derive(Debug)]
pub struct LedgerSink {
    state_dir: PathBuf,
    /// The last event of the newest batch with a document: later batches of the same commit are not
    /// in that document.
    documented: i64,
}

impl LedgerSink {
    /// A sink for the ledger in `state_dir`.
    pub fn new(state_dir: PathBuf) -> Self {
        Self { state_dir, documented: 0 }
    }
}

impl Sink for LedgerSink {
    type Item = Batch;

    fn write(&mut self, transaction: &Transaction<'_>, batches: &[Batch]) -> rusqlite::Result<()> {
        let mut writer = Writer::new(transaction)?;
        for batch in batches {
            for fact in &batch.facts {
                writer.fact(fact)?;
            }
            for projection in &batch.projections {
                writer.projection(batch.at, projection)?;
            }
            if let Some(update) = &batch.run {
                row::update_run(transaction, update)?;
            }
            if batch.state.is_some() {
                self.documented = writer.head.seq;
            }
        }
        writer.finish()
    }

    fn committed(&mut self, batches: Vec<Batch>) {
        let Some(mut document) = batches.into_iter().rev().find_map(|batch| batch.state) else {
            return;
        };
        document.sequence = self.documented;
        if let Err(error) = state_json::write(&self.state_dir, &document) {
            let path = state_json::path(&self.state_dir);
            log::error!("{}: cannot be written: {error}", path.display());
        }
    }
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

    fn fact(&mut self, fact: &'a Fact) -> rusqlite::Result<()> {
        let event = row::event(&fact.record);
        let content = Content {
            seq: self.head.seq + 1,
            at_us: fact.at.us(),
            kind: event.kind,
            reference: &event.reference,
            payload: &event.payload,
        };
        let hash = chain::link(&self.head.hash, &content);
        self.transaction
            .prepare_cached(
                "INSERT INTO events (seq, at_us, kind, ref, payload, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![content.seq, content.at_us, content.kind, content.reference, content.payload, hash])?;
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
            Record::Transfer(transfer) => row::insert_transfer(self.transaction, fact.at, transfer),
            Record::Surprise(_) | Record::Run { .. } => Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hold::Level;
    use crate::store::{LEDGER, ledger_path};

    fn document() -> Box<StateDocument> {
        Box::new(StateDocument {
            sequence: 0,
            written_at_us: 0,
            engine_at_us: 0,
            mode: "paper".to_owned(),
            run: 1,
            state: Level::Running,
            holds: Vec::new(),
            positions: BTreeMap::new(),
            balances: BTreeMap::new(),
            open_orders: BTreeMap::new(),
            equity: Decimal::ZERO,
            cash: Decimal::ZERO,
        })
    }

    fn batch(facts: usize, state: bool) -> Batch {
        let fact =
            Fact { at: Timestamp::from_us(1), record: Record::Run { run: 1, phase: "started" } };
        let state = state.then(document);
        Batch { facts: vec![fact; facts], state, ..Batch::default() }
    }

    #[test]
    fn a_document_names_the_last_event_of_its_own_batch() {
        let directory = std::env::temp_dir().join(format!("ibis-writer-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut connection = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        let mut sink = LedgerSink::new(directory.clone());
        let mut commit = |batches: Vec<Batch>| {
            let transaction = connection.transaction().unwrap();
            sink.write(&transaction, &batches).unwrap();
            transaction.commit().unwrap();
            sink.committed(batches);
            state_json::read(&directory).unwrap().sequence
        };
        assert_eq!(commit(vec![batch(2, true), batch(3, true), batch(4, false)]), 5);
        assert_eq!(commit(vec![batch(1, false)]), 5, "no document, none written");
        assert_eq!(commit(vec![batch(0, true), batch(1, false)]), 10);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
