//! What is written is read back, to the last column: a small story through the one writer into a real
//! file, and every reader on it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;

use super::emergency_line::Line;
use super::event::EventRow;
use super::load::{self, BookedTrade, LedgerState, OpenOrder};
use super::own_trade::{self, Held, RealizedFill};
use super::writer::{Batch, Entry, LedgerSink};
use super::{LEDGER, books, chain, column, day_row, event, order_story, row};
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::decision::DecisionRecord;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::identifier::{Asset, ClientOrderId, ExecutionId, VenueOrderId};
use crate::domain::instrument::Liquidity;
use crate::domain::operator::{Command, CommandId, OperatorRecord, Outcome, Via, Wish};
use crate::domain::order::{Purpose, TimeInForce};
use crate::domain::order_status::OrderStatus;
use crate::domain::position::{Basis, Lot};
use crate::domain::record::{
    DayRow, Fact, FillRecord, IntentRecord, OrderRecord, PositionRow, Projection, RealizedRecord,
    Record, Sample, SurpriseRecord, TransferRecord, TransitionRecord,
};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::{DAY_US, Timestamp};
use crate::durable::group_commit::Sink as _;
use crate::risk::guard::protection::ClosedTrade;

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(second * 1_000)
}

fn asset(code: &str) -> Asset {
    Asset::new(code).unwrap()
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn id(number: u32) -> ClientOrderId {
    ClientOrderId::new(&format!("ibis-1-{number}")).unwrap()
}

fn venue_id(number: u32) -> VenueOrderId {
    VenueOrderId::new(&format!("v-{number}")).unwrap()
}

/// A new directory of this test.
fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("ibis-store-{}-{name}", std::process::id()));
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Writes entries in one commit.
fn write(name: &str, entries: Vec<Entry>) -> Connection {
    let directory = directory(name);
    let mut connection = LEDGER.open_writer(&directory.join("ibis.db")).unwrap();
    let transaction = connection.transaction().unwrap();
    row::put_meta(&transaction, "instance", "ibis").unwrap();
    let batch = Batch { at: at(99), entries, ..Batch::default() };
    LedgerSink::new(directory, 0).write(&transaction, &[Arc::new(batch)]).unwrap();
    transaction.commit().unwrap();
    connection
}

fn fact(second: i64, record: Record) -> Entry {
    Entry::Fact(Fact { at: at(second), input: Some(u64::try_from(second).unwrap()), record })
}

fn transfer(code: &str, amount: &str, venue_id: Option<&str>) -> TransferRecord {
    let (kind, reason) = ("deposit".to_owned(), "a test".to_owned());
    let venue_id = venue_id.map(str::to_owned);
    TransferRecord { asset: asset(code), amount: d(amount), kind, reason, venue_id }
}

fn bought() -> IntentRecord {
    IntentRecord {
        client_order_id: id(1),
        symbol: symbol("BTC-USDT"),
        side: Side::Buy,
        purpose: Purpose::Entry,
        price: Some(d("60000")),
        time_in_force: TimeInForce::Gtc,
        post_only: true,
        quantity: d("0.001"),
        reference_price: d("60001"),
    }
}

fn selling() -> IntentRecord {
    IntentRecord {
        client_order_id: id(2),
        side: Side::Sell,
        purpose: Purpose::StopLoss,
        price: Some(d("59000")),
        time_in_force: TimeInForce::Ioc,
        post_only: false,
        reference_price: d("61000"),
        ..bought()
    }
}

fn wanted() -> IntentRecord {
    IntentRecord {
        client_order_id: id(3),
        symbol: symbol("ETH-USDT"),
        price: None,
        time_in_force: TimeInForce::Fok,
        post_only: false,
        quantity: d("2"),
        reference_price: d("3000"),
        ..bought()
    }
}

fn order(number: u32, status: OrderStatus, filled: &str, notional: &str, fee: &str) -> OrderRecord {
    OrderRecord {
        client_order_id: id(number),
        venue_order_id: Some(venue_id(number)),
        status,
        filled: d(filled),
        notional: d(notional),
        fee: d(fee),
        reason_code: None,
        reason: None,
    }
}

