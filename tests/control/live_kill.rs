//! The kill switch in live mode: everything on the account goes, whoever placed it, whether the agent
//! works, hangs or is dead.

use std::fs;

use serde_json::Value;

use crate::exchange::process::Exchange;
use crate::live::trader::Trader;
use crate::live::venue_view::VenueView;
use crate::support::home::{Home, Running};

const SYMBOLS: [&str; 4] = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "AVAX-USDT"];
const SPEED: &str = "--speed 60";
/// Entries wait as makers; what is bought stays bought.
const WAITING: &str = "request_timeout = \"1s\"\norder_window = \"1s\"\n\
    [reconcile]\ninterval = \"1s\"\n\
    [strategy]\nentry_price = \"bid\"\nentry_ttl = \"1d\"\nentry_soft_ttl = \"1d\"\n\
    candle_interval = \"15s\"\nexit_on_cross = false\nstop_loss = \"50%\"\ntake_profit = \"100%\"\n\
    trailing_activation = \"0%\"\nhold_max = \"30d\"\n[risk]\nexposure_max_instrument = \"2%\"\n\
    [http]\nenabled = false\n";
const KILL: &str = "kill activate --reason test --json --timeout";

struct Floor {
    exchange: Exchange,
    trader: Trader,
}

impl Floor {
    fn open(plan: &str) -> Self {
        let home = Home::new();
        home.write("plan.toml", plan);
        let exchange = Exchange::start_in(home, &format!("--faults plan.toml --seed 5 {SPEED}"));
        let trader = Trader::new(&exchange, &SYMBOLS, WAITING);
        Self { exchange, trader }
    }

