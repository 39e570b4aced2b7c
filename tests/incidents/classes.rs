//! What users of other bots report most, by class.

use std::time::Duration;

use ibis::domain::decimal::Decimal;
use ibis::domain::execution::ReportKind;
use ibis::domain::hold::Level;
use ibis::domain::identifier::ClientOrderId;
use ibis::domain::instrument::Ticks;
use ibis::domain::order::{OrderLabel, Purpose};
use ibis::domain::side::Side;
use ibis::risk::limit::Account;
use ibis::risk::permit::{EntryProposal, permit_entry};
use ibis::risk::refusal::Refusal;
use ibis::risk::standing::{ExitPolicy, Standing};

use super::rig::{BTC, Rig, btc, d};
use crate::exchange::process::Exchange;
use crate::live::trader::Trader;
use crate::live::venue_view::VenueView;
use crate::simulation::world::engine_settings;
use crate::storage::faulty::BUSY;
use crate::support::home::Home;

const SYMBOLS: [&str; 2] = ["BTC-USDT", "ETH-USDT"];
/// Entries come often, and what is bought is kept.
const KEEPS: &str = "request_timeout = \"500ms\"\norder_window = \"1s\"\n[strategy]\n\
    fast_candles = 1\nslow_candles = 2\ncandle_interval = \"1s\"\nexit_on_cross = false\n\
    stop_loss = \"50%\"\ntake_profit = \"100%\"\ntrailing_activation = \"0%\"\nhold_max = \"30d\"\n";

/// Filled at the exchange, lost in the insert; sent, timed out, sent again.
#[test]
fn class_a_an_order_that_nobody_knows() {
    let home = Home::new();
    // The first orders are taken; neither an answer nor a push says so.
    home.write(
        "plan.toml",
        "[[rule]]\nfault = \"timeout\"\non = \"POST /api/v1/hf/orders\"\nlimit = 4\nwhen = \"after\"\n\
         [[rule]]\nfault = \"drop_push\"\non = \"/spotMarket/tradeOrders*\"\n",
    );
    let exchange = Exchange::start_in(home, "--faults plan.toml --seed 5 --speed 60");
    let trader = Trader::new(&exchange, &SYMBOLS, KEEPS);
    for _ in 0..2 {
        let mut agent = trader.start("--speed 60");
        agent.line("ready: run");
        agent.line("-USDT at ");
        agent.kill();
    }
    let summary = trader.run("--speed 60 --max-runtime 4s --json").ok();
    assert_eq!(summary["violations"], serde_json::json!([]), "{summary}");
    let venue = VenueView::ask(&exchange, &SYMBOLS);
    assert!(!venue.orders.is_empty(), "none was ever taken");
    venue.assert_agrees(&trader);
}

/// A crash and a hand at the exchange left ghost trades, or positions that nobody had.
#[test]
fn class_b_out_of_step_after_a_restart() {
    let exchange = Exchange::start_in(Home::new(), "--seed 5 --speed 60");
    let trader = Trader::new(&exchange, &SYMBOLS, KEEPS);
    let mut agent = trader.start("--speed 60");
    let line = agent.line("filled: buy");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    let symbol = SYMBOLS.into_iter().find(|symbol| line.contains(symbol)).unwrap();
    let held = || -> String {
        let query = "SELECT quantity FROM positions WHERE symbol = ?1";
        trader.ledger().query_row(query, [symbol], |row| row.get(0)).unwrap()
    };
    // Somebody sells it while the agent is away.
    let body = format!(
        r#"{{"clientOid":"by-hand","symbol":"{symbol}","side":"sell","type":"market","size":"{}"}}"#,
        held()
    );
    exchange.http().post("/api/v1/hf/orders", &body).data();
    // Entries wait, so that what is seen is the reconciliation's alone; twice is the same.
    for _ in 0..2 {
        let mut agent = trader.start("--speed 60");
        agent.line("ready: run");
        agent.signal("TERM");
        assert_eq!(agent.wait().code, Some(0));
        VenueView::ask(&exchange, &SYMBOLS).assert_agrees_beside(&trader, &["by-hand"]);
    }
    let by_hand = "SELECT count(*) FROM fills f WHERE side = 'sell' AND NOT EXISTS
        (SELECT 1 FROM intents i WHERE i.client_order_id = f.client_order_id)";
    assert!(trader.count(by_hand) > 0, "the sale is in the ledger");
    let ghosts = "SELECT count(*) FROM intents WHERE side = 'sell'";
    assert_eq!(trader.count(ghosts), 0, "what is gone is not sold again");
    assert_eq!(trader.count("SELECT count(*) FROM transfers"), 1, "nothing was made up");
}