fn fill_bought() -> FillRecord {
    FillRecord {
        symbol: symbol("BTC-USDT"),
        execution_id: ExecutionId::new("501").unwrap(),
        venue_sequence: 6,
        client_order_id: id(1),
        venue_order_id: venue_id(1),
        side: Side::Buy,
        purpose: Purpose::Entry,
        price: d("60000"),
        quantity: d("0.001"),
        notional: d("60"),
        fee: d("0.06"),
        fee_asset: asset("USDT"),
        liquidity: Liquidity::Maker,
        reference_price: d("60001"),
        realized: None,
    }
}

fn fill_sold() -> FillRecord {
    FillRecord {
        execution_id: ExecutionId::new("502").unwrap(),
        venue_sequence: 7,
        client_order_id: id(2),
        venue_order_id: venue_id(2),
        side: Side::Sell,
        purpose: Purpose::StopLoss,
        price: d("61000"),
        quantity: d("0.0004"),
        notional: d("24.4"),
        fee: d("0.0244"),
        liquidity: Liquidity::Taker,
        reference_price: d("61000"),
        realized: Some(RealizedRecord {
            matched: d("0.0004"),
            gross: d("0.4"),
            fees: d("0.0484"),
            net: d("0.3516"),
            basis: Basis::Known,
            opened_at: Some(at(12)),
        }),
        ..fill_bought()
    }
}

fn lots() -> Vec<Lot> {
    let (cost, fee) = (d("36"), d("0.036"));
    let opened_at = at(12);
    let known = Lot { quantity: d("0.0006"), cost, fee, basis: Basis::Known, opened_at };
    let (cost, fee) = (Decimal::ZERO, Decimal::ZERO);
    let opened_at = at(15);
    vec![known, Lot { quantity: d("0.5"), cost, fee, basis: Basis::Unknown, opened_at }]
}

fn position() -> PositionRow {
    PositionRow {
        symbol: symbol("BTC-USDT"),
        lots: lots(),
        mark_price: Some(d("61000")),
        stop_price: Some(d("59700")),
        take_profit_price: None,
        high_price: Some(d("61500")),
        bought: d("0.001"),
        sold: d("0.0004"),
        transferred: d("0.5"),
    }
}

fn paused() -> Hold {
    Hold {
        scope: Some(symbol("ETH-USDT")),
        code: HoldCode::Edge,
        level: Level::SoftPause,
        reason: "thin".to_owned(),
        set_at: at(31),
        until: Some(at(60)),
    }
}

fn stopped() -> Hold {
    let (code, level, reason) = (HoldCode::DailyLoss, Level::HardStop, "3 %".to_owned());
    Hold { scope: None, code, level, reason, set_at: at(32), until: None }
}

fn balances() -> BTreeMap<Asset, Balance> {
    let of = |total: &str, hold: &str| Balance::of_ledger(d(total), d(hold));
    let balances = [("BTC", of("0.5006", "0.0006")), ("USDT", of("9964.3156", "6000"))];
    balances.map(|(code, balance)| (asset(code), balance)).into()
}

/// Something is deposited, bought, sold in part; another order is intended and nothing more is known.
fn story() -> Vec<Entry> {
    let balance = |(asset, balance): (&Asset, &Balance)| {
        let (asset, total, hold) = (*asset, balance.total(), balance.hold());
        Entry::Projection(Projection::Balance { asset, total, hold })
    };
    let order = |second, record| fact(second, Record::Order(record));
    let filled = |record| Entry::Projection(Projection::Order(record));
    let startup = Hold { code: HoldCode::Startup, ..stopped() };
    let cleared = Record::HoldCleared { scope: None, code: HoldCode::Startup };
    let mut entries = vec![
        fact(1, Record::Run { run: 4, phase: "started" }),
        fact(2, Record::Transfer(transfer("USDT", "10000", Some("m-1")))),
        fact(3, Record::HoldSet(startup)),
        fact(4, cleared),
        fact(10, Record::Intent(bought())),
        order(
            10,
            OrderRecord {
                venue_order_id: None,
                ..self::order(1, OrderStatus::Submitted, "0", "0", "0")
            },
        ),
        order(11, self::order(1, OrderStatus::New, "0", "0", "0")),
        fact(12, Record::Fill(Box::new(fill_bought()))),
        filled(self::order(1, OrderStatus::Filled, "0.001", "60", "0.06")),
        fact(15, Record::Transfer(transfer("BTC", "0.5", None))),
        fact(20, Record::Intent(selling())),
        order(21, self::order(2, OrderStatus::New, "0", "0", "0")),
        fact(22, Record::Fill(Box::new(fill_sold()))),
        filled(sold()),
        fact(30, Record::Intent(wanted())),
        fact(31, Record::HoldSet(paused())),
        fact(32, Record::HoldSet(stopped())),
        Entry::Projection(Projection::Position(position())),
        Entry::Projection(Projection::VenueCursor(7)),
    ];
    entries.extend(balances().iter().map(balance));
    entries
}

