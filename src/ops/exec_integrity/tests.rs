//! Every difference by its name, at, below and above its threshold; then the whole job on files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::audit::{Audit, Total};
use super::snapshot::{
    LedgerSnapshot, RecentFill, Snapshot, VenueExecution, VenueOrder, VenueSnapshot,
};
use super::{judge, paper_account, run};
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
use crate::exchange::paper::{ACCOUNT, account_path};
use crate::ops::agent_evidence::lock_path;
use crate::ops::job_run;
use crate::ops::report::{Report, Severity};
use crate::store::load::{LedgerState, OpenOrder};
use crate::store::state_json::{
    self, BalanceDocument, OrderDocument, PositionDocument, StateDocument, StateJsonError,
};
use crate::store::{LEDGER, ledger_path};
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

#[test]
fn three_truths_that_agree_are_ok() {
    let report = judged(|_| {});
    assert_eq!(report.overall(), Fine, "{}", report.to_text());
    assert_eq!(report.to_json()["differences"], serde_json::json!([]));
}

#[test]
fn the_ledger_is_compared_with_itself_to_the_last_digit() {
    let epsilon = Decimal::EPSILON;
    type Change = fn(&mut LedgerSnapshot, Decimal);
    let cases: [(Change, &str); 9] = [
        (
            |it, by| {
                it.state.positions[0].lots[0].quantity += by;
            },
            "position_lots_differ",
        ),
        (|it, by| it.state.positions[0].transferred += by, "position_flow_differs"),
        (|it, by| it.audit.totals.get_mut(&btc()).unwrap().flow += by, "cash_not_conserved"),
        (|it, by| *it.transfers.get_mut(&btc().quote()).unwrap() += by, "cash_not_conserved"),
        (
            |it, _| it.contradictions.push(("o-9".parse().unwrap(), None, true)),
            "intent_contradicts_order",
        ),
        (
            |it, by| it.state.open_orders[0].order.as_mut().unwrap().filled = dec("0.2") + by,
            "order_overfilled",
        ),
        (|it, _| it.recent_fills[1].intended = false, "fill_without_intent"),
        (|it, _| it.recent_fills[0].venue_sequence = 2, "fill_booked_twice"),
        (|it, _| it.audit.foreign = true, "audit_totals_foreign"),
    ];
    for (change, name) in cases {
        for by in [epsilon, dec("3")] {
            let found = names(|snapshot| {
                snapshot.venue = Err("not asked".to_owned());
                snapshot.state = Ok(document());
                change(&mut snapshot.ledger, by);
            });
            assert!(found.contains(&name), "{name}: {found:?}");
        }
    }
    let bought = names(|snapshot| {
        snapshot.ledger.audit.totals.get_mut(&btc()).unwrap().bought += epsilon;
    });
    assert!(bought.contains(&"bought_differs_from_fills"), "{bought:?}");
    let gap = |cursor: u64| {
        names(|snapshot| {
            snapshot.venue = Err("not asked".to_owned());
            snapshot.ledger.state.venue_cursor = cursor;
            snapshot.ledger.recent_fills[1].venue_sequence = 3;
        })
    };
    assert_eq!(gap(1), Vec::<&str>::new(), "beyond the cursor a later fill may come first");
    assert_eq!(gap(2), ["fill_gap"]);
}

#[test]
fn a_venue_order_that_two_of_ours_claim_is_critical() {
    let report = judged(|snapshot| {
        let mut second = open_order();
        second.intent.client_order_id = "o-4".parse().unwrap();
        second.order.as_mut().unwrap().client_order_id = second.intent.client_order_id;
        snapshot.ledger.state.open_orders.push(second);
    });
    assert_eq!(report.overall(), Critical);
    assert!(report.to_text().contains("duplicate_venue_order"), "{}", report.to_text());
}

