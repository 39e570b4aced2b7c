//! Every difference by its name, at, below and above its threshold; then the whole job on files. Here is
//! what they start from: three truths that agree.

mod judgements;
mod runs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::audit::{Audit, Total};
use super::judge;
use super::snapshot::{
    LedgerSnapshot, RecentFill, Snapshot, VenueExecution, VenueOrder, VenueSnapshot,
};
use crate::config::Settings;
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::hold::Level;
use crate::domain::order::{Purpose, TimeInForce};
use crate::domain::order_status::OrderStatus;
use crate::domain::position::{Basis, Lot};
use crate::domain::record::{IntentRecord, OrderRecord, PositionRow};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::ops::report::{Report, Severity};
use crate::store::load::{LedgerState, OpenOrder};
use crate::store::state_json::{
    BalanceDocument, OrderDocument, PositionDocument, StateDocument, StateJsonError,
};
use Severity::{Critical, Degraded, Insufficient, Ok as Fine};

const NOW: Timestamp = Timestamp::from_ms(1_771_532_639_000);
const GRACE_MS: i64 = 5_000;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn btc() -> Symbol {
    "BTC-USDT".parse().unwrap()
}

fn ago(ms: i64) -> Timestamp {
    Timestamp::from_us(NOW.us() - ms * 1_000)
}

fn execution(venue_sequence: u64, side: Side, quantity: &str, notional: &str) -> VenueExecution {
    VenueExecution {
        execution_id: format!("{venue_sequence}").parse().unwrap(),
        venue_sequence,
        client_order_id: format!("o-{venue_sequence}").parse().unwrap(),
        symbol: btc(),
        side,
        quantity: dec(quantity),
        notional: dec(notional),
        fee: dec("0.1"),
        fee_asset: btc().quote(),
        at: ago(60_000),
    }
}

fn open_order() -> OpenOrder {
    let client_order_id = "o-3".parse().unwrap();
    OpenOrder {
        intent: IntentRecord {
            client_order_id,
            symbol: btc(),
            side: Side::Sell,
            purpose: Purpose::TakeProfit,
            price: Some(dec("150")),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            quantity: dec("0.2"),
            reference_price: dec("150"),
        },
        created_at: ago(60_000),
        order: Some(OrderRecord {
            client_order_id,
            venue_order_id: Some("v-3".parse().unwrap()),
            status: OrderStatus::New,
            filled: Decimal::ZERO,
            notional: Decimal::ZERO,
            fee: Decimal::ZERO,
            reason_code: None,
            reason: None,
        }),
    }
}

/// 10000 USDT deposited, 1 BTC bought for 100, half of it sold for 60, a sell of 0.2 works.
fn ledger() -> LedgerSnapshot {
    let lot = Lot {
        quantity: dec("0.5"),
        cost: dec("50"),
        fee: dec("0.05"),
        basis: Basis::Known,
        opened_at: ago(90_000),
    };
    let position = PositionRow {
        symbol: btc(),
        lots: vec![lot],
        mark_price: Some(dec("120")),
        stop_price: None,
        take_profit_price: None,
        high_price: None,
        bought: dec("1"),
        sold: dec("0.5"),
        transferred: Decimal::ZERO,
    };
    let balances = balances();
    let open = open_order();
    let id = open.intent.client_order_id;
    let recent = |it: VenueExecution| RecentFill {
        symbol: it.symbol,
        execution_id: it.execution_id,
        venue_sequence: it.venue_sequence,
        client_order_id: it.client_order_id,
        quantity: it.quantity,
        at: it.at,
        intended: true,
    };
    let total = Total { bought: dec("1"), sold: dec("0.5"), flow: dec("-40.2") };
    LedgerSnapshot {
        books: Vec::new(),
        head: 10,
        quantities: BTreeMap::from([(btc(), dec("0.5"))]),
        changed_at: BTreeMap::from([(id, ago(60_000))]),
        audit: Audit {
            totals: BTreeMap::from([(btc(), total)]),
            fill: 2,
            last_fill: 2,
            foreign: false,
        },
        transfers: BTreeMap::from([(btc().quote(), dec("10000"))]),
        recent_fills: executions().into_iter().map(recent).collect(),
        contradictions: Vec::new(),
        ended: BTreeSet::new(),
        state: LedgerState {
            movements: BTreeSet::new(),
            positions: vec![position],
            balances,
            open_orders: vec![open],
            holds: Vec::new(),
            venue_cursor: 2,
        },
    }
}