/// The heartbeat went on, the market did not.
#[test]
fn class_c_alive_but_not_trading() {
    let exchange = Exchange::start_in(Home::new(), "--seed 5 --speed 60");
    let trader = Trader::new(&exchange, &SYMBOLS, KEEPS);
    let mut agent = trader.start("--speed 60");
    agent.line("filled: buy");
    drop(exchange);
    let held = "SELECT count(*) FROM holds WHERE scope = 'global' AND cleared_at_us IS NULL
        AND code IN ('venue_unavailable', 'stale_data')";
    let mut looks = 0;
    while trader.count(held) == 0 {
        looks += 1;
        assert!(looks < 1_500, "it does not notice");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let health = trader.ibis("healthcheck --json");
    assert!(health.code.is_some_and(|code| code != 0), "{health:?}");
    let checks = health.parsed()["checks"].as_array().unwrap().clone();
    let holds = checks.iter().find(|check| check["id"] == "holds").unwrap();
    assert_ne!(holds["severity"], "OK", "{holds}");
    let entries = "SELECT count(*) FROM intents i JOIN holds h ON h.scope = 'global'
        AND h.cleared_at_us IS NULL AND h.code IN ('venue_unavailable', 'stale_data')
        WHERE i.created_at_us > h.set_at_us AND i.purpose = 'entry'";
    assert_eq!(trader.count(entries), 0);
    agent.kill();
}

/// Orders after the stop command; a switch that failed open; a stop that a restart forgot.
#[test]
fn class_d_a_stop_that_does_not_stop() {
    // One gate, at the sender, for every level.
    let proposal = EntryProposal {
        label: OrderLabel {
            instrument: BTC,
            client_order_id: ClientOrderId::new("ibis-1-1").unwrap(),
            side: Side::Buy,
            purpose: Purpose::Entry,
        },
        price: Ticks::new(600_000),
        post_only: false,
        stop_loss: d("0.035"),
    };
    let (equity, available) = (d("10000"), d("10000"));
    let account = Account { equity, available, ..Account::default() };
    let limits = engine_settings(1).limits;
    for level in Level::ALL {
        let (flatten, exit_policy, known) = (true, ExitPolicy::Flatten, true);
        let standing = Standing { level, flatten, exit_policy, known };
        let permitted = permit_entry(&btc(), &limits, &standing, &account, &proposal);
        match level {
            Level::Running | Level::Degraded => assert!(permitted.is_ok(), "{level}"),
            _ => assert_eq!(permitted.unwrap_err(), Refusal::Held, "{level}"),
        }
    }
    // The drain: open entries are canceled, and no entry follows.
    let home = Home::new();
    home.write("ibis.toml", BUSY);
    let mut agent = home.start("agent --config ibis.toml --speed 20 --json", &[]);
    agent.line("filled: buy");
    agent.signal("TERM");
    assert_eq!(agent.wait().ok()["open_orders"], 0);
    let after = |code: &str| -> i64 {
        let query = "SELECT count(*) FROM events e JOIN intents i ON e.kind = 'intent'
            AND e.ref = i.client_order_id AND i.purpose = 'entry' WHERE e.seq >
            (SELECT max(seq) FROM events WHERE kind = 'hold_set' AND ref = ?1)";
        home.ledger().query_row(query, [code], |row| row.get(0)).unwrap()
    };
    assert_eq!(after("draining"), 0);
    // A hard stop is latched: it is there after the restart, and holds.
    home.ledger()
        .execute(
            "INSERT INTO holds (scope, code, level, reason, set_at_us)
             VALUES ('global', 'operator', 'hard_stop', 'asked', 1)",
            [],
        )
        .unwrap();
    let entries = || -> i64 {
        let query = "SELECT count(*) FROM intents WHERE purpose = 'entry'";
        home.ledger().query_row(query, [], |row| row.get(0)).unwrap()
    };
    let before = entries();
    for _ in 0..2 {
        home.ibis("agent --config ibis.toml --speed 60 --max-runtime 1s");
    }
    assert_eq!(entries(), before);
    let latched = "SELECT count(*) FROM holds WHERE level = 'hard_stop' AND cleared_at_us IS NULL";
    let latched: i64 = home.ledger().query_row(latched, [], |row| row.get(0)).unwrap();
    assert_eq!(latched, 1);
}

/// Emergency sells that failed since a part was sold; dust that kept a trade open for ever.
#[test]
fn class_e_stuck_orders_part_fills_and_dust() {
    // Sold in part again and again: each exit is for what is left, never for more.
    let mut rig = Rig::new().holding("0.1").start();
    let mut sold = Decimal::ZERO;
    for (second, lots) in [4_000, 3_000, 2_000, 999].into_iter().enumerate() {
        rig.quote(590_000 - i64::try_from(second).unwrap());
        let sent = rig.sent();
        assert_eq!(sent.len(), 1);
        let asked = btc().quantity_of(sent[0].quantity());
        assert_eq!(asked + sold, d("0.1"), "all that is left");
        rig.fill(sent[0].client_order_id(), Side::Sell, 589_000, lots);
        rig.report(sent[0].client_order_id(), ReportKind::Canceled(None));
        sold += d("0.00001").times(lots);
    }
    // One lot is left, worth 0.59: small, and sold all the same.
    rig.quote(580_000);
    assert_eq!(rig.sent()[0].quantity().get(), 1);
    // What no order can sell is dust: it is not tried, and keeps nothing else from its turn.
    let mut rig = Rig::new().holding("0.000009").start();
    for bid in 0..600 {
        rig.quote(580_000 - bid);
    }
    assert_eq!(rig.sent(), []);
    assert!(rig.engine.desks()[BTC.index()].is_dust());
    assert_eq!(rig.engine.level(), Level::Running);
}

/// `database is locked`, and the trade of that moment was lost.
#[test]
fn class_f_the_database_is_locked() {
    let home = Home::new();
    home.write("ibis.toml", BUSY);
    let mut agent = home.start("agent --config ibis.toml --speed 20", &[]);
    agent.line("filled: buy");
    let other = home.ledger();
    other.busy_timeout(Duration::from_secs(60)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    agent.line("no entries, exits go on");
    agent.line("filled: sell");
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    agent.line("is written again");
    agent.line("filled: buy");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    assert_eq!(home.json("exec-integrity")["overall"], "OK");
    assert_eq!(home.json("db check")["ok"], true);
    // A copy made while it ran would be torn; the backup's is verified, and can be put back.
    assert_eq!(home.ibis("db backup").code, Some(0));
    assert_eq!(home.ibis("db restore-drill").code, Some(0));
}