#[test]
fn state_json_is_compared_where_it_is_of_the_same_event() {
    let missing = |snapshot: &mut Snapshot| snapshot.state = Err(StateJsonError::Missing);
    assert_eq!(names(missing), ["state_json_unusable"]);
    assert_eq!(names(|it| in_state(it).sequence = 11), ["state_json_ahead"]);
    let behind = |running| {
        names(|it| {
            it.running = running;
            in_state(it).sequence = 9;
            in_state(it).positions.clear();
        })
    };
    assert_eq!(behind(true), Vec::<&str>::new());
    assert_eq!(behind(false), ["state_json_behind"]);
    type Change = fn(&mut StateDocument);
    let cases: [(Change, &str); 7] = [
        (
            |it| it.positions.get_mut("BTC-USDT").unwrap().quantity += Decimal::EPSILON,
            "state_position_quantity_differs",
        ),
        (
            |it| it.positions.get_mut("BTC-USDT").unwrap().cost += Decimal::EPSILON,
            "state_position_cost_differs",
        ),
        (
            |it| {
                let position = it.positions["BTC-USDT"].clone();
                it.positions.insert("ETH-USDT".to_owned(), position);
            },
            "state_position_unknown",
        ),
        (
            |it| it.balances.get_mut("USDT").unwrap().total += Decimal::EPSILON,
            "state_balance_differs",
        ),
        (|it| it.balances.get_mut("USDT").unwrap().hold += Decimal::EPSILON, "state_hold_differs"),
        (|it| it.open_orders.clear(), "state_order_missing"),
        (
            |it| it.open_orders.get_mut("o-3").unwrap().filled = Decimal::EPSILON,
            "state_order_differs",
        ),
    ];
    for (change, name) in cases {
        assert_eq!(names(|it| change(in_state(it))), [name]);
    }
}

#[test]
fn an_order_in_flight_is_no_difference_and_one_past_the_grace_is() {
    for (ms, differs) in [(GRACE_MS - 1, false), (GRACE_MS, true), (GRACE_MS + 1, true)] {
        let found = |expected: &'static str, change: &dyn Fn(&mut Snapshot)| {
            let found = names(change);
            assert_eq!(found.contains(&expected), differs, "{expected} at {ms} ms: {found:?}");
        };
        found("order_missing_at_venue", &|it| {
            it.ledger.changed_at.insert("o-3".parse().unwrap(), ago(ms));
            at_venue(it).open_orders.clear();
        });
        found("order_unresolved", &|it| {
            it.ledger.changed_at.insert("o-3".parse().unwrap(), ago(ms));
            it.ledger.state.open_orders[0].order = None;
            at_venue(it).open_orders.clear();
        });
        found("order_filled_differs", &|it| {
            it.ledger.changed_at.insert("o-3".parse().unwrap(), ago(ms));
            at_venue(it).open_orders[0].filled = dec("0.1");
        });
        found("order_without_intent", &|it| {
            let mut stranger = at_venue(it).open_orders[0].clone();
            stranger.client_order_id = "o-8".parse().unwrap();
            stranger.at = ago(ms);
            at_venue(it).open_orders.push(stranger);
        });
        found("fill_missing_in_ledger", &|it| {
            let mut late = execution(3, Side::Buy, "1", "100");
            late.at = ago(ms);
            at_venue(it).executions.push(late);
        });
        found("balance_hold", &|it| {
            it.ledger.changed_at.insert("o-3".parse().unwrap(), ago(ms));
            let held = Balance::new(dec("0.5"), dec("0.1")).unwrap();
            at_venue(it).balances.insert(btc().base(), held);
        });
    }
    let terms = names(|it| at_venue(it).open_orders[0].price = Some(dec("151")));
    assert_eq!(terms, ["order_terms_differ"]);
}

#[test]
fn without_an_agent_nothing_is_in_flight_and_what_waits_for_it_is_degraded() {
    let report = judged(|it| {
        it.running = false;
        it.ledger.changed_at.insert("o-3".parse().unwrap(), NOW);
        at_venue(it).open_orders.clear();
    });
    assert!(report.to_text().contains("order_missing_at_venue"), "{}", report.to_text());
    assert_eq!(report.overall(), Degraded);
}

#[test]
fn fills_are_compared_both_ways() {
    let unknown = names(|it| at_venue(it).executions.truncate(1));
    assert_eq!(unknown, ["fill_unknown_to_venue"]);
    let differs = names(|it| at_venue(it).executions[1].quantity = dec("0.4"));
    assert_eq!(differs, ["fill_differs"]);
}

#[test]
fn balances_are_exact_with_late_fills_taken_into_account_and_dust_noted() {
    let late = |paid: &str| {
        judged(|it| {
            let mut late = execution(3, Side::Buy, "2", "200");
            late.at = ago(1);
            late.client_order_id = "o-9".parse().unwrap();
            let venue = at_venue(it);
            venue.executions.push(late);
            let base = Balance::new(dec("2.5"), dec("0.2")).unwrap();
            let quote = Balance::new(dec("9959.8") - dec(paid), Decimal::ZERO).unwrap();
            venue.balances = BTreeMap::from([(btc().base(), base), (btc().quote(), quote)]);
        })
    };
    assert_eq!(late("200.1").overall(), Fine, "{}", late("200.1").to_text());
    assert_eq!(late("202").overall(), Critical);
    // At 120 a coin, dust is less than 1: 0.00833 is, 0.00834 is not. Money is no dust.
    for (code, off, severity, name) in [
        ("BTC", "0.00833", Fine, "dust"),
        ("BTC", "0.00834", Critical, "balance_total"),
        ("USDT", "0.000001", Critical, "balance_total"),
        ("XYZ", "0.000001", Degraded, "other_asset"),
    ] {
        let report = judged(|it| off_by(it, code, off));
        assert_eq!(report.overall(), severity, "{code} {off}");
        assert!(report.to_text().contains(name), "{}", report.to_text());
    }
}