fn sold() -> OrderRecord {
    OrderRecord {
        reason_code: Some(7),
        reason: Some("in part".to_owned()),
        ..order(2, OrderStatus::PartiallyFilled, "0.0004", "24.4", "0.0244")
    }
}

/// How many of the story's entries are facts.
const FACTS: i64 = 15;

#[test]
fn the_state_is_what_was_written() {
    let ledger = write("state", story());
    let open = |intent, second, order| OpenOrder { intent, created_at: at(second), order };
    let expected = LedgerState {
        positions: vec![position()],
        balances: balances(),
        open_orders: vec![open(selling(), 20, Some(sold())), open(wanted(), 30, None)],
        holds: vec![paused(), stopped()],
        venue_cursor: 7,
        movements: ["m-1".to_owned()].into(),
    };
    assert_eq!(load::load(&ledger).unwrap(), expected);
    assert_eq!(load::load(&write("empty", Vec::new())).unwrap(), LedgerState::default());
}

#[test]
fn trades_are_the_newest_first_and_so_many() {
    let ledger = write("trades", story());
    let trade = |fill: &FillRecord, second| BookedTrade {
        symbol: fill.symbol,
        execution_id: fill.execution_id,
        venue_order_id: fill.venue_order_id,
        client_order_id: fill.client_order_id,
        at: at(second),
    };
    let both = vec![trade(&fill_sold(), 22), trade(&fill_bought(), 12)];
    assert_eq!(load::booked_trades(&ledger, 9).unwrap(), both);
    assert_eq!(load::booked_trades(&ledger, 1).unwrap(), both[..1]);
    assert_eq!(load::booked_trades(&write("none", Vec::new()), 9).unwrap(), []);
}

#[test]
fn what_a_sale_realized_what_is_held_and_who_bought_it() {
    let ledger = write("own", story());
    let mut realized = Vec::new();
    own_trade::for_each_realized(&ledger, |fill| -> rusqlite::Result<()> {
        realized.push(fill);
        Ok(())
    })
    .unwrap();
    let expected = RealizedFill {
        client_order_id: id(2).to_string(),
        venue_order_id: venue_id(2).to_string(),
        symbol: symbol("BTC-USDT"),
        quantity: d("0.0004"),
        notional: d("24.4"),
        matched: d("0.0004"),
        gross: d("0.4"),
        fees: d("0.0484"),
        net: d("0.3516"),
        opened_at: Some(at(12)),
        at: at(22),
    };
    assert!(expected.is_matched());
    assert!(!RealizedFill { matched: Decimal::ZERO, ..expected.clone() }.is_matched());
    assert_eq!(realized, [expected]);
    assert_eq!(own_trade::count(&ledger).unwrap(), 2);
    let held =
        Held { symbol: symbol("BTC-USDT"), quantity: d("0.5006"), cost: d("36"), fee: d("0.036") };
    assert_eq!(own_trade::held(&ledger).unwrap(), [held]);
    let buy = |second| own_trade::buy_at(&ledger, &symbol("BTC-USDT"), at(second)).unwrap();
    assert_eq!((buy(12), buy(22), buy(13)), (Some("v-1".to_owned()), None, None));
    assert_eq!(own_trade::count(&write("no-fill", Vec::new())).unwrap(), 0);
}