fn balances() -> BTreeMap<crate::domain::identifier::Asset, Balance> {
    BTreeMap::from([
        (btc().base(), Balance::new(dec("0.5"), dec("0.2")).unwrap()),
        (btc().quote(), Balance::new(dec("9959.8"), Decimal::ZERO).unwrap()),
    ])
}

fn executions() -> Vec<VenueExecution> {
    vec![execution(1, Side::Buy, "1", "100"), execution(2, Side::Sell, "0.5", "60")]
}

fn venue() -> VenueSnapshot {
    let open = open_order();
    VenueSnapshot {
        last_sequence: 2,
        balances: balances(),
        open_orders: vec![VenueOrder {
            client_order_id: open.intent.client_order_id,
            venue_order_id: "v-3".parse().unwrap(),
            symbol: btc(),
            side: Side::Sell,
            price: Some(dec("150")),
            quantity: dec("0.2"),
            filled: Decimal::ZERO,
            at: ago(60_000),
        }],
        executions: executions(),
        ..VenueSnapshot::default()
    }
}

fn document() -> StateDocument {
    let balance = |(asset, balance): (_, Balance)| {
        let document = BalanceDocument { total: balance.total(), hold: balance.hold() };
        (crate::domain::identifier::Asset::to_string(&asset), document)
    };
    StateDocument {
        sequence: 10,
        written_at_us: ago(1_000).us(),
        engine_at_us: NOW.us(),
        mode: "paper".to_owned(),
        run: 1,
        state: Level::Running,
        holds: Vec::new(),
        positions: BTreeMap::from([(
            "BTC-USDT".to_owned(),
            PositionDocument {
                quantity: dec("0.5"),
                cost: dec("50"),
                fee: dec("0.05"),
                basis: Basis::Known,
                average_price: Some(dec("100")),
                mark_price: None,
                stop_price: None,
                take_profit_price: None,
                high_price: None,
                opened_at_us: None,
            },
        )]),
        balances: balances().into_iter().map(balance).collect(),
        open_orders: BTreeMap::from([(
            "o-3".to_owned(),
            OrderDocument {
                symbol: "BTC-USDT".to_owned(),
                side: Side::Sell,
                status: OrderStatus::New,
                price: Some(dec("150")),
                quantity: dec("0.2"),
                filled: Decimal::ZERO,
                purpose: Purpose::TakeProfit,
            },
        )]),
        equity: dec("10019.8"),
        cash: dec("9959.8"),
        dead_man: None,
        health: None,
    }
}

/// Our orders are named o-1, o-2, ...
fn settings() -> Settings {
    let mut settings = Settings::defaults();
    Arc::make_mut(&mut settings.agent).instance = "o".to_owned();
    settings
}

fn agreeing() -> Snapshot {
    Snapshot {
        engine_at: NOW,
        now: NOW,
        running: true,
        ledger: ledger(),
        state: Ok(document()),
        venue: Ok(venue()),
    }
}

fn judged(change: impl FnOnce(&mut Snapshot)) -> Report {
    let mut snapshot = agreeing();
    change(&mut snapshot);
    judge::judge(&snapshot, &settings())
}

/// The names of the differences after a change to three truths that agree.
fn names(change: impl FnOnce(&mut Snapshot)) -> Vec<&'static str> {
    let mut snapshot = agreeing();
    change(&mut snapshot);
    judge::differences(&snapshot, &settings())
        .into_iter()
        .flat_map(|(_, found)| found)
        .filter(|difference| difference.severity > Fine)
        .map(|difference| difference.name)
        .collect()
}

fn at_venue(snapshot: &mut Snapshot) -> &mut VenueSnapshot {
    snapshot.venue.as_mut().unwrap()
}

fn in_state(snapshot: &mut Snapshot) -> &mut StateDocument {
    snapshot.state.as_mut().unwrap()
}