/// The venue has more of an asset.
fn off_by(snapshot: &mut Snapshot, code: &str, amount: &str) {
    let balance = at_venue(snapshot).balances.entry(code.parse().unwrap()).or_default();
    balance.adjust(dec(amount));
}

#[test]
fn what_the_venue_explains_waits_for_the_agents_next_look() {
    let moved = |amounts: &[&str]| {
        let report = judged(|it| {
            off_by(it, "USDT", "30");
            let usdt = btc().quote();
            at_venue(it).movements = amounts.iter().map(|it| (usdt, dec(it))).collect();
        });
        (report.overall(), report.to_text().contains("movement"))
    };
    assert_eq!(moved(&["40", "-10", "7"]), (Degraded, true), "the newest two make it");
    assert_eq!(moved(&["40", "-11"]), (Critical, false));
    assert_eq!(moved(&[]), (Critical, false));
}

#[test]
fn a_strangers_order_is_noted_with_what_it_holds_and_a_strangers_fill_is_a_fill() {
    let stranger = |it: &mut Snapshot, symbol: &str| {
        let mut order = at_venue(it).open_orders[0].clone();
        order.client_order_id = "somebody".parse().unwrap();
        order.symbol = symbol.parse().unwrap();
        at_venue(it).open_orders.push(order);
        let held = Balance::new(dec("0.5"), dec("0.3")).unwrap();
        at_venue(it).balances.insert(btc().base(), held);
    };
    assert_eq!(names(|it| stranger(it, "BTC-USDT")), ["foreign_order"]);
    let elsewhere = names(|it| stranger(it, "BTC-EUR"));
    assert_eq!(elsewhere, Vec::<&str>::new(), "not traded here");
    let fill = names(|it| {
        it.ledger.recent_fills[1].intended = false;
        it.ledger.recent_fills[1].client_order_id = "somebody".parse().unwrap();
        at_venue(it).executions[1].client_order_id = "somebody".parse().unwrap();
    });
    assert_eq!(fill, Vec::<&str>::new());
    let ended = names(|it| {
        let mut order = at_venue(it).open_orders[0].clone();
        order.client_order_id = "o-2".parse().unwrap();
        at_venue(it).open_orders.push(order);
        it.ledger.ended.insert("o-2".parse().unwrap());
    });
    assert_eq!(ended, ["ended_order_at_work"]);
}

#[test]
fn an_instrument_that_is_listed_no_more_lists_no_fills() {
    let gone = names(|it| {
        at_venue(it).executions.truncate(1);
        at_venue(it).unlisted.insert(btc());
    });
    assert_eq!(gone, Vec::<&str>::new());
    assert_eq!(names(|it| at_venue(it).last_sequence = 1), ["venue_fill_counter"]);
}

#[test]
fn an_account_that_cannot_be_asked_is_insufficient_and_masks_nothing() {
    let unasked = |it: &mut Snapshot| it.venue = Err("no paper.db".to_owned());
    assert_eq!(judged(unasked).overall(), Insufficient);
    let worse = judged(|it| {
        it.venue = Err("no paper.db".to_owned());
        in_state(it).sequence = 11;
    });
    assert_eq!(worse.overall(), Critical);
}

#[test]
fn stale_sells_and_blocked_capital_are_judged_at_the_originals_thresholds() {
    for (ms, severity) in [(179_999, Fine), (180_000, Degraded), (180_001, Degraded)] {
        let report = judged(|it| it.ledger.state.open_orders[0].created_at = ago(ms));
        assert_eq!(report.overall(), severity, "{ms}");
    }
    // 0.5 BTC at 120 and 40 USDT: 0.2 in the sell is 24 %, all of it is 60 %; without cash 100 %.
    let blocked = |cash: &str| {
        judge::judge(
            &{
                let mut snapshot = agreeing();
                let state = &mut snapshot.ledger.state;
                state.open_orders[0].intent.quantity = dec("0.5");
                let balance = Balance::new(dec(cash), Decimal::ZERO).unwrap();
                state.balances.insert(btc().quote(), balance);
                snapshot
            },
            &settings(),
        )
        .checks
        .into_iter()
        .find(|check| check.id == "blocked_capital")
        .unwrap()
        .severity
    };
    assert_eq!([blocked("40"), blocked("20"), blocked("19.9")], [Fine, Fine, Degraded]);
}