#[test]
fn events_are_found_by_number_by_time_and_by_run() {
    let ledger = write("events", story());
    let seqs = |rows: Vec<EventRow>| rows.iter().map(|row| row.seq).collect::<Vec<_>>();
    assert_eq!(seqs(event::after(&ledger, 0, 99).unwrap()), (1..=FACTS).collect::<Vec<_>>());
    assert_eq!(seqs(event::after(&ledger, 5, 3).unwrap()), [6, 7, 8]);
    assert_eq!(seqs(event::before(&ledger, 5, 3).unwrap()), [4, 3, 2]);
    assert_eq!(event::at(&ledger, FACTS + 1).unwrap(), None);
    let facts = story().into_iter().filter_map(|entry| match entry {
        Entry::Fact(fact) => Some(EventRow::of(&fact)),
        Entry::Projection(_) => None,
    });
    let facts: Vec<EventRow> = facts.collect();
    for (seq, of) in (1..).zip(&facts) {
        let row = event::at(&ledger, seq).unwrap().unwrap();
        assert!(row.says_what(of) && of.says_what(&row), "{row} and {of}");
        assert_eq!(EventRow { seq: 0, ..row.clone() }, *of);
        let others = [
            EventRow { at: at(98), ..row.clone() },
            EventRow { kind: "other".to_owned(), ..row.clone() },
            EventRow { reference: "other".to_owned(), ..row.clone() },
            EventRow { payload: "other".to_owned(), ..row.clone() },
            EventRow { input: None, ..row.clone() },
        ];
        assert!(!others.iter().any(|other| other.says_what(of)), "{row}");
    }
    assert_eq!(facts[0].to_string(), "run 4 at 1970-01-01T00:00:01Z: {\"phase\":\"started\"}");

    let last_before = |second| event::last_before(&ledger, at(second)).unwrap();
    assert_eq!([0, 1, 2, 10, 11, 12, 99].map(last_before), [0, 0, 1, 4, 6, 7, FACTS]);
    assert_eq!(event::run_of(&ledger, 0).unwrap(), None);
    assert_eq!([1, 9].map(|seq| event::run_of(&ledger, seq).unwrap()), [Some(4); 2]);
}

#[test]
fn the_chain_breaks_where_it_was_changed() {
    let ledger = write("chain", story());
    let breaks = |limit| chain::first_break(&ledger, limit).unwrap();
    let head = chain::head(&ledger).unwrap();
    assert_eq!((head.seq, head.hex().len(), breaks(None)), (FACTS, 64, None));
    assert!(head.hex().starts_with(&format!("{:02x}{:02x}", head.hash[0], head.hash[1])));
    let tried = |change: &str, limit| {
        ledger.execute_batch("SAVEPOINT whole").unwrap();
        ledger.execute(change, []).unwrap();
        let found = breaks(limit);
        ledger.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
        found
    };
    for change in ["at_us = 7", "kind = 'x'", "ref = 'x'", "payload = 'x'", "input = 77"] {
        let change = format!("UPDATE events SET {change} WHERE seq = 9");
        assert_eq!(tried(&change, None), Some(9), "{change}");
        assert_eq!(tried(&change, Some(FACTS - 8)), Some(9), "{change}, seen in the tail");
        assert_eq!(tried(&change, Some(FACTS - 9)), None, "{change}, before the tail");
    }
    assert_eq!(tried("DELETE FROM events WHERE seq = 9", None), Some(10));
    assert_eq!(tried("DELETE FROM events WHERE seq = 9", Some(FACTS - 9)), Some(9));
    assert_eq!(tried("DELETE FROM events", None), None, "nothing is whole");
    assert_eq!(breaks(Some(FACTS + 5)), None);
    assert_eq!(breaks(Some(0)), None);
}

#[test]
fn the_books_contradict_a_fill_that_was_changed_lost_or_added() {
    let ledger = write("books", story());
    assert_eq!(books::audit(&ledger).unwrap(), []);
    let tried = |change: &str| {
        ledger.execute_batch("SAVEPOINT whole").unwrap();
        ledger.execute(change, []).unwrap();
        let found = books::audit(&ledger).unwrap();
        ledger.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
        let told = found.iter().map(|it| format!("{} {}", it.invariant, it.detail));
        told.collect::<Vec<_>>()
    };
    for column in ["quantity", "notional", "fee", "net"] {
        let found = tried(&format!("UPDATE fills SET {column} = '9' WHERE execution_id = '502'"));
        assert!(found.len() == 1 && found[0].starts_with("a_fill_is_its_event row "), "{found:?}");
    }
    assert_eq!(tried("DELETE FROM fills WHERE fill = 1"), ["a_fill_is_its_event no row"]);
    let renamed = tried("UPDATE fills SET execution_id = '777' WHERE fill = 1");
    assert_eq!(renamed, ["a_fill_is_its_event no event", "a_fill_is_its_event no row"]);
    assert_eq!(tried("UPDATE balances SET total = '1' WHERE asset = 'BTC'").len(), 1);
    assert!(!tried("UPDATE positions SET bought = '1'").is_empty());
    assert!(!tried("UPDATE orders SET filled = '9'").is_empty());
    // A document that is none is an error, and no contradiction.
    ledger.execute("UPDATE events SET payload = '{' WHERE kind = 'fill'", []).unwrap();
    assert!(books::audit(&ledger).is_err());
}

