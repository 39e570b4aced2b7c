//! What others do to the account while the agent trades: each difference is named, is dealt with by its
//! rule, and leaves books that agree to the last unit.

use std::time::Duration;

use serde_json::Value;

use super::trader::Trader;
use super::venue_view::VenueView;
use crate::exchange::process::Exchange;
use crate::support::home::{Home, Running};

const SYMBOLS: [&str; 2] = ["BTC-USDT", "ETH-USDT"];
/// A minute of the market each second.
const SPEED: &str = "--speed 60";
/// Looks at the account each second; what is bought stays bought.
const PATIENT: &str = "request_timeout = \"1s\"\norder_window = \"1s\"\n[reconcile]\ninterval = \"1s\"\n\
    [strategy]\nexit_on_cross = false\nstop_loss = \"50%\"\ntake_profit = \"100%\"\n\
    trailing_activation = \"0%\"\nhold_max = \"30d\"\n[risk]\nexposure_max_instrument = \"2%\"\n";
/// Looks at the ledger until something is so.
const LOOKS_MAX: u32 = 1_500;

/// What an operator of the exchange does, when the test asks for the path.
const TRANSFERS: &str = r#"
[[rule]]
fault = "deposit"
on = "GET /deposit-money"
asset = "USDT"
amount = "250"
[[rule]]
fault = "withdraw"
on = "GET /withdraw-money"
asset = "USDT"
amount = "70.5"
[[rule]]
fault = "deposit"
on = "GET /deposit-coins"
asset = "ETH"
amount = "0.25"
[[rule]]
fault = "deposit"
on = "GET /deposit-other"
asset = "KCS"
amount = "12"
[[rule]]
fault = "deposit"
on = "GET /leave-dust"
asset = "BTC"
amount = "0.000001"
noted = false
[[rule]]
fault = "deposit"
on = "GET /unexplained"
asset = "USDT"
amount = "5"
noted = false
[[rule]]
fault = "withdraw"
on = "GET /corrected"
asset = "USDT"
amount = "5"
noted = false
"#;

/// An exchange, an agent at work at it, and somebody else with the same key.
struct Account {
    exchange: Exchange,
    trader: Trader,
}

impl Account {
    fn open(plan: &str) -> Self {
        let home = Home::new();
        home.write("plan.toml", plan);
        let exchange = Exchange::start_in(home, &format!("--faults plan.toml --seed 5 {SPEED}"));
        let trader = Trader::new(&exchange, &SYMBOLS, PATIENT);
        Self { exchange, trader }
    }

    fn start(&self) -> Running {
        let mut agent = self.trader.start(SPEED);
        agent.line("ready: run");
        agent
    }

    /// Asks for a path of the plan's.
    fn ask(&self, path: &str) {
        self.exchange.http().get(path);
    }

    /// Somebody's market order.
    fn trade(&self, id: &str, symbol: &str, side: &str, size: &str) {
        let body = format!(
            r#"{{"clientOid":"{id}","symbol":"{symbol}","side":"{side}","type":"market","size":"{size}"}}"#
        );
        self.exchange.http().post("/api/v1/hf/orders", &body).data();
    }