/// A ledger on disk with the content of [`ledger`].
fn on_disk(name: &str) -> (PathBuf, Connection) {
    let directory =
        std::env::temp_dir().join(format!("ibis-integrity-{}-{name}", std::process::id()));
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).unwrap();
    let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
    ledger
        .execute_batch(
            "INSERT INTO meta VALUES ('mode', 'paper'), ('venue_cursor', '2');
             INSERT INTO runs (version, clock, market, config_hash, pid, started_at_us, ended_at_us)
                VALUES ('0', 'wall', 'synthetic', '', 1, 1, 2);
             INSERT INTO intents VALUES
                ('o-1','BTC-USDT','buy','entry','limit','GTC',0,'100','1','100',1,2),
                ('o-2','BTC-USDT','sell','take_profit','limit','GTC',0,'120','0.5','120',3,4),
                ('o-3','BTC-USDT','sell','take_profit','limit','GTC',0,'150','0.2','150',5,NULL);
             INSERT INTO orders VALUES
                ('o-1','v-1','filled','1','100','0.1',NULL,NULL,2),
                ('o-2','v-2','filled','0.5','60','0.1',NULL,NULL,4),
                ('o-3','v-3','new','0','0','0',NULL,NULL,6);
             INSERT INTO fills VALUES
                (1,'BTC-USDT','1',1,'o-1','v-1','buy','entry','100','1','100','0.1','USDT','taker',
                 '100',2,NULL,NULL,NULL,NULL,NULL,NULL),
                (2,'BTC-USDT','2',2,'o-2','v-2','sell','take_profit','120','0.5','60','0.1','USDT',
                 'maker','120',4,'0.5','10','0.15','9.85','known',2);
             INSERT INTO positions VALUES
                ('BTC-USDT','0.5','50','0.05','known','120',NULL,NULL,NULL,2,'1','0.5','0',4);
             INSERT INTO lots VALUES ('BTC-USDT',0,'0.5','50','0.05','known',2);
             INSERT INTO balances VALUES ('USDT','9959.8','0',4), ('BTC','0.5','0.2',6);
             INSERT INTO transfers VALUES (1,'USDT','10000','deposit','',1,NULL);",
        )
        .unwrap();
    add_events(&ledger);
    (directory, ledger)
}

/// The facts behind it.
fn add_events(ledger: &Connection) {
    let fill = |number: i64, side: &str, price: &str, quantity: &str, notional: &str| {
        serde_json::json!({
            "symbol": "BTC-USDT", "execution_id": number.to_string(), "venue_sequence": number,
            "client_order_id": format!("o-{number}"), "venue_order_id": format!("v-{number}"),
            "side": side, "purpose": "entry", "price": price, "quantity": quantity,
            "notional": notional, "fee": "0.1", "fee_asset": "USDT", "liquidity": "taker",
            "reference_price": price, "realized": null,
        })
    };
    let deposit = serde_json::json!({
        "asset": "USDT", "amount": "10000", "kind": "deposit", "reason": "",
    });
    let mut sale = fill(2, "sell", "120", "0.5", "60");
    sale["realized"] = serde_json::json!({
        "matched": "0.5", "gross": "10", "fees": "0.15", "net": "9.85", "basis": "known",
        "opened_at": 2,
    });
    let buy = fill(1, "buy", "100", "1", "100");
    for (kind, payload) in [("transfer", deposit), ("fill", buy), ("fill", sale)] {
        ledger
            .execute(
                "INSERT INTO events (at_us, kind, ref, payload, hash) VALUES (1, ?1, '', ?2, zeroblob(32))",
                (kind, payload.to_string()),
            )
            .unwrap();
    }
}

fn run_on(directory: &Path, apply: bool) -> Report {
    let ask = |_: &LedgerSnapshot| Ok(venue());
    run(directory, &settings(), &ask, apply, || NOW).unwrap()
}

fn overall_but_stale(report: &Report) -> Severity {
    let others = report.checks.iter().filter(|check| check.id != "stale_sells");
    others.map(|check| check.severity).max().unwrap()
}