#[test]
fn an_orders_story_is_found_by_each_of_its_names() {
    let ledger = write("story", story());
    let find = |name: &str| order_story::find(&ledger, name).unwrap();
    let story = find("ibis-1-1").unwrap();
    assert_eq!((story.symbol.as_str(), story.purpose.as_str()), ("BTC-USDT", "entry"));
    let kinds: Vec<_> = story.events.iter().map(|row| (row.seq, row.kind.as_str())).collect();
    assert_eq!(kinds, [(5, "intent"), (6, "order"), (7, "order"), (8, "fill")]);
    assert_eq!(find("v-1"), Some(story.clone()));
    assert_eq!(find("501"), Some(story));
    let sold: Vec<_> = find("502").unwrap().events.iter().map(|row| row.seq).collect();
    assert_eq!(sold, [10, 11, 12]);
    let wanted = find("ibis-1-3").unwrap();
    assert_eq!((wanted.client_order_id.as_str(), wanted.events.len()), ("ibis-1-3", 1));
    assert_eq!(find("nobody"), None);
}

#[test]
fn a_column_that_is_damaged_is_named() {
    let ledger = write("column", story());
    let parsed =
        |query: &str| ledger.query_row(query, [], |row| column::parsed(row, 0, Decimal::parse));
    assert_eq!(parsed("SELECT '1.5'").unwrap(), d("1.5"));
    assert!(parsed("SELECT 'x'").unwrap_err().to_string().contains("\"x\""));
    assert!(parsed("SELECT 7").is_err(), "a number is no decimal of ours");
    assert!(parsed("SELECT NULL").is_err());
    let optional =
        |query: &str| ledger.query_row(query, [], |row| column::optional(row, 0, Decimal::parse));
    assert_eq!(optional("SELECT NULL").unwrap(), None);
    assert_eq!(optional("SELECT '2'").unwrap(), Some(d("2")));
    assert!(optional("SELECT 'x'").is_err());
    ledger
        .execute("UPDATE intents SET time_in_force = 'DAY' WHERE ended_at_us IS NULL", [])
        .unwrap_or(0);
    ledger.execute("UPDATE balances SET total = 'much'", []).unwrap();
    assert!(load::load(&ledger).unwrap_err().to_string().contains("\"much\""));
}

fn day(day: i64, at_second: i64, turnover: &str) -> Entry {
    let (day, at) = (Timestamp::from_us(day * DAY_US), at(at_second));
    let (open, peak, turnover) = (d("100"), d("110"), d(turnover));
    Entry::Projection(Projection::Day(DayRow { day, open, peak, turnover, at }))
}

#[test]
fn a_days_turnover_goes_on_with_the_fills_since_it_was_written() {
    let newest = |days: Vec<Entry>| {
        let ledger = write("day", story().into_iter().chain(days).collect());
        day_row::newest(&ledger).unwrap()
    };
    let row = |turnover: &str, at_second| DayRow {
        day: at(0),
        open: d("100"),
        peak: d("110"),
        turnover: d(turnover),
        at: at(at_second),
    };
    assert_eq!(newest(Vec::new()), None);
    assert_eq!(newest(vec![day(0, 10, "5")]), Some(row("89.4", 10)), "60 and 24.4 came since");
    assert_eq!(newest(vec![day(0, 12, "65")]), Some(row("89.4", 12)), "24.4 did");
    assert_eq!(newest(vec![day(0, 22, "89.4")]), Some(row("89.4", 22)));
    let next = newest(vec![day(0, 10, "5"), day(1, 11, "0")]).unwrap();
    assert_eq!((next.day.us(), next.turnover), (DAY_US, Decimal::ZERO), "a day of its own");
}

