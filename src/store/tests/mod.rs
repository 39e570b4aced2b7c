//! What is written is read back, to the last column: a small story through the one writer into a real
//! file, and every reader on it.

mod day;
mod events;
mod import;
mod journal;
mod machine;
mod operator;
mod report;
mod scratch;
mod state;
mod window;
mod writer;

use std::collections::BTreeMap;

use rusqlite::Connection;
use scratch::Scratch;

use super::emergency_line::Line;
use super::event::EventRow;
use super::kpi::SampleRow;
use super::load::{self, BookedTrade, LedgerState, OpenOrder};
use super::own_trade::{self, Held, RealizedFill};
use super::writer::{Batch, Entry};
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

/// Writes entries in one commit on a new ledger.
fn write(name: &str, entries: Vec<Entry>) -> Scratch {
    let scratch = Scratch::written(name, vec![Batch { at: at(99), entries, ..Batch::default() }]);
    let scratch = scratch.unwrap();
    row::put_meta(&scratch, "instance", "ibis").unwrap();
    scratch
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

fn day(day: i64, at_second: i64, turnover: &str) -> Entry {
    let (day, at) = (Timestamp::from_us(day * DAY_US), at(at_second));
    let (open, peak, turnover) = (d("100"), d("110"), d(turnover));
    Entry::Projection(Projection::Day(DayRow { day, open, peak, turnover, at }))
}

/// A minute of the account.
fn sample(second: i64) -> Sample {
    Sample {
        at: at(second),
        equity: d("10000.5"),
        cash: d("9900"),
        cash_available: d("9800"),
        exposure: d("100"),
        unrealized: d("-1"),
        positions: 2,
        open_buy_orders: 3,
        open_sell_orders: 4,
        state: Level::SoftPause,
        complete: true,
    }
}

/// The same, as it is read.
fn sample_row(second: i64) -> SampleRow {
    let Sample { at, equity, cash_available, exposure, unrealized, state, .. } = sample(second);
    let (positions, open_buy_orders, open_sell_orders, is_complete) = (2, 3, 4, true);
    SampleRow {
        at,
        equity,
        cash_available,
        exposure,
        unrealized,
        positions,
        open_buy_orders,
        open_sell_orders,
        is_complete,
        state,
    }
}