#[test]
fn a_run_adds_up_what_is_new_and_apply_rebuilds_state_json_once() {
    let (directory, ledger) = on_disk("apply");
    let report = run_on(&directory, false);
    assert!(report.to_text().contains("state_json_unusable"), "{}", report.to_text());
    assert_eq!(overall_but_stale(&report), Degraded);
    let stored: (i64, String) = ledger
        .query_row("SELECT fill, flow FROM audit_totals", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(stored, (2, "-40.2".to_owned()));
    assert!(!state_json::path(&directory).exists(), "without --apply nothing is written");

    std::fs::write(state_json::path(&directory), "{\"version\":1,\"che").unwrap();
    let repaired = run_on(&directory, true);
    assert_eq!(overall_but_stale(&repaired), Fine, "{}", repaired.to_text());
    let rebuilt = state_json::read(&directory).unwrap();
    assert_eq!((rebuilt.equity, rebuilt.cash), (dec("10019.8"), dec("9959.8")));
    let kept = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().starts_with("state.json.torn-")
    };
    assert_eq!(std::fs::read_dir(&directory).unwrap().map(kept).filter(|it| *it).count(), 1);
    let again = run_on(&directory, true);
    assert_eq!(again.to_json()["repaired"], serde_json::json!([]));
    assert_eq!(job_run::last(&ledger, "exec-integrity").unwrap().unwrap().ended_at, NOW);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_fill_too_much_is_found_from_the_stored_totals_and_foreign_totals_are_rebuilt() {
    let (directory, ledger) = on_disk("totals");
    run_on(&directory, true);
    ledger
        .execute_batch(
            "INSERT INTO fills SELECT 3, symbol, '3', 3, client_order_id, venue_order_id, side, purpose,
                price, quantity, notional, fee, fee_asset, liquidity, reference_price, at_us, matched,
                gross, fees, net, basis, opened_at_us FROM fills WHERE fill = 1",
        )
        .unwrap();
    let text = run_on(&directory, false).to_text();
    let names = [
        "bought_differs_from_fills",
        "cash_not_conserved",
        "fill_unknown_to_venue",
        "a_fill_is_its_event",
    ];
    for name in names {
        assert!(text.contains(name), "{name}: {text}");
    }
    ledger.execute("DELETE FROM fills WHERE fill = 3", []).unwrap();
    let foreign = run_on(&directory, false).to_text();
    assert!(foreign.contains("audit_totals_foreign"), "{foreign}");
    let repaired = run_on(&directory, true);
    assert_eq!(overall_but_stale(&repaired), Fine, "{}", repaired.to_text());
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn the_paper_account_is_asked_for_fills_from_a_sequence_on() {
    let (directory, _ledger) = on_disk("account");
    let from = |first: usize| {
        let mut ledger = ledger();
        ledger.state.venue_cursor = 2;
        ledger.recent_fills.drain(..first - 1);
        paper_account::ask(&directory, &ledger)
    };
    assert!(from(1).unwrap_err().contains("paper.db"));
    let account = ACCOUNT.open_writer(&account_path(&directory)).unwrap();
    let at = ago(60_000).us();
    account
        .execute_batch(&format!(
            "INSERT INTO balances VALUES ('USDT','10000','9959.8','0'), ('BTC','0','0.5','0.2');
             INSERT INTO orders (sequence, client_order_id, venue_order_id, symbol, side, price,
                time_in_force, post_only, quantity, filled, filled_notional, fee, status,
                queue_ahead, hold, accepted_at_us, updated_at_us)
                VALUES (3,'o-3','v-3','BTC-USDT','sell','150','GTC',0,'0.2','0','0',
                '0','new',NULL,'0.2',{at},{at});
             INSERT INTO executions VALUES
                (1,'BTC-USDT',1,'o-1','v-1','buy','100','1','100','0.1','taker',{at}),
                (2,'BTC-USDT',2,'o-2','v-2','sell','120','0.5','60','0.1','maker',{at});"
        ))
        .unwrap();
    assert_eq!(from(1), Ok(venue()));
    let later = VenueSnapshot { executions: vec![executions().remove(1)], ..venue() };
    assert_eq!(from(2), Ok(later));
    assert_eq!(from(3).map(|it| it.executions), Ok(Vec::new()));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn apply_leaves_state_json_to_an_agent_that_runs() {
    let (directory, _ledger) = on_disk("running");
    let lock = crate::durable::instance_lock::InstanceLock::take(&lock_path(&directory)).unwrap();
    let report = run_on(&directory, true);
    assert!(report.to_text().contains("state_json_unusable"));
    assert!(!state_json::path(&directory).exists());
    drop(lock);
    std::fs::remove_dir_all(&directory).unwrap();
}