#[test]
fn the_parts_of_an_exit_are_one_closed_trade() {
    let part = |execution: &str, number, purpose, net: &str| {
        let mut fill = FillRecord {
            execution_id: ExecutionId::new(execution).unwrap(),
            client_order_id: id(number),
            purpose,
            quantity: d("0.0001"),
            notional: d("6.1"),
            ..fill_sold()
        };
        if let Some(realized) = &mut fill.realized {
            (realized.matched, realized.gross, realized.net) = (d("0.0001"), d("0.1"), d(net));
        }
        Record::Fill(Box::new(fill))
    };
    let over = Record::Order(OrderRecord { status: OrderStatus::Canceled, ..sold() });
    let again = IntentRecord { client_order_id: id(4), purpose: Purpose::SignalExit, ..selling() };
    let more = [
        fact(40, part("503", 2, Purpose::StopLoss, "0.09")),
        fact(41, over),
        fact(42, Record::Intent(again)),
        fact(43, part("504", 4, Purpose::SignalExit, "-0.2")),
    ];
    let ledger = write("closed", story().into_iter().chain(more).collect());
    let trade = |second, net: &str, cost: &str, stopped| ClosedTrade {
        at: at(second),
        symbol: symbol("BTC-USDT"),
        net: d(net),
        cost: d(cost),
        stopped,
    };
    let both = [trade(40, "0.4416", "30", true), trade(43, "-0.2", "6", false)];
    assert_eq!(day_row::closed_trades(&ledger, at(0)).unwrap(), both);
    assert_eq!(day_row::closed_trades(&ledger, at(43)).unwrap(), both[1..]);
    assert_eq!(day_row::closed_trades(&ledger, at(44)).unwrap(), []);
}

#[test]
fn a_line_of_the_emergency_journal_is_its_entry_again() {
    let (id, at_) = (CommandId::new("c-1").unwrap(), at(50));
    let (by, reason, wish) = ("root".to_owned(), "why".to_owned(), Wish::Release);
    let command = Command { id, at: at_, by, via: Via::Cli, reason, wish };
    let said = OperatorRecord { command, outcome: Outcome::Done };
    let transition =
        TransitionRecord { from: Level::Running, to: Level::HardStop, code: HoldCode::DailyLoss };
    let (code, subject, detail) = ("odd".to_owned(), "x".to_owned(), "y".to_owned());
    let decision = DecisionRecord {
        client_order_id: self::id(1),
        symbol: symbol("BTC-USDT"),
        purpose: Purpose::StopLoss,
        bid: Some(d("1")),
        ask: None,
        signal: None,
        plan: None,
        level: Level::Degraded,
        size: None,
    };
    let sample = Sample {
        at: at_,
        equity: d("1"),
        cash: d("2"),
        cash_available: d("3"),
        exposure: d("4"),
        unrealized: d("-5"),
        positions: 6,
        open_buy_orders: 7,
        open_sell_orders: 8,
        state: Level::Degraded,
        complete: false,
    };
    let mut entries = story();
    entries.extend([
        fact(50, Record::Operator(Box::new(said))),
        fact(51, Record::KillVerified { since: at_ }),
        fact(52, Record::Transition(transition)),
        fact(53, Record::Surprise(SurpriseRecord { code, subject, detail })),
        fact(54, Record::Decision(Box::new(decision))),
        fact(55, Record::Run { run: 4, phase: "stopped" }),
        Entry::Projection(Projection::Sample(sample)),
        day(0, 10, "5"),
    ]);
    for entry in entries {
        let line = Line::of(&entry).unwrap();
        assert_eq!(line.is_fact(), matches!(entry, Entry::Fact(_)));
        let text = serde_json::to_string(&line).unwrap();
        let again: Line = serde_json::from_str(&text).unwrap();
        assert_eq!(again.into_entry(), Some(entry), "{text}");
    }
    let unknown = r#"{"fact":{"at":1,"input":null,"record":{"run":{"run":1,"phase":"later"}}}}"#;
    let later: Line = serde_json::from_str(unknown).unwrap();
    assert_eq!(later.into_entry(), None, "a word of a version to come");
    let (at, symbol, code) = (at_, symbol("BTC-USDT"), "cash");
    let refused = Entry::Projection(Projection::Refused { at, symbol, code });
    assert!(Line::of(&refused).is_none(), "a count, and no more");
}