    /// Waits until a query of the ledger counts as many.
    #[track_caller]
    fn until(&self, query: &str, count: i64) {
        for _ in 0..LOOKS_MAX {
            if self.trader.count(query) == count {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        panic!("{query}: {} instead of {count}", self.trader.count(query));
    }

    /// Waits for a transfer of this kind and amount.
    #[track_caller]
    fn transferred(&self, asset: &str, amount: &str, kind: &str) {
        self.until(
            &format!(
                "SELECT count(*) FROM transfers WHERE asset = '{asset}' AND amount = '{amount}'
                 AND kind = '{kind}'"
            ),
            1,
        );
    }

    /// Waits until nothing about the account holds entries.
    #[track_caller]
    fn runs(&self) {
        self.until(
            "SELECT count(*) FROM holds WHERE code = 'reconcile_mismatch' AND cleared_at_us IS NULL",
            0,
        );
    }

    fn named(&self, code: &str) -> i64 {
        let query = "SELECT count(*) FROM events WHERE kind = 'surprise' AND payload LIKE";
        self.trader.count(&format!("{query} '%\"{code}\"%'"))
    }

    /// Stops the agent; all books agree, and the job says so as often as it is asked.
    #[track_caller]
    fn settle(&self, agent: Running, symbols: &[&str], others: &[&str]) {
        agent.signal("TERM");
        let ended = agent.wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        VenueView::ask(&self.exchange, symbols).assert_agrees_beside(&self.trader, others);
        let tables = "SELECT (SELECT count(*) FROM fills) + (SELECT count(*) FROM transfers)
            + (SELECT count(*) FROM events)";
        let before = self.trader.count(tables);
        for words in ["exec-integrity", "exec-integrity", "exec-integrity --apply"] {
            assert_eq!(self.integrity(words), Vec::<String>::new(), "{words}");
        }
        assert_eq!(self.trader.count(tables), before, "nothing is made up");
        assert_eq!(self.trader.ibis("db check --json").ok()["ok"], true);
    }

    /// The names of the differences that count.
    #[track_caller]
    fn integrity(&self, words: &str) -> Vec<String> {
        let report = self.trader.ibis(&format!("{words} --json")).parsed();
        let of = |key: &str| report[key].as_array().unwrap_or_else(|| panic!("{report}")).clone();
        assert!(of("checks").iter().all(|check| check["severity"] != "INSUFFICIENT"), "{report}");
        let counts = |it: &&Value| it["severity"] != "OK";
        of("differences").iter().filter(counts).map(|it| it["name"].to_string()).collect()
    }
}

#[test]
fn money_and_coins_that_come_and_go_without_a_trade() {
    let account = Account::open(TRANSFERS);
    let agent = account.start();
    account.ask("/deposit-money");
    account.ask("/deposit-other");
    account.transferred("USDT", "250", "deposit");
    account.transferred("KCS", "12", "deposit");
    account.ask("/withdraw-money");
    account.ask("/deposit-coins");
    account.transferred("USDT", "-70.5", "withdrawal");
    account.transferred("ETH", "0.25", "deposit");
    account.ask("/leave-dust");
    account.transferred("BTC", "0.000001", "adjustment");
    account.runs();
    // Nobody says why: entries wait for a person, or for the venue to correct itself.
    account.ask("/unexplained");
    let held = "SELECT count(*) FROM holds WHERE scope = 'global' AND cleared_at_us IS NULL
        AND code = 'reconcile_mismatch'";
    account.until(held, 1);
    assert!(account.integrity("exec-integrity").contains(&"\"balance_total\"".to_owned()));
    account.ask("/corrected");
    account.until(held, 0);
    assert_eq!(account.trader.count("SELECT count(*) FROM transfers WHERE amount = '5'"), 0);
    let unknown = "SELECT count(*) FROM lots WHERE symbol = 'ETH-USDT' AND basis = 'unknown'";
    assert_eq!(account.trader.count(unknown), 1, "what came has no invented cost");
    account.settle(agent, &SYMBOLS, &[]);
}

#[test]
fn somebody_else_trades_with_the_same_key() {
    let account = Account::open("");
    let agent = account.start();
    let fills = "SELECT count(*) FROM fills f WHERE NOT EXISTS (SELECT 1 FROM intents i
        WHERE i.client_order_id = f.client_order_id) AND symbol = 'BTC-USDT' AND side =";
    account.trade("manual-1", "BTC-USDT", "buy", "0.001");
    account.until(&format!("{fills} 'buy'"), 1);
    account.trade("manual-2", "BTC-USDT", "sell", "0.0004");
    account.until(&format!("{fills} 'sell'"), 1);
    // In an instrument that the agent does not trade.
    account.trade("manual-3", "AVAX-USDT", "buy", "1");
    account.transferred("AVAX", "1", "foreign_trade");
    account.runs();

    // An order of our name that no intent explains is canceled.
    let mut http = account.exchange.http();
    http.place_far("ibis-1-1");
    let canceled = "/api/v1/hf/orders/client-order/ibis-1-1?symbol=BTC-USDT";
    for look in 0.. {
        if http.get(canceled).data()["active"] == false {
            break;
        }
        assert!(look < LOOKS_MAX, "the order is still there");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    account.runs();
    assert!(account.named("order_without_intent") > 0);

    // Somebody else's order is left alone; no entries in its instrument while it is there.
    http.place_far("somebody");
    let held = "SELECT count(*) FROM holds WHERE scope = 'BTC-USDT' AND cleared_at_us IS NULL
        AND code = 'reconcile_mismatch'";
    account.until(held, 1);
    assert_eq!(account.integrity("exec-integrity"), ["\"foreign_order\""]);
    let somebody = "/api/v1/hf/orders/client-order/somebody?symbol=BTC-USDT";
    assert_eq!(http.get(somebody).data()["active"], true);
    http.delete(somebody).data();
    account.until(held, 0);
    let others = ["manual-1", "manual-2", "manual-3", "ibis-1-1", "somebody"];
    account.settle(agent, &SYMBOLS, &others);
}

#[test]
fn an_instrument_is_delisted_while_it_is_held() {
    let account = Account::open(
        "[[rule]]\nfault = \"delist\"\nsymbol = \"ETH-USDT\"\nfrom_s = 900\n\
         [[rule]]\nfault = \"deposit\"\non = \"GET /deposit-money\"\nasset = \"USDT\"\namount = \"9\"\n",
    );
    account.trade("before", "ETH-USDT", "buy", "0.01");
    let mut agent = account.start();
    let halted = "SELECT count(*) FROM holds WHERE scope = 'ETH-USDT'
        AND code = 'instrument_halted' AND cleared_at_us IS NULL";
    account.until(halted, 1);
    // The others go on, and so does the comparison.
    account.trade("manual-1", "BTC-USDT", "buy", "0.001");
    let fills = "SELECT count(*) FROM fills WHERE symbol = 'BTC-USDT' AND side = 'buy'
        AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.client_order_id = fills.client_order_id)";
    account.until(fills, 1);
    account.ask("/deposit-money");
    account.transferred("USDT", "9", "deposit");
    account.runs();
    let held = "SELECT count(*) FROM lots WHERE symbol = 'ETH-USDT'";
    assert!(account.trader.count(held) > 0);
    let others = ["before", "manual-1"];
    account.settle(agent, &["BTC-USDT"], &others);
    agent = account.start();
    account.until(halted, 1);
    account.trade("manual-2", "BTC-USDT", "sell", "0.001");
    let sold = "SELECT count(*) FROM fills WHERE symbol = 'BTC-USDT' AND side = 'sell'";
    account.until(sold, 1);
    assert!(account.trader.count(held) > 0, "it is still there");
    account.runs();
    account.settle(agent, &["BTC-USDT"], &["before", "manual-1", "manual-2"]);
}
