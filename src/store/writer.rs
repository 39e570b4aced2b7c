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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hold::Level;
    use crate::domain::order::{Purpose, TimeInForce};
    use crate::domain::order_status::OrderStatus;
    use crate::domain::record::IntentRecord;
    use crate::domain::side::Side;
    use crate::store::load;
    use crate::store::run::RunEnd;
    use crate::store::run_cause::RunCause;
    use crate::store::tests::scratch::Scratch;

    fn intent(id: &str) -> Entry {
        let record = Record::Intent(IntentRecord {
            client_order_id: ClientOrderId::new(id).unwrap(),
            symbol: Symbol::new("BTC-USDT").unwrap(),
            side: Side::Buy,
            purpose: Purpose::Entry,
            price: Some(Decimal::ONE),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            quantity: Decimal::ONE,
            reference_price: Decimal::ONE,
        });
        Entry::Fact(Fact { at: Timestamp::from_us(1), input: Some(1), record })
    }

    fn order(id: &str, status: OrderStatus) -> Entry {
        Entry::Projection(Projection::Order(OrderRecord {
            client_order_id: ClientOrderId::new(id).unwrap(),
            venue_order_id: None,
            status,
            filled: Decimal::ONE,
            notional: Decimal::ONE,
            fee: Decimal::ZERO,
            reason_code: None,
            reason: None,
        }))
    }

    /// Writes batches as one commit on a new ledger; returns the ledger.
    fn write(name: &str, batches: Vec<Batch>) -> rusqlite::Result<Scratch> {
        Scratch::written(&format!("writer-{name}"), batches)
    }

    fn batch(entries: Vec<Entry>) -> Batch {
        Batch { entries, ..Batch::default() }
    }

    #[test]
    fn an_intent_may_follow_the_end_of_the_one_before_in_the_same_batch() {
        let entries = vec![intent("a-1-1"), order("a-1-1", OrderStatus::Filled), intent("a-1-2")];
        let connection = write("follow", vec![batch(entries)]).unwrap();
        let open = load::open_orders(&connection).unwrap();
        let ids: Vec<_> = open.iter().map(|open| open.intent.client_order_id.to_string()).collect();
        assert_eq!(ids, ["a-1-2"]);
    }

    #[test]
    fn a_second_open_intent_is_refused_by_the_file_itself() {
        assert!(write("second", vec![batch(vec![intent("a-1-1"), intent("a-1-2")])]).is_err());
    }

    #[test]
    fn one_commit_chains_every_fact() {
        let batches = vec![
            batch(vec![intent("a-1-1"), order("a-1-1", OrderStatus::New)]),
            batch(vec![order("a-1-1", OrderStatus::Canceled), intent("a-1-2")]),
        ];
        let connection = write("chain", batches).unwrap();
        assert_eq!(chain::head(&connection).unwrap().seq, 2);
        assert_eq!(chain::first_break(&connection, None).unwrap(), None);
        for change in ["payload = '{}'", "input = 2", "input = NULL"] {
            connection.execute_batch("SAVEPOINT whole").unwrap();
            connection.execute(&format!("UPDATE events SET {change} WHERE seq = 1"), []).unwrap();
            assert_eq!(chain::first_break(&connection, None).unwrap(), Some(1), "{change}");
            connection.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
        }
        assert_eq!(chain::first_break(&connection, None).unwrap(), None);
    }

    /// Acceptance test 21: an event is there once; what had no known cause says so; a copy breaks the
    /// chain.
    #[test]
    fn an_event_is_recorded_once_and_its_missing_cause_as_missing() {
        let caused = |input| {
            let record = Record::Run { run: 1, phase: "started" };
            Entry::Fact(Fact { at: Timestamp::from_us(1), input, record })
        };
        let connection = write("once", vec![batch(vec![caused(None), caused(Some(7))])]).unwrap();
        let inputs: Vec<Option<i64>> = connection
            .prepare("SELECT input FROM events ORDER BY seq")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(inputs, [None, Some(7)]);
        let again = "INSERT INTO events SELECT * FROM events WHERE seq = 1";
        assert!(connection.execute(again, []).is_err());
        let columns = "at_us, kind, ref, payload, hash, input";
        let copy = format!("INSERT INTO events SELECT 3, {columns} FROM events WHERE seq = 2");
        connection.execute(&copy, []).unwrap();
        assert_eq!(chain::first_break(&connection, None).unwrap(), Some(3));
    }

    #[test]
    fn what_waits_together_is_written_whole() {
        let vitals = |at| VitalsRow { at: Timestamp::from_us(at), run: 1, ..VitalsRow::default() };
        let row = |at| Batch { vitals: vec![vitals(at)], ..Batch::default() };
        let mut waiting = row(1);
        waiting.absorb(batch(vec![intent("a-1-1")]));
        waiting.absorb(row(2));
        assert_eq!(waiting.weight(), 3, "rows take room, too");
        let ledger = write("vitals", vec![waiting, row(3)]).unwrap();
        let all = vitals::between(&ledger, Timestamp::from_us(0), Timestamp::from_us(9)).unwrap();
        assert_eq!(all, [1, 2, 3].map(vitals));
        assert_eq!(chain::head(&ledger).unwrap().seq, 1, "none of it is in the chain");
    }

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
            dead_man: None,
            health: None,
        })
    }

    fn started(facts: usize, state: bool) -> Batch {
        let record = || Record::Run { run: 1, phase: "started" };
        let fact =
            || Entry::Fact(Fact { at: Timestamp::from_us(1), input: None, record: record() });
        let entries = std::iter::repeat_with(fact).take(facts).collect();
        Batch { entries, state: state.then(document), ..Batch::default() }
    }

    #[test]
    fn a_document_waits_as_long_as_nothing_happens_after_it() {
        let documented = || Batch { state: Some(document()), ..Batch::default() };
        let absorbed = |later: Batch| {
            let mut waiting = documented();
            waiting.absorb(later);
            waiting.state
        };
        assert!(absorbed(Batch::default()).is_some(), "nothing happened");
        let ran = RunUpdate { run: 1, ready_at: None, progress: None, ended: None };
        assert!(absorbed(Batch { run: Some(ran), ..Batch::default() }).is_some());
        assert!(absorbed(batch(vec![intent("a-1-1")])).is_none(), "it lacks the intent");
        let newer = StateDocument { run: 2, ..*document() };
        let later = Batch { state: Some(Box::new(newer.clone())), ..Batch::default() };
        assert_eq!(absorbed(later).map(|state| *state), Some(newer));
    }

    #[test]
    fn of_what_waits_the_last_word_is_kept() {
        let at = Timestamp::from_us;
        let entry = Entry::Projection;
        let position = |symbol: &str, bought| {
            entry(Projection::Position(PositionRow {
                symbol: Symbol::new(symbol).unwrap(),
                lots: Vec::new(),
                mark_price: None,
                stop_price: None,
                take_profit_price: None,
                high_price: None,
                bought: Decimal::from_int(bought),
                sold: Decimal::ZERO,
                transferred: Decimal::ZERO,
            }))
        };
        let balance = |asset: &str, total| {
            let (asset, total) = (Asset::new(asset).unwrap(), Decimal::from_int(total));
            entry(Projection::Balance { asset, total, hold: Decimal::ZERO })
        };
        let cursor = |number| entry(Projection::VenueCursor(number));
        let ended = |second| {
            let ended = RunEnd { at: at(second), cause: RunCause::Operator, words: String::new() };
            Some(RunUpdate {
                run: 1,
                ready_at: Some(at(second)),
                progress: None,
                ended: Some(ended),
            })
        };
        let (ready, open) = (ended(1), order("a-1-1", OrderStatus::New));
        let earlier = vec![
            position("BTC-USDT", 1),
            balance("BTC", 1),
            cursor(1),
            intent("a-1-1"),
            position("ETH-USDT", 1),
            balance("USDT", 1),
            open.clone(),
        ];
        let later = vec![cursor(2), position("BTC-USDT", 2), balance("BTC", 2), open.clone()];
        let mut waiting = Batch { at: at(5), entries: earlier, run: ready, ..Batch::default() };
        waiting.absorb(Batch { at: at(4), entries: later, run: None, ..Batch::default() });
        let kept = vec![
            intent("a-1-1"),
            position("ETH-USDT", 1),
            balance("USDT", 1),
            open.clone(),
            cursor(2),
            position("BTC-USDT", 2),
            balance("BTC", 2),
            open,
        ];
        assert_eq!((waiting.entries.clone(), waiting.at, waiting.weight()), (kept, at(5), 8));
        let said = |waiting: &Batch| waiting.run.as_ref().and_then(|run| run.ready_at);
        assert_eq!(said(&waiting), Some(at(1)));
        waiting.absorb(Batch { at: at(6), run: ended(9), ..Batch::default() });
        assert_eq!((said(&waiting), waiting.at, waiting.weight()), (Some(at(9)), at(6), 8));
    }

    #[test]
    fn a_document_names_the_last_event_of_its_own_batch() {
        let directory = std::env::temp_dir().join(format!("ibis-document-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut connection = LEDGER.open_writer(&directory.join("ibis.db")).unwrap();
        let mut sink = LedgerSink::new(directory.clone(), 0);
        let mut commit = |batches: Vec<Batch>| {
            let transaction = connection.transaction().unwrap();
            let batches: Vec<_> = batches.into_iter().map(Arc::new).collect();
            sink.write(&transaction, &batches).unwrap();
            transaction.commit().unwrap();
            let before = sink.mark();
            sink.committed(&batches);
            (state_json::read(&directory).unwrap().sequence, before, sink.mark())
        };
        let first = vec![started(2, true), started(3, true), started(4, false)];
        assert_eq!(commit(first), (5, 0, 9));
        assert_eq!(commit(vec![started(1, false)]), (5, 9, 10), "no document, none written");
        assert_eq!(commit(vec![started(0, true), started(1, false)]), (10, 10, 11));
        let mut again = sink.reopen(&directory.join("ibis.db")).unwrap();
        assert_eq!(chain::head(&again.transaction().unwrap()).unwrap().seq, 11);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
