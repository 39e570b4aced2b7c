//! What the writer does with what is handed over to it.

use std::sync::Arc;

use super::*;
use crate::durable::group_commit::{Handover as _, Sink as _};
use crate::store::run::{RunEnd, RunUpdate};
use crate::store::run_cause::RunCause;
use crate::store::state_json::{self, StateDocument};
use crate::store::vitals::{self, VitalsRow};
use crate::store::writer::LedgerSink;

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
    let fact = || Entry::Fact(Fact { at: Timestamp::from_us(1), input: None, record: record() });
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
        Some(RunUpdate { run: 1, ready_at: Some(at(second)), progress: None, ended: Some(ended) })
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