    /// An agent with an order at work, beside orders and a stop order of somebody else.
    fn busy(&self) -> Running {
        let mut agent = self.trader.start(SPEED);
        agent.line("ready: run");
        self.until("SELECT count(*) FROM orders WHERE status = 'new'", 1);
        let mut http = self.exchange.http();
        http.place_far("somebody-1");
        http.place_far("somebody-2");
        let stop = r#"{"clientOid":"somebody-3","side":"buy","symbol":"BTC-USDT","type":"limit",
            "price":"1000","size":"0.001","stop":"loss","stopPrice":"1000"}"#;
        http.post("/api/v1/stop-order", stop).data();
        assert!(VenueView::ask(&self.exchange, &SYMBOLS).open.len() >= 2);
        agent
    }

    #[track_caller]
    fn until(&self, query: &str, least: i64) {
        for _ in 0..3_000 {
            if self.trader.count(query) >= least {
                return;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        panic!("{query}: {} instead of {least}", self.trader.count(query));
    }

    #[track_caller]
    fn said(&self, words: &str) -> (Option<i32>, Value) {
        let ended = self.trader.ibis(words);
        (ended.code, ended.parsed())
    }

    /// Nothing is at work at the exchange.
    #[track_caller]
    fn assert_empty(&self) {
        assert_eq!(VenueView::ask(&self.exchange, &SYMBOLS).open, Vec::<String>::new());
        let stops = self.exchange.http().get("/api/v1/stop-order").data();
        assert_eq!(stops["totalNum"], 0, "{stops}");
    }
}

/// Acceptance test 2.
#[test]
fn with_the_agent_dead_everything_on_the_account_goes() {
    let floor = Floor::open("");
    floor.busy().kill();
    let (code, killed) = floor.said(&format!("{KILL} 30s"));
    assert_eq!((code, killed["agent"].as_str()), (Some(0), Some("dead")), "{killed}");
    assert!(killed["venue"]["empty"] == true && killed["verified"] == true, "{killed}");
    floor.assert_empty();
    let (code, status) = floor.said("kill status --json");
    assert_eq!((code, status["waiting"][0]["wish"].as_str()), (Some(1), Some("kill")));

    let sent = floor.trader.count("SELECT count(*) FROM intents");
    let mut agent = floor.trader.start(SPEED);
    agent.line("ready: run");
    floor.until("SELECT count(*) FROM events WHERE kind = 'kill_verified'", 1);
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    assert_eq!(floor.trader.count("SELECT count(*) FROM intents"), sent);
    assert_eq!(floor.said("kill status --json").1["verified"], true);
}

#[test]
fn with_the_agent_hung_everything_goes_and_it_obeys_once_it_goes_on() {
    let floor = Floor::open("");
    let agent = floor.busy();
    agent.signal("STOP");
    let sent = floor.trader.count("SELECT count(*) FROM intents");
    let (code, killed) = floor.said(&format!("{KILL} 5s"));
    assert_eq!((code, killed["agent"].as_str()), (Some(1), Some("hung")), "{killed}");
    assert_eq!(killed["verified"], true, "{killed}");
    floor.assert_empty();
    agent.signal("CONT");
    floor.until("SELECT count(*) FROM events WHERE kind = 'kill_verified'", 1);
    assert_eq!(floor.trader.count("SELECT count(*) FROM intents"), sent);
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    floor.assert_empty();
}

#[test]
fn with_the_agent_at_work_everything_goes_and_stays_gone() {
    // A venue that takes cancels late, fails some, and answers some with errors.
    let floor = Floor::open(
        "[[rule]]\nfault = \"error\"\non = \"DELETE /api/v1/hf/orders/cancelAll\"\nevery = 2\n\
         code = \"500000\"\nhttp = 500\n\
         [[rule]]\nfault = \"error\"\non = \"GET /api/v1/hf/orders/active*\"\nevery = 3\n\
         code = \"500000\"\nhttp = 500\n",
    );
    let agent = floor.busy();
    let (code, killed) = floor.said(&format!("{KILL} 60s"));
    assert_eq!((code, killed["agent"].as_str()), (Some(0), Some("obeyed")), "{killed}");
    assert_eq!(killed["verified"], true, "{killed}");
    let sent = floor.trader.count("SELECT count(*) FROM intents");
    floor.until("SELECT count(*) FROM events WHERE kind = 'kill_verified'", 1);
    floor.assert_empty();
    let open = "SELECT count(*) FROM intents WHERE ended_at_us IS NULL";
    assert_eq!(floor.trader.count(open), 0);
    let newest = "SELECT coalesce(max(at_us), 0) FROM samples";
    floor.until(newest, floor.trader.count(newest) + 3 * 60_000_000);
    assert_eq!(floor.trader.count("SELECT count(*) FROM intents"), sent);
    drop(agent);
}

/// Acceptance test 25.
#[test]
fn flatten_sells_with_the_agent_dead_and_waits_for_the_fills() {
    let floor = Floor::open("");
    let agent = floor.busy();
    let body = r#"{"clientOid":"somebody-4","symbol":"BTC-USDT","side":"buy","type":"market","size":"0.01"}"#;
    floor.exchange.http().post("/api/v1/hf/orders", body).data();
    floor.until("SELECT count(*) FROM lots WHERE symbol = 'BTC-USDT'", 1);
    agent.kill();
    let (code, killed) = floor.said(&format!("{KILL} 60s --flatten"));
    assert_eq!((code, &killed["flat"]), (Some(0), &true.into()), "{killed}");
    assert_eq!(killed["verified"], true, "{killed}");
    floor.assert_empty();
    assert_eq!(floor.trader.count("SELECT count(*) FROM lots"), 0);
    let venue = VenueView::ask(&floor.exchange, &SYMBOLS);
    assert!(!venue.balances.contains_key("BTC"), "{:?}", venue.balances);
    let others = ["somebody-1", "somebody-2", "somebody-4"];
    venue.assert_agrees_beside(&floor.trader, &others);
}

#[test]
fn without_a_good_key_the_latch_is_set_and_nothing_is_said_to_be_verified() {
    let floor = Floor::open("");
    let config = floor.trader.home.path("ibis.toml");
    let text = fs::read_to_string(&config).unwrap();
    let broken = text.replace("exchange-credentials.toml", "missing.toml");
    assert_ne!(text, broken);
    fs::write(&config, broken).unwrap();
    fs::create_dir_all(floor.trader.home.path("data")).unwrap();
    let (code, killed) = floor.said(&format!("{KILL} 2s"));
    assert_eq!((code, &killed["verified"]), (Some(2), &false.into()), "{killed}");
    assert!(killed["venue"]["trouble"].as_str().unwrap().contains("missing.toml"), "{killed}");
    let waiting = ibis::store::operator::waiting(&floor.trader.home.path("data"));
    assert_eq!(waiting.len(), 1);

    fs::write(&config, text).unwrap();
    fs::remove_dir_all(floor.trader.home.path("data")).unwrap();
    let (code, killed) = floor.said(&format!("{KILL} 10s"));
    assert_eq!((code, &killed["command"]), (Some(2), &Value::Null), "no latch: {killed}");
    assert_eq!(killed["verified"], true, "but what was at work is gone: {killed}");
}
